/* Small texts. */
#ifndef WRIT_CLI_TEXT_H
#define WRIT_CLI_TEXT_H

#include "base/buf.h"

#include <stdio.h>

/* Writes what the buffer holds. */
void cli_write(FILE *to, const wb_buf *b);
/* Nanoseconds as Go writes durations: 1.234567ms, 5.0002s, 1m0s. */
void cli_put_duration(wb_buf *b, int64_t ns);
/* Cells a terminal needs for the text. */
size_t cli_text_width(wb_str s);
/* A table in box-drawing characters; cells holds rows * columns texts, the heading first. */
void cli_put_table(wb_buf *b, const wb_str *cells, size_t rows, size_t columns);

#endif
