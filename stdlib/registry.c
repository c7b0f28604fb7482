#include "stdlib/families.h"

#include "base/error.h"
#include "base/hash.h"

#include <stdlib.h>

/* All families. A new one is declared in families.h and listed here. */
static const ws_builtin *const families[] = {
#define X(family) ws_##family,
    WS_FAMILIES(X)
#undef X
};

/* A host's row, on its own so that pointers to it stay. */
typedef struct added {
    ws_builtin row;
    struct added *next;
} added;

struct ws_registry {
    ws_builtin **rows;
    size_t count, cap;
    uint32_t *slots; /* name -> number in rows + 1 */
    size_t n_slots;  /* a power of two */
    ws_builtin *ours;
    added *added;
};

/* ---- declarations: enough of a reader to count arguments and refuse what is none ---- */

#define DECL_DEPTH_MAX 32

typedef struct decl {
    const char *p;
    unsigned depth;
} decl;

static void blanks(decl *d)
{
    while (*d->p == ' ')
        d->p++;
}

static bool take(decl *d, const char *token)
{
    blanks(d);
    size_t n = strlen(token);
    if (strncmp(d->p, token, n) != 0)
        return false;
    d->p += n;
    return true;
}

static bool word(decl *d, wb_str *out)
{
    blanks(d);
    const char *start = d->p;
    while ((*d->p >= 'a' && *d->p <= 'z') || (*d->p >= 'A' && *d->p <= 'Z') || *d->p == '_' ||
           (*d->p >= '0' && *d->p <= '9'))
        d->p++;
    *out = wb_str_n(start, (size_t)(d->p - start));
    return out->n > 0;
}

/* A name of an operand, of one word or several, and the colon behind it. */
static bool name_and_colon(decl *d)
{
    decl ahead = *d;
    wb_str one;
    while (word(&ahead, &one))
        ;
    if (ahead.p == d->p || !take(&ahead, ":"))
        return false;
    *d = ahead;
    return true;
}

static bool type(decl *d);

/* name? ":"? type, any number of times, up to the closing mark. */
static bool type_list(decl *d, const char *close, bool named, unsigned *count)
{
    *count = 0;
    if (take(d, close))
        return true;
    do {
        if (named)
            name_and_colon(d);
        if (!type(d))
            return false;
        ++*count;
    } while (take(d, ","));
    return take(d, close);
}

static bool type(decl *d)
{
    static const char *const scalars[] = {"null", "boolean", "number", "string"};
    wb_str name;
    unsigned n;
    if (++d->depth > DECL_DEPTH_MAX || !word(d, &name))
        return false;
    bool ok = false;
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++)
        ok |= wb_str_is(name, scalars[i]);
    if (wb_str_is(name, "any"))
        ok = take(d, "<") ? type_list(d, ">", false, &n) : true;
    else if (wb_str_is(name, "array"))
        ok = take(d, "<") ? type_list(d, ">", false, &n) : take(d, "[") && type(d) && take(d, "]");
    else if (wb_str_is(name, "set"))
        ok = take(d, "[") && type(d) && take(d, "]");
    else if (wb_str_is(name, "object")) {
        ok = take(d, "<") ? type_list(d, ">", true, &n) : true;
        if (ok && take(d, "["))
            ok = type(d) && take(d, ":") && type(d) && take(d, "]");
    }
    d->depth--;
    return ok;
}

/* Sets the arity; false when the text is no declaration. */
static bool read_decl(const char *text, unsigned *arity)
{
    decl d = {text, 0};
    if (!take(&d, "("))
        return false;
    if (take(&d, "...")) {
        *arity = WS_ANY_ARITY;
        if (!type(&d) || !take(&d, ")"))
            return false;
    } else if (!type_list(&d, ")", true, arity)) {
        return false;
    }
    if (!take(&d, "=>"))
        return false;
    if (!take(&d, "void")) {
        decl ahead = d;
        if (take(&ahead, "(")) {
            if (!name_and_colon(&ahead) || !type(&ahead) || !take(&ahead, ")"))
                return false;
            d = ahead;
        } else if (!type(&d)) {
            return false;
        }
    }
    blanks(&d);
    return *d.p == '\0';
}

/* The arity of a declaration of ours, which a test has read in full: one more than the commas
 * between its parentheses, outside of all others. */
static unsigned count_arguments(const char *text)
{
    unsigned n = text[1] != ')', depth = 0;
    if (!strncmp(text, "(...", 4))
        return WS_ANY_ARITY;
    for (const char *p = text; *p && !(*p == ')' && depth == 1); p++) {
        depth += *p == '(' || *p == '[' || *p == '<';
        depth -= *p == ')' || *p == ']' || (*p == '>' && p[-1] != '=');
        n += *p == ',' && depth == 1;
    }
    return n;
}

/* ---- rows ---- */

/* The slot of the row of that name, or the empty one where it belongs. No outsider chooses what
 * stands in the table, so its hash has no secret. */
static uint32_t *slot_of(const ws_registry *r, wb_str name)
{
    size_t i = wb_hash(name.p, name.n, 0) & (r->n_slots - 1);
    while (r->slots[i] && !wb_str_is(name, r->rows[r->slots[i] - 1]->name))
        i = (i + 1) & (r->n_slots - 1);
    return &r->slots[i];
}

static void index_rows(ws_registry *r, size_t n_slots)
{
    free(r->slots);
    r->n_slots = n_slots;
    r->slots = wb_calloc(n_slots, sizeof *r->slots);
    for (size_t i = 0; i < r->count; i++) {
        r->rows[i]->index = (unsigned)i;
        *slot_of(r, wb_str_of(r->rows[i]->name)) = (uint32_t)i + 1;
    }
}

/* False when the name is taken. */
static bool put(ws_registry *r, ws_builtin *row)
{
    if (2 * (r->count + 1) > r->n_slots)
        index_rows(r, r->n_slots ? 2 * r->n_slots : 1024);
    uint32_t *slot = slot_of(r, wb_str_of(row->name));
    if (*slot)
        return false;
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 512;
        r->rows = wb_realloc(r->rows, r->cap * sizeof r->rows[0]);
    }
    row->index = (unsigned)r->count;
    r->rows[r->count++] = row;
    *slot = (uint32_t)r->count;
    return true;
}

wb_status ws_registry_add(ws_registry *r, const ws_builtin *row, wb_error *error)
{
    unsigned arity;
    if (!row->name || !row->name[0] || !row->decl || !read_decl(row->decl, &arity))
        return wb_fail(error, WB_INVALID, "declaration of %s does not parse: %s",
                       row->name ? row->name : "a built-in", row->decl ? row->decl : "");
    added *to = wb_malloc(sizeof *to);
    *to = (added){*row, r->added};
    to->row.arity = arity;
    if (!put(r, &to->row)) {
        free(to);
        return wb_fail(error, WB_EXISTS, "built-in %s already exists", row->name);
    }
    r->added = to;
    return WB_OK;
}

ws_registry *ws_registry_new(void)
{
    ws_registry *r = wb_calloc(1, sizeof *r);
    size_t n = 0;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const ws_builtin *row = families[i]; row->name; row++)
            n++;
    ws_builtin *to = r->ours = wb_malloc(n * sizeof *to);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const ws_builtin *row = families[i]; row->name; row++, to++) {
            *to = *row;
            to->arity = count_arguments(row->decl);
            if (!put(r, to))
                wb_fatal("built-in %s stands twice in the tables", row->name);
        }
    return r;
}

void ws_registry_keep(ws_registry *r, bool (*keep)(const void *argument, wb_str name),
                      const void *argument)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (keep(argument, wb_str_of(r->rows[i]->name)))
            r->rows[n++] = r->rows[i];
    r->count = n;
    index_rows(r, r->n_slots);
}

static int by_name(const void *x, const void *y)
{
    return strcmp((*(ws_builtin *const *)x)->name, (*(ws_builtin *const *)y)->name);
}

void ws_registry_sort(ws_registry *r)
{
    qsort(r->rows, r->count, sizeof r->rows[0], by_name);
    index_rows(r, r->n_slots);
}

void ws_registry_free(ws_registry *r)
{
    if (!r)
        return;
    while (r->added) {
        added *a = r->added;
        r->added = a->next;
        free(a);
    }
    free(r->ours);
    free(r->slots);
    free(r->rows);
    free(r);
}

const ws_builtin *ws_registry_find(const ws_registry *r, wb_str name)
{
    uint32_t at = *slot_of(r, name);
    return at ? r->rows[at - 1] : NULL;
}

size_t ws_registry_count(const ws_registry *r)
{
    return r->count;
}

const ws_builtin *ws_registry_at(const ws_registry *r, size_t i)
{
    return r->rows[i];
}
