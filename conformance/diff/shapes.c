/* Shapes: what fits what, and drawing them. */
#include "conformance/diff/generator.h"

#include <stdio.h>

const char *dg_any_shape(dg *g)
{
    unsigned all = 0;
    for (size_t i = 0; i < df_shapes_rows; i++)
        all += df_shapes[i].weight;
    unsigned at = df_below(&g->r, all);
    for (size_t i = 0;; i++) {
        if (at < df_shapes[i].weight)
            return df_shapes[i].shape;
        at -= df_shapes[i].weight;
    }
}

static bool is_variable(char c)
{
    return c == 'T' || c == 'U';
}

static char *bound(dg_binds *binds, char c)
{
    return c == 'T' ? binds->t : binds->u;
}

bool dg_fits(const char *pattern, const char *shape, dg_binds *binds)
{
    for (; *pattern && *shape; pattern++, shape++) {
        if (*pattern == '*')
            return true;
        if (is_variable(*pattern)) {
            char *to = bound(binds, *pattern);
            /* Term shapes only: S or C are no shapes, and `?` is nobody's. */
            if (*shape < 'a' || *shape > 'z')
                return false;
            if (*to)
                return strcmp(to, shape) == 0;
            snprintf(to, DG_SHAPE_MAX, "%s", shape);
            return true;
        }
        const char *any = *pattern == 'c' ? "aeo" : *pattern == 'l' ? "ae" : NULL;
        if (any ? !strchr(any, *shape) : *pattern != *shape)
            return false;
    }
    return *pattern == *shape;
}

void dg_settle(dg *g, const char *pattern, dg_binds *binds, char *out)
{
    size_t n = 0;
    const char *rest = NULL;
    for (; *pattern && n + 1 < DG_SHAPE_MAX; pattern++) {
        if (*pattern == '*') {
            rest = dg_any_shape(g);
        } else if (is_variable(*pattern)) {
            char *to = bound(binds, *pattern);
            if (!*to)
                snprintf(to, DG_SHAPE_MAX, "%s", dg_any_shape(g));
            rest = to;
        } else {
            bool any = *pattern == 'c' || *pattern == 'l';
            out[n++] = any ? "aeo"[df_below(&g->r, *pattern == 'c' ? 3 : 2)] : *pattern;
        }
    }
    out[n] = 0;
    /* Collections of collections of collections are deep enough. */
    if (rest)
        snprintf(out + n, DG_SHAPE_MAX - n, "%s", n + strlen(rest) > 6 ? "n" : rest);
}
