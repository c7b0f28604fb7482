/* The plan as text. */
#include "compiler/plan.h"

#include "value/json.h"

static const char *const names[WC_S_COUNT] = {
#define STMT(name, flags, doc) #name,
#include "compiler/plan.def"
#undef STMT
};

typedef struct printer {
    wb_buf *b;
    const wc_plan *plan;
    const wc_function *fn;
    const wc_block *open[1024]; /* blocks around, outermost first */
    unsigned depth;
} printer;

static void put_operand(printer *p, wc_operand o)
{
    if (o.kind == WC_LOCAL)
        wb_buf_putf(p->b, " %%%u", o.n);
    else if (o.kind == WC_CONST) {
        wb_buf_putc(p->b, ' ');
        wv_print(p->b, p->fn->consts[o.n]);
    }
}

static void put_block(printer *p, const wc_block *block);

static void put_replacement(printer *p, const wc_replacement *w)
{
    static const char *const what[] = {"input", "data", "function", "builtin"};
    wb_buf_putf(p->b, " {%s", what[w->what]);
    if (w->what == WC_REPLACE_INPUT || w->what == WC_REPLACE_DATA)
        put_operand(p, (wc_operand){WC_CONST, w->path});
    else
        wb_buf_putf(p->b, " #%u", w->id);
    wb_buf_puts(p->b, " as");
    if (w->value.kind)
        put_operand(p, w->value);
    else if (w->by_builtin)
        wb_buf_putf(p->b, " %s", w->by_builtin->name);
    else
        wb_buf_putf(p->b, " %.*s", WB_FMT(p->plan->funcs[w->by_func]->name));
    wb_buf_putc(p->b, '}');
}

static void put_stmt(printer *p, const wc_stmt *s)
{
    wb_buf_putf(p->b, "%*s%s", (int)(2 * p->depth), "", names[s->kind]);
    if (wc_sets_local(s) || s->kind == WC_S_Scan)
        wb_buf_putf(p->b, " %%%u", s->t);
    put_operand(p, s->a);
    put_operand(p, s->b);
    if (s->kind == WC_S_Call)
        wb_buf_putf(p->b, " %.*s", WB_FMT(p->plan->funcs[s->n]->name));
    else if (s->kind == WC_S_CallBuiltin)
        wb_buf_putf(p->b, " %s", s->builtin->name);
    else if (s->kind == WC_S_IsType || s->kind == WC_S_IsArray || s->kind == WC_S_IsObject ||
             s->kind == WC_S_DataRef || s->kind == WC_S_DataKeys)
        wb_buf_putf(p->b, " #%u", s->n);
    for (uint32_t i = 0; i < s->n_args; i++)
        put_operand(p, s->args[i]);
    if (s->optional)
        wb_buf_puts(p->b, " optional");
    for (uint32_t i = 0; i < s->n_with; i++)
        put_replacement(p, &s->with[i]);
    if (s->kind == WC_S_Break) {
        unsigned level = 0;
        for (unsigned i = p->depth; i-- > 0; level++)
            if (p->open[i] == s->block)
                break;
        wb_buf_putf(p->b, " %u", level);
    }
    if (s->loc.row)
        wb_buf_putf(p->b, "\t; %u:%u", s->loc.row, s->loc.col);
    wb_buf_putc(p->b, '\n');
    if (s->block && s->kind != WC_S_Break)
        put_block(p, s->block);
}

static void put_block(printer *p, const wc_block *block)
{
    if (p->depth >= 1024)
        return;
    p->open[p->depth++] = block;
    for (const wc_stmt *s = block->first; s; s = s->next)
        put_stmt(p, s);
    p->depth--;
}

void wc_plan_print(wb_buf *b, const wc_plan *plan)
{
    for (uint32_t i = 0; i < plan->n; i++) {
        printer p = {.b = b, .plan = plan, .fn = plan->funcs[i]};
        wc_notes_print(b, p.fn);
        wb_buf_putf(b, "func %.*s args=%u locals=%u\n", WB_FMT(p.fn->name), p.fn->n_args,
                    p.fn->n_locals);
        put_block(&p, p.fn->body);
    }
}
