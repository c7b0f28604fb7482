#include "stdlib/context.h"

#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/builtin.h"
#include "stdlib/cache.h"
#include "value/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Error texts quote operands; a longer one is cut, since nobody reads more and it costs memory. */
#define ERROR_TEXT_MAX ((size_t)64 << 10)

/* One conversion other than text, from its % to its letter. */
static void put_number(wb_buf *b, const char *spec, size_t n, va_list *ap)
{
    char one[16], out[64];
    if (n >= sizeof one)
        return;
    memcpy(one, spec, n);
    one[n] = 0;
    const char *size = spec + strcspn(spec, "lz");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (size >= spec + n)
        snprintf(out, sizeof out, one, va_arg(*ap, int));
    else if (size[0] == 'z')
        snprintf(out, sizeof out, one, va_arg(*ap, size_t));
    else if (size[1] == 'l')
        snprintf(out, sizeof out, one, va_arg(*ap, long long));
    else
        snprintf(out, sizeof out, one, va_arg(*ap, long));
#pragma GCC diagnostic pop
    wb_buf_puts(b, out);
}

static void put_cut(wb_buf *b, const char *text, size_t n)
{
    size_t room = b->max > b->n ? b->max - b->n - 1 : 0;
    wb_buf_put(b, text, n < room ? n : room);
    b->failed |= n > room;
}

void ws_vputf(wb_buf *b, const char *format, va_list list)
{
    va_list ap;
    va_copy(ap, list);
    for (const char *p = format; *p;) {
        size_t plain = strcspn(p, "%");
        wb_buf_put(b, p, plain);
        p += plain;
        if (!*p)
            break;
        size_t n = 1 + strcspn(p + 1, "%scduxX");
        char kind = p[n];
        if (kind == '%') {
            wb_buf_putc(b, '%');
        } else if (kind == 's' && p[1] == '.') {
            int length = va_arg(ap, int);
            const char *text = va_arg(ap, const char *);
            put_cut(b, text, length > 0 ? (size_t)length : 0);
        } else if (kind == 's') {
            const char *text = va_arg(ap, const char *);
            put_cut(b, text, strlen(text));
        } else {
            put_number(b, p, n + 1, &ap);
        }
        p += n + (kind != 0);
    }
    va_end(ap);
}

void ws_putf(wb_buf *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    ws_vputf(b, format, ap);
    va_end(ap);
}

/* What ends the query stays, whatever a caller makes of the undefined that came with it. */
static bool ended(const ws_ctx *cx, ws_error_kind kind)
{
    return cx->error >= WS_ERR_CONFLICT && kind < WS_ERR_CONFLICT;
}

__attribute__((format(printf, 3, 0))) static void fail(ws_ctx *cx, ws_error_kind kind,
                                                       const char *format, va_list ap)
{
    if (ended(cx, kind))
        return;
    wb_buf b;
    wb_buf_init(&b, ERROR_TEXT_MAX);
    if (kind != WS_ERR_CONFLICT && kind != WS_ERR_INTERNAL) {
        wb_buf_puts(&b, cx->fn && cx->fn->name ? cx->fn->name : "");
        wb_buf_puts(&b, ": ");
    }
    ws_vputf(&b, format, ap);
    cx->error = kind;
    cx->error_text = wb_arena_str(cx->out, wb_buf_str(&b));
    wb_buf_free(&b);
}

wv ws_fail_kind(ws_ctx *cx, ws_error_kind kind, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fail(cx, kind, format, ap);
    va_end(ap);
    return WV_UNDEFINED;
}

wv ws_fail(ws_ctx *cx, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fail(cx, WS_ERR_BUILTIN, format, ap);
    va_end(ap);
    return WV_UNDEFINED;
}

wv ws_fail_type(ws_ctx *cx, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fail(cx, WS_ERR_TYPE, format, ap);
    va_end(ap);
    return WV_UNDEFINED;
}

wv ws_fail_operand(ws_ctx *cx, unsigned operand, const char *want, wv got)
{
    return ws_fail_type(cx, "operand %u must be %s but got %s", operand, want, wv_type_name(got));
}

wv ws_fail_element(ws_ctx *cx, unsigned operand, wv composite, const char *element, wv got)
{
    const char *t = wv_type_name(composite);
    return ws_fail_type(cx, "operand %u must be %s of %ss but got %s containing %s", operand, t,
                        element, t, wv_type_name(got));
}

wv ws_fail_number(ws_ctx *cx, wv_num_status status)
{
    if (status == WV_NUM_LIMIT)
        return ws_fail_room(cx);
    return ws_fail(cx, "%s", wv_num_text(status));
}

wv ws_fail_room(ws_ctx *cx)
{
    return ws_fail_kind(cx, WS_ERR_BUDGET, "result is over the memory budget");
}

wv ws_fail_encode(ws_ctx *cx, wb_status status, const wb_error *error)
{
    return status == WB_LIMIT ? ws_fail_room(cx) : ws_fail(cx, "%s", error->text);
}

size_t ws_weight(wv v, size_t most)
{
    if (wv_is_string(v))
        return wv_str(&v).n;
    if (wv_is_number(v))
        return wv_is_boxed(v) ? wv_number_size(v) : sizeof v;
    if (!wv_is_collection(v))
        return sizeof v;
    size_t n = wv_len(v), sum = n * (wv_is_object(v) ? 2 : 1) * sizeof v;
    for (uint32_t i = 0; i < n && sum < most; i++) {
        wv key = wv_is_object(v) ? wv_key_at(v, NULL, i) : WV_NULL, item = wv_child_at(v, i);
        if (wv_is_boxed(key))
            sum += ws_weight(key, most - sum);
        if (wv_is_boxed(item) && sum < most)
            sum += ws_weight(item, most - sum);
    }
    return sum;
}

bool ws_arg_int(ws_ctx *cx, const wv *args, unsigned i, int64_t *out)
{
    if (!wv_is_number(args[i])) {
        ws_fail_operand(cx, i + 1, "number", args[i]);
        return false;
    }
    if (!wv_number_int64(args[i], out)) {
        ws_fail_type(cx, "operand %u must be integer number but got floating-point number", i + 1);
        return false;
    }
    return true;
}

/* Cancellation is looked at when work of about this many units was done at once. */
#define CANCEL_UNITS 16

int64_t ws_fuel(const ws_ctx *cx)
{
    if (!cx->fuel)
        return INT64_MAX;
    return *cx->fuel + (cx->more_fuel ? *cx->more_fuel : 0);
}

bool ws_charge(ws_ctx *cx, uint64_t units)
{
    if (cx->fuel) {
        if (units > (uint64_t)INT64_MAX || ws_fuel(cx) < (int64_t)units) {
            *cx->fuel = 0;
            if (cx->more_fuel)
                *cx->more_fuel = 0;
            ws_fail_kind(cx, WS_ERR_BUDGET, "evaluation budget is used up");
            return false;
        }
        *cx->fuel -= (int64_t)units;
    }
    if (units >= CANCEL_UNITS && cx->cancelled && cx->cancelled(cx->cancel_arg)) {
        ws_fail_kind(cx, WS_ERR_CANCEL, "timed out before finishing");
        return false;
    }
    return true;
}

bool ws_may_ask(const ws_ctx *cx, wb_str host)
{
    for (size_t i = 0; cx->limit_net && i < cx->n_allow_net; i++)
        if (wb_str_eq(cx->allow_net[i], host))
            return true;
    return !cx->limit_net;
}

bool ws_room(ws_ctx *cx, size_t n)
{
    /* Collections and strings cost a header and alignment besides. */
    if (n > WV_LEN_MAX * sizeof(wv) || !wb_arena_fits(cx->out, n + 256)) {
        ws_fail_room(cx);
        return false;
    }
    return ws_spend(cx, n);
}

void ws_text_begin(ws_ctx *cx, wb_buf *b)
{
    wb_arena *a = cx->out;
    size_t left = a->top < a->limit ? (size_t)(a->limit - a->top) : 0;
    wb_buf_init(b, left < WV_LEN_MAX ? left : WV_LEN_MAX);
    if (cx->cache) /* what is prepared has none */
        ws_cache_lend(cx->cache, b);
}

void ws_text_end(ws_ctx *cx, wb_buf *b)
{
    if (cx->cache)
        ws_cache_give_back(cx->cache, b);
    else
        wb_buf_free(b);
}

wv ws_take_string(ws_ctx *cx, wb_buf *b)
{
    wv v = WV_UNDEFINED;
    if (b->failed || b->n > WV_LEN_MAX)
        ws_fail_room(cx);
    else if (ws_room(cx, b->n))
        v = wv_string_new(cx->out, wb_str_n(b->n ? b->p : "", b->n));
    ws_text_end(cx, b);
    return v;
}

const wv *ws_members(ws_ctx *cx, wv c, size_t *n)
{
    *n = wv_len(c);
    if (wv_is_array(c))
        return wv_items(c);
    const uint32_t *order = wv_table_order(c);
    if (!order)
        return wv_members(c);
    if (!ws_room(cx, *n * sizeof(wv)))
        return NULL;
    wv *items = wb_arena_alloc(cx->out, *n * sizeof(wv));
    for (size_t i = 0; i < *n; i++)
        items[i] = wv_set_at(c, order, (uint32_t)i);
    return items;
}

void ws_put_quoted(wb_buf *b, wb_str s)
{
    wv_print_string(b, s);
}

void ws_put_bytes_quoted(wb_buf *b, wb_str s)
{
    wb_buf_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80 || c < ' ') {
            wb_buf_putf(b, "\\x%02x", c);
        } else {
            if (c == '"' || c == '\\')
                wb_buf_putc(b, '\\');
            wb_buf_putc(b, (char)c);
        }
    }
    wb_buf_putc(b, '"');
}

wv ws_fail_tail(ws_ctx *cx, const char *text, wb_str tail)
{
    if (ended(cx, WS_ERR_BUILTIN))
        return WV_UNDEFINED;
    wb_buf b;
    wb_buf_init(&b, ERROR_TEXT_MAX);
    wb_buf_puts(&b, cx->fn && cx->fn->name ? cx->fn->name : "");
    wb_buf_puts(&b, ": ");
    wb_buf_puts(&b, text);
    wb_buf_put(&b, tail.p, tail.n < ERROR_TEXT_MAX / 2 ? tail.n : ERROR_TEXT_MAX / 2);
    cx->error = WS_ERR_BUILTIN;
    cx->error_text = wb_arena_str(cx->out, wb_buf_str(&b));
    wb_buf_free(&b);
    return WV_UNDEFINED;
}
