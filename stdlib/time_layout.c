/* Go's reference layouts: reading and writing "Mon Jan 2 15:04:05 MST 2006". */
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/clock.h"

#include <stdio.h>
#include <stdlib.h>

typedef enum chunk {
    T_NONE,
    T_LONG_MONTH,
    T_MONTH,
    T_NUM_MONTH,
    T_ZERO_MONTH,
    T_LONG_WEEKDAY,
    T_WEEKDAY,
    T_DAY,
    T_UNDER_DAY,
    T_ZERO_DAY,
    T_UNDER_YEARDAY,
    T_ZERO_YEARDAY,
    T_HOUR,
    T_HOUR12,
    T_ZERO_HOUR12,
    T_MINUTE,
    T_ZERO_MINUTE,
    T_SECOND,
    T_ZERO_SECOND,
    T_LONG_YEAR,
    T_YEAR,
    T_PM,
    T_pm,
    T_ZONE,
    T_ISO,
    T_ISO_SECONDS,
    T_ISO_SHORT,
    T_ISO_COLON,
    T_ISO_COLON_SECONDS,
    T_NUM,
    T_NUM_SECONDS,
    T_NUM_SHORT,
    T_NUM_COLON,
    T_NUM_COLON_SECONDS,
    T_FRACTION_0,
    T_FRACTION_9
} chunk;

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

typedef struct named_chunk {
    const char *text;
    chunk what;
    bool not_before_lower; /* "Jan" is no month in "Janet" */
} named_chunk;

/* Longer texts stand before their beginnings. */
static const named_chunk chunks[] = {
    {"January", T_LONG_MONTH, false},
    {"Jan", T_MONTH, true},
    {"Monday", T_LONG_WEEKDAY, false},
    {"Mon", T_WEEKDAY, true},
    {"MST", T_ZONE, false},
    {"002", T_ZERO_YEARDAY, false},
    {"01", T_ZERO_MONTH, false},
    {"02", T_ZERO_DAY, false},
    {"03", T_ZERO_HOUR12, false},
    {"04", T_ZERO_MINUTE, false},
    {"05", T_ZERO_SECOND, false},
    {"06", T_YEAR, false},
    {"15", T_HOUR, false},
    {"1", T_NUM_MONTH, false},
    {"2006", T_LONG_YEAR, false},
    {"2", T_DAY, false},
    {"__2", T_UNDER_YEARDAY, false},
    {"_2", T_UNDER_DAY, false},
    {"3", T_HOUR12, false},
    {"4", T_MINUTE, false},
    {"5", T_SECOND, false},
    {"PM", T_PM, false},
    {"pm", T_pm, false},
    {"-070000", T_NUM_SECONDS, false},
    {"-07:00:00", T_NUM_COLON_SECONDS, false},
    {"-0700", T_NUM, false},
    {"-07:00", T_NUM_COLON, false},
    {"-07", T_NUM_SHORT, false},
    {"Z070000", T_ISO_SECONDS, false},
    {"Z07:00:00", T_ISO_COLON_SECONDS, false},
    {"Z0700", T_ISO, false},
    {"Z07:00", T_ISO_COLON, false},
    {"Z07", T_ISO_SHORT, false},
};

static bool digit_at(wb_str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The first chunk of a layout: where it starts and how long it is. T_NONE: the rest is text. */
static chunk next_chunk(wb_str l, size_t *start, size_t *len)
{
    for (size_t i = 0; i < l.n; i++) {
        wb_str rest = wb_str_n(l.p + i, l.n - i);
        *start = i;
        if (!strchr("JM0123456_Pp-Z.,", l.p[i]) || !l.p[i])
            continue;
        if (l.p[i] == '.' || l.p[i] == ',') {
            size_t j = i + 1;
            if (j < l.n && (l.p[j] == '0' || l.p[j] == '9')) {
                while (j < l.n && l.p[j] == l.p[i + 1])
                    j++;
                *len = j - i;
                if (!digit_at(l, j))
                    return l.p[i + 1] == '0' ? T_FRACTION_0 : T_FRACTION_9;
            }
            continue;
        }
        if (wb_str_has_prefix(rest, WB_LIT("_2006"))) {
            *start = i + 1;
            *len = 4;
            return T_LONG_YEAR;
        }
        for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
            wb_str t = wb_str_of(chunks[k].text);
            if (!wb_str_has_prefix(rest, t))
                continue;
            if (chunks[k].not_before_lower && rest.n > t.n && rest.p[t.n] >= 'a' &&
                rest.p[t.n] <= 'z')
                continue;
            *len = t.n;
            return chunks[k].what;
        }
    }
    *start = l.n;
    *len = 0;
    return T_NONE;
}

/* The layout a name stands for, or the text itself. */
static wb_str layout_of(wb_str name)
{
    static const char *const known[][2] = {
        {"ANSIC", "Mon Jan _2 15:04:05 2006"},
        {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
        {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
        {"RFC822", "02 Jan 06 15:04 MST"},
        {"RFC822Z", "02 Jan 06 15:04 -0700"},
        {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
        {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
        {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
        {"RFC3339", "2006-01-02T15:04:05Z07:00"},
        {"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (wb_str_is(name, known[i][0]))
            return wb_str_of(known[i][1]);
    return name;
}

/* ---- layouts taken apart ---- */

typedef struct piece {
    uint32_t start, len; /* from the end of the piece before */
    chunk what;
} piece;

struct ws_layout {
    size_t n;
    piece *pieces; /* the last is T_NONE */
};

ws_layout *ws_layout_new(wb_str name)
{
    wb_str rest = layout_of(name);
    if (rest.n > WS_LAYOUT_MAX)
        return NULL;
    ws_layout *l = wb_calloc(1, sizeof *l);
    size_t room = 16;
    l->pieces = wb_calloc(room, sizeof *l->pieces);
    for (;;) {
        size_t start, len;
        chunk what = next_chunk(rest, &start, &len);
        if (l->n == room) {
            room *= 2;
            l->pieces = wb_realloc(l->pieces, room * sizeof *l->pieces);
        }
        l->pieces[l->n++] = (piece){(uint32_t)start, (uint32_t)len, what};
        if (what == T_NONE)
            return l;
        rest = wb_str_n(rest.p + start + len, rest.n - start - len);
    }
}

void ws_layout_free(void *layout)
{
    ws_layout *l = layout;
    if (l)
        free(l->pieces);
    free(l);
}

const ws_layout *ws_layout_get(ws_ctx *cx, wb_str name)
{
    ws_layout *l = ws_cache_get(cx->cache, WS_CACHE_LAYOUT, name);
    if (!l && (l = ws_layout_new(name)))
        ws_cache_put(cx->cache, WS_CACHE_LAYOUT, name, l, ws_layout_free);
    return l;
}

/* The next piece of what is left of a layout: from its parts, or from its text. */
static chunk next_piece(wb_str rest, const ws_layout *apart, size_t i, size_t *start, size_t *len)
{
    if (!apart)
        return next_chunk(rest, start, len);
    *start = apart->pieces[i].start;
    *len = apart->pieces[i].len;
    return apart->pieces[i].what;
}

/* ---- reading ---- */

typedef struct reader {
    wb_str value;
    int64_t year;
    int month, day, yearday, hour, minute, second;
    int64_t nanos;
    bool am, pm, utc, has_offset;
    int offset;
    wb_str zone;
    const char *range; /* what is out of its range */
} reader;

static void eat(reader *r, size_t n)
{
    r->value = wb_str_n(r->value.p + n, r->value.n - n);
}

static bool get_num(reader *r, bool fixed, int *out)
{
    *out = 0;
    if (!digit_at(r->value, 0) || (fixed && !digit_at(r->value, 1)))
        return false;
    size_t n = digit_at(r->value, 1) ? 2 : 1;
    for (size_t i = 0; i < n; i++)
        *out = *out * 10 + (r->value.p[i] - '0');
    eat(r, n);
    return true;
}

static bool lookup(reader *r, const char *const *names, int count, bool brief, int *out)
{
    for (int i = 0; i < count; i++) {
        size_t n = brief ? 3 : strlen(names[i]), k = 0;
        while (k < n && k < r->value.n && (r->value.p[k] | 32) == (names[i][k] | 32))
            k++;
        if (k == n) {
            *out = i;
            eat(r, n);
            return true;
        }
    }
    return false;
}

/* A point or comma and digits, n bytes in all, as nanoseconds. */
static bool get_fraction(reader *r, size_t n)
{
    size_t used = n > 10 ? 10 : n;
    r->nanos = 0;
    if (r->value.p[0] != '.' && r->value.p[0] != ',')
        return false;
    for (size_t i = 1; i < 10; i++) {
        int d = 0;
        if (i < used) {
            if (!digit_at(r->value, i))
                return false;
            d = r->value.p[i] - '0';
        }
        r->nanos = r->nanos * 10 + d;
    }
    eat(r, n);
    return true;
}

static bool get_offset(reader *r, chunk what)
{
    bool colon = what == T_ISO_COLON || what == T_NUM_COLON || what == T_ISO_COLON_SECONDS ||
                 what == T_NUM_COLON_SECONDS;
    bool brief = what == T_ISO_SHORT || what == T_NUM_SHORT;
    bool seconds = what == T_ISO_SECONDS || what == T_NUM_SECONDS || what == T_ISO_COLON_SECONDS ||
                   what == T_NUM_COLON_SECONDS;
    size_t n = brief ? 3 : (seconds ? 7 : 5) + (colon ? (seconds ? 2 : 1) : 0);
    wb_str v = r->value;
    if (v.n < n || (colon && (v.p[3] != ':' || (seconds && v.p[6] != ':'))))
        return false;
    int part[3] = {0, 0, 0};
    size_t at = 1;
    bool read = true;
    for (int i = 0; i < (brief ? 1 : seconds ? 3 : 2) && read; i++) {
        read = digit_at(v, at) && digit_at(v, at + 1);
        if (!read)
            break;
        part[i] = (v.p[at] - '0') * 10 + (v.p[at + 1] - '0');
        at += 2 + colon;
    }
    if (part[0] > 24)
        r->range = "time zone offset hour";
    if (part[1] > 60)
        r->range = "time zone offset minute";
    if (part[2] > 60)
        r->range = "time zone offset second";
    if (!read)
        return false;
    r->offset = (part[0] * 60 + part[1]) * 60 + part[2];
    r->has_offset = true;
    if (v.p[0] == '-')
        r->offset = -r->offset;
    else if (v.p[0] != '+')
        return false;
    /* Go takes -00:00:01 for "none was read". */
    if (r->offset == -1)
        r->has_offset = false;
    eat(r, n);
    return true;
}

/* Length of "+n" with n up to 23, or 0. */
static size_t signed_offset(wb_str v)
{
    size_t i = 1;
    int x = 0;
    if (!v.n || (v.p[0] != '+' && v.p[0] != '-'))
        return 0;
    for (; digit_at(v, i); i++)
        if (x < 100)
            x = x * 10 + (v.p[i] - '0');
    return i > 1 && x <= 23 ? i : 0;
}

static size_t zone_length(wb_str v)
{
    if (v.n < 3)
        return 0;
    if (wb_str_has_prefix(v, WB_LIT("ChST")) || wb_str_has_prefix(v, WB_LIT("MeST")))
        return 4;
    if (wb_str_has_prefix(v, WB_LIT("GMT")))
        return 3 + signed_offset(wb_str_n(v.p + 3, v.n - 3));
    if (v.p[0] == '+' || v.p[0] == '-')
        return signed_offset(v);
    size_t n = 0;
    while (n < 6 && n < v.n && v.p[n] >= 'A' && v.p[n] <= 'Z')
        n++;
    if (n == 5)
        return v.p[4] == 'T' ? 5 : 0;
    if (n == 4)
        return v.p[3] == 'T' || wb_str_has_prefix(v, WB_LIT("WITA")) ? 4 : 0;
    return n == 3 ? 3 : 0;
}

static bool get_seconds(reader *r, bool fixed, wb_str rest)
{
    size_t start, len;
    if (!get_num(r, fixed, &r->second))
        return false;
    if (r->second >= 60) {
        r->range = "second";
        return true;
    }
    /* A fraction may follow though the layout has none. */
    if (r->value.n < 2 || (r->value.p[0] != '.' && r->value.p[0] != ',') || !digit_at(r->value, 1))
        return true;
    chunk next = next_chunk(rest, &start, &len);
    if (next == T_FRACTION_0 || next == T_FRACTION_9)
        return true;
    size_t n = 2;
    while (digit_at(r->value, n))
        n++;
    return get_fraction(r, n);
}

static bool get_year(reader *r, size_t n)
{
    if (r->value.n < n)
        return false;
    r->year = 0;
    for (size_t i = 0; i < n; i++) {
        if (!digit_at(r->value, i))
            return false;
        r->year = r->year * 10 + (r->value.p[i] - '0');
    }
    if (n == 2)
        r->year += r->year >= 69 ? 1900 : 2000;
    eat(r, n);
    return true;
}

static bool get_yearday(reader *r, bool under)
{
    for (int i = 0; i < 2 && under; i++)
        if (r->value.n && r->value.p[0] == ' ')
            eat(r, 1);
    int v = 0;
    size_t n = 0;
    for (; n < 3 && digit_at(r->value, n); n++)
        v = v * 10 + (r->value.p[n] - '0');
    if (!n || (!under && n != 3))
        return false;
    eat(r, n);
    r->yearday = v;
    return true;
}

static bool read_chunk(reader *r, chunk what, wb_str rest, size_t len)
{
    int ignored;
    bool ok = true;
    switch (what) {
    case T_YEAR: return get_year(r, 2);
    case T_LONG_YEAR: return get_year(r, 4);
    case T_MONTH:
    case T_LONG_MONTH:
        ok = lookup(r, months, 12, what == T_MONTH, &r->month);
        r->month++;
        return ok;
    case T_NUM_MONTH:
    case T_ZERO_MONTH:
        ok = get_num(r, what == T_ZERO_MONTH, &r->month);
        if (ok && (r->month < 1 || r->month > 12))
            r->range = "month";
        return ok;
    case T_WEEKDAY:
    case T_LONG_WEEKDAY: return lookup(r, weekdays, 7, what == T_WEEKDAY, &ignored);
    case T_UNDER_DAY:
        if (r->value.n && r->value.p[0] == ' ')
            eat(r, 1);
        return get_num(r, false, &r->day);
    case T_DAY:
    case T_ZERO_DAY: return get_num(r, what == T_ZERO_DAY, &r->day);
    case T_UNDER_YEARDAY:
    case T_ZERO_YEARDAY: return get_yearday(r, what == T_UNDER_YEARDAY);
    case T_HOUR:
        ok = get_num(r, false, &r->hour);
        if (r->hour >= 24)
            r->range = "hour";
        return ok;
    case T_HOUR12:
    case T_ZERO_HOUR12:
        ok = get_num(r, what == T_ZERO_HOUR12, &r->hour);
        if (r->hour > 12)
            r->range = "hour";
        return ok;
    case T_MINUTE:
    case T_ZERO_MINUTE:
        ok = get_num(r, what == T_ZERO_MINUTE, &r->minute);
        if (r->minute >= 60)
            r->range = "minute";
        return ok;
    case T_SECOND:
    case T_ZERO_SECOND: return get_seconds(r, what == T_ZERO_SECOND, rest);
    case T_PM:
    case T_pm:
        if (r->value.n < 2 || r->value.p[1] != (what == T_PM ? 'M' : 'm'))
            return false;
        r->pm = r->value.p[0] == (what == T_PM ? 'P' : 'p');
        r->am = r->value.p[0] == (what == T_PM ? 'A' : 'a');
        eat(r, 2);
        return r->am || r->pm;
    case T_ZONE: {
        if (wb_str_has_prefix(r->value, WB_LIT("UTC"))) {
            r->utc = true;
            eat(r, 3);
            return true;
        }
        size_t n = zone_length(r->value);
        r->zone = wb_str_n(r->value.p, n);
        eat(r, n);
        return n > 0;
    }
    case T_FRACTION_0: return r->value.n >= len && get_fraction(r, len);
    case T_FRACTION_9: {
        if (r->value.n < 2 || (r->value.p[0] != '.' && r->value.p[0] != ',') ||
            !digit_at(r->value, 1))
            return true;
        size_t n = 1;
        while (digit_at(r->value, n))
            n++;
        return get_fraction(r, n);
    }
    case T_ISO:
    case T_ISO_SECONDS:
    case T_ISO_SHORT:
    case T_ISO_COLON:
    case T_ISO_COLON_SECONDS:
        if (r->value.n && r->value.p[0] == 'Z') {
            r->utc = true;
            eat(r, 1);
            return true;
        }
        return get_offset(r, what);
    default: return get_offset(r, what);
    }
}

#define ERROR_MAX ((size_t)32 << 10)

/* "cannot parse E as L", or the message when there is one. */
static bool fail(ws_ctx *cx, wb_str layout, wb_str value, wb_str layout_part, wb_str value_part,
                 const char *message, wb_str extra)
{
    wb_buf b;
    wb_buf_init(&b, ERROR_MAX);
    wb_buf_puts(&b, "parsing time ");
    ws_put_bytes_quoted(&b, value);
    if (message) {
        wb_buf_puts(&b, ": ");
        wb_buf_puts(&b, message);
        if (extra.p)
            ws_put_bytes_quoted(&b, extra);
    } else {
        wb_buf_puts(&b, " as ");
        ws_put_bytes_quoted(&b, layout);
        wb_buf_puts(&b, ": cannot parse ");
        ws_put_bytes_quoted(&b, value_part);
        wb_buf_puts(&b, " as ");
        ws_put_bytes_quoted(&b, layout_part);
    }
    ws_fail(cx, "%s", wb_buf_cstr(&b));
    wb_buf_free(&b);
    return false;
}

/* The layout's text must stand in the value; any number of blanks is as good as another. */
static bool skip_text(wb_str *value, wb_str prefix)
{
    while (prefix.n) {
        if (prefix.p[0] == ' ') {
            if (value->n && value->p[0] != ' ')
                return false;
            while (prefix.n && prefix.p[0] == ' ')
                prefix = wb_str_n(prefix.p + 1, prefix.n - 1);
            while (value->n && value->p[0] == ' ')
                *value = wb_str_n(value->p + 1, value->n - 1);
            continue;
        }
        if (!value->n || value->p[0] != prefix.p[0])
            return false;
        prefix = wb_str_n(prefix.p + 1, prefix.n - 1);
        *value = wb_str_n(value->p + 1, value->n - 1);
    }
    return true;
}

/* Month and day of a day of the year, as Go checks them. NULL when all is well. */
static const char *place_yearday(reader *r)
{
    int yday = r->yearday, m = 0, d = 0;
    if (ws_days_in(2, r->year) == 29) {
        if (yday == 60) {
            m = 2;
            d = 29;
        } else if (yday > 60) {
            yday--;
        }
    }
    if (yday < 1 || yday > 365)
        return "day-of-year out of range";
    if (!m) {
        d = yday;
        for (m = 1; d > ws_days_in(m, 2001); m++)
            d -= ws_days_in(m, 2001);
    }
    if (r->month >= 0 && r->month != m)
        return "day-of-year does not match month";
    if (r->day >= 0 && r->day != d)
        return "day-of-year does not match day";
    r->month = m;
    r->day = d;
    return NULL;
}

bool ws_time_parse(ws_ctx *cx, wb_str layout, const ws_layout *apart, wb_str value, ws_nanos *out)
{
    layout = layout_of(layout);
    const wb_str whole = layout, none = {0};
    reader r = {.value = value, .month = -1, .day = -1, .yearday = -1};
    for (size_t i = 0;; i++) {
        size_t start, len;
        chunk what = next_piece(layout, apart, i, &start, &len);
        wb_str prefix = wb_str_n(layout.p, start), part = wb_str_n(layout.p + start, len);
        if (!skip_text(&r.value, prefix))
            return fail(cx, whole, value, prefix, r.value, NULL, none);
        if (what == T_NONE) {
            if (r.value.n)
                return fail(cx, whole, value, none, none, "extra text: ", r.value);
            break;
        }
        layout = wb_str_n(layout.p + start + len, layout.n - start - len);
        wb_str hold = r.value;
        bool ok = read_chunk(&r, what, layout, len);
        if (r.range) {
            char text[64];
            snprintf(text, sizeof text, "%s out of range", r.range);
            return fail(cx, whole, value, none, none, text, none);
        }
        if (!ok)
            return fail(cx, whole, value, part, hold, NULL, none);
    }
    if (r.pm && r.hour < 12)
        r.hour += 12;
    else if (r.am && r.hour == 12)
        r.hour = 0;
    if (r.yearday >= 0) {
        const char *wrong = place_yearday(&r);
        if (wrong)
            return fail(cx, whole, value, none, none, wrong, none);
    } else {
        r.month = r.month < 0 ? 1 : r.month;
        r.day = r.day < 0 ? 1 : r.day;
    }
    if (r.day < 1 || r.day > ws_days_in(r.month, r.year))
        return fail(cx, whole, value, none, none, "day out of range", none);
    ws_date d = {.year = r.year,
                 .month = r.month,
                 .day = r.day,
                 .hour = r.hour,
                 .minute = r.minute,
                 .second = r.second,
                 .nanos = (int)r.nanos};
    *out = ws_instant(&d);
    if (r.utc)
        return true;
    if (r.has_offset) {
        *out -= r.offset * WS_SECOND;
    }
    /* A zone's name alone does not move the clock: Go makes a zone of it with an unknown offset
     * that shows the same time. */
    return true;
}

/* ---- writing ---- */

static void put_offset(wb_buf *b, int offset, chunk what)
{
    bool iso = what == T_ISO || what == T_ISO_SECONDS || what == T_ISO_SHORT ||
               what == T_ISO_COLON || what == T_ISO_COLON_SECONDS;
    if (iso && offset == 0) {
        wb_buf_putc(b, 'Z');
        return;
    }
    bool colon = what == T_ISO_COLON || what == T_NUM_COLON || what == T_ISO_COLON_SECONDS ||
                 what == T_NUM_COLON_SECONDS;
    bool seconds = what == T_ISO_SECONDS || what == T_NUM_SECONDS || what == T_ISO_COLON_SECONDS ||
                   what == T_NUM_COLON_SECONDS;
    int minutes = offset / 60, rest = offset < 0 ? -offset : offset;
    wb_buf_putc(b, minutes < 0 ? '-' : '+');
    minutes = minutes < 0 ? -minutes : minutes;
    wb_buf_putf(b, "%02d", minutes / 60);
    if (what == T_ISO_SHORT || what == T_NUM_SHORT)
        return;
    wb_buf_putf(b, colon ? ":%02d" : "%02d", minutes % 60);
    if (seconds)
        wb_buf_putf(b, colon ? ":%02d" : "%02d", rest % 60);
}

static void put_fraction(wb_buf *b, int nanos, wb_str part, bool cut)
{
    char text[16];
    size_t n = part.n - 1 > 9 ? 9 : part.n - 1;
    snprintf(text, sizeof text, "%09d", nanos);
    if (cut) {
        while (n && text[n - 1] == '0')
            n--;
        if (!n)
            return;
    }
    wb_buf_putc(b, part.p[0]);
    wb_buf_put(b, text, n);
}

static void put_chunk(wb_buf *b, chunk what, wb_str part, const ws_date *d, int offset, wb_str zone)
{
    int hour12 = d->hour % 12 ? d->hour % 12 : 12;
    long long year = (long long)d->year;
    switch (what) {
    case T_YEAR: wb_buf_putf(b, "%02lld", (year < 0 ? 0 : year) % 100); break;
    case T_LONG_YEAR: wb_buf_putf(b, year < 0 ? "%05lld" : "%04lld", year); break;
    case T_MONTH: wb_buf_put(b, months[d->month - 1], 3); break;
    case T_LONG_MONTH: wb_buf_puts(b, months[d->month - 1]); break;
    case T_NUM_MONTH: wb_buf_putf(b, "%d", d->month); break;
    case T_ZERO_MONTH: wb_buf_putf(b, "%02d", d->month); break;
    case T_WEEKDAY: wb_buf_put(b, weekdays[d->weekday], 3); break;
    case T_LONG_WEEKDAY: wb_buf_puts(b, weekdays[d->weekday]); break;
    case T_DAY: wb_buf_putf(b, "%d", d->day); break;
    case T_UNDER_DAY: wb_buf_putf(b, "%2d", d->day); break;
    case T_ZERO_DAY: wb_buf_putf(b, "%02d", d->day); break;
    case T_UNDER_YEARDAY: wb_buf_putf(b, "%3d", d->yearday); break;
    case T_ZERO_YEARDAY: wb_buf_putf(b, "%03d", d->yearday); break;
    case T_HOUR: wb_buf_putf(b, "%02d", d->hour); break;
    case T_HOUR12: wb_buf_putf(b, "%d", hour12); break;
    case T_ZERO_HOUR12: wb_buf_putf(b, "%02d", hour12); break;
    case T_MINUTE: wb_buf_putf(b, "%d", d->minute); break;
    case T_ZERO_MINUTE: wb_buf_putf(b, "%02d", d->minute); break;
    case T_SECOND: wb_buf_putf(b, "%d", d->second); break;
    case T_ZERO_SECOND: wb_buf_putf(b, "%02d", d->second); break;
    case T_PM: wb_buf_puts(b, d->hour >= 12 ? "PM" : "AM"); break;
    case T_pm: wb_buf_puts(b, d->hour >= 12 ? "pm" : "am"); break;
    case T_ZONE:
        if (zone.n)
            wb_buf_put_str(b, zone);
        else
            put_offset(b, offset, offset % 3600 ? T_NUM : T_NUM_SHORT);
        break;
    case T_FRACTION_0:
    case T_FRACTION_9: put_fraction(b, d->nanos, part, what == T_FRACTION_9); break;
    default: put_offset(b, offset, what); break;
    }
}

void ws_time_format(wb_buf *b, wb_str layout, const ws_layout *apart, ws_nanos t, const ws_zone *z)
{
    wb_str zone;
    layout = layout_of(layout);
    ws_nanos floor = t % WS_SECOND < 0 ? t - WS_SECOND - t % WS_SECOND : t;
    int offset = ws_zone_at(z, (int64_t)(floor / WS_SECOND), &zone);
    ws_date d = ws_date_of(t + offset * WS_SECOND);
    for (size_t i = 0; layout.n && !b->failed; i++) {
        size_t start, len;
        chunk what = next_piece(layout, apart, i, &start, &len);
        wb_buf_put(b, layout.p, start);
        if (what == T_NONE)
            break;
        put_chunk(b, what, wb_str_n(layout.p + start, len), &d, offset, zone);
        layout = wb_str_n(layout.p + start + len, layout.n - start - len);
    }
}
