/* Versions as semver.org has them; a leading v is accepted. */
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/text.h"
#include "value/json.h"

typedef struct version {
    int64_t number[3];
    wb_str pre; /* empty: a release */
} version;

static bool all_digits(wb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* The piece up to the mark; the rest behind it stays in *s. False when there is no mark. */
static bool cut(wb_str *s, char mark, wb_str *piece)
{
    size_t at = ws_find(*s, wb_str_n(&mark, 1), 0);
    *piece = *s;
    if (at == WS_NOT_FOUND) {
        *s = wb_str_n(s->p + s->n, 0);
        return false;
    }
    piece->n = at;
    *s = wb_str_n(s->p + at + 1, s->n - at - 1);
    return true;
}

/* Identifiers of letters, digits and dashes between dots. numbers: those of digits have no zero in
 * front. */
static bool identifiers(wb_str s, bool numbers)
{
    bool more = true;
    while (more) {
        wb_str id;
        more = cut(&s, '.', &id);
        for (size_t i = 0; i < id.n; i++) {
            char c = id.p[i];
            if (c != '-' && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z'))
                return false;
        }
        if (!id.n || (numbers && id.n > 1 && id.p[0] == '0' && all_digits(id)))
            return false;
    }
    return true;
}

static bool parse(wb_str s, version *v)
{
    wb_str body, core, part;
    if (s.n && s.p[0] == 'v')
        s = wb_str_n(s.p + 1, s.n - 1);
    *v = (version){.pre = WB_LIT("")};
    if (cut(&s, '+', &body) && !identifiers(s, false))
        return false;
    if (cut(&body, '-', &core)) {
        v->pre = body;
        if (!identifiers(body, true))
            return false;
    }
    for (int i = 0; i < 3; i++) {
        if (cut(&core, '.', &part) != (i < 2))
            return false;
        if (!all_digits(part) || (part.n > 1 && part.p[0] == '0'))
            return false;
        for (size_t k = 0; k < part.n; k++)
            if (__builtin_mul_overflow(v->number[i], 10, &v->number[i]) ||
                __builtin_add_overflow(v->number[i], part.p[k] - '0', &v->number[i]))
                return false;
    }
    return true;
}

static int64_t clamp_number(wb_str s)
{
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s.p[i] - '0', &v))
            return INT64_MAX;
    return v;
}

static int compare_pre(wb_str a, wb_str b)
{
    if (wb_str_eq(a, b))
        return 0;
    if (!a.n || !b.n)
        return a.n ? -1 : 1;
    for (;;) {
        wb_str x, y;
        cut(&a, '.', &x);
        cut(&b, '.', &y);
        if (!x.n || !y.n)
            return !x.n && !y.n ? 0 : x.n ? 1 : -1;
        bool m = all_digits(x), n = all_digits(y);
        if (m != n)
            return m ? -1 : 1;
        int64_t i = m ? clamp_number(x) : 0, k = m ? clamp_number(y) : 0;
        int c = m ? (i > k) - (i < k) : wb_str_cmp(x, y);
        if (c)
            return c < 0 ? -1 : 1;
    }
}

static wv fn_compare(ws_ctx *cx, const wv *args, unsigned n)
{
    version v[2];
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    for (unsigned i = 0; i < 2; i++) {
        wb_str s = wv_str(&args[i]);
        WS_SPEND(cx, s.n);
        if (parse(s, &v[i]))
            continue;
        wb_buf b;
        wb_buf_init(&b, (size_t)16 << 10);
        wv_print_string(&b, s);
        ws_fail(cx, "operand %u: string %s is not a valid SemVer", i + 1, wb_buf_cstr(&b));
        wb_buf_free(&b);
        return WV_UNDEFINED;
    }
    for (int i = 0; i < 3; i++)
        if (v[0].number[i] != v[1].number[i])
            return wv_small(v[0].number[i] > v[1].number[i] ? 1 : -1);
    return wv_small(compare_pre(v[0].pre, v[1].pre));
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    version v;
    if (wv_is_string(args[0]))
        WS_SPEND(cx, wv_str(&args[0]).n);
    return wv_bool(wv_is_string(args[0]) && parse(wv_str(&args[0]), &v));
}

const ws_builtin ws_semver[] = {
    WS_ROW("semver.compare", "(a: string, b: string) => (result: number)", NULL, NULL, 0,
           fn_compare, NULL, NULL, "-1, 0 or 1 as version a is before, the same as or after b."),
    WS_ROW("semver.is_valid", "(vsn: any) => (result: boolean)", NULL, NULL, 0, fn_is_valid, NULL,
           NULL, "Whether the value is a version."),
    WS_END,
};
