/* plan.json to structs. The table of statements says which fields each has; nothing is read that
 * the table does not name, and whatever it names must be there and within bounds. */
#include "compiler/ir_plan.h"

#include <jansson.h>
#include <stdlib.h>

const ir_info ir_infos[IR_KIND_COUNT] = {
#define IR(name, seals, fields) {#name, fields, seals},
    IR_STMT_MAP(IR)
#undef IR
};

typedef struct reader {
    ir_program *ir;
    wb_arena *a;
    const ws_registry *registry;
    wb_error *error;
    json_t *names; /* function's name -> number */
    ir_func *fn;
    const ir_info *info; /* the statement being read, or NULL */
    wp_loc loc;
    uint32_t *dense;   /* raw local -> dense number, where stamp says this function */
    uint32_t *stamp;   /* raw local -> function's number + 1 */
    uint32_t function; /* number + 1 */
    unsigned depth, loops;
} reader;

static wb_status bad(reader *r, wb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static wb_status bad(reader *r, wb_status status, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!r->fn)
        return wb_fail(r->error, status, "plan: %s", text);
    if (!r->info)
        return wb_fail(r->error, status, "plan: %.*s: %s", WB_FMT(r->fn->name), text);
    return wb_fail(r->error, status, "plan: %.*s: %sStmt at %u:%u: %s", WB_FMT(r->fn->name),
                   r->info->name, r->loc.row, r->loc.col, text);
}

static wb_str text_of(reader *r, const json_t *j)
{
    return wb_arena_str(r->a, wb_str_n(json_string_value(j), json_string_length(j)));
}

/* A list; null and absent are the empty one, as Go writes them. */
static wb_status list(reader *r, json_t *of, const char *name, size_t *n, json_t **out)
{
    *out = json_object_get(of, name);
    *n = json_array_size(*out);
    if (*out && !json_is_array(*out) && !json_is_null(*out))
        return bad(r, WB_INVALID, "%s is no list", name);
    return WB_OK;
}

static wb_status number(reader *r, const json_t *j, const char *name, int64_t low, int64_t high,
                        int64_t *out)
{
    if (!json_is_integer(j))
        return bad(r, WB_INVALID, "%s is no integer", name);
    *out = json_integer_value(j);
    if (*out < low || *out > high)
        return bad(r, WB_INVALID, "%s is %lld, out of range", name, (long long)*out);
    return WB_OK;
}

static wb_status local(reader *r, const json_t *j, const char *name, uint32_t *out)
{
    int64_t n = 0;
    wb_status s = number(r, j, name, 0, IR_LOCAL_MAX, &n);
    if (s)
        return s;
    if (r->stamp[n] != r->function) {
        r->stamp[n] = r->function;
        r->dense[n] = r->fn->n_locals++;
    }
    *out = r->dense[n];
    return WB_OK;
}

static wb_status written(reader *r, const json_t *j, const char *name, uint32_t *out)
{
    wb_status s = local(r, j, name, out);
    if (!s && *out < IR_FIRST_ARG)
        return bad(r, WB_INVALID, "%s is %s, which only WithStmt replaces", name,
                   *out == IR_INPUT ? "input" : "data");
    return s;
}

static void note_use(reader *r, ir_operand o)
{
    if (o.kind == IR_LOCAL && o.n == IR_INPUT)
        r->fn->uses_input = true;
    if (o.kind == IR_LOCAL && o.n == IR_DATA)
        r->fn->uses_data = true;
}

static wb_status string_number(reader *r, const json_t *j, const char *name, uint32_t *out)
{
    int64_t n = 0;
    wb_status s = number(r, j, name, 0, (int64_t)r->ir->n_strings - 1, &n);
    if (!s)
        *out = (uint32_t)n;
    return s;
}

static wb_status operand(reader *r, const json_t *j, const char *name, ir_operand *out)
{
    const char *type = json_string_value(json_object_get(j, "type"));
    json_t *value = json_object_get(j, "value");
    if (!type)
        return bad(r, WB_INVALID, "%s is no operand", name);
    if (strcmp(type, "local") == 0) {
        out->kind = IR_LOCAL;
        return local(r, value, name, &out->n);
    }
    if (strcmp(type, "string_index") == 0) {
        out->kind = IR_STRING;
        return string_number(r, value, name, &out->n);
    }
    if (strcmp(type, "bool") == 0 && json_is_boolean(value)) {
        *out = (ir_operand){IR_BOOL, json_is_true(value)};
        return WB_OK;
    }
    return bad(r, WB_INVALID, "%s is an operand of unknown type %.40s", name, type);
}

static wb_status operands(reader *r, json_t *of, const char *name, char slot, ir_operand **out,
                          uint32_t *count)
{
    json_t *items;
    size_t n;
    wb_status s = list(r, of, name, &n, &items);
    if (!s && n > IR_ARGS_MAX)
        return bad(r, WB_LIMIT, "%s has more than %u elements", name, IR_ARGS_MAX);
    *out = wb_arena_calloc(r->a, n * sizeof **out + 1);
    *count = (uint32_t)n;
    for (size_t i = 0; i < n && !s; i++) {
        const json_t *item = json_array_get(items, i);
        ir_operand *o = *out + i;
        if (slot == 'l') {
            o->kind = IR_LOCAL;
            s = local(r, item, name, &o->n);
        } else if (slot == 'q') {
            o->kind = IR_STRING;
            s = string_number(r, item, name, &o->n);
        } else {
            s = operand(r, item, name, o);
        }
    }
    return s;
}

static wb_status read_blocks(reader *r, json_t *items, size_t n, ir_block **out, uint32_t *count);

static wb_status function_name(reader *r, const json_t *j, ir_stmt *st)
{
    const char *name = json_string_value(j);
    if (!name)
        return bad(r, WB_INVALID, "func is no string");
    json_t *known = json_object_getn(r->names, name, json_string_length(j));
    if (known) {
        st->func = (uint32_t)json_integer_value(known);
        r->ir->funcs[st->func].asked += r->loops || !r->fn->is_plan ? 2 : 1;
        return WB_OK;
    }
    st->func = WM_NONE;
    st->builtin = ws_registry_find(r->registry, wb_str_n(name, json_string_length(j)));
    if (!st->builtin)
        return bad(r, WB_INVALID, "there is no function %.200s", name);
    return WB_OK;
}

static wb_status read_field(reader *r, json_t *of, const char *name, char slot, ir_stmt *st)
{
    json_t *j = json_object_get(of, name);
    wb_status s;
    switch (slot) {
    case 'a':
    case 'b': return operand(r, j, name, slot == 'a' ? &st->a : &st->b);
    case 'x':
    case 'y': {
        ir_operand *o = slot == 'x' ? &st->a : &st->b;
        o->kind = IR_LOCAL;
        return local(r, j, name, &o->n);
    }
    case 't': st->writes |= IR_WRITES_T; return written(r, j, name, &st->t);
    case 'u': st->writes |= IR_WRITES_U; return written(r, j, name, &st->u);
    case 'm': st->writes |= IR_CHANGES_T; return written(r, j, name, &st->t);
    case 'w':
        s = local(r, j, name, &st->t);
        if (!s && st->t >= IR_FIRST_ARG)
            return bad(r, WB_INVALID, "only input (0) and data (1) can be replaced");
        return s;
    case 'i': return number(r, j, name, INT64_MIN, INT64_MAX, &st->num);
    case 's': {
        /* Older plans spell it with a capital letter. */
        uint32_t n = 0;
        s = string_number(r, j ? j : json_object_get(of, "Index"), name, &n);
        st->num = n;
        return s;
    }
    case 'f': return function_name(r, j, st);
    case 'g':
    case 'l': return operands(r, of, name, slot, &st->args, &st->n_args);
    case 'p':
    case 'q': return operands(r, of, name, slot, &st->path, &st->n_path);
    case 'B': {
        json_t *one = json_array();
        json_array_append(one, j ? j : json_null());
        s = read_blocks(r, one, 1, &st->blocks, &st->n_blocks);
        json_decref(one);
        return s;
    }
    default: {
        size_t n;
        json_t *items;
        s = list(r, of, name, &n, &items);
        return s ? s : read_blocks(r, items, n, &st->blocks, &st->n_blocks);
    }
    }
}

static uint32_t place_number(const json_t *of, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(of, name));
    return n < 0 || n > UINT32_MAX ? 0 : (uint32_t)n;
}

/* The first arguments of a call to a rule's function, and how many there are. */
static wb_status check_call(reader *r, const ir_stmt *st)
{
    if (st->func == WM_NONE) {
        unsigned want = st->builtin->arity;
        if (want != WS_ANY_ARITY && st->n_args != want)
            return bad(r, WB_INVALID, "%s takes %u arguments, not %u", st->builtin->name, want,
                       st->n_args);
        return WB_OK;
    }
    const ir_func *callee = &r->ir->funcs[st->func];
    if (st->n_args != callee->n_args + IR_FIRST_ARG)
        return bad(r, WB_INVALID, "%.*s takes %u arguments, not %u", WB_FMT(callee->name),
                   callee->n_args + IR_FIRST_ARG, st->n_args);
    return WB_OK;
}

static wb_status check_first_args(reader *r, const ir_stmt *st)
{
    for (uint32_t i = 0; i < IR_FIRST_ARG; i++)
        if (i >= st->n_args || st->args[i].kind != IR_LOCAL || st->args[i].n != i)
            return bad(r, WB_INVALID, "the first arguments must be input (0) and data (1)");
    return WB_OK;
}

static wb_status check_statement(reader *r, const ir_stmt *st)
{
    wb_status s = WB_OK;
    uint32_t first = 0;
    if (st->kind == IR_Call)
        s = check_call(r, st);
    if (!s && (st->kind == IR_CallDynamic || (st->kind == IR_Call && st->func != WM_NONE))) {
        s = check_first_args(r, st);
        first = IR_FIRST_ARG;
    }
    if (!s && st->kind == IR_CallDynamic && (st->n_args != IR_FIRST_ARG || r->depth < 4))
        s = bad(r, WB_INVALID, "stands in fewer than four blocks or has arguments");
    if (!s && st->kind == IR_Break && (st->num < 0 || st->num >= (int64_t)r->depth))
        s = bad(r, WB_INVALID, "leaves more blocks than there are");
    if (!s && st->kind == (r->fn->is_plan ? IR_ReturnLocal : IR_ResultSetAdd))
        s = bad(r, WB_INVALID, "has no place in a %s", r->fn->is_plan ? "plan" : "function");
    note_use(r, st->a);
    note_use(r, st->b);
    for (uint32_t i = first; i < st->n_args; i++)
        note_use(r, st->args[i]);
    for (uint32_t i = 0; i < st->n_path; i++)
        note_use(r, st->path[i]);
    return s;
}

static wb_status read_statement(reader *r, const json_t *j, ir_stmt *st)
{
    const char *type = json_string_value(json_object_get(j, "type"));
    json_t *fields = json_object_get(j, "stmt");
    r->info = NULL;
    if (!type || !json_is_object(fields))
        return bad(r, WB_INVALID, "a statement without type or fields");
    size_t n = strlen(type);
    unsigned kind = IR_KIND_COUNT;
    for (unsigned i = 0; i < IR_KIND_COUNT && n > 4 && strcmp(type + n - 4, "Stmt") == 0; i++)
        if (strlen(ir_infos[i].name) == n - 4 && memcmp(ir_infos[i].name, type, n - 4) == 0)
            kind = i;
    if (kind == IR_KIND_COUNT)
        return bad(r, WB_INVALID, "unknown statement %.60s", type);
    const ir_info *info = r->info = &ir_infos[kind];
    wp_loc loc = {.file = place_number(fields, "file"),
                  .row = place_number(fields, "row"),
                  .col = place_number(fields, "col")};
    if (loc.file >= r->ir->n_files)
        loc = (wp_loc){0};
    *st = (ir_stmt){.kind = (uint8_t)kind, .func = WM_NONE, .loc = loc};
    if (kind == IR_Scan) {
        r->fn->n_scans++;
        r->loops++;
    }
    wb_status s = WB_OK;
    for (const char *f = info->fields; *f && !s;) {
        char name[16];
        const char *colon = strchr(f, ':');
        memcpy(name, f, (size_t)(colon - f));
        name[colon - f] = 0;
        r->info = info;
        r->loc = loc;
        s = read_field(r, fields, name, colon[1], st);
        f = colon[2] ? colon + 3 : colon + 2;
    }
    if (kind == IR_Scan)
        r->loops--;
    r->info = info;
    r->loc = loc;
    return s ? s : check_statement(r, st);
}

static wb_status read_blocks(reader *r, json_t *items, size_t n, ir_block **out, uint32_t *count)
{
    if (r->depth >= IR_DEPTH_MAX)
        return bad(r, WB_LIMIT, "blocks are nested more than %u deep", IR_DEPTH_MAX);
    r->depth++;
    *out = wb_arena_calloc(r->a, n * sizeof **out + 1);
    *count = (uint32_t)n;
    wb_status s = WB_OK;
    for (size_t i = 0; i < n && !s; i++) {
        json_t *block = json_array_get(items, i), *stmts;
        size_t n_stmts;
        ir_block *b = *out + i;
        if (!json_is_object(block)) {
            s = bad(r, WB_INVALID, "a block is no object");
            break;
        }
        s = list(r, block, "stmts", &n_stmts, &stmts);
        if (s)
            break;
        b->stmts = wb_arena_calloc(r->a, n_stmts * sizeof *b->stmts + 1);
        b->n = (uint32_t)n_stmts;
        for (size_t k = 0; k < n_stmts && !s; k++)
            s = read_statement(r, json_array_get(stmts, k), &b->stmts[k]);
    }
    r->depth--;
    return s;
}

/* ---- functions, plans, tables ---- */

static wb_status read_params(reader *r, json_t *j)
{
    json_t *params;
    size_t n;
    wb_status s = list(r, j, "params", &n, &params);
    if (!s && (n < IR_FIRST_ARG || n > IR_ARGS_MAX))
        s = bad(r, WB_INVALID, "has fewer than two or more than %u parameters", IR_ARGS_MAX);
    for (size_t i = 0; i < n && !s; i++) {
        uint32_t at;
        const json_t *p = json_array_get(params, i);
        s = local(r, p, "params", &at);
        if (!s && (at != i || (i < IR_FIRST_ARG && json_integer_value(p) != (json_int_t)i)))
            s = bad(r, WB_INVALID, "parameters are not input (0), data (1) and others, each once");
    }
    return s;
}

static void enter(reader *r, ir_func *fn, uint32_t number)
{
    r->fn = fn;
    r->info = NULL;
    r->function = number + 1;
    /* Input and data are numbers 0 and 1 in every function. */
    for (uint32_t i = 0; i < IR_FIRST_ARG; i++) {
        r->stamp[i] = r->function;
        r->dense[i] = i;
    }
    fn->n_locals = IR_FIRST_ARG;
}

static wb_status read_body(reader *r, json_t *j, ir_func *fn)
{
    json_t *blocks;
    size_t n;
    wb_status s = list(r, j, "blocks", &n, &blocks);
    return s ? s : read_blocks(r, blocks, n, &fn->blocks, &fn->n_blocks);
}

/* Names, paths and numbers of parameters: what calls need, wherever they stand. */
static wb_status read_heads(reader *r, json_t *funcs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_t *j = json_array_get(funcs, i), *name = json_object_get(j, "name"), *path;
        ir_func *fn = &r->ir->funcs[i];
        size_t n_path;
        if (!json_is_string(name))
            return bad(r, WB_INVALID, "function %zu has no name", i);
        fn->name = text_of(r, name);
        if (json_object_getn(r->names, fn->name.p, fn->name.n))
            return bad(r, WB_INVALID, "two functions are named %.*s", WB_FMT(fn->name));
        json_object_setn_new(r->names, fn->name.p, fn->name.n, json_integer((json_int_t)i));
        size_t n_params = json_array_size(json_object_get(j, "params"));
        fn->n_args = n_params < IR_FIRST_ARG ? 0 : (uint32_t)(n_params - IR_FIRST_ARG);
        wb_status s = list(r, j, "path", &n_path, &path);
        if (s)
            return s;
        if (n_path > IR_ARGS_MAX)
            return bad(r, WB_LIMIT, "the path of %.*s is too long", WB_FMT(fn->name));
        fn->path = wb_arena_calloc(r->a, n_path * sizeof *fn->path + 1);
        fn->n_path = (uint32_t)n_path;
        for (size_t k = 0; k < n_path; k++) {
            const json_t *part = json_array_get(path, k);
            if (!json_is_string(part))
                return bad(r, WB_INVALID, "the path of %.*s is not all strings", WB_FMT(fn->name));
            fn->path[k] = text_of(r, part);
        }
    }
    return WB_OK;
}

static wb_status read_table(reader *r, json_t *top, const char *name, wb_str **out, uint32_t *count)
{
    json_t *items;
    size_t n;
    wb_status s = list(r, top, name, &n, &items);
    if (s)
        return s;
    *out = wb_arena_calloc(r->a, n * sizeof **out + 1);
    *count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(json_array_get(items, i), "value");
        if (!json_is_string(value))
            return bad(r, WB_INVALID, "%s %zu is no string", name, i);
        (*out)[i] = text_of(r, value);
    }
    return WB_OK;
}

static wb_status find_plan(reader *r, json_t *top, wb_str name, json_t **out)
{
    json_t *plans;
    size_t n;
    wb_status s = list(r, json_object_get(top, "plans"), "plans", &n, &plans);
    if (s)
        return s;
    *out = NULL;
    for (size_t i = 0; i < n && !*out; i++) {
        json_t *plan = json_array_get(plans, i), *its = json_object_get(plan, "name");
        if (!name.n ? n == 1
                    : json_is_string(its) && wb_str_eq(name, wb_str_n(json_string_value(its),
                                                                      json_string_length(its))))
            *out = plan;
    }
    if (*out)
        return WB_OK;
    if (name.n)
        return bad(r, WB_NOT_FOUND, "there is no plan named %.*s", WB_FMT(name));
    return bad(r, WB_NOT_FOUND, "there are %zu plans: name one", n);
}

static wb_status read_all(reader *r, json_t *top, wb_str name)
{
    ir_program *ir = r->ir;
    json_t *statics = json_object_get(top, "static"), *plan = NULL, *funcs = NULL;
    size_t n = 0;
    if (!json_is_object(top))
        return bad(r, WB_INVALID, "no object");
    wb_status s = read_table(r, statics, "strings", &ir->strings, &ir->n_strings);
    if (!s)
        s = read_table(r, statics, "files", &ir->files, &ir->n_files);
    if (!s)
        s = find_plan(r, top, name, &plan);
    if (!s)
        s = list(r, json_object_get(top, "funcs"), "funcs", &n, &funcs);
    if (s)
        return s;
    ir->n_funcs = (uint32_t)n;
    ir->funcs = wb_arena_calloc(r->a, (n + 1) * sizeof *ir->funcs);
    s = read_heads(r, funcs, n);
    for (uint32_t i = 0; i < n && !s; i++) {
        enter(r, &ir->funcs[i], i);
        s = read_params(r, json_array_get(funcs, i));
        if (!s)
            s = read_body(r, json_array_get(funcs, i), r->fn);
    }
    if (s)
        return s;
    json_t *its = json_object_get(plan, "name");
    ir_func *fn = &ir->funcs[n];
    fn->is_plan = true;
    fn->name = json_is_string(its) ? text_of(r, its) : WB_LIT("plan");
    enter(r, fn, (uint32_t)n);
    return read_body(r, plan, fn);
}

wb_status ir_parse(ir_program *ir, wb_arena *a, wb_str json, wb_str plan,
                   const ws_registry *registry, wb_error *error)
{
    *ir = (ir_program){0};
    if (json.n > IR_TEXT_MAX)
        return wb_fail(error, WB_LIMIT, "plan: more than %zu bytes", IR_TEXT_MAX);
    json_error_t why;
    json_t *top = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (!top)
        return wb_fail(error, WB_INVALID, "plan: line %d: %s", why.line, why.text);
    reader r = {.ir = ir, .a = a, .registry = registry, .error = error};
    r.names = json_object();
    r.dense = wb_calloc(IR_LOCAL_MAX + 1, sizeof *r.dense);
    r.stamp = wb_calloc(IR_LOCAL_MAX + 1, sizeof *r.stamp);
    wb_status s = read_all(&r, top, plan);
    free(r.dense);
    free(r.stamp);
    json_decref(r.names);
    json_decref(top);
    return s;
}
