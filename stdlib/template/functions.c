/* Comparing, indexing, escaping, printing: the functions of text/template by its rules. */
#include "stdlib/template/functions.h"

#include "base/utf8.h"
#include "stdlib/args.h"
#include "value/json.h"

static bool no(wt_call *c, const char *why)
{
    c->why = why;
    return false;
}

static bool answer(wt_call *c, wt_value v)
{
    c->result = v;
    return true;
}

static bool answer_bool(wt_call *c, bool b)
{
    return answer(c, (wt_value){.kind = WT_V_BOOL, .truth = b});
}

/* The buffer's bytes as a text of the call's arena; the buffer is freed. */
static bool answer_text(wt_call *c, wb_buf *b)
{
    wb_str s = wb_buf_str(b);
    bool ok = !b->failed && ws_room(c->cx, s.n) && ws_spend(c->cx, s.n);
    if (b->failed)
        ws_fail_room(c->cx);
    if (ok)
        c->result = (wt_value){.kind = WT_V_TEXT, .text = wb_arena_str(c->cx->out, s)};
    wb_buf_free(b);
    return ok;
}

/* ---- comparing ---- */

typedef enum basic { NO_BASIC, BOOL, COMPLEX, INT, FLOAT, TEXT, UINT } basic;

static basic basic_of(const wt_value *v)
{
    switch ((wt_value_kind)v->kind) {
    case WT_V_BOOL: return BOOL;
    case WT_V_INT: return INT;
    case WT_V_BYTE: return UINT;
    case WT_V_FLOAT: return FLOAT;
    case WT_V_COMPLEX: return COMPLEX;
    case WT_V_TEXT:
    case WT_V_NUMBER: return TEXT;
    default: return NO_BASIC;
    }
}

static bool incompatible(wt_call *c, const wt_value *x, const wt_value *y)
{
    return no(c, wb_arena_printf(c->cx->out, "incompatible types for comparison: %s and %s",
                                 wt_inner_type(x), wt_inner_type(y)));
}

static bool not_comparable(wt_call *c, const char *format, const ws_go_arg *args, size_t n)
{
    wb_buf b;
    ws_text_begin(c->cx, &b);
    ws_go_printf(c->cx, &b, wb_str_of(format), args, n);
    bool ok = answer_text(c, &b);
    return ok ? no(c, wb_arena_printf(c->cx->out, "%.*s", WB_FMT(c->result.text))) : false;
}

static ws_go_arg type_arg(const wt_value *v)
{
    return (ws_go_arg){.kind = WS_GO_TEXT, .type = "string", .text = wb_str_of(wt_inner_type(v))};
}

/* Two values of which neither is basic. */
static bool same_others(wt_call *c, const wt_value *x, const wt_value *y, bool *same)
{
    if (x->kind == WT_V_NONE || y->kind == WT_V_NONE) {
        *same = x->kind == y->kind;
        return true;
    }
    if (x->kind != y->kind) {
        const ws_go_arg args[] = {wt_go_arg(x), type_arg(x), type_arg(y), wt_go_arg(y)};
        return not_comparable(c, "non-comparable types %s: %v, %s: %v", args, 4);
    }
    const ws_go_arg args[] = {wt_go_arg(y), type_arg(y)};
    return not_comparable(c, "non-comparable type %s: %v", args, 2);
}

static bool equal(wt_call *c, const wt_value *x, const wt_value *y, bool *same)
{
    basic a = basic_of(x), b = basic_of(y);
    *same = false;
    if ((a == INT && b == UINT) || (a == UINT && b == INT)) {
        *same = x->i == y->i;
        return true;
    }
    if (a != b) {
        if (x->kind != WT_V_NONE && y->kind != WT_V_NONE)
            return incompatible(c, x, y);
        return true;
    }
    switch (a) {
    case BOOL: *same = x->truth == y->truth; return true;
    case INT:
    case UINT: *same = x->i == y->i; return true;
    case FLOAT: *same = x->d == y->d; return true;
    case COMPLEX: *same = x->d == y->d && x->im == y->im; return true;
    case TEXT: *same = wb_str_eq(x->text, y->text); return true;
    case NO_BASIC: break;
    }
    return same_others(c, x, y, same);
}

static bool fn_eq(wt_call *c)
{
    wt_value x = wt_unboxed(c->args[0]);
    bool same = false;
    if (c->n < 2)
        return no(c, "missing argument for comparison");
    for (size_t i = 1; i < c->n && !same; i++) {
        wt_value y = wt_unboxed(c->args[i]);
        if (!equal(c, &x, &y, &same))
            return false;
    }
    return answer_bool(c, same);
}

static bool fn_ne(wt_call *c)
{
    return fn_eq(c) && answer_bool(c, !c->result.truth);
}

static bool fn_lt(wt_call *c)
{
    wt_value x = wt_unboxed(c->args[0]), y = wt_unboxed(c->args[1]);
    basic a = basic_of(&x), b = basic_of(&y);
    if (!a || !b || (a == b && (a == BOOL || a == COMPLEX)))
        return no(c, "invalid type for comparison");
    if ((a == INT || a == UINT) && (b == INT || b == UINT))
        return answer_bool(c, x.i < y.i);
    if (a != b)
        return incompatible(c, &x, &y);
    return answer_bool(c, a == FLOAT ? x.d < y.d : wb_str_cmp(x.text, y.text) < 0);
}

static bool fn_le(wt_call *c)
{
    return fn_lt(c) && (c->result.truth || fn_eq(c));
}

static bool fn_gt(wt_call *c)
{
    return fn_le(c) && answer_bool(c, !c->result.truth);
}

static bool fn_ge(wt_call *c)
{
    return fn_lt(c) && answer_bool(c, !c->result.truth);
}

static bool fn_not(wt_call *c)
{
    return answer_bool(c, !wt_truth(&c->args[0]));
}

/* ---- parts ---- */

static bool offset(wt_call *c, wt_value v, size_t most, size_t *out)
{
    wb_arena *a = c->cx->out;
    if (v.kind == WT_V_NONE)
        return no(c, "cannot index slice/array with nil");
    if (v.boxed || (v.kind != WT_V_INT && v.kind != WT_V_BYTE))
        return no(c, wb_arena_printf(a, "cannot index slice/array with type %s", wt_type(&v)));
    if (v.i < 0 || (uint64_t)v.i > most)
        return no(c, wb_arena_printf(a, "index out of range: %lld", (long long)v.i));
    *out = (size_t)v.i;
    return true;
}

static bool index_one(wt_call *c, wt_value *item, const wt_value *key)
{
    size_t i;
    if (wt_is_text(item)) {
        if (!offset(c, wt_unboxed(*key), item->text.n, &i))
            return false;
        if (i == item->text.n)
            return no(c, "reflect: string index out of range");
        *item = (wt_value){.kind = WT_V_BYTE, .i = (unsigned char)item->text.p[i]};
        return true;
    }
    if (item->kind == WT_V_LIST) {
        if (!offset(c, wt_unboxed(*key), item->n, &i))
            return false;
        if (i == item->n)
            return no(c, "reflect: slice index out of range");
        *item = wt_of(c->cx, &item->items[i]);
        return true;
    }
    if (item->kind != WT_V_MAP)
        return no(c,
                  wb_arena_printf(c->cx->out, "can't index item of type %s", wt_inner_type(item)));
    wt_value k = wt_unboxed(*key);
    if (k.kind == WT_V_NONE)
        return no(c, "value is nil; should be of type string");
    if (k.kind != WT_V_TEXT)
        return no(c,
                  wb_arena_printf(c->cx->out, "value has type %s; should be string", wt_type(&k)));
    int64_t at = wv_table_find(item->map, wv_string_new(c->cx->out, k.text));
    static const wv nothing = WV_NULL;
    *item = wt_of(c->cx, at < 0 ? &nothing : wv_value_ref(item->map, NULL, (uint32_t)at));
    return true;
}

static bool fn_index(wt_call *c)
{
    wt_value item = wt_unboxed(c->args[0]);
    if (item.kind == WT_V_NONE)
        return no(c, "index of untyped nil");
    for (size_t i = 1; i < c->n; i++) {
        if (item.kind == WT_V_NULL)
            return no(c, "index of nil pointer");
        if (!index_one(c, &item, &c->args[i]))
            return false;
    }
    return answer(c, item);
}

static bool cut_backwards(wt_call *c, size_t from, size_t to)
{
    return no(c, wb_arena_printf(c->cx->out, "invalid slice index: %zu > %zu", from, to));
}

static bool fn_slice(wt_call *c)
{
    wt_value item = wt_unboxed(c->args[0]);
    bool text = wt_is_text(&item);
    if (item.kind == WT_V_NONE)
        return no(c, "slice of untyped nil");
    if (c->n > 4)
        return no(c, wb_arena_printf(c->cx->out, "too many slice indexes: %zu", c->n - 1));
    if (text && c->n == 4)
        return no(c, "cannot 3-index slice a string");
    if (!text && item.kind != WT_V_LIST)
        return no(c, wb_arena_printf(c->cx->out, "can't slice item of type %s", wt_type(&item)));
    size_t at[3] = {0, text ? item.text.n : item.n, item.room};
    for (size_t i = 1; i < c->n; i++)
        if (!offset(c, c->args[i], text ? item.text.n : item.room, &at[i - 1]))
            return false;
    if (at[0] > at[1])
        return cut_backwards(c, at[0], at[1]);
    if (c->n == 4 && at[1] > at[2])
        return cut_backwards(c, at[1], at[2]);
    if (text) {
        item.text = wb_str_n(item.text.p + at[0], at[1] - at[0]);
        return answer(c, item);
    }
    if (at[1] > item.n) {
        /* Go shows what lies behind the list in its room: nulls. */
        if (!ws_room(c->cx, at[1] * sizeof(wv)))
            return false;
        wv *more = wb_arena_alloc(c->cx->out, at[1] * sizeof *more);
        for (size_t i = 0; i < at[1]; i++)
            more[i] = i < item.n ? item.items[i] : WV_NULL;
        item.items = more;
    }
    item.items += at[0];
    item.n = at[1] - at[0];
    item.room = at[2] - at[0];
    return answer(c, item);
}

static bool fn_len(wt_call *c)
{
    const wt_value *v = &c->args[0];
    wt_value size = {.kind = WT_V_INT};
    switch ((wt_value_kind)v->kind) {
    case WT_V_NULL: return no(c, "len of nil pointer");
    case WT_V_NONE: return no(c, "reflect: call of reflect.Value.Type on zero Value");
    case WT_V_TEXT:
    case WT_V_NUMBER: size.i = (int64_t)v->text.n; break;
    case WT_V_LIST: size.i = (int64_t)v->n; break;
    case WT_V_MAP: size.i = wv_len(v->map); break;
    default: return no(c, wb_arena_printf(c->cx->out, "len of type %s", wt_inner_type(v)));
    }
    return answer(c, size);
}

/* Nothing that JSON brings can be called. */
static bool fn_call(wt_call *c)
{
    wt_value f = wt_unboxed(c->args[0]);
    if (f.kind == WT_V_NONE)
        return no(c, "call of nil");
    return no(c, wb_arena_printf(c->cx->out, "non-function %.*s of type %s", WB_FMT(c->callee),
                                 wt_type(&f)));
}

/* ---- printing ---- */

/* The arguments from number `from` on, in the call's arena; NULL: the budget is gone. */
static ws_go_arg *go_args(wt_call *c, size_t from)
{
    size_t n = c->n - from;
    if (!ws_room(c->cx, (n + 1) * sizeof(ws_go_arg)))
        return NULL;
    ws_go_arg *args = wb_arena_alloc(c->cx->out, (n + 1) * sizeof *args);
    for (size_t i = 0; i < n; i++)
        args[i] = wt_go_arg(&c->args[from + i]);
    return args;
}

static bool print(wt_call *c, bool line)
{
    ws_go_arg *args = go_args(c, 0);
    wb_buf b;
    if (!args)
        return false;
    ws_text_begin(c->cx, &b);
    ws_go_print(c->cx, &b, line, args, c->n);
    return answer_text(c, &b);
}

static bool fn_print(wt_call *c)
{
    return print(c, false);
}

static bool fn_println(wt_call *c)
{
    return print(c, true);
}

static bool fn_printf(wt_call *c)
{
    ws_go_arg *args = go_args(c, 1);
    wb_buf b;
    if (!args)
        return false;
    ws_text_begin(c->cx, &b);
    ws_go_printf(c->cx, &b, c->args[0].text, args, c->n - 1);
    return answer_text(c, &b);
}

/* The text of all arguments, and a buffer for what becomes of it. False: failed. */
static bool escaping(wt_call *c, wb_buf *plain, wb_buf *b)
{
    ws_go_arg *args = go_args(c, 0);
    if (!args)
        return false;
    for (size_t i = 0; i < c->n; i++)
        if (args[i].kind == WS_GO_NIL)
            args[i] =
                (ws_go_arg){.kind = WS_GO_TEXT, .type = "string", .text = WB_LIT("<no value>")};
    ws_text_begin(c->cx, plain);
    ws_text_begin(c->cx, b);
    ws_go_print(c->cx, plain, false, args, c->n);
    b->failed |= plain->failed;
    return true;
}

static bool fn_html(wt_call *c)
{
    wb_buf plain, b;
    if (!escaping(c, &plain, &b))
        return false;
    for (size_t i = 0; i < plain.n; i++) {
        char ch = plain.p[i];
        const char *as = ch == '"'    ? "&#34;"
                         : ch == '\'' ? "&#39;"
                         : ch == '&'  ? "&amp;"
                         : ch == '<'  ? "&lt;"
                         : ch == '>'  ? "&gt;"
                         : ch == 0    ? "\357\277\275"
                                      : NULL;
        if (as)
            wb_buf_puts(&b, as);
        else
            wb_buf_putc(&b, ch);
    }
    wb_buf_free(&plain);
    return answer_text(c, &b);
}

static bool fn_js(wt_call *c)
{
    wb_buf plain, b;
    if (!escaping(c, &plain, &b))
        return false;
    for (size_t i = 0, used; i < plain.n; i += used) {
        uint32_t ch = wb_utf8_get(plain.p + i, plain.n - i, &used);
        if (ch == '\\' || ch == '\'' || ch == '"')
            wb_buf_putf(&b, "\\%c", (int)ch);
        else if (ch < ' ' || (ch < 0x80 && strchr("<>&=", (int)ch)) ||
                 (ch >= 0x80 && !wv_printable(ch)))
            wb_buf_putf(&b, "\\u%04X", ch);
        else
            wb_buf_put(&b, plain.p + i, used);
    }
    wb_buf_free(&plain);
    return answer_text(c, &b);
}

static bool plain_in_url(char ch)
{
    return (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z') || ch == '-' ||
           ch == '_' || ch == '.' || ch == '~';
}

static bool fn_urlquery(wt_call *c)
{
    wb_buf plain, b;
    if (!escaping(c, &plain, &b))
        return false;
    for (size_t i = 0; i < plain.n; i++) {
        char ch = plain.p[i];
        if (ch == ' ' || plain_in_url(ch))
            wb_buf_putc(&b, ch == ' ' ? '+' : ch);
        else
            wb_buf_putf(&b, "%%%02X", (unsigned char)ch);
    }
    wb_buf_free(&plain);
    return answer_text(c, &b);
}

static const wt_function_row rows[] = {
    {"and", 1, true, WT_PARAM_VALUE, WT_PARAM_VALUE, NULL},
    {"call", 1, true, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_call},
    {"eq", 1, true, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_eq},
    {"ge", 2, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_ge},
    {"gt", 2, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_gt},
    {"html", 0, true, WT_PARAM_ANY, WT_PARAM_ANY, fn_html},
    {"index", 1, true, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_index},
    {"js", 0, true, WT_PARAM_ANY, WT_PARAM_ANY, fn_js},
    {"le", 2, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_le},
    {"len", 1, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_len},
    {"lt", 2, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_lt},
    {"ne", 2, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_ne},
    {"not", 1, false, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_not},
    {"or", 1, true, WT_PARAM_VALUE, WT_PARAM_VALUE, NULL},
    {"print", 0, true, WT_PARAM_ANY, WT_PARAM_ANY, fn_print},
    {"printf", 1, true, WT_PARAM_TEXT, WT_PARAM_ANY, fn_printf},
    {"println", 0, true, WT_PARAM_ANY, WT_PARAM_ANY, fn_println},
    {"slice", 1, true, WT_PARAM_VALUE, WT_PARAM_VALUE, fn_slice},
    {"urlquery", 0, true, WT_PARAM_ANY, WT_PARAM_ANY, fn_urlquery},
};

const wt_function_row *wt_function(wb_str name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (wb_str_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}
