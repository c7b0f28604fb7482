/* What generated text may speak of: variables, rules, places in documents, packages. */
#include "conformance/diff/generator.h"

#include <ctype.h>
#include <stdio.h>

#define MARK 1 /* a byte that stands in no program; four digits of a variable follow */

/* ---- variables ---- */

unsigned dg_declare(dg *g, const char *shape, bool optional)
{
    static const char letters[] = "xyzwvkij";
    unsigned id = g->n_ids < DG_IDS_MAX - 1 ? g->n_ids++ : g->n_ids;
    /* Now and then the name of one that is known: shadowing. */
    if (g->n_vars && optional && df_chance(&g->r, 1))
        memcpy(g->names[id], g->names[g->vars[df_below(&g->r, g->n_vars)].id], sizeof g->names[id]);
    else
        snprintf(g->names[id], sizeof g->names[id], "%c%u", letters[df_below(&g->r, 8)], id);
    g->optional[id] = optional;
    g->uses[id] = 0;
    if (g->n_vars < DG_VARS_MAX) {
        dg_var *v = &g->vars[g->n_vars++];
        v->id = id;
        snprintf(v->shape, sizeof v->shape, "%s", shape);
    }
    return id;
}

void dg_put_var(wb_buf *b, unsigned id)
{
    wb_buf_putf(b, "%c%04u", MARK, id);
}

bool dg_use_var(dg *g, const char *pattern, dg_binds *binds, wb_buf *b)
{
    unsigned found[DG_VARS_MAX], n = 0;
    for (unsigned i = 0; i < g->n_vars; i++) {
        dg_binds trial = *binds;
        if (dg_fits(pattern, g->vars[i].shape, &trial))
            found[n++] = i;
    }
    if (!n)
        return false;
    /* The latest are the most telling: two draws, the later one wins. */
    unsigned x = df_below(&g->r, n), y = df_below(&g->r, n);
    const dg_var *v = &g->vars[found[x > y ? x : y]];
    dg_fits(pattern, v->shape, binds);
    dg_put_var(b, v->id);
    return true;
}

wb_str dg_finish(dg *g, wb_arena *a, wb_str text)
{
    wb_buf out;
    wb_buf_init(&out, DG_TEXT_MAX);
    memset(g->uses, 0, sizeof g->uses);
    for (unsigned turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < text.n; i++) {
            if (text.p[i] != MARK) {
                if (turn)
                    wb_buf_putc(&out, text.p[i]);
                continue;
            }
            unsigned id = 0;
            for (unsigned k = 0; k < 4; k++)
                id = id * 10 + (unsigned)(text.p[++i] - '0');
            if (!turn)
                g->uses[id]++;
            else if (g->optional[id] && g->uses[id] == 1)
                wb_buf_puts(&out, "_");
            else
                wb_buf_puts(&out, g->names[id]);
        }
    wb_str made = wb_arena_str(a, wb_buf_str(&out));
    wb_buf_free(&out);
    return made;
}

/* ---- paths ---- */

static bool is_word(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p[i]) && p[i] != '_')
            return false;
    return n > 0;
}

static bool is_keyword(const char *p, size_t n)
{
    static const char *const words[] = {"if", "in", "not", "every", "some", "with", "default"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && memcmp(words[i], p, n) == 0)
            return true;
    return false;
}

/* a/b c/if as a reference: the head as it is, then .b or ["b c"]. */
static void put_path(dg *g, const char *path, bool plain, wb_buf *b)
{
    for (bool first = true; *path; first = false) {
        size_t n = strcspn(path, "/");
        bool dotted = is_word(path, n) && (plain || !is_keyword(path, n) || df_chance(&g->r, 50));
        if (first)
            wb_buf_putf(b, "%.*s", (int)n, path);
        else if (dotted && (plain || df_chance(&g->r, 92)))
            wb_buf_putf(b, ".%.*s", (int)n, path);
        else
            wb_buf_putf(b, "[\"%.*s\"]", (int)n, path);
        path += n + (path[n] == '/');
    }
}

/* ---- rules ---- */

/* The alias under which the present package knows the path. */
static const char *import(dg *g, dg_package *from, const char *target, const char *name)
{
    char line[96];
    /* The last step of a path that can be no name needs an alias. */
    bool alias = df_chance(&g->r, 50) || strchr(target, '"');
    snprintf(line, sizeof line, alias ? "import %s as im%s" : "import %s", target, name);
    for (unsigned i = 0; i < from->n_imports; i++)
        if (strncmp(from->imports[i], line, strlen("import ") + strlen(target)) == 0)
            return NULL;
    if (from->n_imports == DG_IMPORTS_MAX)
        return NULL;
    snprintf(from->imports[from->n_imports], sizeof from->imports[0], "%s", line);
    from->n_imports++;
    return alias ? "im" : "";
}

static void put_symbol(dg *g, const dg_symbol *s, bool full, wb_buf *b)
{
    wb_buf path;
    wb_buf_init(&path, 256);
    wb_buf_puts(&path, "data/");
    wb_buf_puts(&path, g->packages[s->package].path);
    bool query = g->package == g->n_packages, own = !query && s->package == g->package;
    const char *prefix = NULL;
    if (own && !full && df_chance(&g->r, 80)) {
        wb_buf_puts(b, s->name);
    } else {
        if (!own && !query && !full && df_chance(&g->r, 30)) {
            wb_buf target;
            wb_buf_init(&target, 256);
            put_path(g, wb_buf_cstr(&path), true, &target);
            wb_buf_putf(&target, ".%s", s->name);
            prefix = import(g, &g->packages[g->package], wb_buf_cstr(&target), s->name);
            wb_buf_free(&target);
        }
        if (prefix) {
            wb_buf_putf(b, "%s%s", prefix, s->name);
        } else {
            put_path(g, wb_buf_cstr(&path), full, b);
            wb_buf_putf(b, ".%s", s->name);
        }
    }
    wb_buf_free(&path);
}

bool dg_use_symbol(dg *g, const char *pattern, dg_binds *binds, bool full, wb_buf *b)
{
    unsigned found[DG_SYMBOLS_MAX], n = 0;
    for (unsigned i = 0; i < g->n_symbols; i++) {
        dg_binds trial = *binds;
        if (*g->symbols[i].whole && dg_fits(pattern, g->symbols[i].whole, &trial))
            found[n++] = i;
    }
    if (!n)
        return false;
    const dg_symbol *s = &g->symbols[found[df_below(&g->r, n)]];
    dg_fits(pattern, s->whole, binds);
    put_symbol(g, s, full, b);
    return true;
}

bool dg_use_function(dg *g, unsigned n_args, wb_buf *b)
{
    unsigned found[DG_SYMBOLS_MAX], n = 0;
    for (unsigned i = 0; i < g->n_symbols; i++)
        if (!*g->symbols[i].whole && g->symbols[i].n_args == n_args)
            found[n++] = i;
    if (!n)
        return false;
    put_symbol(g, &g->symbols[found[df_below(&g->r, n)]], false, b);
    return true;
}

const dg_symbol *dg_pick_call(dg *g, const char *shape, wb_buf *b)
{
    unsigned found[DG_SYMBOLS_MAX], n = 0;
    for (unsigned i = 0; i < g->n_symbols; i++)
        if (!*g->symbols[i].whole && strcmp(g->symbols[i].value, shape) == 0)
            found[n++] = i;
    if (!n)
        return NULL;
    const dg_symbol *s = &g->symbols[found[df_below(&g->r, n)]];
    put_symbol(g, s, false, b);
    return s;
}

static unsigned rules_of(const dg *g, unsigned package)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->n_symbols; i++)
        n += g->symbols[i].package == package;
    return n;
}

static unsigned functions_of(const dg *g, unsigned package)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->n_symbols; i++)
        n += g->symbols[i].package == package && !*g->symbols[i].whole;
    return n;
}

/* A package may be asked whole once nothing more is written into it. */
bool dg_use_package(dg *g, wb_buf *b)
{
    unsigned done = g->package < g->n_packages ? g->package : g->n_packages, found[8], n = 0;
    for (unsigned i = 0; i < done; i++) {
        const char *path = g->packages[i].path;
        bool open = false;
        for (unsigned k = done; k < g->n_packages; k++)
            open = open || strncmp(g->packages[k].path, path, strlen(path)) == 0;
        /* OPA's type checker refuses to go through a package of functions. */
        if (!open && functions_of(g, i) < 2 && functions_of(g, i) < rules_of(g, i))
            found[n++] = i;
    }
    if (!n)
        return false;
    wb_buf path;
    wb_buf_init(&path, 256);
    wb_buf_putf(&path, "data/%s", g->packages[found[df_below(&g->r, n)]].path);
    put_path(g, wb_buf_cstr(&path), false, b);
    wb_buf_free(&path);
    return true;
}

bool dg_use_own_package(dg *g, wb_buf *b)
{
    wb_buf path;
    if (!g->symbol)
        return false;
    wb_buf_init(&path, 256);
    wb_buf_putf(&path, "data/%s", g->packages[g->package].path);
    put_path(g, wb_buf_cstr(&path), false, b);
    wb_buf_free(&path);
    return true;
}

/* ---- documents ---- */

bool dg_use_place(dg *g, const char *pattern, dg_binds *binds, bool target, wb_buf *b)
{
    /* Now and then one of any shape: the type checker cannot see it. */
    bool stray = !target && df_chance(&g->r, 2);
    unsigned found[64], n = 0;
    for (unsigned i = 0; i < df_places_rows && n < 64; i++) {
        dg_binds trial = *binds;
        if (stray || dg_fits(pattern, df_places[i].shape, &trial))
            found[n++] = i;
    }
    if (!n)
        return false;
    const df_place *p = &df_places[found[df_below(&g->r, n)]];
    if (!stray)
        dg_fits(pattern, p->shape, binds);
    put_path(g, p->path, target, b);
    return true;
}

/* Whether the first n bytes of the path were the start of an earlier row's too. */
static bool seen_before(size_t row, size_t n)
{
    for (size_t i = 0; i < row; i++)
        if (strncmp(df_places[i].path, df_places[row].path, n) == 0 &&
            strchr("/", df_places[i].path[n]))
            return true;
    return false;
}

void dg_document(dg *g, const char *root, wb_buf *b)
{
    size_t n = strlen(root);
    bool any = false;
    wb_buf_puts(b, "{");
    for (size_t i = 0; i < df_places_rows; i++) {
        const char *path = df_places[i].path;
        if (strncmp(path, root, n) != 0 || path[n] != '/')
            continue;
        size_t step = strcspn(path + n + 1, "/");
        if (seen_before(i, n + 1 + step) || df_chance(&g->r, 8))
            continue;
        wb_buf_putf(b, "%s\"%.*s\": ", any ? ", " : "", (int)step, path + n + 1);
        any = true;
        if (path[n + 1 + step]) {
            char below[64];
            snprintf(below, sizeof below, "%.*s", (int)(n + 1 + step), path);
            dg_document(g, below, b);
        } else {
            char sort[DG_SHAPE_MAX + 1] = ".";
            const char *shape = df_chance(&g->r, 3) ? "n" : df_places[i].shape;
            snprintf(sort + 1, sizeof sort - 1, "%s", shape);
            if (strchr("ao", shape[0]) && df_chance(&g->r, 6))
                wb_buf_puts(b, shape[0] == 'a' ? "[]" : "{}");
            else
                dg_write(g, sort, b);
        }
    }
    wb_buf_puts(b, "}");
}
