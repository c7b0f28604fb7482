/* Recursion: a rule that needs itself is refused, and one that may need itself too.
 *
 * Takes resolved rules, in whatever order their bodies stand. Each clause (a rule, or an else
 * branch) is a vertex of a graph whose edges are references, `with` targets and functions called
 * too; a reference selects rules by their paths (depend.h) and with a rule all its clauses. A
 * clause on a cycle of sure edges is recursive; on a cycle that needs an edge that is only possible
 * it may be.
 *
 * After it the rules depend on each other without cycles.
 *
 * Reports, in the order of the paths, at the clause: `rule data.a.p is recursive: data.a.p ->
 * data.a.q -> data.a.p` and `rule data.a.p may be recursive: data.a.p -> data.a.p (data[x].p refers
 * to data.a.p if x is "a")`. The cycle shown is a short one through another
 * rule if there is one.
 *
 * Cost: in proportion to the text; showing a cycle costs up to the size of its component, so both
 * their work and their text are bounded, after the first. */
#include "compiler/depend.h"
#include "compiler/visit.h"

#include <stdlib.h>

#define SHOWN_EDGES_MAX ((uint64_t)1 << 28) /* looked at for paths: about a second */
#define SHOWN_TEXT_MAX  ((size_t)64 << 20)  /* bytes of all messages */
#define ONE_TEXT_MAX    ((size_t)16 << 20)  /* bytes of one cycle; it is cut there */

typedef struct checker {
    wc_unit *u;
    wc_graph g;
    const wc_rule **clauses, **owners; /* by vertex */
    uint32_t n;
    wc_rule_tree *tree;
    wc_clause clause;
    uint32_t vertex; /* whose references are being followed */
    bool unsure;     /* it has some that need a closer look */
    wc_part *parts;
    uint32_t cap_parts;
    uint32_t *cycles, *sure_cycles; /* component of each vertex; 0: on no cycle */
} checker;

/* ---- the graph ---- */

static void number_clauses(checker *c)
{
    wc_unit *u = c->u;
    uint32_t cap = 0;
    for (uint32_t i = 0; i < u->n_rules; i++)
        for (const wc_rule *r = u->rules[i]; r; r = r->else_rule)
            cap++;
    c->clauses = wb_calloc((size_t)cap + 1, sizeof(wc_rule *));
    c->owners = wb_calloc((size_t)cap + 1, sizeof(wc_rule *));
    for (uint32_t i = 0; i < u->n_rules; i++)
        for (const wc_rule *r = u->rules[i]; r; r = r->else_rule) {
            uint32_t v = wc_graph_add(&c->g);
            c->clauses[v] = r;
            c->owners[v] = u->rules[i];
        }
    c->n = cap;
}

/* Follows a reference at a first look: constant parts, and others where they decide nothing. */
static bool follow(void *arg, const wp_term *t)
{
    checker *c = arg;
    if (!wc_is_data_ref(t))
        return true;
    uint32_t n = t->kind == WP_REF ? t->list.n - 1 : 0;
    if (n > c->cap_parts) {
        c->cap_parts = 2 * n;
        c->parts = wb_realloc(c->parts, c->cap_parts * sizeof *c->parts);
    }
    for (uint32_t i = 0; i < n; i++) {
        const wp_term *part = t->list.items[i + 1];
        bool constant = wc_is_constant(part);
        c->parts[i] = (wc_part){constant ? wp_term_value(c->u->a, part) : WV_UNDEFINED, !constant};
    }
    c->unsure |= !wc_rule_tree_join(c->tree, c->vertex, c->parts, n, true);
    if (n)
        wc_visit_terms(&(wc_visitor){.term = follow, .arg = c}, t->list.items + 1, n);
    return false;
}

static bool follow_choice(void *arg, const wc_choice *choice)
{
    checker *c = arg;
    wc_rule_tree_join(c->tree, c->vertex, choice->parts, choice->n, false);
    return true;
}

static void follow_all(checker *c)
{
    wc_visitor v = {.term = follow, .arg = c};
    for (c->vertex = 0; c->vertex < c->n; c->vertex++) {
        c->unsure = false;
        wc_visit_rule(&v, c->clauses[c->vertex]);
        if (!c->unsure)
            continue;
        wc_clause_read(&c->clause, c->owners[c->vertex], c->clauses[c->vertex]);
        wc_clause_each(&c->clause, true, follow_choice, c);
    }
}

/* ---- reports ---- */

static void report(checker *c, wc_search *s, uint32_t *path, uint32_t v, size_t *text)
{
    bool sure = c->sure_cycles[v];
    uint32_t n = 0, all = wc_search_cycle(s, sure ? c->sure_cycles : c->cycles, sure, v, path);
    for (uint32_t i = 0; i < all; i++)
        if (path[i] < c->n)
            path[n++] = path[i];
    wb_buf b;
    wb_buf_init(&b, ONE_TEXT_MAX);
    for (uint32_t i = 0; i < n; i++)
        wb_buf_putf(&b, "%s%.*s", i ? " -> " : "",
                    WB_FMT(wc_rule_path_text(c->u, c->owners[path[i]])));
    for (uint32_t i = 1; i < n && !sure; i++) {
        wc_clause_read(&c->clause, c->owners[path[i - 1]], c->clauses[path[i - 1]]);
        if (wc_put_cause(&b, &c->clause, c->owners[path[i]], i > 1))
            break;
    }
    const wc_rule *r = c->clauses[v];
    c->u->module = r->module;
    wp_report(c->u->diags, WP_RECURSION_ERROR, wc_file(c->u), r->loc,
              "rule %.*s %s recursive: %.*s", WB_FMT(wc_rule_path_text(c->u, c->owners[v])),
              sure ? "is" : "may be", WB_FMT(wb_buf_str(&b)));
    c->u->module = NULL;
    *text += b.n;
    wb_buf_free(&b);
}

typedef struct culprit {
    const wc_rule *rule;
    uint32_t first, n; /* its clauses */
} culprit;

/* By ground path; at one path by package, then as they were read. */
static int by_path(const void *x, const void *y)
{
    const culprit *cx = x, *cy = y;
    const wc_rule *a = cx->rule, *b = cy->rule;
    for (uint32_t i = 0; i < a->n_ground && i < b->n_ground; i++) {
        int c = wv_compare(a->path[i]->value, b->path[i]->value);
        if (c)
            return c;
    }
    if (a->n_ground != b->n_ground)
        return a->n_ground < b->n_ground ? -1 : 1;
    uint32_t na = a->module->package->list.n, nb = b->module->package->list.n;
    if (na != nb)
        return na < nb ? -1 : 1;
    return (cx->first > cy->first) - (cx->first < cy->first);
}

static uint32_t find_culprits(const checker *c, culprit *to)
{
    uint32_t n = 0;
    for (uint32_t v = 0, next; v < c->n; v = next) {
        bool any = false;
        for (next = v; next < c->n && c->owners[next] == c->owners[v]; next++)
            any |= c->cycles[next] != 0;
        if (any)
            to[n++] = (culprit){c->owners[v], v, next - v};
    }
    qsort(to, n, sizeof *to, by_path);
    return n;
}

static void report_all(checker *c)
{
    c->sure_cycles = wc_graph_cycles(&c->g, true);
    culprit *found = wb_calloc((size_t)c->n + 1, sizeof *found);
    uint32_t *path = wb_calloc(2 * (size_t)c->g.n + 2, sizeof *path);
    uint32_t n = find_culprits(c, found);
    size_t text = 0;
    wc_search s;
    wc_search_init(&s, &c->g, c->n);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t v = found[i].first; v < found[i].first + found[i].n; v++)
            if (c->cycles[v] && !c->u->diags->limit_reached && s.edges < SHOWN_EDGES_MAX &&
                text < SHOWN_TEXT_MAX)
                report(c, &s, path, v, &text);
    wc_search_clear(&s);
    free(path);
    free(found);
}

void wc_check_recursion(wc_unit *u)
{
    checker c = {.u = u};
    wc_graph_init(&c.g);
    wc_clause_init(&c.clause, u);
    number_clauses(&c);
    c.tree = wc_rule_tree_new(u, &c.g, c.owners, c.n);
    follow_all(&c);
    c.cycles = wc_graph_cycles(&c.g, false);
    bool any = false;
    for (uint32_t v = 0; v < c.n && !any; v++)
        any = c.cycles[v] != 0;
    if (any)
        report_all(&c);
    wc_rule_tree_free(c.tree);
    wc_clause_clear(&c.clause);
    wc_graph_clear(&c.g);
    free(c.clauses);
    free(c.owners);
    free(c.parts);
    free(c.cycles);
    free(c.sure_cycles);
}
