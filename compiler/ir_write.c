/* Our plan as OPA's: plans for entrypoints and a query, and the functions they need.
 *
 * Takes a finished plan and its data tree. Functions are written as they are asked for, each once
 * in every world in which it differs, until none is left. Reports entrypoints that name neither a
 * rule nor a package, and plans that OPA's format cannot say or that are too large. */
#include "compiler/ir_write.h"

#include "compiler/ir_writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void ir_refuse(ir_writer *w, wp_loc loc, const char *text)
{
    const wp_file *file = loc.row && loc.file < w->n_files ? w->files[loc.file] : NULL;
    if (!w->failed)
        wp_report(w->u->diags, WP_COMPILE_ERROR, file, file ? loc : (wp_loc){0}, "%s", text);
    w->failed = true;
}

/* ---- jobs ---- */

static wb_str printed(ir_writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static wb_str printed(ir_writer *w, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        wb_fatal("no memory for a name");
    wb_str out = wb_arena_str(w->u->a, wb_str_n(text, (size_t)n));
    free(text);
    return out;
}

static wb_str name_of(ir_writer *w, const ir_job *job)
{
    unsigned g = job->world->number;
    if (job->what != IR_JOB_FUNC) {
        wb_str path = wc_node_path_text(w->u, w->nodes[job->n]);
        return job->keys ? printed(w, "g%u.%.*s/%u", g, WB_FMT(path), job->keys)
                         : printed(w, "g%u.%.*s", g, WB_FMT(path));
    }
    const wc_function *fn = w->plan->funcs[job->n];
    bool keyed = fn->n_args && !fn->out.is_function;
    wb_str path = keyed ? w->plan->funcs[fn->out.whole]->name : fn->name;
    return keyed ? printed(w, "g%u.%.*s/%u", g, WB_FMT(path), fn->n_args)
                 : printed(w, "g%u.%.*s", g, WB_FMT(path));
}

wb_str ir_ask(ir_writer *w, ir_job job)
{
    wb_arena *a = w->u->a;
    job.name = name_of(w, &job);
    if (wv_object_get_str(w->asked, job.name) != WV_UNDEFINED)
        return job.name;
    wv_object_put(a, &w->asked, wv_string_new(a, job.name), WV_TRUE);
    if (w->n_jobs == w->cap_jobs) {
        w->cap_jobs = 2 * w->cap_jobs + 64;
        w->jobs = wb_realloc(w->jobs, w->cap_jobs * sizeof *w->jobs);
    }
    w->jobs[w->n_jobs++] = job;
    return job.name;
}

/* ---- functions ---- */

static void begin(ir_writer *w, const wc_function *fn, const ir_world *world)
{
    free(w->map);
    w->map = wb_calloc((fn ? fn->n_locals : 0) + WM_ITER_REGS + 1, sizeof *w->map);
    w->fn = fn;
    w->world = world;
    w->n_undo = 0;
    w->n_locals = IR_FIRST_ARG;
    w->rows = WM_NONE;
    w->loc = (wp_loc){0};
    w->depth = 1;
    w->too_deep = 0;
    w->blocks[0] = (ir_open_block){.block = fn ? fn->body : NULL};
}

static void put_path(ir_writer *w, const ir_job *job)
{
    const wc_function *fn = job->what == IR_JOB_FUNC ? w->plan->funcs[job->n] : NULL;
    if (!fn || fn->out.path == WV_UNDEFINED || (fn->n_args && !fn->out.is_function))
        return;
    wv path = fn->out.path;
    for (uint32_t i = 0; i < wv_len(path); i++)
        if (!wv_is_string(wv_items(path)[i]))
            return;
    wb_buf_putf(w->out, ",\"path\":[\"g%u\"", job->world->number);
    for (uint32_t i = 0; i < wv_len(path); i++) {
        wb_buf_putc(w->out, ',');
        wb_buf_put_json(w->out, wv_str(&wv_items(path)[i]));
    }
    wb_buf_putc(w->out, ']');
}

static void write_job(ir_writer *w, ir_job job)
{
    const wc_function *fn = job.what == IR_JOB_FUNC ? w->plan->funcs[job.n] : NULL;
    uint32_t n_args = fn ? fn->n_args : job.keys;
    begin(w, fn, job.world);
    for (uint32_t i = IR_INPUT; i < IR_FIRST_ARG; i++)
        w->facts[i] = i == IR_DATA ? IR_BASE : IR_MAYBE;
    for (uint32_t i = 0; i < job.world->n; i++)
        if (job.world->swaps[i].how == IR_BY_VALUE)
            w->values[job.world->swaps[i].item] = ir_new_local(w);
    uint32_t first = w->n_locals;
    for (uint32_t i = 0; i < n_args; i++) {
        uint32_t local = ir_new_local(w);
        if (fn)
            w->map[i] = local;
    }
    wb_buf_puts(w->out, w->out->n ? ",{\"name\":" : "{\"name\":");
    wb_buf_put_json(w->out, job.name);
    wb_buf_puts(w->out, ",\"params\":[");
    for (uint32_t i = 0; i < w->n_locals; i++)
        wb_buf_putf(w->out, "%s%u", i ? "," : "", i);
    w->ret = ir_new_local(w);
    wb_buf_putf(w->out, "],\"return\":%u,\"blocks\":[{\"stmts\":[", w->ret);
    if (fn) {
        w->loc = fn->out.loc;
        ir_write_body(w);
    } else if (job.what == IR_JOB_DOCUMENT) {
        ir_write_document(w, w->nodes[job.n]);
    } else {
        ir_write_below(w, w->nodes[job.n], job.keys, first);
    }
    wb_buf_puts(w->out, "]},{\"stmts\":[");
    w->loc = fn ? fn->out.loc : (wp_loc){0};
    ir_put(w, &(ir_out){.kind = IR_ReturnLocal, .a = ir_at(w->ret)});
    wb_buf_puts(w->out, "]}]");
    put_path(w, &job);
    wb_buf_putc(w->out, '}');
}

/* ---- plans ---- */

void ir_begin_plan(ir_writer *w, wb_str name, const wc_function *fn)
{
    begin(w, fn, ir_world_plain(w));
    wb_buf_puts(w->out, w->out->n ? ",{\"name\":" : "{\"name\":");
    wb_buf_put_json(w->out, name);
    wb_buf_puts(w->out, ",\"blocks\":[{\"stmts\":[");
}

void ir_end_plan(ir_writer *w)
{
    wb_buf_puts(w->out, "]}]}");
}

static void write_query(ir_writer *w, wb_str name)
{
    const wc_function *fn = w->plan->funcs[w->plan->query];
    ir_begin_plan(w, name, fn);
    w->rows = fn->body->first->t;
    ir_write_body(w);
    ir_end_plan(w);
}

/* ---- all of it ---- */

static void number_nodes(ir_writer *w, wc_node *n)
{
    if (n->number >= w->n_nodes) {
        uint32_t cap = 2 * n->number + 16;
        w->nodes = wb_realloc(w->nodes, cap * sizeof(wc_node *));
        memset(w->nodes + w->n_nodes, 0, (cap - w->n_nodes) * sizeof(wc_node *));
        w->n_nodes = cap;
    }
    w->nodes[n->number] = n;
    for (wc_node *c = n->first; c; c = c->next)
        number_nodes(w, c);
}

static void add_file(ir_writer *w, const wp_file *file, uint32_t number)
{
    if (number >= w->n_files) {
        w->files = wb_realloc(w->files, (number + 1) * sizeof *w->files);
        while (w->n_files <= number)
            w->files[w->n_files++] = NULL;
    }
    w->files[number] = file;
}

static void find_files(ir_writer *w, const wc_plan_wanted *wanted)
{
    for (uint32_t i = 0; i < w->u->n_modules; i++)
        add_file(w, &w->u->modules[i]->file, w->u->modules[i]->file_number);
    if (wanted->query && wanted->query->body.n)
        add_file(w, &wanted->query->file, wanted->query->body.exprs[0]->loc.file);
}

static void put_files(const ir_writer *w, wb_buf *out)
{
    for (uint32_t i = 0; i < w->n_files; i++) {
        wb_buf_puts(out, i ? ",{\"value\":" : "{\"value\":");
        wb_str name = w->files[i] ? w->files[i]->name : WB_LIT("");
        wb_buf_put_json(out, name.n ? name : WB_LIT("<query>"));
        wb_buf_putc(out, '}');
    }
}

static void assemble(ir_writer *w, wb_buf *out, const wb_buf *plans, const wb_buf *funcs)
{
    wb_buf_puts(out, "{\"static\":{\"strings\":[");
    wb_buf_put_str(out, wb_buf_str(&w->strings.json));
    wb_buf_puts(out, "]");
    if (w->builtins.n) {
        wb_buf_puts(out, ",\"builtin_funcs\":[");
        wb_buf_put_str(out, wb_buf_str(&w->builtins.json));
        wb_buf_puts(out, "]");
    }
    wb_buf_puts(out, ",\"files\":[");
    put_files(w, out);
    wb_buf_puts(out, "]},\"plans\":{\"plans\":[");
    wb_buf_put_str(out, wb_buf_str(plans));
    wb_buf_puts(out, "]},\"funcs\":{\"funcs\":[");
    wb_buf_put_str(out, wb_buf_str(funcs));
    wb_buf_puts(out, "]}}");
}

static void start(ir_writer *w, wc_unit *u, const wc_plan *plan, const wc_plan_wanted *wanted)
{
    *w = (ir_writer){.u = u, .plan = plan, .cap_facts = 64};
    w->facts = wb_calloc(w->cap_facts, sizeof *w->facts);
    wb_buf_init(&w->strings.json, IR_TEXT_MAX);
    wb_buf_init(&w->builtins.json, IR_TEXT_MAX);
    w->strings.numbers = wv_object_begin(u->a, 64);
    w->builtins.numbers = wv_object_begin(u->a, 16);
    w->asked = wv_object_begin(u->a, 64);
    number_nodes(w, u->root);
    while (w->n_nodes && !w->nodes[w->n_nodes - 1])
        w->n_nodes--;
    ir_find_items(w);
    w->values = wb_calloc(w->n_items + 1, sizeof *w->values);
    find_files(w, wanted);
}

static void clear(ir_writer *w)
{
    wb_buf_free(&w->strings.json);
    wb_buf_free(&w->builtins.json);
    free(w->files);
    free(w->nodes);
    free(w->items);
    free(w->reach);
    free(w->jobs);
    free(w->values);
    free(w->map);
    free(w->undo);
    free(w->facts);
}

wb_status ir_write(wc_unit *u, const wc_plan *plan, const wc_plan_wanted *wanted, wb_buf *out)
{
    ir_writer *w = wb_malloc(sizeof *w);
    wb_buf plans, funcs;
    start(w, u, plan, wanted);
    wb_buf_init(&plans, IR_TEXT_MAX);
    wb_buf_init(&funcs, IR_TEXT_MAX);
    w->out = &plans;
    ir_write_entries(w, wanted);
    if (wanted->query && !w->failed)
        write_query(w, wanted->query_name);
    w->out = &funcs;
    for (uint32_t i = 0; i < w->n_jobs && !w->failed && !funcs.failed; i++)
        write_job(w, w->jobs[i]);
    size_t size = plans.n + funcs.n + w->strings.json.n + w->builtins.json.n;
    if (plans.failed || funcs.failed || w->strings.json.failed || size > IR_TEXT_MAX)
        ir_refuse(w, (wp_loc){0}, "the plan is too large");
    if (!w->failed)
        assemble(w, out, &plans, &funcs);
    wb_status s = !w->failed ? WB_OK : w->missing ? WB_NOT_FOUND : WB_INVALID;
    wb_buf_free(&plans);
    wb_buf_free(&funcs);
    clear(w);
    free(w);
    return s;
}
