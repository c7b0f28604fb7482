/* Nodes in the words of the template language. */
#include "stdlib/args.h"
#include "stdlib/template/tree.h"

static void put_names(wb_buf *b, const wt_node *n)
{
    for (uint32_t i = 0; i < n->n_names; i++) {
        wb_buf_putc(b, '.');
        wb_buf_put_str(b, n->names[i]);
    }
}

static void put_pipe(wb_buf *b, const wt_node *n)
{
    for (unsigned i = 0; i < n->n_decl; i++) {
        wb_buf_puts(b, i ? ", " : "");
        wt_put(b, n->decl[i]);
    }
    if (n->n_decl)
        wb_buf_puts(b, n->assigns ? " = " : " := ");
    for (const wt_node *c = n->first; c; c = c->next) {
        wb_buf_puts(b, c == n->first ? "" : " | ");
        wt_put(b, c);
    }
}

static void put_inner(wb_buf *b, const wt_node *n)
{
    bool pipe = n->kind == WT_PIPE;
    wb_buf_puts(b, pipe ? "(" : "");
    wt_put(b, n);
    wb_buf_puts(b, pipe ? ")" : "");
}

static void put_branch(wb_buf *b, const char *word, const wt_node *n)
{
    wb_buf_putf(b, "{{%s ", word);
    wt_put(b, n->pipe);
    wb_buf_puts(b, "}}");
    wt_put(b, n->list);
    if (n->otherwise) {
        wb_buf_puts(b, "{{else}}");
        wt_put(b, n->otherwise);
    }
    wb_buf_puts(b, "{{end}}");
}

void wt_put(wb_buf *b, const wt_node *n)
{
    switch ((wt_kind)n->kind) {
    case WT_LIST:
        for (const wt_node *m = n->first; m; m = m->next)
            wt_put(b, m);
        return;
    case WT_ACTION:
        wb_buf_puts(b, "{{");
        wt_put(b, n->pipe);
        wb_buf_puts(b, "}}");
        return;
    case WT_IF: put_branch(b, "if", n); return;
    case WT_RANGE: put_branch(b, "range", n); return;
    case WT_WITH: put_branch(b, "with", n); return;
    case WT_TEMPLATE:
        wb_buf_puts(b, "{{template ");
        ws_put_quoted(b, n->text);
        if (n->pipe) {
            wb_buf_putc(b, ' ');
            wt_put(b, n->pipe);
        }
        wb_buf_puts(b, "}}");
        return;
    case WT_PIPE: put_pipe(b, n); return;
    case WT_COMMAND:
        for (const wt_node *a = n->first; a; a = a->next) {
            wb_buf_puts(b, a == n->first ? "" : " ");
            put_inner(b, a);
        }
        return;
    case WT_VARIABLE:
        wb_buf_put_str(b, n->text);
        put_names(b, n);
        return;
    case WT_FIELD: put_names(b, n); return;
    case WT_CHAIN:
        put_inner(b, n->inner);
        put_names(b, n);
        return;
    case WT_BREAK:
    case WT_CONTINUE:
        wb_buf_puts(b, "{{");
        wb_buf_put_str(b, n->text);
        wb_buf_puts(b, "}}");
        return;
    default: wb_buf_put_str(b, n->text); return;
    }
}
