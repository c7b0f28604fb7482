#include "stdlib/decl.h"

#include <ctype.h>

#define DEPTH_MAX 64u /* types inside types; the deepest of ours has five */

typedef struct decl {
    wb_arena *a;
    const char *p;
    unsigned depth;
    bool failed;
} decl;

static void blanks(decl *d)
{
    while (*d->p == ' ')
        d->p++;
}

static bool accept(decl *d, const char *text)
{
    blanks(d);
    size_t n = strlen(text);
    if (strncmp(d->p, text, n) != 0)
        return false;
    d->p += n;
    return true;
}

static void expect(decl *d, const char *text)
{
    if (!accept(d, text))
        d->failed = true;
}

static wb_str word(decl *d)
{
    blanks(d);
    const char *start = d->p;
    while (isalnum((unsigned char)*d->p) || *d->p == '_')
        d->p++;
    return wb_str_n(start, (size_t)(d->p - start));
}

/* A name of an operand may be several words. */
static wb_str words(decl *d)
{
    wb_str all = word(d);
    for (const char *end = d->p;; end = d->p) {
        wb_str more = word(d);
        if (!more.n) {
            d->p = end;
            return all;
        }
        all.n = (size_t)(more.p + more.n - all.p);
    }
}

static wv text_value(decl *d, wb_str s)
{
    return wv_string_new(d->a, s);
}

static void put(decl *d, wv *object, const char *key, wv value)
{
    wv_object_put(d->a, object, text_value(d, wb_str_of(key)), value);
}

static wv type(decl *d);

/* "T, U>" behind "<". */
static wv types(decl *d)
{
    wv list = wv_array_begin(d->a, 2);
    do
        wv_array_push(d->a, &list, type(d));
    while (!d->failed && accept(d, ","));
    expect(d, ">");
    return list;
}

/* "name: T, name: T>" behind "<". */
static wv members(decl *d)
{
    wv list = wv_array_begin(d->a, 2);
    do {
        wv member = wv_object_begin(d->a, 2);
        put(d, &member, "key", text_value(d, word(d)));
        expect(d, ":");
        put(d, &member, "value", type(d));
        wv_array_push(d->a, &list, member);
    } while (!d->failed && accept(d, ","));
    expect(d, ">");
    return list;
}

/* "K: V]" behind "[". */
static wv pair(decl *d)
{
    wv out = wv_object_begin(d->a, 2);
    put(d, &out, "key", type(d));
    expect(d, ":");
    put(d, &out, "value", type(d));
    expect(d, "]");
    return out;
}

static wv type(decl *d)
{
    wv out = wv_object_begin(d->a, 3);
    wb_str name = word(d);
    if (!name.n || ++d->depth > DEPTH_MAX) {
        d->failed = true;
        return out;
    }
    put(d, &out, "type", text_value(d, name));
    if (wb_str_is(name, "any") && accept(d, "<")) {
        put(d, &out, "of", types(d));
    } else if (wb_str_is(name, "set")) {
        expect(d, "[");
        put(d, &out, "of", type(d));
        expect(d, "]");
    } else if (wb_str_is(name, "array") && accept(d, "<")) {
        put(d, &out, "static", types(d));
    } else if (wb_str_is(name, "array")) {
        expect(d, "[");
        put(d, &out, "dynamic", type(d));
        expect(d, "]");
    } else if (wb_str_is(name, "object")) {
        if (accept(d, "<"))
            put(d, &out, "static", members(d));
        if (accept(d, "["))
            put(d, &out, "dynamic", pair(d));
    }
    d->depth--;
    return out;
}

/* "name: T" or "T". */
static wv named(decl *d)
{
    const char *start = d->p;
    wb_str name = words(d);
    bool has_name = name.n && accept(d, ":");
    if (!has_name)
        d->p = start;
    wv out = type(d);
    if (has_name)
        put(d, &out, "name", text_value(d, name));
    return out;
}

wv ws_decl_value(wb_arena *a, const char *text)
{
    decl d = {.a = a, .p = text};
    wv out = wv_object_begin(a, 3), args = wv_array_begin(a, 2);
    put(&d, &out, "type", text_value(&d, WB_LIT("function")));
    expect(&d, "(");
    if (accept(&d, "...")) {
        put(&d, &out, "variadic", type(&d));
        expect(&d, ")");
    } else if (!accept(&d, ")")) {
        do
            wv_array_push(a, &args, named(&d));
        while (!d.failed && accept(&d, ","));
        expect(&d, ")");
        put(&d, &out, "args", args);
    }
    expect(&d, "=>");
    if (!accept(&d, "void")) {
        bool open = accept(&d, "(");
        put(&d, &out, "result", named(&d));
        if (open)
            expect(&d, ")");
    }
    blanks(&d);
    return d.failed || *d.p ? WV_UNDEFINED : out;
}
