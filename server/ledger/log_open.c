/* Opening a log: reads it all, checks it, drops a torn end that was never acknowledged. */
#include "base/base64.h"
#include "base/ids.h"
#include "server/ledger/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static wb_status open_folder(ledger_log *g, int data, wb_error *e)
{
    if (mkdirat(data, "ledger", 0700) != 0 && errno != EEXIST)
        return wb_fail(e, WB_IO, "ledger folder: %s", strerror(errno));
    int all = openat(data, "ledger", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (all < 0)
        return wb_fail(e, WB_IO, "ledger folder: %s", strerror(errno));
    bool made = mkdirat(all, g->tenant, 0700) == 0;
    bool ok = made || errno == EEXIST;
    if (made)
        ok = fsync(all) == 0 && fsync(data) == 0;
    if (ok)
        g->folder = openat(all, g->tenant, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    close(all);
    if (g->folder < 0)
        return wb_fail(e, WB_IO, "ledger of %s: %s", g->tenant, strerror(error));
    g->lock_fd = openat(g->folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (g->lock_fd < 0)
        return wb_fail(e, WB_IO, "ledger of %s: lock: %s", g->tenant, strerror(errno));
    if (flock(g->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return wb_fail(e, WB_CONFLICT, "another process writes the ledger of %s", g->tenant);
    return WB_OK;
}

static wb_status corrupt(ledger_log *g, wb_error *e, const char *file, uint64_t at,
                         const char *what)
{
    return wb_fail(e, WB_CORRUPT,
                   "ledger of %s is damaged: %s at byte %llu: %s; run `writ ledger verify`",
                   g->tenant, file, (unsigned long long)at, what);
}

/* ---- The acknowledged length ---- */

/* Complete under another name first, so that it is there whole or not at all. */
static wb_status make_ack(ledger_log *g, wb_error *e)
{
    unsigned char bytes[FORMAT_ACKED];
    format_ack first = {.seq = 0}, second = {.seq = 1};
    first.root = second.root = merkle_root(&g->tree, 0);
    format_ack_put(&first, bytes);
    format_ack_put(&second, bytes + FORMAT_SLOT);
    g->ack = second;
    int fd =
        openat(g->folder, "acked.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && log_write_all(fd, bytes, sizeof bytes, 0) && fsync(fd) == 0 &&
              renameat(g->folder, "acked.new", g->folder, "acked") == 0 && fsync(g->folder) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return ok ? WB_OK : wb_fail(e, WB_IO, "ledger of %s: acked: %s", g->tenant, strerror(error));
}

static wb_status read_ack(ledger_log *g, size_t segments, wb_error *e)
{
    unsigned char bytes[FORMAT_ACKED + 1];
    struct stat st;
    format_ack a = {0}, b = {0};
    if (fstatat(g->folder, "acked", &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return wb_fail(e, WB_IO, "ledger of %s: acked: %s", g->tenant, strerror(errno));
        if (segments || fstatat(g->folder, "checkpoints.log", &st, AT_SYMLINK_NOFOLLOW) == 0)
            return corrupt(g, e, "acked", 0, "the file is missing");
        wb_status status = make_ack(g, e);
        if (status)
            return status;
    }
    g->ack_fd = openat(g->folder, "acked", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (g->ack_fd < 0)
        return wb_fail(e, WB_IO, "ledger of %s: acked: %s", g->tenant, strerror(errno));
    if (pread(g->ack_fd, bytes, sizeof bytes, 0) != FORMAT_ACKED)
        return corrupt(g, e, "acked", 0, "it does not have two slots");
    bool has_a = format_ack_get(bytes, &a) && a.seq % 2 == 0;
    bool has_b = format_ack_get(bytes + FORMAT_SLOT, &b) && b.seq % 2 == 1;
    if (!has_a && !has_b)
        return corrupt(g, e, "acked", 0, "neither slot is whole");
    g->ack = has_a && (!has_b || a.seq > b.seq) ? a : b;
    return WB_OK;
}

/* ---- Entries ---- */

/* Whether the entry says that it is this one and comes after `prev`. Its members stand in a fixed
 * order, so bytes are enough; the verifier parses. */
static bool follows(ledger_log *g, wb_str entry)
{
    char start[64], chain[128], hex[65];
    int n = snprintf(start, sizeof start, "{\"v\":1,\"i\":%llu,\"t\":\"",
                     (unsigned long long)g->tree.size);
    wb_hex_encode(g->prev, WB_SHA256_LEN, hex);
    int m = snprintf(chain, sizeof chain, ",\"prev\":\"%s\",\"body\":{", hex);
    return wb_str_has_prefix(entry, wb_str_n(start, (size_t)n)) &&
           memmem(entry.p, entry.n, chain, (size_t)m) && entry.n >= (size_t)n + 30 &&
           format_time((wb_str){entry.p + n, 30}, &g->last_ns);
}

/* Reads one segment; *end is where whole frames end. */
static wb_status scan(ledger_log *g, uint64_t first, bool newest, wb_error *e)
{
    char name[FORMAT_SEG_NAME];
    wb_str bytes, entry;
    size_t at = 0;
    format_fault fault;
    format_seg_name(first, name);
    wb_status status = (wb_status)format_map(g->folder, name, &bytes);
    if (status)
        return wb_fail(e, status, "ledger of %s: %s cannot be read", g->tenant, name);
    g->seg_first = first;
    if (first != g->tree.size)
        status = corrupt(g, e, name, 0, "a segment before it is missing");
    while (!status) {
        size_t start = at;
        uint64_t before = g->tree.size;
        fault = format_next(bytes, LEDGER_ENTRY_MAX, &at, &entry);
        if (fault == FORMAT_END)
            break;
        bool chained = fault == FORMAT_GOOD && follows(g, entry);
        if (!chained) {
            bool promised = before < g->ack.entries;
            if (promised || !newest)
                status = corrupt(g, e, name, start,
                                 fault ? format_fault_text(fault)
                                       : "the entry does not follow the one before");
            else
                g->dropped = bytes.n - start;
            at = start;
            break;
        }
        merkle_hash leaf = merkle_leaf(entry);
        log_remember(g, start, &leaf);
        wb_sha256(entry.p, entry.n, g->prev);
        if (g->tree.size == g->ack.entries && (first != g->ack.seg_first || at != g->ack.seg_bytes))
            status = corrupt(g, e, name, at, "the acknowledged length is another one");
    }
    g->written = at;
    format_unmap(bytes);
    return status;
}

static wb_status scan_all(ledger_log *g, const uint64_t *firsts, size_t n, wb_error *e)
{
    wb_status status = WB_OK;
    for (size_t i = 0; !status && i < n; i++)
        status = scan(g, firsts[i], i + 1 == n, e);
    if (status)
        return status;
    if (g->tree.size < g->ack.entries)
        return corrupt(g, e, "the last segment", g->written, "acknowledged entries are missing");
    merkle_hash root = merkle_root(&g->tree, g->ack.entries);
    if (memcmp(root.b, g->ack.root.b, sizeof root.b) != 0)
        return corrupt(g, e, "acked", 64, "the root of the acknowledged entries is another one");
    if (!n)
        return log_new_segment(g, 0, e);
    char name[FORMAT_SEG_NAME];
    format_seg_name(g->seg_first, name);
    g->seg_fd = openat(g->folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (g->seg_fd < 0)
        return wb_fail(e, WB_IO, "ledger of %s: %s: %s", g->tenant, name, strerror(errno));
    if (g->dropped && (ftruncate(g->seg_fd, (off_t)g->written) != 0 || fsync(g->seg_fd) != 0))
        return wb_fail(e, WB_IO, "ledger of %s: %s: %s", g->tenant, name, strerror(errno));
    g->reserved = g->written;
    return WB_OK;
}

/* ---- Checkpoints ---- */

static wb_status check_checkpoint(ledger_log *g, wb_str text, size_t at, wb_error *e)
{
    note_checkpoint c;
    if (!note_parse(text, &c) || c.size > g->tree.size)
        return corrupt(g, e, "checkpoints.log", at, "a checkpoint of more than there is, or none");
    merkle_hash root = merkle_root(&g->tree, c.size);
    if (memcmp(root.b, c.root.b, sizeof root.b) != 0)
        return corrupt(g, e, "checkpoints.log", at, "the entries do not have this root");
    if (!wb_str_is(c.origin, g->origin))
        return wb_fail(e, WB_INVALID, "the ledger of %s has the origin %.*s, not %s", g->tenant,
                       WB_FMT(c.origin), g->origin);
    free(g->checkpoint);
    g->checkpoint = wb_strndup(text.p, text.n);
    g->cp_size = c.size;
    return WB_OK;
}

static wb_status read_checkpoints(ledger_log *g, wb_error *e)
{
    wb_str bytes, text;
    size_t at = 0, start = 0;
    format_fault fault = FORMAT_END;
    g->cp_fd =
        openat(g->folder, "checkpoints.log", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (g->cp_fd < 0 || fsync(g->folder) != 0)
        return wb_fail(e, WB_IO, "ledger of %s: checkpoints.log: %s", g->tenant, strerror(errno));
    wb_status status = (wb_status)format_map(g->folder, "checkpoints.log", &bytes);
    if (status)
        return wb_fail(e, status, "ledger of %s: checkpoints.log cannot be read", g->tenant);
    while (!status) {
        start = at;
        fault = format_next(bytes, NOTE_MAX, &at, &text);
        if (fault)
            break;
        status = check_checkpoint(g, text, start, e);
    }
    if (!status && start < g->ack.cp_bytes)
        status = corrupt(g, e, "checkpoints.log", start, format_fault_text(fault));
    bool torn = start < bytes.n;
    /* A crash may have come between a checkpoint and its plain copy. */
    if (!status && g->checkpoint)
        status = log_plain_checkpoint(g, wb_str_of(g->checkpoint), e);
    format_unmap(bytes);
    if (!status && torn && ftruncate(g->cp_fd, (off_t)start) != 0)
        status = wb_fail(e, WB_IO, "ledger of %s: checkpoints.log: %s", g->tenant, strerror(errno));
    /* What a crash left whole but uncounted counts from now on. */
    g->ack.cp_bytes = start;
    return status;
}

static wb_status read_log(ledger_log *g, int data, wb_error *e)
{
    uint64_t *firsts = NULL;
    size_t n = 0;
    wb_status status = open_folder(g, data, e);
    if (!status && format_segments(g->folder, &firsts, &n) != 0)
        status = wb_fail(e, WB_IO, "ledger of %s: %s", g->tenant, strerror(errno));
    if (!status)
        status = read_ack(g, n, e);
    if (!status)
        status = scan_all(g, firsts, n, e);
    if (!status)
        status = read_checkpoints(g, e);
    free(firsts);
    if (!status && g->tree.size > 0 && g->ack.time_ns > g->last_ns)
        g->last_ns = g->ack.time_ns;
    g->epoch = g->ack.epoch + 1;
    return status;
}

wb_status log_open(int data, const char *tenant, const char *origin, ledger_signer signer,
                   const ledger_options *options, ledger_log **out, wb_error *e)
{
    ledger_log *g = wb_calloc(1, sizeof *g);
    snprintf(g->tenant, sizeof g->tenant, "%s", tenant);
    g->origin = wb_strdup(origin);
    g->signer = signer;
    g->options = *options;
    g->folder = g->lock_fd = g->seg_fd = g->ack_fd = g->cp_fd = -1;
    pthread_mutex_init(&g->lock, NULL);
    merkle_init(&g->tree);
    wb_status status = read_log(g, data, e);
    if (status) {
        log_close(g);
        g = NULL;
    }
    *out = g;
    return status;
}

void log_close(ledger_log *g)
{
    const int fds[] = {g->seg_fd, g->ack_fd, g->cp_fd, g->folder, g->lock_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    merkle_clear(&g->tree);
    pthread_mutex_destroy(&g->lock);
    free(g->places);
    free(g->checkpoint);
    free(g->origin);
    free(g);
}
