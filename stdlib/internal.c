/* What the compiler calls under the hood, what the engine answers, and tracing. Functions without a
 * result answer true. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "value/json.h"

static bool has_value(wv collection, wv value)
{
    for (uint32_t i = 0; i < wv_len(collection); i++)
        if (wv_equal(wv_child_at(collection, i), value))
            return true;
    return false;
}

static wv fn_member_2(ws_ctx *cx, const wv *args, unsigned n)
{
    if (wv_is_set(args[1]))
        return wv_bool(wv_set_has(args[1], args[0]));
    if (!wv_is_collection(args[1]))
        return WV_FALSE;
    WS_SPEND(cx, wv_len(args[1]) * sizeof(wv));
    return wv_bool(has_value(args[1], args[0]));
}

static wv fn_member_3(ws_ctx *cx, const wv *args, unsigned n)
{
    if (wv_is_set(args[2]))
        return wv_bool(wv_set_has(args[2], args[0]) && wv_equal(args[0], args[1]));
    if (!wv_is_collection(args[2]))
        return WV_FALSE;
    WS_SPEND(cx, ws_weight(args[0], SIZE_MAX) + ws_weight(args[1], SIZE_MAX));
    wv v = wv_index(args[2], args[0]);
    return wv_bool(wv_defined(v) && wv_equal(v, args[1]));
}

static void put_plain(wb_buf *b, wv v)
{
    if (wv_is_string(v))
        wb_buf_put_str(b, wv_str(&v));
    else
        wv_print(b, v);
}

/* One line per combination of what the operands (sets of values, or values) may be. */
static bool print_lines(ws_ctx *cx, wb_buf *b, const wv *operands, size_t n, const char *between,
                        unsigned *lines)
{
    if (n == 0) {
        if (!ws_charge(cx, 1 + b->n / 64))
            return false;
        if (cx->print && *between)
            cx->print(cx->print_arg, wb_buf_str(b));
        ++*lines;
        return true;
    }
    const wv *items = operands;
    size_t count = 1;
    if (wv_is_array(*operands) || wv_is_object(*operands)) {
        ws_fail_kind(cx, WS_ERR_INTERNAL, "illegal argument type: %s", wv_type_name(*operands));
        return false;
    }
    if (wv_is_set(*operands)) {
        items = ws_members(cx, *operands, &count);
        if (count && !items)
            return false;
    }
    size_t start = b->n;
    for (size_t i = 0; i < count || (i == 0 && !count); i++) {
        b->n = start;
        if (count)
            put_plain(b, items[i]);
        else
            wb_buf_puts(b, "<undefined>");
        if (n > 1)
            wb_buf_puts(b, between);
        if (!print_lines(cx, b, operands + 1, n - 1, between, lines))
            return false;
    }
    return true;
}

/* Operands of print: recursion goes this deep, and nobody writes as many. */
#define PRINT_OPERANDS_MAX 1000

static wv fn_print(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!cx->print)
        return WV_TRUE;
    WS_ARRAY(cx, args, 0);
    WS_SPEND(cx, ws_weight(args[0], SIZE_MAX));
    if (wv_len(args[0]) > PRINT_OPERANDS_MAX)
        return ws_fail(cx, "more than %d arguments", PRINT_OPERANDS_MAX);
    wb_buf b;
    unsigned lines = 0;
    ws_text_begin(cx, &b);
    bool ok = print_lines(cx, &b, wv_items(args[0]), wv_len(args[0]), " ", &lines);
    ws_text_end(cx, &b);
    return ok ? WV_TRUE : WV_UNDEFINED;
}

/* Compiling turns calls of print into internal.print; what it does not reach fails, as in OPA. */
static wv fn_print_left(ws_ctx *cx, const wv *args, unsigned argc)
{
    return ws_fail_kind(cx, WS_ERR_INTERNAL, "unsupported built-in: %s", cx->fn->name);
}

static wv fn_template_string(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_ARRAY(cx, args, 0);
    const wv *parts = wv_items(args[0]);
    uint32_t n = wv_len(args[0]);
    for (uint32_t i = 0; i < n; i++)
        if (wv_is_array(parts[i]) || wv_is_object(parts[i]))
            return ws_fail_kind(cx, WS_ERR_INTERNAL, "illegal argument type: %s",
                                wv_type_name(parts[i]));
    for (uint32_t i = 0; i < n; i++)
        if (wv_is_set(parts[i]) && wv_len(parts[i]) > 1)
            return ws_fail_kind(cx, WS_ERR_CONFLICT,
                                "template-strings must not produce multiple outputs");
    wb_buf b;
    ws_text_begin(cx, &b);
    for (uint32_t i = 0; i < n; i++) {
        if (!wv_is_set(parts[i]))
            put_plain(&b, parts[i]);
        else if (wv_len(parts[i]))
            put_plain(&b, wv_set_at(parts[i], NULL, 0));
        else
            wb_buf_puts(&b, "<undefined>");
    }
    return ws_take_string(cx, &b);
}

static wv fn_true(ws_ctx *cx, const wv *args, unsigned n)
{
    return WV_TRUE;
}

static wv fn_trace(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    return WV_TRUE;
}

static wv fn_runtime(ws_ctx *cx, const wv *args, unsigned n)
{
    return wv_defined(cx->runtime) ? cx->runtime : wv_object_begin(cx->out, 0);
}

static wv fn_parse_module(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    if (!wv_is_string(args[1]))
        return ws_fail_operand(cx, 1, "string", args[1]); /* OPA counts so */
    WS_SPEND(cx, wv_str(&args[1]).n);
    if (!cx->parse_module)
        return ws_fail(cx, "not available here");
    return cx->parse_module(cx, wv_str(&args[0]), wv_str(&args[1]));
}

const ws_builtin ws_internal[] = {
    WS_ROW("internal.member_2", "(any, any) => boolean", "in", NULL, 0, fn_member_2, NULL, NULL,
           "Whether a value is in a collection."),
    WS_ROW("internal.member_3", "(any, any, any) => boolean", "in", NULL, 0, fn_member_3, NULL,
           NULL, "Whether a key with a value is in a collection."),
    WS_ROW("internal.print", "(array[set[any]]) => void", NULL, NULL, WS_VOID, fn_print, NULL, NULL,
           "Prints one line; what print becomes."),
    WS_ROW("internal.template_string", "(array[any]) => string", NULL, NULL, 0, fn_template_string,
           NULL, NULL, "Joins the parts of a template string."),
    WS_ROW("internal.test_case", "(array[any]) => void", NULL, NULL, WS_VOID, fn_true, NULL, NULL,
           "Names the case a parametrised test is in."),
    WS_ROW("print", "(...any) => void", NULL, NULL, WS_VOID, fn_print_left, NULL, NULL,
           "Prints its arguments, for whoever debugs a policy."),
    WS_ROW("trace", "(note: string) => (result: boolean)", NULL, "tracing", 0, fn_trace, NULL, NULL,
           "Leaves a note in the explanation of an evaluation."),
    WS_ROW("opa.runtime", "() => (output: object[string: any])", NULL, NULL, WS_NONDET, fn_runtime,
           NULL, NULL, "What the engine tells of itself: version, configuration, environment."),
    WS_ROW("rego.parse_module", "(filename: string, rego: string) => (output: object[string: any])",
           NULL, NULL, 0, fn_parse_module, NULL, NULL, "The syntax tree of a module as an object."),
    WS_ROW("rego.metadata.chain", "() => (chain: array[any])", NULL, NULL, 0, NULL, NULL, NULL,
           "Annotations of the rule and of all that surrounds it; a constant after compiling."),
    WS_ROW("rego.metadata.rule", "() => (output: any)", NULL, NULL, 0, NULL, NULL, NULL,
           "Annotations of the rule; a constant after compiling."),
    WS_END,
};
