/* Recursion: no rule needs itself.
 *
 * Takes the graph. Each rule of a cycle is told with a way back to itself. A way that only exists
 * if a variable holds a certain value is told as such, with what is known of that value.
 *
 * Cost: in proportion to the rules and references; showing a way costs up to the size of its
 * component, so both the work and the text are bounded, after the first.
 *
 * Reports: rule p is recursive: ..; rule p may be recursive: .. (data.t[x] refers to data.t.p if x
 * is "p" (x comes from input.y)). */
#include "compiler/check_graph.h"
#include "compiler/types.h"

#include <stdlib.h>

#define CONDITIONS_MAX  2u                  /* told; with more the reference alone is named */
#define MEMBERS_MAX     5u                  /* of a collection that are listed */
#define SHOWN_EDGES_MAX ((uint64_t)1 << 28) /* looked at for ways: about a second */
#define SHOWN_TEXT_MAX  ((size_t)64 << 20)  /* bytes of all messages */
#define ONE_TEXT_MAX    ((size_t)16 << 20)  /* bytes of one way; it is cut there */

typedef struct teller {
    wc_check *c;
    wc_search search;
    uint32_t *sure_cycles; /* components by sure edges */
    uint32_t *path, *room; /* vertices */
    wc_crule **way;        /* the rules of a path, the first of them behind the others again */
    bool *known;           /* whether the step from way[i] was by sure edges */
    uint32_t n;            /* steps */
    size_t text;           /* bytes told */
} teller;

/* ---- the way back ---- */

/* Finds a way from r to itself; by references that surely name what they name, if there is one. */
static bool find_way(teller *s, wc_crule *r)
{
    const wc_check *c = s->c;
    const struct wc_cgraph *g = c->graph;
    bool sure = s->sure_cycles[r->number] != 0;
    uint32_t n =
        wc_search_cycle(&s->search, sure ? s->sure_cycles : g->cycles, sure, r->number, s->path);
    s->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (s->path[i] < c->n_all) {
            s->way[s->n] = c->all[s->path[i]];
            s->known[s->n++] = true;
        }
        s->known[s->n - 1] &= g->g.edges[s->search.edge[i]].sure;
    }
    s->way[s->n] = r;
    return sure;
}

/* The first reference that may, but need not lead from a to b; NULL: some reference surely does. */
static const wc_cedge *cause(teller *s, const wc_crule *a, const wc_crule *b)
{
    if (s->search.edges < SHOWN_EDGES_MAX &&
        wc_search_surely(&s->search, s->c->n_all, a->number, b->number, s->room))
        return NULL;
    for (const wc_cedge *e = a->edges; e; e = e->next)
        if (wc_ck_may_name(e, b->first))
            return e;
    return NULL;
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

static void put_cause(teller *s, wb_buf *b)
{
    wc_check *c = s->c;
    for (uint32_t i = 0; i < s->n; i++) {
        const wc_crule *from = s->way[i], *to = s->way[i + 1];
        const wc_cedge *e = s->known[i] ? NULL : cause(s, from, to);
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

static void tell(teller *s, wc_crule *r)
{
    wc_check *c = s->c;
    bool sure = find_way(s, r);
    wb_buf b;
    wb_buf_init(&b, ONE_TEXT_MAX);
    for (uint32_t i = 0; i <= s->n; i++) {
        wb_buf_puts(&b, i ? " -> " : "");
        put_rule(c, &b, s->way[i]);
    }
    if (!sure)
        put_cause(s, &b);
    c->u->module = r->module;
    wc_ck_fail(c, WP_RECURSION_ERROR, r->loc, "rule %.*s %s recursive: %.*s",
               WB_FMT(wc_ck_text(c, wc_ck_path(c, r))), sure ? "is" : "may be",
               WB_FMT(wb_buf_str(&b)));
    c->u->module = NULL;
    s->text += b.n;
    wb_buf_free(&b);
}

static void check_node(teller *s, wc_ctree *n)
{
    const wp_diags *to = s->c->u->diags;
    for (uint32_t i = 0; i < n->n_rules; i++)
        for (wc_crule *r = n->rules[i]; r; r = r->else_rule)
            if (s->c->graph->cycles[r->number] && !to->limit_reached &&
                s->search.edges < SHOWN_EDGES_MAX && s->text < SHOWN_TEXT_MAX)
                tell(s, r);
    for (uint32_t i = 0; i < n->n && !to->limit_reached; i++)
        check_node(s, n->kids[i]);
}

void wc_ck_cycles(wc_check *c)
{
    if (!wc_ck_find_cycles(c))
        return;
    const wc_graph *g = &c->graph->g;
    size_t n = (size_t)g->n + 1;
    teller s = {.c = c,
                .sure_cycles = wc_graph_cycles(g, true, NULL),
                .path = wb_calloc(n, sizeof *s.path),
                .room = wb_calloc(n, sizeof *s.room),
                .way = wb_calloc(n, sizeof *s.way),
                .known = wb_calloc(n, sizeof *s.known)};
    wc_search_init(&s.search, g);
    check_node(&s, c->tree);
    wc_search_clear(&s.search);
    free(s.sure_cycles);
    free(s.path);
    free(s.room);
    free(s.way);
    free(s.known);
}
