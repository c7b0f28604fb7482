#include "cli/json.h"

#include <inttypes.h>

static void line(cli_json *j)
{
    wb_buf_putc(j->b, '\n');
    for (unsigned i = 0; i < j->depth; i++)
        wb_buf_puts(j->b, "  ");
}

static void member(cli_json *j, const char *key)
{
    if (j->some)
        wb_buf_putc(j->b, ',');
    if (j->depth)
        line(j);
    j->some = true;
    if (key) {
        wv_json_put_string(j->b, wb_str_of(key), !j->plain);
        wb_buf_puts(j->b, ": ");
    }
}

void cli_json_open(cli_json *j, const char *key, char bracket)
{
    member(j, key);
    wb_buf_putc(j->b, bracket);
    j->depth++;
    j->some = false;
}

void cli_json_close(cli_json *j, char bracket)
{
    j->depth--;
    if (j->some)
        line(j);
    wb_buf_putc(j->b, bracket);
    j->some = true;
}

void cli_json_value(cli_json *j, const char *key, wv v)
{
    const wv_json_style style = {.indent = 2, .html = !j->plain};
    wb_buf text;
    member(j, key);
    wb_buf_init(&text, j->b->max);
    wb_error why;
    if (wv_json_encode(&text, v, &style, &why))
        j->b->failed = true;
    for (size_t i = 0; i < text.n;) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        size_t n = end ? (size_t)(end - text.p) - i : text.n - i;
        wb_buf_put(j->b, text.p + i, n);
        i += n;
        if (end) {
            line(j);
            i++;
        }
    }
    wb_buf_free(&text);
}

void cli_json_text(cli_json *j, const char *key, wb_str s)
{
    member(j, key);
    wv_json_put_string(j->b, s, !j->plain);
}

void cli_json_int(cli_json *j, const char *key, int64_t i)
{
    member(j, key);
    wb_buf_putf(j->b, "%" PRId64, i);
}

void cli_json_bool(cli_json *j, const char *key, bool on)
{
    member(j, key);
    wb_buf_puts(j->b, on ? "true" : "false");
}
