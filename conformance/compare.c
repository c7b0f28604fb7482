#include "conformance/compare.h"

#include "base/utf8.h"
#include "value/json.h"

#include <stdlib.h>

#define SHOWN_MAX ((size_t)4096) /* bytes of a value in a reason */

/* ---- values ---- */

/* JSON has no bytes that are no UTF-8: each becomes U+FFFD. */
static wv json_string(wb_arena *a, wb_str s)
{
    if (wb_utf8_valid(s, NULL))
        return wv_string_new(a, s);
    char *to = wb_malloc(3 * s.n + 4);
    size_t n = 0;
    for (size_t i = 0, used; i < s.n; i += used)
        n += wb_utf8_put(to + n, wb_utf8_get(s.p + i, s.n - i, &used));
    wv out = wv_string_new(a, wb_str_n(to, n));
    free(to);
    return out;
}

static wv json_key(wb_arena *a, wv key)
{
    if (wv_is_string(key))
        return json_string(a, wv_str(&key));
    wb_buf text;
    wb_buf_init(&text, CF_FILE_MAX);
    wv_json_encode(&text, key, NULL, NULL);
    wv out = wv_string_new(a, wb_buf_str(&text));
    wb_buf_free(&text);
    return out;
}

wv cf_through_json(wb_arena *a, wv v)
{
    if (wv_is_string(v))
        return json_string(a, wv_str(&v));
    if (!wv_is_collection(v))
        return wv_copy(a, v, NULL, NULL);
    if (wv_is_object(v)) {
        wv out = wv_object_begin(a, wv_len(v));
        const uint32_t *order = wv_table_order(v);
        for (uint32_t i = 0; i < wv_len(v); i++)
            wv_object_put(a, &out, json_key(a, wv_key_at(v, order, i)),
                          cf_through_json(a, wv_value_at(v, order, i)));
        return out;
    }
    wv out = wv_array_begin(a, wv_len(v));
    const uint32_t *order = wv_is_set(v) ? wv_table_order(v) : NULL;
    for (uint32_t i = 0; i < wv_len(v); i++)
        wv_array_push(a, &out,
                      cf_through_json(a, wv_is_set(v) ? wv_set_at(v, order, i) : wv_items(v)[i]));
    return out;
}

static wv sorted(wb_arena *a, wv array)
{
    wv *items;
    wv out = wv_array_make(a, wv_len(array), &items);
    for (uint32_t i = 0; i < wv_len(array); i++)
        items[i] = wv_items(array)[i];
    wv_sort(items, wv_len(array), a);
    return out;
}

static wv bindings(wb_arena *a, wv row, unsigned flags)
{
    wv out = wv_object_begin(a, wv_len(row));
    const uint32_t *order = wv_table_order(row);
    for (uint32_t i = 0; i < wv_len(row); i++) {
        wv name = wv_key_at(row, order, i), value = wv_value_at(row, order, i);
        if ((flags & CF_IGNORE_LOCALS) && wb_str_has_prefix(wv_str(&name), WB_LIT("__localq")))
            continue;
        value = cf_through_json(a, value);
        if ((flags & CF_SORT_BINDINGS) && wv_is_array(value))
            value = sorted(a, value);
        wv_object_put(a, &out, wv_string_new(a, wv_str(&name)), value);
    }
    return out;
}

static void show(wb_buf *b, wv v)
{
    wb_buf_init(b, CF_FILE_MAX);
    wv_json_encode(b, v, NULL, NULL);
    if (b->n > SHOWN_MAX) {
        b->n = SHOWN_MAX;
        wb_buf_puts(b, "...");
    }
}

/* Cases ask the evaluator, for which an expression that is false fails; our query functions show it
 * as `opa eval` does, as a row with the value false. */
static bool holds(wv values)
{
    for (uint32_t i = 0; i < wv_len(values); i++)
        if (wv_items(values)[i] == WV_FALSE)
            return false;
    return true;
}

bool cf_same_results(wb_arena *a, wv want, wv rows, unsigned flags, cf_outcome *o)
{
    wv expected = wv_set_begin(a, 4), got = wv_set_begin(a, 4);
    /* What is wanted is sorted by whoever wrote it; only what came out is sorted here. */
    for (uint32_t i = 0; i < wv_len(want); i++)
        wv_set_add(a, &expected, cf_through_json(a, wv_items(want)[i]));
    for (uint32_t i = 0; rows != WV_UNDEFINED && i < wv_len(rows); i++) {
        const wv *row = wv_items(wv_items(rows)[i]);
        if (holds(row[1]))
            wv_set_add(a, &got, bindings(a, row[0], flags));
    }
    if (wv_equal(expected, got))
        return true;
    wb_buf x, y;
    show(&x, expected);
    show(&y, got);
    cf_fail(o, "want %s\ngot  %s", wb_buf_cstr(&x), wb_buf_cstr(&y));
    wb_buf_free(&x);
    wb_buf_free(&y);
    return false;
}

/* ---- diagnostics ---- */

static bool is_parse(const cf_diag *d)
{
    return wb_str_is(d->code, CF_PARSE_CODE);
}

static bool same_row(const cf_diag *a, const cf_diag *b)
{
    return wb_str_eq(a->code, b->code) && a->row == b->row;
}

/* a is what is wanted: what it leaves open may be anything. */
static bool same_all(const cf_diag *a, const cf_diag *b)
{
    return same_row(a, b) && (!a->col || a->col == b->col) &&
           (!a->module.n || wb_str_eq(a->module, b->module)) && wb_str_eq(a->message, b->message) &&
           (a->any_lines || wb_str_eq(a->lines, b->lines));
}

/* The list without parse errors that stand at the place of the one before. The kept ones are
 * pointers, since a place may hold several texts. */
static size_t places(const cf_diag *list, size_t n, const cf_diag **out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!kept || !is_parse(&list[i]) || !same_row(out[kept - 1], &list[i]) ||
            out[kept - 1]->col != list[i].col)
            out[kept++] = &list[i];
    return kept;
}

static void put_list(wb_buf *b, const char *title, const cf_diag *list, size_t n)
{
    wb_buf_puts(b, title);
    if (!n)
        wb_buf_puts(b, " no error");
    for (size_t i = 0; i < n; i++)
        wb_buf_putf(b, "%s %u:%u %.*s: %.*s%s%.*s", i ? ";" : "", list[i].row, list[i].col,
                    WB_FMT(list[i].code), WB_FMT(list[i].message), list[i].lines.n ? "\n" : "",
                    (int)list[i].lines.n, list[i].lines.n ? list[i].lines.p : "");
}

static void fail_lists(cf_outcome *o, const char *what, const cf_diag *want, size_t n_want,
                       const cf_diag *got, size_t n_got)
{
    wb_buf b;
    wb_buf_init(&b, CF_REASON_MAX);
    put_list(&b, "want", want, n_want);
    put_list(&b, "\ngot ", got, n_got);
    cf_fail(o, "%s\n%s", what, wb_buf_cstr(&b));
    wb_buf_free(&b);
}

/* Some text that stands at the place of want, in a list of parse errors. */
static bool has_text(const cf_diag *want, size_t n, const cf_diag *d)
{
    for (size_t i = 0; i < n; i++)
        if (same_all(&want[i], d))
            return true;
    return false;
}

void cf_same_diags(const cf_diag *want, size_t n_want, const cf_diag *got, size_t n_got,
                   cf_outcome *o)
{
    const cf_diag **a = wb_malloc((n_want + 1) * sizeof *a);
    const cf_diag **b = wb_malloc((n_got + 1) * sizeof *b);
    size_t n_a = places(want, n_want, a), n_b = places(got, n_got, b);
    bool verdict = !n_want == !n_got, rows = n_a == n_b, words = n_a == n_b;
    for (size_t i = 0; rows && i < n_a; i++) {
        rows = same_row(a[i], b[i]);
        words = words && (is_parse(a[i]) ? has_text(want, n_want, b[i]) : same_all(a[i], b[i]));
    }
    words = words && rows;
    cf_count(o, CF_FIGURE_VERDICT, verdict);
    cf_count(o, CF_FIGURE_ROWS, rows);
    cf_count(o, CF_FIGURE_WORDS, words);
    bool parse = n_want && is_parse(&want[0]);
    const char *what = !verdict         ? "error or none differs"
                       : !rows          ? "codes and rows differ"
                       : words || parse ? NULL
                                        : "columns or messages differ";
    if (what)
        fail_lists(o, what, want, n_want, got, n_got);
    free(a);
    free(b);
}

void cf_has_diags(const cf_diag *want, size_t n_want, const cf_diag *got, size_t n_got,
                  cf_outcome *o)
{
    bool rows = true, words = true;
    for (size_t i = 0; i < n_want; i++) {
        bool row = false, all = false;
        for (size_t j = 0; j < n_got; j++) {
            row = row || same_row(&want[i], &got[j]);
            all = all || same_all(&want[i], &got[j]);
        }
        rows = rows && row;
        words = words && all;
    }
    cf_count(o, CF_FIGURE_VERDICT, !n_want == !n_got);
    cf_count(o, CF_FIGURE_ROWS, rows);
    cf_count(o, CF_FIGURE_WORDS, words);
    if (!words)
        fail_lists(o, rows ? "a wanted column or message is missing" : "a wanted error is missing",
                   want, n_want, got, n_got);
}
