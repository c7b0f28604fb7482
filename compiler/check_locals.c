/* Local variables: what `:=`, `some`, `every` and arguments declare gets a variable of its own.
 *
 * Takes resolved rules. After it `:=` is `=` (op->infix marks it: it binds its left side only),
 * `some x` is gone, `some k, v in xs` is `v = xs[k]`, and each declared name is a made variable
 * that remembers its name (`was`). A name that only occurs keeps it.
 *
 * Reports: var x referenced, assigned or declared above, assigned before; arg x redeclared; cannot
 * assign; called function shadowed; arguments that are calls. Recoverable: unused variables and
 * arguments. */
#include "compiler/check.h"

typedef enum occurrence { FRESH, ARGUMENT, SEEN, ASSIGNED, DECLARED } occurrence;

/* What a name is in one scope. */
typedef struct wc_local {
    wc_cvar *var;
    wc_cvar *to; /* what stands for it; NULL: only counted */
    uint8_t how;
    uint32_t count;
    const struct scope *scope;
    struct wc_local *outer; /* the same name in the next scope around that has it */
    struct wc_local *next;  /* in the scope, in the order in which they came */
} entry;

typedef struct scope {
    entry *first, **end;
    struct scope *outer;
} scope;

/* Where a name was declared, in the order of the text. */
typedef struct declaration {
    wc_cvar *name;
    uint32_t comps; /* comprehensions around it */
} declaration;

typedef struct locals {
    wc_check *c;
    scope *top;
    entry *spare;    /* of scopes that were left */
    uint32_t errors; /* reported for the rule */
    uint32_t unused; /* the same, recoverable ones */
    wp_diags notes;  /* unused variables: told behind the errors of a rule */
    bool strict;
    uint32_t comps;         /* around what is looked at */
    uint32_t visits;        /* of variables that nothing stands for, so far */
    uint32_t most_comps;    /* around an `every` met so far */
    uint32_t going_again;   /* walks that go through again what was gone through */
    uint32_t again;         /* terms that may yet be gone through again for numbers alone */
    uint32_t again_waiting; /* the same for names that wait */
    bool refused;           /* because of too many of them */
    declaration *declared;
    uint32_t n_declared, cap_declared;
} locals;

static void body(locals *l, wp_body *b, wp_term *const *head, uint32_t n_head);
static void declared_in_term(locals *l, wp_term **t);
static bool visit_term(wc_cvisitor *v, wp_term *t);
static void in_expr(locals *l, wp_expr *e);

/* ---- scopes ---- */

static void push(locals *l, scope *s)
{
    *s = (scope){.outer = l->top};
    s->end = &s->first;
    l->top = s;
}

/* Leaves the scope; what it held can still be copied. */
static void leave_scope(locals *l)
{
    for (entry *e = l->top->first; e; e = e->next)
        e->var->local = e->outer;
    l->top = l->top->outer;
}

static void pop(locals *l)
{
    scope *s = l->top;
    leave_scope(l);
    *s->end = l->spare;
    l->spare = s->first;
}

/* What v is in the innermost scope. */
static entry *here_at(const locals *l, const wc_cvar *v)
{
    return v->local && v->local->scope == l->top ? v->local : NULL;
}

static entry *enter(locals *l, wc_cvar *v)
{
    entry *e = here_at(l, v);
    if (e)
        return e;
    e = l->spare;
    if (e)
        l->spare = e->next;
    else
        e = wb_arena_alloc(&l->c->tmp, sizeof *e);
    *e = (entry){.var = v, .scope = l->top, .outer = v->local};
    v->local = e;
    *l->top->end = e;
    l->top->end = &e->next;
    return e;
}

static void insert(locals *l, wc_cvar *v, wc_cvar *to, occurrence how)
{
    entry *e = enter(l, v);
    e->to = to;
    e->how = (uint8_t)how;
    e->count = 1;
    if (v != to)
        to->was = v;
}

static wc_cvar *declared(const wc_cvar *v)
{
    for (const entry *e = v->local; e; e = e->outer)
        if (e->to)
            return e->to;
    return NULL;
}

static occurrence here(const locals *l, const wc_cvar *v)
{
    const entry *e = here_at(l, v);
    return e ? (occurrence)e->how : FRESH;
}

static entry *counted(const wc_cvar *v)
{
    entry *e = v->local;
    while (e && !e->count)
        e = e->outer;
    return e;
}

static void see(locals *l, wc_cvar *v)
{
    entry *e = counted(v);
    if (e)
        e->count++;
    else
        enter(l, v)->count = 1;
}

static uint32_t count(const wc_cvar *v)
{
    const entry *e = counted(v);
    return e ? e->count : 0;
}

#define FAIL(l, ...) ((l)->errors++, wc_ck_fail((l)->c, WP_COMPILE_ERROR, __VA_ARGS__))

/* The variable made for v, or NULL after a report. */
static wc_cvar *declare(locals *l, wc_cvar *v, occurrence how, wp_loc loc)
{
    static const char *const before[] = {
        [ARGUMENT] = "arg ", [SEEN] = "var ", [ASSIGNED] = "var ", [DECLARED] = "var "};
    static const char *const after[] = {[ARGUMENT] = " redeclared",
                                        [SEEN] = " referenced above",
                                        [ASSIGNED] = " assigned above",
                                        [DECLARED] = " declared above"};
    occurrence seen = here(l, v);
    if (seen != FRESH) {
        wb_str name = wc_cvar_is_wildcard(v) ? WB_LIT("_") : wc_cvar_name(v);
        FAIL(l, loc, "%s%.*s%s", before[seen], WB_FMT(name), after[seen]);
        return NULL;
    }
    wc_cvar *to = wc_ck_local(l->c);
    insert(l, v, to, how);
    return to;
}

/* ---- terms ---- */

static void set_var(wp_term *t, wc_cvar *to)
{
    t->kind = WP_VAR;
    t->name = wc_cvar_name(to);
    to->uses++;
}

/* The last visit of v left it as it is: a declaration that comes may still mean it. */
static void leave(locals *l, wc_cvar *v)
{
    v->left = ++l->visits;
}

static void comprehension(locals *l, wp_term *t)
{
    wp_term *const head[2] = {t->comp.value, t->comp.key};
    scope s;
    l->comps++;
    push(l, &s);
    body(l, &t->comp.body, head, t->comp.key ? 2 : 1);
    if (t->comp.key)
        declared_in_term(l, &t->comp.key);
    declared_in_term(l, &t->comp.value);
    pop(l);
    l->comps--;
}

static bool shadowed(wc_cvisitor *v, wp_term *t)
{
    locals *l = ((void **)v->data)[0];
    const wp_term *call = ((void **)v->data)[1];
    if (t->kind != WP_VAR)
        return false;
    wc_cvar *to = declared(wc_cvar_of(t));
    if (to && to != wc_cvar_of(t)) {
        wb_str op = wc_ck_text(l->c, call->list.items[0]);
        FAIL(l, call->loc, "called function %.*s shadowed", WB_FMT(op));
        return true;
    }
    return false;
}

static void root(locals *l, wp_term *t)
{
    wc_cvar *v = wc_cvar_of(t->list.items[0]);
    const entry *e = v->local;
    while (e && e->how == FRESH)
        e = e->outer;
    if (e && e->how != SEEN && declared(v) != v)
        set_var(t, declared(v));
    else
        leave(l, v);
}

/* References to rules share the first part: one that is renamed here gets its own. */
static void own_root(locals *l, wp_term *t)
{
    const wp_term *head = t->list.items[0];
    if (!wc_ck_starts(t, l->c->data) && !wc_ck_starts(t, l->c->input))
        return;
    const wc_cvar *to = declared(wc_cvar_of(head));
    if (to && to != wc_cvar_of(head))
        t->list.items[0] = wc_ck_var_term(l->c, wc_cvar_of(head), head->loc);
}

/* True: what is below was seen to. */
static bool visit_term(wc_cvisitor *v, wp_term *t)
{
    locals *l = v->data;
    if (l->going_again && l->again)
        l->again--;
    if (l->going_again && l->again_waiting)
        l->again_waiting--;
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        wc_cvar *name = wc_cvar_of(t), *to = declared(name);
        if (!to || to == name)
            leave(l, name);
        if (to) {
            if (to != name)
                set_var(t, to);
            see(l, name);
        } else if (here(l, name) == FRESH) {
            insert(l, name, name, SEEN);
        }
        return true;
    }
    case WP_REF:
        if (!wc_ck_is_root(l->c, t)) {
            own_root(l, t);
            return false;
        }
        root(l, t);
        return true;
    case WP_CALL: {
        void *data[2] = {l, t};
        wc_cvisitor inner = {.c = l->c, .term = shadowed, .data = data};
        wc_ck_walk_term(&inner, t->list.items[0]);
        return false;
    }
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++) {
            if (!wc_ck_is_scalar(t->object.pairs[i].key))
                declared_in_term(l, &t->object.pairs[i].key);
            if (!wc_ck_is_scalar(t->object.pairs[i].value))
                declared_in_term(l, &t->object.pairs[i].value);
        }
        wc_ck_sort(l->c, t);
        return true;
    case WP_SET:
        for (uint32_t i = 0; i < t->list.n; i++)
            if (!wc_ck_is_scalar(t->list.items[i]))
                declared_in_term(l, &t->list.items[i]);
        wc_ck_sort(l->c, t);
        return true;
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: comprehension(l, t); return true;
    default: return false;
    }
}

static void declared_in_term(locals *l, wp_term **t)
{
    wc_cvisitor v = {.c = l->c, .term = visit_term, .data = l};
    wc_ck_walk_term(&v, *t);
}

/* ---- `with` ---- */

/* Targets keep `input` where a variable hides it. */
static void in_target(locals *l, wp_with *w)
{
    wc_cvar *input = l->c->input;
    declared_in_term(l, &w->target);
    wc_cvar *shadow = declared(input);
    wp_term *t = w->target;
    if (!shadow)
        return;
    if (t->kind == WP_VAR && wc_cvar_of(t) == shadow) {
        w->target = wc_ck_list(l->c, WP_REF, 1, t->loc);
        w->target->list.items[0] = wc_ck_var_term(l->c, input, t->loc);
        shadow->uses--;
    } else if (t->kind == WP_REF && wc_ck_starts(t, shadow)) {
        t->list.items[0] = wc_ck_var_term(l->c, input, t->list.items[0]->loc);
        shadow->uses--;
    }
}

static bool visit_with(wc_cvisitor *v, wp_with *w)
{
    in_target(v->data, w);
    declared_in_term(v->data, &w->value);
    return true;
}

static void in_expr(locals *l, wp_expr *e)
{
    wc_cvisitor v = {.c = l->c, .term = visit_term, .with = visit_with, .data = l};
    wc_ck_walk_expr(&v, e);
}

/* ---- statements ---- */

static bool assign_to(wc_cvisitor *v, wp_term *t)
{
    locals *l = v->data;
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        wc_cvar *to = declare(l, wc_cvar_of(t), ASSIGNED, t->loc);
        if (to)
            set_var(t, to);
        return true;
    }
    case WP_ARRAY: return false;
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            wc_ck_walk_term(v, t->object.pairs[i].value);
        return true;
    case WP_REF:
        if (wc_ck_is_root(l->c, t)) {
            wc_cvar *to = declare(l, wc_cvar_of(t->list.items[0]), ASSIGNED, t->loc);
            if (to)
                set_var(t, to);
            return true;
        }
        break;
    default: break;
    }
    FAIL(l, t->loc, "cannot assign to %s", wp_kind_name((wp_term_kind)t->kind));
    return true;
}

static void assignment(locals *l, wp_expr *e)
{
    if (e->negated) {
        FAIL(l, e->loc, "cannot assign vars inside negated expression");
        return;
    }
    if (e->call.n != 3)
        return;
    uint32_t before = l->errors;
    declared_in_term(l, &e->call.items[2]);
    for (uint32_t i = 0; i < e->n_with; i++)
        declared_in_term(l, &e->with[i].value);
    wc_cvisitor v = {.c = l->c, .term = assign_to, .data = l};
    wc_ck_walk_term(&v, e->call.items[1]);
    if (l->errors == before) {
        e->call.items[0] = wc_ck_operator(l->c, "eq", e->call.items[0]->loc);
        e->call.items[0]->infix = true;
    }
}

/* True: the statement stays. */
static bool some(locals *l, wp_expr *e)
{
    wc_check *c = l->c;
    if (e->some.items[0]->kind != WP_CALL) {
        for (uint32_t i = 0; i < e->some.n; i++)
            if (!declare(l, wc_cvar_of(e->some.items[i]), DECLARED, e->loc))
                return false;
        return false;
    }
    wp_term **items = e->some.items[0]->list.items;
    uint32_t n = e->some.items[0]->list.n;
    wp_term *domain = items[n - 1], *value = items[n - 2];
    wp_term *key = n == 4 ? items[1] : wc_ck_var_term(c, wc_ck_local(c), (wp_loc){0});
    wc_cset bound = {0}, asked = {0}, out = {0}, safe = {0};
    unsigned how = WC_NO_REF_HEAD | WC_NO_KEYS | WC_NO_CLOSURES;
    wc_ck_term_vars(c, key, how, &bound);
    wc_ck_term_vars(c, value, how, &bound);
    wc_ck_term_vars(c, domain, WC_NO_CLOSURES, &asked);
    wc_cset_sort(&bound);
    uint32_t before = l->errors;
    for (uint32_t i = 0; i < bound.n; i++)
        if (wc_cset_has(&asked, bound.v[i]) && !wc_cvar_is_wildcard(bound.v[i]))
            FAIL(l, e->loc, "var %.*s assigned before", WB_FMT(wc_cvar_name(bound.v[i])));
    if (l->errors > before)
        return false;
    uint32_t have = domain->kind == WP_REF ? domain->list.n : 1;
    wp_term *ref = wc_ck_list(c, WP_REF, have + 1, (wp_loc){0});
    if (domain->kind == WP_REF)
        memcpy(ref->list.items, domain->list.items, have * sizeof(wp_term *));
    else
        ref->list.items[0] = domain;
    ref->list.items[have] = key;
    wp_term *args[2] = {value, ref};
    wp_expr *call = wc_ck_call(c, wc_ck_operator(c, "eq", (wp_loc){0}), args, 2, e->loc);
    e->kind = WP_EXPR_CALL;
    e->call.items = call->call.items;
    e->call.n = call->call.n;
    wc_ck_term_vars(c, domain, 0, &safe);
    wc_ck_eq_outputs(c, e, &safe, &out);
    wc_cset_sort(&out);
    for (uint32_t i = 0; i < out.n; i++)
        if (!declare(l, out.v[i], DECLARED, e->loc))
            return false;
    in_expr(l, e);
    return true;
}

/* ---- bodies within expressions ---- */

/* OPA goes through such an expression once more when its bodies are done, in their scope: what
 * their ends declare is then meant by closures that stand before it too. That doubles with each
 * comprehension around, so it is done where a name waits for it, and a name that waits past a bound
 * is an error. Where it would only give `every` within comprehensions further numbers or tell
 * errors twice, it is left past that bound. */
#define AGAIN_MAX    (1u << 18) /* terms of one compilation, for numbers */
#define WAITING_MAX  (1u << 21) /* the same for names that wait */
#define WAITING_RULE (1u << 15) /* of one rule */

typedef struct stretch {
    uint32_t visits, errors, most_comps; /* as they were at its begin */
} stretch;

static stretch begin(locals *l)
{
    stretch s = {l->visits, l->errors, l->most_comps};
    l->most_comps = 0;
    return s;
}

static void end(locals *l, const stretch *s)
{
    if (s->most_comps > l->most_comps)
        l->most_comps = s->most_comps;
}

/* Whether going again would do more than what was done. */
static bool shows_again(const locals *l, const stretch *s)
{
    return l->again && (l->errors > s->errors || l->most_comps > l->comps);
}

/* Whether a name of the innermost scope was declared behind a place that left it alone. */
static bool has_waiting(locals *l, const stretch *s, wp_loc loc)
{
    bool waits = false;
    for (const entry *e = l->top->first; e && !waits && !l->refused; e = e->next)
        waits = e->to && e->to != e->var && e->var->left > s->visits;
    if (!waits || l->again_waiting)
        return waits;
    FAIL(l, loc, "closures within closures name what is declared behind them: split the rule");
    l->refused = true; /* once is enough */
    return false;
}

static void go_again(locals *l, wp_expr *e)
{
    l->going_again++;
    in_expr(l, e);
    l->going_again--;
}

static void in_withs(locals *l, wp_expr *e)
{
    wc_cvisitor v = {.c = l->c, .data = l};
    for (uint32_t i = 0; i < e->n_with; i++)
        visit_with(&v, &e->with[i]);
}

static bool every(locals *l, wp_expr *e)
{
    scope s;
    stretch all = begin(l);
    declared_in_term(l, &e->every.domain);
    push(l, &s);
    wp_term *both[2] = {e->every.key, e->every.value};
    if (!e->every.key)
        e->every.key = wc_ck_var_term(l->c, wc_ck_local(l->c), (wp_loc){0});
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) {
        if (!both[i] || both[i]->kind != WP_VAR || wc_cvar_is_wildcard(wc_cvar_of(both[i])))
            continue;
        wc_cvar *to = declare(l, wc_cvar_of(both[i]), DECLARED, (wp_loc){0});
        ok = to != NULL; /* key and value of one name: OPA has no place for it */
        if (ok)
            both[i]->name = wc_cvar_name(to);
    }
    for (int i = 0; i < 2 && ok; i++)
        if (both[i] && both[i]->kind != WP_VAR)
            declared_in_term(l, &both[i]);
    if (ok) {
        body(l, &e->every.body, NULL, 0);
        if (has_waiting(l, &all, e->loc) || shows_again(l, &all))
            go_again(l, e);
        else
            in_withs(l, e);
    }
    pop(l);
    if (l->comps > l->most_comps)
        l->most_comps = l->comps;
    end(l, &all);
    return ok;
}

static bool mark_term(wc_cvisitor *v, wp_term *t)
{
    return wc_ck_is_comp(t) || visit_term(v, t);
}

static bool mark_with(wc_cvisitor *v, wp_with *w)
{
    in_target(v->data, w);
    wc_ck_walk_term(v, w->value);
    return true;
}

/* What was gone through in a scope of its own is seen in this one too. */
static void mark_body(locals *l, wp_body *b)
{
    wc_cvisitor v = {.c = l->c, .term = mark_term, .with = mark_with, .data = l};
    wc_ck_walk_body(&v, b);
}

static void in_operand(locals *l, wp_body *b, bool braces)
{
    if (braces) {
        mark_body(l, b);
        return;
    }
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        if (e->kind == WP_EXPR_NOT && e->explicit_body)
            mark_body(l, &(wp_body){&e, 1});
        else if (e->kind != WP_EXPR_NOT && e->kind != WP_EXPR_AND && e->kind != WP_EXPR_OR)
            in_expr(l, e);
    }
}

static void implicit(locals *l, wp_body *b, const char *message);

static void negation(locals *l, wp_expr *e)
{
    stretch all = begin(l);
    if (!e->explicit_body) {
        implicit(l, &e->body, "cannot assign vars inside negated expression");
        if (l->errors == all.errors && shows_again(l, &all)) {
            go_again(l, e);
        } else if (l->errors == all.errors) {
            in_operand(l, &e->body, false);
            in_withs(l, e);
        }
    } else {
        scope s;
        push(l, &s);
        body(l, &e->body, NULL, 0);
        if (has_waiting(l, &all, e->loc) || shows_again(l, &all))
            go_again(l, e);
        else
            in_withs(l, e);
        pop(l);
    }
    end(l, &all);
}

static void operand(locals *l, wp_body *b, bool braces, const char *message)
{
    if (!braces) {
        implicit(l, b, message);
        return;
    }
    scope s;
    push(l, &s);
    body(l, b, NULL, 0);
    pop(l);
}

static void logic(locals *l, wp_expr *e)
{
    const char *message = e->kind == WP_EXPR_AND ? "cannot assign vars inside implicit and operand"
                                                 : "cannot assign vars inside implicit or operand";
    stretch all = begin(l);
    operand(l, &e->logic.lhs, e->explicit_body, message);
    operand(l, &e->logic.rhs, e->explicit_rhs, message);
    if (l->errors == all.errors && shows_again(l, &all)) {
        go_again(l, e);
    } else if (l->errors == all.errors) {
        in_operand(l, &e->logic.lhs, e->explicit_body);
        in_operand(l, &e->logic.rhs, e->explicit_rhs);
        in_withs(l, e);
    }
    end(l, &all);
}

/* ---- what was declared where, for unused variables ---- */

static void note_declared(locals *l, const wp_expr *e)
{
    wc_cset names = {0};
    wc_ck_declared_by(l->c, e, &names);
    for (uint32_t i = 0; i < names.n; i++) {
        if (l->n_declared == l->cap_declared) {
            l->cap_declared = l->cap_declared ? 2 * l->cap_declared : 16;
            declaration *to = wb_arena_alloc(&l->c->tmp, l->cap_declared * sizeof *to);
            if (l->n_declared)
                memcpy(to, l->declared, l->n_declared * sizeof *to);
            l->declared = to;
        }
        l->declared[l->n_declared++] = (declaration){names.v[i], l->comps};
    }
}

/* A body without braces declares nothing. */
static void implicit(locals *l, wp_body *b, const char *message)
{
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        note_declared(l, e);
        if (wc_ck_is_call_to(e, "assign"))
            FAIL(l, e->loc, "%s", message);
        else if (e->kind == WP_EXPR_NOT)
            negation(l, e);
        else if (e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR)
            logic(l, e);
    }
}

/* ---- unused variables ---- */

static void note(locals *l, wp_loc loc, const char *how, wb_str name)
{
    l->unused++;
    wp_report(&l->notes, WP_COMPILE_ERROR, loc.row ? wc_file(l->c->u) : NULL, loc,
              "%s var %.*s unused", how, WB_FMT(name));
}

static void head_vars(locals *l, wp_term *const *head, uint32_t n, wc_cset *used)
{
    for (uint32_t i = 0; i < n; i++)
        wc_ck_term_vars(l->c, head[i], 0, used);
    for (uint32_t i = 0, names = used->n; i < names; i++)
        if (declared(used->v[i]))
            wc_cset_add(&l->c->tmp, used, declared(used->v[i]));
}

static void unused_assigned(locals *l, const wp_body *b, wp_term *const *head, uint32_t n_head)
{
    if (!l->strict || l->errors || l->unused)
        return;
    wc_cset all = {0}, found = {0}, used = {0};
    for (const entry *e = l->top->first; e; e = e->next)
        if (e->how == ASSIGNED && !wc_cvar_is_wildcard(e->var) && count(e->var) <= 1)
            wc_cset_add(&l->c->tmp, &all, e->to);
    if (all.n)
        head_vars(l, head, n_head, &used);
    for (uint32_t i = 0; i < all.n; i++)
        if (!wc_cset_has(&used, all.v[i]))
            wc_cset_add(&l->c->tmp, &found, all.v[i]);
    if (!found.n)
        return;
    wc_cset_sort(&found);
    wc_cset vars = {0};
    for (uint32_t k = 0; k < b->n; k++) {
        uint32_t before = vars.n;
        wc_ck_expr_vars(l->c, b->exprs[k], 0, &vars);
        for (; before < vars.n; before++)
            vars.locs[before] = b->exprs[k]->loc;
    }
    for (uint32_t i = 0; i < found.n; i++) {
        uint32_t at = wc_cset_index(&vars, found.v[i]);
        note(l, at == UINT32_MAX ? b->exprs[0]->loc : vars.locs[at], "assigned",
             wc_cvar_name(wc_cvar_shown(found.v[i])));
    }
}

/* written: as the body was before; from[i]: the first declaration of its expression i. */
static void unused_declared(locals *l, const wp_body *written, const uint32_t *from,
                            wp_term *const *head, uint32_t n_head)
{
    if (l->errors || l->unused)
        return;
    wc_cset names = {0}, used = {0}, places = {0};
    for (const entry *e = l->top->first; e; e = e->next)
        if (e->how == DECLARED && !e->to->uses && !wc_cvar_is_made(wc_cvar_shown(e->to)))
            wc_cset_add(&l->c->tmp, &names, e->to);
    if (!names.n)
        return;
    head_vars(l, head, n_head, &used);
    wc_cset_sort(&names);
    for (uint32_t k = 0; k < written->n; k++)
        for (uint32_t i = from[k]; i < from[k + 1]; i++)
            if (l->declared[i].comps == l->comps &&
                wc_cset_add(&l->c->tmp, &places, l->declared[i].name))
                places.locs[places.n - 1] = written->exprs[k]->loc;
    for (uint32_t i = 0; i < names.n; i++) {
        const wc_cvar *name = wc_cvar_shown(names.v[i]);
        if (wc_cset_has(&used, names.v[i]))
            continue;
        uint32_t at = wc_cset_index(&places, name);
        note(l, at == UINT32_MAX ? written->exprs[0]->loc : places.locs[at], "declared",
             wc_cvar_is_wildcard(name) ? WB_LIT("_") : wc_cvar_name(name));
    }
}

/* head: the terms that stand before the body and read its variables. */
static void body(locals *l, wp_body *b, wp_term *const *head, uint32_t n_head)
{
    wc_check *c = l->c;
    wc_cbody to = {0};
    wp_body written = *b;
    uint32_t *from = wb_arena_alloc(&c->tmp, (b->n + 1) * sizeof *from);
    for (uint32_t i = 0; i < b->n; i++) {
        wp_expr *e = b->exprs[i];
        bool keep = true;
        from[i] = l->n_declared;
        note_declared(l, e);
        if (wc_ck_is_call_to(e, "assign"))
            assignment(l, e);
        else if (e->kind == WP_EXPR_SOME)
            keep = some(l, e);
        else if (e->kind == WP_EXPR_EVERY)
            keep = every(l, e);
        else if (e->kind == WP_EXPR_NOT)
            negation(l, e);
        else if (e->kind == WP_EXPR_AND || e->kind == WP_EXPR_OR)
            logic(l, e);
        else
            in_expr(l, e);
        if (keep)
            wc_ck_add(c, &to, e);
    }
    from[b->n] = l->n_declared;
    if (!to.n) {
        wp_expr *e = wc_expr_new(c->u, WP_EXPR_TERM, (wp_loc){0});
        e->term = wc_term_new(c->u, WP_BOOLEAN, (wp_loc){0});
        e->term->value = WV_TRUE;
        wc_ck_add(c, &to, e);
    }
    b->exprs = to.v;
    b->n = to.n;
    if (written.n) {
        unused_assigned(l, &written, head, n_head);
        unused_declared(l, &written, from, head, n_head);
    }
}

/* ---- rules ---- */

static bool may_have_vars(const wc_crule *r)
{
    bool any = (r->key && !wc_ck_is_scalar(r->key)) || (r->value && !wc_ck_is_scalar(r->value));
    for (uint32_t i = 0; i < r->n_args && !any; i++)
        any = !wc_ck_is_scalar(r->args[i]);
    for (uint32_t i = 1; i < r->n_ref && !any; i++)
        any = !wc_ck_is_scalar(r->ref[i]);
    return any;
}

static bool argument(wc_cvisitor *v, wp_term *t)
{
    locals *l = v->data;
    switch ((wp_term_kind)t->kind) {
    case WP_VAR: {
        wc_cvar *name = wc_cvar_of(t), *to = declared(name);
        if (to) {
            see(l, name);
        } else {
            to = wc_ck_local(l->c);
            insert(l, name, to, ARGUMENT);
        }
        set_var(t, to);
        return true;
    }
    case WP_OBJECT:
        for (uint32_t i = 0; i < t->object.n; i++)
            wc_ck_walk_term(v, t->object.pairs[i].value);
        return true;
    case WP_REF:
    case WP_ARRAY: return false;
    case WP_CALL:
        wc_ck_fail(l->c, WP_COMPILE_ERROR, t->loc, "rule arguments cannot contain calls");
        return true;
    default: return true;
    }
}

/* Comprehensions and templates in heads have scopes of their own. Sets and objects without
 * variables are passed over, with the comprehensions in them. */
static bool nested(wc_cvisitor *v, wp_term *t)
{
    locals *l = v->data;
    switch ((wp_term_kind)t->kind) {
    case WP_OBJECT:
    case WP_SET: return wc_ck_is_ground(t);
    case WP_ARRAY_COMP:
    case WP_SET_COMP:
    case WP_OBJECT_COMP: {
        scope s;
        l->unused = 0; /* what is unused in one hides nothing of the next */
        push(l, &s);
        comprehension(l, t);
        pop(l);
        return true;
    }
    case WP_TEMPLATE: {
        scope s, inner;
        l->unused = 0;
        push(l, &s);
        for (uint32_t i = 0; i < t->tmpl.n; i++) {
            push(l, &inner);
            in_expr(l, t->tmpl.parts[i]);
            pop(l);
        }
        pop(l);
        return true;
    }
    default: return false;
    }
}

static bool rename_var(wc_cvisitor *v, wp_term *t)
{
    locals *l = v->data;
    if (t->kind == WP_REF)
        own_root(l, t);
    if (t->kind == WP_VAR) {
        const entry *e = here_at(l, wc_cvar_of(t));
        if (e && e->to)
            set_var(t, e->to);
    }
    return false;
}

static bool in_with(wc_cvisitor *v, wp_with *w)
{
    wc_ck_term_vars(v->c, w->target, WC_NO_CALL_HEAD, v->data);
    wc_ck_term_vars(v->c, w->value, WC_NO_CALL_HEAD, v->data);
    return false;
}

/* Variables named as a built-in are renamed, lest they be taken for it. */
static void builtin_names(locals *l, wc_crule *r)
{
    wc_check *c = l->c;
    wc_cset vars = {0}, own = {0}, with = {0};
    wc_ck_body_vars(c, &r->body, WC_SAFETY, &vars);
    bool any = false;
    for (uint32_t i = 0; i < vars.n && !any; i++)
        any = wc_ck_named(c, vars.v[i]);
    if (!any)
        return;
    for (uint32_t i = 0; i < r->body.n; i++)
        wc_ck_declared(c, r->body.exprs[i], &own);
    wc_cvisitor v = {.c = c, .with = in_with, .data = &with};
    for (wc_crule *k = r; k; k = k->else_rule)
        wc_ck_walk_rule(&v, k);
    wc_cset_sort(&vars);
    for (uint32_t i = 0; i < vars.n; i++)
        if (ws_registry_find(c->u->registry, wc_cvar_name(vars.v[i])) &&
            !wc_cset_has(&own, vars.v[i]) && !wc_cset_has(&with, vars.v[i]) && !declared(vars.v[i]))
            insert(l, vars.v[i], wc_ck_local(c), SEEN);
}

static void copy_scope(locals *l, scope *to, const scope *from)
{
    push(l, to);
    for (const entry *e = from->first; e; e = e->next) {
        entry *copy = enter(l, e->var);
        copy->to = e->to;
        copy->how = e->how;
        copy->count = e->count;
    }
}

static void tell(locals *l)
{
    wc_tell(l->c->u, &l->notes);
    l->unused = 0;
    wp_diags_init(&l->notes, l->c->u->diags->arena, 0);
}

static void one_rule(locals *l, wc_crule *r, const scope *args, wc_cset *unused)
{
    wc_check *c = l->c;
    scope s;
    uint32_t n_head = 0;
    wp_term **head = wb_arena_alloc(&c->tmp, (r->n_ref + 2) * sizeof *head);
    bool vars = may_have_vars(r);
    l->errors = l->unused = 0;
    if (vars) {
        wc_cvisitor v = {.c = c, .term = nested, .data = l};
        wc_ck_walk_head(&v, r);
        tell(l);
        l->errors = 0;
        for (uint32_t i = 1; i < r->n_ref; i++)
            head[n_head++] = r->ref[i];
        if (r->key)
            head[n_head++] = r->key;
        if (r->value) {
            wc_cset value = {0};
            head[n_head++] = r->value;
            if (unused->n)
                wc_ck_term_vars(c, r->value, 0, &value);
            for (uint32_t i = 0; i < value.n; i++)
                wc_cset_remove(&c->tmp, unused, value.v[i]);
        }
    }
    copy_scope(l, &s, args);
    builtin_names(l, r);
    body(l, &r->body, head, n_head);
    if (vars) {
        wc_cvisitor v = {.c = c, .term = rename_var, .data = l};
        for (uint32_t i = 0; i < r->n_args; i++)
            wc_ck_walk_term(&v, r->args[i]);
        for (uint32_t i = 1; i < r->n_ref; i++)
            wc_ck_walk_term(&v, r->ref[i]);
        if (r->key)
            wc_ck_walk_term(&v, r->key);
        if (r->value)
            wc_ck_walk_term(&v, r->value);
    }
    tell(l);
    for (uint32_t i = unused->n; i > 0; i--)
        if (count(unused->v[i - 1]) > 1)
            wc_cset_remove(&c->tmp, unused, unused->v[i - 1]);
    pop(l);
}

void wc_ck_locals(wc_check *c)
{
    uint32_t again = AGAIN_MAX, waiting = WAITING_MAX;
    for (uint32_t i = 0; i < c->n_modules; i++) {
        c->u->module = c->modules[i].module;
        for (uint32_t j = 0; j < c->modules[i].n; j++) {
            char *mark = wb_arena_mark(&c->tmp);
            wc_crule *r = c->modules[i].rules[j];
            uint32_t own = waiting < WAITING_RULE ? waiting : WAITING_RULE;
            locals l = {
                .c = c, .strict = c->u->options->strict, .again = again, .again_waiting = own};
            scope args;
            wc_cset unused = {0};
            wp_diags_init(&l.notes, c->u->diags->arena, 0);
            for (uint32_t k = 0; k < r->n_args && c->u->options->strict; k++)
                wc_ck_term_vars(c, r->args[k], 0, &unused);
            push(&l, &args);
            wc_cvisitor v = {.c = c, .term = argument, .data = &l};
            for (uint32_t k = 0; k < r->n_args; k++)
                wc_ck_walk_term(&v, r->args[k]);
            leave_scope(&l);
            for (wc_crule *k = r; k; k = k->else_rule)
                one_rule(&l, k, &args, &unused);
            for (uint32_t k = 0; k < unused.n; k++)
                if (!wc_cvar_is_wildcard(unused.v[k]))
                    wc_ck_note(c, WP_COMPILE_ERROR, r->head_loc,
                               "unused argument %.*s. (hint: use _ (wildcard variable) instead)",
                               WB_FMT(wc_cvar_name(unused.v[k])));
            again = l.again;
            waiting -= own - l.again_waiting;
            wb_arena_rewind(&c->tmp, mark);
        }
    }
    c->u->module = NULL;
}

void wc_ck_query_locals(wc_check *c, wp_body *b)
{
    locals l = {.c = c,
                .again = AGAIN_MAX,
                .again_waiting = WAITING_RULE}; /* strict mode does not look at queries */
    scope s;
    wp_diags_init(&l.notes, c->u->diags->arena, 0);
    push(&l, &s);
    body(&l, b, NULL, 0);
    pop(&l);
    if (l.unused)
        c->failed = true;
    tell(&l);
}
