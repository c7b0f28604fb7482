/* Time zones from the system's TZif files (RFC 8536), with the rule behind the last transition. */
#include "base/error.h"
#include "stdlib/args.h"
#include "stdlib/cache.h"
#include "stdlib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_ROOT             "/usr/share/zoneinfo/"
#define ZONE_NAME_MAX         4096                /* bytes: as long as a path can be */
#define ZONE_FILE_MAX         ((size_t)256 << 10) /* real ones have some 4 KB */
#define ZONE_ABBREVIATION_MAX 16

typedef struct zone_type {
    int32_t offset;
    bool dst;
    char name[ZONE_ABBREVIATION_MAX];
} zone_type;

/* When summer time begins or ends: "M3.2.0/2", "J60" or "59". */
typedef struct switch_rule {
    char kind; /* 'M', 'J' or '0' */
    int month, week, day;
    int32_t time; /* seconds after midnight, perhaps negative or over a day */
} switch_rule;

struct ws_zone {
    int64_t *at; /* transitions in order */
    uint8_t *type;
    size_t n;
    zone_type types[256];
    unsigned type_count;
    bool has_rule, has_dst;
    zone_type standard, summer;
    switch_rule begin, end;
    /* What the rule said last, and of which seconds: from known_from, before known_until. Zones are
     * a session's own. */
    const zone_type *known;
    int64_t known_from, known_until;
};

static void zone_free(void *p)
{
    ws_zone *z = p;
    if (!z)
        return;
    free(z->at);
    free(z->type);
    free(z);
}

/* ---- the rule: "EST5EDT,M3.2.0,M11.1.0" ---- */

static bool rule_name(const char **p, char out[ZONE_ABBREVIATION_MAX])
{
    size_t n = 0;
    bool quoted = **p == '<';
    const char *s = *p + quoted;
    while (*s && (quoted ? *s != '>' : (*s | 32) >= 'a' && (*s | 32) <= 'z')) {
        if (n == ZONE_ABBREVIATION_MAX - 1)
            return false;
        out[n++] = *s++;
    }
    out[n] = 0;
    if (quoted && *s++ != '>')
        return false;
    *p = s;
    return n >= 3;
}

static bool rule_number(const char **p, int max, int *out)
{
    int v = 0, digits = 0;
    for (; **p >= '0' && **p <= '9' && digits < 4; ++*p, digits++)
        v = v * 10 + (**p - '0');
    *out = v;
    return digits && v <= max;
}

static bool rule_time(const char **p, int32_t *out)
{
    int part[3] = {0, 0, 0};
    bool minus = **p == '-';
    *p += minus || **p == '+';
    for (int i = 0; i < 3; i++) {
        if (i && **p != ':')
            break;
        *p += i > 0;
        if (!rule_number(p, i ? 59 : 167, &part[i]))
            return false;
    }
    *out = (part[0] * 60 + part[1]) * 60 + part[2];
    *out = minus ? -*out : *out;
    return true;
}

static bool rule_switch(const char **p, switch_rule *r)
{
    if (*(*p)++ != ',')
        return false;
    *r = (switch_rule){.kind = '0', .time = 7200};
    bool ok;
    if (**p == 'M') {
        ++*p;
        r->kind = 'M';
        ok = rule_number(p, 12, &r->month) && r->month && *(*p)++ == '.' &&
             rule_number(p, 5, &r->week) && r->week && *(*p)++ == '.' && rule_number(p, 6, &r->day);
    } else {
        if (**p == 'J') {
            ++*p;
            r->kind = 'J';
        }
        ok = rule_number(p, 365, &r->day);
    }
    if (ok && **p == '/') {
        ++*p;
        ok = rule_time(p, &r->time);
    }
    return ok;
}

static bool read_rule(ws_zone *z, const char *p)
{
    if (!rule_name(&p, z->standard.name) || !rule_time(&p, &z->standard.offset))
        return false;
    z->standard.offset = -z->standard.offset;
    if (!*p)
        return true;
    if (!rule_name(&p, z->summer.name))
        return false;
    z->summer.offset = z->standard.offset + 3600;
    if (*p && *p != ',') {
        if (!rule_time(&p, &z->summer.offset))
            return false;
        z->summer.offset = -z->summer.offset;
    }
    z->has_dst = true;
    return rule_switch(&p, &z->begin) && rule_switch(&p, &z->end) && !*p;
}

/* Seconds since the year began at which the rule switches, by the clock before. */
static int64_t switch_second(const switch_rule *r, int64_t year)
{
    int64_t start = ws_days(year, 1, 1), day;
    if (r->kind == 'M') {
        int64_t first = ws_days(year, r->month, 1);
        int weekday = (int)((first % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
        day = first + (r->day - weekday + 7) % 7 + 7 * (r->week - 1);
        while (day >= first + ws_days_in(r->month, year))
            day -= 7;
        day -= start;
    } else {
        day = r->day;
        if (r->kind == 'J')
            day += (ws_days_in(2, year) == 29 && r->day >= 60) - 1;
    }
    return day * 86400 + r->time;
}

/* The span of t between two of the year's four borders: its ends and the two switches. */
static void remember(ws_zone *z, const int64_t borders[4], int64_t t, const zone_type *type)
{
    z->known = type;
    z->known_from = borders[0];
    z->known_until = borders[3];
    for (int i = 1; i < 3; i++) {
        if (borders[i] <= t && borders[i] > z->known_from)
            z->known_from = borders[i];
        if (borders[i] > t && borders[i] < z->known_until)
            z->known_until = borders[i];
    }
}

static const zone_type *by_rule(const ws_zone *z, int64_t t)
{
    if (!z->has_dst)
        return &z->standard;
    if (z->known && t >= z->known_from && t < z->known_until)
        return z->known;
    ws_date d = ws_date_of((ws_nanos)(t + z->standard.offset) * WS_SECOND);
    int64_t start = ws_days(d.year, 1, 1) * 86400, next = ws_days(d.year + 1, 1, 1) * 86400;
    int64_t begin = start + switch_second(&z->begin, d.year) - z->standard.offset;
    int64_t end = start + switch_second(&z->end, d.year) - z->summer.offset;
    bool summer = begin < end ? t >= begin && t < end : t >= begin || t < end;
    const zone_type *type = summer ? &z->summer : &z->standard;
    int64_t borders[4] = {start - z->standard.offset, begin, end, next - z->standard.offset};
    remember((ws_zone *)(uintptr_t)z, borders, t, type);
    return type;
}

int ws_zone_at(const ws_zone *z, int64_t t, wb_str *name)
{
    const zone_type *type;
    if (!z) {
        *name = WB_LIT("UTC");
        return 0;
    }
    if (z->n == 0 || t < z->at[0]) {
        /* Before all transitions: the first type that is not summer time. */
        unsigned i = 0;
        while (i < z->type_count && z->types[i].dst)
            i++;
        type = &z->types[i < z->type_count ? i : 0];
        if (z->n == 0 && z->has_rule)
            type = by_rule(z, t);
    } else if (t >= z->at[z->n - 1] && z->has_rule) {
        type = by_rule(z, t);
    } else {
        size_t lo = 0, hi = z->n;
        while (hi - lo > 1) {
            size_t mid = (lo + hi) / 2;
            if (z->at[mid] <= t)
                lo = mid;
            else
                hi = mid;
        }
        type = &z->types[z->type[lo]];
    }
    *name = wb_str_of(type->name);
    return type->offset;
}

/* ---- the file ---- */

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

typedef struct counts {
    size_t isut, isstd, leap, time, type, chars;
} counts;

static bool header(const unsigned char *p, const unsigned char *end, counts *c)
{
    if (end - p < 44 || memcmp(p, "TZif", 4) != 0)
        return false;
    *c = (counts){be32(p + 20), be32(p + 24), be32(p + 28),
                  be32(p + 32), be32(p + 36), be32(p + 40)};
    size_t max = ZONE_FILE_MAX;
    return c->isut < max && c->isstd < max && c->leap < max && c->time < max && c->type <= 256 &&
           c->type && c->chars < max;
}

static size_t body(const counts *c, size_t width)
{
    return c->time * (width + 1) + c->type * 6 + c->chars + c->leap * (width + 4) + c->isstd +
           c->isut;
}

static bool parse(ws_zone *z, const unsigned char *p, size_t n)
{
    const unsigned char *end = p + n;
    counts c;
    size_t width = 4;
    if (!header(p, end, &c))
        return false;
    if (p[4] >= '2') { /* the second block has 64-bit times */
        if ((size_t)(end - p) < 44 + body(&c, 4))
            return false;
        p += 44 + body(&c, 4);
        width = 8;
        if (!header(p, end, &c))
            return false;
    }
    p += 44;
    if ((size_t)(end - p) < body(&c, width))
        return false;
    z->n = c.time;
    z->at = wb_calloc(c.time + 1, sizeof *z->at);
    z->type = wb_calloc(c.time + 1, 1);
    z->type_count = (unsigned)c.type;
    for (size_t i = 0; i < c.time; i++)
        z->at[i] = width == 8 ? be64(p + 8 * i) : (int32_t)be32(p + 4 * i);
    p += width * c.time;
    for (size_t i = 0; i < c.time; i++) {
        z->type[i] = p[i];
        if (p[i] >= c.type || (i && z->at[i] <= z->at[i - 1]))
            return false;
    }
    p += c.time;
    const unsigned char *names = p + 6 * c.type;
    for (size_t i = 0; i < c.type; i++, p += 6) {
        zone_type *t = &z->types[i];
        t->offset = (int32_t)be32(p);
        t->dst = p[4];
        if (p[5] >= c.chars || t->offset < -172800 || t->offset > 172800)
            return false;
        for (size_t k = 0; k < sizeof t->name - 1 && p[5] + k < c.chars && names[p[5] + k]; k++)
            t->name[k] = (char)names[p[5] + k];
    }
    p = names + c.chars + c.leap * (width + 4) + c.isstd + c.isut;
    if (width == 8 && end - p > 2 && *p == '\n') {
        const unsigned char *close = memchr(p + 1, '\n', (size_t)(end - p - 1));
        char rule[128];
        size_t len = close ? (size_t)(close - p - 1) : sizeof rule;
        if (len && len < sizeof rule) {
            memcpy(rule, p + 1, len);
            rule[len] = 0;
            z->has_rule = read_rule(z, rule);
        }
    }
    return true;
}

static bool read_all(int fd, unsigned char *to, size_t *n)
{
    *n = 0;
    for (;;) {
        ssize_t got = read(fd, to + *n, ZONE_FILE_MAX - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        *n += (size_t)got;
        if (*n == ZONE_FILE_MAX) {
            errno = EFBIG;
            return false;
        }
    }
}

/* Two dots stand nowhere in a zone's name, and could lead out of the folder. */
static bool has_dot_dot(wb_str s)
{
    return s.n > 1 && memmem(s.p, s.n, "..", 2);
}

static ws_zone *load(ws_ctx *cx, wb_str name)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {{ENAMETOOLONG, "file name too long"},
                 {EISDIR, "is a directory"},
                 {ENOTDIR, "not a directory"},
                 {EACCES, "permission denied"}};
    char path[sizeof ZONE_ROOT + ZONE_NAME_MAX];
    if (name.p[0] == '/' || name.p[0] == '\\' || has_dot_dot(name)) {
        ws_fail(cx, "time: invalid location name");
        return NULL;
    }
    if (name.n >= ZONE_NAME_MAX || memchr(name.p, 0, name.n)) {
        ws_fail(cx, name.n >= ZONE_NAME_MAX ? "file name too long" : "invalid argument");
        return NULL;
    }
    memcpy(path, ZONE_ROOT, sizeof ZONE_ROOT - 1);
    memcpy(path + sizeof ZONE_ROOT - 1, name.p, name.n);
    path[sizeof ZONE_ROOT - 1 + name.n] = 0;
    unsigned char *bytes = NULL;
    ws_zone *z = NULL;
    size_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int code = errno;
    if (fd >= 0) {
        bytes = wb_malloc(ZONE_FILE_MAX);
        if (read_all(fd, bytes, &n)) {
            code = EINVAL;
            z = wb_calloc(1, sizeof *z);
            if (!parse(z, bytes, n)) {
                zone_free(z);
                z = NULL;
            }
        } else {
            code = errno;
        }
        close(fd);
        free(bytes);
    }
    if (z)
        return z;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code) {
            ws_fail(cx, "%s", texts[i].text);
            return NULL;
        }
    if (code == EINVAL)
        ws_fail(cx, "malformed time zone information");
    else
        ws_fail_tail(cx, "unknown time zone ", name);
    return NULL;
}

bool ws_zone_get(ws_ctx *cx, wb_str name, const ws_zone **out)
{
    *out = NULL;
    /* The service's own zone is UTC: what it answers does not depend on the machine. */
    if (!name.n || wb_str_is(name, "UTC") || wb_str_is(name, "Local"))
        return true;
    ws_zone *z = ws_cache_get(cx->cache, WS_CACHE_ZONE, name);
    if (!z) {
        z = load(cx, name);
        if (!z)
            return false;
        ws_cache_put(cx->cache, WS_CACHE_ZONE, name, z, zone_free);
    }
    *out = z;
    return true;
}
