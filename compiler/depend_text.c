/* Why a clause may depend on a rule: the words behind `rule X may be recursive: ...`.
 *
 * Names the first reference that may select the rule, as it was written, and what its parts would
 * have to be for that; for a variable also where its value comes from, if the body ahead tells.
 * Where a condition cannot be met as it would stand there, or there are too many, it only says that
 * the reference could refer to the rule. */
#include "compiler/depend.h"

#define CONDITIONS_MAX 2u /* that a text spells out */
#define MEMBERS_MAX    5u /* of a collection that a text lists */

typedef struct condition {
    const wp_term *part; /* of the reference */
    wv value;            /* that it needs */
} condition;

typedef struct cause {
    const wc_rule *target;
    const wp_term *ref; /* NULL: none yet */
    uint32_t at;
    bool sure;
    condition conditions[CONDITIONS_MAX];
    uint32_t n;
    bool untold; /* more conditions, or two for one part */
} cause;

static void add_condition(cause *c, const wp_term *part, wv value)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (!wp_term_compare(c->conditions[i].part, part)) {
            c->untold |= !wv_equal(c->conditions[i].value, value);
            return;
        }
    if (c->n == CONDITIONS_MAX)
        c->untold = true;
    else
        c->conditions[c->n++] = (condition){part, value};
}

static bool find_cause(void *arg, const wc_choice *choice)
{
    cause *c = arg;
    wc_selects how = wc_choice_selects(choice, c->target);
    c->sure |= how == WC_SELECTS;
    if (how != WC_MAY_SELECT || c->ref)
        return !c->sure;
    c->ref = choice->ref;
    c->at = choice->at;
    for (uint32_t i = 0; i < choice->n && i < c->target->n_path; i++)
        if (choice->parts[i].checked && c->target->path[i]->kind <= WP_STRING)
            add_condition(c, c->ref->list.items[i + 1], c->target->path[i]->value);
    return true;
}

/* ---- where a value comes from ---- */

typedef struct origin {
    enum { UNKNOWN, INPUT, RULE, COLLECTION, BUILTIN, HEAD_KEY, HEAD_ARG } kind;
    const wp_term *ref; /* INPUT, RULE */
    wv collection;
    const ws_builtin *builtin;
} origin;

static bool same_var(const wp_term *t, const wc_var *v)
{
    return wc_is_local(t) && wc_var_of(t) == v;
}

/* The other side of the first equation with the variable ahead of the place. */
static const wp_term *binding(const wc_clause *c, uint32_t at, const wc_var *v)
{
    for (uint32_t i = 0; i + 1 < at && i < c->body.n; i++) {
        const wp_expr *e = c->body.exprs[i];
        for (int side = 1; wc_is_equation(e) && side <= 2; side++)
            if (same_var(e->call.items[side], v))
                return e->call.items[3 - side];
    }
    return NULL;
}

/* The built-in whose result the variable is, as the last operand of a call ahead of the place. */
static const ws_builtin *output_of(const wc_clause *c, uint32_t at, const wc_var *v)
{
    const ws_builtin *found = NULL;
    for (uint32_t i = 0; i + 1 < at && i < c->body.n; i++) {
        const wp_expr *e = c->body.exprs[i];
        if (e->kind != WP_EXPR_CALL || e->negated || e->n_with || wc_is_equation(e) ||
            e->call.items[0]->kind != WP_STRING || !same_var(e->call.items[e->call.n - 1], v))
            continue;
        const ws_builtin *fn = ws_registry_find(c->u->registry, wv_str(&e->call.items[0]->value));
        if (fn && fn->arity != WS_ANY_ARITY && e->call.n == fn->arity + 2)
            found = fn;
    }
    return found;
}

/* A constant collection: t itself, or what variables lead to. */
static wv collection(const wc_clause *c, uint32_t at, const wp_term *t)
{
    for (uint32_t steps = 0; wc_is_local(t) && steps <= c->body.n; steps++) {
        t = binding(c, at, wc_var_of(t));
        if (!t)
            return WV_UNDEFINED;
    }
    wv v = wc_is_constant(t) ? wp_term_value(c->u->a, t) : WV_UNDEFINED;
    return wv_is_collection(v) ? v : WV_UNDEFINED;
}

static bool is_ref_from(const wp_term *t, const char *root)
{
    return wc_is_root(t->kind == WP_REF ? t->list.items[0] : t, root);
}

static origin head_origin(const wc_clause *c, const wc_var *v)
{
    for (uint32_t i = 0; i < c->rule->n_args; i++)
        if (same_var(c->rule->args[i], v))
            return (origin){.kind = HEAD_ARG};
    for (uint32_t i = c->owner->n_ground; i < c->owner->n_path; i++)
        if (same_var(c->owner->path[i], v))
            return (origin){.kind = HEAD_KEY};
    if (c->owner->key && same_var(c->owner->key, v))
        return (origin){.kind = HEAD_KEY};
    return (origin){0};
}

static origin origin_of(const wc_clause *c, uint32_t at, const wc_var *v)
{
    /* Longer chains than the body are rings. */
    for (uint32_t steps = 0; steps <= c->body.n; steps++) {
        const ws_builtin *fn = output_of(c, at, v);
        if (fn)
            return (origin){.kind = BUILTIN, .builtin = fn};
        const wp_term *t = binding(c, at, v);
        if (t && wc_is_local(t)) {
            v = wc_var_of(t);
            continue;
        }
        if (t && is_ref_from(t, "input"))
            return (origin){.kind = INPUT, .ref = t};
        if (t && is_ref_from(t, "data"))
            return (origin){.kind = RULE, .ref = t};
        if (t && t->kind == WP_REF && t->list.n == 2 && !wc_is_constant(t->list.items[1])) {
            wv of = collection(c, at, t->list.items[0]);
            if (of != WV_UNDEFINED)
                return (origin){.kind = COLLECTION, .collection = of};
        }
        return head_origin(c, v);
    }
    return (origin){0};
}

/* ---- whether a condition can be met ---- */

static bool holds(wv of, wv value)
{
    if (wv_is_set(of))
        return wv_set_has(of, value);
    for (uint32_t i = 0; i < wv_len(of); i++)
        if (wv_equal(wv_is_array(of) ? wv_items(of)[i] : wv_value_at(of, NULL, i), value))
            return true;
    return false;
}

static bool may_return(const wc_clause *c, const ws_builtin *fn, wv value)
{
    wc_tp decl = wc_type_of_decl(c->u->a, fn->decl), result = decl ? decl->of : NULL;
    if (!result || wc_type_is_any(result))
        return true;
    wc_tp want = wc_type_of(c->u->a, value);
    if (result->kind != WC_T_ANY)
        return !wc_type_compare(result, want);
    for (uint32_t i = 0; i < result->n; i++)
        if (!wc_type_compare(result->items[i], want))
            return true;
    return false;
}

static bool can_be(const wc_clause *c, uint32_t at, const condition *x)
{
    if (!wc_is_local(x->part))
        return true;
    origin o = origin_of(c, at, wc_var_of(x->part));
    return o.kind == COLLECTION ? holds(o.collection, x->value)
           : o.kind == BUILTIN  ? may_return(c, o.builtin, x->value)
                                : true;
}

/* ---- text ---- */

/* The first n items of a reference. */
static void put_ref(wb_buf *b, const wp_term *ref, uint32_t n)
{
    wp_term head = *ref;
    if (ref->kind == WP_REF)
        head.list.n = ref->list.n < n ? ref->list.n : n;
    wp_term_put(b, &head);
}

/* As far as it is constant. */
static void put_prefix(wb_buf *b, const wp_term *ref)
{
    uint32_t n = 1;
    while (ref->kind == WP_REF && n < ref->list.n && wc_is_constant(ref->list.items[n]))
        n++;
    put_ref(b, ref, n);
}

static void put_value(wb_buf *b, const wc_clause *c, wv v)
{
    wp_term_put(b, wc_value_term(c->u, v, (wp_loc){0}));
}

static void put_note(wb_buf *b, const wc_clause *c, uint32_t at, const wp_term *part)
{
    if (!wc_is_local(part)) {
        if (is_ref_from(part, "data"))
            wb_buf_puts(b, " (rule values aren't known at compile time)");
        return;
    }
    origin o = origin_of(c, at, wc_var_of(part));
    if (o.kind == UNKNOWN)
        return;
    wb_buf_puts(b, " (");
    wp_term_put(b, part);
    switch (o.kind) {
    case UNKNOWN: break;
    case INPUT:
        wb_buf_puts(b, " comes from ");
        put_prefix(b, o.ref);
        break;
    case RULE:
        wb_buf_puts(b, " comes from rule ");
        put_prefix(b, o.ref);
        wb_buf_puts(b, ", whose value isn't known at compile time");
        break;
    case COLLECTION:
        wb_buf_puts(b, " is one of ");
        if (wv_len(o.collection) > MEMBERS_MAX)
            wb_buf_putf(b, "%u values", wv_len(o.collection));
        else
            put_value(b, c, o.collection);
        break;
    case BUILTIN: wb_buf_putf(b, " is computed by %s", o.builtin->name); break;
    case HEAD_KEY:
    case HEAD_ARG:
        wb_buf_puts(b, o.kind == HEAD_KEY ? " is a key of " : " is an argument of ");
        wb_buf_put_str(b, wc_rule_path_text(c->u, c->owner));
        break;
    }
    wb_buf_putc(b, ')');
}

static void put_conditions(wb_buf *b, const wc_clause *c, const cause *why)
{
    for (uint32_t i = 0; i < why->n; i++) {
        wb_buf_puts(b, i ? " and " : " if ");
        wp_term_put(b, why->conditions[i].part);
        wb_buf_puts(b, " is ");
        put_value(b, c, why->conditions[i].value);
        put_note(b, c, why->at, why->conditions[i].part);
    }
}

bool wc_put_cause(wb_buf *b, wc_clause *c, const wc_rule *target, bool further)
{
    cause why = {.target = target};
    wc_clause_each(c, false, find_cause, &why);
    if (why.sure || !why.ref)
        return false;
    bool told = !why.untold && why.n;
    for (uint32_t i = 0; i < why.n && told; i++)
        told = can_be(c, why.at, &why.conditions[i]);
    wb_buf_puts(b, " (");
    put_ref(b, why.ref, target->n_path + 1);
    if (further)
        wb_buf_putf(b, " in %.*s", WB_FMT(wc_rule_path_text(c->u, c->owner)));
    wb_buf_putf(b, " %s %.*s", told ? "refers to" : "could refer to",
                WB_FMT(wc_rule_path_text(c->u, target)));
    if (told)
        put_conditions(b, c, &why);
    wb_buf_putc(b, ')');
    return true;
}
