/* Diagnostics: collecting, ordering and printing them as OPA does. */
#include "parser/diag.h"

#include "value/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *wp_code_text(wp_code code)
{
    static const char *const texts[] = {
#define X(name, text) [WP_##name##_ERROR] = text,
        WP_CODE_MAP(X)
#undef X
    };
    return texts[code];
}

void wp_diags_init(wp_diags *d, wb_arena *a, uint32_t max)
{
    *d = (wp_diags){.arena = a, .max = max};
}

static bool line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The line that a parse error shows: that of the last byte at or before the place that is no blank.
 */
static void find_line(wp_diag *d, wb_str text, size_t offset)
{
    if (!text.n)
        return;
    size_t at = offset < text.n ? offset : text.n - 1;
    while (at > 0 && blank(text.p[at]))
        at--;
    size_t begin = at, end = at;
    while (begin > 0 && !line_end(text.p[begin]))
        begin--;
    if (line_end(text.p[begin]))
        begin++;
    while (end < text.n && !line_end(text.p[end]))
        end++;
    if (begin > end)
        begin = end;
    d->line = wb_str_n(text.p + begin, end - begin);
    d->idx = at >= begin ? (uint32_t)(at - begin) : 0;
}

wp_diag *wp_report(wp_diags *d, wp_code code, const wp_file *file, wp_loc loc, const char *format,
                   ...)
{
    va_list args;
    va_start(args, format);
    char *text;
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        wb_fatal("no memory for a message");
    wp_diag *x = wb_arena_calloc(d->arena, sizeof *x);
    x->code = code;
    x->loc = loc;
    x->message = wb_str_n(wb_arena_dup(d->arena, text, (size_t)n), (size_t)n);
    free(text);
    x->details = WV_UNDEFINED;
    if (file) {
        x->file = file->name;
        if (code == WP_PARSE_ERROR && loc.row)
            find_line(x, file->text, loc.offset);
    }
    if (d->max && d->n >= d->max) {
        d->limit_reached = true;
        return x;
    }
    if (d->last)
        d->last->next = x;
    else
        d->first = x;
    d->last = x;
    d->n++;
    return x;
}

static int compare(const void *a, const void *b)
{
    const wp_diag *x = *(wp_diag *const *)a, *y = *(wp_diag *const *)b;
    int c = wb_str_cmp(x->file, y->file);
    if (c)
        return c;
    if (x->loc.row != y->loc.row)
        return x->loc.row < y->loc.row ? -1 : 1;
    if (x->loc.col != y->loc.col)
        return x->loc.col < y->loc.col ? -1 : 1;
    if (x->code != y->code)
        return strcmp(wp_code_text(x->code), wp_code_text(y->code));
    return wb_str_cmp(x->message, y->message);
}

void wp_diags_own(wp_diags *d)
{
    wb_arena *a = d->arena;
    for (wp_diag *x = d->first; x; x = x->next) {
        x->file = wb_arena_str(a, x->file);
        x->message = wb_arena_str(a, x->message);
        x->line = wb_arena_str(a, x->line);
        if (x->n_lines) {
            wb_str *lines = wb_arena_alloc(a, x->n_lines * sizeof *lines);
            for (uint32_t i = 0; i < x->n_lines; i++)
                lines[i] = wb_arena_str(a, x->lines[i]);
            x->lines = lines;
        }
        if (x->details != WV_UNDEFINED)
            x->details = wv_copy(a, x->details, NULL, NULL);
    }
}

void wp_diags_sort(wp_diags *d)
{
    if (d->n < 2)
        return;
    wp_diag **all = wb_malloc(d->n * sizeof *all);
    uint32_t n = 0;
    for (wp_diag *x = d->first; x; x = x->next)
        all[n++] = x;
    qsort(all, n, sizeof *all, compare);
    for (uint32_t i = 0; i < n; i++)
        all[i]->next = i + 1 < n ? all[i + 1] : NULL;
    d->first = all[0];
    d->last = all[n - 1];
    free(all);
}

/* Details of errors other than parse errors: an array of lines to print, or a value whose "lines"
 * member holds them. */
static void put_details(wb_buf *b, const wp_diag *d)
{
    if (d->code == WP_PARSE_ERROR && d->loc.row && !d->no_line) {
        size_t tabs = 0;
        while (tabs < d->line.n && d->line.p[tabs] == '\t')
            tabs++;
        wb_buf_puts(b, "\n\t");
        wb_buf_put(b, d->line.p + tabs, d->line.n - tabs);
        wb_buf_puts(b, "\n\t");
        for (size_t i = tabs; i < d->idx; i++)
            wb_buf_putc(b, ' ');
        wb_buf_putc(b, '^');
    }
    for (uint32_t i = 0; i < d->n_lines; i++) {
        wb_buf_puts(b, "\n\t");
        wb_buf_put_str(b, d->lines[i]);
    }
}

/* Names and messages may hold a NUL. */
static void put_file(wb_buf *b, wb_str file, unsigned row)
{
    wb_buf_put_str(b, file);
    wb_buf_putf(b, ":%u: ", row);
}

void wp_diag_print(wb_buf *b, const wp_diag *d)
{
    if (d->file.n && d->loc.row)
        put_file(b, d->file, d->loc.row);
    else if (d->file.n)
        put_file(b, d->file, 0);
    else if (d->loc.row)
        wb_buf_putf(b, "%u:%u: ", d->loc.row, d->loc.col);
    wb_buf_putf(b, "%s: ", wp_code_text(d->code));
    wb_buf_put_str(b, d->message);
    put_details(b, d);
}

void wp_diags_print(wb_buf *b, const wp_diags *d, bool loading)
{
    uint32_t n = d->n + d->limit_reached;
    const char *where = loading ? " during loading" : "";
    if (n == 1)
        wb_buf_putf(b, "1 error occurred%s: ", where);
    else
        wb_buf_putf(b, "%u errors occurred%s:\n", n, where);
    for (const wp_diag *x = d->first; x; x = x->next) {
        wp_diag_print(b, x);
        if (x->next || d->limit_reached)
            wb_buf_putc(b, '\n');
    }
    if (d->limit_reached)
        wb_buf_puts(b, "rego_compile_error: error limit reached");
}

static void put(wb_arena *a, wv *object, const char *key, wv value)
{
    wv_object_put(a, object, wv_string_new(a, wb_str_of(key)), value);
}

wv wp_diag_value(wb_arena *a, const wp_diag *d)
{
    wv v = wv_object_begin(a, 4);
    put(a, &v, "message", wv_string_new(a, d->message));
    put(a, &v, "code", wv_string_new(a, wb_str_of(wp_code_text(d->code))));
    if (d->loc.row || d->file.n) {
        wv loc = wv_object_begin(a, 3);
        put(a, &loc, "file", wv_string_new(a, d->file));
        put(a, &loc, "row", wv_small(d->loc.row));
        put(a, &loc, "col", wv_small(d->loc.col));
        put(a, &v, "location", loc);
    }
    if (d->code == WP_PARSE_ERROR && d->loc.row && !d->no_line) {
        wv details = wv_object_begin(a, 2);
        put(a, &details, "line", wv_string_new(a, d->line));
        put(a, &details, "idx", wv_small(d->idx));
        put(a, &v, "details", details);
    } else if (d->details != WV_UNDEFINED) {
        put(a, &v, "details", d->details);
    }
    return v;
}
