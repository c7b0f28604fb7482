#include "cli/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool put_file(struct archive *a, const cli_file *f)
{
    struct archive_entry *e = archive_entry_new();
    if (!e)
        return false;
    archive_entry_set_pathname(e, f->name);
    archive_entry_set_size(e, (la_int64_t)f->text.n);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0600);
    archive_entry_set_mtime(e, 0, 0);
    bool ok = archive_write_header(a, e) == ARCHIVE_OK &&
              archive_write_data(a, f->text.p, f->text.n) == (la_ssize_t)f->text.n;
    archive_entry_free(e);
    return ok;
}

static bool put_all(struct archive *a, FILE *out, const cli_file *files, size_t n)
{
    bool ok = archive_write_set_format_pax_restricted(a) == ARCHIVE_OK &&
              archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
              archive_write_set_filter_option(a, "gzip", "timestamp", NULL) == ARCHIVE_OK &&
              /* A file, not a tape: nothing behind the end. */
              archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
              archive_write_open_FILE(a, out) == ARCHIVE_OK;
    for (size_t i = 0; i < n && ok; i++)
        ok = put_file(a, &files[i]);
    return ok && archive_write_close(a) == ARCHIVE_OK;
}

/* Go's words for what the system says: in lower case. */
static wb_status failed(wb_error *error, const char *verb, const char *path)
{
    char text[200];
    snprintf(text, sizeof text, "%s", strerror(errno));
    if (text[0] >= 'A' && text[0] <= 'Z')
        text[0] = (char)(text[0] + 'a' - 'A');
    return wb_fail(error, WB_IO, "%s %s: %s", verb, path, text);
}

wb_status cli_write_archive(const char *path, const cli_file *files, size_t n, wb_error *error)
{
    size_t room = strlen(path) + 16;
    char *name = wb_malloc(room);
    snprintf(name, room, "%s.XXXXXX", path);
    int fd = mkstemp(name);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!out) {
        wb_status s = failed(error, "open", path);
        if (fd >= 0) {
            close(fd);
            unlink(name);
        }
        free(name);
        return s;
    }
    struct archive *a = archive_write_new();
    bool packed = a && put_all(a, out, files, n);
    wb_status s = WB_OK;
    if (!packed)
        s = wb_fail(error, WB_IO, "write %s: %s", path,
                    a && archive_error_string(a) ? archive_error_string(a) : "no memory");
    archive_write_free(a);
    mode_t mask = umask(0);
    umask(mask);
    bool closed = fchmod(fileno(out), 0666 & ~mask) == 0;
    closed = fclose(out) == 0 && closed;
    if (!s && (!closed || rename(name, path) != 0))
        s = failed(error, "write", path);
    if (s)
        unlink(name);
    free(name);
    return s;
}
