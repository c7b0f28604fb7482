/* Types: making, order, union, selection, unification. */
#include "compiler/types.h"

#include "value/number.h"

#include <stdlib.h>

#define RECURSIVE_PAIRS_MAX                                                                        \
    64u /* opened while two types are compared; what is below them holds                           \
         */

const wc_type wc_null = {.kind = WC_T_NULL, .size = 1};
const wc_type wc_boolean = {.kind = WC_T_BOOLEAN, .size = 1};
const wc_type wc_number = {.kind = WC_T_NUMBER, .size = 1};
const wc_type wc_string = {.kind = WC_T_STRING, .size = 1};
const wc_type wc_any = {.kind = WC_T_ANY, .size = 1};

/* Counts a part in; false when the whole becomes too big. */
static bool count(wc_type *t, wc_tp part)
{
    if (!part)
        return true;
    t->size += part->size;
    if (part->depth + 1u > t->depth)
        t->depth = (uint16_t)(part->depth + 1u);
    return t->size <= WC_TYPE_SIZE_MAX && t->depth <= WC_TYPE_DEPTH_MAX;
}

static wc_type *new_type(wb_arena *a, const wc_type *from)
{
    wc_type *t = wb_arena_alloc(a, sizeof *t);
    *t = *from;
    return t;
}

wc_tp wc_array_type(wb_arena *a, const wc_tp *items, uint32_t n, wc_tp rest)
{
    wc_type t = {.kind = WC_T_ARRAY, .size = 1, .n = n, .of = rest};
    bool fits = count(&t, rest);
    t.nil = rest && rest->nil;
    for (uint32_t i = 0; i < n && fits; i++) {
        fits = count(&t, items[i]);
        t.nil |= wc_type_nil(items[i]);
    }
    if (!fits)
        return &wc_any;
    t.items = wb_arena_alloc(a, (n + 1) * sizeof *t.items);
    if (n)
        memcpy(t.items, items, n * sizeof *t.items);
    return new_type(a, &t);
}

wc_tp wc_set_type(wb_arena *a, wc_tp of)
{
    wc_type t = {.kind = WC_T_SET, .size = 1, .of = of, .nil = wc_type_nil(of)};
    return count(&t, of) ? new_type(a, &t) : &wc_any;
}

static int by_key(const void *x, const void *y)
{
    return wv_compare(((const wc_prop *)x)->key, ((const wc_prop *)y)->key);
}

wc_tp wc_object_type(wb_arena *a, wc_prop *props, uint32_t n, bool has_rest, wc_tp key, wc_tp value)
{
    wc_type t = {.kind = WC_T_OBJECT, .size = 1, .has_rest = has_rest};
    bool fits = true;
    if (has_rest) {
        t.key = key;
        t.of = value;
        t.nil = wc_type_nil(key) || wc_type_nil(value);
        fits = count(&t, key) && count(&t, value);
    }
    for (uint32_t i = 0; i < n && fits; i++) {
        fits = count(&t, props[i].value);
        t.nil |= wc_type_nil(props[i].value);
    }
    if (!fits)
        return &wc_any;
    if (n > 1)
        qsort(props, n, sizeof *props, by_key);
    t.n = n;
    t.props = wb_arena_alloc(a, (n + 1) * sizeof *t.props);
    if (n)
        memcpy(t.props, props, n * sizeof *t.props);
    return new_type(a, &t);
}

wc_tp wc_function_type(wb_arena *a, const wc_tp *args, uint32_t n, wc_tp result)
{
    wc_type t = {.kind = WC_T_FUNCTION, .size = 1, .n = n, .of = result};
    bool fits = count(&t, result);
    t.nil = wc_type_nil(result);
    t.items = wb_arena_alloc(a, (n + 1) * sizeof *t.items);
    for (uint32_t i = 0; i < n; i++) {
        t.items[i] = args[i];
        t.nil |= wc_type_nil(args[i]);
        fits = fits && count(&t, args[i]);
    }
    if (!fits) {
        /* It stays a function: only its parts are given up. */
        t = (wc_type){.kind = WC_T_FUNCTION, .size = 1 + n, .n = n, .items = t.items, .depth = 1};
        t.of = &wc_any;
        for (uint32_t i = 0; i < n; i++)
            t.items[i] = &wc_any;
    }
    return new_type(a, &t);
}

static wc_tp type_of(wb_arena *a, wv v, unsigned depth)
{
    if (v == WV_NULL)
        return &wc_null;
    if (wv_is_bool(v))
        return &wc_boolean;
    if (wv_is_number(v))
        return &wc_number;
    if (wv_is_string(v))
        return &wc_string;
    if (depth > WC_TYPE_DEPTH_MAX || wv_len(v) > WC_TYPE_SIZE_MAX)
        return &wc_any;
    uint32_t n = wv_len(v);
    if (wv_is_object(v)) {
        const uint32_t *order = wv_table_order(v);
        wc_prop *props = wb_arena_alloc(a, (n + 1) * sizeof *props);
        for (uint32_t i = 0; i < n; i++)
            props[i] =
                (wc_prop){wv_key_at(v, order, i), type_of(a, wv_value_at(v, order, i), depth + 1)};
        return wc_object_type(a, props, n, false, NULL, NULL);
    }
    /* A set as a key was an array on the way here, as in JSON. */
    wc_tp *items = wb_arena_alloc(a, (n + 1) * sizeof *items);
    const uint32_t *order = wv_is_set(v) ? wv_table_order(v) : NULL;
    for (uint32_t i = 0; i < n; i++)
        items[i] = type_of(a, order ? wv_set_at(v, order, i) : wv_items(v)[i], depth + 1);
    return wc_array_type(a, items, n, NULL);
}

wc_tp wc_type_of(wb_arena *a, wv v)
{
    return type_of(a, v, 0);
}

/* ---- order ---- */

static int compare_lists(const wc_tp *x, uint32_t nx, const wc_tp *y, uint32_t ny)
{
    for (uint32_t i = 0; i < nx && i < ny; i++) {
        int c = wc_type_compare(x[i], y[i]);
        if (c)
            return c;
    }
    return (nx > ny) - (nx < ny);
}

/* Of types that contain themselves the names decide: what is below has no end. */
static int compare_recursive(wc_tp a, wc_tp b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return wb_str_cmp(*a->names, *b->names);
}

int wc_type_compare(wc_tp a, wc_tp b)
{
    wc_tp p = wc_type_open(a), q = wc_type_open(b);
    if (p == q)
        return 0;
    int x = p ? p->kind : -1, y = q ? q->kind : -1;
    if (x != y)
        return x < y ? -1 : 1;
    if (p != a || q != b)
        return compare_recursive(a, b);
    int c;
    switch ((wc_type_kind)a->kind) {
    case WC_T_NULL:
    case WC_T_BOOLEAN:
    case WC_T_NUMBER:
    case WC_T_STRING: return 0;
    case WC_T_ARRAY:
        if (!a->of != !b->of)
            return a->of ? 1 : -1;
        if ((c = wc_type_compare(a->of, b->of)) != 0)
            return c;
        return compare_lists(a->items, a->n, b->items, b->n);
    case WC_T_OBJECT:
        if (a->has_rest != b->has_rest)
            return a->has_rest ? 1 : -1;
        if ((c = wc_type_compare(a->key, b->key)) != 0 || (c = wc_type_compare(a->of, b->of)) != 0)
            return c;
        for (uint32_t i = 0; i < a->n && i < b->n; i++)
            if ((c = wv_compare(a->props[i].key, b->props[i].key)) != 0 ||
                (c = wc_type_compare(a->props[i].value, b->props[i].value)) != 0)
                return c;
        return (a->n > b->n) - (a->n < b->n);
    case WC_T_SET: return wc_type_compare(a->of, b->of);
    case WC_T_ANY: return compare_lists(a->items, a->n, b->items, b->n);
    case WC_T_FUNCTION:
        if (a->n != b->n)
            return a->n < b->n ? -1 : 1;
        if ((c = compare_lists(a->items, a->n, b->items, b->n)) != 0 ||
            (c = wc_type_compare(a->of, b->of)) != 0)
            return c;
        return wc_type_compare(a->key, b->key);
    case WC_T_RECURSIVE: return 0; /* both are the same one without end */
    }
    return 0;
}

bool wc_type_is_empty(wc_tp t)
{
    t = wc_type_open(t);
    if (!t)
        return false;
    switch ((wc_type_kind)t->kind) {
    case WC_T_OBJECT: return !t->n && !t->has_rest;
    case WC_T_ARRAY: return !t->n && !t->of;
    case WC_T_SET: return !t->of;
    default: return false;
    }
}

/* ---- union ---- */

static wc_tp union_of(wb_arena *a, const wc_tp *x, uint32_t nx, const wc_tp *y, uint32_t ny)
{
    wc_type t = {.kind = WC_T_ANY, .size = 1};
    wc_tp *to = wb_arena_alloc(a, (nx + ny + 1) * sizeof *to);
    uint32_t i = 0, j = 0;
    while (i < nx || j < ny) {
        int c = i == nx ? 1 : j == ny ? -1 : wc_type_compare(x[i], y[j]);
        wc_tp next = c <= 0 ? x[i] : y[j];
        i += c <= 0;
        j += c >= 0;
        to[t.n++] = next;
        if (!count(&t, next))
            return &wc_any;
    }
    t.items = to;
    return t.n > WC_TYPE_UNION_MAX ? &wc_any : new_type(a, &t);
}

wc_tp wc_type_or(wb_arena *a, wc_tp x, wc_tp y)
{
    if (!x || !y)
        return x ? x : y;
    if (x == y)
        return x;
    if (x->kind == WC_T_FUNCTION && y->kind == WC_T_FUNCTION) {
        /* No function is both, but a function it stays, and so nothing to go through. */
        if (x->n != y->n || !x->key != !y->key)
            return x;
        wc_tp *args = wb_arena_alloc(a, (x->n + 1) * sizeof *args);
        for (uint32_t i = 0; i < x->n; i++)
            args[i] = wc_type_or(a, x->items[i], y->items[i]);
        return wc_function_type(a, args, x->n, wc_type_or(a, x->of, y->of));
    }
    if (x->kind == WC_T_FUNCTION || y->kind == WC_T_FUNCTION)
        return NULL;
    if (wc_type_is_any(x) || wc_type_is_any(y))
        return &wc_any;
    if (x->kind != WC_T_ANY && y->kind != WC_T_ANY && wc_type_compare(x, y) == 0)
        return x;
    return union_of(a, x->kind == WC_T_ANY ? x->items : &x, x->kind == WC_T_ANY ? x->n : 1,
                    y->kind == WC_T_ANY ? y->items : &y, y->kind == WC_T_ANY ? y->n : 1);
}

static wc_tp merge_into_union(wb_arena *a, wc_tp object, wc_tp any)
{
    for (uint32_t i = 0; i < any->n; i++) {
        wc_tp m = any->items[i];
        if (m->kind != WC_T_OBJECT || m->n || !m->has_rest)
            continue;
        wc_tp joined = wc_object_type(a, NULL, 0, true, wc_type_or(a, m->key, object->key),
                                      wc_type_or(a, m->of, object->of));
        wc_tp out = NULL;
        for (uint32_t j = 0; j < any->n; j++)
            out = wc_type_or(a, out, i == j ? joined : any->items[j]);
        return out;
    }
    return NULL;
}

wc_tp wc_type_merge(wb_arena *a, wc_tp x, wc_tp y)
{
    if (x && y) {
        x = wc_type_open(x);
        y = wc_type_open(y);
    }
    if (!x || !y)
        return x ? x : y;
    if (x->kind == WC_T_ANY && y->kind != WC_T_ANY)
        return wc_type_merge(a, y, x);
    if (x->kind == WC_T_OBJECT && !x->n) {
        if (y->kind == WC_T_OBJECT && !y->n) {
            if (!x->has_rest || !y->has_rest)
                return x->has_rest ? x : y;
            return wc_object_type(a, NULL, 0, true, wc_type_or(a, x->key, y->key),
                                  wc_type_merge(a, x->of, y->of));
        }
        if (y->kind == WC_T_ANY && x->has_rest) {
            wc_tp t = merge_into_union(a, x, y);
            if (t)
                return t;
        }
    }
    if (x->kind == WC_T_SET && y->kind == WC_T_SET)
        return wc_set_type(a, wc_type_or(a, x->of, y->of));
    return wc_type_or(a, x, y);
}

/* ---- selection ---- */

static bool contains(wc_tp t, wc_tp other)
{
    if (!t || t->kind != WC_T_ANY)
        return wc_type_compare(t, other) == 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (wc_type_compare(t->items[i], other) == 0)
            return true;
    return !t->n;
}

/* Position of an array's item, by the text of the number: 1.0 is none. */
static bool position(wb_arena *a, wv key, int64_t *at)
{
    if (wv_is_int(key)) {
        *at = wv_int(key);
        return true;
    }
    if (!wv_is_number(key) || !wv_number_int64(key, at))
        return false;
    wb_str text = wv_number_text(a, key);
    for (size_t i = 0; i < text.n; i++)
        if ((text.p[i] < '0' || text.p[i] > '9') && !(i == 0 && text.p[i] == '-'))
            return false;
    return true;
}

static wc_tp property(wb_arena *a, wc_tp t, wv key)
{
    uint32_t lo = 0, hi = t->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = wv_compare(t->props[mid].key, key);
        if (c == 0)
            return t->props[mid].value;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return t->has_rest && contains(t->key, wc_type_of(a, key)) ? t->of : NULL;
}

wc_tp wc_type_select(wb_arena *a, wc_tp t, wv key)
{
    int64_t at;
    t = wc_type_open(t);
    if (!t)
        return NULL;
    switch ((wc_type_kind)t->kind) {
    case WC_T_ARRAY:
        if (!wv_is_number(key) || !position(a, key, &at) || at < 0)
            return NULL;
        return at < t->n ? t->items[at] : t->of;
    case WC_T_OBJECT: return property(a, t, key);
    case WC_T_SET: {
        wc_tp of = wc_type_of(a, key);
        if (wc_type_compare(t->of, of) == 0)
            return t->of;
        return t->of && t->of->kind == WC_T_ANY && contains(t->of, of) ? of : NULL;
    }
    case WC_T_ANY: {
        if (!t->n)
            return &wc_any;
        wc_tp out = NULL;
        for (uint32_t i = 0; i < t->n; i++)
            out = wc_type_or(a, wc_type_select(a, t->items[i], key), out);
        return out;
    }
    default: return NULL;
    }
}

wc_tp wc_type_keys(wb_arena *a, wc_tp t)
{
    wc_tp out = NULL;
    t = wc_type_open(t);
    if (!t)
        return NULL;
    switch ((wc_type_kind)t->kind) {
    case WC_T_ARRAY: return &wc_number;
    case WC_T_OBJECT:
        for (uint32_t i = 0; i < t->n; i++)
            out = wc_type_or(a, out, wc_type_of(a, t->props[i].key));
        return t->has_rest ? wc_type_or(a, out, t->key) : out;
    case WC_T_SET: return t->of;
    case WC_T_ANY:
        if (!t->n)
            return &wc_any;
        for (uint32_t i = 0; i < t->n; i++)
            out = wc_type_or(a, wc_type_keys(a, t->items[i]), out);
        return out;
    default: return NULL;
    }
}

wc_tp wc_type_values(wb_arena *a, wc_tp t)
{
    wc_tp out = NULL;
    t = wc_type_open(t);
    if (!t)
        return NULL;
    switch ((wc_type_kind)t->kind) {
    case WC_T_ARRAY:
        for (uint32_t i = 0; i < t->n; i++)
            out = wc_type_or(a, out, t->items[i]);
        return wc_type_or(a, out, t->of);
    case WC_T_OBJECT:
        for (uint32_t i = 0; i < t->n; i++)
            out = wc_type_or(a, out, t->props[i].value);
        return t->has_rest ? wc_type_or(a, out, t->of) : out;
    case WC_T_SET: return t->of;
    case WC_T_ANY:
        if (!t->n)
            return &wc_any;
        for (uint32_t i = 0; i < t->n; i++)
            out = wc_type_or(a, wc_type_values(a, t->items[i]), out);
        return out;
    default: return NULL;
    }
}

/* ---- unification ---- */

/* Pairs of which a type is recursive: asked again within itself, a pair holds. */
typedef struct unifier {
    wb_arena *a;
    uint32_t n;
    struct {
        wc_tp x, y;
        bool no;
    } seen[RECURSIVE_PAIRS_MAX];
} unifier;

static bool unifies(unifier *u, wc_tp x, wc_tp y);

static bool unifies_recursive(unifier *u, wc_tp x, wc_tp y)
{
    for (uint32_t i = 0; i < u->n; i++)
        if (u->seen[i].x == x && u->seen[i].y == y)
            return !u->seen[i].no;
    if (u->n == RECURSIVE_PAIRS_MAX)
        return true;
    uint32_t at = u->n++;
    u->seen[at].x = x;
    u->seen[at].y = y;
    u->seen[at].no = false;
    wc_tp p = wc_type_open(x), q = wc_type_open(y);
    /* A type that is nothing but itself opens to no end. */
    bool bare = p->kind == WC_T_RECURSIVE || q->kind == WC_T_RECURSIVE;
    u->seen[at].no = !bare && !unifies(u, p, q);
    return !u->seen[at].no;
}

static bool unifies_any(unifier *u, wc_tp any, wc_tp t)
{
    if (t->kind == WC_T_FUNCTION)
        return false;
    for (uint32_t i = 0; i < any->n; i++)
        if (unifies(u, any->items[i], t))
            return true;
    return !any->n;
}

static bool items_unify(unifier *u, wc_tp x, wc_tp y)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (!unifies(u, x->items[i], i < y->n ? y->items[i] : y->of))
            return false;
    return true;
}

static bool properties_unify(unifier *u, wc_tp x, wc_tp y)
{
    for (uint32_t i = 0; i < x->n; i++) {
        wc_tp other = property(u->a, y, x->props[i].key);
        if (!other) {
            if ((x->has_rest && x->of) || (y->has_rest && y->of))
                continue;
            return false;
        }
        if (!unifies(u, x->props[i].value, other))
            return false;
    }
    return true;
}

static bool unifies(unifier *u, wc_tp x, wc_tp y)
{
    if (!x || !y)
        return false;
    if (x->kind == WC_T_RECURSIVE || y->kind == WC_T_RECURSIVE)
        return unifies_recursive(u, x, y);
    if (x->kind == WC_T_ANY && unifies_any(u, x, y))
        return true;
    if (y->kind == WC_T_ANY && unifies_any(u, y, x))
        return true;
    if (x->kind != y->kind || x->kind == WC_T_ANY)
        return false;
    switch ((wc_type_kind)x->kind) {
    case WC_T_ARRAY:
        return items_unify(u, x, y) && items_unify(u, y, x) &&
               (!x->of || !y->of || unifies(u, x->of, y->of));
    case WC_T_OBJECT:
        return properties_unify(u, x, y) && properties_unify(u, y, x) &&
               (!x->of || !y->of || unifies(u, x->of, y->of));
    case WC_T_SET: return !x->of || !y->of || unifies(u, x->of, y->of);
    case WC_T_FUNCTION:
        if (x->n != y->n)
            return false;
        for (uint32_t i = 0; i < x->n; i++)
            if (!unifies(u, x->items[i], y->items[i]))
                return false;
        return true;
    default: return true;
    }
}

bool wc_type_unifies(wb_arena *a, wc_tp x, wc_tp y)
{
    unifier u;
    u.a = a;
    u.n = 0;
    return unifies(&u, x, y);
}
