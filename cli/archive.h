/* Bundles to be written: named texts in one gzipped tar. */
#ifndef WRIT_CLI_ARCHIVE_H
#define WRIT_CLI_ARCHIVE_H

#include "base/error.h"
#include "base/str.h"

typedef struct cli_file {
    const char *name; /* as the archive has it: "/data.json" */
    wb_str text;
} cli_file;

/* Writes the files in their order; times, owners and modes are always the same, so equal files make
 * equal archives. The file at `path` is replaced whole or not touched. WB_IO: see error. */
wb_status cli_write_archive(const char *path, const cli_file *files, size_t n, wb_error *error);

#endif
