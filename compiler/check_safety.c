/* Safety: every variable is bound before it is read.
 *
 * Takes rules whose calls are expressions of their own. After it bodies stand in an order in which
 * each expression finds its inputs bound; what can run stays where it was written.
 *
 * Reports: var x is unsafe (in rule p, where a line holds rules of several names); expression is
 * unsafe, when only made variables are. */
#include "compiler/check.h"

#include <stdlib.h>

/* What is unsafe at an expression. */
typedef struct pair {
    const wp_expr *at;
    wc_cset vars;
    uint32_t number; /* in which order they were found */
} pair;

typedef struct finder {
    wc_check *c;
    pair *v;
    uint32_t n, cap;
    uint32_t *slots; /* expression -> its number in v + 1: a table of 2 * cap */
    bool flat;       /* no comprehensions */
    wp_body *root;
    wc_cwithin *within; /* of root, once a closure was met */
} finder;

/* Where the expression's number + 1 is in the table, or is to come. */
static uint32_t slot_of(const finder *f, const wp_expr *at)
{
    uint32_t mask = 2 * f->cap - 1, i = (uint32_t)wb_hash64((uintptr_t)at, 0) & mask;
    while (f->slots[i] && f->v[f->slots[i] - 1].at != at)
        i = (i + 1) & mask;
    return i;
}

static void grow(finder *f)
{
    f->cap = f->cap ? 2 * f->cap : 8;
    pair *to = wb_arena_alloc(&f->c->tmp, f->cap * sizeof *to);
    if (f->n)
        memcpy(to, f->v, f->n * sizeof *to);
    f->v = to;
    f->slots = wb_arena_calloc(&f->c->tmp, 2 * f->cap * sizeof *f->slots);
    for (uint32_t i = 0; i < f->n; i++)
        f->slots[slot_of(f, to[i].at)] = i + 1;
}

static wc_cset *vars_at(finder *f, const wp_expr *at)
{
    if (f->n == f->cap)
        grow(f);
    uint32_t slot = slot_of(f, at);
    if (f->slots[slot])
        return &f->v[f->slots[slot] - 1].vars;
    f->v[f->n] = (pair){.at = at, .number = f->n};
    f->slots[slot] = f->n + 1;
    return &f->v[f->n++].vars;
}

/* ---- the order of one body ---- */

typedef struct closures {
    finder *f;
    wc_cset *globals;
    const wp_expr *current;
} closures;

static void reorder(finder *f, wp_body *b, wc_cset *globals);

/* What is asked of the closures of one expression. */
typedef struct asked {
    finder *f;
    const wc_cset *of, *but;
    wc_cset *out;
} asked;

static void ask(asked *x, const void *closure)
{
    finder *f = x->f;
    if (!f->within)
        f->within = wc_ck_within(f->c, f->root);
    wc_ck_within_add(f->within, closure, x->of, x->but, x->out);
}

static bool closed_term(wc_cvisitor *v, wp_term *t)
{
    if (!wc_ck_is_comp(t))
        return false;
    ask(v->data, t);
    return true;
}

static bool closed_expr(wc_cvisitor *v, wp_expr *e)
{
    if (e->kind != WP_EXPR_EVERY && e->kind != WP_EXPR_NOT && e->kind != WP_EXPR_AND &&
        e->kind != WP_EXPR_OR)
        return false;
    ask(v->data, e);
    return true;
}

/* Adds the variables within the closures of e that are in `of`, but not in `but`. */
static void closed_vars(finder *f, wp_expr *e, const wc_cset *of, const wc_cset *but, wc_cset *out)
{
    asked x = {f, of, but, out};
    wc_cvisitor v = {.c = f->c,
                     .term = closed_term,
                     .expr = closed_expr,
                     .data = &x,
                     .only_closures = true,
                     .flat = f->flat};
    wc_ck_walk_expr(&v, e);
}

static bool same_set(const wc_cset *a, const wc_cset *b)
{
    return a->n == b->n && wc_cset_within(a, b);
}

/* Takes out of s what is in the other; s is only gone through afterwards. */
static void drop(wc_cset *s, const wc_cset *other)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (!wc_cset_has(other, s->v[i]))
            s->v[n++] = s->v[i];
    s->n = n;
    s->slots = NULL;
}

/* Whether e can run now; what it binds is safe then. closed: what its closures read of the body. */
static bool place(finder *f, wp_expr *e, wc_cset *needs, const wc_cset *closed, wc_cset *safe)
{
    wc_check *c = f->c;
    char *mark = wb_arena_mark(&c->tmp);
    wc_cset outs = {0};
    wc_ck_expr_outputs(c, e, safe, &outs);
    bool waits = closed->n && same_set(closed, &outs);
    if (closed->n && !waits) {
        memcpy(needs->v, closed->v, closed->n * sizeof *needs->v);
        needs->n = closed->n;
        needs->slots = NULL;
    }
    if (!waits) {
        drop(needs, &outs);
        drop(needs, safe);
        waits = needs->n;
    }
    if (!waits)
        wc_cset_add_all(&c->tmp, safe, &outs);
    else
        wb_arena_rewind(&c->tmp, mark);
    return !waits;
}

static void comprehension(closures *x, const wc_cset *head, wp_body *b)
{
    wc_check *c = x->f->c;
    wc_cset have = {0};
    wc_ck_body_vars(c, b, WC_SAFETY | WC_OPERANDS, &have);
    for (uint32_t i = 0; i < head->n; i++)
        if (!wc_cset_has(&have, head->v[i]) && !wc_cset_has(x->globals, head->v[i]))
            wc_cset_add(&c->tmp, vars_at(x->f, x->current), head->v[i]);
    reorder(x->f, b, x->globals);
}

static bool in_term(wc_cvisitor *v, wp_term *t)
{
    closures *x = v->data;
    if (t->kind == WP_SET || t->kind == WP_OBJECT)
        return wc_ck_is_ground(t);
    if (!wc_ck_is_comp(t))
        return false;
    wc_cset head = {0};
    if (t->comp.key)
        wc_ck_term_vars(v->c, t->comp.key, 0, &head);
    wc_ck_term_vars(v->c, t->comp.value, 0, &head);
    comprehension(x, &head, &t->comp.body);
    return true;
}

static bool in_expr(wc_cvisitor *v, wp_expr *e)
{
    closures *x = v->data;
    static const wc_cset none;
    switch ((wp_expr_kind)e->kind) {
    case WP_EXPR_EVERY:
        if (e->every.key)
            wc_ck_term_vars(v->c, e->every.key, 0, x->globals);
        wc_ck_term_vars(v->c, e->every.value, 0, x->globals);
        comprehension(x, &none, &e->every.body);
        return true;
    case WP_EXPR_NOT: comprehension(x, &none, &e->body); return true;
    case WP_EXPR_AND:
    case WP_EXPR_OR:
        comprehension(x, &none, &e->logic.lhs);
        comprehension(x, &none, &e->logic.rhs);
        return true;
    default: return false;
    }
}

/* Which expressions to look at: those whose variables became safe since the last time, in the
 * order of the text, and behind the last one from the start again. */
typedef struct queue {
    uint32_t *heap[2]; /* numbers of expressions, the least first: this round and the next */
    uint32_t n[2];
    uint8_t *in; /* by expression: 1 + the heap it is in, 0: none */
    wc_cset vars;
    uint32_t *first, *next, *owner; /* by variable of vars: its uses, as a list */
    uint32_t n_uses;
} queue;

static void put(queue *q, int which, uint32_t at)
{
    if (q->in[at])
        return;
    q->in[at] = (uint8_t)(1 + which);
    uint32_t *h = q->heap[which], i = q->n[which]++;
    for (; i && h[(i - 1) / 2] > at; i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = at;
}

static uint32_t take(queue *q)
{
    uint32_t *h = q->heap[0], top = h[0], last = h[--q->n[0]], n = q->n[0], i = 0;
    for (uint32_t k; (k = 2 * i + 1) < n; i = k) {
        k += k + 1 < n && h[k + 1] < h[k];
        if (h[k] >= last)
            break;
        h[i] = h[k];
    }
    h[i] = last;
    q->in[top] = 0;
    return top;
}

static void next_round(queue *q)
{
    uint32_t *h = q->heap[0];
    q->heap[0] = q->heap[1];
    q->heap[1] = h;
    q->n[0] = q->n[1];
    q->n[1] = 0;
    for (uint32_t i = 0; i < q->n[0]; i++)
        q->in[q->heap[0][i]] = 1;
}

/* What e reads, but for its closures. */
static void direct_vars(wc_check *c, const wp_expr *e, wc_cset *out)
{
    wc_ck_expr_vars(c, e, WC_NO_CLOSURES, out);
    for (uint32_t i = 0; i < e->n_with && e->kind == WP_EXPR_EVERY; i++) {
        wc_ck_term_vars(c, e->with[i].target, WC_NO_CLOSURES, out);
        wc_ck_term_vars(c, e->with[i].value, WC_NO_CLOSURES, out);
    }
}

static queue queue_of(finder *f, const wp_body *b)
{
    wc_check *c = f->c;
    queue q = {0};
    wc_cset *each = wb_arena_calloc(&c->tmp, (b->n + 1) * sizeof *each);
    for (int i = 0; i < 2; i++)
        q.heap[i] = wb_arena_alloc(&c->tmp, (b->n + 1) * sizeof(uint32_t));
    q.in = wb_arena_calloc(&c->tmp, b->n + 1);
    uint32_t uses = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        direct_vars(c, b->exprs[i], &each[i]);
        wc_cset_add_all(&c->tmp, &q.vars, &each[i]);
    }
    /* What becomes safe is one of these. */
    for (uint32_t i = 0; i < b->n; i++) {
        closed_vars(f, b->exprs[i], &q.vars, NULL, &each[i]);
        uses += each[i].n;
    }
    q.first = wb_arena_alloc(&c->tmp, (q.vars.n + 1) * sizeof(uint32_t));
    memset(q.first, 0xff, (q.vars.n + 1) * sizeof(uint32_t));
    q.next = wb_arena_alloc(&c->tmp, (uses + 1) * sizeof(uint32_t));
    q.owner = wb_arena_alloc(&c->tmp, (uses + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < b->n; i++) {
        put(&q, 0, i);
        for (uint32_t k = 0; k < each[i].n; k++) {
            uint32_t v = wc_cset_index(&q.vars, each[i].v[k]);
            q.owner[q.n_uses] = i;
            q.next[q.n_uses] = q.first[v];
            q.first[v] = q.n_uses++;
        }
    }
    return q;
}

static void wake(queue *q, const wc_cvar *v, uint32_t at, const bool *done)
{
    uint32_t i = wc_cset_index(&q->vars, v);
    for (uint32_t u = i == UINT32_MAX ? i : q->first[i]; u != UINT32_MAX; u = q->next[u])
        if (!done[q->owner[u]])
            put(q, q->owner[u] < at, q->owner[u]);
}

/* s is only gone through and dropped from afterwards. */
static void give_room(wc_check *c, wc_cset *s, uint32_t n)
{
    if (n <= s->cap)
        return;
    wc_cvar **to = wb_arena_alloc(&c->tmp, n * sizeof *to);
    if (s->n)
        memcpy(to, s->v, s->n * sizeof *to);
    s->v = to;
    s->cap = n;
}

/* The expressions that can run, in their order; the others keep what they need. */
static uint32_t order_body(finder *f, const wp_body *b, wc_cset *needs, bool *done, wp_expr **order,
                           const wc_cset *globals)
{
    wc_check *c = f->c;
    wc_cset body = {0}, safe = {0};
    wc_cset *closed = wb_arena_calloc(&c->tmp, (b->n + 1) * sizeof *closed);
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n; i++)
        wc_ck_expr_vars(c, b->exprs[i], WC_SAFETY | WC_OPERANDS, &needs[i]);
    for (uint32_t i = 0; i < b->n; i++)
        wc_cset_add_all(&c->tmp, &body, &needs[i]);
    for (uint32_t i = 0; i < body.n; i++)
        if (wc_cset_has(globals, body.v[i]))
            wc_cset_add(&c->tmp, &safe, body.v[i]);
    for (uint32_t i = 0; i < b->n; i++)
        drop(&needs[i], &safe);
    for (uint32_t i = 0; i < b->n; i++) {
        closed_vars(f, b->exprs[i], &body, globals, &closed[i]);
        give_room(c, &needs[i], closed[i].n);
    }
    queue q = queue_of(f, b);
    while (q.n[0] || q.n[1]) {
        if (!q.n[0])
            next_round(&q);
        uint32_t at = take(&q), before = safe.n;
        if (!place(f, b->exprs[at], &needs[at], &closed[at], &safe))
            continue;
        done[at] = true;
        order[n++] = b->exprs[at];
        for (uint32_t k = before; k < safe.n; k++)
            wake(&q, safe.v[k], at, done);
    }
    return n;
}

/* Whether e, which is plain, can run where it was written; what it binds is among `safe` then. */
static bool runs_here(wc_check *c, const wp_expr *e, wc_cset *safe)
{
    wc_cset vars = {0}, outs = {0};
    wc_ck_expr_vars(c, e, WC_SAFETY, &vars);
    if (wc_cset_within(&vars, safe))
        return true;
    wc_ck_expr_outputs(c, e, safe, &outs);
    for (uint32_t i = 0; i < vars.n; i++)
        if (!wc_cset_has(safe, vars.v[i]) && !wc_cset_has(&outs, vars.v[i]))
            return false;
    wc_cset_add_all(&c->tmp, safe, &outs);
    return true;
}

/* Whether each expression is plain and can run where it was written: most bodies are such. What
 * they bind is added to `globals` for a time. */
static bool is_settled(finder *f, const wp_body *b, wc_cset *globals)
{
    bool settled = f->flat;
    uint32_t outer = globals->n;
    for (uint32_t i = 0; i < b->n && settled; i++) {
        const wp_expr *e = b->exprs[i];
        settled =
            (e->kind == WP_EXPR_TERM || e->kind == WP_EXPR_CALL) && runs_here(f->c, e, globals);
    }
    wc_cset_truncate(globals, outer);
    return settled;
}

static void reorder(finder *f, wp_body *b, wc_cset *globals)
{
    wc_check *c = f->c;
    if (is_settled(f, b, globals))
        return;
    uint32_t outer = globals->n;
    wc_cset *needs = wb_arena_calloc(&c->tmp, (b->n + 1) * sizeof *needs);
    bool *done = wb_arena_calloc(&c->tmp, b->n + 1);
    wp_expr **order = wb_arena_alloc(c->a, (b->n + 1) * sizeof *order);
    uint32_t n = order_body(f, b, needs, done, order, globals);
    for (uint32_t i = 0; i < b->n; i++)
        if (!done[i] && needs[i].n)
            wc_cset_add_all(&c->tmp, vars_at(f, b->exprs[i]), &needs[i]);
    uint32_t found = f->n;
    closures x = {f, globals, NULL};
    wc_cvisitor v = {.c = c,
                     .term = in_term,
                     .expr = in_expr,
                     .data = &x,
                     .only_closures = true,
                     .flat = f->flat};
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            wc_ck_expr_vars(c, order[i - 1], WC_SAFETY | WC_OPERANDS, globals);
        x.current = order[i];
        wc_ck_walk_expr(&v, order[i]);
    }
    wc_cset_truncate(globals, outer);
    if (n == b->n && f->n == found)
        b->exprs = order;
}

/* ---- reports ---- */

static bool earlier(wp_loc x, wp_loc y)
{
    if (!x.row || !y.row)
        return x.row != 0;
    return x.row != y.row ? x.row < y.row : x.col < y.col;
}

static wb_str head_name(wc_check *c, const wc_crule *r)
{
    wp_term *t = wc_ck_list(c, WP_REF, r->n_ref, (wp_loc){0});
    wp_term **ref = r->written ? r->written : r->ref;
    t->list.items[0] = ref[0];
    t->list.n = 1;
    while (t->list.n < r->n_ref && wc_ck_is_ground(ref[t->list.n])) {
        t->list.items[t->list.n] = ref[t->list.n];
        t->list.n++;
    }
    return wc_ck_text(c, t);
}

static int by_line(const void *x, const void *y)
{
    const wc_crule *a = *(wc_crule *const *)x, *b = *(wc_crule *const *)y;
    if (a->module != b->module)
        return (uintptr_t)a->module < (uintptr_t)b->module ? -1 : 1;
    if (a->loc.row != b->loc.row)
        return a->loc.row < b->loc.row ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The first rule of that line in c->by_line. */
static uint32_t first_of_line(wc_check *c, const wc_crule *r)
{
    if (!c->by_line) {
        c->by_line = wb_arena_alloc(c->a, (c->n_all + 1) * sizeof *c->by_line);
        memcpy(c->by_line, c->all, c->n_all * sizeof *c->by_line);
        qsort(c->by_line, c->n_all, sizeof *c->by_line, by_line);
    }
    wc_crule first = {.module = r->module, .loc = {.row = r->loc.row}};
    const wc_crule *key = &first;
    uint32_t low = 0, high = c->n_all;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_line(&c->by_line[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* " in rule p" where a line holds rules of several names. */
static wb_str scope_of(wc_check *c, const wc_crule *r)
{
    if (!r)
        return WB_LIT("");
    wb_str name = head_name(c, r);
    for (uint32_t i = first_of_line(c, r); i < c->n_all; i++) {
        const wc_crule *k = c->by_line[i];
        if (k->module != r->module || k->loc.row != r->loc.row)
            break;
        if (!wb_str_eq(name, head_name(c, k)))
            return wb_str_of(wb_arena_printf(c->a, " in rule %.*s", WB_FMT(name)));
    }
    return WB_LIT("");
}

static void report_var(wc_check *c, const wc_cvar *v, wp_loc loc, wb_str scope, bool hint)
{
    static const char *const future[] = {"in", "every", "contains", "if", "and", "or", "not"};
    wb_str name = wc_cvar_is_wildcard(v) ? WB_LIT("_") : wc_cvar_name(v);
    bool keyword = false;
    for (size_t i = 0; i < sizeof future / sizeof *future && hint; i++)
        keyword |= wb_str_is(name, future[i]);
    if (keyword)
        wc_ck_fail(c, WP_UNSAFE_VAR_ERROR, loc,
                   "var %.*s is unsafe%.*s (hint: `import future.keywords.%.*s` to import a "
                   "future keyword)",
                   WB_FMT(name), WB_FMT(scope), WB_FMT(name));
    else
        wc_ck_fail(c, WP_UNSAFE_VAR_ERROR, loc, "var %.*s is unsafe%.*s", WB_FMT(name),
                   WB_FMT(scope));
}

typedef struct seen_var {
    const wc_cvar *var;
    wp_loc loc;
} seen_var;

static int by_place(const void *x, const void *y)
{
    const pair *a = x, *b = y;
    if (earlier(a->at->loc, b->at->loc))
        return -1;
    return earlier(b->at->loc, a->at->loc) ? 1 : (a->number > b->number) - (a->number < b->number);
}

static void report_made(finder *f, wb_str scope)
{
    wc_cset seen = {0};
    if (f->n > 1) /* in the order of the text */
        qsort(f->v, f->n, sizeof *f->v, by_place);
    for (uint32_t i = 0; i < f->n; i++) {
        bool more = false;
        for (uint32_t k = 0; k < f->v[i].vars.n; k++)
            if (wc_cvar_is_made(f->v[i].vars.v[k]))
                more |= wc_cset_add(&f->c->tmp, &seen, f->v[i].vars.v[k]);
        if (more)
            wc_ck_fail(f->c, WP_UNSAFE_VAR_ERROR, f->v[i].at->loc, "expression is unsafe%.*s",
                       WB_FMT(scope));
    }
}

static void report(finder *f, const wc_crule *r)
{
    wc_check *c = f->c;
    wc_cset vars = {0}, left = {0};
    for (uint32_t i = 0; i < f->n; i++) {
        const wp_expr *e = f->v[i].at;
        for (uint32_t k = 0; k < f->v[i].vars.n; k++) {
            wc_cvar *v = f->v[i].vars.v[k];
            bool fresh = wc_cset_add(&c->tmp, &vars, v);
            uint32_t j = wc_cset_index(&vars, v);
            if (fresh || earlier(e->loc, vars.locs[j]))
                vars.locs[j] = e->loc;
        }
        if (wc_ck_is_eq(e) && e->call.n == 3 && e->call.items[0]->infix && f->v[i].vars.n)
            wc_ck_term_vars(c, e->call.items[1], 0, &left);
    }
    if (!vars.n)
        return;
    for (uint32_t i = 0, n = left.n; i < n; i++)
        if (left.v[i]->was)
            wc_cset_add(&c->tmp, &left, left.v[i]->was);
    bool others = false, any = false;
    for (uint32_t i = 0; i < vars.n; i++) {
        const wc_cvar *v = wc_cvar_shown(vars.v[i]);
        others |= !wc_cvar_is_made(v) && !wc_cset_has(&left, v) && !wc_cset_has(&left, vars.v[i]);
    }
    wb_str scope = scope_of(c, r);
    for (uint32_t i = 0; i < vars.n; i++) {
        const wc_cvar *v = wc_cvar_shown(vars.v[i]);
        if (wc_cvar_is_made(v) ||
            (others && (wc_cset_has(&left, v) || wc_cset_has(&left, vars.v[i]))))
            continue;
        report_var(c, v, vars.locs[i], scope, true);
        any = true;
    }
    if (!any)
        report_made(f, scope);
}

/* ---- stages ---- */

static void roots(wc_check *c, wc_cset *s)
{
    wc_cset_add(&c->tmp, s, c->input);
    wc_cset_add(&c->tmp, s, c->data);
}

void wc_ck_safety_heads(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        char *mark = wb_arena_mark(&c->tmp);
        wc_cset head = {0}, have = {0};
        for (uint32_t k = 0; k < r->n_args; k++)
            wc_ck_term_vars(c, r->args[k], 0, &have);
        wb_str scope = {0};
        if (r->key)
            wc_ck_term_vars(c, r->key, 0, &head);
        if (r->value)
            wc_ck_term_vars(c, r->value, 0, &head);
        /* OPA moves what a reference computes into the body of the rule, not of its else. */
        for (uint32_t k = 1; k < r->n_ref; k++)
            wc_ck_term_vars(c, r->written ? r->written[k] : r->ref[k], 0, &head);
        if (head.n)
            wc_ck_body_vars(c, &r->body, WC_SAFETY, &have);
        c->u->module = r->module;
        for (uint32_t k = 0; k < head.n; k++) {
            const wc_cvar *v = wc_cvar_shown(head.v[k]);
            if (wc_cset_has(&have, head.v[k]) || wc_cvar_is_made(v))
                continue;
            if (!scope.p)
                scope = scope_of(c, r);
            report_var(c, v, head.locs[k], scope, false);
        }
        wb_arena_rewind(&c->tmp, mark);
    }
    c->u->module = NULL;
}

void wc_ck_safety_bodies(wc_check *c)
{
    for (uint32_t i = 0; i < c->n_all; i++) {
        wc_crule *r = c->all[i];
        char *mark = wb_arena_mark(&c->tmp);
        finder f = {.c = c, .flat = wc_crule_is_flat(r), .root = &r->body};
        wc_cset globals = {0};
        c->u->module = r->module;
        roots(c, &globals);
        for (uint32_t k = 0; k < r->n_args; k++)
            wc_ck_term_vars(c, r->args[k], 0, &globals);
        reorder(&f, &r->body, &globals);
        report(&f, r);
        wb_arena_rewind(&c->tmp, mark);
    }
    c->u->module = NULL;
}

void wc_ck_query_safety(wc_check *c, wp_body *b)
{
    finder f = {.c = c, .root = b};
    wc_cset globals = {0};
    roots(c, &globals);
    reorder(&f, b, &globals);
    report(&f, NULL);
}
