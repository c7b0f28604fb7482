#include "stdlib/graphql/text.h"

#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/gosort.h"
#include "stdlib/unicode.h"

#define CHOICES_MAX 5

wb_str ws_gql_type_name(const ws_gql_type *type)
{
    while (!type->name.n)
        type = type->elem;
    return type->name;
}

void ws_gql_put_type(wb_buf *b, const ws_gql_type *type)
{
    if (type->name.n) {
        wb_buf_put_str(b, type->name);
    } else {
        wb_buf_putc(b, '[');
        ws_gql_put_type(b, type->elem);
        wb_buf_putc(b, ']');
    }
    if (type->non_null)
        wb_buf_putc(b, '!');
}

wb_str ws_gql_type_text(ws_ctx *cx, const ws_gql_type *type)
{
    wb_buf b;
    ws_text_begin(cx, &b);
    ws_gql_put_type(&b, type);
    wb_str s = ws_room(cx, b.n) ? wb_arena_str(cx->out, wb_buf_str(&b)) : (wb_str){"", 0};
    ws_text_end(cx, &b);
    return s;
}

void ws_gql_put_value(wb_buf *b, const ws_gql_value *v)
{
    bool object = v->kind == WS_GQL_V_OBJECT;
    switch (v->kind) {
    case WS_GQL_V_VARIABLE:
        wb_buf_putc(b, '$');
        wb_buf_put_str(b, v->raw);
        break;
    case WS_GQL_V_STRING:
    case WS_GQL_V_BLOCK: ws_put_quoted(b, v->raw); break;
    case WS_GQL_V_LIST:
    case WS_GQL_V_OBJECT:
        wb_buf_putc(b, object ? '{' : '[');
        for (uint32_t i = 0; i < v->children.n; i++) {
            const ws_gql_child *c = WS_GQL_AT(v->children, i, ws_gql_child);
            if (i)
                wb_buf_putc(b, ',');
            if (object) {
                wb_buf_put_str(b, c->name);
                wb_buf_putc(b, ':');
            }
            ws_gql_put_value(b, c->value);
        }
        wb_buf_putc(b, object ? '}' : ']');
        break;
    default: wb_buf_put_str(b, v->raw);
    }
}

/* ---- suggestions ---- */

/* Code points, lower case when asked; *n is how many. */
static uint32_t *runes(ws_ctx *cx, wb_str s, size_t *n)
{
    uint32_t *to = wb_arena_alloc(cx->out, (s.n + 1) * sizeof *to);
    size_t used;
    *n = 0;
    for (size_t i = 0; i < s.n; i += used)
        to[(*n)++] = ws_rune_lower(wb_utf8_get(s.p + i, s.n - i, &used));
    return to;
}

/* Edits from one to the other; beyond `most` any larger number. */
static size_t edits(uint32_t *row, const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
    for (size_t j = 0; j <= nb; j++)
        row[j] = (uint32_t)j;
    for (size_t i = 0; i < na; i++) {
        uint32_t diagonal = row[0];
        row[0] = (uint32_t)i + 1;
        for (size_t j = 0; j < nb; j++) {
            uint32_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            if (row[j] + 1 < best)
                best = row[j] + 1;
            row[j + 1] = best;
        }
    }
    return row[nb];
}

/* How far b is from a, or more than `most`: a change of case counts one. */
static size_t distance(ws_ctx *cx, wb_str a, wb_str b, size_t most)
{
    if (wb_str_eq(a, b))
        return 0;
    if (!ws_spend(cx, a.n * b.n / 8) || !ws_room(cx, (a.n + 2 * b.n + 3) * sizeof(uint32_t)))
        return most + 1;
    char *mark = wb_arena_mark(cx->out);
    size_t na, nb;
    uint32_t *x = runes(cx, a, &na), *y = runes(cx, b, &nb);
    uint32_t *row = wb_arena_alloc(cx->out, (nb + 1) * sizeof *row);
    size_t d = na == nb && memcmp(x, y, na * sizeof *x) == 0 ? 1 : edits(row, x, na, y, nb);
    wb_arena_rewind(cx->out, mark);
    return d;
}

void ws_gql_put_choice(wb_buf *b, const ws_gql_list *names, bool quoted)
{
    uint32_t n = names->n < CHOICES_MAX ? names->n : CHOICES_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            wb_buf_puts(b, n == 2 ? " or " : i == n - 1 ? ", or " : ", ");
        if (quoted)
            wb_buf_putc(b, '"');
        wb_buf_put_str(b, *WS_GQL_AT(*names, i, wb_str));
        if (quoted)
            wb_buf_putc(b, '"');
    }
}

/* Sorts by distance as OPA's sort does, which is not stable: distances alone are compared, and
 * each stands in an array of its own, which tells whose it is. */
static void sort_by_distance(ws_ctx *cx, ws_gql_list *names, const wv *distances)
{
    wv *sorted;
    if (!ws_room(cx, names->n * 2 * sizeof(wv)))
        return;
    wv all = wv_array_make(cx->out, names->n, &sorted);
    memcpy(sorted, distances, names->n * sizeof(wv));
    ws_go_sort(cx->out, sorted, names->n);
    ws_gql_list first = {0};
    for (uint32_t i = 0; i < names->n && i < CHOICES_MAX; i++)
        for (uint32_t k = 0; k < names->n; k++)
            if (distances[k] == wv_items(all)[i])
                ws_gql_push(cx, &first, names->at[k]);
    *names = first;
}

void ws_gql_put_suggestion(ws_ctx *cx, wb_buf *b, const char *prefix, wb_str typed,
                           const ws_gql_list *options, bool quoted)
{
    size_t most = typed.n * 2 / 5 + 1;
    ws_gql_list near = {0};
    wv distances = wv_array_begin(cx->out, 4);
    for (uint32_t i = 0; i < options->n && cx->error == WS_ERR_NONE; i++) {
        size_t d = distance(cx, typed, *WS_GQL_AT(*options, i, wb_str), most);
        if (d > most)
            continue;
        wv one = wv_small((int64_t)d);
        ws_gql_push(cx, &near, options->at[i]);
        wv_array_push(cx->out, &distances, wv_array_new(cx->out, &one, 1));
    }
    if (cx->error != WS_ERR_NONE || cx->out->exhausted || !near.n)
        return;
    sort_by_distance(cx, &near, wv_items(distances));
    wb_buf_putc(b, ' ');
    wb_buf_puts(b, prefix);
    wb_buf_putc(b, ' ');
    ws_gql_put_choice(b, &near, quoted);
    wb_buf_putc(b, '?');
}
