/* Plans for entrypoints: those asked for, and those of rules that need them.
 *
 * Reports entrypoints that name neither a rule nor a package. */
#include "compiler/ir_writer.h"

#include <stdlib.h>

#define ENTRY_KEYS_MAX 64u /* parts of an entrypoint below its rule */

/* The node that the path names; what is left of the path are keys below its rules. */
static const wc_node *find_entry(ir_writer *w, wb_str name, ir_operand *keys, uint32_t *n_keys)
{
    const wc_node *n = w->u->root;
    const char *p = name.p, *end = name.p + name.n;
    p += name.n && *p == '/';
    *n_keys = 0;
    while (n && p < end) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        wb_str part = wb_str_n(p, (size_t)((slash ? slash : end) - p));
        if (n->n_rules && n->max_keys && *n_keys < ENTRY_KEYS_MAX)
            keys[(*n_keys)++] = (ir_operand){IR_STRING, ir_string(w, part)};
        else
            n = wc_node_child(n, wv_string_new(w->u->a, part));
        p = (slash ? slash : end) + 1;
    }
    return n && !n->is_function ? n : NULL;
}

/* A plan that answers {"result": value}, the value in the local given to end_entry. */
static void end_entry(ir_writer *w, uint32_t value)
{
    uint32_t row = ir_new_local(w);
    ir_put(w, &(ir_out){.kind = IR_MakeObject, .t = row});
    ir_put(w, &(ir_out){.kind = IR_ObjectInsert,
                        .a = {IR_STRING, ir_string(w, WB_LIT("result"))},
                        .b = ir_at(value),
                        .t = row});
    ir_put(w, &(ir_out){.kind = IR_ResultSetAdd, .a = ir_at(row)});
    ir_end_plan(w);
}

/* NULL after a report. */
static const wc_node *write_entry(ir_writer *w, wb_str name)
{
    ir_operand keys[ENTRY_KEYS_MAX];
    uint32_t n_keys;
    const wc_node *n = find_entry(w, name, keys, &n_keys);
    if (!n) {
        w->missing = true;
        ir_refuse(w, (wp_loc){0},
                  wb_arena_printf(w->u->a,
                                  "entrypoint \"%.*s\" does not refer to a rule or policy decision",
                                  WB_FMT(name)));
        return NULL;
    }
    ir_begin_plan(w, name, NULL);
    uint32_t value = ir_new_local(w);
    ir_below(w, n, keys, n_keys, value);
    end_entry(w, value);
    return n;
}

/* ---- rules that need an entrypoint ---- */

static void mark_functions(const ir_writer *w, const wc_node *n, bool *marked)
{
    for (uint32_t k = 0; n->n_rules && k <= n->max_keys; k++)
        marked[k ? n->keyed + k - 1 : n->whole] = true;
    for (const wc_node *c = n->first; c; c = c->next)
        mark_functions(w, c, marked);
}

/* Bytes that stand for themselves in a path; the others are written %XX. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.~$&+:=@", c));
}

/* "a/b" of data.a.b; empty when some part is no string. */
static wb_str entry_name(ir_writer *w, const wc_node *n)
{
    wv path = ir_node_path(w, n);
    wb_buf b;
    bool texts = true;
    wb_buf_init(&b, (size_t)1 << 20);
    for (uint32_t i = 0; i < wv_len(path) && texts; i++) {
        texts = wv_is_string(wv_items(path)[i]);
        wb_buf_puts(&b, i ? "/" : "");
        wb_str part = texts ? wv_str(&wv_items(path)[i]) : WB_LIT("");
        for (size_t k = 0; k < part.n; k++)
            if (is_plain(part.p[k]))
                wb_buf_putc(&b, part.p[k]);
            else
                wb_buf_putf(&b, "%%%02X", (unsigned char)part.p[k]);
    }
    wb_str name = texts ? wb_arena_str(w->u->a, wb_buf_str(&b)) : WB_LIT("");
    wb_buf_free(&b);
    return name;
}

static bool is_named(const wc_plan_wanted *wanted, wb_str name)
{
    for (size_t i = 0; i < wanted->n_entrypoints; i++)
        if (wb_str_eq(wanted->entrypoints[i], name))
            return true;
    return false;
}

static void write_callers(ir_writer *w, const wc_plan_wanted *wanted, const wc_node *n,
                          const bool *callers)
{
    bool called = false;
    for (uint32_t k = 0; n->n_rules && k <= n->max_keys; k++)
        called |= callers[k ? n->keyed + k - 1 : n->whole];
    wb_str name = called && !n->is_function ? entry_name(w, n) : WB_LIT("");
    if (name.n && !is_named(wanted, name)) {
        ir_begin_plan(w, name, NULL);
        uint32_t value = ir_new_local(w);
        ir_below(w, n, NULL, 0, value);
        end_entry(w, value);
    }
    for (const wc_node *c = n->first; c && !w->failed; c = c->next)
        write_callers(w, wanted, c, callers);
}

void ir_write_entries(ir_writer *w, const wc_plan_wanted *wanted)
{
    bool *callees = wb_calloc((size_t)w->plan->n + w->n_nodes, 1);
    bool *callers = wb_calloc((size_t)w->plan->n + w->n_nodes, 1);
    for (size_t i = 0; i < wanted->n_entrypoints && !w->failed; i++) {
        const wc_node *n = write_entry(w, wanted->entrypoints[i]);
        if (n && wanted->dependents)
            mark_functions(w, n, callees);
    }
    if (wanted->dependents && !w->failed) {
        ir_find_callers(w, callees, callers);
        write_callers(w, wanted, w->u->root, callers);
    }
    free(callees);
    free(callers);
}
