/* Types as text, as JSON, and from the registry's declarations.
 *
 * A line of an error that would be too wide is written again with what does not matter for the
 * difference left out ("..."): parts equal on both sides, and long parts of what differs anyway. */
#include "compiler/types.h"

#include "value/number.h"

#include <string.h>

#define LINE_MAX_WIDTH 80u /* code points of a detail line before parts are left out */
#define PART_MAX_WIDTH 32u /* code points of a part that is spelled out anyway */
#define DIFF_DEPTH_MAX 8u  /* levels down to which differences are looked for */
#define TEXT_MAX       ((size_t)1 << 22)

static const char dots[] = "...";

static size_t code_points(wb_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

bool wc_line_too_wide(wb_str line)
{
    return code_points(line) > LINE_MAX_WIDTH;
}

/* A key as the peer prints it: strings bare, collections in its own notation. */
static void put_key(wb_buf *b, wv key)
{
    if (wv_is_string(key)) {
        wb_buf_put_str(b, wv_str(&key));
    } else if (wv_is_number(key)) {
        wv_number_put(b, key);
    } else if (key == WV_NULL) {
        wb_buf_puts(b, "<nil>");
    } else if (wv_is_bool(key)) {
        wb_buf_puts(b, key == WV_TRUE ? "true" : "false");
    } else if (wv_is_object(key)) {
        const uint32_t *order = wv_table_order(key);
        wb_buf_puts(b, "map[");
        for (uint32_t i = 0; i < wv_len(key); i++) {
            if (i)
                wb_buf_putc(b, ' ');
            put_key(b, wv_key_at(key, order, i));
            wb_buf_putc(b, ':');
            put_key(b, wv_value_at(key, order, i));
        }
        wb_buf_putc(b, ']');
    } else {
        const uint32_t *order = wv_is_set(key) ? wv_table_order(key) : NULL;
        wb_buf_putc(b, '[');
        for (uint32_t i = 0; i < wv_len(key); i++) {
            if (i)
                wb_buf_putc(b, ' ');
            put_key(b, order ? wv_set_at(key, order, i) : wv_items(key)[i]);
        }
        wb_buf_putc(b, ']');
    }
}

/* ---- printing to a depth; all levels below it are dots. NO_END: in full ---- */

enum { NO_END = -1 };

static void put(wb_buf *b, wc_tp t, int depth);

static void put_list(wb_buf *b, const wc_tp *items, uint32_t n, int depth)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            wb_buf_puts(b, ", ");
        put(b, items[i], depth);
    }
}

/* Items in brackets, or dots for them. */
static void put_within(wb_buf *b, const char *brackets, const wc_tp *items, uint32_t n, int depth)
{
    wb_buf_putc(b, brackets[0]);
    if (depth == 0)
        wb_buf_puts(b, dots);
    else
        put_list(b, items, n, depth > 0 ? depth - 1 : depth);
    wb_buf_putc(b, brackets[1]);
}

static void put(wb_buf *b, wc_tp t, int depth)
{
    int below = depth > 0 ? depth - 1 : depth;
    bool ends = depth == 0;
    if (!t) {
        wb_buf_puts(b, "???");
        return;
    }
    switch ((wc_type_kind)t->kind) {
    case WC_T_NULL: wb_buf_puts(b, "null"); return;
    case WC_T_BOOLEAN: wb_buf_puts(b, "boolean"); return;
    case WC_T_NUMBER: wb_buf_puts(b, "number"); return;
    case WC_T_STRING: wb_buf_puts(b, "string"); return;
    case WC_T_ARRAY:
        wb_buf_puts(b, "array");
        if (t->n)
            put_within(b, "<>", t->items, t->n, depth);
        if (t->of)
            put_within(b, "[]", &t->of, 1, depth);
        return;
    case WC_T_OBJECT:
        wb_buf_puts(b, "object");
        if (t->n) {
            wb_buf_putc(b, '<');
            for (uint32_t i = 0; i < t->n && !ends; i++) {
                if (i)
                    wb_buf_puts(b, ", ");
                put_key(b, t->props[i].key);
                wb_buf_puts(b, ": ");
                put(b, t->props[i].value, below);
            }
            if (ends)
                wb_buf_puts(b, dots);
            wb_buf_putc(b, '>');
        }
        if (t->has_rest) {
            wb_buf_putc(b, '[');
            if (ends) {
                wb_buf_puts(b, dots);
            } else {
                put(b, t->key, below);
                wb_buf_puts(b, ": ");
                put(b, t->of, below);
            }
            wb_buf_putc(b, ']');
        }
        return;
    case WC_T_SET:
        wb_buf_puts(b, "set");
        if (t->of)
            put_within(b, "[]", &t->of, 1, depth);
        return;
    case WC_T_ANY:
        wb_buf_puts(b, "any");
        if (t->n)
            put_within(b, "<>", t->items, t->n, depth);
        return;
    case WC_T_FUNCTION:
        wb_buf_putc(b, '(');
        if (ends) {
            if (t->n || t->key)
                wb_buf_puts(b, dots);
        } else {
            put_list(b, t->items, t->n, below);
            if (t->key) {
                if (t->n)
                    wb_buf_puts(b, ", ");
                put(b, t->key, below);
                wb_buf_puts(b, dots);
            }
        }
        wb_buf_puts(b, ") => ");
        if (ends && t->of)
            wb_buf_puts(b, dots);
        else
            put(b, t->of, below);
        return;
    case WC_T_RECURSIVE: wb_buf_putf(b, "recursive(%.*s)", WB_FMT(*t->names)); return;
    }
}

void wc_type_put(wb_buf *b, wc_tp t)
{
    put(b, t, NO_END);
}

void wc_args_put(wb_buf *b, const wc_tp *args, uint32_t n, wc_tp rest, const wb_str *names)
{
    wb_buf_putc(b, '(');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            wb_buf_puts(b, ", ");
        if (names && names[i].n)
            wb_buf_putf(b, "%.*s: ", WB_FMT(names[i]));
        wc_type_put(b, args[i]);
    }
    if (rest) {
        if (n)
            wb_buf_puts(b, ", ");
        wc_type_put(b, rest);
        wb_buf_puts(b, dots);
    }
    wb_buf_putc(b, ')');
}

static wb_str text_of(wb_arena *a, wc_tp t)
{
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    wc_type_put(&b, t);
    wb_str s = wb_arena_str(a, wb_buf_str(&b));
    wb_buf_free(&b);
    return s;
}

static void put_short(wb_arena *a, wb_buf *b, wc_tp t, size_t used)
{
    wb_str full = text_of(a, t);
    if (used + code_points(full) <= PART_MAX_WIDTH)
        wb_buf_put_str(b, full);
    else
        put(b, t, 0);
}

void wc_type_put_short(wb_arena *a, wb_buf *b, wc_tp t)
{
    put_short(a, b, t, 0);
}

void wc_type_put_argument(wb_arena *a, wb_buf *b, wb_str name, wc_tp t)
{
    if (name.n)
        wb_buf_putf(b, "%.*s: ", WB_FMT(name));
    put_short(a, b, t, name.n ? name.n + 2 : 0);
}

static bool same_text(wb_arena *a, wc_tp x, wc_tp y)
{
    return x == y || wb_str_eq(text_of(a, x), text_of(a, y));
}

/* ---- two types side by side ---- */

typedef struct sides {
    wb_arena *a;
    wb_buf *l, *r;
} sides;

static void both(const sides *s, const char *text)
{
    wb_buf_puts(s->l, text);
    wb_buf_puts(s->r, text);
}

static void diff(const sides *s, wc_tp x, wc_tp y, unsigned depth);

static void diff_items(const sides *s, wc_tp x, wc_tp y, unsigned depth)
{
    for (uint32_t i = 0; i < x->n; i++) {
        if (i)
            both(s, ", ");
        diff(s, x->items[i], y->items[i], depth + 1);
    }
}

/* A list that opens with its first entry. */
typedef struct opened {
    wb_buf *b;
    uint32_t n;
} opened;

static wb_buf *entry(opened *o)
{
    wb_buf_puts(o->b, o->n++ ? ", " : "<");
    return o->b;
}

static void put_property(wb_arena *a, opened *o, const wc_prop *p)
{
    wb_buf *b = entry(o);
    put_key(b, p->key);
    wb_buf_puts(b, ": ");
    wc_type_put_short(a, b, p->value);
}

static void diff_objects(const sides *s, wc_tp x, wc_tp y, unsigned depth)
{
    opened l = {s->l, 0}, r = {s->r, 0};
    bool left_out = false;
    both(s, "object");
    for (uint32_t i = 0, j = 0; i < x->n || j < y->n;) {
        int c = i == x->n ? 1 : j == y->n ? -1 : wv_compare(x->props[i].key, y->props[j].key);
        if (c < 0) {
            put_property(s->a, &l, &x->props[i++]);
        } else if (c > 0) {
            put_property(s->a, &r, &y->props[j++]);
        } else {
            if (same_text(s->a, x->props[i].value, y->props[j].value)) {
                left_out = true;
            } else {
                put_key(entry(&l), x->props[i].key);
                put_key(entry(&r), y->props[j].key);
                both(s, ": ");
                diff(s, x->props[i].value, y->props[j].value, depth + 1);
            }
            i++;
            j++;
        }
    }
    if (left_out) {
        wb_buf_puts(entry(&l), dots);
        wb_buf_puts(entry(&r), dots);
    }
    if (l.n)
        wb_buf_putc(s->l, '>');
    if (r.n)
        wb_buf_putc(s->r, '>');
    if (x->has_rest && y->has_rest) {
        both(s, "[");
        diff(s, x->key, y->key, depth + 1);
        both(s, ": ");
        diff(s, x->of, y->of, depth + 1);
        both(s, "]");
    } else if (x->has_rest || y->has_rest) {
        wb_buf *b = x->has_rest ? s->l : s->r;
        wc_tp t = x->has_rest ? x : y;
        wb_buf_putc(b, '[');
        wc_type_put_short(s->a, b, t->key);
        wb_buf_puts(b, ": ");
        wc_type_put_short(s->a, b, t->of);
        wb_buf_putc(b, ']');
    }
}

static bool has_member(wb_arena *a, wc_tp any, wc_tp t)
{
    for (uint32_t i = 0; i < any->n; i++)
        if (same_text(a, any->items[i], t))
            return true;
    return false;
}

static void diff_unions(const sides *s, wc_tp x, wc_tp y)
{
    opened l = {s->l, 0}, r = {s->r, 0};
    bool left_out = false;
    both(s, "any");
    for (uint32_t i = 0; i < x->n; i++) {
        if (has_member(s->a, y, x->items[i]))
            left_out = true;
        else
            wc_type_put_short(s->a, entry(&l), x->items[i]);
    }
    for (uint32_t i = 0; i < y->n; i++)
        if (!has_member(s->a, x, y->items[i]))
            wc_type_put_short(s->a, entry(&r), y->items[i]);
    if (left_out) {
        wb_buf_puts(entry(&l), dots);
        wb_buf_puts(entry(&r), dots);
    }
    if (l.n)
        wb_buf_putc(s->l, '>');
    if (r.n)
        wb_buf_putc(s->r, '>');
}

static void diff(const sides *s, wc_tp x, wc_tp y, unsigned depth)
{
    if (depth < DIFF_DEPTH_MAX && x && y && x->kind == y->kind && !same_text(s->a, x, y)) {
        switch ((wc_type_kind)x->kind) {
        case WC_T_SET:
            if (!x->of || !y->of)
                break;
            both(s, "set[");
            diff(s, x->of, y->of, depth + 1);
            both(s, "]");
            return;
        case WC_T_ARRAY:
            if (x->n != y->n || !x->of != !y->of) {
                put(s->l, x, 1);
                put(s->r, y, 1);
                return;
            }
            both(s, x->n ? "array<" : "array");
            diff_items(s, x, y, depth);
            both(s, x->n ? ">" : "");
            if (x->of) {
                both(s, "[");
                diff(s, x->of, y->of, depth + 1);
                both(s, "]");
            }
            return;
        case WC_T_OBJECT: diff_objects(s, x, y, depth); return;
        case WC_T_ANY: diff_unions(s, x, y); return;
        case WC_T_FUNCTION:
            if (x->n != y->n)
                break;
            both(s, "(");
            diff_items(s, x, y, depth);
            both(s, ") => ");
            diff(s, x->of, y->of, depth + 1);
            return;
        default: break;
        }
    }
    wc_type_put_short(s->a, s->l, x);
    wc_type_put_short(s->a, s->r, y);
}

void wc_type_put_diff(wb_arena *a, wb_buf *left, wb_buf *right, wc_tp x, wc_tp y)
{
    diff(&(sides){a, left, right}, x, y, 0);
}

/* ---- JSON ---- */

static void field(wb_arena *a, wv *object, const char *name, wv value)
{
    wv_object_put(a, object, wv_string_new(a, wb_str_of(name)), value);
}

static wv values(wb_arena *a, const wc_tp *items, uint32_t n)
{
    wv list = wv_array_begin(a, n);
    for (uint32_t i = 0; i < n; i++)
        wv_array_push(a, &list, wc_type_value(a, items[i]));
    return list;
}

wv wc_type_value(wb_arena *a, wc_tp t)
{
    static const char *const names[] = {"null",   "boolean", "number", "string",  "array",
                                        "object", "set",     "any",    "function"};
    if (!t)
        return WV_NULL;
    wv o = wv_object_begin(a, 4);
    if (t->kind == WC_T_RECURSIVE) {
        field(a, &o, "name", wv_string_new(a, *t->names));
        return o;
    }
    field(a, &o, "type", wv_string_new(a, wb_str_of(names[t->kind])));
    switch ((wc_type_kind)t->kind) {
    case WC_T_ARRAY:
        if (t->n)
            field(a, &o, "static", values(a, t->items, t->n));
        if (t->of)
            field(a, &o, "dynamic", wc_type_value(a, t->of));
        break;
    case WC_T_OBJECT:
        if (t->n) {
            wv list = wv_array_begin(a, t->n);
            for (uint32_t i = 0; i < t->n; i++) {
                wv p = wv_object_begin(a, 2);
                field(a, &p, "key", t->props[i].key);
                field(a, &p, "value", wc_type_value(a, t->props[i].value));
                wv_array_push(a, &list, p);
            }
            field(a, &o, "static", list);
        }
        if (t->has_rest) {
            wv p = wv_object_begin(a, 2);
            field(a, &p, "key", wc_type_value(a, t->key));
            field(a, &p, "value", wc_type_value(a, t->of));
            field(a, &o, "dynamic", p);
        }
        break;
    case WC_T_SET:
        if (t->of)
            field(a, &o, "of", wc_type_value(a, t->of));
        break;
    case WC_T_ANY:
        if (t->n)
            field(a, &o, "of", values(a, t->items, t->n));
        break;
    case WC_T_FUNCTION:
        if (t->n)
            field(a, &o, "args", values(a, t->items, t->n));
        if (t->of)
            field(a, &o, "result", wc_type_value(a, t->of));
        if (t->key)
            field(a, &o, "variadic", wc_type_value(a, t->key));
        break;
    default: break;
    }
    return o;
}

/* ---- declarations of the registry ---- */

typedef struct decl {
    wb_arena *a;
    const char *p;
    unsigned depth;
} decl;

static bool take(decl *d, const char *token)
{
    while (*d->p == ' ')
        d->p++;
    size_t n = strlen(token);
    if (strncmp(d->p, token, n) != 0)
        return false;
    d->p += n;
    return true;
}

static wb_str word(decl *d)
{
    while (*d->p == ' ')
        d->p++;
    const char *start = d->p;
    while ((*d->p >= 'a' && *d->p <= 'z') || (*d->p >= 'A' && *d->p <= 'Z') || *d->p == '_' ||
           (*d->p >= '0' && *d->p <= '9'))
        d->p++;
    return wb_str_n(start, (size_t)(d->p - start));
}

#define DECL_ITEMS_MAX 32 /* arguments, members, properties of one declaration */

static wc_tp decl_type(decl *d);

static bool decl_list(decl *d, const char *close, wc_tp *to, wb_str *names, uint32_t *n)
{
    *n = 0;
    if (take(d, close))
        return true;
    do {
        if (*n == DECL_ITEMS_MAX)
            return false;
        names[*n] = (wb_str){0};
        decl ahead = *d;
        wb_str name = word(&ahead);
        if (name.n && take(&ahead, ":")) {
            *d = ahead;
            names[*n] = name;
        }
        if (!(to[*n] = decl_type(d)))
            return false;
        ++*n;
    } while (take(d, ","));
    return take(d, close);
}

/* any<T>: a union that was declared with one member is shown so. */
static wc_tp any_of_one(wb_arena *a, wc_tp t)
{
    wc_type *any = wb_arena_calloc(a, sizeof *any);
    wc_tp *items = wb_arena_alloc(a, sizeof *items);
    items[0] = t;
    *any = (wc_type){.kind = WC_T_ANY,
                     .nil = t->nil,
                     .depth = (uint16_t)(t->depth + 1),
                     .size = t->size + 1,
                     .n = 1,
                     .items = items};
    return any;
}

static wc_tp decl_object(decl *d, const wc_tp *items, const wb_str *names, uint32_t n)
{
    wc_prop props[DECL_ITEMS_MAX];
    for (uint32_t i = 0; i < n; i++)
        props[i] = (wc_prop){wv_string_new(d->a, names[i]), items[i]};
    wc_tp key = NULL, value = NULL;
    bool rest = take(d, "[");
    if (rest && !((key = decl_type(d)) && take(d, ":") && (value = decl_type(d)) && take(d, "]")))
        return NULL;
    return wc_object_type(d->a, props, n, rest, key, value);
}

static wc_tp decl_type(decl *d)
{
    wc_tp items[DECL_ITEMS_MAX], out = NULL;
    wb_str names[DECL_ITEMS_MAX];
    uint32_t n = 0;
    if (++d->depth > DECL_ITEMS_MAX)
        return NULL;
    wb_str name = word(d);
    if (wb_str_is(name, "null")) {
        out = &wc_null;
    } else if (wb_str_is(name, "boolean")) {
        out = &wc_boolean;
    } else if (wb_str_is(name, "number")) {
        out = &wc_number;
    } else if (wb_str_is(name, "string")) {
        out = &wc_string;
    } else if (wb_str_is(name, "any")) {
        out = &wc_any;
        if (take(d, "<")) {
            bool ok = decl_list(d, ">", items, names, &n);
            out = NULL;
            for (uint32_t i = 0; ok && i < n; i++)
                out = wc_type_or(d->a, out, items[i]);
            if (out && n == 1)
                out = any_of_one(d->a, out);
        }
    } else if (wb_str_is(name, "array")) {
        bool ok = !take(d, "<") || decl_list(d, ">", items, names, &n);
        wc_tp rest = NULL;
        if (ok && take(d, "["))
            ok = (rest = decl_type(d)) && take(d, "]");
        out = ok ? wc_array_type(d->a, items, n, rest) : NULL;
    } else if (wb_str_is(name, "set")) {
        wc_tp of = NULL;
        if (!take(d, "[") || ((of = decl_type(d)) && take(d, "]")))
            out = wc_set_type(d->a, of);
    } else if (wb_str_is(name, "object")) {
        if (!take(d, "<") || decl_list(d, ">", items, names, &n))
            out = decl_object(d, items, names, n);
    }
    d->depth--;
    return out;
}

wc_tp wc_type_of_decl(wb_arena *a, const char *text)
{
    decl d = {a, text, 0};
    wc_tp args[DECL_ITEMS_MAX], rest = NULL, result = NULL;
    wb_str names[DECL_ITEMS_MAX], result_name = {0};
    uint32_t n = 0;
    if (!take(&d, "("))
        return NULL;
    if (take(&d, "...")) {
        if (!(rest = decl_type(&d)) || !take(&d, ")"))
            return NULL;
    } else if (!decl_list(&d, ")", args, names, &n)) {
        return NULL;
    }
    if (!take(&d, "=>"))
        return NULL;
    if (!take(&d, "void")) {
        bool named = take(&d, "(");
        if (named) {
            /* Blanks may stand within it: "formatted timestamp". */
            const char *start = d.p;
            while (*d.p && *d.p != ':')
                d.p++;
            result_name = wb_str_n(start, (size_t)(d.p - start));
            if (!take(&d, ":"))
                return NULL;
        }
        if (!(result = decl_type(&d)) || (named && !take(&d, ")")))
            return NULL;
    }
    wc_type *f = wb_arena_alloc(a, sizeof *f);
    *f = *wc_function_type(a, args, n, result);
    f->key = rest;
    wb_str *kept = wb_arena_alloc(a, (n + 1) * sizeof *kept);
    memcpy(kept, names, n * sizeof *kept);
    kept[n] = result_name;
    f->names = kept;
    return f;
}
