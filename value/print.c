/* Rego's own text of values. */
#include "base/utf8.h"
#include "value/internal.h"
#include "value/json.h"
#include "value/number.h"
#include "value/stack.h"

typedef struct print_frame {
    wv v;
    const uint32_t *order;
    uint32_t i, n; /* keys and values of objects count each */
} print_frame;

bool wv_printable(uint32_t c)
{
    static const uint32_t hidden[][2] = {
#include "value/hidden.inc"
    };
    if (c < 0x7f)
        return c >= 0x20;
    size_t from = 0, to = sizeof hidden / sizeof *hidden;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (hidden[middle][1] < c)
            from = middle + 1;
        else
            to = middle;
    }
    return from == sizeof hidden / sizeof *hidden || c < hidden[from][0];
}

size_t wv_print_plain(const char *p, size_t n, char quote)
{
    size_t i = 0;
    while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != quote && p[i] != '\\')
        i++;
    return i;
}

void wv_print_string(wb_buf *b, wb_str s)
{
    static const char from[] = "\a\b\f\n\r\t\v\"\\", to[] = "abfnrtv\"\\";
    wb_buf_putc(b, '"');
    for (size_t i = 0, used; i < s.n; i += used) {
        used = wv_print_plain(s.p + i, s.n - i, '"');
        if (used) {
            wb_buf_put(b, s.p + i, used);
            continue;
        }
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        const char *named = c && c < 0x80 ? strchr(from, (int)c) : NULL;
        if (c == WB_UTF8_BAD && used == 1)
            wb_buf_putf(b, "\\x%02x", (unsigned char)s.p[i]);
        else if (named)
            wb_buf_putf(b, "\\%c", to[named - from]);
        else if (wv_printable(c))
            wb_buf_put(b, s.p + i, used);
        else if (c < 0x20 || c == 0x7f)
            wb_buf_putf(b, "\\x%02x", c);
        else
            wb_buf_putf(b, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
    wb_buf_putc(b, '"');
}

static void print_scalar(wb_buf *b, wv v)
{
    switch (wv_type_of(v)) {
    case WV_TYPE_NULL: wb_buf_puts(b, "null"); break;
    case WV_TYPE_BOOLEAN: wb_buf_puts(b, v == WV_TRUE ? "true" : "false"); break;
    case WV_TYPE_NUMBER: wv_number_put(b, v); break;
    case WV_TYPE_STRING: wv_print_string(b, wv_str(&v)); break;
    default: wb_buf_puts(b, "<undefined>"); break;
    }
}

static wv word_at(const print_frame *f, uint32_t i)
{
    if (wv_is_array(f->v))
        return wv_items(f->v)[i];
    if (wv_is_set(f->v))
        return wv_set_at(f->v, f->order, i);
    return i & 1 ? wv_value_at(f->v, f->order, i / 2) : wv_key_at(f->v, f->order, i / 2);
}

void wv_print(wb_buf *b, wv v)
{
    WV_STACK(print_frame) stack;
    wv_stack_init(&stack);
    for (;;) {
        if (wv_is_set(v) && !wv_len(v)) {
            wb_buf_puts(b, "set()");
        } else if (wv_is_collection(v)) {
            wb_buf_putc(b, wv_is_array(v) ? '[' : '{');
            wv_stack_push(&stack);
            *wv_stack_top(&stack) =
                (print_frame){.v = v,
                              .order = wv_is_table(v) ? wv_table_order(v) : NULL,
                              .n = wv_is_object(v) ? wv_len(v) * 2 : wv_len(v)};
        } else {
            print_scalar(b, v);
        }
        while (stack.n && wv_stack_top(&stack)->i == wv_stack_top(&stack)->n) {
            wb_buf_putc(b, wv_is_array(wv_stack_top(&stack)->v) ? ']' : '}');
            wv_stack_pop(&stack);
        }
        if (!stack.n || b->failed)
            break;
        print_frame *f = wv_stack_top(&stack);
        if (wv_is_object(f->v) && (f->i & 1))
            wb_buf_puts(b, ": ");
        else if (f->i)
            wb_buf_puts(b, ", ");
        v = word_at(f, f->i++);
    }
    wv_stack_free(&stack);
}

bool wv_same_spelling(wv a, wv b)
{
    if (a == b || !wv_is_number(a) || !wv_is_number(b))
        return true;
    wb_buf x, y;
    wb_buf_init(&x, (size_t)1 << 20);
    wb_buf_init(&y, (size_t)1 << 20);
    wv_print(&x, a);
    wv_print(&y, b);
    bool same = wb_str_eq(wb_buf_str(&x), wb_buf_str(&y));
    wb_buf_free(&x);
    wb_buf_free(&y);
    return same;
}
