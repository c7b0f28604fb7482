#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/families.h"
#include "stdlib/re.h"
#include "stdlib/unicode.h"

static void release(void *re)
{
    ws_re_free(re);
}

/* Compiles a pattern, reporting what is wrong with it unless cx is NULL. */
static ws_re *compile(ws_ctx *cx, wb_str pattern)
{
    wb_buf b;
    wb_buf_init(&b, WS_RE_PATTERN_MAX + 256);
    ws_re *re = ws_re_compile(pattern, &b);
    if (!re && cx)
        ws_fail(cx, "%.*s", WB_FMT(wb_buf_str(&b)));
    wb_buf_free(&b);
    return re;
}

static bool charge_compile(ws_ctx *cx, wb_str pattern)
{
    return ws_charge(cx, 16 + pattern.n / 8);
}

static ws_re *cached(ws_ctx *cx, wb_str pattern)
{
    /* The cost is the same whether it is remembered or not: fuel tells nothing of the cache. */
    if (!charge_compile(cx, pattern))
        return NULL;
    ws_re *re = ws_cache_get(cx->cache, WS_CACHE_REGEX, pattern);
    if (re)
        return re;
    re = compile(cx, pattern);
    if (re)
        ws_cache_put(cx->cache, WS_CACHE_REGEX, pattern, re, release);
    return re;
}

static const ws_re *pattern_of(ws_ctx *cx, const wv *args, unsigned i)
{
    return cx->site ? cx->site : cached(cx, wv_str(&args[i]));
}

static void *prepare_at(const wv *args, unsigned i)
{
    return wv_is_string(args[i]) ? compile(NULL, wv_str(&args[i])) : NULL;
}

static void *prepare_first(const wv *args, unsigned n)
{
    return prepare_at(args, 0);
}

static void *prepare_second(const wv *args, unsigned n)
{
    return prepare_at(args, 1);
}

static wv fn_match(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    const ws_re *re = pattern_of(cx, args, 0);
    if (!re)
        return WV_UNDEFINED;
    wb_str s = wv_str(&args[1]);
    ws_re_answer a = ws_re_test(cx, re, s);
    return a == WS_RE_STOPPED ? WV_UNDEFINED : wv_bool(a == WS_RE_YES);
}

static wv fn_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!wv_is_string(args[0]))
        return WV_FALSE;
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    return wv_bool(ws_re_valid(s));
}

/* ---- all matches, as Go finds them ---- */

typedef struct finder {
    ws_ctx *cx;
    const ws_re *re;
    wb_str s;
    bool utf8;
    size_t at, last_end;
    size_t *ends;
} finder;

static bool finder_init(finder *f, ws_ctx *cx, const ws_re *re, wb_str s)
{
    size_t bytes = 2 * (size_t)ws_re_groups(re) * sizeof(size_t);
    if (!ws_room(cx, bytes) || !ws_spend(cx, s.n))
        return false;
    *f = (finder){cx, re, s, ws_ascii(s) || wb_utf8_valid(s, NULL), 0, SIZE_MAX, NULL};
    f->ends = wb_arena_alloc(cx->out, bytes);
    return true;
}

/* The next match in f->ends. An empty match right behind the last one is none. */
static bool finder_next(finder *f)
{
    while (f->at <= f->s.n) {
        if (!ws_charge(f->cx, 1))
            return false;
        if (ws_re_find(f->cx, f->re, f->s, f->utf8, f->at, f->ends) != WS_RE_YES)
            return false;
        bool accept = true;
        if (f->ends[1] == f->at) {
            accept = f->ends[0] != f->last_end;
            size_t used = 1;
            if (f->at < f->s.n)
                wb_utf8_get(f->s.p + f->at, f->s.n - f->at, &used);
            f->at += used;
        } else {
            f->at = f->ends[1];
        }
        f->last_end = f->ends[1];
        if (accept)
            return true;
    }
    return false;
}

static wv group_text(finder *f, unsigned g)
{
    size_t a = f->ends[2 * g], b = f->ends[2 * g + 1];
    if (a == SIZE_MAX || b == SIZE_MAX)
        return wv_short("", 0);
    return wv_string_new(f->cx->out, wb_str_n(f->s.p + a, b - a));
}

static wv find_all(ws_ctx *cx, const wv *args, bool groups)
{
    int64_t limit;
    finder f;
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    WS_INT(cx, args, 2, &limit);
    const ws_re *re = pattern_of(cx, args, 0);
    if (!re || !finder_init(&f, cx, re, wv_str(&args[1])))
        return WV_UNDEFINED;
    unsigned n = ws_re_groups(re);
    wv r = wv_array_begin(cx->out, 4);
    while ((limit < 0 || wv_len(r) < limit) && finder_next(&f)) {
        size_t length = f.ends[1] - f.ends[0];
        if (!ws_room(cx, (groups ? n : 1) * (length + 24)))
            return WV_UNDEFINED;
        wv one;
        if (groups) {
            wv *items;
            one = wv_array_make(cx->out, n, &items);
            for (unsigned g = 0; g < n; g++)
                items[g] = group_text(&f, g);
        } else {
            one = group_text(&f, 0);
        }
        wv_array_push(cx->out, &r, one);
    }
    return cx->error == WS_ERR_NONE ? ws_built(cx, r) : WV_UNDEFINED;
}

static wv fn_find_n(ws_ctx *cx, const wv *args, unsigned n)
{
    return find_all(cx, args, false);
}

static wv fn_find_groups(ws_ctx *cx, const wv *args, unsigned n)
{
    return find_all(cx, args, true);
}

static wv fn_split(ws_ctx *cx, const wv *args, unsigned n)
{
    finder f;
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    const ws_re *re = pattern_of(cx, args, 0);
    wb_str s = wv_str(&args[1]);
    if (!re)
        return WV_UNDEFINED;
    if (wv_str(&args[0]).n && !s.n)
        return wv_array_new(cx->out, &args[1], 1);
    if (!finder_init(&f, cx, re, s))
        return WV_UNDEFINED;
    wv r = wv_array_begin(cx->out, 4);
    size_t start = 0, end = 0;
    while (finder_next(&f)) {
        end = f.ends[0];
        WS_ROOM(cx, end - start + 24);
        if (f.ends[1] != 0)
            wv_array_push(cx->out, &r, wv_string_new(cx->out, wb_str_n(s.p + start, end - start)));
        start = f.ends[1];
    }
    if (cx->error != WS_ERR_NONE)
        return WV_UNDEFINED;
    if (end != s.n)
        wv_array_push(cx->out, &r, wv_string_new(cx->out, wb_str_n(s.p + start, s.n - start)));
    return ws_built(cx, r);
}

/* ---- replace ---- */

/* Reads the name behind a "$": false when there is none. number is -1 for names that are words. */
static bool template_name(wb_str *t, wb_str *name, int64_t *number)
{
    wb_str s = *t;
    bool brace = s.n && s.p[0] == '{';
    if (brace) {
        s.p++;
        s.n--;
    }
    size_t i = 0, used;
    while (i < s.n) {
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        if (c != '_' && !ws_rune_letter(c) && !ws_rune_digit(c))
            break;
        i += used;
    }
    if (!i || (brace && (i == s.n || s.p[i] != '}')))
        return false;
    *name = wb_str_n(s.p, i);
    *t = wb_str_n(s.p + i + brace, s.n - i - brace);
    *number = 0;
    for (size_t k = 0; k < i; k++) {
        if (s.p[k] < '0' || s.p[k] > '9' || *number >= 100000000) {
            *number = -1;
            break;
        }
        *number = *number * 10 + (s.p[k] - '0');
    }
    if (s.p[0] == '0' && i > 1)
        *number = -1;
    return true;
}

static void put_group(wb_buf *b, const finder *f, size_t g)
{
    if (f->ends[2 * g] != SIZE_MAX && f->ends[2 * g + 1] != SIZE_MAX)
        wb_buf_put(b, f->s.p + f->ends[2 * g], f->ends[2 * g + 1] - f->ends[2 * g]);
}

static void expand(wb_buf *b, const finder *f, wb_str t)
{
    unsigned groups = ws_re_groups(f->re);
    while (t.n) {
        const char *dollar = memchr(t.p, '$', t.n);
        if (!dollar)
            break;
        size_t before = (size_t)(dollar - t.p);
        wb_buf_put(b, t.p, before);
        t = wb_str_n(dollar + 1, t.n - before - 1);
        if (t.n && t.p[0] == '$') {
            wb_buf_putc(b, '$');
            t = wb_str_n(t.p + 1, t.n - 1);
            continue;
        }
        wb_str name;
        int64_t number;
        if (!template_name(&t, &name, &number)) {
            wb_buf_putc(b, '$');
        } else if (number >= 0) {
            if ((uint64_t)number < groups)
                put_group(b, f, (size_t)number);
        } else {
            for (unsigned g = 1; g < groups; g++)
                if (wb_str_eq(name, ws_re_group_name(f->re, g)) && f->ends[2 * g] != SIZE_MAX) {
                    put_group(b, f, g);
                    break;
                }
        }
    }
    wb_buf_put_str(b, t);
}

static wv fn_replace(ws_ctx *cx, const wv *args, unsigned n)
{
    finder f;
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    WS_STRING(cx, args, 2);
    const ws_re *re = pattern_of(cx, args, 1);
    wb_str s = wv_str(&args[0]), with = wv_str(&args[2]);
    if (!re || !finder_init(&f, cx, re, s))
        return WV_UNDEFINED;
    wb_buf b;
    ws_text_begin(cx, &b);
    size_t start = 0;
    bool any = false;
    while (!b.failed && finder_next(&f)) {
        any = true;
        wb_buf_put(&b, s.p + start, f.ends[0] - start);
        expand(&b, &f, with);
        start = f.ends[1];
        if (with.n > 64 && !ws_charge(cx, with.n / 64))
            break;
    }
    if (cx->error != WS_ERR_NONE || !any) {
        ws_text_end(cx, &b);
        return any || cx->error != WS_ERR_NONE ? WV_UNDEFINED : args[0];
    }
    wb_buf_put(&b, s.p + start, s.n - start);
    return ws_take_string(cx, &b);
}

/* ---- templates: text with patterns between delimiters ---- */

static void put_quoted_meta(wb_buf *b, wb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr("\\.+*?()|[]{}^$", s.p[i]))
            wb_buf_putc(b, '\\');
        wb_buf_putc(b, s.p[i]);
    }
}

static bool fail_braces(ws_ctx *cx, wb_str t)
{
    if (!cx)
        return false;
    wb_buf b;
    wb_buf_init(&b, 4096);
    ws_put_quoted(&b, t);
    ws_fail(cx, "unbalanced braces in %s", wb_buf_cstr(&b));
    wb_buf_free(&b);
    return false;
}

/* The pattern of the whole template. cx is NULL while constants are prepared: nothing is charged
 * and no error told. */
static bool template_pattern(ws_ctx *cx, wb_buf *b, wb_str t, char open, char close)
{
    long level = 0;
    size_t start = 0, end = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == open)
            level++;
        else if (t.p[i] == close && --level < 0)
            return fail_braces(cx, t);
    }
    if (level)
        return fail_braces(cx, t);
    wb_buf_putc(b, '^');
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == open && ++level == 1) {
            start = i;
        } else if (t.p[i] == close && t.p[i] != open && --level == 0) {
            wb_str body = wb_str_n(t.p + start + 1, i - start - 1);
            put_quoted_meta(b, wb_str_n(t.p + end, start - end));
            wb_buf_putc(b, '(');
            wb_buf_put_str(b, body);
            wb_buf_putc(b, ')');
            end = i + 1;
            /* Each part must be a pattern by itself. */
            wb_buf part;
            wb_buf_init(&part, WS_RE_PATTERN_MAX + 2);
            wb_buf_putc(&part, '^');
            wb_buf_put_str(&part, body);
            wb_buf_putc(&part, '$');
            bool paid = !part.failed && (!cx || charge_compile(cx, wb_buf_str(&part)));
            ws_re *re = paid ? compile(cx, wb_buf_str(&part)) : NULL;
            if (part.failed && cx)
                ws_fail(cx, "error parsing regexp: expression too large");
            wb_buf_free(&part);
            ws_re_free(re);
            if (!re)
                return false;
        }
    }
    put_quoted_meta(b, wb_str_n(t.p + end, t.n - end));
    wb_buf_putc(b, '$');
    return true;
}

static wv fn_template_match(ws_ctx *cx, const wv *args, unsigned n)
{
    for (unsigned i = 0; i < 4; i++)
        WS_STRING(cx, args, i);
    if (cx->site) {
        ws_re_answer a = ws_re_test(cx, cx->site, wv_str(&args[1]));
        return a == WS_RE_STOPPED ? WV_UNDEFINED : wv_bool(a == WS_RE_YES);
    }
    wb_str t = wv_str(&args[0]), open = wv_str(&args[2]), close = wv_str(&args[3]);
    if (open.n != 1)
        return ws_fail(cx, "start delimiter has to be exactly one character long but is %zu long",
                       open.n);
    if (close.n != 1)
        return ws_fail(cx, "end delimiter has to be exactly one character long but is %zu long",
                       open.n);
    wb_buf b;
    wb_buf_init(&b, WS_RE_PATTERN_MAX * 2);
    const ws_re *re = NULL;
    if (template_pattern(cx, &b, t, open.p[0], close.p[0]))
        re = cached(cx, wb_buf_str(&b));
    wb_buf_free(&b);
    if (!re)
        return WV_UNDEFINED;
    ws_re_answer a = ws_re_test(cx, re, wv_str(&args[1]));
    return a == WS_RE_STOPPED ? WV_UNDEFINED : wv_bool(a == WS_RE_YES);
}

static void *prepare_template(const wv *args, unsigned n)
{
    if (!wv_is_string(args[0]) || !wv_is_string(args[2]) || !wv_is_string(args[3]))
        return NULL;
    wb_str open = wv_str(&args[2]), close = wv_str(&args[3]);
    if (open.n != 1 || close.n != 1)
        return NULL;
    wb_buf b;
    wb_buf_init(&b, WS_RE_PATTERN_MAX * 2);
    ws_re *re = NULL;
    if (template_pattern(NULL, &b, wv_str(&args[0]), open.p[0], close.p[0]) && !b.failed)
        re = compile(NULL, wb_buf_str(&b));
    wb_buf_free(&b);
    return re;
}

const ws_builtin ws_regex[] = {
    WS_ROW("regex.match", "(pattern: string, value: string) => (result: boolean)", NULL, NULL, 0,
           fn_match, prepare_first, release, "Whether the pattern matches somewhere in value."),
    WS_ROW("re_match", "(string, string) => boolean", NULL, NULL, WS_DEPRECATED, fn_match,
           prepare_first, release, "Use regex.match."),
    WS_ROW("regex.is_valid", "(pattern: string) => (result: boolean)", NULL, NULL, 0, fn_is_valid,
           NULL, NULL, "Whether the string is a pattern."),
    WS_ROW("regex.find_n",
           "(pattern: string, value: string, number: number) => (output: array[string])", NULL,
           NULL, 0, fn_find_n, prepare_first, release,
           "The first number matches, all when it is negative."),
    WS_ROW("regex.find_all_string_submatch_n",
           "(pattern: string, value: string, number: number) => (output: array[array[string]])",
           NULL, NULL, 0, fn_find_groups, prepare_first, release,
           "The first number matches, all when it is negative, each with its groups."),
    WS_ROW("regex.split", "(pattern: string, value: string) => (output: array[string])", NULL, NULL,
           0, fn_split, prepare_first, release, "The parts of value between matches."),
    WS_ROW("regex.replace", "(s: string, pattern: string, value: string) => (output: string)", NULL,
           NULL, 0, fn_replace, prepare_second, release,
           "s with every match replaced by value, in which $1 and ${name} stand for groups."),
    WS_ROW("regex.template_match",
           "(template: string, value: string, delimiter_start: string, delimiter_end: string) => "
           "(result: boolean)",
           NULL, NULL, 0, fn_template_match, prepare_template, release,
           "Whether value is the template, in which patterns stand between delimiters."),
    WS_END,
};
