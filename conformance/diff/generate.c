/* From a seed to a program: packages, rules, queries, documents. */
#include "conformance/diff/generate.h"

#include "base/error.h"
#include "conformance/diff/generator.h"

#include <stdio.h>
#include <stdlib.h>

#define WILD_PERCENT  7  /* programs with terms of wrong shape */
#define V0_PERCENT    12 /* programs of Rego v0 */
#define LOGIC_PERCENT 20 /* packages of v1 that import and, or, not */
#define BLOCK_PERCENT 1  /* rules, and packages, with METADATA above them */
#define SET_PERCENT   3  /* programs with schemas beside them */
#define PRINT_PERCENT 10 /* programs whose print() is compiled */
#define BAD_PERCENT   8  /* programs with something that must not compile, or hardly */

static const df_kind *draw_kind(dg *g)
{
    unsigned all = 0;
    for (size_t i = 0; i < df_kinds_rows; i++)
        all += df_kinds[i].weight;
    unsigned at = df_below(&g->r, all);
    for (size_t i = 0;; i++) {
        if (at < df_kinds[i].weight)
            return &df_kinds[i];
        at -= df_kinds[i].weight;
    }
}

static void begin_symbol(dg *g, dg_symbol *s)
{
    memset(s, 0, sizeof *s);
    s->package = g->package;
    s->kind = draw_kind(g);
    snprintf(s->name, sizeof s->name, df_chance(&g->r, 4) ? "r%u.q" : "r%u", g->n_symbols);
    bool truth = s->kind->whole[0] == 'b';
    snprintf(s->value, sizeof s->value, "%s", truth ? "b" : dg_any_shape(g));
    dg_binds binds = {0};
    memcpy(binds.t, s->value, sizeof binds.t);
    if (*s->kind->whole) {
        dg_settle(g, s->kind->whole, &binds, s->whole);
    } else {
        const char *args = s->kind->args;
        s->n_args = args ? (unsigned)strlen(args) : 1u + df_chance(&g->r, 35) + df_chance(&g->r, 8);
        for (unsigned i = 0; i < s->n_args; i++)
            snprintf(s->args[i], sizeof s->args[i], "%.*s", args ? 1 : DG_SHAPE_MAX - 1,
                     args ? args + i : dg_any_shape(g));
    }
}

/* Now and then a METADATA block. */
static void write_block(dg *g, const char *sort, wb_buf *b)
{
    wb_buf block;
    wb_buf_init(&block, DG_TEXT_MAX);
    if (df_chance(&g->r, BLOCK_PERCENT) && dg_write(g, sort, &block))
        wb_buf_put_str(b, wb_buf_str(&block));
    wb_buf_free(&block);
}

static void write_clause(dg *g, const char *prefix, const char *sort, const char *shape, wb_buf *b)
{
    char full[DG_SHAPE_MAX];
    wb_buf clause;
    wb_buf_init(&clause, DG_TEXT_MAX);
    snprintf(full, sizeof full, shape ? "%.2s%.4s.%.8s" : "%.2s%.6s", prefix, sort,
             shape ? shape : "");
    g->n_vars = g->args_end = g->size = g->depth = 0;
    g->in_head = true;
    if (dg_write(g, full, &clause) && clause.n) {
        wb_buf_putc(b, '\n');
        write_block(g, "MR", b);
        wb_buf_putf(b, "%.*s\n", WB_FMT(wb_buf_str(&clause)));
    }
    wb_buf_free(&clause);
}

static void write_symbol(dg *g, wb_buf *b)
{
    dg_symbol *s = g->symbol = &g->symbols[g->n_symbols];
    begin_symbol(g, s);
    const char *clause = s->kind->clause;
    /* One rule gives one value: more clauses of a complete rule mostly clash. */
    bool single = strchr("CYJVK", clause[0]) != NULL;
    unsigned n = df_chance(&g->r, single ? 88 : 45) ? 1 : 2 + df_below(&g->r, 2);
    if (df_chance(&g->r, 25))
        write_clause(g, "D", clause, s->value, b);
    for (unsigned i = 0; i < n; i++)
        write_clause(g, "", clause, s->value, b);
    g->n_symbols++;
}

/* A rule whose body holds the sort's statement, or a rule of the sort itself. */
static void write_bad(dg *g, wb_buf *b)
{
    g->symbol = &g->symbols[df_below(&g->r, g->n_symbols)];
    if (df_chance(&g->r, 40)) {
        write_clause(g, "", "WORSE", NULL, b);
        return;
    }
    wb_buf body;
    wb_buf_init(&body, DG_TEXT_MAX);
    g->n_vars = g->args_end = g->size = 0;
    if (dg_write(g, "S", &body))
        wb_buf_puts(&body, "\n\t");
    dg_write(g, "BAD", &body);
    wb_buf_putf(b, "\nbad if {\n\t%.*s\n}\n", WB_FMT(wb_buf_str(&body)));
    wb_buf_free(&body);
}

/* Which keywords the package's modules know, and the imports that tell so. */
static void draw_words(dg *g, dg_package *p)
{
    static const char *const names[] = {"and", "or", "not"};
    wb_buf b;
    unsigned draw = df_below(&g->r, 100);
    p->old = g->v0 && draw >= 40;
    if (!g->v0 && draw >= LOGIC_PERCENT)
        return;
    wb_buf_init(&b, sizeof p->opening);
    if (g->v0 && draw < 25) {
        wb_buf_puts(&b, "import rego.v1\n");
    } else if (p->old) {
        wb_buf_puts(&b, "import future.keywords.in\nimport future.keywords.every\n");
    } else if (g->v0 || draw < 6) {
        wb_buf_puts(&b, draw % 2 ? "import future.keywords\n" : "import rego.v2\n");
        memcpy(p->words, "aon", sizeof p->words);
    }
    for (unsigned i = 0, n = 0; i < 3 && !g->v0 && draw >= 6; i++)
        if (df_chance(&g->r, 70)) {
            wb_buf_putf(&b, "import future.keywords.%s\n", names[i]);
            p->words[n++] = names[i][0];
        }
    snprintf(p->opening, sizeof p->opening, "%.*s", WB_FMT(wb_buf_str(&b)));
    wb_buf_free(&b);
}

static void draw_packages(dg *g)
{
    /* In the table's order, so that only earlier ones are spoken of; the first is always there. */
    unsigned want = 1 + df_chance(&g->r, 60) + df_chance(&g->r, 30) + df_chance(&g->r, 10);
    unsigned first = df_below(&g->r, (uint32_t)df_packages_rows);
    for (unsigned i = 0; i < want; i++) {
        dg_package *p = &g->packages[g->n_packages++];
        p->path = df_packages[(first + i) % df_packages_rows];
        draw_words(g, p);
        wb_buf_init(&p->rules, DG_TEXT_MAX);
    }
}

static wb_str whole_module(dg *g, wb_arena *a, const dg_package *p, wb_str rules)
{
    wb_buf text;
    wb_buf_init(&text, DG_TEXT_MAX);
    write_block(g, "MP", &text);
    wb_buf_puts(&text, "package ");
    for (const char *c = p->path; *c; c++)
        wb_buf_putc(&text, *c == '/' ? '.' : *c);
    wb_buf_puts(&text, "\n");
    if (*p->opening)
        wb_buf_putf(&text, "\n%s", p->opening);
    for (unsigned i = 0; i < p->n_imports; i++)
        wb_buf_putf(&text, "%s%s\n", i ? "" : "\n", p->imports[i]);
    wb_buf_put_str(&text, rules);
    wb_str made = dg_finish(g, a, wb_buf_str(&text));
    wb_buf_free(&text);
    return made;
}

/* One module a package, or two that share its imports. */
static void write_modules(dg *g, wb_arena *a, df_program *out)
{
    unsigned rules = 2 + df_below(&g->r, 6), made = 0;
    bool bad = df_chance(&g->r, BAD_PERCENT);
    for (g->package = 0; g->package < g->n_packages; g->package++) {
        dg_package *p = &g->packages[g->package];
        bool last = g->package + 1 == g->n_packages;
        unsigned n = last ? rules - made : 1 + df_below(&g->r, rules - made);
        size_t middle = 0;
        for (unsigned i = 0; i < n; i++, made++) {
            write_symbol(g, &p->rules);
            if (i == 0 && df_chance(&g->r, 12))
                middle = p->rules.n;
        }
        if (last && bad)
            write_bad(g, &p->rules);
        wb_str all = wb_buf_str(&p->rules);
        if (middle && out->n_modules + 2 < DF_MODULES_MAX) {
            out->modules[out->n_modules++] = whole_module(g, a, p, wb_str_n(all.p, middle));
            all = wb_str_n(all.p + middle, all.n - middle);
        }
        out->modules[out->n_modules++] = whole_module(g, a, p, all);
        if (rules - made == 0 && !last) {
            /* Every package has a rule; the rest stay unwritten. */
            for (unsigned k = g->package + 1; k < g->n_packages; k++)
                wb_buf_free(&g->packages[k].rules);
            g->n_packages = g->package + 1;
        }
    }
}

static void write_queries(dg *g, wb_arena *a, bool cases, df_program *out)
{
    g->symbol = NULL;
    g->in_head = false;
    g->package = g->n_packages;
    unsigned n = 2 + df_below(&g->r, 3);
    for (unsigned i = 0; i < n; i++) {
        wb_buf text;
        wb_buf_init(&text, DG_TEXT_MAX);
        g->n_vars = g->args_end = g->depth = 0;
        g->size = DG_SIZE_MAX / 2;
        if (dg_write(g, cases && df_chance(&g->r, 60) ? "QC" : "Q", &text))
            out->queries[out->n_queries++] = dg_finish(g, a, wb_buf_str(&text));
        wb_buf_free(&text);
    }
    if (!out->n_queries)
        out->queries[out->n_queries++] = WB_LIT("x = data");
}

static wb_str write_document(dg *g, wb_arena *a, const char *root)
{
    wb_buf text;
    wb_buf_init(&text, DG_TEXT_MAX);
    dg_document(g, root, &text);
    wb_str made = wb_arena_str(a, wb_buf_str(&text));
    wb_buf_free(&text);
    return made;
}

static wb_str write_schemas(dg *g, wb_arena *a)
{
    wb_buf text;
    wb_buf_init(&text, DG_TEXT_MAX);
    dg_write(g, "SIDE", &text);
    wb_str made = wb_arena_str(a, wb_buf_str(&text));
    wb_buf_free(&text);
    return made;
}

void df_generate(wb_arena *a, uint64_t seed, df_program *out)
{
    dg *g = wb_calloc(1, sizeof *g);
    memset(out, 0, sizeof *out);
    out->seed = g->r.state = seed;
    df_next(&g->r);
    g->wild = df_chance(&g->r, WILD_PERCENT);
    g->v0 = df_chance(&g->r, V0_PERCENT);
    draw_packages(g);
    write_modules(g, a, out);
    bool cases = df_chance(&g->r, 60);
    write_queries(g, a, cases, out);
    out->data = write_document(g, a, "data");
    if (!df_chance(&g->r, 2))
        out->input = df_chance(&g->r, 2) ? WB_LIT("[1, \"a\"]") : write_document(g, a, "input");
    out->prints = df_chance(&g->r, PRINT_PERCENT);
    if (df_chance(&g->r, SET_PERCENT))
        out->schemas = write_schemas(g, a);
    out->strict = df_chance(&g->r, 12);
    out->cases = cases;
    out->v0 = g->v0;
    out->strict_mode = df_chance(&g->r, 4);
    for (unsigned i = 0; i < g->n_packages; i++)
        wb_buf_free(&g->packages[i].rules);
    free(g);
}
