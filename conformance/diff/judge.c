#include "conformance/diff/judge.h"

#include "conformance/compare.h"
#include "conformance/diff/known.h"

#include "value/json.h"

#include <ctype.h>
#include <stdio.h>

#define ARENA_MAX ((size_t)2 << 30)

/* Whether an error at the same place stands before: of a parse mistake only the first report counts
 * (docs/differences.md). */
static bool repeated(wv list, uint32_t i)
{
    static const char *const same[] = {"code", "file", "row", "col"};
    wv e = wv_items(list)[i], word;
    if (!wb_str_is(cf_text(e, "code", &word), "rego_parse_error"))
        return false;
    for (uint32_t k = 0; k < i; k++) {
        size_t n = 0;
        while (n < 4 && wv_equal(cf_field(e, same[n]), cf_field(wv_items(list)[k], same[n])))
            n++;
        if (n == 4)
            return true;
    }
    return false;
}

/* The codes of a list of errors as a sorted set, or with places and texts as a sorted list. */
static wv errors_of(wb_arena *a, wv list, bool texts)
{
    wv out = texts ? wv_array_begin(a, 4) : wv_set_begin(a, 4);
    for (uint32_t i = 0; wv_is_array(list) && i < wv_len(list); i++) {
        wv e = wv_items(list)[i];
        if (!texts) {
            wv_set_add(a, &out, cf_field(e, "code"));
            continue;
        }
        if (repeated(list, i))
            continue;
        wv parts[6] = {cf_field(e, "file"), cf_field(e, "row"),     cf_field(e, "col"),
                       cf_field(e, "code"), cf_field(e, "message"), cf_field(e, "text")};
        for (unsigned k = 0; k < 6; k++)
            if (parts[k] == WV_UNDEFINED) /* the oracle leaves out what is empty or 0 */
                parts[k] = k == 1 || k == 2 ? wv_small(0) : WV_NULL;
        wv_array_push(a, &out, wv_array_new(a, parts, 6));
    }
    if (!texts)
        return out;
    wv *items = wb_arena_alloc(a, (wv_len(out) + 1) * sizeof *items);
    memcpy(items, wv_items(out), wv_len(out) * sizeof *items);
    wv_sort(items, wv_len(out), a);
    return wv_array_new(a, items, wv_len(out));
}

/* Bindings as a set, only those names that the other side has: OPA has none for what `:=` makes. */
static wv set_of(wb_arena *a, wv rows, wv others)
{
    wv out = wv_set_begin(a, 4);
    uint32_t n = wv_is_array(rows) ? wv_len(rows) : 0;
    bool any = wv_is_array(others) && wv_len(others);
    wv names = any ? cf_field(wv_items(others)[0], "bindings") : WV_UNDEFINED;
    for (uint32_t i = 0; i < n; i++) {
        wv row = cf_field(wv_items(rows)[i], "bindings"), kept = wv_object_begin(a, 4);
        for (uint32_t k = 0; k < wv_len(row); k++) {
            wv name = wv_key_at(row, NULL, k);
            if (names == WV_UNDEFINED || wv_object_get(names, name) != WV_UNDEFINED)
                wv_object_put(a, &kept, name, cf_through_json(a, wv_value_at(row, NULL, k)));
        }
        wv_set_add(a, &out, kept);
    }
    return out;
}

static wv rows_of(wb_arena *a, wv answer)
{
    wv rows = cf_field(answer, "rows");
    uint32_t n = wv_is_array(rows) ? wv_len(rows) : 0;
    wv *items = wb_arena_alloc(a, (n + 1) * sizeof *items);
    for (uint32_t i = 0; i < n; i++)
        items[i] = cf_through_json(a, wv_items(rows)[i]);
    wv_sort(items, n, a);
    return wv_array_new(a, items, n);
}

/* The first code, or what else an answer is. */
static wb_str word_of(wb_arena *a, wv answer)
{
    wv errors = cf_field(answer, "errors"), word;
    if (wv_is_array(errors) && wv_len(errors)) {
        wb_str code = cf_text(wv_items(errors)[0], "code", &word);
        return wb_arena_str(a, code);
    }
    return cf_field(answer, "rows") != WV_UNDEFINED ? WB_LIT("rows") : WB_LIT("undefined");
}

/* The first message without what is peculiar to one program: words with digits, dots, quotes. */
static wb_str message_of(wb_arena *a, wv answer)
{
    wv errors = cf_field(answer, "errors"), word;
    if (!wv_is_array(errors) || !wv_len(errors))
        return WB_LIT("");
    wb_str s = cf_text(wv_items(errors)[0], "message", &word);
    char *out = wb_arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < 48;) {
        size_t from = i;
        bool plain = true;
        for (; i < s.n && s.p[i] != ' ' && s.p[i] != '\n'; i++)
            plain = plain && isalpha((unsigned char)s.p[i]);
        for (size_t k = from; plain && i - from > 1 && k < i; k++)
            out[n++] = s.p[k];
        while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n'))
            i++;
        if (plain && i - from > 2)
            out[n++] = ' ';
    }
    return wb_str_n(out, n);
}

static bool gave_up(wb_str word, wv answer)
{
    wv phase;
    wb_str p = cf_text(answer, "phase", &phase);
    return wb_str_is(word, "eval_cancel_error") || wb_str_is(p, "timeout") ||
           wb_str_is(p, "panic") || wb_str_is(p, "answer");
}

/* The spelling of numbers and the order of rows do not count; the former is told apart. */
static bool same_text(wv x, wv y)
{
    wb_buf a, b;
    wb_buf_init(&a, DF_LINE_MAX);
    wb_buf_init(&b, DF_LINE_MAX);
    wv_json_encode(&a, x, NULL, NULL);
    wv_json_encode(&b, y, NULL, NULL);
    bool same = wb_str_eq(wb_buf_str(&a), wb_buf_str(&b));
    wb_buf_free(&a);
    wb_buf_free(&b);
    return same;
}

static void differ(df_verdict *v, wb_arena *a, int query, wv left, wv right, const char *how)
{
    v->kind = DF_DIFFERS;
    v->query = query;
    wb_str x = word_of(a, left), y = word_of(a, right);
    wb_str m = message_of(a, left), n = message_of(a, right);
    snprintf(v->sign, sizeof v->sign, "%s%s: %.*s%s%.*s / %.*s%s%.*s", query < 0 ? "modules" : "",
             how, WB_FMT(x), m.n ? " " : "", WB_FMT(m), WB_FMT(y), n.n ? " " : "", WB_FMT(n));
}

/* Rows without those that are there before. */
static wv once(wb_arena *a, wv rows)
{
    wv out = wv_set_begin(a, wv_len(rows));
    for (uint32_t i = 0; i < wv_len(rows); i++)
        wv_set_add(a, &out, wv_is_set(rows) ? wv_key_at(rows, NULL, i) : wv_items(rows)[i]);
    return out;
}

/* One pair of answers, or the pair of whole results where modules were refused. */
static bool judge_pair(wb_arena *a, const df_program *p, int query, wv left, wv right,
                       const df_judge_options *options, df_verdict *v)
{
    wb_str x = word_of(a, left), y = word_of(a, right);
    if (gave_up(x, left) || gave_up(y, right)) {
        if (v->kind == DF_SAME)
            v->kind = DF_GIVEN_UP;
        return true;
    }
    wv e = cf_field(left, "errors"), f = cf_field(right, "errors");
    if (e != WV_UNDEFINED || f != WV_UNDEFINED) {
        bool texts = wv_equal(errors_of(a, e, true), errors_of(a, f, true));
        /* The evaluator's errors have no place among ours. */
        bool eval = wb_str_has_prefix(x, WB_LIT("eval_"));
        if (!eval && v->errors != 1)
            v->errors = texts ? 2 : 1;
        if (!wv_equal(errors_of(a, e, false), errors_of(a, f, false)))
            differ(v, a, query, left, right, "codes");
        else if (options->texts && !eval && !texts)
            differ(v, a, query, left, right, "texts");
        return v->kind != DF_DIFFERS;
    }
    wv x_rows = cf_field(left, "rows"), y_rows = cf_field(right, "rows");
    wv r = p->cases ? set_of(a, x_rows, y_rows) : rows_of(a, left);
    wv s = p->cases ? set_of(a, y_rows, x_rows) : rows_of(a, right);
    v->asked++;
    v->defined += wv_len(r) > 0;
    if (!wv_equal(r, s))
        differ(v, a, query, left, right,
               wv_len(r) == wv_len(s)             ? "values"
               : wv_equal(once(a, r), once(a, s)) ? "repeats"
                                                  : "rows");
    else if (!same_text(r, s))
        differ(v, a, query, left, right, "spelling");
    return v->kind != DF_DIFFERS;
}

static void judge_values(wb_arena *a, const df_program *p, wv left, wv right,
                         const df_judge_options *options, df_verdict *v)
{
    wv x = cf_field(left, "answers"), y = cf_field(right, "answers");
    v->compiled = x != WV_UNDEFINED && y != WV_UNDEFINED;
    if (!v->compiled) {
        judge_pair(a, p, -1, left, right, options, v);
        if (v->kind == DF_SAME && (x != WV_UNDEFINED || y != WV_UNDEFINED))
            differ(v, a, -1, left, right, "phase");
        return;
    }
    for (uint32_t i = 0; i < wv_len(x) && i < wv_len(y); i++)
        if (!judge_pair(a, p, (int)i, wv_items(x)[i], wv_items(y)[i], options, v))
            return;
}

void df_judge(const df_program *p, const char *left, const char *right,
              const df_judge_options *options, df_verdict *v)
{
    *v = (df_verdict){.kind = DF_SAME, .query = -1};
    if (!left || !right) {
        v->kind = right ? DF_GIVEN_UP : DF_DIFFERS;
        snprintf(v->sign, sizeof v->sign, "%s", right ? "the other side died" : "ours died");
        return;
    }
    wb_arena a;
    wv x, y;
    if (wb_arena_init(&a, ARENA_MAX, 0))
        wb_fatal("no memory for answers");
    if (wv_json_decode(&a, wb_str_of(left), NULL, &x, NULL) ||
        wv_json_decode(&a, wb_str_of(right), NULL, &y, NULL)) {
        v->kind = DF_DIFFERS;
        snprintf(v->sign, sizeof v->sign, "an answer is no JSON");
    } else {
        judge_values(&a, p, x, y, options, v);
        if (v->kind == DF_DIFFERS && (v->rule = df_known(p, v)))
            v->kind = DF_KNOWN;
    }
    wb_arena_free(&a);
}
