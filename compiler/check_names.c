/* Names: one variable each, found by its text; and the variables that stages make.
 *
 * Reports nothing. */
#include "compiler/check.h"

#include "base/hash.h"

#include <stdlib.h>

#define FIRST_SLOTS 512u /* a power of two; doubled whenever the table is half full */

static uint32_t hash_of(const wc_check *c, wb_str name)
{
    return (uint32_t)wb_hash(name.p, name.n, c->a->seed);
}

/* Where the name stands, or may be put. */
static wc_cvar **slot_of(const wc_check *c, wb_str name, uint32_t hash)
{
    for (uint32_t i = hash & c->name_mask;; i = (i + 1) & c->name_mask) {
        wc_cvar *v = c->names[i];
        if (!v || (v->hash == hash && v->len == name.n && !memcmp(v->text, name.p, name.n)))
            return &c->names[i];
    }
}

static void grow(wc_check *c)
{
    wc_cvar **old = c->names;
    uint32_t n = old ? c->name_mask + 1 : 0;
    c->name_mask = n ? 2 * n - 1 : FIRST_SLOTS - 1;
    c->names = wb_calloc((size_t)c->name_mask + 1, sizeof(wc_cvar *));
    for (uint32_t i = 0; i < n; i++) {
        if (!old[i])
            continue;
        uint32_t k = old[i]->hash & c->name_mask;
        while (c->names[k])
            k = (k + 1) & c->name_mask;
        c->names[k] = old[i];
    }
    free(old);
}

static wc_cvar *put(wc_check *c, wc_cvar **slot, wb_str name, uint32_t hash)
{
    wc_cvar *v = *slot = wb_arena_alloc(c->a, sizeof *v + name.n + 1);
    *v = (wc_cvar){.id = c->n_vars++, .hash = hash, .import = UINT32_MAX, .len = (uint32_t)name.n};
    memcpy(v->text, name.p, name.n);
    v->text[name.n] = 0;
    if (c->n_vars > c->name_mask / 2)
        grow(c);
    return v;
}

void wc_ck_names_begin(wc_check *c)
{
    grow(c);
}

void wc_ck_names_end(wc_check *c)
{
    free(c->names);
    c->names = NULL;
}

wc_cvar *wc_ck_var(wc_check *c, wb_str name)
{
    uint32_t hash = hash_of(c, name);
    wc_cvar **slot = slot_of(c, name, hash);
    return *slot ? *slot : put(c, slot, name, hash);
}

bool wc_ck_has_name(const wc_check *c, wb_str name)
{
    return *slot_of(c, name, hash_of(c, name));
}

/* prefix, number, "__": the bytes at `to`, which has room for them. */
static wb_str local_name(char *to, wb_str prefix, uint32_t number)
{
    char digits[10];
    uint32_t n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(to, prefix.p, prefix.n);
    char *p = to + prefix.n;
    while (n)
        *p++ = digits[--n];
    *p++ = '_';
    *p++ = '_';
    return (wb_str){to, (size_t)(p - to)};
}

wc_cvar *wc_ck_local(wc_check *c)
{
    char text[40];
    for (;;) {
        wb_str name = local_name(text, c->local, c->next_local++);
        uint32_t hash = hash_of(c, name);
        wc_cvar **slot = slot_of(c, name, hash), *v = *slot;
        if (!v)
            return put(c, slot, name, hash);
        if (c->stage && v->stage != c->stage) {
            v->was = NULL;
            v->subject = NULL;
            return v;
        }
    }
}
