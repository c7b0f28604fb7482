/* Recursion: no rule needs itself.
 *
 * Takes the graph. Each rule of a cycle is told with a way back to itself. A way that only exists
 * if a variable holds a certain value is told as such, with what is known of that value.
 *
 * Reports: rule p is recursive: ..; rule p may be recursive: .. (data.t[x] refers to data.t.p if x
 * is "p" (x comes from input.y)). */
#include "compiler/check.h"

#include "compiler/types.h"

#include <stdlib.h>

#define CONDITIONS_MAX 2u       /* told; with more the reference alone is named */
#define MEMBERS_MAX    5u       /* of a collection that are listed */
#define PATH_MAX_RULES 5000u    /* rules on a way: the search recurses */
#define WORK_MAX       2000000u /* rules passed in all: then ways are not searched any more */

typedef struct seeker {
    wc_check *c;
    const wc_crule *goal;
    bool sure; /* only by references that surely name what they name */
    uint32_t mark;
    uint32_t work;
    wc_crule *path[PATH_MAX_RULES];
    uint32_t n;
} seeker;

/* ---- edges between two rules ---- */

static bool reaches(const wc_cedge *e, const wc_crule *r)
{
    if (e->rule)
        return e->rule == r->first;
    for (const wc_ctree *n = r->node; n; n = n->parent)
        if (n == e->whole)
            return true;
    return false;
}

/* The first reference that may, but need not lead from a to b; NULL: some reference surely does. */
static const wc_cedge *cause(const wc_crule *a, const wc_crule *b)
{
    const wc_cedge *found = NULL;
    for (const wc_cedge *e = a->edges; e; e = e->next) {
        if (!reaches(e, b))
            continue;
        if (wc_ck_selects(e, b->first, NULL, NULL))
            return NULL;
        found = found ? found : e;
    }
    return found;
}

/* ---- the way back ---- */

static bool seek(seeker *s, wc_crule *r);

static bool seek_rule(seeker *s, wc_crule *from, wc_crule *r)
{
    for (; r; r = r->else_rule) {
        if (r->group != s->goal->group || (s->sure && cause(from, r)))
            continue;
        if (r == s->goal || seek(s, r))
            return true;
    }
    return false;
}

static bool seek_below(seeker *s, wc_crule *from, wc_ctree *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        if (seek_rule(s, from, n->rules[i]))
            return true;
    for (uint32_t i = 0; i < n->n; i++)
        if (seek_below(s, from, n->kids[i]))
            return true;
    return false;
}

static bool seek(seeker *s, wc_crule *r)
{
    if (r->mark == s->mark || s->n == PATH_MAX_RULES)
        return false;
    r->mark = s->mark;
    s->work++;
    s->path[s->n++] = r;
    for (const wc_cedge *e = r->edges; e; e = e->next)
        if (e->rule ? seek_rule(s, r, e->rule) : seek_below(s, r, e->whole))
            return true;
    s->n--;
    return false;
}

/* ---- text ---- */

static void put_rule(wc_check *c, wb_buf *b, const wc_crule *r)
{
    wb_buf_put_str(b, wc_ck_text(c, wc_ck_path(c, r)));
}

typedef struct condition {
    uint32_t at;
    const wp_term *term, *value;
} condition;

static uint32_t members(const wp_term *t)
{
    return t->kind == WP_OBJECT ? t->object.n : t->list.n;
}

static bool holds(const wp_term *t, const wp_term *value)
{
    for (uint32_t i = 0; i < members(t); i++)
        if (!wp_term_compare(t->kind == WP_OBJECT ? t->object.pairs[i].value : t->list.items[i],
                             value))
            return true;
    return false;
}

/* Whether the condition can be met as far as is known. */
static bool possible(wc_check *c, const wc_cedge *e, const condition *k)
{
    const wc_corigin *o = &e->origins[k->at];
    if (o->kind == WC_FROM_COLLECTION)
        return holds(o->term, k->value);
    if (o->kind == WC_FROM_BUILTIN && wc_ck_is_scalar(k->value)) {
        wc_tp f = wc_type_of_decl(c->a, o->builtin->decl);
        return !f || !f->of || wc_type_unifies(c->a, f->of, wc_type_of(c->a, k->value->value));
    }
    return true;
}

static void put_origin(wc_check *c, wb_buf *b, const wc_cedge *e, const wc_crule *r,
                       const condition *k)
{
    const wp_term *el = e->sel->list.items[k->at];
    wb_str name = wc_ck_text(c, k->term);
    if (el->kind == WP_REF) {
        if (wc_ck_starts(el, c->data))
            wb_buf_puts(b, " (rule values aren't known at compile time)");
        return;
    }
    if (el->kind != WP_VAR)
        return;
    const wc_corigin *o = &e->origins[k->at];
    if (o->kind == WC_FROM_NOWHERE)
        return;
    wb_buf_putf(b, " (%.*s ", WB_FMT(name));
    switch (o->kind) {
    case WC_FROM_INPUT: wb_buf_putf(b, "comes from %.*s", WB_FMT(wc_ck_text(c, o->term))); break;
    case WC_FROM_RULE:
        wb_buf_putf(b, "comes from rule %.*s, whose value isn't known at compile time",
                    WB_FMT(wc_ck_text(c, o->term)));
        break;
    case WC_FROM_COLLECTION:
        if (members(o->term) > MEMBERS_MAX)
            wb_buf_putf(b, "is one of %u values", members(o->term));
        else
            wb_buf_putf(b, "is one of %.*s", WB_FMT(wc_ck_text(c, o->term)));
        break;
    case WC_FROM_BUILTIN: wb_buf_putf(b, "is computed by %s", o->builtin->name); break;
    case WC_FROM_KEY:
        wb_buf_puts(b, "is a key of ");
        put_rule(c, b, r);
        break;
    case WC_FROM_ARGUMENT:
        wb_buf_puts(b, "is an argument of ");
        put_rule(c, b, r);
        break;
    case WC_FROM_NOWHERE: break;
    }
    wb_buf_putc(b, ')');
}

/* The conditions under which e leads to the rule; false: it cannot be said. */
static bool conditions(wc_check *c, const wc_cedge *e, const wp_term *ref, const wc_crule *to,
                       condition *out, uint32_t *n)
{
    uint32_t at[64], count = 0;
    const wp_term *path = wc_ck_path(c, to);
    wc_ck_selects(e, to, at, &count);
    *n = 0;
    for (uint32_t i = 0; i < count; i++) {
        condition k = {at[i], ref->list.items[at[i]], path->list.items[at[i]]};
        bool known = false;
        for (uint32_t j = 0; j < *n; j++)
            if (!wp_term_compare(out[j].term, k.term)) {
                if (wp_term_compare(out[j].value, k.value))
                    return false;
                known = true;
            }
        if (!known)
            out[(*n)++] = k;
    }
    for (uint32_t i = 0; i < *n; i++)
        if (!possible(c, e, &out[i]))
            return false;
    return *n > 0 && *n <= CONDITIONS_MAX;
}

static void put_cause(wc_check *c, wb_buf *b, const seeker *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const wc_crule *from = s->path[i], *to = i + 1 < s->n ? s->path[i + 1] : s->goal;
        const wc_cedge *e = cause(from, to);
        if (!e)
            continue;
        wp_term *ref = wc_ck_shown(c, e->src, false);
        if (ref->list.n > wc_ck_path_len(to))
            ref->list.n = wc_ck_path_len(to);
        wb_buf_putf(b, " (%.*s", WB_FMT(wc_ck_text(c, ref)));
        if (i) {
            wb_buf_puts(b, " in ");
            put_rule(c, b, from);
        }
        condition all[64];
        uint32_t n;
        bool told = conditions(c, e, ref, to->first, all, &n);
        wb_buf_puts(b, told ? " refers to " : " could refer to ");
        put_rule(c, b, to);
        for (uint32_t k = 0; told && k < n; k++) {
            wb_buf_putf(b, "%s%.*s is %.*s", k ? " and " : " if ",
                        WB_FMT(wc_ck_text(c, all[k].term)), WB_FMT(wc_ck_text(c, all[k].value)));
            put_origin(c, b, e, from, &all[k]);
        }
        wb_buf_putc(b, ')');
        return;
    }
}

/* A cycle too long to be searched for its way is told as one all the same. */
static void tell_long(wc_check *c, const wc_crule *r)
{
    for (const wc_cedge *e = r->edges; e; e = e->next) {
        uint32_t group = e->rule ? e->rule->group : e->whole->group;
        if (group != r->group)
            continue;
        wb_str name = wc_ck_text(c, wc_ck_path(c, r));
        c->u->module = r->module;
        wc_ck_fail(c, WP_RECURSION_ERROR, r->loc, "rule %.*s is recursive: %.*s -> ... -> %.*s",
                   WB_FMT(name), WB_FMT(name), WB_FMT(name));
        c->u->module = NULL;
        return;
    }
}

static void check_rule(seeker *s, wc_crule *r)
{
    wc_check *c = s->c;
    if (s->work > WORK_MAX) {
        tell_long(c, r);
        return;
    }
    s->goal = r;
    s->sure = false;
    s->n = 0;
    s->mark = ++c->marks;
    if (!seek(s, r))
        return;
    bool sure = true;
    for (uint32_t i = 0; i < s->n; i++)
        sure &= !cause(s->path[i], i + 1 < s->n ? s->path[i + 1] : r);
    wb_buf b, why;
    wb_buf_init(&b, (size_t)1 << 22);
    wb_buf_init(&why, (size_t)1 << 22);
    if (!sure) {
        seeker *again = wb_malloc(sizeof *again);
        *again = *s;
        again->sure = true;
        again->n = 0;
        again->mark = ++c->marks;
        sure = seek(again, r);
        if (sure)
            *s = *again;
        else
            put_cause(c, &why, s);
        free(again);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        put_rule(c, &b, s->path[i]);
        wb_buf_puts(&b, " -> ");
    }
    put_rule(c, &b, r);
    c->u->module = r->module;
    wc_ck_fail(c, WP_RECURSION_ERROR, r->loc, "rule %.*s %s recursive: %.*s%.*s",
               WB_FMT(wc_ck_text(c, wc_ck_path(c, r))), sure ? "is" : "may be",
               WB_FMT(wb_buf_str(&b)), WB_FMT(wb_buf_str(&why)));
    c->u->module = NULL;
    wb_buf_free(&b);
    wb_buf_free(&why);
}

static void check_node(seeker *s, wc_ctree *n)
{
    for (uint32_t i = 0; i < n->n_rules; i++)
        for (wc_crule *r = n->rules[i]; r && !s->c->u->diags->limit_reached; r = r->else_rule)
            check_rule(s, r);
    for (uint32_t i = 0; i < n->n && !s->c->u->diags->limit_reached; i++)
        check_node(s, n->kids[i]);
}

void wc_ck_cycles(wc_check *c)
{
    if (!wc_ck_groups(c))
        return;
    seeker *s = wb_calloc(1, sizeof *s);
    s->c = c;
    check_node(s, c->tree);
    free(s);
    for (uint32_t i = 0; i < c->n_all && !c->failed; i++)
        tell_long(c, c->all[i]);
}
