/* Block style, two blanks a level, sequences indented below their key. Which quotes a string gets
 * is decided from its characters as emitters that come from libyaml do. */
#include "stdlib/yaml_write.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/unicode.h"
#include "stdlib/yaml_read.h"
#include "value/json.h"

#include <math.h>
#include <stdlib.h>

#define INDENT         2
#define SIMPLE_KEY_MAX 128 /* a longer key gets a line of its own behind "?" */

typedef struct writer {
    ws_ctx *cx;
    wb_buf *b;
    int indent, column;
    bool whitespace; /* the last byte was a blank */
    bool indention;  /* only indention and indicators stand on the line */
    bool item;       /* what comes next is an item of a sequence */
} writer;

typedef enum style { PLAIN, SINGLE, DOUBLE, LITERAL } style;

static void put(writer *w, wb_str s)
{
    wb_buf_put_str(w->b, s);
    w->column += (int)wb_utf8_count(s);
}

static void line(writer *w)
{
    wb_buf_putc(w->b, '\n');
    w->column = 0;
    w->indention = true;
}

static void indicator(writer *w, const char *z, bool needs_blank, bool blank, bool indents)
{
    if (needs_blank && !w->whitespace)
        put(w, WB_LIT(" "));
    put(w, wb_str_of(z));
    w->whitespace = blank;
    w->indention = w->indention && indents;
}

static void indent(writer *w)
{
    int to = w->indent > 0 ? w->indent : 0;
    if (!w->indention || w->column > to || (w->column == to && !w->whitespace))
        line(w);
    while (w->column < to)
        put(w, WB_LIT(" "));
    w->whitespace = w->indention = true;
}

/* One level deeper; answers the level to go back to. */
static int deeper(writer *w, bool flow)
{
    int before = w->indent;
    if (w->indent < 0)
        w->indent = flow ? INDENT : 0;
    else if (w->item)
        w->indent += 2;
    else
        w->indent = INDENT * ((w->indent + INDENT) / INDENT);
    return before;
}

/* ---- strings ---- */

static bool is_break(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* What lies outside the basic plane counts as not printable too. */
static bool printable(uint32_t c)
{
    return c == '\n' || (c >= ' ' && c <= '~') || (c >= 0xa0 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd && c != 0xfeff);
}

static uint32_t rune_at(wb_str s, size_t i, size_t *used)
{
    return wb_utf8_get(s.p + i, s.n - i, used);
}

static bool ends_or_blank(wb_str s, size_t i)
{
    size_t used;
    if (i >= s.n)
        return true;
    uint32_t c = rune_at(s, i, &used);
    return c == ' ' || c == '\t';
}

typedef struct shape {
    bool multiline, plain, single, block;
} shape;

static shape look(wb_str s)
{
    shape r = {false, true, true, true};
    if (!s.n)
        return (shape){false, true, true, false};
    bool indicators = s.n >= 3 && (!memcmp(s.p, "---", 3) || !memcmp(s.p, "...", 3));
    bool special = false, tabs = false, break_space = false, space_break = false;
    bool was_space = false, was_break = false, after_blank = true;
    uint32_t c = 0;
    for (size_t i = 0, used; i < s.n; i += used) {
        c = rune_at(s, i, &used);
        bool before_blank = ends_or_blank(s, i + used);
        if (i == 0 && c < 0x80 && c && strchr("#,[]{}&*!|>'\"%@`", (int)c))
            indicators = true;
        if ((i == 0 && (c == '?' || c == '-') && before_blank) || (c == ':' && before_blank) ||
            (i && c == '#' && after_blank))
            indicators = true;
        if (c == '\t')
            tabs = true;
        else if (!printable(c))
            special = true;
        bool space = c == ' ', breaks = is_break(c);
        if ((space || breaks) && (i == 0 || i + used == s.n))
            r.plain = false;
        if (space && i + used == s.n)
            r.block = false;
        break_space |= space && was_break;
        space_break |= breaks && was_space;
        r.multiline |= breaks;
        was_space = space;
        was_break = breaks;
        after_blank = c == 0 || space || c == '\t' || breaks;
    }
    if (break_space || space_break || tabs || special)
        r.single = false;
    if (space_break || special)
        r.block = false;
    if (!r.single || r.multiline || indicators)
        r.plain = false;
    return r;
}

static bool sixty(wb_str s)
{
    size_t i = s.n && (s.p[0] == '+' || s.p[0] == '-');
    if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
        return false;
    while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
        i++;
    size_t groups = 0;
    for (; i + 1 < s.n && s.p[i] == ':' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9'; groups++) {
        bool two = i + 2 < s.n && s.p[i + 2] >= '0' && s.p[i + 2] <= '9';
        if (two && s.p[i + 1] > '5')
            return false;
        i += two ? 3 : 2;
    }
    if (groups && i < s.n && s.p[i] == '.')
        for (i++; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_');)
            i++;
    return groups && i == s.n;
}

/* One or two digits, moved past. -1: none. */
static int two_digits(wb_str s, size_t *i)
{
    if (*i >= s.n || s.p[*i] < '0' || s.p[*i] > '9')
        return -1;
    int r = s.p[(*i)++] - '0';
    if (*i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9')
        r = 10 * r + s.p[(*i)++] - '0';
    return r;
}

/* A date, perhaps with a time, as readers of YAML 1.1 take for a timestamp. */
static bool timestamp(wb_str s)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0;
    size_t i = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && i < 5; i++)
        year = 10 * year + s.p[i] - '0';
    if (i != 4 || i == s.n || s.p[i++] != '-')
        return false;
    int month = two_digits(s, &i);
    if (month < 1 || month > 12 || i == s.n || s.p[i++] != '-')
        return false;
    int day = two_digits(s, &i);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > days[month - 1] + (month == 2 && leap))
        return false;
    if (i == s.n)
        return true;
    char t = s.p[i++];
    if (t != 'T' && t != 't' && t != ' ')
        return false;
    int hour = two_digits(s, &i), most = 23;
    for (int k = 0; k < 3; k++) {
        int v = k ? two_digits(s, &i) : hour;
        if (v < 0 || v > most)
            return false;
        most = 59;
        if (k < 2 && (i == s.n || s.p[i++] != ':'))
            return false;
    }
    if (i + 1 < s.n && (s.p[i] == '.' || s.p[i] == ',') && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
    if (t == ' ' || i == s.n)
        return t == ' ' && i == s.n;
    if (s.p[i] == 'Z')
        return i + 1 == s.n;
    if ((s.p[i] != '+' && s.p[i] != '-') || s.n - i != 6 || s.p[i + 3] != ':')
        return false;
    size_t at = i + 1, to = i + 4;
    int zone = two_digits(s, &at), minutes = two_digits(s, &to);
    return at == i + 3 && to == s.n && zone >= 0 && zone <= 24 && minutes >= 0 && minutes <= 60;
}

/* Whether a reader would take the plain text for something else than a string. */
static bool not_a_string(writer *w, wb_str s)
{
    static const char *const words[] = {
        "",      "~",     "null",  "Null", "NULL", "true", "True", "TRUE",  "false", "False",
        "FALSE", ".nan",  ".NaN",  ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
        "-.inf", "-.Inf", "-.INF", "y",    "Y",    "yes",  "Yes",  "YES",   "on",    "On",
        "ON",    "n",     "N",     "no",   "No",   "NO",   "off",  "Off",   "OFF"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (wb_str_is(s, words[i]))
            return true;
    char *mark = wb_arena_mark(w->cx->out);
    wv number;
    bool r = wv_yaml_number(w->cx->out, s, &number) || timestamp(s) || sixty(s);
    wb_arena_rewind(w->cx->out, mark);
    return r;
}

static style choose(writer *w, wb_str s, bool simple_key)
{
    shape h = look(s);
    style r = memchr(s.n ? s.p : "", '\n', s.n) ? LITERAL : not_a_string(w, s) ? DOUBLE : PLAIN;
    if (simple_key && h.multiline)
        r = DOUBLE;
    if (r == PLAIN && (!h.plain || (!s.n && simple_key)))
        r = SINGLE;
    if (r == SINGLE && !h.single)
        r = DOUBLE;
    if (r == LITERAL && (!h.block || simple_key))
        r = DOUBLE;
    return r;
}

static void put_single(writer *w, wb_str s)
{
    indicator(w, "'", true, false, false);
    bool breaks = false;
    for (size_t i = 0, used; i < s.n; i += used) {
        uint32_t c = rune_at(s, i, &used);
        if (is_break(c)) {
            wb_buf_put(w->b, s.p + i, used);
            w->column = 0;
            breaks = w->indention = true;
            continue;
        }
        if (breaks)
            indent(w);
        if (c == '\'')
            put(w, WB_LIT("'"));
        put(w, wb_str_n(s.p + i, used));
        w->indention = breaks = false;
    }
    indicator(w, "'", false, false, false);
}

static void put_double(writer *w, wb_str s)
{
    static const struct {
        uint32_t c;
        char letter;
    } named[] = {{0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
                 {11, 'v'},    {12, 'f'},   {13, 'r'},   {0x1b, 'e'},   {'"', '"'},
                 {'\\', '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    /* Behind a byte order mark at its start OPA escapes all of a string. */
    bool marked = wb_str_has_prefix(s, WB_LIT("\xef\xbb\xbf"));
    indicator(w, "\"", true, false, false);
    for (size_t i = 0, used; i < s.n; i += used) {
        uint32_t c = rune_at(s, i, &used);
        if (!marked && printable(c) && !is_break(c) && c != '"' && c != '\\') {
            put(w, wb_str_n(s.p + i, used));
            continue;
        }
        size_t k = 0;
        while (k < sizeof named / sizeof *named && named[k].c != c)
            k++;
        if (k < sizeof named / sizeof *named)
            wb_buf_putf(w->b, "\\%c", named[k].letter);
        else
            wb_buf_putf(w->b, c <= 0xff ? "\\x%02X" : c <= 0xffff ? "\\u%04X" : "\\U%08X", c);
        w->column++;
    }
    indicator(w, "\"", false, false, false);
}

static void put_literal(writer *w, wb_str s)
{
    size_t used, breaks_at_end = 0;
    for (size_t i = 0; i < s.n; i += used)
        breaks_at_end = is_break(rune_at(s, i, &used)) ? breaks_at_end + 1 : 0;
    indicator(w, "|", true, false, false);
    if (s.p[0] == ' ' || is_break(rune_at(s, 0, &used)))
        indicator(w, "2", false, false, false);
    if (breaks_at_end == 0)
        indicator(w, "-", false, false, false);
    else if (breaks_at_end > 1 || s.n == 1)
        indicator(w, "+", false, false, false);
    line(w);
    w->whitespace = w->indention = true;
    bool breaks = true;
    for (size_t i = 0; i < s.n; i += used) {
        uint32_t c = rune_at(s, i, &used);
        if (is_break(c)) {
            wb_buf_put(w->b, s.p + i, used);
            w->column = 0;
            breaks = w->indention = true;
            continue;
        }
        if (breaks)
            indent(w);
        put(w, wb_str_n(s.p + i, used));
        w->indention = breaks = false;
    }
}

static void put_plain(writer *w, wb_str s)
{
    if (s.n && !w->whitespace)
        put(w, WB_LIT(" "));
    put(w, s);
    w->whitespace = w->whitespace && !s.n;
    w->indention = false;
}

static void put_string(writer *w, wb_str s, bool simple_key)
{
    style how = choose(w, s, simple_key);
    int before = deeper(w, true);
    switch (how) {
    case PLAIN: put_plain(w, s); break;
    case SINGLE: put_single(w, s); break;
    case DOUBLE: put_double(w, s); break;
    case LITERAL: put_literal(w, s); break;
    }
    w->indent = before;
}

/* Numbers pass through what a reader of YAML makes of their JSON text: 64-bit integers stay, all
 * else becomes a float, and what has no float is a string. */
static bool put_number(writer *w, wv v)
{
    wb_arena *a = w->cx->out;
    char *mark = wb_arena_mark(a);
    wb_error error;
    wb_buf json;
    wb_buf_init(&json, WV_NUMBER_TEXT_MAX);
    wb_status status = wv_json_encode(&json, v, NULL, &error);
    if (status) {
        ws_fail_encode(w->cx, status, &error);
        wb_buf_free(&json);
        return false;
    }
    wb_str s = wb_buf_str(&json);
    wv read;
    int64_t i;
    double d;
    bool fraction = memchr(s.p, '.', s.n) || memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n);
    wb_buf text;
    wb_buf_init(&text, WV_NUMBER_TEXT_MAX);
    if (!wv_yaml_number(a, s, &read) || !wv_number_double(read, &d)) {
        put_string(w, s, false);
    } else {
        bool whole = wv_number_int64(v, &i) || (s.n == 19 && s.p[0] != '-') ||
                     (s.n == 20 && s.p[0] != '-' && memcmp(s.p, "18446744073709551615", 20) <= 0);
        if (fraction || !whole)
            wv_number_put(&text, d == 0 && signbit(d) ? v : wv_from_double(a, d));
        else
            wv_number_put(&text, read);
        put_plain(w, d == 0 && signbit(d) ? WB_LIT("-0") : wb_buf_str(&text));
    }
    wb_buf_free(&text);
    wb_buf_free(&json);
    wb_arena_rewind(a, mark);
    return true;
}

/* ---- collections ---- */

/* Natural order: runs of digits by their value, letters after other characters. */
static int key_cmp(const void *pa, const void *pb)
{
    wb_str a = wv_str((const wv *)pa), b = wv_str((const wv *)pb);
    bool digits = false;
    size_t i = 0, ua, ub, start = 0; /* start: where the run of digits before i begins */
    while (i < a.n && i < b.n) {
        uint32_t ca = rune_at(a, i, &ua), cb = rune_at(b, i, &ub);
        if (ca == cb) {
            bool was = digits;
            digits = ws_rune_digit(ca);
            if (digits && !was)
                start = i;
            i += ua;
            continue;
        }
        bool la = ws_rune_letter(ca), lb = ws_rune_letter(cb);
        if (la && lb)
            return ca < cb ? -1 : 1;
        if (la || lb)
            return (digits ? la : lb) ? -1 : 1;
        int64_t na = 0, nb = 0;
        if ((ca == '0' || cb == '0') && digits)
            for (size_t k = start; k < i; k++)
                if (a.p[k] != '0')
                    na = nb = 1;
        size_t ea = i, eb = i, ra = 0, rb = 0;
        for (; ea < a.n && ws_rune_digit(ca = rune_at(a, ea, &ua)); ea += ua, ra++)
            na = (int64_t)((uint64_t)na * 10 + ca - '0');
        for (; eb < b.n && ws_rune_digit(cb = rune_at(b, eb, &ub)); eb += ub, rb++)
            nb = (int64_t)((uint64_t)nb * 10 + cb - '0');
        if (na != nb)
            return na < nb ? -1 : 1;
        if (ra != rb)
            return ra < rb ? -1 : 1;
        return rune_at(a, i, &ua) < rune_at(b, i, &ub) ? -1 : 1;
    }
    return (a.n > i) - (b.n > i);
}

static bool node(writer *w, wv v, unsigned depth);

static bool sequence(writer *w, wv v, unsigned depth)
{
    size_t n;
    const wv *items = ws_members(w->cx, v, &n);
    if (!items && n)
        return false;
    if (!n) {
        indicator(w, "[", true, true, false);
        indicator(w, "]", false, false, false);
        return true;
    }
    int before = deeper(w, false);
    for (size_t i = 0; i < n; i++) {
        indent(w);
        indicator(w, "-", true, false, true);
        w->item = true;
        if (!node(w, items[i], depth + 1))
            return false;
    }
    w->indent = before;
    return true;
}

/* Whether the text comes through JSON and a reader of YAML unchanged. */
static bool stays(wb_str s)
{
    for (size_t i = 0, used; i < s.n; i += used) {
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        if (c == 0x85 || (c == WB_UTF8_BAD && used == 1))
            return false;
    }
    return true;
}

static size_t blanks(wb_str s, size_t i)
{
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
        i++;
    return i;
}

#define NEXT_LINE "\xc2\x85"

/* JSON is read as YAML, which folds U+0085 and the blanks around it: one is a blank, of several all
 * but the first are line ends. Bytes that are no UTF-8 become U+FFFD. */
static wv cleaned(ws_ctx *cx, wv v)
{
    wb_str s = wv_str(&v);
    wb_buf b;
    ws_text_begin(cx, &b);
    for (size_t i = 0, used; i < s.n; i += used) {
        size_t at = blanks(s, i), breaks = 0;
        for (; s.n - at >= 2 && memcmp(s.p + at, NEXT_LINE, 2) == 0; breaks++)
            at = blanks(s, at + 2);
        if (breaks) {
            wb_buf_putc(&b, breaks == 1 ? ' ' : '\n');
            for (size_t k = 2; k < breaks; k++)
                wb_buf_putc(&b, '\n');
            used = at - i;
            continue;
        }
        char bytes[4];
        wb_buf_put(&b, bytes, wb_utf8_put(bytes, wb_utf8_get(s.p + i, s.n - i, &used)));
    }
    return ws_take_string(cx, &b);
}

#define QUOTED_KEY_MAX 1024 /* code points of a key in JSON that a reader of YAML takes */

static size_t quoted_length(wb_str s)
{
    if (s.n * 6 + 2 <= QUOTED_KEY_MAX)
        return 0;
    wb_buf b;
    wb_buf_init(&b, s.n * 6 + 3);
    wv_json_put_string(&b, s, true);
    size_t n = wb_utf8_count(wb_buf_str(&b));
    wb_buf_free(&b);
    return n;
}

static bool mapping(writer *w, wv v, unsigned depth)
{
    wb_arena *a = w->cx->out;
    size_t n = wv_len(v);
    if (!n) {
        indicator(w, "{", true, true, false);
        indicator(w, "}", false, false, false);
        return true;
    }
    if (!ws_room(w->cx, 64 * n))
        return false;
    /* Keys become text; of two that become the same the later in Rego's order stays. */
    const uint32_t *order = wv_table_order(v);
    wv named = wv_object_begin(a, n);
    for (uint32_t i = 0; i < n; i++) {
        wv key = wv_key_at(v, order, i);
        if (!wv_is_string(key)) {
            wb_buf b;
            wb_error error;
            ws_text_begin(w->cx, &b);
            wb_status status = wv_json_encode(&b, key, NULL, &error);
            if (status) {
                ws_fail_encode(w->cx, status, &error);
                wb_buf_free(&b);
                return false;
            }
            key = ws_take_string(w->cx, &b);
            if (!wv_defined(key))
                return false;
        }
        wb_str text = wv_str(&key);
        if (!stays(text) && memmem(text.p, text.n, NEXT_LINE, 2)) {
            ws_fail(w->cx, "yaml: line 1: did not find expected ',' or '}'");
            return false;
        }
        if (quoted_length(text) > QUOTED_KEY_MAX) {
            ws_fail(w->cx, "yaml: did not find expected ',' or '}'");
            return false;
        }
        if (!stays(text) && !wv_defined(key = cleaned(w->cx, key)))
            return false;
        wv_object_put(a, &named, key, wv_value_at(v, order, i));
    }
    if (a->exhausted || !ws_room(w->cx, n * sizeof(wv))) {
        ws_fail_room(w->cx);
        return false;
    }
    n = wv_len(named);
    wv *keys = wb_arena_alloc(a, n * sizeof *keys);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = wv_key_at(named, NULL, i);
    qsort(keys, n, sizeof *keys, key_cmp);
    int before = deeper(w, false);
    w->item = false;
    for (size_t i = 0; i < n; i++) {
        wb_str key = wv_str(&keys[i]);
        indent(w);
        bool simple = key.n <= SIMPLE_KEY_MAX && !look(key).multiline;
        if (simple) {
            put_string(w, key, true);
            indicator(w, ":", false, false, false);
        } else {
            indicator(w, "?", true, false, true);
            put_string(w, key, false);
            indent(w);
            indicator(w, ":", true, false, true);
        }
        w->item = false;
        if (!node(w, wv_object_get(named, keys[i]), depth + 1))
            return false;
    }
    w->indent = before;
    return true;
}

/* What no reader of YAML accepts cannot be written. */
static bool readable(writer *w, wb_str s)
{
    for (size_t i = 0, used; i < s.n; i += used) {
        uint32_t c = rune_at(s, i, &used);
        bool bad = (c >= 0x7f && c < 0xa0 && c != 0x85) || c == 0xfffe || c == 0xffff;
        if (bad) {
            ws_fail(w->cx, "yaml: control characters are not allowed");
            return false;
        }
    }
    return true;
}

static bool node(writer *w, wv v, unsigned depth)
{
    bool item = w->item;
    if (depth > WV_YAML_DEPTH_MAX) {
        ws_fail(w->cx, "yaml: exceeded max depth");
        return false;
    }
    if (w->b->failed) {
        ws_fail_room(w->cx);
        return false;
    }
    bool ok = true;
    switch (wv_type_of(v)) {
    case WV_TYPE_NULL: put_plain(w, WB_LIT("null")); break;
    case WV_TYPE_BOOLEAN: put_plain(w, v == WV_TRUE ? WB_LIT("true") : WB_LIT("false")); break;
    case WV_TYPE_NUMBER: ok = put_number(w, v); break;
    case WV_TYPE_STRING:
        if (!stays(wv_str(&v)))
            v = cleaned(w->cx, v);
        if ((ok = wv_defined(v)))
            put_string(w, wv_str(&v), false);
        break;
    case WV_TYPE_OBJECT: ok = mapping(w, v, depth); break;
    default: ok = sequence(w, v, depth);
    }
    w->item = item;
    return ok;
}

/* All strings below v, keys too. */
static bool all_readable(writer *w, wv v, unsigned depth)
{
    if (wv_is_string(v))
        return readable(w, wv_str(&v));
    if (!wv_is_collection(v) || depth > WV_YAML_DEPTH_MAX)
        return true;
    size_t n = wv_len(v);
    if (!ws_spend(w->cx, 8 * n))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        bool ok = wv_is_array(v)    ? all_readable(w, wv_items(v)[i], depth + 1)
                  : wv_is_object(v) ? all_readable(w, wv_key_at(v, NULL, i), depth + 1) &&
                                          all_readable(w, wv_value_at(v, NULL, i), depth + 1)
                                    : all_readable(w, wv_set_at(v, NULL, i), depth + 1);
        if (!ok)
            return false;
    }
    return true;
}

wv ws_yaml_encode(ws_ctx *cx, wv v)
{
    wb_buf b;
    ws_text_begin(cx, &b);
    writer w = {.cx = cx, .b = &b, .indent = -1, .whitespace = true, .indention = true};
    if (!all_readable(&w, v, 0) || !node(&w, v, 0)) {
        ws_text_end(cx, &b);
        return WV_UNDEFINED;
    }
    w.indent = 0;
    indent(&w);
    return ws_take_string(cx, &b);
}
