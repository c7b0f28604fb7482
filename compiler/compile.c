/* The passes in their order, and what the program keeps of the tree. */
#include "compiler/compile.h"

#include "compiler/ir_writer.h"
#include "compiler/plan.h"
#include "compiler/types.h"

#include <stdlib.h>

int wc_pass_by_name(wb_str name)
{
    static const char *const names[] = {
#define X(id, text, doc) text,
        WC_PASS_MAP(X)
#undef X
    };
    for (int i = 0; i < WC_PASS_COUNT; i++)
        if (wb_str_is(name, names[i]))
            return i;
    return -1;
}

/* ---- what `with` may replace anywhere ---- */

typedef struct targets {
    wc_unit *u;
    wv paths; /* set of data paths */
    bool any_function;
} targets;

static void collect_body(targets *t, const wp_body *b);

static void collect_term(targets *t, const wp_term *x)
{
    switch ((wp_term_kind)x->kind) {
    case WP_REF:
    case WP_ARRAY:
    case WP_SET:
    case WP_CALL:
        for (uint32_t i = 0; i < x->list.n; i++)
            collect_term(t, x->list.items[i]);
        return;
    case WP_OBJECT:
        for (uint32_t i = 0; i < x->object.n; i++) {
            collect_term(t, x->object.pairs[i].key);
            collect_term(t, x->object.pairs[i].value);
        }
        return;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP:
        if (x->comp.key)
            collect_term(t, x->comp.key);
        collect_term(t, x->comp.value);
        collect_body(t, &x->comp.body);
        return;
    default: return;
    }
}

static void collect_target(targets *t, const wp_term *target)
{
    wc_unit *u = t->u;
    if (target->kind == WP_STRING) {
        if (u->mocked == WV_UNDEFINED)
            u->mocked = wv_object_begin(u->a, 4);
        if (wv_object_get(u->mocked, target->value) == WV_UNDEFINED)
            wv_object_put(u->a, &u->mocked, target->value, wv_small(wv_len(u->mocked)));
        return;
    }
    const wp_term *head = target->kind == WP_REF ? target->list.items[0] : target;
    if (!wc_is_root(head, "data"))
        return;
    wv path = wv_array_begin(u->a, 4);
    for (uint32_t i = 1; target->kind == WP_REF && i < target->list.n; i++)
        if (target->list.items[i]->kind <= WP_STRING)
            wv_array_push(u->a, &path, target->list.items[i]->value);
    wv_set_add(u->a, &t->paths, path);
}

static void collect_expr(targets *t, const wp_expr *e)
{
    for (uint32_t i = 0; i < e->n_with; i++) {
        collect_target(t, e->with[i].target);
        collect_term(t, e->with[i].value);
    }
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_TERM: collect_term(t, e->term); break;
    case WP_EXPR_CALL:
        for (uint32_t i = 1; i < e->call.n; i++)
            collect_term(t, e->call.items[i]);
        break;
    case WP_EXPR_SOME: collect_term(t, e->some.items[0]); break;
    case WP_EXPR_EVERY:
        collect_term(t, e->every.domain);
        collect_body(t, &e->every.body);
        break;
    case WP_EXPR_NOT: collect_body(t, &e->body); break;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        collect_body(t, &e->logic.lhs);
        collect_body(t, &e->logic.rhs);
        break;
    }
}

static void collect_body(targets *t, const wp_body *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        collect_expr(t, b->exprs[i]);
}

static void collect_targets(targets *t, const wp_body *query)
{
    for (uint32_t i = 0; i < t->u->n_rules; i++)
        for (const wc_rule *r = t->u->rules[i]; r; r = r->else_rule) {
            collect_body(t, &r->body);
            if (r->value)
                collect_term(t, r->value);
            if (r->key)
                collect_term(t, r->key);
            for (uint32_t k = r->n_ground; k < r->n_path; k++)
                collect_term(t, r->path[k]);
        }
    if (query)
        collect_body(t, query);
}

static bool paths_touch(wv x, wv y)
{
    uint32_t n = wv_len(x) < wv_len(y) ? wv_len(x) : wv_len(y);
    for (uint32_t i = 0; i < n; i++)
        if (!wv_equal(wv_items(x)[i], wv_items(y)[i]))
            return false;
    return true;
}

/* Marks functions that some `with` may replace, and gives memo slots to what is asked twice. */
static void mark_functions(wc_unit *u, wc_plan *plan, const targets *t, wc_node *n)
{
    if (n->n_rules) {
        for (uint32_t k = 0; k <= n->max_keys; k++) {
            wc_function *fn = plan->funcs[k ? n->keyed + k - 1 : n->whole];
            for (uint32_t i = 0; i < wv_len(t->paths); i++)
                if (paths_touch(wv_set_at(t->paths, NULL, i), fn->out.path)) {
                    fn->out.maskable = !n->is_function;
                    fn->out.mockable = n->is_function;
                }
            if (u->options->passes_off & WC_PASS_MEMO)
                continue;
            if (!fn->n_args) {
                /* Documents asked by path may come here too: one slot is cheap. */
                fn->out.memo_kind = n->asked > 1 ? WM_MEMO_RULE : WM_MEMO_NONE;
                if (n->asked > 1)
                    fn->out.memo = u->program->n_memos++;
            } else if (n->asked > 1) {
                fn->out.memo_kind = WM_MEMO_ARGS;
            }
        }
    }
    for (wc_node *c = n->first; c; c = c->next)
        mark_functions(u, plan, t, c);
}

/* ---- the tree in the program ---- */

static uint32_t count_nodes(const wc_node *n)
{
    uint32_t count = 1;
    for (const wc_node *c = n->first; c; c = c->next)
        count += count_nodes(c);
    return count;
}

static void put_node(wm_program *p, const wc_node *n, uint32_t parent, uint32_t *children)
{
    wm_node *to = &p->nodes[n->number];
    *to = (wm_node){.name = wv_copy(&p->arena, n->name, NULL, NULL),
                    .parent = parent,
                    .whole = n->is_function ? WM_NONE : n->whole,
                    .keyed = n->keyed,
                    .n_keyed = n->max_keys,
                    .is_function = n->is_function,
                    .first = *children};
    for (const wc_node *c = n->first; c; c = c->next)
        p->children[(*children)++] = c->number;
    to->n = *children - to->first;
    for (const wc_node *c = n->first; c; c = c->next)
        put_node(p, c, n->number, children);
}

static void put_tree(wc_unit *u, wm_program *p)
{
    p->n_nodes = count_nodes(u->root);
    p->nodes = wb_arena_calloc(&p->arena, p->n_nodes * sizeof *p->nodes);
    p->children = wb_arena_calloc(&p->arena, p->n_nodes * sizeof *p->children);
    uint32_t children = 0;
    put_node(p, u->root, WM_NONE, &children);
}

static void put_files(wc_unit *u, const wc_query *query, wm_program *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < u->n_modules; i++)
        if (u->modules[i]->file_number + 1 > n)
            n = u->modules[i]->file_number + 1;
    uint32_t extra = query ? 1 : 0;
    p->files = wb_arena_calloc(&p->arena, (n + extra + 1) * sizeof *p->files);
    p->n_files = n;
    for (uint32_t i = 0; i < u->n_modules; i++) {
        const wp_file *f = &u->modules[i]->file;
        p->files[u->modules[i]->file_number] =
            (wp_file){wb_arena_str(&p->arena, f->name), wb_arena_str(&p->arena, f->text)};
    }
    if (query && query->body.n) {
        uint32_t at = query->body.exprs[0]->loc.file;
        if (at >= n && at < n + extra)
            p->n_files = at + 1;
        if (at == n)
            p->files[at] = (wp_file){wb_arena_str(&p->arena, query->file.name),
                                     wb_arena_str(&p->arena, query->file.text)};
    }
}

/* ---- driving ---- */

static bool front(wc_unit *u, const wc_query *query, wp_body *body, wc_plan *plan)
{
    wc_resolve_modules(u);
    if (u->failed || u->diags->n)
        return false;
    /* Errors of checks that do not build on each other are told together: only what a pass adds
     * stops the next. */
    uint32_t told = u->diags->n;
    wc_tell(u, &u->targets);
    wc_build_tree(u);
    if (u->diags->n > told || u->diags->limit_reached)
        return false;
    if (query)
        *body = wc_resolve_query(u, query->context, query->body);
    wc_check_targets(u, query ? body : NULL);
    if (u->diags->n > told || u->diags->limit_reached)
        return false;
    wc_check_functions(u, query ? body : NULL);
    if (u->diags->n > told || u->diags->limit_reached)
        return false;
    wc_check_safety(u);
    if (query)
        wc_order_query(u, body);
    if (u->diags->n > told || u->diags->limit_reached)
        return false;
    wc_check_recursion(u);
    if (u->diags->n > told || u->diags->limit_reached)
        return false;
    if (!u->options->skip_types)
        wc_check_types(u, query ? body : NULL);
    wc_check_deprecated(u);
    if (u->diags->n)
        return false;
    targets t = {.u = u, .paths = wv_set_begin(u->a, 4)};
    collect_targets(&t, query ? body : NULL);
    wc_make_plan(u, plan, query, *body);
    if (u->diags->n)
        return false;
    mark_functions(u, plan, &t, u->root);
    return true;
}

static wb_status start(wc_unit *u, wb_arena *a, wp_module **modules, uint32_t n,
                       const wc_options *options, wp_diags *diags)
{
    *u = (wc_unit){.a = a,
                   .options = options,
                   .diags = diags,
                   .registry = options->registry,
                   .modules = modules,
                   .n_modules = n};
    wp_diags_init(&u->functions, diags->arena, diags->max);
    wp_diags_init(&u->targets, diags->arena, diags->max);
    return wb_arena_init(a, (size_t)8 << 30, options->seed);
}

wb_status wc_compile(wp_module **modules, uint32_t n, const wc_query *query,
                     const wc_options *options, wm_program **out, wp_diags *diags)
{
    wc_unit u;
    wb_arena scratch, program_arena;
    *out = NULL;
    if (start(&u, &scratch, modules, n, options, diags))
        return WB_MEMORY;
    if (wb_arena_init(&program_arena, (size_t)8 << 30, options->seed)) {
        wb_arena_free(&scratch);
        return WB_MEMORY;
    }
    wm_program *p = wb_arena_calloc(&program_arena, sizeof *p);
    p->arena = program_arena;
    u.program = p;
    static const char *const operators[WM_OPERATOR_COUNT] = {"plus", "minus", "mul", "div", "rem"};
    for (unsigned i = 0; i < WM_OPERATOR_COUNT; i++)
        p->operators[i] = ws_registry_find(options->registry, wb_str_of(operators[i]));
    wc_plan plan = {.query = WM_NONE};
    wp_body body = {0};
    bool ok = front(&u, query, &body, &plan) && wc_emit(&u, &plan, p);
    wb_error e;
    if (ok) {
        put_tree(&u, p);
        put_files(&u, query, p);
        if (wm_verify(p, &e)) {
            wp_report(diags, WP_COMPILE_ERROR, NULL, (wp_loc){0}, "%s", e.text);
            ok = false;
        }
    }
    if (!ok)
        wp_diags_own(diags);
    wb_arena_free(&scratch);
    if (!ok) {
        wm_program_free(p);
        wp_diags_sort(diags);
        return WB_INVALID;
    }
    *out = p;
    return WB_OK;
}

wb_status wc_plan_text(wp_module **modules, uint32_t n, const wc_query *query,
                       const wc_options *options, wb_buf *out, wp_diags *diags)
{
    wc_unit u;
    wb_arena scratch;
    if (start(&u, &scratch, modules, n, options, diags))
        return WB_MEMORY;
    wm_program p = {0};
    u.program = &p;
    wc_plan plan = {.query = WM_NONE};
    wp_body body = {0};
    bool ok = front(&u, query, &body, &plan);
    if (ok)
        wc_plan_print(out, &plan);
    else {
        wp_diags_sort(diags);
        wp_diags_own(diags);
    }
    wb_arena_free(&scratch);
    return ok ? WB_OK : WB_INVALID;
}

wb_status wc_write_plan(wp_module **modules, uint32_t n, const wc_plan_wanted *wanted,
                        const wc_options *options, wb_buf *out, wp_diags *diags)
{
    wc_unit u;
    wb_arena scratch;
    if (start(&u, &scratch, modules, n, options, diags))
        return WB_MEMORY;
    wm_program p = {0};
    u.program = &p;
    wc_plan plan = {.query = WM_NONE};
    wp_body body = {0};
    wb_status s = WB_INVALID;
    if (front(&u, wanted->query, &body, &plan))
        s = ir_write(&u, &plan, wanted, out);
    if (s) {
        wp_diags_sort(diags);
        wp_diags_own(diags);
    }
    wb_arena_free(&scratch);
    return s;
}

uint32_t wc_find_node(const wm_program *p, const wv *path, unsigned n, unsigned *used)
{
    uint32_t at = 0;
    *used = 0;
    while (*used < n && p->nodes[at].whole == WM_NONE && !p->nodes[at].is_function) {
        const wm_node *node = &p->nodes[at];
        uint32_t next = WM_NONE;
        for (uint32_t i = 0; i < node->n && next == WM_NONE; i++)
            if (wv_equal(p->nodes[p->children[node->first + i]].name, path[*used]))
                next = p->children[node->first + i];
        if (next == WM_NONE)
            return at;
        at = next;
        ++*used;
    }
    return at;
}
