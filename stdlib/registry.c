#include "stdlib/families.h"

#include "base/error.h"

#include <stdlib.h>

/* All families. A new one is declared in families.h and listed here. */
static const ws_builtin *const families[] = {
#define X(family) ws_##family,
    WS_FAMILIES(X)
#undef X
};

struct ws_registry {
    ws_builtin **rows; /* owned, each on its own so that pointers stay; sorted by name */
    size_t count, cap;
};

/* ---- declarations: enough of a reader to count arguments and refuse what is none ---- */

#define DECL_DEPTH_MAX 32

typedef struct decl {
    const char *p;
    unsigned depth;
} decl;

static void blanks(decl *d)
{
    while (*d->p == ' ')
        d->p++;
}

static bool take(decl *d, const char *token)
{
    blanks(d);
    size_t n = strlen(token);
    if (strncmp(d->p, token, n) != 0)
        return false;
    d->p += n;
    return true;
}

static bool word(decl *d, wb_str *out)
{
    blanks(d);
    const char *start = d->p;
    while ((*d->p >= 'a' && *d->p <= 'z') || (*d->p >= 'A' && *d->p <= 'Z') || *d->p == '_' ||
           (*d->p >= '0' && *d->p <= '9'))
        d->p++;
    *out = wb_str_n(start, (size_t)(d->p - start));
    return out->n > 0;
}

/* A name of an operand, of one word or several, and the colon behind it. */
static bool name_and_colon(decl *d)
{
    decl ahead = *d;
    wb_str one;
    while (word(&ahead, &one))
        ;
    if (ahead.p == d->p || !take(&ahead, ":"))
        return false;
    *d = ahead;
    return true;
}

static bool type(decl *d);

/* name? ":"? type, any number of times, up to the closing mark. */
static bool type_list(decl *d, const char *close, bool named, unsigned *count)
{
    *count = 0;
    if (take(d, close))
        return true;
    do {
        if (named)
            name_and_colon(d);
        if (!type(d))
            return false;
        ++*count;
    } while (take(d, ","));
    return take(d, close);
}

static bool type(decl *d)
{
    static const char *const scalars[] = {"null", "boolean", "number", "string"};
    wb_str name;
    unsigned n;
    if (++d->depth > DECL_DEPTH_MAX || !word(d, &name))
        return false;
    bool ok = false;
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++)
        ok |= wb_str_is(name, scalars[i]);
    if (wb_str_is(name, "any"))
        ok = take(d, "<") ? type_list(d, ">", false, &n) : true;
    else if (wb_str_is(name, "array"))
        ok = take(d, "<") ? type_list(d, ">", false, &n) : take(d, "[") && type(d) && take(d, "]");
    else if (wb_str_is(name, "set"))
        ok = take(d, "[") && type(d) && take(d, "]");
    else if (wb_str_is(name, "object")) {
        ok = take(d, "<") ? type_list(d, ">", true, &n) : true;
        if (ok && take(d, "["))
            ok = type(d) && take(d, ":") && type(d) && take(d, "]");
    }
    d->depth--;
    return ok;
}

/* Sets the arity; false when the text is no declaration. */
static bool read_decl(const char *text, unsigned *arity)
{
    decl d = {text, 0};
    if (!take(&d, "("))
        return false;
    if (take(&d, "...")) {
        *arity = WS_ANY_ARITY;
        if (!type(&d) || !take(&d, ")"))
            return false;
    } else if (!type_list(&d, ")", true, arity)) {
        return false;
    }
    if (!take(&d, "=>"))
        return false;
    if (!take(&d, "void")) {
        decl ahead = d;
        if (take(&ahead, "(")) {
            if (!name_and_colon(&ahead) || !type(&ahead) || !take(&ahead, ")"))
                return false;
            d = ahead;
        } else if (!type(&d)) {
            return false;
        }
    }
    blanks(&d);
    return *d.p == '\0';
}

/* ---- rows ---- */

/* Where the name is or would stand. */
static size_t place(const ws_registry *r, wb_str name, bool *found)
{
    size_t lo = 0, hi = r->count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = wb_str_cmp(name, wb_str_of(r->rows[mid]->name));
        if (c == 0) {
            *found = true;
            return mid;
        }
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    *found = false;
    return lo;
}

wb_status ws_registry_add(ws_registry *r, const ws_builtin *row, wb_error *error)
{
    unsigned arity;
    if (!row->name || !row->name[0] || !row->decl || !read_decl(row->decl, &arity))
        return wb_fail(error, WB_INVALID, "declaration of %s does not parse: %s",
                       row->name ? row->name : "a built-in", row->decl ? row->decl : "");
    bool found;
    size_t at = place(r, wb_str_of(row->name), &found);
    if (found)
        return wb_fail(error, WB_EXISTS, "built-in %s already exists", row->name);
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 256;
        r->rows = wb_realloc(r->rows, r->cap * sizeof r->rows[0]);
    }
    memmove(r->rows + at + 1, r->rows + at, (r->count - at) * sizeof r->rows[0]);
    r->rows[at] = wb_malloc(sizeof *row);
    *r->rows[at] = *row;
    r->rows[at]->arity = arity;
    r->count++;
    return WB_OK;
}

ws_registry *ws_registry_new(void)
{
    ws_registry *r = wb_calloc(1, sizeof *r);
    wb_error e;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const ws_builtin *row = families[i]; row->name; row++)
            if (ws_registry_add(r, row, &e) != WB_OK)
                wb_fatal("%s", e.text);
    return r;
}

void ws_registry_keep(ws_registry *r, bool (*keep)(const void *argument, wb_str name),
                      const void *argument)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (keep(argument, wb_str_of(r->rows[i]->name)))
            r->rows[n++] = r->rows[i];
        else
            free(r->rows[i]);
    r->count = n;
}

void ws_registry_free(ws_registry *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        free(r->rows[i]);
    free(r->rows);
    free(r);
}

const ws_builtin *ws_registry_find(const ws_registry *r, wb_str name)
{
    bool found;
    size_t at = place(r, name, &found);
    return found ? r->rows[at] : NULL;
}

size_t ws_registry_count(const ws_registry *r)
{
    return r->count;
}

const ws_builtin *ws_registry_at(const ws_registry *r, size_t i)
{
    return r->rows[i];
}
