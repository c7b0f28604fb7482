/* The words of type errors, and their details as lines and as values. */
#include "compiler/types_check.h"

#include "value/json.h"

#include <stdlib.h>

#define ONE_OF_MAX 1000u /* keys that an error lists */
#define HINT_URL   "https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error"

static wp_diag *report(wc_types *c, wp_loc loc, wb_str message)
{
    return wp_report(c->sink, WP_TYPE_ERROR, loc.row ? wc_file(c->u) : NULL, loc, "%.*s",
                     WB_FMT(message));
}

void wc_ty_report_unknown(wc_types *c, wp_loc loc, const wp_term *function)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wb_buf_puts(&b, "undefined function ");
    wp_term_put(&b, function);
    report(c, loc, wb_buf_str(&b));
    wb_buf_free(&b);
}

static void add_lines(wc_types *c, wp_diag *d, const wb_str *lines, uint32_t n)
{
    if (!d)
        return;
    wb_str *to = wb_arena_alloc(c->sink->arena, n * sizeof *to);
    for (uint32_t i = 0; i < n; i++)
        to[i] = wb_arena_str(c->sink->arena, lines[i]);
    d->lines = to;
    d->n_lines = n;
}

static wv detail_string(wb_arena *a, wb_str s)
{
    return wv_string_new(a, s);
}

static void put_detail(wb_arena *a, wv *o, const char *name, wv value)
{
    wv_object_put(a, o, wv_string_new(a, wb_str_of(name)), value);
}

static wb_str take_text(wc_types *c, wb_buf *b)
{
    wb_str s = wb_arena_str(c->a, wb_buf_str(b));
    wb_buf_free(b);
    return s;
}

static wb_str format(wc_types *c, const char *before, wc_tp t)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 22);
    wb_buf_puts(&b, before);
    wc_type_put(&b, t);
    return take_text(c, &b);
}

void wc_ty_report_match(wc_types *c, wp_loc loc, wc_tp l, wc_tp r)
{
    wp_diag *d = report(c, loc, WB_LIT("match error"));
    if (!d)
        return;
    wb_str lines[3] = {format(c, "left  : ", l), format(c, "right : ", r)};
    uint32_t n = 2;
    if (wc_line_too_wide(lines[0]) || wc_line_too_wide(lines[1])) {
        wb_buf left, right;
        wb_buf_init(&left, (size_t)1 << 22);
        wb_buf_init(&right, (size_t)1 << 22);
        wb_buf_puts(&left, "left  : ");
        wb_buf_puts(&right, "right : ");
        wc_type_put_diff(c->a, &left, &right, l, r);
        lines[0] = take_text(c, &left);
        lines[1] = take_text(c, &right);
    }
    const char *kind = NULL;
    if (l && r && l->kind == r->kind)
        kind = l->kind == WC_T_OBJECT  ? "objects"
               : l->kind == WC_T_ARRAY ? "arrays"
               : l->kind == WC_T_SET   ? "sets"
                                       : NULL;
    if (kind) {
        wb_buf b;
        wb_buf_init(&b, 1024);
        wb_buf_putf(&b,
                    "hint  : both sides are %s but their types differ, so they can never be equal "
                    "(see " HINT_URL ")",
                    kind);
        lines[n++] = take_text(c, &b);
    }
    add_lines(c, d, lines, n);
    wb_arena *a = c->sink->arena;
    wv o = wv_object_begin(a, 2);
    put_detail(a, &o, "a", wc_type_value(a, l));
    put_detail(a, &o, "b", wc_type_value(a, r));
    d->details = o;
}

static void put_arg_lines(wc_types *c, wb_str lines[2], const wc_tp *have, uint32_t n, wc_tp want)
{
    wb_buf h, w;
    wb_buf_init(&h, (size_t)1 << 22);
    wb_buf_init(&w, (size_t)1 << 22);
    wb_buf_puts(&h, "have: ");
    wb_buf_puts(&w, "want: ");
    wc_args_put(&h, have, n, NULL, NULL);
    wc_args_put(&w, want->items, want->n, want->key, want->names);
    if (wc_line_too_wide(wb_buf_str(&h)) || wc_line_too_wide(wb_buf_str(&w))) {
        wb_buf_clear(&h);
        wb_buf_clear(&w);
        wb_buf_puts(&h, "have: (");
        wb_buf_puts(&w, "want: (");
        for (uint32_t i = 0; i < n || i < want->n; i++) {
            wc_tp x = i < n ? have[i] : NULL, y = i < want->n ? want->items[i] : NULL;
            if (i && i < n)
                wb_buf_puts(&h, ", ");
            if (i && i < want->n)
                wb_buf_puts(&w, ", ");
            bool named = i < want->n && want->names && want->names[i].n;
            bool differ = i < n && i < want->n && !(x && y && wc_type_unifies(c->a, x, y));
            if (named && differ)
                wb_buf_putf(&w, "%.*s: ", WB_FMT(want->names[i]));
            if (differ) {
                wc_type_put_diff(c->a, &h, &w, x, y);
                continue;
            }
            if (i < n)
                wc_type_put_short(c->a, &h, x);
            if (i < want->n)
                wc_type_put_argument(c->a, &w, named ? want->names[i] : WB_LIT(""), y);
        }
        if (want->key) {
            wb_buf_puts(&w, want->n ? ", " : "");
            wc_type_put_short(c->a, &w, want->key);
            wb_buf_puts(&w, "...");
        }
        wb_buf_putc(&h, ')');
        wb_buf_putc(&w, ')');
    }
    lines[0] = take_text(c, &h);
    lines[1] = take_text(c, &w);
}

void wc_ty_report_arguments(wc_types *c, wp_loc loc, wb_str name, const char *what,
                            const wc_tp *have, uint32_t n, wc_tp want)
{
    wb_buf text;
    wb_buf_init(&text, (size_t)1 << 20);
    wb_buf_putf(&text, "%.*s: %s", WB_FMT(name), what);
    wp_diag *d = report(c, loc, take_text(c, &text));
    if (!d)
        return;
    wb_str lines[2];
    put_arg_lines(c, lines, have, n, want);
    add_lines(c, d, lines, 2);
    wb_arena *a = c->sink->arena;
    wv list = wv_array_begin(a, n), o = wv_object_begin(a, 2), args = wv_object_begin(a, 2);
    for (uint32_t i = 0; i < n; i++)
        wv_array_push(a, &list, wc_type_value(a, have[i]));
    if (want->n) {
        wv types = wv_array_begin(a, want->n);
        for (uint32_t i = 0; i < want->n; i++) {
            wv t = wc_type_value(a, want->items[i]);
            if (want->names && want->names[i].n && wv_is_object(t))
                put_detail(a, &t, "name", detail_string(a, want->names[i]));
            wv_array_push(a, &types, t);
        }
        put_detail(a, &args, "args", types);
    }
    if (want->key)
        put_detail(a, &args, "variadic", wc_type_value(a, want->key));
    put_detail(a, &o, "have", list);
    put_detail(a, &o, "want", args);
    d->details = o;
}

/* A reference as it was written, as far as it is known, up to a part. */
static wb_str ref_text(wc_types *c, const wp_term *ref, uint32_t parts)
{
    wp_term *t = wc_ck_shown(c->c, ref, true);
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    if (t->kind == WP_REF && parts < t->list.n)
        t->list.n = parts;
    if (parts)
        wp_term_put(&b, t->kind == WP_REF && t->list.n == 1 ? t->list.items[0] : t);
    return take_text(c, &b);
}

static wp_diag *report_ref(wc_types *c, const wp_term *ref, wb_str text)
{
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    wb_buf_putf(&b, "undefined ref: %.*s", WB_FMT(text));
    return report(c, ref->list.items[0]->loc, take_text(c, &b));
}

/* {"ref": [{"type", "value"}], "pos"}: parts that are no scalars or names are shown as text. */
static wv ref_details(wc_types *c, const wp_term *ref, uint32_t part)
{
    static const char *const kinds[] = {[WP_NULL] = "null",
                                        [WP_BOOLEAN] = "boolean",
                                        [WP_NUMBER] = "number",
                                        [WP_STRING] = "string"};
    wb_arena *a = c->sink->arena;
    const wp_term *t = wc_ck_shown(c->c, ref, true);
    wv list = wv_array_begin(a, t->list.n), o = wv_object_begin(a, 4);
    for (uint32_t i = 0; i < t->list.n; i++) {
        const wp_term *el = t->list.items[i];
        wv one = wv_object_begin(a, 2);
        wb_buf text;
        wb_buf_init(&text, (size_t)1 << 20);
        if (el->kind > WP_VAR)
            wp_term_put(&text, el);
        put_detail(a, &one, "type",
                   detail_string(a, wb_str_of(el->kind <= WP_STRING ? kinds[el->kind] : "var")));
        put_detail(a, &one, "value",
                   el->kind <= WP_STRING ? wv_copy(a, el->value, NULL, NULL)
                   : el->kind == WP_VAR  ? detail_string(a, el->name)
                                         : detail_string(a, wb_buf_str(&text)));
        wb_buf_free(&text);
        wv_array_push(a, &list, one);
    }
    put_detail(a, &o, "ref", list);
    put_detail(a, &o, "pos", wv_small(part));
    return o;
}

/* The value at `part` has nothing to select from; have may be NULL, where nothing is known. */
void wc_ty_report_unsupported(wc_types *c, const wp_term *ref, uint32_t part, wc_tp have)
{
    wb_str text = ref_text(c, ref, ref->list.n);
    wp_diag *d;
    if (have && have->kind == WC_T_FUNCTION) {
        const wp_term *last = wc_ck_shown(c->c, ref, true)->list.items[ref->list.n - 1];
        bool made = last->kind == WP_VAR && wc_cvar_is_made(wc_cvar_of(last));
        wb_str name = made ? ref_text(c, ref, ref->list.n - 1) : text;
        wb_buf b;
        wb_buf_init(&b, (size_t)1 << 20);
        wb_buf_putf(&b, "function %.*s used as reference, not called", WB_FMT(name));
        d = report(c, ref->list.items[0]->loc, take_text(c, &b));
    } else {
        d = report_ref(c, ref, text);
    }
    wb_buf b;
    wb_buf_init(&b, (size_t)1 << 20);
    size_t marks = ref_text(c, ref, part + 1).n;
    for (size_t i = 0; i < marks; i++)
        wb_buf_putc(&b, '^');
    wb_str lines[3] = {text, take_text(c, &b),
                       have ? format(c, "have: ", have) : WB_LIT("have: <nil>")};
    add_lines(c, d, lines, 3);
    if (d) {
        wv o = ref_details(c, ref, part);
        put_detail(c->sink->arena, &o, "have", wc_type_value(c->sink->arena, have));
        d->details = o;
    }
}

static int by_value(const void *x, const void *y)
{
    return wv_compare(*(const wv *)x, *(const wv *)y);
}

static void collect_keys(wc_types *c, wc_tp t, wv *keys)
{
    t = wc_type_open(t);
    if (!t)
        return;
    if (t->kind == WC_T_ANY) {
        for (uint32_t i = 0; i < t->n; i++)
            collect_keys(c, t->items[i], keys);
    } else if (t->kind == WC_T_OBJECT) {
        for (uint32_t i = 0; i < t->n && wv_len(*keys) < ONE_OF_MAX; i++)
            wv_set_add(c->a, keys, t->props[i].key);
    }
}

void wc_ty_report_invalid(wc_types *c, const wc_ref_error *e)
{
    wb_str text = ref_text(c, e->ref, e->ref->list.n);
    wp_diag *d = report_ref(c, e->ref, text);
    if (!d)
        return;
    size_t offset = ref_text(c, e->ref, e->part).n + 1;
    wb_buf pad;
    wb_buf_init(&pad, (size_t)1 << 20);
    for (size_t i = 0; i < offset; i++)
        wb_buf_putc(&pad, ' ');
    wb_str blanks = take_text(c, &pad);
    wb_buf b[3];
    for (int i = 0; i < 3; i++) {
        wb_buf_init(&b[i], (size_t)1 << 20);
        wb_buf_put_str(&b[i], blanks);
    }
    wb_buf_putc(&b[0], '^');
    if (e->have) {
        wb_buf_puts(&b[1], "have (type): ");
        wc_type_put(&b[1], e->have);
    } else {
        wb_buf_puts(&b[1], "have: ");
        wp_term_put(&b[1], wc_ck_shown(c->c, e->ref->list.items[e->part], true));
    }
    wv keys = wv_set_begin(c->a, 8);
    if (e->node)
        for (uint32_t i = 0; i < e->node->n && i < ONE_OF_MAX; i++)
            wv_set_add(c->a, &keys, e->node->kids[i]->name);
    collect_keys(c, e->of, &keys);
    uint32_t n = wv_len(keys);
    if (n) {
        wv *sorted = wb_arena_alloc(c->a, n * sizeof *sorted);
        for (uint32_t i = 0; i < n; i++)
            sorted[i] = wv_set_at(keys, wv_table_order(keys), i);
        qsort(sorted, n, sizeof *sorted, by_value);
        wb_buf_puts(&b[2], "want (one of): [");
        for (uint32_t i = 0; i < n; i++) {
            if (i)
                wb_buf_putc(&b[2], ' ');
            wv_print(&b[2], sorted[i]);
        }
        wb_buf_putc(&b[2], ']');
    } else if (!e->want) {
        wb_buf_puts(&b[2], "want (one of): []");
    } else {
        wb_buf_puts(&b[2], "want (type): ");
        wc_type_put(&b[2], e->want);
    }
    wb_str lines[4] = {text, take_text(c, &b[0]), take_text(c, &b[1]), take_text(c, &b[2])};
    add_lines(c, d, lines, 4);
    wb_arena *a = c->sink->arena;
    wv o = ref_details(c, e->ref, e->part), one_of = wv_array_begin(a, n);
    for (uint32_t i = 0; i < n; i++)
        wv_array_push(a, &one_of, wv_copy(a, wv_set_at(keys, wv_table_order(keys), i), NULL, NULL));
    if (e->have)
        put_detail(a, &o, "have", wc_type_value(a, e->have));
    put_detail(a, &o, "want", e->want ? wc_type_value(a, e->want) : WV_NULL);
    put_detail(a, &o, "oneOf", n ? one_of : WV_NULL);
    d->details = o;
}
