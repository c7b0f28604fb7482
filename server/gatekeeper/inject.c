/* Matching: each rule of the table walks over one view of the folded text, once. */
#include "server/gatekeeper/inject.h"

#include "base/base64.h"
#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS_MAX   8  /* of a WORDS rule */
#define BASE64_MIN  20 /* characters: shorter runs cannot hold a whole rule */
#define PRINTABLE   90 /* percent of decoded bytes that must be text */
#define POINTER_MAX 127
#define JSON_DEPTH  64 /* intake refuses deeper requests before they come here */

typedef enum view { WORDS, TEXT, CODE, LINE, SQUASH } view;

static const struct rule {
    const char *id, *family;
    view view;
    const char *pattern;
} RULES[] = {
#define RULE(id, family, view, pattern) {id, family, view, pattern},
#include "server/gatekeeper/inject_table.def"
#undef RULE
};
#define RULE_COUNT (sizeof RULES / sizeof RULES[0])

size_t inject_rule_count(void)
{
    return RULE_COUNT;
}

const char *inject_rule_id(size_t i)
{
    return RULES[i].id;
}

static void add_hit(inject_report *r, const struct rule *rule, const char *pointer, size_t offset)
{
    if (r->count < INJECT_HITS_MAX) {
        inject_hit *h = &r->hits[r->count];
        h->rule = rule->id;
        h->family = rule->family;
        snprintf(h->pointer, sizeof h->pointer, "%s", pointer);
        h->offset = offset;
    }
    r->count++;
}

/* ---- WORDS ---- */

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Whether the word is one of the alternatives of an item. */
static bool item_takes(wb_str item, wb_str word)
{
    while (item.n) {
        const char *bar = memchr(item.p, '|', item.n);
        size_t n = bar ? (size_t)(bar - item.p) : item.n;
        if (n && item.p[n - 1] == '*') {
            if (wb_str_has_prefix(word, wb_str_n(item.p, n - 1)))
                return true;
        } else if (wb_str_eq(word, wb_str_n(item.p, n))) {
            return true;
        }
        n += bar != NULL;
        item = wb_str_n(item.p + n, item.n - n);
    }
    return false;
}

typedef struct sequence {
    const struct rule *rule;
    size_t count;
    wb_str item[ITEMS_MAX];
    int gap[ITEMS_MAX];
    int left[ITEMS_MAX];       /* words that may still pass before the item; -1: not waiting */
    unsigned start[ITEMS_MAX]; /* where the match that waits began */
    bool done;
} sequence;

static void parse_sequence(const struct rule *rule, sequence *s)
{
    *s = (sequence){.rule = rule};
    int gap = 0;
    for (const char *p = rule->pattern; *p;) {
        size_t n = strcspn(p, " ");
        if (*p == '~') {
            gap = p[1] - '0';
        } else if (s->count < ITEMS_MAX) {
            s->item[s->count] = wb_str_n(p, n);
            s->gap[s->count] = gap;
            s->left[s->count++] = -1;
            gap = 0;
        }
        p += n + (p[n] == ' ');
    }
}

static void feed(sequence *s, wb_str word, unsigned at, const char *pointer, inject_report *report)
{
    for (size_t i = s->count; i-- > 0 && !s->done;) {
        if (i > 0 && s->left[i] < 0)
            continue;
        if (item_takes(s->item[i], word)) {
            unsigned start = i ? s->start[i] : at;
            if (i + 1 == s->count) {
                s->done = true;
                add_hit(report, s->rule, pointer, start);
            } else {
                s->left[i + 1] = s->gap[i + 1];
                s->start[i + 1] = start;
            }
        }
        if (i > 0)
            s->left[i]--;
    }
}

static void scan_words(const inject_text *t, const char *pointer, inject_report *report)
{
    sequence *all = wb_malloc(RULE_COUNT * sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (RULES[i].view == WORDS)
            parse_sequence(&RULES[i], &all[count++]);
    for (size_t i = 0; i < t->n;) {
        size_t end = i;
        while (end < t->n && word_char(t->p[end]))
            end++;
        for (size_t k = 0; end > i && k < count; k++)
            feed(&all[k], wb_str_n(t->p + i, end - i), t->at[i], pointer, report);
        i = end > i ? end : i + 1;
    }
    free(all);
}

/* ---- The views made of bytes ---- */

static bool separator(char c)
{
    return c && strchr(":=<>{}[]|/,", c) != NULL;
}

/* Keeps of the folded text what the view wants. */
static void make_view(const inject_text *t, view v, inject_text *out)
{
    out->p = wb_malloc(t->n + 1);
    out->at = wb_malloc((t->n + 1) * sizeof *out->at);
    out->n = 0;
    for (size_t i = 0; i < t->n; i++) {
        char c = t->p[i];
        bool end = c == '\n' && v == LINE, gap = (c == ' ' || c == '\n') && !end;
        if (v == SQUASH && !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            continue;
        if (v == CODE || v == LINE) {
            if (c == '"' || c == '\'' || c == '`' || c == '\\')
                continue;
            if (gap && out->n && separator(out->p[out->n - 1]))
                continue;
            if (separator(c) && out->n && out->p[out->n - 1] == ' ')
                out->n--;
        }
        out->at[out->n] = t->at[i];
        out->p[out->n++] = gap ? ' ' : c;
    }
}

static const char *find(const inject_text *t, wb_str pattern, bool line)
{
    const char *p = t->p, *end = t->p + t->n;
    while (p && p < end) {
        if (!line)
            return memmem(p, (size_t)(end - p), pattern.p, pattern.n);
        while (p < end && strchr(" \n>#*-+_~", *p))
            p++;
        if (wb_str_has_prefix(wb_str_n(p, (size_t)(end - p)), pattern))
            return p;
        p = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    }
    return NULL;
}

static void scan_bytes(const inject_text *t, view v, const char *pointer, inject_report *report)
{
    inject_text seen;
    make_view(t, v, &seen);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const char *at =
            RULES[i].view == v ? find(&seen, wb_str_of(RULES[i].pattern), v == LINE) : NULL;
        if (at)
            add_hit(report, &RULES[i], pointer, seen.at[at - seen.p]);
    }
    inject_text_clear(&seen);
}

/* ---- Base64 ---- */

static void scan(wb_str text, const char *pointer, int depth, const size_t *outer,
                 inject_report *report);

static bool readable(const char *p, size_t n)
{
    size_t good = 0;
    for (size_t i = 0; i < n; i++)
        good += (unsigned char)p[i] >= 0x20 || p[i] == '\n' || p[i] == '\r' || p[i] == '\t';
    return n >= BASE64_MIN / 2 && good * 100 >= n * PRINTABLE;
}

static void scan_run(wb_str run, size_t at, const char *pointer, int depth, inject_report *report)
{
    char *bytes = wb_malloc(WB_BASE64_BYTES(run.n) + 1);
    /* The run may begin with letters that are not part of it. */
    for (size_t skip = 0; skip < 4 && skip < run.n; skip++) {
        size_t n, whole = (run.n - skip) / 4 * 4;
        if (wb_base64_decode_loose(wb_str_n(run.p + skip, whole), bytes, &n) && readable(bytes, n))
            scan(wb_str_n(bytes, n), pointer, depth + 1, &at, report);
    }
    free(bytes);
}

static void scan_base64(wb_str text, const char *pointer, int depth, inject_report *report)
{
    char *run = wb_malloc(text.n + 1);
    size_t n = 0, start = 0;
    for (size_t i = 0; i <= text.n; i++) {
        char c = i < text.n ? text.p[i] : 0;
        if (isalnum((unsigned char)c) || c == '+' || c == '/' || c == '-' || c == '_') {
            start = n ? start : i;
            run[n++] = c;
        } else if ((c != '\n' && c != '\r') || n == 0) {
            if (n >= BASE64_MIN)
                scan_run(wb_str_n(run, n), start, pointer, depth, report);
            n = 0;
        }
    }
    free(run);
}

/* outer: where the text came from when it was decoded; its own offsets mean nothing outside. */
static void scan(wb_str text, const char *pointer, int depth, const size_t *outer,
                 inject_report *report)
{
    inject_text folded;
    size_t before = report->count;
    inject_fold(text, &folded);
    scan_words(&folded, pointer, report);
    for (view v = TEXT; v <= SQUASH; v++)
        scan_bytes(&folded, v, pointer, report);
    inject_text_clear(&folded);
    for (size_t i = before; outer && i < report->count && i < INJECT_HITS_MAX; i++)
        report->hits[i].offset = *outer;
    if (depth < INJECT_DECODINGS) {
        before = report->count;
        scan_base64(text, pointer, depth, report);
        for (size_t i = before; outer && i < report->count && i < INJECT_HITS_MAX; i++)
            report->hits[i].offset = *outer;
    }
}

void inject_scan(wb_str text, const char *pointer, inject_report *report)
{
    scan(text, pointer, 0, NULL, report);
}

static void scan_value(const json_t *v, char *pointer, size_t n, int depth, inject_report *report)
{
    const char *key;
    json_t *item, *object = NULL;
    size_t i;
    memcpy(&object, &v, sizeof v); /* the library's iterators take no const */
    if (depth > JSON_DEPTH)
        return;
    if (json_is_string(v)) {
        inject_scan(wb_str_n(json_string_value(v), json_string_length(v)), pointer, report);
    } else if (json_is_array(v)) {
        json_array_foreach(object, i, item)
        {
            int more = snprintf(pointer + n, POINTER_MAX + 1 - n, "/%zu", i);
            size_t m = n + (size_t)more > POINTER_MAX ? POINTER_MAX : n + (size_t)more;
            scan_value(item, pointer, m, depth + 1, report);
            pointer[n] = 0;
        }
    } else if (json_is_object(v)) {
        json_object_foreach(object, key, item)
        {
            inject_scan(wb_str_of(key), pointer, report);
            int more = snprintf(pointer + n, POINTER_MAX + 1 - n, "/%s", key);
            size_t m = n + (size_t)more > POINTER_MAX ? POINTER_MAX : n + (size_t)more;
            scan_value(item, pointer, m, depth + 1, report);
            pointer[n] = 0;
        }
    }
}

void inject_scan_json(const json_t *value, const char *pointer, inject_report *report)
{
    char path[POINTER_MAX + 1];
    int n = snprintf(path, sizeof path, "%s", pointer);
    scan_value(value, path, n > POINTER_MAX ? POINTER_MAX : (size_t)n, 0, report);
}
