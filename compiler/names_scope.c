/* Scopes and symbols: what a name means at a place.
 *
 * A symbol holds the bindings of one name as a stack, so finding a name costs the same in a body of
 * ten variables and of a hundred thousand.
 * Reports nothing. */
#include "compiler/names.h"

#include "base/hash.h"

struct wc_symbol {
    wb_str name;
    uint64_t hash;
    wc_binding *top; /* innermost */
    wc_var *free;    /* of the rule `free_rule` */
    uint32_t free_rule;
    wc_symbol *next; /* of the bucket */
};

static void grow(wc_resolver *r)
{
    uint32_t n = r->n_buckets ? 2 * r->n_buckets : 64;
    wc_symbol **to = wb_arena_calloc(r->u->a, n * sizeof *to);
    for (uint32_t i = 0; i < r->n_buckets; i++)
        for (wc_symbol *s = r->symbols[i], *next; s; s = next) {
            next = s->next;
            s->next = to[s->hash & (n - 1)];
            to[s->hash & (n - 1)] = s;
        }
    r->symbols = to;
    r->n_buckets = n;
}

static wc_symbol *look(const wc_resolver *r, wb_str name, uint64_t hash)
{
    if (!r->n_buckets)
        return NULL;
    for (wc_symbol *s = r->symbols[hash & (r->n_buckets - 1)]; s; s = s->next)
        if (s->hash == hash && wb_str_eq(s->name, name))
            return s;
    return NULL;
}

static wc_symbol *symbol(wc_resolver *r, wb_str name)
{
    uint64_t hash = wb_hash(name.p, name.n, r->u->a->seed);
    wc_symbol *s = look(r, name, hash);
    if (s)
        return s;
    if (r->n_symbols >= r->n_buckets)
        grow(r);
    s = wb_arena_calloc(r->u->a, sizeof *s);
    s->name = name;
    s->hash = hash;
    s->next = r->symbols[hash & (r->n_buckets - 1)];
    r->symbols[hash & (r->n_buckets - 1)] = s;
    r->n_symbols++;
    return s;
}

static wc_symbol *known(const wc_resolver *r, wb_str name)
{
    return look(r, name, wb_hash(name.p, name.n, r->u->a->seed));
}

void wc_scope_push(wc_resolver *r, wc_scope *s)
{
    *s = (wc_scope){.outer = r->scope};
    r->scope = s;
}

void wc_scope_pop(wc_resolver *r)
{
    for (wc_binding *b = r->scope->names; b; b = b->next)
        b->symbol->top = b->outer;
    r->scope = r->scope->outer;
}

wc_var *wc_scope_find(wc_resolver *r, wb_str name)
{
    const wc_symbol *s = known(r, name);
    return s && s->top ? s->top->var : NULL;
}

wc_var *wc_scope_declare(wc_resolver *r, const wp_term *t)
{
    wc_symbol *s = symbol(r, t->name);
    if (s->top && s->top->scope == r->scope)
        return s->top->var;
    wc_binding *b = wb_arena_alloc(r->u->a, sizeof *b);
    *b = (wc_binding){.symbol = s,
                      .scope = r->scope,
                      .var = wc_var_new(r->u, t->name, t->loc),
                      .outer = s->top,
                      .next = r->scope->names};
    b->var->declared = true;
    s->top = b;
    r->scope->names = b;
    return b->var;
}

wc_var *wc_scope_free_var(wc_resolver *r, wb_str name, wp_loc loc)
{
    wc_symbol *s = symbol(r, name);
    if (!s->free || s->free_rule != r->rule_number) {
        s->free = wc_var_new(r->u, name, loc);
        s->free_rule = r->rule_number;
    }
    return s->free;
}

bool wc_scope_has_free(wc_resolver *r, wb_str name)
{
    const wc_symbol *s = known(r, name);
    return s && s->free && s->free_rule == r->rule_number;
}
