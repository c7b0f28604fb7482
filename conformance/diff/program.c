#include "conformance/diff/program.h"

void df_program_line(wb_buf *b, const df_program *p)
{
    wb_buf_putf(b, "{\"id\":%llu,\"as\":\"%s\",\"modules\":[", (unsigned long long)p->seed,
                p->cases ? "bindings" : "eval");
    for (unsigned i = 0; i < p->n_modules; i++) {
        wb_buf_puts(b, i ? "," : "");
        wb_buf_put_json(b, p->modules[i]);
    }
    wb_buf_puts(b, "],\"queries\":[");
    for (unsigned i = 0; i < p->n_queries; i++) {
        wb_buf_puts(b, i ? "," : "");
        wb_buf_put_json(b, p->queries[i]);
    }
    wb_buf_puts(b, "]");
    if (p->data.n)
        wb_buf_putf(b, ",\"data\":%.*s", WB_FMT(p->data));
    if (p->input.n)
        wb_buf_putf(b, ",\"input\":%.*s", WB_FMT(p->input));
    if (p->schemas.n)
        wb_buf_putf(b, ",\"schemas\":%.*s", WB_FMT(p->schemas));
    if (p->prints)
        wb_buf_puts(b, ",\"prints\":true");
    if (p->v0)
        wb_buf_puts(b, ",\"rego_version\":0");
    if (p->strict_mode)
        wb_buf_puts(b, ",\"strict_mode\":true");
    wb_buf_putf(b, ",\"strict\":%s}\n", p->strict ? "true" : "false");
}

void df_program_show(wb_buf *b, const df_program *p)
{
    for (unsigned i = 0; i < p->n_modules; i++)
        wb_buf_putf(b, "# module %u\n%.*s\n", i, WB_FMT(p->modules[i]));
    for (unsigned i = 0; i < p->n_queries; i++)
        wb_buf_putf(b, "# query\n%.*s\n", WB_FMT(p->queries[i]));
    if (p->data.n)
        wb_buf_putf(b, "# data\n%.*s\n", WB_FMT(p->data));
    if (p->input.n)
        wb_buf_putf(b, "# input\n%.*s\n", WB_FMT(p->input));
    if (p->schemas.n)
        wb_buf_putf(b, "# schemas\n%.*s\n", WB_FMT(p->schemas));
    if (p->prints)
        wb_buf_puts(b, "# print() is compiled\n");
    if (!p->cases)
        wb_buf_puts(b, "# asked as opa eval does\n");
    if (p->strict)
        wb_buf_puts(b, "# errors of built-ins are strict\n");
    if (p->v0)
        wb_buf_puts(b, "# modules are of Rego v0\n");
    if (p->strict_mode)
        wb_buf_puts(b, "# the compiler's strict mode\n");
}

size_t df_program_size(const df_program *p)
{
    size_t n = p->data.n + p->input.n + p->schemas.n + p->strict + p->strict_mode + p->prints;
    for (unsigned i = 0; i < p->n_modules; i++)
        n += p->modules[i].n + 1;
    for (unsigned i = 0; i < p->n_queries; i++)
        n += p->queries[i].n + 1;
    return n;
}
