/* What OPA's published schema asks of a plan, as a table: each statement has exactly these fields
 * and a place. Written apart from the compiler's own table, which it judges. */
#include "conformance/run.h"
#include "value/number.h"

#include <stdio.h>

/* "name:kind" with a blank between: i integer, s text, o operand, O and I and S lists of them, B
 * block, L blocks, * an object of any kind. A field that begins with ? may be absent. */
static const struct {
    const char *name, *fields;
} statements[] = {
    {"ArrayAppendStmt", "array:i value:o"},
    {"AssignIntStmt", "target:i value:i"},
    {"AssignVarOnceStmt", "source:o target:i"},
    {"AssignVarStmt", "source:o target:i"},
    {"BlockStmt", "blocks:L"},
    {"BreakStmt", "index:i"},
    {"CallDynamicStmt", "args:I path:O result:i"},
    {"CallStmt", "args:O func:s result:i"},
    {"DotStmt", "key:o source:o target:i"},
    {"EqualStmt", "a:o b:o"},
    {"IsArrayStmt", "source:o"},
    {"IsDefinedStmt", "source:i"},
    {"IsObjectStmt", "source:o"},
    {"IsSetStmt", "source:o"},
    {"IsUndefinedStmt", "source:i"},
    {"LenStmt", "source:o target:i"},
    {"MakeArrayStmt", "capacity:i target:i"},
    {"MakeNullStmt", "target:i"},
    {"MakeNumberIntStmt", "target:i value:i"},
    {"MakeNumberRefStmt", "index:i Index:i target:i"},
    {"MakeObjectStmt", "target:i"},
    {"MakeSetStmt", "target:i"},
    {"NopStmt", ""},
    {"NotEqualStmt", "a:o b:o"},
    {"NotStmt", "block:B"},
    {"ObjectInsertOnceStmt", "key:o object:i value:o"},
    {"ObjectInsertStmt", "key:o object:i value:o"},
    {"ObjectMergeStmt", "a:i b:i target:i"},
    {"ResetLocalStmt", "target:i"},
    {"ResultSetAddStmt", "value:i"},
    {"ReturnLocalStmt", "source:i"},
    {"ScanStmt", "block:B key:i source:i value:i"},
    {"SetAddStmt", "set:i value:o"},
    {"WithStmt", "block:B local:i path:I value:o"},
};

static const char place[] = "file:i col:i row:i end_col:i end_row:i";

typedef struct checker {
    wb_buf *text;
    const char *at; /* the statement or part being looked at */
} checker;

static bool bad(checker *c, const char *what, const char *name)
{
    wb_buf_putf(c->text, "schema: %s: %s %s", c->at, what, name);
    return false;
}

static bool is_integer(wv v)
{
    return wv_is_number(v) && wv_number_is_integer(v);
}

static bool operand(checker *c, wv v, const char *name)
{
    wv type = wv_is_object(v) ? wv_object_get_str(v, WB_LIT("type")) : WV_UNDEFINED;
    wv value = wv_is_object(v) ? wv_object_get_str(v, WB_LIT("value")) : WV_UNDEFINED;
    if (!wv_is_string(type) || value == WV_UNDEFINED || wv_len(v) != 2)
        return bad(c, "no operand in", name);
    wb_str t = wv_str(&type);
    if (wb_str_is(t, "bool"))
        return value == WV_TRUE || value == WV_FALSE || bad(c, "no boolean in", name);
    if (!wb_str_is(t, "local") && !wb_str_is(t, "string_index"))
        return bad(c, "unknown operand in", name);
    return is_integer(value) || bad(c, "no integer in", name);
}

static bool block(checker *c, wv v);

static bool list(checker *c, wv v, const char *name, bool (*item)(checker *, wv, const char *))
{
    if (!wv_is_array(v))
        return bad(c, "no list in", name);
    for (uint32_t i = 0; i < wv_len(v); i++)
        if (!item(c, wv_items(v)[i], name))
            return false;
    return true;
}

static bool integer_item(checker *c, wv v, const char *name)
{
    return is_integer(v) || bad(c, "no integer in", name);
}
static bool text_item(checker *c, wv v, const char *name)
{
    return wv_is_string(v) || bad(c, "no text in", name);
}
static bool block_item(checker *c, wv v, const char *name)
{
    (void)name;
    return block(c, v);
}

static bool field(checker *c, wv v, const char *name, char kind)
{
    switch (kind) {
    case 'i': return integer_item(c, v, name);
    case 's': return text_item(c, v, name);
    case 'o': return operand(c, v, name);
    case 'O': return list(c, v, name, operand);
    case 'I': return list(c, v, name, integer_item);
    case 'S': return list(c, v, name, text_item);
    case 'L': return list(c, v, name, block_item);
    case 'B': return block(c, v);
    default: return wv_is_object(v) || bad(c, "no object in", name);
    }
}

/* The fields are there, and fit; *n counts them. */
static bool fields(checker *c, wv v, const char *spec, uint32_t *n)
{
    while (*spec) {
        char name[32];
        bool optional = *spec == '?';
        spec += optional;
        size_t length = strcspn(spec, ":");
        snprintf(name, sizeof name, "%.*s", (int)length, spec);
        wv value = wv_object_get_str(v, wb_str_of(name));
        char kind = spec[length + 1];
        spec += length + 2;
        spec += *spec == ' ';
        if (value == WV_UNDEFINED && optional)
            continue;
        ++*n;
        if (value == WV_UNDEFINED)
            return bad(c, "without", name);
        if (!field(c, value, name, kind))
            return false;
    }
    return true;
}

static bool exactly(checker *c, wv v, const char *spec, const char *more)
{
    uint32_t n = 0;
    if (!wv_is_object(v))
        return bad(c, "is no object:", spec);
    return fields(c, v, spec, &n) && fields(c, v, more, &n) &&
           (n == wv_len(v) || bad(c, "has more fields than", spec));
}

static bool statement(checker *c, wv v, const char *name)
{
    (void)name;
    wv type = wv_is_object(v) ? wv_object_get_str(v, WB_LIT("type")) : WV_UNDEFINED;
    if (!exactly(c, v, "type:s stmt:*", ""))
        return false;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (wb_str_is(wv_str(&type), statements[i].name)) {
            c->at = statements[i].name;
            return exactly(c, wv_object_get_str(v, WB_LIT("stmt")), statements[i].fields, place);
        }
    return bad(c, "unknown", "statement");
}

static bool block(checker *c, wv v)
{
    c->at = "block";
    wv stmts = wv_is_object(v) ? wv_object_get_str(v, WB_LIT("stmts")) : WV_UNDEFINED;
    if (stmts == WV_UNDEFINED || wv_len(v) != 1)
        return bad(c, "without", "stmts");
    return list(c, stmts, "stmts", statement);
}

static bool named(checker *c, wv v, const char *name)
{
    c->at = name;
    return exactly(c, v, "value:s", "");
}
static bool builtin(checker *c, wv v, const char *name)
{
    c->at = name;
    return exactly(c, v, "name:s decl:*", "");
}
static bool plan(checker *c, wv v, const char *name)
{
    c->at = name;
    return exactly(c, v, "name:s blocks:L", "");
}
static bool function(checker *c, wv v, const char *name)
{
    c->at = name;
    return exactly(c, v, "name:s params:I return:i blocks:L ?path:S", "");
}

bool cf_check_plan(wv policy, wb_buf *text)
{
    static const struct {
        const char *part, *list;
        bool (*item)(checker *, wv, const char *);
        bool optional;
    } parts[] = {
        {"static", "strings", named, true},         {"static", "files", named, true},
        {"static", "builtin_funcs", builtin, true}, {"plans", "plans", plan, false},
        {"funcs", "funcs", function, false},
    };
    checker c = {text, "the plan"};
    if (!exactly(&c, policy, "static:* plans:* funcs:*", ""))
        return false;
    uint32_t met = 0, there = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        wv part = wv_object_get_str(policy, wb_str_of(parts[i].part));
        wv items = wv_object_get_str(part, wb_str_of(parts[i].list));
        if (!i || strcmp(parts[i].part, parts[i - 1].part) != 0)
            there += wv_len(part);
        met += items != WV_UNDEFINED;
        c.at = parts[i].part;
        if (items == WV_UNDEFINED ? !parts[i].optional && !bad(&c, "without", parts[i].list)
                                  : !list(&c, items, parts[i].list, parts[i].item))
            return false;
    }
    return met == there || bad(&c, "has unknown", "parts");
}
