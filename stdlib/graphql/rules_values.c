/* Rules of values: what a type takes. */
#include "stdlib/graphql/rules.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

void gql_unique_input_fields(gql_walk *w, ws_gql_value *v)
{
    ws_gql_names seen = {0};
    if (v->kind != WS_GQL_V_OBJECT || v->children.n < 2)
        return;
    for (uint32_t i = 0; i < v->children.n && gql_spend(w, 1); i++) {
        ws_gql_child *c = WS_GQL_AT(v->children, i, ws_gql_child);
        if (ws_gql_name_put(w->cx, &seen, c->name, c))
            gql_mistake(w, c->pos, "There can be only one input field named \"%.*s\".",
                        WB_FMT(c->name));
    }
}

/* ---- whether a literal has a value at all ---- */

typedef enum reading { READS, OUT_OF_RANGE, NO_NUMBER } reading;

/* A decimal integer of so many bits. */
static reading read_int(wb_str s, unsigned bits)
{
    bool minus = s.n && s.p[0] == '-';
    size_t i = s.n && (minus || s.p[0] == '+');
    uint64_t limit = ((uint64_t)1 << (bits - 1)) - !minus, v = 0;
    reading r = READS;
    if (i == s.n)
        return NO_NUMBER;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return NO_NUMBER;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (r == READS && v > (limit - digit) / 10)
            r = OUT_OF_RANGE;
        v = v * 10 + digit;
    }
    return r;
}

static bool reads_float(gql_walk *w, wb_str s)
{
    if (!ws_room(w->cx, s.n) || !s.n || strchr(" \t\n\v\f\r", s.p[0]))
        return false;
    const char *text = wb_arena_str(w->cx->out, s).p;
    char *end;
    double d = strtod(text, &end);
    return end == text + s.n && (isfinite(d) || strpbrk(text, "iInN"));
}

static bool reads_bool(wb_str s)
{
    static const char *const texts[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                        "0", "f", "F", "FALSE", "false", "False"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (wb_str_is(s, texts[i]))
            return true;
    return false;
}

/* A variable has the value of its default; without one it has none, which is no mistake. */
static bool has_value(gql_walk *w, const ws_gql_value *v)
{
    bool good = true;
    switch (v->kind) {
    case WS_GQL_V_INT: return read_int(v->raw, 64) == READS;
    case WS_GQL_V_FLOAT: return reads_float(w, v->raw);
    case WS_GQL_V_BOOLEAN: return reads_bool(v->raw);
    case WS_GQL_V_VARIABLE:
        if (v->variable && v->variable->fallback) {
            good = gql_enter(w) && has_value(w, v->variable->fallback);
            w->depth--;
        }
        return good;
    case WS_GQL_V_LIST:
    case WS_GQL_V_OBJECT:
        good = gql_enter(w);
        for (uint32_t i = 0; i < v->children.n && good && gql_spend(w, 1); i++)
            good = has_value(w, WS_GQL_AT(v->children, i, ws_gql_child)->value);
        w->depth--;
        return good;
    default: return true;
    }
}

/* ---- whether the type takes it ---- */

static bool is_any(const ws_gql_def *def, const char *a, const char *b, const char *c)
{
    return wb_str_is(def->name, a) || (b && wb_str_is(def->name, b)) ||
           (c && wb_str_is(def->name, c));
}

static bool type_is(wb_str type, const char *name)
{
    return wb_str_is(type, name) ||
           (type.n == strlen(name) + 1 && wb_str_has_prefix(type, wb_str_of(name)) &&
            type.p[type.n - 1] == '!');
}

static void put_enum_mistake(wb_buf *b, wb_str type, const ws_gql_value *v)
{
    ws_putf(b, "Enum \"%.*s\" cannot represent non-enum value: ", WB_FMT(type));
    ws_gql_put_value(b, v);
    wb_buf_putc(b, '.');
}

static void put_unexpected(gql_walk *w, wb_buf *b, const ws_gql_value *v)
{
    wb_str type = ws_gql_type_text(w->cx, v->expected);
    if (type_is(type, "Int")) {
        ws_putf(b, "Int cannot represent %s value: ",
                read_int(v->raw, 32) == OUT_OF_RANGE ? "non 32-bit signed integer" : "non-integer");
    } else if (type_is(type, "String") || wb_str_is(type, "[String]")) {
        wb_buf_puts(b, "String cannot represent a non string value: ");
    } else if (type_is(type, "Boolean")) {
        wb_buf_puts(b, "Boolean cannot represent a non boolean value: ");
    } else if (type_is(type, "Float")) {
        wb_buf_puts(b, "Float cannot represent non numeric value: ");
    } else if (type_is(type, "ID")) {
        wb_buf_puts(b, "ID cannot represent a non-string and non-integer value: ");
    } else if (v->def->is == WS_GQL_K_ENUM) {
        put_enum_mistake(b, type, v);
        return;
    } else {
        ws_putf(b, "Expected value of type \"%.*s\", found ", WB_FMT(type));
        ws_gql_put_value(b, v);
        wb_buf_putc(b, '.');
        return;
    }
    ws_gql_put_value(b, v);
}

static void unexpected(gql_walk *w, const ws_gql_value *v)
{
    wb_buf *b = gql_begin(w, v->pos);
    if (!b)
        return;
    put_unexpected(w, b, v);
    gql_end(w);
}

static ws_gql_list enum_names(gql_walk *w, const ws_gql_def *def)
{
    ws_gql_list names = {0};
    for (uint32_t i = 0; def->is == WS_GQL_K_ENUM && i < def->enum_values.n; i++)
        if (!ws_gql_push(w->cx, &names, &WS_GQL_AT(def->enum_values, i, ws_gql_enum_value)->name))
            break;
    return names;
}

static void suggest_enum(gql_walk *w, wb_buf *b, const ws_gql_value *v, bool quoted)
{
    ws_gql_list names = enum_names(w, v->def);
    ws_gql_put_suggestion(w->cx, b, "Did you mean the enum value", v->raw, &names, quoted);
    gql_end(w);
}

static void check_string(gql_walk *w, const ws_gql_value *v)
{
    if (v->def->is != WS_GQL_K_ENUM) {
        if (!is_any(v->def, "String", "ID", NULL))
            unexpected(w, v);
        return;
    }
    wb_buf *b = gql_begin(w, v->pos);
    if (!b)
        return;
    put_enum_mistake(b, ws_gql_type_text(w->cx, v->expected), v);
    suggest_enum(w, b, v, true);
}

static bool has_enum(gql_walk *w, const ws_gql_def *def, wb_str name)
{
    gql_spend(w, def->enum_values.n / 8);
    for (uint32_t i = 0; i < def->enum_values.n; i++)
        if (wb_str_eq(WS_GQL_AT(def->enum_values, i, ws_gql_enum_value)->name, name))
            return true;
    return false;
}

static void check_enum(gql_walk *w, const ws_gql_value *v)
{
    bool is_enum = v->def->is == WS_GQL_K_ENUM;
    if (is_enum && has_enum(w, v->def, v->raw))
        return;
    wb_buf *b = gql_begin(w, v->pos);
    if (!b)
        return;
    if (is_enum)
        ws_putf(b, "Value \"%.*s\" does not exist in \"%.*s\" enum.", WB_FMT(v->raw),
                WB_FMT(ws_gql_type_text(w->cx, v->expected)));
    else
        put_unexpected(w, b, v);
    suggest_enum(w, b, v, is_enum);
}

static bool has_child(gql_walk *w, const ws_gql_value *v, wb_str name)
{
    gql_spend(w, v->children.n / 8);
    for (uint32_t i = 0; i < v->children.n; i++)
        if (wb_str_eq(WS_GQL_AT(v->children, i, ws_gql_child)->name, name))
            return true;
    return false;
}

static void check_one_of(gql_walk *w, const ws_gql_value *v)
{
    const ws_gql_def *def = v->def;
    for (uint32_t i = 0; i < def->directives.n && gql_spend(w, 1); i++) {
        if (!wb_str_is(WS_GQL_AT(def->directives, i, ws_gql_directive)->name, "oneOf"))
            continue;
        const ws_gql_child *only =
            v->children.n == 1 ? WS_GQL_AT(v->children, 0, ws_gql_child) : NULL;
        if (!only)
            gql_mistake(w, v->pos, "OneOf Input Object \"%.*s\" must specify exactly one key.",
                        WB_FMT(def->name));
        else if (only->value->kind == WS_GQL_V_NULL && def->fields.n)
            gql_mistake(w, only->value->pos, "Field \"%.*s.%.*s\" must be non-null.",
                        WB_FMT(def->name),
                        WB_FMT(WS_GQL_AT(def->fields, 0, ws_gql_field_def)->name));
    }
}

static void check_object(gql_walk *w, const ws_gql_value *v)
{
    ws_gql_def *def = v->def;
    for (uint32_t i = 0; i < def->fields.n && gql_spend(w, 1); i++) {
        const ws_gql_field_def *f = WS_GQL_AT(def->fields, i, ws_gql_field_def);
        if (f->type->non_null && !f->fallback && !has_child(w, v, f->name))
            gql_mistake(
                w, v->pos, "Field \"%.*s.%.*s\" of required type \"%.*s\" was not provided.",
                WB_FMT(def->name), WB_FMT(f->name), WB_FMT(ws_gql_type_text(w->cx, f->type)));
    }
    check_one_of(w, v);
    for (uint32_t i = 0; i < v->children.n && gql_spend(w, 1); i++) {
        const ws_gql_child *c = WS_GQL_AT(v->children, i, ws_gql_child);
        wb_buf *b = ws_gql_field_named(w->cx, def, c->name) ? NULL : gql_begin(w, c->pos);
        if (!b)
            continue;
        ws_putf(b, "Field \"%.*s\" is not defined by type \"%.*s\".", WB_FMT(c->name),
                WB_FMT(def->name));
        ws_gql_list names = gql_names_of(w, &def->fields);
        ws_gql_put_suggestion(w->cx, b, "Did you mean", c->name, &names, true);
        gql_end(w);
    }
}

/* Scalars of the schema's own take anything. */
static bool is_custom(const ws_gql_def *def)
{
    return def->is == WS_GQL_K_SCALAR && !is_any(def, "Int", "Float", "String") &&
           !is_any(def, "Boolean", "ID", NULL);
}

static void check_kind(gql_walk *w, const ws_gql_value *v)
{
    bool good = true;
    switch (v->kind) {
    case WS_GQL_V_LIST: good = v->expected->elem != NULL; break;
    case WS_GQL_V_INT: good = is_any(v->def, "Int", "Float", "ID"); break;
    case WS_GQL_V_FLOAT: good = is_any(v->def, "Float", NULL, NULL); break;
    case WS_GQL_V_BOOLEAN: good = is_any(v->def, "Boolean", NULL, NULL); break;
    case WS_GQL_V_STRING:
    case WS_GQL_V_BLOCK: check_string(w, v); break;
    case WS_GQL_V_ENUM: check_enum(w, v); break;
    case WS_GQL_V_OBJECT: check_object(w, v); break;
    default: break;
    }
    if (!good)
        unexpected(w, v);
}

void gql_correct_values(gql_walk *w, ws_gql_value *v)
{
    if (!v->def || !v->expected)
        return;
    if (v->kind == WS_GQL_V_NULL && v->expected->non_null) {
        wb_buf *b = gql_begin(w, v->pos);
        if (!b)
            return;
        ws_putf(b, "Expected value of type \"%.*s\", found ",
                WB_FMT(ws_gql_type_text(w->cx, v->expected)));
        ws_gql_put_value(b, v);
        wb_buf_putc(b, '.');
        gql_end(w);
    }
    if (is_custom(v->def))
        return;
    if (!has_value(w, v) && !w->stop)
        unexpected(w, v);
    if (!w->stop)
        check_kind(w, v);
}
