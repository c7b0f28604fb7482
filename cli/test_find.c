/* Finding test rules and making them ready to compile. */
#include "cli/capabilities.h"
#include "cli/testing.h"

#include "parser/internal.h"

#include <stdlib.h>

#define TESTS_ARENA ((size_t)16 << 30) /* addresses */
#define CASE_CALL   "writ.test_case"   /* the host function that notes a case */

/* Text of a part of a rule's name; empty for others than names and strings. */
static wb_str part_text(const wp_term *t)
{
    if (t->kind == WP_VAR)
        return t->name;
    return t->kind == WP_STRING ? wv_str(&t->value) : (wb_str){0};
}

static bool begins(const wp_term *t, const char *prefix)
{
    return wb_str_has_prefix(part_text(t), wb_str_of(prefix));
}

/* Parts of the rule's name up to the one that makes it a test; 0: it is none. */
static uint32_t test_parts(const wp_head *h)
{
    for (uint32_t i = 0; i < h->n_ref; i++) {
        if (i && !wp_term_ground(h->ref[i]))
            return 0;
        if (begins(h->ref[i], "test_") || begins(h->ref[i], "todo_test_"))
            return i + 1;
    }
    return 0;
}

static wb_str ref_text(wb_arena *a, wp_term *const *items, uint32_t n)
{
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wp_ref_put(&b, items, n);
    wb_str s = wb_arena_str(a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

/* ---- cases ---- */

static wv note_case(ws_ctx *cx, const wv *args, unsigned n)
{
    cli_tests *t = cx->fn->arg;
    (void)n;
    if (t->seen != WV_UNDEFINED && wv_len(t->seen) < CLI_CASES_MAX)
        wv_array_push(&t->arena, &t->seen, wv_copy(&t->arena, args[0], NULL, NULL));
    return WV_TRUE;
}

typedef struct names {
    wb_str *items;
    uint32_t n;
} names;

static void add_name(names *to, wb_str name)
{
    for (uint32_t i = 0; i < to->n; i++)
        if (wb_str_eq(to->items[i], name))
            return;
    to->items = wb_realloc(to->items, (to->n + 1) * sizeof *to->items);
    to->items[to->n++] = name;
}

/* Variables in a term, not those inside comprehensions. */
static void term_names(names *to, const wp_term *t)
{
    if (!t)
        return;
    switch (t->kind) {
    case WP_VAR: add_name(to, t->name); break;
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < t->list.n; i++)
            term_names(to, t->list.items[i]);
        break;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            term_names(to, t->object.pairs[i].key);
            term_names(to, t->object.pairs[i].value);
        }
        break;
    default: break;
    }
}

static void expr_names(names *to, const wp_expr *e)
{
    if (e->kind == WP_EXPR_TERM)
        term_names(to, e->term);
    for (uint32_t i = 0; e->kind == WP_EXPR_CALL && i < e->call.n; i++)
        term_names(to, e->call.items[i]);
    /* `some x` alone gives x no value: the call must wait for what does. */
    for (uint32_t i = 0; e->kind == WP_EXPR_SOME && i < e->some.n; i++)
        if (e->some.items[i]->kind == WP_CALL)
            term_names(to, e->some.items[i]);
}

static bool has_name(const names *in, wb_str name)
{
    for (uint32_t i = 0; i < in->n; i++)
        if (wb_str_eq(in->items[i], name))
            return true;
    return false;
}

/* Where all variables of the keys have been seen once: the call's index in the body. */
static uint32_t case_index(const wp_rule *rule, uint32_t parts)
{
    names wanted = {0};
    uint32_t index = 0;
    for (uint32_t i = parts; i < rule->head->n_ref; i++)
        term_names(&wanted, rule->head->ref[i]);
    for (uint32_t w = 0; w < wanted.n; w++)
        for (uint32_t i = 0; i < rule->body.n; i++) {
            names here = {0};
            expr_names(&here, rule->body.exprs[i]);
            bool found = has_name(&here, wanted.items[w]);
            free(here.items);
            if (found) {
                index = i + 1 > index ? i + 1 : index;
                break;
            }
        }
    free(wanted.items);
    return index;
}

static wp_term *make_term(wb_arena *a, wp_term_kind kind, wp_loc loc)
{
    wp_term *t = wb_arena_calloc(a, sizeof *t);
    t->kind = (uint8_t)kind;
    t->loc = loc;
    return t;
}

/* Puts writ.test_case([keys]) into the rule's body. */
static void note_cases(wb_arena *a, wp_rule *rule, uint32_t parts)
{
    wp_term *op = make_term(a, WP_REF, rule->loc), *keys = make_term(a, WP_ARRAY, rule->loc);
    op->list.n = 2;
    op->list.items = wb_arena_alloc(a, 2 * sizeof *op->list.items);
    op->list.items[0] = make_term(a, WP_VAR, rule->loc);
    op->list.items[0]->name = WB_LIT("writ");
    op->list.items[1] = make_term(a, WP_STRING, rule->loc);
    op->list.items[1]->value = wv_string_new(a, WB_LIT("test_case"));
    keys->list.n = rule->head->n_ref - parts;
    keys->list.items = rule->head->ref + parts;
    wp_expr *e = wb_arena_calloc(a, sizeof *e);
    e->kind = WP_EXPR_CALL;
    e->loc = rule->loc;
    e->call.n = 2;
    e->call.items = wb_arena_alloc(a, 2 * sizeof *e->call.items);
    e->call.items[0] = op;
    e->call.items[1] = keys;
    uint32_t at = case_index(rule, parts), n = rule->body.n;
    wp_expr **exprs = wb_arena_alloc(a, (n + 1) * sizeof(wp_expr *));
    for (uint32_t i = 0, k = 0; i <= n; i++) {
        exprs[i] = i == at ? e : rule->body.exprs[k++];
        exprs[i]->index = i;
    }
    rule->body.exprs = exprs;
    rule->body.n = n + 1;
}

/* ---- rules ---- */

/* How many tests before have this name; from now on one more has it. */
static unsigned count_named(cli_tests *t, wb_str package, wb_str name)
{
    wv pair[2] = {wv_string_new(&t->arena, package), wv_string_new(&t->arena, name)};
    wv key = wv_array_new(&t->arena, pair, 2);
    if (t->named == WV_UNDEFINED)
        t->named = wv_object_begin(&t->arena, 64);
    wv before = wv_object_get(t->named, key);
    unsigned n = before == WV_UNDEFINED ? 0 : (unsigned)wv_int(before);
    wv_object_put(&t->arena, &t->named, key, wv_small(n + 1));
    return n;
}

static void rename_rule(wb_arena *a, wp_head *h, uint32_t part, unsigned number)
{
    wp_term *t = make_term(a, h->ref[part]->kind, h->ref[part]->loc);
    wb_str old = part_text(h->ref[part]);
    const char *name = wb_arena_printf(a, "%.*s#%02u", WB_FMT(old), number);
    if (t->kind == WP_VAR)
        t->name = wb_str_of(name);
    else
        t->value = wv_string_new(a, wb_str_of(name));
    wp_term **ref = wb_arena_alloc(a, h->n_ref * sizeof(wp_term *));
    memcpy(ref, h->ref, h->n_ref * sizeof(wp_term *));
    ref[part] = t;
    h->ref = ref;
    if (!part)
        h->name = t->name;
}

static void add_test(cli_tests *t, const wp_module *m, wp_rule *rule)
{
    wp_head *h = rule->head;
    uint32_t parts = test_parts(h);
    if (!parts)
        return;
    cli_trial x = {.file = m->file.name, .loc = rule->loc};
    x.package = ref_text(&t->arena, m->package->list.items, m->package->list.n);
    x.function = h->is_function;
    x.skip = begins(h->ref[parts - 1], "todo_test_");
    x.counted = ref_text(&t->arena, h->ref, parts);
    unsigned before = count_named(t, x.package, x.counted);
    if (before && !x.skip)
        rename_rule(&t->arena, h, parts - 1, before);
    x.name = ref_text(&t->arena, h->ref, parts);
    x.cases = !h->contains && !h->is_function && (h->key || h->n_ref > parts);
    for (uint32_t i = parts; i < h->n_ref && !h->key; i++)
        if (!wp_term_ground(h->ref[i]))
            break;
        else if (i + 1 == h->n_ref)
            x.cases = false; /* test_x.deep: an object, no cases */
    if (x.cases && !x.skip && h->n_ref > parts)
        note_cases(&t->arena, rule, parts);
    x.n_path = m->package->list.n - 1 + parts;
    x.path = wb_arena_alloc(&t->arena, x.n_path * sizeof *x.path);
    for (uint32_t i = 0; i < x.n_path; i++) {
        const wp_term *part = i + 1 < m->package->list.n ? m->package->list.items[i + 1]
                                                         : h->ref[i + 1 - m->package->list.n];
        x.path[i] = wv_string_new(&t->arena, part_text(part));
    }
    wb_buf_init(&x.output, CLI_OUTPUT_MAX);
    if (!(t->n & (t->n - 1)))
        t->items = wb_realloc(t->items, (t->n ? 2 * t->n : 1) * sizeof *t->items);
    t->items[t->n++] = x;
}

void cli_tests_init(cli_tests *t, cli_load *l)
{
    *t = (cli_tests){.load = l};
    if (wb_arena_init(&t->arena, TESTS_ARENA, l->engine->seed))
        wb_fatal("no memory for tests");
}

void cli_tests_free(cli_tests *t)
{
    for (size_t i = 0; i < t->n; i++)
        wb_buf_free(&t->items[i].output);
    free(t->items);
    wm_program_free(t->program);
    writ_session_free(t->session);
    wb_arena_free(&t->arena);
}

bool cli_tests_prepare(cli_tests *t)
{
    writ_engine *e = t->load->engine;
    const ws_builtin row = {.name = CASE_CALL,
                            .decl = "(array[any]) => boolean",
                            .category = "host",
                            .flags = WS_NONDET,
                            .fn = note_case,
                            .doc = "Notes that a case of a test has begun.",
                            .arg = t};
    wb_error why;
    if (ws_registry_add(e->registry, &row, &why)) {
        cli_add_error(t->load, "%s", why.text);
        return false;
    }
    for (size_t i = 0; i < e->n_modules; i++)
        for (uint32_t k = 0; k < e->modules[i]->tree->n_rules; k++)
            add_test(t, e->modules[i]->tree, e->modules[i]->tree->rules[k]);
    wc_options o = we_options(e);
    wp_module **trees = we_trees(e);
    wb_status s = wc_compile(trees, (uint32_t)e->n_modules, NULL, &o, &t->program, &t->load->diags);
    free(trees);
    cli_take_diags(t->load);
    t->session = writ_session_new(e);
    if (!t->session)
        wb_fatal("no memory for a session");
    cli_limit_session(t->load, t->session);
    wm_context(t->session->vm)->runtime = cli_runtime(&t->arena);
    return s == WB_OK;
}
