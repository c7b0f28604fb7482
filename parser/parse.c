/* The entrances: a text becomes tokens, the grammar runs over them, the tree is put together. */
#include "parser/internal.h"

#include "grammar.h"

#include <stdlib.h>

static uint32_t first_keywords(const wp_options *o, bool query)
{
    uint32_t k = o->keywords;
    if (o->version >= WP_V1)
        k |= WP_KW_V0_FUTURE;
    if (o->version >= WP_V2)
        k |= WP_KW_V1_FUTURE;
    if (k & WP_KW_EVERY)
        k |= WP_KW_IN;
    return k;
}

static wb_status run(wp_parser *p, int start)
{
    wp_loc none = {.file = p->options.file_number};
    p->start = start;
    p->query = start == T_QUERY;
    p->keywords = p->first_keywords = first_keywords(&p->options, p->query);
    if (p->file.text.n > WP_TEXT_MAX) {
        p->file.text.n = 0;
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, none, "text is longer than %zu bytes",
                  WP_TEXT_MAX);
        return WB_LIMIT;
    }
    if (!wp_lex(p)) {
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, none, "text has more than %u tokens",
                  WP_TOKENS_MAX);
        return WB_LIMIT;
    }
    if (p->arena->exhausted) {
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, none, "memory limit exceeded");
        return WB_LIMIT;
    }
    wp_scan_link(p);
    wp_scan_begin(p);
    return wp_yyparse(p) == 0 && !p->failed ? WB_OK : WB_INVALID;
}

/* The grammar refused the text, and no place in it was found that cannot be read. */
static void explain_refusal(wp_parser *p)
{
    if (p->limit || !wp_explain(p, !p->query))
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, p->fault_at, "%s", p->fault);
}

static void finish(wp_parser *p)
{
    free(p->tokens);
    free(p->open);
}

static wp_module *make_module(wp_parser *p)
{
    wp_module *m = wb_arena_calloc(p->arena, sizeof *m);
    m->file = p->file;
    m->file_number = p->options.file_number;
    m->version = p->options.version;
    m->rego_v1_import = p->rego_v1;
    m->package = p->package;
    m->package_loc = p->package_loc;
    m->imports = wb_arena_alloc(p->arena, (p->imports.n + 1) * sizeof *m->imports);
    for (uint32_t i = 0; i < p->imports.n; i++)
        m->imports[i] = *(wp_import *)p->imports.p[i];
    m->n_imports = p->imports.n;
    m->rules = (wp_rule **)p->rules.p;
    m->n_rules = p->rules.n;
    m->comments = wb_arena_alloc(p->arena, (p->comments.n + 1) * sizeof *m->comments);
    for (uint32_t i = 0; i < p->comments.n; i++)
        m->comments[i] = *(wp_comment *)p->comments.p[i];
    m->n_comments = p->comments.n;
    m->n_wildcards = p->wildcards;
    m->annotations = WV_UNDEFINED;
    return m;
}

static void package_expected(wp_parser *p, wp_loc loc)
{
    wp_diag *x = wp_report(p->diags, WP_PARSE_ERROR, NULL, loc, "package expected");
    x->file = p->file.name;
    x->no_line = true;
    p->failed = true;
}

/* What can be said of a module whose text reads well. */
static void judge(wp_parser *p, wp_module *m)
{
    wp_loc none = {.file = p->options.file_number};
    if (p->n_statements == 0 && m->n_blocks) {
        package_expected(p, m->blocks[0].loc);
    } else if (p->n_statements == 0) {
        wp_report(p->diags, WP_PARSE_ERROR, &p->file, none, "empty module");
        p->failed = true;
    } else if (!p->package) {
        package_expected(p, wp_loc_of(p, p->first));
    }
    wp_check_module(p, m);
    if (!p->failed)
        wp_attach_metadata(p, m);
}

/* The errors of a module, in the order in which they hide each other: text that cannot be read and
 * METADATA blocks, statements, what blocks are attached to. */
static void report_module(wp_parser *p, wp_module *m, bool refused)
{
    bool odd = p->doubt || p->late.n;
    bool unreadable = (refused || odd) && !p->limit && wp_explain(p, false);
    /* What stands behind a mistake is not looked at. */
    while (unreadable && m->n_comments && m->comments[m->n_comments - 1].loc.offset >= p->read_to)
        m->n_comments--;
    if (!p->limit && !p->options.plain_comments)
        wp_read_metadata(p, m);
    if (unreadable || p->diags->n > p->reported) {
        p->failed = true;
        return;
    }
    if (refused) {
        explain_refusal(p);
        return;
    }
    if (p->doubt && wp_explain(p, true))
        p->failed = true;
    else
        judge(p, m);
}

wb_status wp_parse_module(wb_arena *a, wb_str name, wb_str text, const wp_options *options,
                          wp_module **out, wp_diags *diags)
{
    wp_parser p = {.arena = a,
                   .diags = diags,
                   .options = *options,
                   .file = {name, text},
                   .reported = diags->n};
    *out = NULL;
    wb_status status = run(&p, T_MODULE);
    if (status != WB_LIMIT) {
        wp_module *m = make_module(&p);
        report_module(&p, m, status != WB_OK);
        if (p.failed)
            status = WB_INVALID;
        else
            *out = m;
    }
    finish(&p);
    return status;
}

wb_status wp_parse_query(wb_arena *a, wb_str name, wb_str text, const wp_options *options,
                         wp_body *out, wp_diags *diags)
{
    wp_parser p = {.arena = a, .diags = diags, .options = *options, .file = {name, text}};
    *out = (wp_body){0};
    wb_status status = run(&p, T_QUERY);
    if (status == WB_OK)
        *out = wp_new_body(&p, p.query_body);
    else if (status == WB_INVALID)
        explain_refusal(&p);
    finish(&p);
    return status;
}

wb_status wp_parse_term(wb_arena *a, wb_str text, const wp_options *options, wp_term **out,
                        wp_diags *diags)
{
    wp_body body;
    *out = NULL;
    wb_status status = wp_parse_query(a, WB_LIT(""), text, options, &body, diags);
    if (status != WB_OK)
        return status;
    wp_file file = {WB_LIT(""), text};
    wp_loc none = {.file = options->file_number};
    const char *problem = NULL;
    if (body.n != 1)
        problem = "expected exactly one term";
    else if (body.exprs[0]->kind == WP_EXPR_CALL && !body.exprs[0]->n_with &&
             !body.exprs[0]->negated) {
        wp_expr *e = body.exprs[0];
        wp_term *t = wb_arena_calloc(a, sizeof *t);
        t->kind = WP_CALL;
        t->infix = e->infix;
        t->loc = e->loc;
        t->list.items = e->call.items;
        t->list.n = e->call.n;
        *out = t;
        return WB_OK;
    } else if (body.exprs[0]->kind != WP_EXPR_TERM || body.exprs[0]->n_with ||
               body.exprs[0]->negated)
        problem = "expected term";
    if (problem) {
        wp_report(diags, WP_PARSE_ERROR, &file, none, "%s", problem);
        return WB_INVALID;
    }
    *out = body.exprs[0]->term;
    return WB_OK;
}
