/* Filling rows of the grammar: holes, their order, and what a row declares. */
#include "conformance/diff/generator.h"

#include <ctype.h>
#include <stdio.h>

#define PARTS_MAX 48 /* holes of a row */
#define MANY_MIN  90 /* terms of a long literal */
#define MANY_MORE 450
#define TRIES     6 /* rows drawn before giving up */

typedef struct hole {
    unsigned order;
    char mark;               /* 0: none */
    char sort[DG_SHAPE_MAX]; /* what stands behind the mark */
    size_t from, to;         /* its place in the row's text */
    wb_buf text;
} hole;

static bool is_hole(const char *p)
{
    return p[0] == '<' && p[1] && p[1] != ' ' && p[1] != '=';
}

/* Whether a hole of the sort is a body, whose declarations end with the row that holds it. */
static bool is_body(const char *sort)
{
    return sort[0] == 'B' || strncmp(sort, "IF", 2) == 0;
}

/* Whether nothing of the clause but its arguments is seen in it. */
static bool is_apart(const char *sort)
{
    return sort[0] == 'E' || strncmp(sort, "IFE", 3) == 0 || strcmp(sort, "K") == 0 ||
           strcmp(sort, "KN") == 0;
}

static unsigned parse(const char *text, hole *holes)
{
    unsigned n = 0;
    for (const char *p = text; *p && n < PARTS_MAX; p++) {
        if (!is_hole(p))
            continue;
        hole *h = &holes[n++];
        const char *end = strchr(p, '>');
        *h = (hole){.from = (size_t)(p - text), .to = (size_t)(end + 1 - text)};
        wb_buf_init(&h->text, DG_TEXT_MAX);
        const char *at = p + 1;
        bool ordered = isdigit((unsigned char)*at);
        if (ordered)
            h->order = (unsigned)(*at++ - '0');
        if (strchr("+$#!@%(.~:^{&?", *at))
            h->mark = *at++;
        if (!ordered)
            h->order = h->mark == '+' ? 8 : h->mark == '^' ? 9 : 5;
        snprintf(h->sort, sizeof h->sort, "%.*s", (int)(end - at), at);
        p = end;
    }
    return n;
}

/* ---- bodies and arguments ---- */

static bool write_body(dg *g, const char *sort, wb_buf *b)
{
    bool lines = strchr(sort, 'N') != NULL, small = strcmp(sort, "BK") == 0;
    wb_buf statements[5];
    unsigned n = 1 + df_below(&g->r, small ? 2 : 3 + (g->depth < 3)), made = 0;
    for (unsigned i = 0; i < n; i++) {
        wb_buf_init(&statements[made], DG_TEXT_MAX);
        if (dg_write(g, "S", &statements[made]))
            made++;
        else
            wb_buf_free(&statements[made]);
    }
    /* Statements need no order: now and then two change places. */
    if (made > 1 && df_chance(&g->r, 2)) {
        unsigned x = df_below(&g->r, made), y = df_below(&g->r, made);
        wb_buf keep = statements[x];
        statements[x] = statements[y];
        statements[y] = keep;
    }
    for (unsigned i = 0; i < made; i++) {
        wb_buf_puts(b, i == 0 ? "" : lines ? "\n\t" : "; ");
        wb_buf_put_str(b, wb_buf_str(&statements[i]));
        wb_buf_free(&statements[i]);
    }
    return made > 0;
}

static void write_arg(dg *g, const char *shape, wb_buf *b)
{
    unsigned draw = df_below(&g->r, 100);
    char sort[DG_SHAPE_MAX + 1] = ".";
    snprintf(sort + 1, sizeof sort - 1, "%s", shape);
    if (draw < 12 && shape[0] != 'e') {
        dg_write(g, sort, b);
    } else if (draw < 16) {
        wb_buf_puts(b, "_");
    } else if (draw < 26 && shape[0] == 'a') {
        wb_buf_puts(b, "[");
        write_arg(g, shape + 1, b);
        wb_buf_puts(b, ", ");
        write_arg(g, shape + 1, b);
        wb_buf_puts(b, "]");
    } else if (draw < 26 && shape[0] == 'o') {
        wb_buf_puts(b, "{\"a\": ");
        write_arg(g, shape + 1, b);
        wb_buf_puts(b, "}");
    } else {
        dg_put_var(b, dg_declare(g, shape, false));
    }
}

static bool write_args(dg *g, bool blank, wb_buf *b)
{
    for (unsigned i = 0; g->symbol && i < g->symbol->n_args; i++) {
        wb_buf_puts(b, i ? ", " : "");
        if (blank)
            wb_buf_puts(b, "_");
        else
            write_arg(g, g->symbol->args[i], b);
    }
    g->args_end = g->n_vars;
    return true;
}

static bool write_call(dg *g, const char *shape, wb_buf *b)
{
    const dg_symbol *s = dg_pick_call(g, shape, b);
    if (!s)
        return false;
    wb_buf_puts(b, "(");
    for (unsigned i = 0; i < s->n_args; i++) {
        wb_buf_puts(b, i ? ", " : "");
        if (!dg_write(g, s->args[i], b))
            return false;
    }
    wb_buf_puts(b, ")");
    return true;
}

/* ---- holes ---- */

static bool fill_list(dg *g, hole *h, dg_binds *binds)
{
    char *last = &h->sort[strlen(h->sort) - 1], sort[DG_SHAPE_MAX];
    unsigned n = *last == '+' ? 1 + df_below(&g->r, 3) : df_below(&g->r, 4);
    *last = 0;
    dg_settle(g, h->sort, binds, sort);
    for (unsigned i = 0; i < n; i++) {
        wb_buf_puts(&h->text, i ? ", " : "");
        if (!dg_write(g, sort, &h->text))
            return false;
    }
    return true;
}

/* One term many times, in pairs with a number: more than a function has registers for. */
static bool fill_many(dg *g, hole *h, dg_binds *binds)
{
    char *last = &h->sort[strlen(h->sort) - 1], sort[DG_SHAPE_MAX];
    bool keys = *last == '!';
    wb_buf term;
    if (keys)
        *last = 0;
    wb_buf_init(&term, DG_TEXT_MAX);
    dg_settle(g, h->sort, binds, sort);
    bool ok = dg_write(g, sort, &term);
    unsigned n = MANY_MIN + df_below(&g->r, MANY_MORE);
    for (unsigned i = 0; ok && i < n; i++)
        wb_buf_putf(&h->text, keys ? "%s\"k%u\": [%.*s]" : "%s[%u, %.*s]", i ? ", " : "", i,
                    WB_FMT(wb_buf_str(&term)));
    wb_buf_free(&term);
    return ok;
}

static bool fill_new(dg *g, hole *h, dg_binds *binds)
{
    char shape[DG_SHAPE_MAX];
    size_t n = strlen(h->sort);
    bool optional = h->sort[n - 1] == '!';
    if (optional)
        h->sort[n - 1] = 0;
    dg_settle(g, h->sort, binds, shape);
    dg_put_var(&h->text, dg_declare(g, shape, optional));
    return true;
}

static bool fill_marked(dg *g, hole *h, hole *all, unsigned n, dg_binds *binds)
{
    char sort[DG_SHAPE_MAX + 1] = {h->mark};
    unsigned number = (unsigned)(h->sort[0] - '0');
    switch (h->mark) {
    case '+': return fill_new(g, h, binds);
    case '$': return dg_use_var(g, h->sort, binds, &h->text);
    case '#': return dg_use_symbol(g, h->sort, binds, false, &h->text);
    case '!': return dg_use_symbol(g, h->sort, binds, true, &h->text);
    case '@': return dg_use_place(g, h->sort, binds, false, &h->text);
    case '%': return dg_use_place(g, h->sort, binds, true, &h->text);
    case ':': return dg_use_own_package(g, &h->text);
    case '~': return dg_use_package(g, &h->text);
    case '{': return dg_use_function(g, number, &h->text);
    case '?': return fill_many(g, h, binds);
    case '^':
        if (number >= 1 && number <= n)
            wb_buf_put_str(&h->text, wb_buf_str(&all[number - 1].text));
        return true;
    default: break;
    }
    dg_settle(g, h->sort, binds, sort + 1);
    return h->mark == '(' ? write_call(g, sort + 1, &h->text) : dg_write(g, sort, &h->text);
}

static bool fill_plain(dg *g, hole *h, dg_binds *binds)
{
    const char *sort = h->sort;
    size_t length = strlen(sort);
    if (is_apart(sort))
        g->n_vars = g->args_end;
    if (sort[0] == 'B' && strcmp(sort, "BAD") != 0)
        return write_body(g, sort, &h->text);
    if (strcmp(sort, "K") == 0 || strcmp(sort, "KN") == 0)
        return write_body(g, sort, &h->text);
    if (strcmp(sort, "N") == 0) {
        wb_buf_puts(&h->text, g->symbol ? g->symbol->name : "r0");
        return true;
    }
    if (sort[0] == 'A')
        return write_args(g, sort[1] == '_', &h->text);
    if (length > 1 && strchr("*+", sort[length - 1]) && !strchr(sort, '.'))
        return fill_list(g, h, binds);
    char settled[DG_SHAPE_MAX];
    const char *dot = strchr(sort, '.');
    if (dot) {
        char shape[DG_SHAPE_MAX];
        dg_settle(g, dot + 1, binds, shape);
        snprintf(settled, sizeof settled, "%.*s%.8s", (int)(dot + 1 - sort), sort, shape);
    } else if (isupper((unsigned char)sort[0]) && sort[0] != 'T' && sort[0] != 'U') {
        snprintf(settled, sizeof settled, "%.15s", sort);
    } else {
        dg_settle(g, sort, binds, settled);
        if (g->wild && df_chance(&g->r, 3))
            snprintf(settled, sizeof settled, "%s", dg_any_shape(g));
    }
    return dg_write(g, settled, &h->text);
}

static bool fill(dg *g, hole *h, hole *all, unsigned n, dg_binds *binds)
{
    if (h->mark)
        return fill_marked(g, h, all, n, binds);
    bool head = g->in_head;
    if (strchr("EIBKPSW", h->sort[0]))
        g->in_head = h->sort[0] == 'E';
    bool ok = fill_plain(g, h, binds);
    g->in_head = head;
    return ok;
}

/* ---- rows ---- */

static bool fill_row(dg *g, const df_row *row, dg_binds *binds, wb_buf *b)
{
    hole holes[PARTS_MAX];
    unsigned n = parse(row->text, holes), vars = g->n_vars;
    bool ok = true, scope = false;
    for (unsigned order = 0; ok && order < 10; order++)
        for (unsigned i = 0; ok && i < n; i++)
            if (holes[i].order == order) {
                scope = scope || is_body(holes[i].sort);
                ok = fill(g, &holes[i], holes, n, binds);
            }
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        if (ok) {
            wb_buf_put(b, row->text + at, holes[i].from - at);
            wb_buf_put_str(b, wb_buf_str(&holes[i].text));
        }
        at = holes[i].to;
        wb_buf_free(&holes[i].text);
    }
    if (ok)
        wb_buf_puts(b, row->text + at);
    if (!ok || (scope && strncmp(row->sort, "IF", 2) != 0))
        g->n_vars = vars;
    return ok;
}

/* A literal with a key behind it and template strings: comprehensions and names inside them are
 * not resolved by OPA in some places of a rule's head. */
static bool keeps_to_bodies(const df_row *row)
{
    if (row->text[0] == '$')
        return true;
    return strchr("[{", row->text[0]) &&
           (row->sort[0] == '&' || strstr(row->text, "][") || strstr(row->text, "}["));
}

/* Whether the module under way has what the row needs; queries are of Rego v1. */
static bool has_needs(const dg *g, const df_row *row)
{
    const dg_package *p = g->package < g->n_packages ? &g->packages[g->package] : NULL;
    bool old = p && p->old;
    if (old && (strstr(row->text, " if ") || strstr(row->text, " contains ")))
        return false;
    /* Rego v0 has no template strings. */
    if (p && g->v0 && row->text[0] == '$')
        return false;
    for (const char *need = row->needs; need && *need; need++) {
        if (*need == '0' || *need == '1' ? old != (*need == '0') : !p || !strchr(p->words, *need))
            return false;
    }
    return true;
}

static bool may_draw(const dg *g, const df_row *row, const char *sort, dg_binds *binds)
{
    return dg_fits(row->sort, sort, binds) && !(g->in_head && keeps_to_bodies(row)) &&
           has_needs(g, row);
}

/* Draws a row of the sort; NULL: there is none. */
static const df_row *draw(dg *g, const char *sort, dg_binds *binds)
{
    unsigned all = 0;
    for (size_t i = 0; i < df_grammar_rows; i++) {
        dg_binds trial = {0};
        if (may_draw(g, &df_grammar[i], sort, &trial))
            all += df_grammar[i].weight;
    }
    if (!all)
        return NULL;
    unsigned at = df_below(&g->r, all);
    for (size_t i = 0; i < df_grammar_rows; i++) {
        dg_binds trial = {0};
        if (!may_draw(g, &df_grammar[i], sort, &trial))
            continue;
        if (at < df_grammar[i].weight) {
            *binds = trial;
            return &df_grammar[i];
        }
        at -= df_grammar[i].weight;
    }
    return NULL;
}

bool dg_write(dg *g, const char *sort, wb_buf *b)
{
    char plain[DG_SHAPE_MAX + 1] = ".";
    bool term = islower((unsigned char)sort[0]);
    g->size++;
    if (term && (g->depth >= DG_DEPTH_MAX || g->size > DG_SIZE_MAX)) {
        dg_binds none = {0};
        if (df_chance(&g->r, 60) && dg_use_var(g, sort, &none, b))
            return true;
        snprintf(plain + 1, sizeof plain - 1, "%.*s", (int)sizeof plain - 2, sort);
        sort = plain;
    }
    g->depth++;
    bool ok = false;
    for (unsigned i = 0; i < TRIES && !ok; i++) {
        dg_binds binds = {0};
        const df_row *row = draw(g, sort, &binds);
        if (!row)
            break;
        ok = fill_row(g, row, &binds, b);
    }
    g->depth--;
    if (!ok && term) {
        snprintf(plain + 1, sizeof plain - 1, "%.*s", (int)sizeof plain - 2, sort);
        return dg_write(g, plain, b);
    }
    return ok;
}
