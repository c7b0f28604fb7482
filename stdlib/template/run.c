/* Walks a tree: blocks, pipelines, calls. What a failure shows is the node looked at last. */
#include "stdlib/template/run.h"

#include "stdlib/args.h"
#include "stdlib/template/functions.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ARGS_HERE 6 /* arguments of a call that need no memory */

typedef struct variable {
    wb_str name;
    wt_value value;
} variable;

typedef struct run {
    ws_ctx *cx;
    const wt_tree *tree;
    wb_str name; /* the template that runs */
    const wt_node *node;
    wb_buf *out;
    variable *vars;
    size_t n_vars, room, base; /* those below base belong to the callers */
    unsigned depth;
} run;

typedef enum flow { GOING, BREAKING, CONTINUING, FAILED } flow;

static const wt_value missing = {.kind = WT_V_MISSING};
static const wt_value no_value = {.kind = WT_V_NONE};

/* ---- failing ---- */

static bool fail(run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(run *r, const char *format, ...)
{
    if (r->cx->error != WS_ERR_NONE)
        return false;
    wb_str text = wt_text(r->tree);
    size_t line = 1, start = 0, at = r->node->at;
    for (size_t i = 0; i < at; i++)
        if (text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    wb_buf b;
    ws_text_begin(r->cx, &b);
    wb_buf_putf(&b, "template:%zu:%zu: executing ", line, at - start);
    ws_put_quoted(&b, r->name);
    wb_buf_puts(&b, " at <");
    wt_put(&b, r->node);
    wb_buf_puts(&b, ">: ");
    va_list ap;
    va_start(ap, format);
    char *words = NULL;
    int n = vasprintf(&words, format, ap);
    va_end(ap);
    if (n < 0)
        wb_fatal("out of memory");
    wb_buf_put(&b, words, (size_t)n);
    free(words);
    ws_fail_tail(r->cx, "template: ", wb_buf_str(&b));
    wb_buf_free(&b);
    return false;
}

/* Words of a node, to be shown in an error. */
static const char *words_of(run *r, const wt_node *n)
{
    wb_buf b;
    ws_text_begin(r->cx, &b);
    wt_put(&b, n);
    const char *z = wb_arena_printf(r->cx->out, "%.*s", WB_FMT(wb_buf_str(&b)));
    wb_buf_free(&b);
    return z;
}

static bool deeper(run *r)
{
    if (++r->depth > WT_RUN_DEPTH_MAX)
        ws_fail_kind(r->cx, WS_ERR_BUDGET, "template is nested too deep");
    return r->depth <= WT_RUN_DEPTH_MAX;
}

/* ---- variables ---- */

static void push(run *r, wb_str name, wt_value v)
{
    if (r->n_vars == r->room) {
        r->room = r->room ? 2 * r->room : 16;
        r->vars = wb_realloc(r->vars, r->room * sizeof *r->vars);
    }
    r->vars[r->n_vars++] = (variable){name, v};
}

static variable *find(run *r, wb_str name)
{
    for (size_t i = r->n_vars; i > r->base; i--)
        if (wb_str_eq(r->vars[i - 1].name, name))
            return &r->vars[i - 1];
    fail(r, "undefined variable: %.*s", WB_FMT(name));
    return NULL;
}

static bool assign(run *r, wb_str name, wt_value v)
{
    variable *known = find(r, name);
    if (known)
        known->value = v;
    return known;
}

/* ---- operands ---- */

/* What a command is given: itself, and the value that comes through the pipe. */
typedef struct given {
    const wt_node *args; /* the first, which is not an argument; or NULL */
    wt_value last;
} given;

static bool has_arguments(const given *g)
{
    return (g->args && g->args->next) || g->last.kind != WT_V_MISSING;
}

static bool eval_pipeline(run *r, const wt_value *dot, const wt_node *pipe, wt_value *out);
static bool eval_call(run *r, const wt_value *dot, const wt_node *function, const wt_node *shown,
                      const given *g, wt_value *out);

static bool eval_field(run *r, wb_str name, const given *g, wt_value of, wt_value *out)
{
    *out = no_value;
    if (of.kind == WT_V_NONE)
        return true;
    if (of.kind == WT_V_NULL)
        return fail(r, "nil pointer evaluating interface {}.%.*s", WB_FMT(name));
    if (of.kind != WT_V_MAP)
        return fail(r, "can't evaluate field %.*s in type %s", WB_FMT(name), wt_type(&of));
    if (g && has_arguments(g))
        return fail(r, "%.*s is not a method but has arguments", WB_FMT(name));
    wv key = name.n <= WV_SHORT_MAX ? wv_short(name.p, name.n) : wv_string_new(r->cx->out, name);
    int64_t at = wv_table_find(of.map, key);
    if (at >= 0)
        *out = wt_of(r->cx, wv_value_ref(of.map, NULL, (uint32_t)at));
    return true;
}

static bool eval_fields(run *r, const wt_node *n, wt_value of, const given *g, wt_value *out)
{
    *out = of;
    for (uint32_t i = 0; i < n->n_names; i++)
        if (!eval_field(r, n->names[i], i + 1 == n->n_names ? g : NULL, *out, out))
            return false;
    return true;
}

static bool no_function(run *r, const wt_node *first, const given *g)
{
    if (!has_arguments(g))
        return true;
    return fail(r, "can't give argument to non-function %s", words_of(r, first));
}

static wt_value constant(const wt_node *n)
{
    switch ((wt_kind)n->kind) {
    case WT_BOOL: return (wt_value){.kind = WT_V_BOOL, .truth = n->truth};
    case WT_STRING: return (wt_value){.kind = WT_V_TEXT, .text = n->string};
    default: break;
    }
    if (n->number == WT_INT)
        return (wt_value){.kind = WT_V_INT, .i = n->i};
    return (wt_value){.kind = n->number == WT_FLOAT ? WT_V_FLOAT : WT_V_COMPLEX,
                      .d = n->d,
                      .im = n->number == WT_FLOAT ? 0 : n->imaginary};
}

static bool eval_constant(run *r, const wt_node *n, wt_value *out)
{
    r->node = n;
    if (n->kind == WT_NUMBER && n->number == WT_OVERFLOW)
        return fail(r, "%.*s overflows int", WB_FMT(n->text));
    *out = constant(n);
    return true;
}

static bool eval_inner(run *r, const wt_value *dot, const wt_node *n, wt_value *out)
{
    const given nothing = {NULL, missing};
    r->node = n;
    if (n->kind == WT_PIPE)
        return eval_pipeline(r, dot, n, out);
    return eval_call(r, dot, n, n, &nothing, out);
}

/* Fields, variables, chains: the same in commands and in arguments. */
static bool eval_path(run *r, const wt_value *dot, const wt_node *n, const given *g, wt_value *out)
{
    r->node = n;
    if (n->kind == WT_FIELD)
        return eval_fields(r, n, *dot, g, out);
    if (n->kind == WT_CHAIN) {
        wt_value of;
        return eval_inner(r, dot, n->inner, &of) && eval_fields(r, n, of, g, out);
    }
    variable *v = find(r, n->text);
    if (!v)
        return false;
    *out = v->value;
    return n->n_names ? eval_fields(r, n, v->value, g, out) : no_function(r, n, g);
}

static bool eval_command(run *r, const wt_value *dot, const wt_node *c, wt_value last,
                         wt_value *out)
{
    const wt_node *first = c->first;
    const given g = {first, last};
    switch ((wt_kind)first->kind) {
    case WT_FIELD:
    case WT_CHAIN:
    case WT_VARIABLE: return eval_path(r, dot, first, &g, out);
    case WT_IDENTIFIER: return eval_call(r, dot, first, c, &g, out);
    case WT_PIPE: return no_function(r, first, &g) && eval_pipeline(r, dot, first, out);
    default: break;
    }
    r->node = first;
    if (!no_function(r, first, &g))
        return false;
    if (first->kind == WT_NIL)
        return fail(r, "nil is not a command");
    if (first->kind != WT_DOT)
        return eval_constant(r, first, out);
    *out = *dot;
    return true;
}

static bool eval_pipeline(run *r, const wt_value *dot, const wt_node *pipe, wt_value *out)
{
    *out = no_value;
    if (!pipe)
        return true;
    r->node = pipe;
    wt_value v = missing;
    bool ok = deeper(r);
    for (const wt_node *c = pipe->first; ok && c; c = c->next) {
        ok = eval_command(r, dot, c, v, &v);
        v = wt_unboxed(v);
    }
    for (unsigned i = 0; ok && i < pipe->n_decl; i++) {
        if (pipe->assigns)
            ok = assign(r, pipe->decl[i]->text, v);
        else
            push(r, pipe->decl[i]->text, v);
    }
    r->depth--;
    *out = v;
    return ok;
}

/* ---- calls ---- */

static bool fit(run *r, wt_param want, wt_value *v)
{
    if (want == WT_PARAM_ANY && v->kind == WT_V_NONE)
        *v = (wt_value){.kind = WT_V_NULL, .boxed = true};
    if (want != WT_PARAM_TEXT)
        return true;
    if (v->kind == WT_V_NONE)
        return fail(r, "invalid value; expected string");
    if (v->kind != WT_V_TEXT)
        return fail(r, "wrong type for value; expected string; got %s", wt_inner_type(v));
    v->boxed = false;
    return true;
}

static bool eval_argument(run *r, const wt_value *dot, const wt_node *n, wt_param want,
                          wt_value *out)
{
    const given nothing = {NULL, missing};
    r->node = n;
    switch ((wt_kind)n->kind) {
    case WT_DOT: *out = *dot; return fit(r, want, out);
    case WT_NIL:
        if (want == WT_PARAM_TEXT)
            return fail(r, "cannot assign nil to string");
        *out = no_value;
        return fit(r, want, out);
    case WT_FIELD:
    case WT_CHAIN:
    case WT_VARIABLE: return eval_path(r, dot, n, &nothing, out) && fit(r, want, out);
    case WT_PIPE:
    case WT_IDENTIFIER: return eval_inner(r, dot, n, out) && fit(r, want, out);
    default: break;
    }
    if (want == WT_PARAM_TEXT && n->kind != WT_STRING)
        return fail(r, "expected string; found %s", words_of(r, n));
    return eval_constant(r, n, out);
}

/* "and" and "or": up to what decides them. */
static bool eval_choice(run *r, const wt_value *dot, const wt_node *arg, bool until,
                        const wt_value *last, wt_value *out)
{
    for (; arg; arg = arg->next) {
        if (!eval_argument(r, dot, arg, WT_PARAM_VALUE, out))
            return false;
        if (wt_truth(out) == until)
            return true;
    }
    if (last->kind != WT_V_MISSING)
        *out = *last;
    return true;
}

static bool count_fits(run *r, const wt_function_row *row, size_t written, size_t n)
{
    if (row->open && n < row->fixed)
        return fail(r, "wrong number of args for %s: want at least %u got %zu", row->name,
                    row->fixed, written);
    if (!row->open && n != row->fixed)
        return fail(r, "wrong number of args for %s: want %u got %zu", row->name, row->fixed, n);
    return true;
}

/* What "call" calls, as Go names a value: a text by itself. */
static wb_str callee(run *r, const wt_node *arg, const wt_value *last)
{
    if (arg)
        return wb_str_of(words_of(r, arg));
    if (wt_is_text(last))
        return last->text;
    return wb_str_of(wb_arena_printf(r->cx->out, "<%s Value>", wt_type(last)));
}

static bool eval_call(run *r, const wt_value *dot, const wt_node *function, const wt_node *shown,
                      const given *g, wt_value *out)
{
    const wt_function_row *row = wt_function(function->text);
    const wt_node *first = g->args ? g->args->next : NULL;
    bool piped = g->last.kind != WT_V_MISSING;
    size_t written = 0, i = 0;
    r->node = function;
    for (const wt_node *a = first; a; a = a->next)
        written++;
    if (!count_fits(r, row, written, written + piped) || !deeper(r))
        return false;
    if (!row->fn) {
        bool ok = eval_choice(r, dot, first, row->name[0] == 'o', &g->last, out);
        r->depth--;
        return ok;
    }
    size_t n = written + piped;
    wt_value few[ARGS_HERE], *args = few;
    if (n > ARGS_HERE) {
        if (!ws_room(r->cx, n * sizeof *args))
            return false;
        args = wb_arena_alloc(r->cx->out, n * sizeof *args);
    }
    for (const wt_node *a = first; a; a = a->next, i++)
        if (!eval_argument(r, dot, a, i ? row->others : row->first, &args[i]))
            return false;
    if (piped) {
        args[i] = g->last;
        if (!fit(r, i ? row->others : row->first, &args[i]))
            return false;
    }
    wt_call c = {.cx = r->cx, .name = row->name, .args = args, .n = n};
    if (strcmp(row->name, "call") == 0)
        c.callee = callee(r, first, &g->last);
    r->depth--;
    if (row->fn(&c)) {
        *out = c.result;
        return true;
    }
    r->node = shown;
    return c.why ? fail(r, "error calling %s: %s", row->name, c.why) : false;
}

/* ---- blocks ---- */

static flow walk(run *r, const wt_value *dot, const wt_node *n);

static flow walk_list(run *r, const wt_value *dot, const wt_node *list)
{
    flow how = GOING;
    if (!deeper(r))
        return FAILED;
    for (const wt_node *n = list->first; n && how == GOING; n = n->next)
        how = walk(r, dot, n);
    r->depth--;
    return how;
}

static flow walk_branch(run *r, const wt_value *dot, const wt_node *n)
{
    size_t vars = r->n_vars;
    wt_value v;
    flow how = GOING;
    if (!eval_pipeline(r, dot, n->pipe, &v))
        return FAILED;
    if (wt_truth(&v))
        how = walk_list(r, n->kind == WT_WITH ? &v : dot, n->list);
    else if (n->otherwise)
        how = walk_list(r, dot, n->otherwise);
    r->n_vars = vars;
    return how;
}

static flow once(run *r, const wt_node *n, const wt_value *key, const wt_value *item)
{
    const wt_node *pipe = n->pipe;
    if (!ws_charge(r->cx, 1))
        return FAILED;
    if (pipe->assigns && pipe->n_decl) {
        if (!assign(r, pipe->decl[0]->text, pipe->n_decl > 1 ? *key : *item) ||
            (pipe->n_decl > 1 && !assign(r, pipe->decl[1]->text, *item)))
            return FAILED;
    } else if (pipe->n_decl) {
        r->vars[r->n_vars - 1].value = *item;
        if (pipe->n_decl > 1)
            r->vars[r->n_vars - 2].value = *key;
    }
    size_t vars = r->n_vars;
    flow how = walk_list(r, item, n->list);
    r->n_vars = vars;
    return how == CONTINUING ? GOING : how;
}

/* Over what can be gone through; *any tells whether there was something. */
static flow each(run *r, const wt_node *n, const wt_value *v, bool *any)
{
    wt_value key = no_value, item;
    flow how = GOING;
    const uint32_t *order = v->kind == WT_V_MAP ? wv_table_order(v->map) : NULL;
    int64_t count = v->kind == WT_V_MAP    ? wv_len(v->map)
                    : v->kind == WT_V_LIST ? (int64_t)v->n
                                           : v->i;
    *any = count > 0;
    for (int64_t i = 0; i < count && how == GOING; i++) {
        if (v->kind == WT_V_MAP) {
            key = wt_unboxed(wt_of(r->cx, wv_key_ref(v->map, order, (uint32_t)i)));
            item = wt_of(r->cx, wv_value_ref(v->map, order, (uint32_t)i));
        } else if (v->kind == WT_V_LIST) {
            key = (wt_value){.kind = WT_V_INT, .i = i};
            item = wt_of(r->cx, &v->items[i]);
        } else {
            item = (wt_value){.kind = v->kind, .i = i};
        }
        how = once(r, n, &key, &item);
    }
    return how;
}

static bool cannot_range(run *r, const char *front, const wt_value *v, const char *back)
{
    const ws_go_arg a = wt_go_arg(v);
    wb_buf b;
    ws_text_begin(r->cx, &b);
    ws_go_print(r->cx, &b, false, &a, 1);
    fail(r, "%s%.*s%s", front, WB_FMT(wb_buf_str(&b)), back);
    wb_buf_free(&b);
    return false;
}

static flow walk_range(run *r, const wt_value *dot, const wt_node *n)
{
    size_t vars = r->n_vars;
    wt_value v;
    bool any = false;
    flow how = GOING;
    r->node = n;
    if (!eval_pipeline(r, dot, n->pipe, &v))
        return FAILED;
    switch ((wt_value_kind)v.kind) {
    case WT_V_INT:
    case WT_V_BYTE:
        if (n->pipe->n_decl > 1) {
            cannot_range(r, "can't use ", &v, " to iterate over more than one variable");
            return FAILED;
        }
        how = each(r, n, &v, &any);
        break;
    case WT_V_LIST:
    case WT_V_MAP: how = each(r, n, &v, &any); break;
    case WT_V_NONE: break;
    default: cannot_range(r, "range can't iterate over ", &v, ""); return FAILED;
    }
    if (how == GOING && !any && n->otherwise)
        how = walk_list(r, dot, n->otherwise);
    else if (how == BREAKING)
        how = GOING;
    r->n_vars = vars;
    return how;
}

static flow walk_template(run *r, const wt_value *dot, const wt_node *n)
{
    const wt_node *body = wt_find(r->tree, n->text);
    wt_value v;
    r->node = n;
    if (!body) {
        wb_buf b;
        ws_text_begin(r->cx, &b);
        ws_put_quoted(&b, n->text);
        fail(r, "template %.*s not defined", WB_FMT(wb_buf_str(&b)));
        wb_buf_free(&b);
        return FAILED;
    }
    if (!deeper(r) || !eval_pipeline(r, dot, n->pipe, &v) || !ws_charge(r->cx, 1))
        return FAILED;
    size_t vars = r->n_vars, base = r->base;
    wb_str name = r->name;
    const wt_node *node = r->node;
    r->base = vars;
    r->name = n->text;
    push(r, WB_LIT("$"), v);
    flow how = walk_list(r, &v, body);
    if (how == FAILED)
        return how;
    r->n_vars = vars;
    r->base = base;
    r->name = name;
    r->node = node;
    r->depth--;
    return GOING;
}

static flow put_value(run *r, const wt_value *dot, const wt_node *n)
{
    wt_value v;
    if (!eval_pipeline(r, dot, n->pipe, &v))
        return FAILED;
    if (n->pipe->n_decl)
        return GOING;
    r->node = n;
    if (v.kind == WT_V_NONE) {
        wb_buf_puts(r->out, "<no value>");
    } else {
        const ws_go_arg a = wt_go_arg(&v);
        ws_go_print(r->cx, r->out, false, &a, 1);
    }
    return GOING;
}

static flow walk(run *r, const wt_value *dot, const wt_node *n)
{
    flow how = GOING;
    size_t before = r->out->n;
    r->node = n;
    switch ((wt_kind)n->kind) {
    case WT_TEXT: wb_buf_put_str(r->out, n->text); break;
    case WT_ACTION: how = put_value(r, dot, n); break;
    case WT_IF:
    case WT_WITH: return walk_branch(r, dot, n);
    case WT_RANGE: return walk_range(r, dot, n);
    case WT_TEMPLATE: return walk_template(r, dot, n);
    case WT_BREAK: return BREAKING;
    case WT_CONTINUE: return CONTINUING;
    default: break;
    }
    if (r->out->failed) {
        ws_fail_room(r->cx);
        return FAILED;
    }
    return how == GOING && !ws_spend(r->cx, r->out->n - before) ? FAILED : how;
}

bool wt_run(ws_ctx *cx, const wt_tree *t, const wv *variables, wb_buf *out)
{
    run r = {.cx = cx, .tree = t, .name = WB_LIT("template"), .out = out};
    wt_value dot = wt_unboxed(wt_of(cx, variables));
    const wt_node *body = wt_find(t, r.name);
    push(&r, WB_LIT("$"), dot);
    r.node = body;
    flow how = walk_list(&r, &dot, body);
    free(r.vars);
    return how != FAILED && cx->error == WS_ERR_NONE;
}
