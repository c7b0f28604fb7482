#include "stdlib/args.h"
#include "stdlib/clock.h"
#include "stdlib/families.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the calendar ---- */

static bool leap(int64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

int ws_days_in(int month, int64_t year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[(month - 1) % 12];
}

int64_t ws_days(int64_t y, int64_t m, int64_t d)
{
    /* The usual years in small numbers, which divide faster; the same way as below. */
    if (y > 0 && y < 10000 && m >= 1 && m <= 12) {
        uint32_t from_march = (uint32_t)m + (m > 2 ? 0 : 12) - 3, year = (uint32_t)y - (m <= 2);
        uint32_t days = year * 365 + year / 4 - year / 100 + year / 400;
        return (int64_t)(days + (153 * from_march + 2) / 5) - 719468 + d - 1;
    }
    y += (m - 1) / 12;
    m = (m - 1) % 12 + 1;
    if (m < 1) {
        m += 12;
        y--;
    }
    /* Years from March, so that the leap day comes last; eras of 400 years. */
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468 + d - 1;
}

/* Whole days since 1970, and the nanoseconds of the last one. */
static int64_t days_of(ws_nanos t, int64_t *rest)
{
    const int64_t day_length = 86400 * (int64_t)WS_SECOND;
    int64_t days;
    if (t == (int64_t)t) { /* mostly; division of 128 bits takes five times as long */
        days = (int64_t)t / day_length;
        *rest = (int64_t)t % day_length;
    } else {
        days = (int64_t)(t / day_length);
        *rest = (int64_t)(t % day_length);
    }
    if (*rest < 0) {
        *rest += day_length;
        days--;
    }
    return days;
}

static int weekday_of(int64_t days)
{
    int64_t past = (days + 4) % 7; /* 1970 began on a Thursday */
    return (int)(past < 0 ? past + 7 : past);
}

ws_date ws_date_of(ws_nanos t)
{
    int64_t rest, days = days_of(t, &rest);
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    ws_date d = {.day = (int)(doy - (153 * mp + 2) / 5 + 1),
                 .month = (int)(mp < 10 ? mp + 3 : mp - 9)};
    d.year = yoe + era * 400 + (d.month <= 2);
    int64_t seconds = rest / (int64_t)WS_SECOND;
    d.hour = (int)(seconds / 3600);
    d.minute = (int)(seconds / 60 % 60);
    d.second = (int)(seconds % 60);
    d.nanos = (int)(rest % (int64_t)WS_SECOND);
    d.weekday = weekday_of(days);
    d.yearday = (int)(days - ws_days(d.year, 1, 1) + 1);
    return d;
}

ws_nanos ws_instant(const ws_date *d)
{
    return ((ws_nanos)ws_days(d->year, d->month, d->day) * 86400 + d->hour * 3600 + d->minute * 60 +
            d->second) *
               WS_SECOND +
           d->nanos;
}

/* ---- operands and results ---- */

static wv answer(ws_ctx *cx, ws_nanos t)
{
    if (t < INT64_MIN || t > INT64_MAX)
        return ws_fail(cx, "time outside of valid range");
    return wv_from_int64(cx->out, (int64_t)t);
}

typedef struct moment {
    int64_t ns;
    const ws_zone *zone;
    wb_str layout;
} moment;

#define MOMENT "either number (ns) or [number (ns), string (tz)]"

/* A number, [number], [number, zone] or [number, zone, layout]. OPA calls every part operand 1. */
static bool moment_arg(ws_ctx *cx, const wv *v, moment *m)
{
    *m = (moment){0};
    const wv *n = v;
    if (wv_is_array(*v) && wv_len(*v)) {
        const wv *items = wv_items(*v);
        n = &items[0];
        if (!wv_is_number(*n)) {
            ws_fail_operand(cx, 1, "number", *n);
            return false;
        }
        for (uint32_t i = 1; i < wv_len(*v) && i < 3; i++) {
            if (!wv_is_string(items[i])) {
                ws_fail_operand(cx, 1, "string", items[i]);
                return false;
            }
            if (i == 1 && !ws_zone_get(cx, wv_str(&items[1]), &m->zone))
                return false;
        }
        if (wv_len(*v) > 2)
            m->layout = wv_str(&items[2]);
    } else if (!wv_is_number(*v)) {
        ws_fail_operand(cx, 1, MOMENT, *v);
        return false;
    }
    if (wv_number_int64(*n, &m->ns))
        return true;
    if (wv_number_binary_int64(*n, &m->ns))
        return true;
    ws_fail(cx, "timestamp too big");
    return false;
}

static ws_nanos local_nanos(const moment *m)
{
    wb_str name;
    int64_t seconds = m->ns / 1000000000 - (m->ns % 1000000000 < 0);
    return (ws_nanos)m->ns + ws_zone_at(m->zone, seconds, &name) * WS_SECOND;
}

static ws_date local_date(const moment *m)
{
    return ws_date_of(local_nanos(m));
}

static wv numbers(ws_ctx *cx, const int64_t *v, size_t n)
{
    wv *items;
    wv r = wv_array_make(cx->out, n, &items);
    for (size_t i = 0; i < n; i++)
        items[i] = wv_small(v[i]);
    return r;
}

/* ---- the functions ---- */

static wv fn_now(ws_ctx *cx, const wv *args, unsigned n)
{
    return wv_from_int64(cx->out, cx->now_ns);
}

static wv fn_parse(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str layout = wv_str(&args[0]), value = wv_str(&args[1]);
    WS_SPEND(cx, layout.n + value.n);
    ws_nanos t;
    const ws_layout *apart = cx->site ? cx->site : ws_layout_get(cx, layout);
    return ws_time_parse(cx, layout, apart, value, &t) ? answer(cx, t) : WV_UNDEFINED;
}

static void *prepare_layout(const wv *args, unsigned n)
{
    return wv_is_string(args[0]) ? ws_layout_new(wv_str(&args[0])) : NULL;
}

static bool two(const char *p, int max, int *out)
{
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' && *out <= max;
}

/* "2006-01-02T15:04:05[.fraction](Z|+07:00)": false for all else, which the layout then judges. */
static bool rfc3339(wb_str s, ws_nanos *out)
{
    ws_date d = {0};
    const char *p = s.p;
    int century, year, sign = 0, hours = 0, minutes = 0;
    if (s.n < 20 || !two(p, 99, &century) || !two(p + 2, 99, &year) || p[4] != '-' ||
        !two(p + 5, 12, &d.month) || p[7] != '-' || !two(p + 8, 31, &d.day) || p[10] != 'T' ||
        !two(p + 11, 23, &d.hour) || p[13] != ':' || !two(p + 14, 59, &d.minute) || p[16] != ':' ||
        !two(p + 17, 59, &d.second))
        return false;
    d.year = century * 100 + year;
    if (d.month < 1 || d.day < 1 || d.day > ws_days_in(d.month, d.year))
        return false;
    size_t i = 19;
    if (p[i] == '.') {
        int digits = 0;
        for (i++; i < s.n && p[i] >= '0' && p[i] <= '9'; i++, digits++)
            if (digits < 9)
                d.nanos = d.nanos * 10 + (p[i] - '0');
        if (!digits)
            return false;
        for (; digits < 9; digits++)
            d.nanos *= 10;
    }
    if (i == s.n)
        return false;
    if (p[i] != 'Z') {
        if (s.n - i != 6 || (p[i] != '+' && p[i] != '-') || !two(p + i + 1, 23, &hours) ||
            p[i + 3] != ':' || !two(p + i + 4, 59, &minutes))
            return false;
        sign = p[i] == '-' ? -1 : 1;
    } else if (i + 1 != s.n) {
        return false;
    }
    *out = ws_instant(&d) - sign * (hours * 60 + minutes) * 60 * WS_SECOND;
    return true;
}

static wv fn_parse_rfc3339(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str value = wv_str(&args[0]);
    ws_nanos t;
    if (rfc3339(value, &t))
        return answer(cx, t);
    WS_SPEND(cx, value.n);
    if (!ws_time_parse(cx, WB_LIT("RFC3339"), NULL, value, &t))
        return WV_UNDEFINED;
    return answer(cx, t);
}

static wv fn_format(ws_ctx *cx, const wv *args, unsigned n)
{
    moment m;
    if (!moment_arg(cx, &args[0], &m))
        return WV_UNDEFINED;
    wb_buf b;
    ws_text_begin(cx, &b);
    WS_SPEND(cx, m.layout.n);
    wb_str layout = m.layout.n ? m.layout : WB_LIT("RFC3339Nano");
    ws_time_format(&b, layout, ws_layout_get(cx, layout), m.ns, m.zone);
    return ws_take_string(cx, &b);
}

static wv fn_date(ws_ctx *cx, const wv *args, unsigned n)
{
    moment m;
    if (!moment_arg(cx, &args[0], &m))
        return WV_UNDEFINED;
    ws_date d = local_date(&m);
    return numbers(cx, (int64_t[]){d.year, d.month, d.day}, 3);
}

static wv fn_clock(ws_ctx *cx, const wv *args, unsigned n)
{
    moment m;
    if (!moment_arg(cx, &args[0], &m))
        return WV_UNDEFINED;
    int64_t rest;
    days_of(local_nanos(&m), &rest);
    rest /= (int64_t)WS_SECOND;
    return numbers(cx, (int64_t[]){rest / 3600, rest / 60 % 60, rest % 60}, 3);
}

static wv fn_weekday(ws_ctx *cx, const wv *args, unsigned n)
{
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    moment m;
    if (!moment_arg(cx, &args[0], &m))
        return WV_UNDEFINED;
    int64_t rest;
    return wv_string_new(cx->out, wb_str_of(names[weekday_of(days_of(local_nanos(&m), &rest))]));
}

/* The instant at which the zone's clock shows the date; as Go chooses where it does so twice or
 * never. */
static ws_nanos in_zone(const ws_zone *z, ws_nanos local)
{
    wb_str name;
    int64_t t = (int64_t)(local / WS_SECOND) - (local % WS_SECOND < 0);
    int offset = ws_zone_at(z, t, &name);
    if (offset) {
        int other = ws_zone_at(z, t - offset, &name);
        if (other != offset) {
            int again = ws_zone_at(z, t - other, &name);
            offset = again == other ? other : offset;
        }
    }
    return local - offset * WS_SECOND;
}

/* Days from a March 1 in the far past as Go's time package counts them, wrapping like its integers.
 */
static uint64_t absolute_days(int64_t year, int month, int64_t day)
{
    unsigned early = month < 3;
    unsigned m = (unsigned)month + 12 * early;
    uint64_t y = (uint64_t)year - early + 292277022400u;
    uint64_t within = (153 * m - 457) / 5 + 1461 * (uint32_t)(y % 100) / 4;
    return 146097 * (y / 100) / 4 + within + (uint64_t)day - 1;
}

static wv fn_add_date(ws_ctx *cx, const wv *args, unsigned n)
{
    moment m;
    int64_t years, months, days;
    if (!moment_arg(cx, &args[0], &m))
        return WV_UNDEFINED;
    WS_INT(cx, args, 1, &years);
    WS_INT(cx, args, 2, &months);
    WS_INT(cx, args, 3, &days);
    /* All in wrapping arithmetic: absurd sums meet the check at the end, or not, as in OPA. */
    ws_date d = local_date(&m);
    int64_t year = (int64_t)((uint64_t)d.year + (uint64_t)years);
    int64_t month = (int64_t)((uint64_t)d.month + (uint64_t)months - 1);
    int64_t carry = month / 12 - (month % 12 < 0);
    year = (int64_t)((uint64_t)year + (uint64_t)carry);
    month -= carry * 12;
    uint64_t day = (uint64_t)d.day + (uint64_t)days;
    uint64_t epoch = (uint64_t)ws_days(-292277022400, 3, 1);
    uint64_t seconds = (absolute_days(year, (int)month + 1, (int64_t)day) + epoch) * 86400 +
                       (uint64_t)(d.hour * 3600 + d.minute * 60 + d.second);
    return answer(cx, in_zone(m.zone, (int64_t)seconds * WS_SECOND + d.nanos));
}

static wv fn_diff(ws_ctx *cx, const wv *args, unsigned n)
{
    moment a, b;
    if (!moment_arg(cx, &args[0], &a) || !moment_arg(cx, &args[1], &b))
        return WV_UNDEFINED;
    b.zone = a.zone;
    if (a.ns > b.ns) {
        int64_t t = a.ns;
        a.ns = b.ns;
        b.ns = t;
    }
    ws_date x = local_date(&a), y = local_date(&b);
    int64_t d[6] = {y.year - x.year, y.month - x.month,   y.day - x.day,
                    y.hour - x.hour, y.minute - x.minute, y.second - x.second};
    static const int carry[] = {0, 12, 0, 24, 60, 60};
    for (int i = 5; i > 0; i--)
        if (d[i] < 0) {
            d[i] += i == 2 ? ws_days_in(x.month, x.year) : carry[i];
            d[i - 1]--;
        }
    return numbers(cx, d, 6);
}

/* ---- durations ---- */

typedef struct unit {
    const char *name;
    uint64_t ns;
} unit;

static const unit units[] = {
    {"ns", 1},           {"us", 1000},      {"\xc2\xb5s", 1000}, /* micro sign */
    {"\xce\xbcs", 1000},                                         /* Greek mu */
    {"ms", 1000000},     {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
};

/* OPA's own reader of days, weeks and years quotes as Go's %q does, Go's time package otherwise. */
typedef struct duration_text {
    wb_str whole;
    bool extended;
} duration_text;

static wv bad_duration(ws_ctx *cx, const char *what, wb_str part, const char *rest,
                       duration_text whole)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)32 << 10);
    wb_buf_puts(&b, what);
    if (part.p)
        ws_put_bytes_quoted(&b, part);
    wb_buf_puts(&b, rest);
    if (whole.extended)
        ws_put_quoted(&b, whole.whole);
    else
        ws_put_bytes_quoted(&b, whole.whole);
    ws_fail(cx, "time: %s", wb_buf_cstr(&b));
    wb_buf_free(&b);
    return WV_UNDEFINED;
}

#define BAD(cx, whole) bad_duration((cx), "", (wb_str){0}, "invalid duration ", (whole))

/* Go's ParseDuration of s; complaints quote the whole operand. */
static wv parse_duration(ws_ctx *cx, wb_str s, duration_text whole)
{
    const uint64_t top = (uint64_t)1 << 63;
    uint64_t total = 0;
    bool minus = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = wb_str_n(s.p + 1, s.n - 1);
    if (wb_str_is(s, "0"))
        return wv_small(0);
    if (!s.n)
        return BAD(cx, whole);
    while (s.n) {
        uint64_t v = 0, f = 0;
        double scale = 1;
        size_t i = 0, digits = 0;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, digits++) {
            if (v > top / 10)
                return BAD(cx, whole);
            v = v * 10 + (uint64_t)(s.p[i] - '0');
            if (v > top)
                return BAD(cx, whole);
        }
        if (i < s.n && s.p[i] == '.') {
            bool overflow = false;
            for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, digits++) {
                uint64_t y = f * 10 + (uint64_t)(s.p[i] - '0');
                overflow |= f > (top - 1) / 10 || y > top;
                if (overflow)
                    continue;
                f = y;
                scale *= 10;
            }
        }
        if (!digits)
            return BAD(cx, whole);
        size_t start = i;
        while (i < s.n && s.p[i] != '.' && !(s.p[i] >= '0' && s.p[i] <= '9'))
            i++;
        wb_str name = wb_str_n(s.p + start, i - start);
        if (!name.n)
            return bad_duration(cx, "", (wb_str){0}, "missing unit in duration ", whole);
        uint64_t ns = 0;
        for (size_t k = 0; k < sizeof units / sizeof *units; k++)
            if (wb_str_is(name, units[k].name))
                ns = units[k].ns;
        if (!ns)
            return bad_duration(cx, "unknown unit ", name, " in duration ", whole);
        if (v > top / ns)
            return BAD(cx, whole);
        v *= ns;
        if (f)
            v += (uint64_t)((double)f * ((double)ns / scale));
        total += v;
        if (v > top || total > top)
            return BAD(cx, whole);
        s = wb_str_n(s.p + i, s.n - i);
    }
    if (!minus && total > top - 1)
        return BAD(cx, whole);
    return wv_from_int64(cx->out, minus ? (int64_t)-total : (int64_t)total);
}

#define DURATION_MAX ((size_t)64 << 10) /* bytes: nobody has so many parts */

/* The hours as strconv writes them: as many digits as read back the same. */
static void put_hours(wb_buf *b, double hours)
{
    char text[40];
    int n = 0;
    do
        snprintf(text, sizeof text, "%.*e", n, hours);
    while (strtod(text, NULL) != hours && ++n < 17);
    int decimals = n - atoi(strchr(text, 'e') + 1);
    wb_buf_putf(b, "%.*fh", decimals > 0 ? decimals : 0, hours);
}

static size_t unit_length(wb_str s)
{
    static const char *const long_units[] = {"ms", "us", "\xc2\xb5s", "ns"};
    for (size_t i = 0; i < sizeof long_units / sizeof *long_units; i++)
        if (wb_str_has_prefix(s, wb_str_of(long_units[i])))
            return strlen(long_units[i]);
    return s.n && s.p[0] >= 'a' && s.p[0] <= 'z';
}

/* One part with its unit; days, weeks and years as hours. False: it is none. */
static bool rewrite_part(wb_buf *b, wb_str s, size_t *used)
{
    size_t n = 0;
    while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
        n++;
    wb_str rest = wb_str_n(s.p + n, s.n - n);
    size_t mark = unit_length(rest);
    *used = n + mark;
    if (!n || !mark)
        return false;
    int hours = rest.p[0] == 'd' ? 24 : rest.p[0] == 'w' ? 7 * 24 : rest.p[0] == 'y' ? 365 * 24 : 0;
    if (!hours) {
        wb_buf_put(b, s.p, *used);
        return true;
    }
    char *text = wb_strndup(s.p, n), *end;
    double v = strtod(text, &end);
    bool ok = end != text && !*end && v * hours < 1e300;
    free(text);
    if (ok)
        put_hours(b, v * hours);
    return ok;
}

/* Days, weeks and years become hours first, as OPA rewrites them. */
static wv fn_parse_duration(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    bool extended = false;
    for (size_t i = 0; i < s.n; i++)
        extended |= s.p[i] == 'd' || s.p[i] == 'w' || s.p[i] == 'y';
    duration_text whole = {s, extended};
    if (!extended)
        return parse_duration(cx, s, whole);
    if (s.n > DURATION_MAX)
        return BAD(cx, whole);
    wb_buf b;
    wb_buf_init(&b, DURATION_MAX * 400);
    size_t i = 0, used = 0;
    if (s.p[0] == '-' || s.p[0] == '+')
        wb_buf_putc(&b, s.p[i++]);
    bool ok = i < s.n;
    for (; ok && i < s.n; i += used)
        ok = rewrite_part(&b, wb_str_n(s.p + i, s.n - i), &used);
    wv r = ok && !b.failed ? parse_duration(cx, wb_buf_str(&b), whole) : BAD(cx, whole);
    wb_buf_free(&b);
    return r;
}

#define TIME_ARG "any<number, array<number, string>>"

const ws_builtin ws_time[] = {
    WS_ROW("time.now_ns", "() => (now: number)", NULL, NULL, WS_NONDET, fn_now, NULL, NULL,
           "Nanoseconds since 1970; one time throughout a query."),
    WS_ROW("time.parse_ns", "(layout: string, value: string) => (ns: number)", NULL, NULL, 0,
           fn_parse, prepare_layout, ws_layout_free,
           "The instant that the value names by the layout."),
    WS_ROW("time.parse_rfc3339_ns", "(value: string) => (ns: number)", NULL, NULL, 0,
           fn_parse_rfc3339, NULL, NULL, "The instant of a time as RFC 3339 writes it."),
    WS_ROW("time.parse_duration_ns", "(duration: string) => (ns: number)", NULL, NULL, 0,
           fn_parse_duration, NULL, NULL, "A duration such as 1h30m, with d, w and y too."),
    WS_ROW("time.format",
           "(x: any<number, array<number, string>, array<number, string, string>>) => "
           "(formatted timestamp: string)",
           NULL, NULL, 0, fn_format, NULL, NULL,
           "The instant as text, in a zone and by a layout when they are given."),
    WS_ROW("time.date", "(x: " TIME_ARG ") => (date: array<number, number, number>)", NULL, NULL, 0,
           fn_date, NULL, NULL, "Year, month and day of the instant."),
    WS_ROW("time.clock", "(x: " TIME_ARG ") => (output: array<number, number, number>)", NULL, NULL,
           0, fn_clock, NULL, NULL, "Hour, minute and second of the instant."),
    WS_ROW("time.weekday", "(x: " TIME_ARG ") => (day: string)", NULL, NULL, 0, fn_weekday, NULL,
           NULL, "The day of the week of the instant."),
    WS_ROW("time.add_date",
           "(ns: number, years: number, months: number, days: number) => "
           "(output: number)",
           NULL, NULL, 0, fn_add_date, NULL, NULL,
           "The instant so many years, months and days later."),
    WS_ROW("time.diff",
           "(ns1: " TIME_ARG ", ns2: " TIME_ARG ") => "
           "(output: array<number, number, number, number, number, number>)",
           NULL, NULL, 0, fn_diff, NULL, NULL,
           "Years, months, days, hours, minutes and seconds between two instants."),
    WS_END,
};
