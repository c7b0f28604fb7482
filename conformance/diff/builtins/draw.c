#include "conformance/diff/builtins/draw.h"

#include "base/error.h"
#include "base/utf8.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX    40u    /* rules inside rules; beyond, first alternatives only */
#define DEPTH_HARD   400u   /* rules that never end */
#define SOFT_BYTES   20000u /* beyond, first alternatives and least repetitions only */
#define NAMES_MAX    16u    /* texts kept by a draw */
#define ODD_ARGUMENT 16u    /* one argument in so many is of any type */
#define ODD_STRING   14u    /* one quoted text in so many is damaged */
#define RARE_LENGTH  24u    /* one repetition in so many is of any length */

typedef struct alternative {
    char *text; /* as in the file */
    size_t n;
    unsigned weight;
} alternative;

typedef struct rule {
    char kind; /* 'r'ule, 'f'unction, 'c'all, 'm'odule, 'o'dd */
    char *name;
    alternative *list;
    size_t n, cap;
    unsigned weight;
} rule;

struct dr_rules {
    rule *list; /* sorted by kind and name */
    size_t n, cap;
};

/* ---- reading ---- */

static int compare_rules(const void *a, const void *b)
{
    const rule *x = a, *y = b;
    return x->kind != y->kind ? x->kind - y->kind : strcmp(x->name, y->name);
}

static const rule *find(const dr_rules *r, char kind, const char *name)
{
    rule key = {.kind = kind, .name = (char *)(uintptr_t)name};
    return bsearch(&key, r->list, r->n, sizeof *r->list, compare_rules);
}

static bool add_rule(dr_rules *r, const char *line)
{
    static const char *const kinds[] = {"rule ", "function ", "call ", "module ", "odd "};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i]);
        if (strncmp(line, kinds[i], n) != 0)
            continue;
        if (r->n == r->cap) {
            r->cap = r->cap ? 2 * r->cap : 256;
            r->list = wb_realloc(r->list, r->cap * sizeof *r->list);
        }
        r->list[r->n++] = (rule){.kind = kinds[i][0], .name = wb_strdup(line + n)};
        return true;
    }
    return false;
}

/* `\5 text`: chosen as often as five others. */
static void add_alternative(rule *to, const char *text)
{
    unsigned weight = 1;
    if (text[0] == '\\' && text[1] >= '0' && text[1] <= '9') {
        char *end;
        weight = (unsigned)strtoul(text + 1, &end, 10);
        text = *end == ' ' ? end + 1 : end;
    }
    if (to->n == to->cap) {
        to->cap = to->cap ? 2 * to->cap : 8;
        to->list = wb_realloc(to->list, to->cap * sizeof *to->list);
    }
    to->weight += weight;
    to->list[to->n++] = (alternative){wb_strdup(text), strlen(text), weight};
}

static bool read_file(dr_rules *r, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    unsigned number = 0;
    bool ok = f != NULL, open = false;
    for (ssize_t n; ok && (n = getline(&line, &cap, f)) >= 0;) {
        number++;
        while (n && (line[n - 1] == '\n' || line[n - 1] == ' '))
            line[--n] = 0;
        if (!n || line[0] == '#')
            continue;
        if (n > 2 && line[0] == ' ' && line[1] == ' ' && open)
            add_alternative(&r->list[r->n - 1], line + 2);
        else
            ok = open = add_rule(r, line);
    }
    if (!ok)
        fprintf(stderr, "%s:%u: neither a rule nor an alternative\n", path, number);
    free(line);
    if (f)
        fclose(f);
    return ok;
}

dr_rules *dr_rules_new(const char *folder)
{
    dr_rules *r = wb_calloc(1, sizeof *r);
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    bool ok = n > 0;
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entries[i]->d_name);
        if (ok && len > 6 && strcmp(entries[i]->d_name + len - 6, ".draws") == 0) {
            char *path = NULL;
            if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
                abort();
            ok = read_file(r, path);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    qsort(r->list, r->n, sizeof *r->list, compare_rules);
    for (size_t i = 0; ok && i < r->n; i++)
        if (!r->list[i].n || (i && compare_rules(&r->list[i - 1], &r->list[i]) == 0)) {
            fprintf(stderr, "%s: %s: empty, or there twice\n", folder, r->list[i].name);
            ok = false;
        }
    if (ok)
        return r;
    dr_rules_free(r);
    return NULL;
}

void dr_rules_free(dr_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 0; k < r->list[i].n; k++)
            free(r->list[i].list[k].text);
        free(r->list[i].list);
        free(r->list[i].name);
    }
    free(r->list);
    free(r);
}

bool dr_knows(const dr_rules *r, const char *function)
{
    return find(r, 'f', function) != NULL;
}

/* ---- drawing ---- */

typedef struct kept {
    char name[16];
    char *text;
    size_t n;
} kept;

typedef struct drawing {
    const dr_rules *rules;
    uint64_t state;
    unsigned depth;
    kept kept[NAMES_MAX];
    unsigned n_kept;
    dr_draw *out; /* where arguments are divided, at depth 0 */
} drawing;

static uint64_t next(drawing *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t below(drawing *d, uint64_t n)
{
    return n ? next(d) % n : 0;
}

static void expand(drawing *d, const rule *r, wb_buf *b);

static void put_rune(wb_buf *b, uint32_t c)
{
    char bytes[4];
    wb_buf_put(b, bytes, wb_utf8_put(bytes, c));
}

static void put_any_rune(drawing *d, wb_buf *b)
{
    static const uint32_t tops[] = {0x80, 0x800, 0xd800, 0x10000, 0x110000};
    uint32_t c = (uint32_t)below(d, tops[below(d, 5)]);
    put_rune(b, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

/* A few bytes taken away, doubled, moved or put in. */
static void damage(drawing *d, wb_buf *b)
{
    static const char odd[] = "\0\x01\n\t \"\\%{}[]()<>*+?.,:;/-_=&#$!@^~|'`0159aZ\x7f\x80\xff";
    for (uint64_t times = 1 + below(d, 3); times; times--) {
        size_t at = below(d, b->n + 1), n = below(d, 4), room = b->n - at;
        char piece[4];
        n = n < room ? n : room;
        if (n)
            memcpy(piece, b->p + at, n);
        switch (below(d, 3)) {
        case 0:
            if (n)
                memmove(b->p + at, b->p + at + n, room - n);
            b->n -= n;
            break;
        case 1: wb_buf_put(b, piece, n); break;
        default:
            wb_buf_putc(b, 0);
            memmove(b->p + at + 1, b->p + at, room);
            b->p[at] = odd[below(d, sizeof odd - 1)];
        }
    }
}

/* As a Rego term: a string, or a call that makes bytes that are no UTF-8. */
static void put_quoted(wb_buf *to, const wb_buf *from, bool json)
{
    bool valid = true;
    for (size_t i = 0, used; i < from->n && valid; i += used)
        valid = wb_utf8_get(from->p + i, from->n - i, &used) != WB_UTF8_BAD || used != 1;
    if (valid || json) {
        wb_buf_put_json(to, wb_buf_str(from));
        return;
    }
    wb_buf_puts(to, "hex.decode(\"");
    for (size_t i = 0; i < from->n; i++)
        wb_buf_putf(to, "%02x", (unsigned char)from->p[i]);
    wb_buf_puts(to, "\")");
}

static kept *find_kept(drawing *d, const char *name)
{
    for (unsigned i = 0; i < d->n_kept; i++)
        if (strcmp(d->kept[i].name, name) == 0)
            return &d->kept[i];
    return NULL;
}

/* Any part of a kept text, between code points. */
static void put_part(drawing *d, const char *name, wb_buf *b)
{
    const kept *k = find_kept(d, name);
    if (!k || !k->n)
        return;
    size_t from = below(d, k->n), n = 1 + below(d, below(d, 3) ? 4 : k->n);
    while (from && ((unsigned char)k->text[from] & 0xc0) == 0x80)
        from--;
    if (n > k->n - from)
        n = k->n - from;
    while (from + n < k->n && ((unsigned char)k->text[from + n] & 0xc0) == 0x80)
        n++;
    wb_buf_put(b, k->text + from, n);
}

/* `#byte`, `#rune`, `#lone`, `#FROM:TO`. */
static void put_built_in(drawing *d, const char *name, wb_buf *b)
{
    long long from, to;
    if (strcmp(name, "byte") == 0)
        wb_buf_putc(b, (char)next(d));
    else if (strcmp(name, "rune") == 0)
        put_any_rune(d, b);
    else if (sscanf(name, "%lld:%lld", &from, &to) == 2)
        wb_buf_putf(b, "%lld", from + (long long)below(d, (uint64_t)(to - from) + 1));
    else
        fprintf(stderr, "#%s is no rule\n", name);
}

/* What stands between < and >. */
typedef struct place {
    bool quoted, json, whole; /* ", ', ! */
    char form;                /* '#', '^' or 0 */
    char name[64], keep[16];
    unsigned least, most;
} place;

static place read_place(const char *p, size_t n)
{
    place t = {.least = 1, .most = 1};
    size_t i = 0, k = 0;
    for (; i < n && strchr("\"'!", p[i]); i++) {
        t.quoted |= p[i] == '"' || p[i] == '\'';
        t.json |= p[i] == '\'';
        t.whole |= p[i] == '!';
    }
    if (i < n && (p[i] == '#' || p[i] == '^'))
        t.form = p[i++];
    for (; i < n && p[i] != '{' && p[i] != '@' && k + 1 < sizeof t.name; i++)
        t.name[k++] = p[i];
    if (i < n && p[i] == '{') {
        char *end;
        t.least = (unsigned)strtoul(p + i + 1, &end, 10);
        t.most = *end == ',' ? (unsigned)strtoul(end + 1, &end, 10) : t.least;
        i = (size_t)(end - p) + 1;
    }
    if (i < n && p[i] == '@')
        for (k = 0, i++; i < n && k + 1 < sizeof t.keep; i++)
            t.keep[k++] = p[i];
    return t;
}

static unsigned times_of(drawing *d, const place *t, const wb_buf *b)
{
    if (t->most <= t->least || b->n > SOFT_BYTES || d->depth > DEPTH_MAX)
        return t->least;
    if (!below(d, RARE_LENGTH))
        return t->least + (unsigned)below(d, t->most - t->least + 1);
    unsigned n = t->least;
    while (n < t->most && below(d, 3))
        n++;
    return n;
}

static void fill_once(drawing *d, const place *t, wb_buf *b)
{
    if (t->form == '#') {
        put_built_in(d, t->name, b);
    } else if (t->form == '^') {
        put_part(d, t->name, b);
    } else {
        const rule *r = find(d->rules, 'r', t->name);
        if (r)
            expand(d, r, b);
        else
            fprintf(stderr, "%s is no rule\n", t->name);
    }
}

static void fill(drawing *d, const place *t, wb_buf *b)
{
    wb_buf part;
    kept *k = t->keep[0] ? find_kept(d, t->keep) : NULL;
    wb_buf_init(&part, DR_TEXT_MAX);
    if (k) {
        wb_buf_put(&part, k->text, k->n);
    } else {
        for (unsigned n = times_of(d, t, b); n; n--)
            fill_once(d, t, &part);
        if (t->quoted && !t->whole && !below(d, ODD_STRING))
            damage(d, &part);
        if (t->keep[0] && d->n_kept < NAMES_MAX) {
            k = &d->kept[d->n_kept++];
            snprintf(k->name, sizeof k->name, "%s", t->keep);
            k->text = wb_strndup(part.p ? part.p : "", part.n);
            k->n = part.n;
        }
    }
    if (t->quoted)
        put_quoted(b, &part, t->json);
    else
        wb_buf_put(b, part.p, part.n);
    wb_buf_free(&part);
}

static size_t put_escape(const char *p, wb_buf *b)
{
    unsigned c;
    switch (*p) {
    case 'n': wb_buf_putc(b, '\n'); return 1;
    case 't': wb_buf_putc(b, '\t'); return 1;
    case 'r': wb_buf_putc(b, '\r'); return 1;
    case 's': wb_buf_putc(b, ' '); return 1;
    case 'e': return 1; /* nothing */
    case 'x':
        if (sscanf(p + 1, "%2x", &c) == 1)
            wb_buf_putc(b, (char)c);
        return 3;
    case 'u':
        if (sscanf(p + 1, "%4x", &c) == 1)
            put_rune(b, c);
        return 5;
    default: wb_buf_putc(b, *p); return 1;
    }
}

static void put_text(drawing *d, const char *p, size_t n, wb_buf *b)
{
    for (size_t i = 0; i < n;) {
        const char *close;
        if (p[i] == '\\' && i + 1 < n) {
            i += 1 + put_escape(p + i + 1, b);
        } else if (p[i] == '<' && (close = memchr(p + i, '>', n - i))) {
            place t = read_place(p + i + 1, (size_t)(close - p) - i - 1);
            fill(d, &t, b);
            i = (size_t)(close - p) + 1;
        } else {
            wb_buf_putc(b, p[i++]);
        }
    }
}

static const alternative *choose(drawing *d, const rule *r, bool first)
{
    uint64_t at = first ? 0 : below(d, r->weight);
    size_t i = 0;
    while (at >= r->list[i].weight)
        at -= r->list[i++].weight;
    return &r->list[i];
}

static void expand(drawing *d, const rule *r, wb_buf *b)
{
    if (d->depth > DEPTH_HARD) {
        fprintf(stderr, "%s never ends\n", r->name);
        return;
    }
    d->depth++;
    const alternative *a = choose(d, r, d->depth > DEPTH_MAX || b->n > SOFT_BYTES);
    put_text(d, a->text, a->n, b);
    d->depth--;
}

/* Arguments are divided by " ; ". A few are not of their type: of the function's `odd`, or any. */
static void put_arguments(drawing *d, const alternative *a, const rule *odd, dr_draw *out)
{
    const char *p = a->text, *end = a->text + a->n;
    static const place any = {.name = "any", .least = 1, .most = 1};
    while (p <= end && a->n && out->n < DR_ARGS_MAX) {
        const char *cut = memmem(p, (size_t)(end - p), " ; ", 3);
        size_t n = (size_t)((cut ? cut : end) - p);
        if (below(d, ODD_ARGUMENT))
            put_text(d, p, n, &out->text);
        else if (odd)
            expand(d, odd, &out->text);
        else
            fill(d, &any, &out->text);
        out->begin[++out->n] = out->text.n;
        if (!cut)
            break;
        p = cut + 3;
    }
}

void dr_draw_init(dr_draw *d)
{
    memset(d, 0, sizeof *d);
    wb_buf_init(&d->text, DR_TEXT_MAX);
    wb_buf_init(&d->module, DR_TEXT_MAX);
}

void dr_draw_clear(dr_draw *d)
{
    wb_buf_free(&d->text);
    wb_buf_free(&d->module);
}

static uint64_t mix(uint64_t seed, const char *name, uint64_t number)
{
    uint64_t h = seed * 0x9e3779b97f4a7c15u + 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return (h ^ number) * 0xd6e8feb86659fd93u;
}

bool dr_make(const dr_rules *r, const char *function, uint64_t seed, uint64_t number, dr_draw *out)
{
    const rule *f = find(r, 'f', function), *call = find(r, 'c', function),
               *module = find(r, 'm', function);
    drawing d = {.rules = r, .state = mix(seed, function, number), .out = out};
    if (!f)
        return false;
    wb_buf_clear(&out->text);
    wb_buf_clear(&out->module);
    out->n = 0;
    out->begin[0] = 0;
    out->call = call ? choose(&d, call, false)->text : NULL;
    const alternative *a = choose(&d, f, false);
    if (strcmp(a->text, "\\e") != 0)
        put_arguments(&d, a, find(r, 'o', function), out);
    if (module)
        expand(&d, module, &out->module);
    for (unsigned i = 0; i < d.n_kept; i++)
        free(d.kept[i].text);
    return true;
}
