/* Texts to numbers: JSON's and Rego's syntax, the range of numbers, Go's float syntax. */
#include "value/number_impl.h"

#define CANONICAL_MAX 1000 /* longer integer texts stay texts: a linear scan, no bignum */

/* ---- scanning ---- */

typedef struct scan {
    bool exponent;
    bool saturated; /* the exponent left int64 */
    bool fraction;
    int64_t i; /* I, with WN_INT64 */
    wn_text t; /* facts; bytes are filled in by the caller */
} scan;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether a text with a point may meet the float64 exception of equality. */
static bool is_twin(const char *p, size_t n)
{
    size_t end = n;
    while (end && (p[end - 1] == '0' || p[end - 1] == '.'))
        end--;
    return end < n && memchr(p, '.', end) != NULL;
}

/* I: what stands behind the sign is at most 19 bytes of digits, perhaps a point, and zeros. */
static bool scan_int64(const char *p, size_t n, bool neg, int64_t *out)
{
    uint64_t u = 0;
    bool point = false;
    if (n == 0 || n > 19)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '.' && !point) {
            point = true;
        } else if (point) {
            if (p[i] != '0')
                return false;
        } else {
            if (!is_digit(p[i]))
                return false;
            u = u * 10 + (uint64_t)(p[i] - '0');
        }
    }
    if (u > (uint64_t)INT64_MAX + neg)
        return false;
    *out = neg ? (int64_t)(0 - u) : (int64_t)u;
    return true;
}

/* Fills s from a decimal text. go: what Go's ParseFloat takes is allowed (but no hexadecimal). */
static bool scan_decimal(const char *p, size_t n, bool go, scan *s)
{
    const char *const start = p, *const end = p + n;
    unsigned facts = WN_TEXT;
    uint64_t m = 0;
    int64_t fraction = 0, exponent = 0;
    uint32_t digits = 0, zeros = 0, seen = 0;
    bool point = false, odd = false;
    *s = (scan){0};
    if (p < end && (*p == '-' || (go && *p == '+'))) {
        if (*p == '-')
            facts |= WN_NEG;
        else
            odd = true;
        p++;
    }
    const char *body = p;
    for (; p < end; p++) {
        char c = *p;
        if (is_digit(c)) {
            seen++;
            fraction += point;
            if (digits || c != '0') {
                digits++;
                zeros = c == '0' ? zeros + 1 : 0;
                if (digits <= 19)
                    m = m * 10 + (uint64_t)(c - '0');
            }
        } else if (c == '.' && !point) {
            point = true;
            if (!seen)
                odd = true;
            if (!go && (p + 1 == end || !is_digit(p[1])))
                return false;
            odd |= p + 1 == end || !is_digit(p[1]);
        } else if (c == '_' && go) {
            if (p == body || !is_digit(p[-1]) || p + 1 == end || !is_digit(p[1]))
                return false;
            odd = true;
        } else {
            break;
        }
    }
    if (!seen)
        return false;
    if (body[0] == '0' && body + 1 < p && (is_digit(body[1]) || body[1] == '_')) {
        if (!go)
            return false;
        odd = true;
    }
    if (p < end) {
        if (*p != 'e' && *p != 'E')
            return false;
        bool minus = false;
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            minus = *p++ == '-';
        if (p == end || !is_digit(*p))
            return false;
        s->exponent = true;
        for (; p < end; p++) {
            if (*p == '_' && go && is_digit(p[-1]) && p + 1 < end && is_digit(p[1])) {
                odd = true;
                continue;
            }
            if (!is_digit(*p))
                return false;
            if (__builtin_mul_overflow(exponent, 10, &exponent) ||
                __builtin_sub_overflow(exponent, *p - '0', &exponent)) {
                exponent = INT64_MIN;
                s->saturated = true;
            }
        }
        /* It was gathered with a minus, since int64 reaches further down than up. */
        if (!minus) {
            s->saturated |= exponent == INT64_MIN;
            exponent = s->saturated ? INT64_MAX : -exponent;
        }
    }
    s->fraction = point;
    s->t.m = m;
    s->t.digits = digits;
    if (digits) {
        s->t.zeros = zeros;
        if (__builtin_sub_overflow(exponent, fraction, &s->t.x)) {
            s->t.x = INT64_MIN;
            s->saturated = true;
        }
    }
    if (digits <= 19)
        facts |= WN_SHORT;
    if (!digits || s->t.x >= -(int64_t)zeros)
        facts |= WN_INTEGER;
    if (odd)
        facts |= WN_NOT_JSON;
    if (scan_int64(body, (size_t)(end - body), facts & WN_NEG, &s->i))
        facts |= WN_INT64;
    if (point && is_twin(start, n))
        facts |= WN_TWIN;
    s->t.h = (wv_header){.tag = WV_T_NUMBER, .spare = (uint16_t)facts, .len = (uint32_t)n};
    return true;
}

/* The range OPA allows: 2^-100001 <= |v| < 2^100000 after rounding to 64 bits. */
#define RANGE_EXP   100000
#define RANGE_SMALL 25000 /* digits + |exponent| below this are in range without computing */

static wv_num_status check_range(wn_text *t, bool saturated)
{
    if (saturated)
        return WV_NUM_INVALID_FLOAT;
    if (t->digits == 0)
        return WV_NUM_OK;
    int64_t x = t->x < 0 ? -t->x : t->x;
    if (x < RANGE_SMALL && x + t->digits < RANGE_SMALL)
        return WV_NUM_OK;
    wv_binary b;
    wv_num_status status = wn_text_binary(t, &b);
    if (status)
        return status;
    if (b.m == 0) {
        t->h.spare = (uint16_t)((t->h.spare & ~(WN_INTEGER | WN_INT64)) | WN_TINY);
        return WV_NUM_OK;
    }
    int64_t e = b.e + 64;
    return e > RANGE_EXP || e < -RANGE_EXP ? WV_NUM_TOO_BIG : WV_NUM_OK;
}

static wn_text *text_alloc(wb_arena *a, const scan *s, const char *p, size_t n)
{
    wn_text *t = wb_arena_alloc(a, sizeof *t + n + 1);
    *t = s->t;
    memcpy(t->bytes, p, n);
    t->bytes[n] = 0;
    return t;
}

void wn_text_init(wn_text *t, const char *p, size_t n)
{
    scan s;
    scan_decimal(p, n, false, &s);
    *t = s.t;
    memcpy(t->bytes, p, n);
    t->bytes[n] = 0;
}

wv wv_number_decimal(wb_arena *a, const char *p, size_t n, size_t point)
{
    bool neg = *p == '-';
    unsigned facts = WN_TEXT | WN_SHORT | (neg ? WN_NEG : 0);
    uint64_t m = 0;
    uint32_t first = 0, zeros = 0, fraction = (uint32_t)(n - point - 1);
    for (size_t i = neg; i < n; i++) {
        if (i == point)
            continue;
        m = m * 10 + (uint64_t)(p[i] - '0');
        first += m == 0;
        zeros = p[i] == '0' ? zeros + 1 : 0;
    }
    wn_text *t = wb_arena_alloc(a, sizeof *t + n + 1);
    uint32_t digits = (uint32_t)(n - neg - 1) - first;
    if (!digits || zeros >= fraction)
        facts |= WN_INTEGER | WN_INT64;
    else if (zeros)
        facts |= WN_TWIN;
    *t = (wn_text){.h = {.tag = WV_T_NUMBER, .spare = (uint16_t)facts, .len = (uint32_t)n},
                   .m = m,
                   .x = digits ? -(int64_t)fraction : 0};
    t->digits = digits;
    t->zeros = digits ? zeros : 0;
    memcpy(t->bytes, p, n);
    t->bytes[n] = 0;
    return wv_from(t, WV_T_NUMBER);
}

wv wn_text_new(wb_arena *a, const char *p, size_t n)
{
    wn_text *t = wb_arena_alloc(a, sizeof *t + n + 1);
    wn_text_init(t, p, n);
    return wv_from(t, WV_T_NUMBER);
}

/* A text that is a canonical integer becomes a small or a big one. */
static wv from_canonical(wb_arena *a, const scan *s, const char *p)
{
    bool neg = s->t.h.spare & WN_NEG;
    if (s->t.digits <= 18)
        return wv_small(neg ? -(int64_t)s->t.m : (int64_t)s->t.m);
    if (s->t.h.spare & WN_INT64)
        return wv_from_int64(a, s->i);
    unsigned char values[CANONICAL_MAX];
    for (uint32_t i = 0; i < s->t.digits; i++)
        values[i] = (unsigned char)(p[neg + i] - '0');
    /* A limb holds 19.26 digits. */
    size_t room = s->t.digits / 19 + 2;
    wn_big *big = wb_arena_alloc(a, sizeof *big + room * sizeof(mp_limb_t));
    mp_size_t size = mpn_set_str(big->limbs, values, s->t.digits, 10);
    big->h = (wv_header){.tag = WV_T_NUMBER,
                         .spare = (uint16_t)(WN_BIG | (neg ? WN_NEG : 0)),
                         .len = (uint32_t)size};
    return wv_from(big, WV_T_NUMBER);
}

wv_num_status wv_number_parse(wb_arena *a, wb_str text, bool literal, wv *out)
{
    size_t n = text.n;
    const char *p = text.p;
    if (n && n <= 18) { /* most numbers */
        size_t i = p[0] == '-';
        if (i < n && (p[i] != '0' || (n == 1))) {
            int64_t v = 0;
            for (; i < n && is_digit(p[i]); i++)
                v = v * 10 + (p[i] - '0');
            if (i == n && n > (size_t)(p[0] == '-')) {
                *out = wv_small(p[0] == '-' ? -v : v);
                return WV_NUM_OK;
            }
        }
    }
    if (n > WV_NUMBER_TEXT_MAX)
        return WV_NUM_LIMIT;
    scan s;
    if (!scan_decimal(p, n, false, &s))
        return WV_NUM_SYNTAX;
    /* "-0" is no canonical integer: its sign counts in divisions. */
    if (!s.exponent && !s.fraction && s.t.digits && s.t.digits <= CANONICAL_MAX) {
        *out = from_canonical(a, &s, p);
        return WV_NUM_OK;
    }
    if (!wb_arena_fits(a, sizeof(wn_text) + n + 1))
        return WV_NUM_LIMIT;
    char *mark = wb_arena_mark(a);
    wn_text *t = text_alloc(a, &s, p, n);
    if (literal || s.exponent) {
        wv_num_status status = check_range(t, s.saturated);
        if (status) {
            wb_arena_rewind(a, mark);
            return status;
        }
    }
    *out = wv_from(t, WV_T_NUMBER);
    return WV_NUM_OK;
}

/* ---- Go's float syntax ---- */

static bool ends_nan(wb_str s)
{
    static const char *const names[] = {"inf", "infinity", "nan"};
    while (s.n && (*s.p == '+' || *s.p == '-')) {
        s.p++;
        s.n--;
    }
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        size_t n = strlen(names[k]), i = 0;
        while (s.n == n && i < n && (s.p[i] | 0x20) == names[k][i])
            i++;
        if (s.n == n && i == n)
            return true;
    }
    return false;
}

#define HEX_EXP_MAX 20000 /* keeps the decimal expansion of a hexadecimal float small */

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes |m| * 2^e as decimal text behind out. */
static void put_decimal(wb_buf *out, const mpz_t m, int64_t e)
{
    mpz_t z;
    mpz_init_set(z, m);
    size_t point = 0;
    if (e >= 0) {
        mpz_mul_2exp(z, z, (mp_bitcnt_t)e);
    } else {
        mpz_t five;
        mpz_init(five);
        mpz_ui_pow_ui(five, 5, (unsigned long)-e);
        mpz_mul(z, z, five);
        mpz_clear(five);
        point = (size_t)-e;
    }
    char *digits = mpz_get_str(NULL, 10, z);
    size_t n = strlen(digits);
    if (n > point)
        wb_buf_put(out, digits, n - point);
    else
        wb_buf_putc(out, '0');
    if (point) {
        wb_buf_putc(out, '.');
        for (size_t i = n; i < point; i++)
            wb_buf_putc(out, '0');
        wb_buf_puts(out, n > point ? digits + n - point : digits);
    }
    void (*release)(void *, size_t);
    mp_get_memory_functions(NULL, NULL, &release);
    release(digits, n + 1);
    mpz_clear(z);
}

/* A hexadecimal float: [sign] 0x digits [. digits] p exponent. */
static wv_num_status hex_number(wb_arena *a, wb_str text, wv *out)
{
    const char *p = text.p, *const end = text.p + text.n;
    unsigned facts = WN_TEXT | WN_HEX | WN_NOT_JSON;
    if (*p == '-')
        facts |= WN_NEG;
    p += *p == '-' || *p == '+';
    p += 2;
    wb_buf hex, decimal;
    int64_t e = 0, exponent = 0;
    bool point = false, checked = false, minus = false;
    wv_num_status status = WV_NUM_SYNTAX;
    wb_buf_init(&hex, WV_NUMBER_TEXT_MAX + 1);
    wb_buf_init(&decimal, 4 * WV_NUMBER_TEXT_MAX);
    wb_buf_putc(&hex, '0');
    const char *first = p;
    for (; p < end; p++) {
        if (hex_value(*p) >= 0) {
            wb_buf_putc(&hex, *p);
            checked |= (*p | 0x20) == 'e';
            e -= point ? 4 : 0;
        } else if (*p == '.' && !point) {
            point = true;
        } else if (*p == '_') {
            if ((p != first && hex_value(p[-1]) < 0) || p + 1 == end || hex_value(p[1]) < 0)
                goto done;
        } else {
            break;
        }
    }
    if (hex.n < 2 || p == end || (*p | 0x20) != 'p')
        goto done;
    p++;
    if (p < end && (*p == '+' || *p == '-'))
        minus = *p++ == '-';
    if (p == end || !is_digit(*p))
        goto done;
    for (; p < end; p++) {
        if (*p == '_' && is_digit(p[-1]) && p + 1 < end && is_digit(p[1]))
            continue;
        if (!is_digit(*p))
            goto done;
        if (exponent < 1000000000)
            exponent = exponent * 10 + (*p - '0');
    }
    e += minus ? -exponent : exponent;
    mpz_t m;
    mpz_init(m);
    mpz_set_str(m, wb_buf_cstr(&hex), 16);
    wv_binary b = wn_binary_from_mpz(m, e, facts & WN_NEG, false);
    if (mpz_sgn(m) == 0)
        e = 0;
    if (e > HEX_EXP_MAX || e < -HEX_EXP_MAX) {
        status = b.m && b.e + 64 > 1024 ? WV_NUM_RANGE : WV_NUM_LIMIT;
    } else {
        if (facts & WN_NEG)
            wb_buf_putc(&decimal, '-');
        put_decimal(&decimal, m, e);
        scan s;
        double d;
        wv exact = WV_UNDEFINED;
        if (decimal.failed || !scan_decimal(decimal.p, decimal.n, false, &s)) {
            status = WV_NUM_LIMIT;
        } else {
            exact = wv_from(text_alloc(a, &s, decimal.p, decimal.n), WV_T_NUMBER);
            status = wv_number_double(exact, &d) ? WV_NUM_OK : WV_NUM_RANGE;
        }
        if (!status && checked && b.m && (b.e + 64 > RANGE_EXP || b.e + 64 < -RANGE_EXP))
            status = WV_NUM_TOO_BIG;
        if (!status) {
            s = (scan){.t = {.m = b.m, .x = b.e, .exact = exact}};
            if (wv_number_is_integer(exact))
                facts |= WN_INTEGER;
            if (is_twin(text.p, text.n))
                facts |= WN_TWIN;
            s.t.h =
                (wv_header){.tag = WV_T_NUMBER, .spare = (uint16_t)facts, .len = (uint32_t)text.n};
            *out = wv_from(text_alloc(a, &s, text.p, text.n), WV_T_NUMBER);
        }
    }
    mpz_clear(m);
done:
    wb_buf_free(&hex);
    wb_buf_free(&decimal);
    return status;
}

wv_num_status wv_number_from_go_text(wb_arena *a, wb_str text, wv *out)
{
    if (text.n > WV_NUMBER_TEXT_MAX)
        return WV_NUM_LIMIT;
    if (ends_nan(text))
        return WV_NUM_NAN;
    size_t sign = text.n && (*text.p == '-' || *text.p == '+');
    if (text.n > sign + 2 && text.p[sign] == '0' && (text.p[sign + 1] | 0x20) == 'x')
        return hex_number(a, text, out);
    scan s;
    if (!scan_decimal(text.p, text.n, true, &s))
        return WV_NUM_SYNTAX;
    if (!(s.t.h.spare & WN_NOT_JSON)) {
        wv n;
        double d;
        wv_num_status status = wv_number_parse(a, text, false, &n);
        /* Go reads the float64 first, so a value without one is out of range, whatever else. */
        if ((status == WV_NUM_TOO_BIG || status == WV_NUM_INVALID_FLOAT) && s.t.x > 0)
            return WV_NUM_RANGE;
        if (status)
            return status;
        if (!wv_number_double(n, &d))
            return WV_NUM_RANGE;
        *out = n;
        return WV_NUM_OK;
    }
    wn_text *t = text_alloc(a, &s, text.p, text.n);
    double d;
    if (s.saturated && s.t.digits && s.t.x > 0)
        return WV_NUM_RANGE;
    if (!s.saturated && !wv_number_double(wv_from(t, WV_T_NUMBER), &d))
        return WV_NUM_RANGE;
    if (s.exponent) {
        wv_num_status status = check_range(t, s.saturated);
        if (status)
            return status;
    }
    *out = wv_from(t, WV_T_NUMBER);
    return WV_NUM_OK;
}
