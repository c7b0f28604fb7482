/* What every family shares: reading operands, reporting what is wrong with them, small results.
 * Internal to stdlib. */
#ifndef WRIT_STDLIB_ARGS_H
#define WRIT_STDLIB_ARGS_H

#include "stdlib/builtin.h"
#include "stdlib/context.h"
#include "value/number.h"

/* One row, and the one that ends a family. */
#define WS_ROW(name, decl, infix, category, flags, fn, prepare, release, doc)                      \
    {                                                                                              \
        (name), (decl), (infix), (category), (flags), (fn), (prepare), (release), (doc), NULL, 0,  \
            0                                                                                      \
    }
#define WS_END                                                                                     \
    {                                                                                              \
        0                                                                                          \
    }

/* Operand checks, 0-based as args are: leave the function when the type is another. */
#define WS_WANT(cx, args, i, test, name)                                                           \
    do {                                                                                           \
        if (__builtin_expect(!test((args)[i]), 0))                                                 \
            return ws_fail_operand((cx), (unsigned)(i) + 1, (name), (args)[i]);                    \
    } while (0)
#define WS_STRING(cx, args, i) WS_WANT(cx, args, i, wv_is_string, "string")
#define WS_NUMBER(cx, args, i) WS_WANT(cx, args, i, wv_is_number, "number")
#define WS_ARRAY(cx, args, i)  WS_WANT(cx, args, i, wv_is_array, "array")
#define WS_OBJECT(cx, args, i) WS_WANT(cx, args, i, wv_is_object, "object")
#define WS_SET(cx, args, i)    WS_WANT(cx, args, i, wv_is_set, "set")

/* An operand that must read as an int64 in its spelling (1.0 yes, 1e0 no). False: failed. */
bool ws_arg_int(ws_ctx *cx, const wv *args, unsigned i, int64_t *out);
#define WS_INT(cx, args, i, out)                                                                   \
    do {                                                                                           \
        if (!ws_arg_int((cx), (args), (i), (out)))                                                 \
            return WV_UNDEFINED;                                                                   \
    } while (0)

/* "operand N must be T of Es but got T containing U", T the composite's type. */
wv ws_fail_element(ws_ctx *cx, unsigned operand, wv composite, const char *element, wv got);
/* A failed number operation. */
wv ws_fail_number(ws_ctx *cx, wv_num_status status);
/* Past the memory budget or the largest length. */
wv ws_fail_room(ws_ctx *cx);
/* A value that cannot be written as JSON: a limit is a budget's end, all else an error of the call.
 */
wv ws_fail_encode(ws_ctx *cx, wb_status status, const wb_error *error);

/* Takes from the budget for n bytes or 8n elements looked at; free below one unit. */
static inline bool ws_spend(ws_ctx *cx, size_t bytes)
{
    return bytes < 64 || ws_charge(cx, bytes / 64);
}
#define WS_SPEND(cx, bytes)                                                                        \
    do {                                                                                           \
        if (!ws_spend((cx), (bytes)))                                                              \
            return WV_UNDEFINED;                                                                   \
    } while (0)
#define WS_ROOM(cx, bytes)                                                                         \
    do {                                                                                           \
        if (!ws_room((cx), (bytes)))                                                               \
            return WV_UNDEFINED;                                                                   \
    } while (0)

/* Answers the collection that was built, or the failure when it did not fit the budget. */
static inline wv ws_built(ws_ctx *cx, wv v)
{
    return __builtin_expect(cx->out->exhausted, 0) ? ws_fail_room(cx) : v;
}

/* Bytes that a look at all of v touches, nested values too; at least `most` when it is more. */
size_t ws_weight(wv v, size_t most);

/* A string value of bytes inside `of`, or `of` itself when they are all of it. */
static inline wv ws_part(ws_ctx *cx, wv of, wb_str part)
{
    if (part.n == wv_str(&of).n)
        return of;
    if (!wb_arena_fits(cx->out, part.n))
        return ws_fail_room(cx);
    return wv_string_new(cx->out, part);
}

static inline bool ws_ascii(wb_str s)
{
    size_t i = 0;
    uint64_t w;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, 8);
        if (w & 0x8080808080808080u)
            return false;
    }
    for (; i < s.n; i++)
        if ((unsigned char)s.p[i] & 0x80)
            return false;
    return true;
}

/* Members of an array, or of a set in Rego order (made in `out` when they stand otherwise). NULL
 * only when the budget is gone; *n is the count. */
const wv *ws_members(ws_ctx *cx, wv collection, size_t *n);

/* A buffer for a string result, bounded by what may still be made. */
void ws_text_begin(ws_ctx *cx, wb_buf *b);
/* Ends one that does not become a string; wb_buf_free does as well, but gives its memory up. */
void ws_text_end(ws_ctx *cx, wb_buf *b);
/* s as strconv.Quote writes it. */
void ws_put_quoted(wb_buf *b, wb_str s);
/* As the time package quotes: bytes that are not printable ASCII in hexadecimal. */
void ws_put_bytes_quoted(wb_buf *b, wb_str s);
/* "<fn>: <text><tail>": a tail may hold a NUL. */
wv ws_fail_tail(ws_ctx *cx, const char *text, wb_str tail);

#endif
