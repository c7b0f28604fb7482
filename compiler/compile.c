/* The stages in their order (stages.h), and what the program keeps of the tree. */
#include "compiler/compile.h"

#include "compiler/check.h"
#include "compiler/ir_writer.h"
#include "compiler/plan.h"
#include "compiler/stages.h"

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

static void why_memo(wc_unit *u, wc_function *fn, const wc_node *n)
{
    if (n->asked < 2)
        wc_why(u, fn, "memo", n->rules[0]->loc, "not: %s",
               n->asked ? "one place asks for it, once" : "no rule asks for it by name");
    else
        wc_why(u, fn, "memo", n->rules[0]->loc, "%s", fn->n_args ? "by its arguments" : "whole");
}

/* Marks functions that some `with` may replace, and gives memo slots to what is asked twice. */
static void mark_functions(wc_unit *u, wc_plan *plan, wv targets, wc_node *n)
{
    if (n->n_rules) {
        for (uint32_t k = 0; k <= n->max_keys; k++) {
            wc_function *fn = plan->funcs[k ? n->keyed + k - 1 : n->whole];
            if (wc_touches_target(targets, fn->out.path)) {
                fn->out.maskable = !n->is_function;
                fn->out.mockable = n->is_function;
            }
            if (u->options->passes_off & WC_PASS_MEMO)
                continue;
            why_memo(u, fn, n);
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
        mark_functions(u, plan, targets, c);
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

/* What the stages work on. */
typedef struct front {
    wc_unit *u;
    const wc_query *query; /* may be NULL */
    wc_check check;
    wc_plan *plan;
} front;

#define X(name, doc)                                                                               \
    static void stage_##name(front *f)                                                             \
    {                                                                                              \
        wc_ck_##name(&f->check);                                                                   \
    }
WC_CHECK_STAGE_MAP(X)
#undef X

static void stage_query(front *f)
{
    if (f->query && f->query->body.n)
        wc_ck_query(&f->check, f->query);
}
static void stage_rules(front *f)
{
    wc_lower(&f->check);
    wc_build_tree(f->u);
}
static void stage_plan(front *f)
{
    const wc_query_body *q = f->query ? &f->check.query : NULL;
    wv targets = wc_collect_targets(f->u, q ? &q->body : NULL);
    wc_make_plan(f->u, f->plan, q, q ? f->query->context : NULL);
    if (!f->u->diags->n)
        mark_functions(f->u, f->plan, targets, f->u->root);
}
static void stage_optimised(front *f)
{
    wc_plan_fuse(f->u, f->plan);
    wc_plan_group(f->u, f->plan);
    wc_plan_matches(f->u, f->plan);
    wc_plan_tally(f->u, f->plan);
    wc_plan_hoist(f->u, f->plan);
    wc_plan_why(f->u, f->plan);
}

static const struct {
    const char *name;
    void (*run)(front *f);
} STAGES[] = {
#define X(name, doc) {#name, stage_##name},
    WC_STAGE_MAP(X)
#undef X
};

void wc_stage_list(wb_buf *b)
{
#define X(name, doc) wb_buf_putf(b, "%-16s %s\n", #name, doc);
    WC_STAGE_MAP(X)
#undef X
}

int wc_stage_by_name(wb_str name)
{
    for (int i = 0; i < WC_STAGE_COUNT; i++)
        if (wb_str_is(name, STAGES[i].name))
            return i;
    return -1;
}

/* Runs the stages up to `last`; false after a report. The stages over modules go on behind a report
 * that is recoverable. */
static bool run_stages(front *f, int last)
{
    wc_unit *u = f->u;
    wc_check_begin(&f->check, u);
    for (int i = 0; i <= last && !f->check.failed && !u->diags->limit_reached; i++)
        if (i < WC_STAGE_query || !u->diags->n)
            STAGES[i].run(f);
    wc_check_end(&f->check);
    return !u->diags->n;
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
    front f = {.u = &u, .query = query, .plan = &plan};
    bool ok = run_stages(&f, WC_STAGE_optimised) && wc_emit(&u, &plan, p);
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

wb_status wc_check_modules(wp_module **modules, uint32_t n, const wc_options *options,
                           wp_diags *diags)
{
    wc_unit u;
    wb_arena scratch;
    if (start(&u, &scratch, modules, n, options, diags))
        return WB_MEMORY;
    front f = {.u = &u};
    bool ok = run_stages(&f, WC_STAGE_query);
    if (!ok) {
        wp_diags_own(diags);
        wp_diags_sort(diags);
    }
    wb_arena_free(&scratch);
    return ok ? WB_OK : WB_INVALID;
}

wb_status wc_stage_text(wp_module **modules, uint32_t n, const wc_query *query,
                        const wc_options *options, int stage, wb_buf *out, wp_diags *diags)
{
    wc_unit u;
    wb_arena scratch;
    if (start(&u, &scratch, modules, n, options, diags))
        return WB_MEMORY;
    wm_program p = {0};
    u.program = &p;
    wc_plan plan = {.query = WM_NONE};
    front f = {.u = &u, .query = query, .plan = &plan};
    bool ok = run_stages(&f, stage);
    if (ok && stage < WC_STAGE_rules)
        wc_list_rules(&f.check);
    if (ok && stage >= WC_STAGE_plan)
        wc_plan_print(out, &plan);
    else if (ok)
        wc_rules_print(out, &u, f.check.query.body.n ? &f.check.query.body : NULL);
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
    wc_options plain = *options; /* published plans have no statements for these */
    plain.passes_off |= WC_PASS_DISPATCH | WC_PASS_FUSE | WC_PASS_GROUP | WC_PASS_MATCH |
                        WC_PASS_TALLY | WC_PASS_HOIST;
    u.options = &plain;
    u.program = &p;
    wc_plan plan = {.query = WM_NONE};
    front f = {.u = &u, .query = wanted->query, .plan = &plan};
    wb_status s = WB_INVALID;
    if (run_stages(&f, WC_STAGE_optimised))
        s = ir_write(&u, &plan, wanted, out);
    if (s) {
        wp_diags_sort(diags);
        wp_diags_own(diags);
    }
    wb_arena_free(&scratch);
    return s;
}

/* The children are sorted by name. */
static uint32_t find_child(const wm_program *p, const wm_node *node, wv name)
{
    uint32_t low = 0, high = node->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t child = p->children[node->first + middle];
        int c = wv_compare(p->nodes[child].name, name);
        if (!c)
            return child;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return WM_NONE;
}

uint32_t wc_find_node(const wm_program *p, const wv *path, unsigned n, unsigned *used)
{
    uint32_t at = 0;
    *used = 0;
    while (*used < n && p->nodes[at].whole == WM_NONE && !p->nodes[at].is_function) {
        const wm_node *node = &p->nodes[at];
        uint32_t next = find_child(p, node, path[*used]);
        if (next == WM_NONE)
            return at;
        at = next;
        ++*used;
    }
    return at;
}
