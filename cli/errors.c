/* Errors of a load and how they are shown. */
#include "cli/load.h"

#include <stdarg.h>

static void add(cli_load *l, const wp_diag *d, wb_str text)
{
    cli_error *e = wb_arena_alloc(&l->arena, sizeof *e);
    *e = (cli_error){.diag = d, .text = text};
    if (l->last)
        l->last->next = e;
    else
        l->first = e;
    l->last = e;
    l->n_errors++;
}

void cli_add_error(cli_load *l, const char *format, ...)
{
    char text[WB_ERROR_TEXT_MAX + 4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    add(l, NULL, wb_arena_str(&l->arena, wb_str_of(text)));
}

void cli_take_diags(cli_load *l)
{
    for (const wp_diag *d = l->diags.first; d; d = d->next)
        add(l, d, (wb_str){0});
    if (l->diags.limit_reached) {
        wp_diag *d = wb_arena_calloc(&l->arena, sizeof *d);
        d->code = WP_COMPILE_ERROR;
        d->message = WB_LIT("error limit reached");
        add(l, d, (wb_str){0});
    }
    wp_diags_init(&l->diags, &l->arena, l->diags.max);
}

static cli_frame frame(wb_arena *a, const wm_error *e, wp_loc loc, wb_str query)
{
    cli_frame f = {.loc = loc};
    wb_str text = query;
    if (loc.file < e->n_files && e->files[loc.file].name.n) {
        f.file = wb_arena_str(a, e->files[loc.file].name);
        text = e->files[loc.file].text;
    }
    if ((size_t)loc.offset + loc.len > text.n)
        return f;
    wb_str source = wb_str_n(text.p + loc.offset, loc.len);
    if (source.n > CLI_FRAME_TEXT) {
        f.text.p = wb_arena_printf(a, "%.*s...", CLI_FRAME_TEXT, source.p);
        f.text.n = CLI_FRAME_TEXT + 3;
    } else {
        f.text = wb_arena_str(a, source);
    }
    return f;
}

const cli_frame *cli_trace(wb_arena *a, const wm_error *e, wb_str query, uint32_t *n)
{
    cli_frame *trace = wb_arena_alloc(a, (e->n_trace + 1) * sizeof *trace);
    *n = 0;
    for (uint32_t i = 0; i < e->n_trace; i++)
        if (e->trace[i].row)
            trace[(*n)++] = frame(a, e, e->trace[i], query);
    /* A query that is a path has no code of its own; it is still what was asked. */
    if (query.n && (!*n || trace[*n - 1].file.n)) {
        wp_loc whole = {.file = UINT32_MAX, .row = 1, .col = 1, .len = (uint32_t)query.n};
        trace[(*n)++] = frame(a, e, whole, query);
    }
    return trace;
}

void cli_print_trace(wb_buf *b, const cli_frame *trace, uint32_t n, const char *indent)
{
    for (uint32_t i = 0; i < n; i++) {
        wb_buf_puts(b, indent);
        if (trace[i].file.n)
            wb_buf_putf(b, "%.*s:%u", WB_FMT(trace[i].file), trace[i].loc.row);
        else
            wb_buf_putf(b, "%u:%u", trace[i].loc.row, trace[i].loc.col);
        wb_buf_putf(b, ": %.*s\n", WB_FMT(trace[i].text));
    }
}

void cli_json_trace(cli_json *j, const cli_frame *trace, uint32_t n)
{
    if (!n)
        return;
    cli_json_open(j, "stack_trace", '[');
    for (uint32_t i = 0; i < n; i++) {
        cli_json_open(j, NULL, '{');
        cli_json_int(j, "query_id", n - 1 - i);
        cli_json_open(j, "location", '{');
        cli_json_text(j, "file", trace[i].file);
        cli_json_int(j, "row", trace[i].loc.row);
        cli_json_int(j, "col", trace[i].loc.col);
        cli_json_close(j, '}');
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

void cli_add_eval_error(cli_load *l, const wm_error *e, wb_str query, bool late)
{
    wp_diag *d = wb_arena_calloc(&l->arena, sizeof *d);
    d->code = e->code;
    d->loc = e->loc;
    d->file = wb_arena_str(&l->arena, e->file);
    d->message = wb_arena_str(&l->arena, e->message);
    if (late && e->code == WP_EVAL_CANCEL_ERROR) {
        d->message = WB_LIT("context deadline exceeded");
        d->file = WB_LIT("");
        d->loc = (wp_loc){0};
    }
    add(l, d, (wb_str){0});
    l->last->trace = cli_trace(&l->arena, e, query, &l->last->n_trace);
    if (!d->file.n && d->loc.row && (size_t)d->loc.offset + d->loc.len <= query.n)
        l->last->source = wb_str_n(query.p + d->loc.offset, d->loc.len);
}

void cli_json_errors(cli_json *j, const cli_load *l)
{
    cli_json_open(j, "errors", '[');
    for (const cli_error *e = l->first; e; e = e->next) {
        const wp_diag *d = e->diag;
        cli_json_open(j, NULL, '{');
        cli_json_text(j, "message", d ? d->message : e->text);
        if (d) {
            bool placed = d->loc.row || d->file.n;
            cli_json_text(j, "code", wb_str_of(wp_code_text(d->code)));
            if (placed) {
                cli_json_open(j, "location", '{');
                cli_json_text(j, "file", d->file);
                cli_json_int(j, "row", d->loc.row);
                cli_json_int(j, "col", d->loc.col);
                cli_json_close(j, '}');
            }
            if (d->code == WP_PARSE_ERROR && d->loc.row && !d->no_line) {
                cli_json_open(j, "details", '{');
                cli_json_text(j, "line", d->line);
                cli_json_int(j, "idx", d->idx);
                cli_json_close(j, '}');
            } else if (d->details != WV_UNDEFINED) {
                cli_json_value(j, "details", d->details);
            }
            cli_json_trace(j, e->trace, e->n_trace);
        }
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

void cli_print_errors(wb_buf *b, const cli_load *l)
{
    const char *when = l->loading ? " during loading" : "";
    if (l->bare)
        ;
    else if (l->n_errors == 1)
        wb_buf_putf(b, "1 error occurred%s: ", when);
    else
        wb_buf_putf(b, "%zu errors occurred%s:\n", l->n_errors, when);
    for (const cli_error *e = l->first; e; e = e->next) {
        if (e->source.n)
            wb_buf_putf(b, "%.*s: %s: %.*s", WB_FMT(e->source), wp_code_text(e->diag->code),
                        WB_FMT(e->diag->message));
        else if (e->diag && !e->diag->loc.row && !e->diag->file.n)
            wb_buf_putf(b, "%s: %.*s", wp_code_text(e->diag->code), WB_FMT(e->diag->message));
        else if (e->diag)
            wp_diag_print(b, e->diag);
        else
            wb_buf_put_str(b, e->text);
        if (!b->n || b->p[b->n - 1] != '\n')
            wb_buf_putc(b, '\n');
        if (e->n_trace) {
            wb_buf_puts(b, "\nTraceback:\n");
            cli_print_trace(b, e->trace, e->n_trace, "  ");
        }
    }
}
