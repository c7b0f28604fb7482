/* What is printed of tests. */
#include "base/base64.h"
#include "cli/testing.h"
#include "cli/text.h"

#include <ctype.h>
#include <stdlib.h>

static void put_line(wb_buf *b)
{
    for (int i = 0; i < 80; i++)
        wb_buf_putc(b, '-');
    wb_buf_putc(b, '\n');
}

static void put_result(wb_buf *b, const cli_trial *x)
{
    wb_buf_putf(b, "%.*s.%.*s: ", WB_FMT(x->package), WB_FMT(x->name));
    if (x->skip) {
        wb_buf_puts(b, "SKIPPED");
        return;
    }
    wb_buf_puts(b, x->error ? "ERROR (" : x->fail ? "FAIL (" : "PASS (");
    cli_put_duration(b, x->ns);
    wb_buf_putc(b, ')');
}

static void put_cases(wb_buf *b, const cli_case *c, bool verbose, int depth)
{
    for (; c; c = c->next) {
        if (c->fail || verbose)
            wb_buf_putf(b, "%*s%.*s: %s\n", 2 * depth, "", WB_FMT(c->name),
                        c->fail ? "FAIL" : "PASS");
        put_cases(b, c->first, verbose, depth + 1);
    }
}

/* Printed lines, indented by two. */
static void put_output(wb_buf *b, wb_str s)
{
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    while (s.n && isspace((unsigned char)*s.p)) {
        s.p++;
        s.n--;
    }
    wb_buf_puts(b, "\n  ");
    for (size_t i = 0; i < s.n; i++) {
        wb_buf_putc(b, s.p[i]);
        if (s.p[i] == '\n')
            wb_buf_puts(b, "  ");
    }
    wb_buf_puts(b, "\n\n");
}

static void put_error(wb_buf *b, const cli_trial *x)
{
    wb_buf_puts(b, "  ");
    if (x->error_file.n)
        wb_buf_putf(b, "%.*s:%u: ", WB_FMT(x->error_file), x->error_loc.row);
    wb_buf_putf(b, "%s: %.*s\n", wp_code_text(x->code), WB_FMT(x->message));
    if (x->n_trace) {
        wb_buf_puts(b, "  Traceback:\n");
        cli_print_trace(b, x->trace, x->n_trace, "    ");
    }
}

void cli_report_test(wb_buf *b, const cli_trial *x, bool verbose, wb_str *last_file)
{
    if (cli_test_passed(x) && !verbose)
        return;
    if (last_file->n && !wb_str_eq(*last_file, x->file))
        wb_buf_putc(b, '\n');
    *last_file = x->file;
    wb_buf_putf(b, "%.*s:%u:\n", WB_FMT(x->file), x->loc.row);
    put_result(b, x);
    wb_buf_putc(b, '\n');
    put_cases(b, x->first, verbose, 1);
    if (x->output.n)
        put_output(b, wb_buf_str(&x->output));
    if (x->error)
        put_error(b, x);
}

/* ---- the end ---- */

typedef struct totals {
    size_t pass, fail, skip, error;
} totals;

static void count_cases(totals *n, const cli_case *c)
{
    for (; c; c = c->next) {
        if (c->first)
            count_cases(n, c->first);
        else if (c->fail)
            n->fail++;
        else
            n->pass++;
    }
}

static void count(totals *n, const cli_trial *x)
{
    if (x->skip)
        n->skip++;
    else if (x->error)
        n->error++;
    else if (x->first)
        count_cases(n, x->first);
    else if (x->fail)
        n->fail++;
    else
        n->pass++;
}

/* The failed cases that have none below, each with the names that lead to it. */
static void put_failed_cases(wb_buf *b, const cli_case *c, wb_str *names, int depth)
{
    for (; c && depth < 64; c = c->next) {
        names[depth] = c->name;
        if (c->fail && !c->first)
            for (int i = 0; i <= depth; i++)
                wb_buf_putf(b, "%*s%.*s: FAIL\n", 2 + 2 * i, "", WB_FMT(names[i]));
        put_failed_cases(b, c->first, names, depth + 1);
    }
}

static void put_failures(wb_buf *b, const cli_tests *t)
{
    wb_str names[64];
    put_line(b);
    wb_buf_puts(b, "FAILURES\n");
    put_line(b);
    for (size_t i = 0; i < t->n; i++) {
        const cli_trial *x = &t->items[i];
        if (!x->fail || x->error)
            continue;
        put_result(b, x);
        wb_buf_puts(b, "\n\n");
        if (x->first) {
            wb_buf_putc(b, '\n');
            put_failed_cases(b, x->first, names, 0);
        }
        wb_buf_putc(b, '\n');
    }
}

void cli_report_end(wb_buf *b, const cli_tests *t, bool verbose, bool lines)
{
    totals n = {0};
    for (size_t i = 0; i < t->n; i++)
        count(&n, &t->items[i]);
    if (n.fail && verbose)
        put_failures(b, t);
    if (lines)
        put_line(b);
    size_t all = n.pass + n.fail + n.skip + n.error;
    const struct {
        const char *name;
        size_t n;
    } rows[] = {{"PASS", n.pass}, {"FAIL", n.fail}, {"SKIPPED", n.skip}, {"ERROR", n.error}};
    for (size_t i = 0; i < 4; i++)
        if (rows[i].n)
            wb_buf_putf(b, "%s: %zu/%zu\n", rows[i].name, rows[i].n, all);
}

/* ---- JSON ---- */

static void json_cases(cli_json *j, const cli_case *c)
{
    cli_json_open(j, "sub_results", '{');
    for (; c; c = c->next) {
        char *key = wb_strndup(c->name.p, c->name.n);
        cli_json_open(j, key, '{');
        free(key);
        cli_json_text(j, "name", c->name);
        if (c->fail)
            cli_json_bool(j, "fail", true);
        if (c->first)
            json_cases(j, c->first);
        cli_json_close(j, '}');
    }
    cli_json_close(j, '}');
}

static void json_location(cli_json *j, wb_str file, wp_loc loc)
{
    cli_json_open(j, "location", '{');
    cli_json_text(j, "file", file);
    cli_json_int(j, "row", loc.row);
    cli_json_int(j, "col", loc.col);
    cli_json_close(j, '}');
}

static void json_test(cli_json *j, const cli_trial *x)
{
    cli_json_open(j, NULL, '{');
    json_location(j, x->file, x->loc);
    cli_json_text(j, "package", x->package);
    cli_json_text(j, "name", x->name);
    if (x->fail)
        cli_json_bool(j, "fail", true);
    if (x->error) {
        cli_json_open(j, "error", '{');
        cli_json_text(j, "code", wb_str_of(wp_code_text(x->code)));
        cli_json_text(j, "message", x->message);
        if (x->error_loc.row)
            json_location(j, x->error_file, x->error_loc);
        cli_json_trace(j, x->trace, x->n_trace);
        cli_json_close(j, '}');
    }
    if (x->skip)
        cli_json_bool(j, "skip", true);
    cli_json_int(j, "duration", x->ns);
    if (x->output.n) {
        wb_buf b;
        wb_buf_init(&b, CLI_OUTPUT_MAX);
        wb_buf_put_base64(&b, x->output.p, x->output.n);
        cli_json_text(j, "output", wb_buf_str(&b));
        wb_buf_free(&b);
    }
    if (x->first)
        json_cases(j, x->first);
    cli_json_close(j, '}');
}

void cli_report_json(wb_buf *b, const cli_tests *t)
{
    cli_json j = {.b = b};
    cli_json_open(&j, NULL, '[');
    for (size_t i = 0; i < t->n; i++)
        json_test(&j, &t->items[i]);
    cli_json_close(&j, ']');
    wb_buf_putc(b, '\n');
}
