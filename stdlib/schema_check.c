/* Documents against compiled schemas. Errors and their order are those of OPA's validator: a score
 * tells which branch of anyOf and oneOf came closest, and its errors are the ones shown. */
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/schema.h"
#include "value/json.h"
#include "value/number.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct fault {
    const char *type;
    wv field, text;
    struct fault *next;
} fault;

typedef struct result {
    fault *first, *last;
    int64_t score;
} result;

/* Where in the document: the way up, on the C stack. */
typedef struct place {
    wb_str name;
    const struct place *up;
} place;

typedef struct checker {
    ws_ctx *cx;
    unsigned depth;
    bool stopped;
} checker;

static void put_place(wb_buf *b, const place *p)
{
    if (p->up && p->up->up) {
        put_place(b, p->up);
        wb_buf_putc(b, '.');
    }
    wb_buf_put_str(b, p->name);
}

static wv take(checker *k, wb_buf *b)
{
    wv v = ws_take_string(k->cx, b);
    k->stopped |= !wv_defined(v);
    return v;
}

/* One more error: the text is front, then middle, then back. */
static void add(checker *k, result *r, const place *p, const char *type, const char *front,
                wb_str middle, const char *back)
{
    wb_buf field, text;
    if (k->stopped || !ws_room(k->cx, sizeof(fault))) {
        k->stopped = true;
        return;
    }
    fault *f = wb_arena_alloc(k->cx->out, sizeof *f);
    ws_text_begin(k->cx, &field);
    put_place(&field, p);
    f->field = take(k, &field);
    ws_text_begin(k->cx, &text);
    wb_buf_puts(&text, front);
    wb_buf_put_str(&text, middle);
    wb_buf_puts(&text, back);
    f->text = take(k, &text);
    f->type = type;
    f->next = NULL;
    if (r->last)
        r->last->next = f;
    else
        r->first = f;
    r->last = f;
    r->score -= 2;
}

static const wb_str nothing = {NULL, 0};

static void merge(result *r, const result *other)
{
    r->score += other->score;
    if (!other->first)
        return;
    if (r->last)
        r->last->next = other->first;
    else
        r->first = other->first;
    r->last = other->last;
}

static void check(checker *k, const ws_node *s, wv v, result *r, const place *p);

/* Strings of a schema are shared by threads and hashed with no session's seed: by their bytes. */
static bool has(wv object, const wv *name)
{
    return wv_defined(wv_object_get_str(object, wv_str(name)));
}

static bool same(wv a, wv b)
{
    return wb_str_eq(wv_str(&a), wv_str(&b));
}

static result sub(checker *k, const ws_node *s, wv v, const place *p)
{
    result r = {0};
    check(k, s, v, &r, p);
    return r;
}

static void schemas(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    if (s->any_of.n) {
        result best = {0};
        bool valid = false, any = false;
        for (size_t i = 0; i < s->any_of.n && !valid && !k->stopped; i++) {
            result one = sub(k, s->any_of.at[i], v, p);
            valid = !one.first;
            if (!valid && (!any || one.score > best.score))
                best = one;
            any = true;
        }
        if (!valid) {
            add(k, r, p, "number_any_of", "Must validate at least one schema (anyOf)", nothing, "");
            merge(r, &best);
        }
    }
    if (s->one_of.n) {
        result best = {0};
        size_t valid = 0;
        bool any = false;
        for (size_t i = 0; i < s->one_of.n && !k->stopped; i++) {
            result one = sub(k, s->one_of.at[i], v, p);
            if (!one.first) {
                valid++;
            } else if (!valid && (!any || one.score > best.score)) {
                best = one;
                any = true;
            }
        }
        if (valid != 1) {
            add(k, r, p, "number_one_of", "Must validate one and only one schema (oneOf)", nothing,
                "");
            if (!valid)
                merge(r, &best);
        }
    }
    if (s->all_of.n) {
        size_t valid = 0;
        for (size_t i = 0; i < s->all_of.n && !k->stopped; i++) {
            result one = sub(k, s->all_of.at[i], v, p);
            valid += !one.first;
            merge(r, &one);
        }
        if (valid != s->all_of.n)
            add(k, r, p, "number_all_of", "Must validate all the schemas (allOf)", nothing, "");
    }
    if (s->not &&!sub(k, s->not, v, p).first)
        add(k, r, p, "number_not", "Must not validate the schema (not)", nothing, "");
    for (size_t i = 0; i < s->dependencies.n && wv_is_object(v) && !k->stopped; i++) {
        const ws_named *d = &s->dependencies.at[i];
        if (!has(v, &d->name))
            continue;
        if (d->node) {
            check(k, d->node, v, r, p);
            continue;
        }
        for (uint32_t j = 0; j < wv_len(d->names); j++)
            if (!has(v, &wv_items(d->names)[j]))
                add(k, r, p, "missing_dependency", "Has a dependency on ",
                    wv_str(&wv_items(d->names)[j]), "");
    }
    if (s->when) {
        bool holds = !sub(k, s->when, v, p).first;
        const ws_node *branch = holds ? s->then : s->otherwise;
        if (branch) {
            result one = sub(k, branch, v, p);
            if (one.first) {
                add(k, r, p, holds ? "condition_then" : "condition_else",
                    holds ? "Must validate \"then\" as \"if\" was valid"
                          : "Must validate \"else\" as \"if\" was not valid",
                    nothing, "");
                merge(r, &one);
            }
        }
    }
    r->score++;
}

/* ---- values ---- */

void ws_schema_text(wb_arena *scratch, wb_buf *b, wv v, unsigned depth)
{
    if (depth > WV_JSON_DEPTH_MAX || b->failed) {
        b->failed = true;
        return;
    }
    double d;
    if (wv_is_number(v)) {
        char *mark = wb_arena_mark(scratch);
        wv_number_put(b, wv_number_double(v, &d) ? wv_from_double_json(scratch, d) : v);
        wb_arena_rewind(scratch, mark);
    } else if (wv_is_array(v)) {
        wb_buf_putc(b, '[');
        for (uint32_t i = 0; i < wv_len(v); i++) {
            if (i)
                wb_buf_putc(b, ',');
            ws_schema_text(scratch, b, wv_items(v)[i], depth + 1);
        }
        wb_buf_putc(b, ']');
    } else if (wv_is_object(v)) {
        const uint32_t *order = wv_table_order(v);
        wb_buf_putc(b, '{');
        for (uint32_t i = 0; i < wv_len(v); i++) {
            wv key = wv_key_at(v, order, i);
            if (i)
                wb_buf_putc(b, ',');
            wv_json_put_string(b, wv_str(&key), true);
            wb_buf_putc(b, ':');
            ws_schema_text(scratch, b, wv_value_at(v, order, i), depth + 1);
        }
        wb_buf_putc(b, '}');
    } else {
        wv_json_encode(b, v, &(wv_json_style){.html = true}, NULL);
    }
}

static wv text_of(checker *k, wv v)
{
    wb_buf b;
    ws_text_begin(k->cx, &b);
    ws_schema_text(k->cx->out, &b, v, 0);
    return take(k, &b);
}

static void values(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    wb_buf b;
    if (s->has_const || s->has_enum) {
        wv text = text_of(k, v);
        if (k->stopped)
            return;
        if (s->has_const && !same(text, s->constant)) {
            ws_text_begin(k->cx, &b);
            put_place(&b, p);
            wb_buf_puts(&b, " does not match: ");
            add(k, r, p, "const", wb_buf_cstr(&b), wv_str(&s->constant), "");
            wb_buf_free(&b);
        }
        bool listed = !s->has_enum;
        for (uint32_t i = 0; !listed && i < wv_len(s->enumerated); i++)
            listed = same(text, wv_items(s->enumerated)[i]);
        if (!listed) {
            ws_text_begin(k->cx, &b);
            put_place(&b, p);
            wb_buf_puts(&b, " must be one of the following: ");
            for (uint32_t i = 0; i < wv_len(s->enumerated); i++) {
                wb_buf_puts(&b, i ? ", " : "");
                wb_buf_put_str(&b, wv_str(&wv_items(s->enumerated)[i]));
            }
            add(k, r, p, "enum", "", wb_buf_str(&b), "");
            wb_buf_free(&b);
        }
    }
    if (s->format.n && wv_is_string(v) && !ws_schema_format(k->cx, s->format, wv_str(&v))) {
        k->stopped |= k->cx->error == WS_ERR_BUDGET || k->cx->error == WS_ERR_CANCEL;
        add(k, r, p, "format", "Does not match format '", s->format, "'");
    }
    r->score++;
}

/* ---- numbers ---- */

#define SCALE_MAX 20000 /* powers of ten that a multiple is computed with */

/* The value as digits * 10^-scale; false: out of bounds. */
static bool decimal(wb_arena *a, wv v, mpz_t digits, int64_t *scale)
{
    char *mark = wb_arena_mark(a);
    wb_str t = wv_number_text(a, v);
    char *text = wb_malloc(t.n + 1), *to = text;
    int64_t x = 0;
    size_t i = 0;
    bool point = false;
    *scale = 0;
    for (; i < t.n && (t.p[i] | 0x20) != 'e'; i++) {
        if (t.p[i] == '.') {
            point = true;
        } else if (t.p[i] != '+') {
            *to++ = t.p[i];
            *scale += point;
        }
    }
    *to = 0;
    bool ok = mpz_set_str(digits, text, 10) == 0;
    if (ok && i < t.n) {
        bool down = t.p[++i] == '-';
        for (i += down || t.p[i] == '+'; i < t.n && x < SCALE_MAX; i++)
            x = x * 10 + (t.p[i] - '0');
        *scale += down ? x : -x;
    }
    free(text);
    wb_arena_rewind(a, mark);
    return ok && *scale <= SCALE_MAX && *scale >= -SCALE_MAX;
}

static bool is_multiple(checker *k, wv v, wv of)
{
    int64_t i, j, xs, ys;
    if (wv_is_int(v) && wv_is_int(of)) {
        i = wv_int(v);
        j = wv_int(of);
        return i % j == 0;
    }
    mpz_t x, y, power;
    mpz_inits(x, y, power, NULL);
    bool ok = decimal(k->cx->out, v, x, &xs) && decimal(k->cx->out, of, y, &ys);
    bool r = false;
    if (ok && mpz_sgn(y)) {
        mpz_ui_pow_ui(power, 10, (unsigned long)(xs > ys ? xs - ys : ys - xs));
        if (xs > ys)
            mpz_mul(y, y, power);
        else
            mpz_mul(x, x, power);
        r = mpz_divisible_p(x, y) != 0;
    } else if (!k->stopped) {
        ws_fail(k->cx, "number too big");
        k->stopped = true;
    }
    mpz_clears(x, y, power, NULL);
    return r;
}

/* A bound as error texts print it: its shortest digits, with an exponent below 1e-4 and from seven
 * digits before the point on. */
static void put_bound(wb_arena *a, wb_buf *b, wv v)
{
    char *mark = wb_arena_mark(a);
    wb_str t = wv_number_text(a, v);
    char digits[64];
    size_t n = 0, i = 0;
    int64_t pos = 0, x = 0;
    bool point = false, neg = t.n && t.p[0] == '-';
    for (i = neg; i < t.n && (t.p[i] | 0x20) != 'e'; i++) {
        if (t.p[i] == '.') {
            point = true;
            continue;
        }
        bool lead = !n && t.p[i] == '0';
        if (!lead && n < sizeof digits)
            digits[n++] = t.p[i];
        if (!point && !lead)
            pos++;
        else if (point && lead)
            pos--;
    }
    if (i < t.n) {
        bool down = t.p[++i] == '-';
        for (i += down || t.p[i] == '+'; i < t.n && x < SCALE_MAX; i++)
            x = x * 10 + (t.p[i] - '0');
        pos += down ? -x : x;
    }
    while (n && digits[n - 1] == '0')
        n--;
    wb_buf_puts(b, neg ? "-" : "");
    if (!n) {
        wb_buf_putc(b, '0');
    } else if (pos - 1 < -4 || pos - 1 >= 6) {
        wb_buf_putc(b, digits[0]);
        if (n > 1)
            wb_buf_putf(b, ".%.*s", (int)n - 1, digits + 1);
        int64_t e = pos - 1;
        wb_buf_putf(b, "e%c%02lld", e < 0 ? '-' : '+', (long long)(e < 0 ? -e : e));
    } else if (pos <= 0) {
        wb_buf_puts(b, "0.");
        for (; pos < 0; pos++)
            wb_buf_putc(b, '0');
        wb_buf_put(b, digits, n);
    } else {
        for (size_t d = 0; d < n || (int64_t)d < pos; d++) {
            if ((int64_t)d == pos)
                wb_buf_putc(b, '.');
            wb_buf_putc(b, d < n ? digits[d] : '0');
        }
    }
    wb_arena_rewind(a, mark);
}

static void add_bound(checker *k, result *r, const place *p, const char *type, const char *text,
                      wv bound)
{
    wb_buf b;
    wb_buf_init(&b, 4096);
    put_bound(k->cx->out, &b, bound);
    add(k, r, p, type, text, wb_buf_str(&b), "");
    wb_buf_free(&b);
}

static void numbers(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    if (wv_defined(s->multiple_of) && !is_multiple(k, v, s->multiple_of))
        add_bound(k, r, p, "multiple_of", "Must be a multiple of ", s->multiple_of);
    if (wv_defined(s->maximum) && wv_number_compare(v, s->maximum) > 0)
        add_bound(k, r, p, "number_lte", "Must be less than or equal to ", s->maximum);
    if (wv_defined(s->below) && wv_number_compare(v, s->below) >= 0)
        add_bound(k, r, p, "number_lt", "Must be less than ", s->below);
    if (wv_defined(s->minimum) && wv_number_compare(v, s->minimum) < 0)
        add_bound(k, r, p, "number_gte", "Must be greater than or equal to ", s->minimum);
    if (wv_defined(s->above) && wv_number_compare(v, s->above) <= 0)
        add_bound(k, r, p, "number_gt", "Must be greater than ", s->above);
    r->score++;
}

static void add_count(checker *k, result *r, const place *p, const char *type, const char *front,
                      int64_t n, const char *back)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)n);
    add(k, r, p, type, front, wb_str_of(text), back);
}

static void strings(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    wb_str t = wv_str(&v);
    if (s->min_length != WS_SCHEMA_NONE || s->max_length != WS_SCHEMA_NONE) {
        int64_t n = (int64_t)wb_utf8_count(t);
        if (s->min_length != WS_SCHEMA_NONE && n < s->min_length)
            add_count(k, r, p, "string_gte", "String length must be greater than or equal to ",
                      s->min_length, "");
        if (s->max_length != WS_SCHEMA_NONE && n > s->max_length)
            add_count(k, r, p, "string_lte", "String length must be less than or equal to ",
                      s->max_length, "");
    }
    if (s->pattern) {
        ws_re_answer a = ws_re_test(k->cx, s->pattern, t);
        k->stopped |= a == WS_RE_STOPPED;
        if (a == WS_RE_NO)
            add(k, r, p, "pattern", "Does not match pattern '", s->pattern_text, "'");
    }
    r->score++;
}

/* ---- collections ---- */

static void item(checker *k, const ws_node *s, wv v, uint32_t i, result *r, const place *p)
{
    char text[16];
    snprintf(text, sizeof text, "%u", i);
    place at = {wb_str_of(text), p};
    result one = sub(k, s, wv_items(v)[i], &at);
    merge(r, &one);
}

static void arrays(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    uint32_t n = wv_len(v), fixed = (uint32_t)(s->items_single ? 0 : s->items.n);
    for (uint32_t i = 0; s->items_single && i < n && !k->stopped; i++)
        item(k, s->items.at[0], v, i, r, p);
    for (uint32_t i = 0; i < fixed && i < n && !k->stopped; i++)
        item(k, s->items.at[i], v, i, r, p);
    if (fixed && fixed < n && s->no_more_items)
        add(k, r, p, "array_no_additional_items", "No additional items allowed on array", nothing,
            "");
    for (uint32_t i = fixed; fixed && s->more_items && i < n && !k->stopped; i++)
        item(k, s->more_items, v, i, r, p);
    if (s->min_items != WS_SCHEMA_NONE && n < s->min_items)
        add_count(k, r, p, "array_min_items", "Array must have at least ", s->min_items, " items");
    if (s->max_items != WS_SCHEMA_NONE && n > s->max_items)
        add_count(k, r, p, "array_max_items", "Array must have at most ", s->max_items, " items");
    if (s->unique) {
        wv seen = wv_object_begin(k->cx->out, n < 64 ? n : 64);
        for (uint32_t j = 0; j < n && !k->stopped; j++) {
            wv text = text_of(k, wv_items(v)[j]);
            if (k->stopped)
                break;
            wv before = wv_object_get(seen, text);
            if (wv_defined(before)) {
                char pair[64];
                snprintf(pair, sizeof pair, "%lld,%u", (long long)wv_int(before), j);
                add(k, r, p, "unique", "array items[", wb_str_of(pair), "] must be unique");
            }
            wv_object_put(k->cx->out, &seen, text, wv_small(j));
        }
    }
    if (s->contains) {
        result best = {0};
        bool found = false, any = false;
        for (uint32_t i = 0; i < n && !found && !k->stopped; i++) {
            char text[16];
            snprintf(text, sizeof text, "%u", i);
            place at = {wb_str_of(text), p};
            result one = sub(k, s->contains, wv_items(v)[i], &at);
            found = !one.first;
            if (!found && (!any || one.score > best.score))
                best = one;
            any = true;
        }
        if (!found) {
            add(k, r, p, "contains", "At least one of the items must match", nothing, "");
            merge(r, &best);
        }
    }
    r->score++;
}

static bool has_property(const ws_node *s, wv name)
{
    size_t lo = 0, hi = s->properties.n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = wv_compare(s->properties.at[mid].name, name);
        if (c == 0)
            return true;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static bool patterns(checker *k, const ws_node *s, wv key, wv v, result *r, const place *p)
{
    bool any = false;
    for (size_t i = 0; i < s->patterns.n && !k->stopped; i++) {
        const ws_named *d = &s->patterns.at[i];
        ws_re_answer a = ws_re_test(k->cx, d->re, wv_str(&key));
        k->stopped |= a == WS_RE_STOPPED;
        if (a != WS_RE_YES)
            continue;
        any = true;
        place at = {wv_str(&key), p};
        result one = sub(k, d->node, v, &at);
        merge(r, &one);
    }
    r->score += any;
    return any;
}

static void objects(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    uint32_t n = wv_len(v);
    if (s->min_properties != WS_SCHEMA_NONE && n < s->min_properties)
        add_count(k, r, p, "array_min_properties", "Must have at least ", s->min_properties,
                  " properties");
    if (s->max_properties != WS_SCHEMA_NONE && n > s->max_properties)
        add_count(k, r, p, "array_max_properties", "Must have at most ", s->max_properties,
                  " properties");
    for (uint32_t i = 0; wv_defined(s->required) && i < wv_len(s->required); i++) {
        wv name = wv_items(s->required)[i];
        if (has(v, &name))
            r->score++;
        else
            add(k, r, p, "required", "", wv_str(&name), " is required");
    }
    const uint32_t *order = wv_table_order(v);
    bool closed = s->no_more_properties || s->more_properties;
    for (uint32_t i = 0; (closed || s->patterns.n) && i < n && !k->stopped; i++) {
        wv key = wv_key_at(v, order, i), value = wv_value_at(v, order, i);
        bool known = patterns(k, s, key, value, r, p);
        if (known || !closed || has_property(s, key))
            continue;
        if (s->no_more_properties) {
            add(k, r, p, "additional_property_not_allowed", "Additional property ", wv_str(&key),
                " is not allowed");
        } else {
            place at = {wv_str(&key), p};
            result one = sub(k, s->more_properties, value, &at);
            merge(r, &one);
        }
    }
    for (uint32_t i = 0; s->property_names && i < n && !k->stopped; i++) {
        wv key = wv_key_at(v, order, i);
        result one = sub(k, s->property_names, key, p);
        if (one.first) {
            add(k, r, p, "invalid_property_name", "Property name of \"", wv_str(&key),
                "\" does not match");
            merge(r, &one);
        }
    }
    r->score++;
}

/* ---- all of it ---- */

static bool right_type(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    static const struct {
        unsigned bit;
        const char *name;
    } kinds[] = {[WV_TYPE_NULL] = {WS_TYPE_NULL, "null"},
                 [WV_TYPE_BOOLEAN] = {WS_TYPE_BOOLEAN, "boolean"},
                 [WV_TYPE_NUMBER] = {WS_TYPE_NUMBER, "number"},
                 [WV_TYPE_STRING] = {WS_TYPE_STRING, "string"},
                 [WV_TYPE_ARRAY] = {WS_TYPE_ARRAY, "array"},
                 [WV_TYPE_OBJECT] = {WS_TYPE_OBJECT, "object"},
                 [WV_TYPE_SET] = {0, "array"}};
    if (!s->types)
        return true;
    unsigned bit = kinds[wv_type_of(v)].bit;
    const char *name = kinds[wv_type_of(v)].name;
    if (bit == WS_TYPE_NUMBER && wv_number_is_integer(v)) {
        bit |= WS_TYPE_INTEGER;
        name = "integer";
    }
    if (s->types & bit)
        return true;
    wb_buf b;
    wb_buf_init(&b, 256);
    wb_buf_put_str(&b, s->types_text);
    wb_buf_putf(&b, ", given: %s", name);
    add(k, r, p, "invalid_type", "Invalid type. Expected: ", wb_buf_str(&b), "");
    wb_buf_free(&b);
    return false;
}

static void check(checker *k, const ws_node *s, wv v, result *r, const place *p)
{
    if (k->stopped)
        return;
    if (k->depth >= WS_SCHEMA_DEPTH_MAX || !ws_charge(k->cx, 1)) {
        if (k->depth >= WS_SCHEMA_DEPTH_MAX)
            ws_fail_kind(k->cx, WS_ERR_BUDGET, "schema or document is nested too deep");
        k->stopped = true;
        return;
    }
    k->depth++;
    while (!s->boolean && s->ref && k->depth < WS_SCHEMA_DEPTH_MAX) {
        s = s->ref;
        k->depth++;
    }
    unsigned back = k->depth;
    if (s->boolean) {
        if (!s->pass)
            add(k, r, p, "false", "False always fails validation", nothing, "");
    } else if (s->ref) {
        ws_fail_kind(k->cx, WS_ERR_BUDGET, "schema or document is nested too deep");
        k->stopped = true;
    } else if (right_type(k, s, v, r, p)) {
        schemas(k, s, v, r, p);
        if (wv_is_number(v))
            numbers(k, s, v, r, p);
        if (wv_is_array(v))
            arrays(k, s, v, r, p);
        if (wv_is_object(v))
            objects(k, s, v, r, p);
        values(k, s, v, r, p);
        if (wv_is_string(v))
            strings(k, s, v, r, p);
        for (size_t i = 0; wv_is_object(v) && i < s->properties.n && !k->stopped; i++) {
            wv name = s->properties.at[i].name, value = wv_object_get_str(v, wv_str(&name));
            place at = {wv_str(&name), p};
            if (wv_defined(value))
                check(k, s->properties.at[i].node, value, r, &at);
        }
        r->score++;
    }
    k->depth = back;
    k->depth--;
}

wv ws_schema_check(ws_ctx *cx, const ws_schema *s, wv document)
{
    static const char *const keys[] = {"desc", "error", "field", "type"};
    checker k = {.cx = cx};
    result r = {0};
    place root = {WB_LIT("(Root)"), NULL};
    wb_arena *a = cx->out;
    check(&k, s->root, document, &r, &root);
    if (k.stopped || cx->error >= WS_ERR_CONFLICT)
        return WV_UNDEFINED;
    cx->error = WS_ERR_NONE; /* formats that did not parse have left theirs */
    wv list = wv_array_begin(a, 0);
    for (const fault *f = r.first; f; f = f->next) {
        wb_buf b;
        ws_text_begin(cx, &b);
        wb_buf_put_str(&b, wv_str(&f->field));
        wb_buf_puts(&b, ": ");
        wb_buf_put_str(&b, wv_str(&f->text));
        wv error = ws_take_string(cx, &b);
        if (!wv_defined(error) || !ws_room(cx, 256))
            return WV_UNDEFINED;
        wv all[] = {f->text, error, f->field, wv_string_new(a, wb_str_of(f->type))};
        wv o = wv_object_begin(a, 4);
        for (size_t i = 0; i < 4; i++)
            wv_object_put(a, &o, wv_string_new(a, wb_str_of(keys[i])), all[i]);
        wv_array_push(a, &list, o);
    }
    return ws_built(cx, list);
}
