#include "cli/text.h"

#include "base/error.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void cli_write(FILE *to, const wb_buf *b)
{
    if (b->n)
        fwrite(b->p, 1, b->n, to);
}

/* i units and a fraction of `places` digits, without zeros at its end. */
static void put_fraction(wb_buf *b, uint64_t i, uint64_t rest, unsigned places)
{
    wb_buf_putf(b, "%" PRIu64, i);
    if (!rest)
        return;
    char digits[16];
    snprintf(digits, sizeof digits, "%0*" PRIu64, (int)places, rest);
    size_t n = strlen(digits);
    while (n && digits[n - 1] == '0')
        n--;
    wb_buf_putf(b, ".%.*s", (int)n, digits);
}

void cli_put_duration(wb_buf *b, int64_t ns)
{
    uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        wb_buf_putc(b, '-');
    if (!u) {
        wb_buf_puts(b, "0s");
    } else if (u < 1000) {
        wb_buf_putf(b, "%" PRIu64 "ns", u);
    } else if (u < 1000000) {
        put_fraction(b, u / 1000, u % 1000, 3);
        wb_buf_puts(b, "\u00b5s");
    } else if (u < 1000000000) {
        put_fraction(b, u / 1000000, u % 1000000, 6);
        wb_buf_puts(b, "ms");
    } else {
        uint64_t s = u / 1000000000;
        if (s >= 3600)
            wb_buf_putf(b, "%" PRIu64 "h", s / 3600);
        if (s >= 60)
            wb_buf_putf(b, "%" PRIu64 "m", s / 60 % 60);
        put_fraction(b, s % 60, u % 1000000000, 9);
        wb_buf_putc(b, 's');
    }
}

static size_t width_of(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        uint8_t width;
    } ranges[] = {
        {0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0},   {0x2e80, 0xa4cf, 2},
        {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},
        {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
    };
    if (c < ' ' || c == 0x7f)
        return 0;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].width;
    return 1;
}

size_t cli_text_width(wb_str s)
{
    size_t width = 0, used;
    for (size_t i = 0; i < s.n; i += used)
        width += width_of(wb_utf8_get(s.p + i, s.n - i, &used));
    return width;
}

static void put_times(wb_buf *b, const char *what, size_t n)
{
    while (n--)
        wb_buf_puts(b, what);
}

static void put_rule(wb_buf *b, const size_t *widths, size_t columns, const char *const ends[3])
{
    for (size_t c = 0; c < columns; c++) {
        wb_buf_puts(b, c ? ends[1] : ends[0]);
        put_times(b, "\u2500", widths[c] + 2);
    }
    wb_buf_puts(b, ends[2]);
    wb_buf_putc(b, '\n');
}

void cli_put_table(wb_buf *b, const wb_str *cells, size_t rows, size_t columns)
{
    static const char *const top[] = {"\u250c", "\u252c", "\u2510"};
    static const char *const middle[] = {"\u251c", "\u253c", "\u2524"};
    static const char *const bottom[] = {"\u2514", "\u2534", "\u2518"};
    size_t *widths = wb_calloc(columns + 1, sizeof *widths);
    for (size_t i = 0; i < rows * columns; i++) {
        size_t w = cli_text_width(cells[i]);
        if (w > widths[i % columns])
            widths[i % columns] = w;
    }
    put_rule(b, widths, columns, top);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            wb_str s = cells[r * columns + c];
            size_t gap = widths[c] - cli_text_width(s), left = r ? 0 : gap / 2;
            wb_buf_puts(b, "\u2502 ");
            put_times(b, " ", left);
            wb_buf_put_str(b, s);
            put_times(b, " ", gap - left + 1);
        }
        wb_buf_puts(b, "\u2502\n");
        if (!r)
            put_rule(b, widths, columns, middle);
    }
    put_rule(b, widths, columns, bottom);
    free(widths);
}
