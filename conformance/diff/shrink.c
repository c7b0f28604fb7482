#include "conformance/diff/shrink.h"

#include "base/error.h"

#include <ctype.h>
#include <stdlib.h>

#define TEXTS_MAX (DF_MODULES_MAX + DF_QUERIES_MAX + 3)
#define SPAN_MAX  40 /* tokens of a run that is taken out at once */

/* Bytes from..to give way to `with`. */
typedef struct edit {
    size_t from, to;
    wb_str with;
} edit;

typedef struct edits {
    edit *list;
    size_t n, cap;
} edits;

typedef struct shrinker {
    wb_arena *arena;
    df_program *p;
    df_try try;
    void *argument;
    unsigned tries;
} shrinker;

/* ---- trying ---- */

/* Tries up to DF_SHRINK_BATCH candidates and keeps the first that shows it. */
static bool keep_first(shrinker *s, const df_program *list, size_t n)
{
    if (!n || s->tries > DF_SHRINK_TRIES)
        return false;
    s->tries += (unsigned)n;
    int at = s->try(s->argument, list, n);
    if (at < 0)
        return false;
    *s->p = list[at];
    return true;
}

static unsigned texts_of(df_program *p, wb_str **out)
{
    unsigned n = 0;
    for (unsigned i = 0; i < p->n_modules; i++)
        out[n++] = &p->modules[i];
    for (unsigned i = 0; i < p->n_queries; i++)
        out[n++] = &p->queries[i];
    out[n++] = &p->data;
    out[n++] = &p->input;
    out[n++] = &p->schemas;
    return n;
}

static wb_str edited(wb_arena *a, wb_str text, const edit *e)
{
    size_t n = text.n - (e->to - e->from) + e->with.n;
    char *p = wb_arena_alloc(a, n + 1);
    memcpy(p, text.p, e->from);
    if (e->with.n)
        memcpy(p + e->from, e->with.p, e->with.n);
    memcpy(p + e->from + e->with.n, text.p + e->to, text.n - e->to);
    p[n] = 0;
    return wb_str_n(p, n);
}

/* Tries the edits of one text in batches; true once one was kept. */
static bool try_edits(shrinker *s, unsigned which, const edits *all)
{
    df_program *list = wb_malloc(DF_SHRINK_BATCH * sizeof *list);
    bool kept = false;
    for (size_t at = 0; at < all->n && !kept && s->tries <= DF_SHRINK_TRIES;) {
        size_t n = 0;
        char *mark = wb_arena_mark(s->arena);
        for (; at < all->n && n < DF_SHRINK_BATCH; at++) {
            wb_str *texts[TEXTS_MAX];
            list[n] = *s->p;
            texts_of(&list[n], texts);
            *texts[which] = edited(s->arena, *texts[which], &all->list[at]);
            n++;
        }
        kept = keep_first(s, list, n);
        if (!kept)
            wb_arena_rewind(s->arena, mark);
    }
    free(list);
    return kept;
}

static void add(edits *e, size_t from, size_t to, wb_str with)
{
    if (with.n >= to - from)
        return;
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 256;
        e->list = wb_realloc(e->list, e->cap * sizeof *e->list);
    }
    e->list[e->n++] = (edit){from, to, with};
}

/* ---- whole parts ---- */

static bool shrink_parts(shrinker *s)
{
    df_program list[2 * DF_MODULES_MAX + 2 * DF_QUERIES_MAX + 7];
    const df_program *p = s->p;
    size_t n = 0;
    for (unsigned i = 0; p->n_queries > 1 && i < p->n_queries; i++) {
        list[n] = *p;
        list[n].queries[0] = p->queries[i];
        list[n++].n_queries = 1;
    }
    if (p->n_queries) {
        list[n] = *p;
        list[n++].n_queries = 0;
    }
    for (unsigned i = 0; i < p->n_modules; i++) {
        list[n] = *p;
        memmove(&list[n].modules[i], &list[n].modules[i + 1],
                (p->n_modules - i - 1) * sizeof *p->modules);
        list[n++].n_modules--;
    }
    if (p->data.n) {
        list[n] = *p;
        list[n++].data = (wb_str){0};
    }
    if (p->input.n) {
        list[n] = *p;
        list[n++].input = (wb_str){0};
    }
    if (p->schemas.n) {
        list[n] = *p;
        list[n++].schemas = (wb_str){0};
    }
    if (p->prints) {
        list[n] = *p;
        list[n++].prints = false;
    }
    if (p->strict) {
        list[n] = *p;
        list[n++].strict = false;
    }
    if (p->strict_mode) {
        list[n] = *p;
        list[n++].strict_mode = false;
    }
    return keep_first(s, list, n);
}

/* ---- rules and lines ---- */

/* Pieces that end with `end`, the later ones first. */
static void add_pieces(edits *e, wb_str text, wb_str end)
{
    size_t from = 0;
    for (size_t i = 0; i + end.n <= text.n; i++) {
        if (memcmp(text.p + i, end.p, end.n) != 0)
            continue;
        if (from)
            add(e, from, i + end.n, (wb_str){0});
        from = i + end.n;
    }
    if (from < text.n && from)
        add(e, from - end.n, text.n, (wb_str){0});
}

/* ---- tokens ---- */

typedef struct token {
    size_t from, to;
    size_t match; /* brackets: number of the other one, or 0 */
} token;

static size_t token_end(wb_str t, size_t i)
{
    unsigned char c = (unsigned char)t.p[i];
    if (c == '"' || c == '`') {
        size_t k = i + 1;
        while (k < t.n && t.p[k] != (char)c)
            k += t.p[k] == '\\' && c == '"' ? 2 : 1;
        return k < t.n ? k + 1 : t.n;
    }
    if (isalnum(c) || c == '_') {
        size_t k = i;
        while (k < t.n && (isalnum((unsigned char)t.p[k]) || t.p[k] == '_'))
            k++;
        return k;
    }
    if (i + 1 < t.n && t.p[i + 1] == '=' && strchr(":=!<>", c))
        return i + 2;
    return i + 1;
}

static size_t tokenize(wb_str text, token **out)
{
    size_t n = 0, depth = 0;
    token *list = wb_malloc((text.n + 1) * sizeof *list);
    size_t *open = wb_malloc((text.n + 1) * sizeof *open);
    for (size_t i = 0; i < text.n;) {
        if (isspace((unsigned char)text.p[i])) {
            i++;
            continue;
        }
        size_t end = token_end(text, i);
        list[n] = (token){i, end, 0};
        if (strchr("([{", text.p[i])) {
            open[depth++] = n;
        } else if (strchr(")]}", text.p[i]) && depth) {
            list[n].match = open[--depth];
            list[list[n].match].match = n;
        }
        n++;
        i = end;
    }
    free(open);
    *out = list;
    return n;
}

/* A bracket: its inside in its place, and each of its parts between commas and bars; with a word
 * right before it, those in place of both. */
static void add_openings(edits *e, wb_str text, const token *t, size_t i)
{
    size_t end = t[i].match, part = i + 1;
    if (end <= i)
        return;
    bool call = i && t[i - 1].to == t[i].from && isalnum((unsigned char)text.p[t[i - 1].from]);
    size_t from = call ? t[i - 1].from : t[i].from;
    if (end > i + 1)
        add(e, from, t[end].to, wb_str_n(text.p + t[i].to, t[end].from - t[i].to));
    for (size_t k = i + 1; k <= end; k++) {
        if (k < end && strchr("([{", text.p[t[k].from]) && t[k].match > k) {
            k = t[k].match;
            continue;
        }
        if (k == end || strchr(",|;:", text.p[t[k].from])) {
            if (k > part)
                add(e, from, t[end].to,
                    wb_str_n(text.p + t[part].from, t[k - 1].to - t[part].from));
            part = k + 1;
        }
    }
}

static int by_size(const void *x, const void *y)
{
    const edit *a = x, *b = y;
    size_t m = a->to - a->from - a->with.n, n = b->to - b->from - b->with.n;
    return m != n ? (m > n ? -1 : 1) : a->from != b->from ? (a->from < b->from ? -1 : 1) : 0;
}

static void add_spans(edits *e, wb_str text)
{
    token *t;
    size_t n = tokenize(text, &t);
    for (size_t i = 0; i < n; i++) {
        char c = text.p[t[i].from];
        if (strchr("([{", c))
            add_openings(e, text, t, i);
        if (c == '"' && t[i].to - t[i].from > 3)
            add(e, t[i].from, t[i].to, WB_LIT("\"a\""));
        for (size_t k = i, steps = 0; k < n && steps < SPAN_MAX; k++, steps++) {
            char d = text.p[t[k].from];
            if (strchr(")]}", d))
                break;
            if (strchr("([{", d)) {
                if (t[k].match <= k)
                    break;
                k = t[k].match;
            }
            add(e, t[i].from, t[k].to, (wb_str){0});
            add(e, t[i].from, t[k].to, WB_LIT("1"));
        }
    }
    if (e->n)
        qsort(e->list, e->n, sizeof *e->list, by_size);
    free(t);
}

static bool shrink_texts(shrinker *s, unsigned level)
{
    wb_str *texts[TEXTS_MAX];
    unsigned n = texts_of(s->p, texts);
    for (unsigned i = 0; i < n; i++) {
        edits e = {0};
        if (level == 0)
            add_pieces(&e, *texts[i], WB_LIT("\n\n"));
        else if (level == 1)
            add_pieces(&e, *texts[i], WB_LIT("\n"));
        else
            add_spans(&e, *texts[i]);
        bool kept = try_edits(s, i, &e);
        free(e.list);
        if (kept)
            return true;
    }
    return false;
}

void df_shrink(wb_arena *a, df_program *p, df_try try, void *argument)
{
    shrinker s = {a, p, try, argument, 0};
    while (s.tries <= DF_SHRINK_TRIES &&
           (shrink_parts(&s) || shrink_texts(&s, 0) || shrink_texts(&s, 1) || shrink_texts(&s, 2)))
        ;
}
