/* Queries: parsing, compiling, and paths that need no query function. */
#include "engine/engine.h"

#include <stdlib.h>

wc_options we_options(const writ_engine *e)
{
    return (wc_options){.registry = e->registry,
                        .seed = e->seed,
                        .passes_off = e->passes_off,
                        .no_early_exit = e->no_early_exit,
                        .why = e->why,
                        .print = e->keep_print,
                        .strict = e->strict_compile,
                        .stop_at_false = e->stop_at_false,
                        .schemas = e->schemas,
                        .skip_types = e->skip_types};
}

wb_status we_check(writ_engine *e, wp_diags *diags)
{
    wc_options o = we_options(e);
    wp_module **trees = we_trees(e);
    wb_status s = wc_check_modules(trees, (uint32_t)e->n_modules, &o, diags);
    free(trees);
    return s;
}

/* data.a.b["c"] with nothing but scalars: its parts. */
static bool ground_path(wb_arena *a, const wp_body *b, wv **parts, unsigned *n)
{
    if (b->n != 1 || b->exprs[0]->kind != WP_EXPR_TERM || b->exprs[0]->negated ||
        b->exprs[0]->n_with)
        return false;
    const wp_term *t = b->exprs[0]->term;
    if (t->kind == WP_VAR && wb_str_is(t->name, "data")) {
        *parts = NULL;
        *n = 0;
        return true;
    }
    if (t->kind != WP_REF || t->list.items[0]->kind != WP_VAR ||
        !wb_str_is(t->list.items[0]->name, "data"))
        return false;
    *n = t->list.n - 1;
    *parts = wb_arena_alloc(a, t->list.n * sizeof **parts);
    for (unsigned i = 0; i < *n; i++) {
        if (t->list.items[i + 1]->kind > WP_STRING)
            return false;
        (*parts)[i] = t->list.items[i + 1]->value;
    }
    return true;
}

static writ_query *prepare_path(writ_engine *e, writ_query *q, wv *parts, unsigned n,
                                wp_module **trees, wp_diags *diags)
{
    wc_options o = we_options(e);
    if (wc_compile(trees, (uint32_t)e->n_modules, NULL, &o, &q->program, diags))
        return NULL;
    unsigned used;
    q->by_path = true;
    q->node = wc_find_node(q->program, parts, n, &used);
    q->keys = parts + used;
    q->n_keys = n - used;
    q->func = q->n_keys ? WM_NONE : q->program->nodes[q->node].whole;
    return q;
}

/* A module text with the query's package and imports, for the resolver. */
static wp_module *query_context(writ_engine *e, writ_query *q, wb_str package,
                                const wb_str *imports, size_t n_imports, wp_diags *diags)
{
    wb_buf text;
    wb_buf_init(&text, 1 << 20);
    wb_str name = package.n ? package : WB_LIT("query");
    if (wb_str_has_prefix(name, WB_LIT("data.")))
        name = wb_str_n(name.p + 5, name.n - 5);
    wb_buf_putf(&text, "package %.*s\n", WB_FMT(name));
    for (size_t i = 0; i < n_imports; i++)
        wb_buf_putf(&text, "import %.*s\n", WB_FMT(imports[i]));
    wb_str copy = wb_arena_str(&q->arena, wb_buf_str(&text));
    wb_buf_free(&text);
    wp_options o = {.version = WP_V1, .file_number = we_next_file(e)};
    wp_module *m = NULL;
    wp_parse_module(&q->arena, WB_LIT(""), copy, &o, &m, diags);
    return m;
}

writ_query *we_prepare(writ_engine *e, wb_str query, wb_str package, const wb_str *imports,
                       size_t n_imports, bool by_path, wp_diags *diags)
{
    writ_query *q = wb_calloc(1, sizeof *q);
    if (wb_arena_init(&q->arena, (size_t)1 << 30, e->seed)) {
        free(q);
        return NULL;
    }
    q->func = WM_NONE;
    wb_str text = wb_arena_str(&q->arena, query);
    wp_options o = {.version = WP_V1, .file_number = we_next_file(e)};
    wp_body body = {0};
    wp_module **trees = we_trees(e);
    writ_query *ok = NULL;
    wv *parts;
    unsigned n;
    if (wp_parse_query(&q->arena, WB_LIT(""), text, &o, &body, diags) == WB_OK) {
        if (by_path && !package.n && !n_imports && ground_path(&q->arena, &body, &parts, &n)) {
            ok = prepare_path(e, q, parts, n, trees, diags);
        } else {
            wp_module *context = query_context(e, q, package, imports, n_imports, diags);
            wc_options co = we_options(e);
            wc_query cq = {.body = body, .context = context, .file = {WB_LIT(""), text}};
            if (context &&
                wc_compile(trees, (uint32_t)e->n_modules, &cq, &co, &q->program, diags) == WB_OK)
                ok = q;
        }
    }
    free(trees);
    if (!ok) {
        wp_diags_own(diags);
        writ_query_free(q);
        return NULL;
    }
    q->engine = e;
    __atomic_add_fetch(&e->refs, 1, __ATOMIC_ACQ_REL);
    q->data = e->data;
    __atomic_add_fetch(&q->data->refs, 1, __ATOMIC_ACQ_REL);
    return q;
}

writ_query *writ_prepare(writ_engine *e, const char *query, writ_error *error)
{
    wb_arena a;
    if (wb_arena_init(&a, (size_t)1 << 30, e->seed)) {
        we_fail(error, WRIT_MEMORY, "", "no memory for diagnostics");
        return NULL;
    }
    wp_diags d;
    wp_diags_init(&d, &a, 10);
    writ_query *q = we_prepare(e, wb_str_of(query), WB_LIT(""), NULL, 0, true, &d);
    if (!q)
        we_fail_diags(error, &d, false);
    wb_arena_free(&a);
    return q;
}

void writ_query_free(writ_query *q)
{
    if (!q)
        return;
    wm_program_free(q->program);
    we_document_free(q->data);
    wb_arena_free(&q->arena);
    if (q->engine)
        writ_engine_free(q->engine);
    free(q);
}
