/* Writing a log: room, batches, checkpoints. */
#include "base/base64.h"
#include "base/crash.h"
#include "base/ids.h"
#include "server/ledger/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool log_write_all(int fd, const void *p, size_t n, uint64_t offset)
{
    const char *q = p;
    while (n) {
        ssize_t k = pwrite(fd, q, n, (off_t)offset);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) {
            errno = k < 0 ? errno : ENOSPC;
            return false;
        }
        q += k;
        n -= (size_t)k;
        offset += (uint64_t)k;
    }
    return true;
}

void log_remember(ledger_log *g, uint64_t offset, const merkle_hash *leaf)
{
    if (g->tree.size == g->places_cap) {
        g->places_cap = g->places_cap ? g->places_cap * 2 : 256;
        g->places = wb_realloc(g->places, g->places_cap * sizeof *g->places);
    }
    g->places[g->tree.size] = (log_place){g->seg_first, offset};
    merkle_append(&g->tree, leaf);
}

/* After this nothing is acknowledged: what is on the disk is not known, and a second fsync that
 * succeeds would prove nothing. */
wb_status log_poison(ledger_log *g, wb_error *e, const char *what)
{
    int error = errno;
    pthread_mutex_lock(&g->lock);
    if (!g->poisoned)
        snprintf(g->why, sizeof g->why, "the ledger of %s has stopped: %s: %s", g->tenant, what,
                 strerror(error));
    g->poisoned = true;
    pthread_mutex_unlock(&g->lock);
    return wb_fail(e, WB_UNAVAILABLE, "%s", g->why);
}

static int sync_file(ledger_log *g, int fd)
{
    return g->options.sync(fd);
}

/* ---- Room ---- */

static wb_status no_room(ledger_log *g, wb_error *e)
{
    g->full = true;
    return wb_fail(e, WB_UNAVAILABLE, "no room on the disk for the ledger of %s", g->tenant);
}

wb_status log_reserve(ledger_log *g, uint64_t n, bool last_room, wb_error *e)
{
    wb_status status = WB_OK;
    uint64_t keep = last_room ? 0 : LEDGER_LAST_ROOM;
    pthread_mutex_lock(&g->lock);
    uint64_t end = g->written + g->queued + n + keep;
    if (g->poisoned) {
        status = wb_fail(e, WB_UNAVAILABLE, "%s", g->why);
    } else if (end > g->reserved) {
        uint64_t want = end + LEDGER_RESERVE;
        int rc = fallocate(g->seg_fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)want);
        if (rc != 0 && errno == ENOSPC) {
            want = end;
            rc = fallocate(g->seg_fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)want);
        }
        /* A file system that cannot reserve says so at the write. */
        if (rc == 0 || errno == EOPNOTSUPP)
            g->reserved = want;
        else
            status = no_room(g, e);
    }
    if (!status) {
        g->queued += n;
        g->full = false;
    }
    pthread_mutex_unlock(&g->lock);
    return status;
}

void log_unreserve(ledger_log *g, uint64_t n)
{
    pthread_mutex_lock(&g->lock);
    g->queued -= n;
    pthread_mutex_unlock(&g->lock);
}

wb_status log_new_segment(ledger_log *g, uint64_t first, wb_error *e)
{
    char name[FORMAT_SEG_NAME];
    format_seg_name(first, name);
    wb_crash_point("ledger.before_roll");
    int fd = openat(g->folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return wb_fail(e, WB_UNAVAILABLE, "ledger of %s: %s: %s", g->tenant, name, strerror(errno));
    if (fsync(fd) != 0 || fsync(g->folder) != 0) {
        close(fd);
        return log_poison(g, e, "sync of a new segment");
    }
    wb_crash_point("ledger.after_roll");
    pthread_mutex_lock(&g->lock);
    if (g->seg_fd >= 0)
        close(g->seg_fd);
    g->seg_fd = fd;
    g->seg_first = first;
    g->written = 0;
    g->reserved = 0;
    pthread_mutex_unlock(&g->lock);
    return WB_OK;
}

/* ---- Acknowledging ---- */

/* Another writer has raised the epoch: this one's lock is worth nothing. */
static wb_status check_fence(ledger_log *g, wb_error *e)
{
    unsigned char bytes[FORMAT_ACKED];
    format_ack a;
    if (pread(g->ack_fd, bytes, sizeof bytes, 0) != sizeof bytes)
        return log_poison(g, e, "reading how far entries are acknowledged");
    for (int i = 0; i < 2; i++) {
        if (format_ack_get(bytes + i * FORMAT_SLOT, &a) &&
            (a.epoch > g->epoch || a.seq > g->ack.seq)) {
            errno = EBUSY;
            return log_poison(g, e, "another writer has taken it over");
        }
    }
    return WB_OK;
}

wb_status log_put_ack(ledger_log *g, const format_ack *ack, wb_error *e)
{
    unsigned char slot[FORMAT_SLOT];
    format_ack_put(ack, slot);
    if (!log_write_all(g->ack_fd, slot, sizeof slot, (ack->seq & 1) * FORMAT_SLOT) ||
        sync_file(g, g->ack_fd) != 0)
        return log_poison(g, e, "recording how far entries are acknowledged");
    g->ack = *ack;
    return WB_OK;
}

/* ---- A batch ---- */

typedef struct batch {
    wb_buf frames;
    unsigned char prev[WB_SHA256_LEN];
    int64_t last_ns;
    uint64_t index;
} batch;

static void put_entry(ledger_log *g, batch *b, log_draft *d)
{
    char time[WB_TIME_TEXT], hex[65];
    unsigned char head[FORMAT_FRAME];
    int64_t now = g->options.now_ns();
    bool back = now < b->last_ns;
    b->last_ns = back ? b->last_ns : now;
    wb_time_text(b->last_ns, time);
    wb_hex_encode(b->prev, sizeof b->prev, hex);
    size_t start = b->frames.n;
    memset(head, 0, sizeof head);
    wb_buf_put(&b->frames, head, sizeof head);
    wb_buf_putf(&b->frames, "{\"v\":1,\"i\":%llu,\"t\":\"%s\"", (unsigned long long)b->index, time);
    wb_buf_put(&b->frames, d->head, d->head_n);
    wb_buf_putf(&b->frames, ",\"prev\":\"%s\"", hex);
    wb_buf_put(&b->frames, d->tail, d->tail_n);
    /* The clock went back: the time is the one of the entry before. */
    wb_buf_puts(&b->frames, back ? ",\"clock\":\"held\"}" : "}");
    wb_str entry = {b->frames.p + start + sizeof head, b->frames.n - start - sizeof head};
    format_frame(entry, head);
    memcpy(b->frames.p + start, head, sizeof head);
    d->receipt =
        (ledger_receipt){.index = b->index++, .leaf = merkle_leaf(entry), .time_ns = b->last_ns};
    memcpy(d->receipt.prev, b->prev, sizeof b->prev);
    wb_sha256(entry.p, entry.n, b->prev);
}

static wb_status write_frames(ledger_log *g, const batch *b, wb_error *e)
{
    wb_crash_point("ledger.before_write");
    /* Half a batch, as a power cut may leave it. */
    size_t half = b->frames.n / 2;
    if (!log_write_all(g->seg_fd, b->frames.p, half, g->written))
        goto failed;
    wb_crash_point("ledger.torn_write");
    if (!log_write_all(g->seg_fd, b->frames.p + half, b->frames.n - half, g->written + half))
        goto failed;
    wb_crash_point("ledger.before_fsync");
    if (sync_file(g, g->seg_fd) != 0)
        return log_poison(g, e, "sync of entries");
    wb_crash_point("ledger.after_fsync");
    return WB_OK;
failed:
    /* A full disk is no damage as long as the end can be cut back to what was whole. */
    if ((errno == ENOSPC || errno == EDQUOT) && ftruncate(g->seg_fd, (off_t)g->written) == 0)
        return no_room(g, e);
    return log_poison(g, e, "writing entries");
}

static wb_status write_batch(ledger_log *g, batch *b, log_draft **drafts, size_t n, wb_error *e)
{
    wb_status status = g->poisoned ? wb_fail(e, WB_UNAVAILABLE, "%s", g->why) : check_fence(g, e);
    if (!status && g->written >= g->options.segment_bytes)
        status = log_new_segment(g, g->tree.size, e);
    for (size_t i = 0; !status && i < n; i++)
        put_entry(g, b, drafts[i]);
    if (!status)
        status = write_frames(g, b, e);
    if (status)
        return status;
    /* The tree grows before the acknowledgement, whose root it gives; readers wait for the lock. */
    pthread_mutex_lock(&g->lock);
    uint64_t offset = g->written;
    for (size_t at = 0, i = 0; i < n; i++) {
        wb_str entry;
        size_t start = at;
        format_next(wb_buf_str(&b->frames), LEDGER_ENTRY_MAX, &at, &entry);
        log_remember(g, offset + start, &drafts[i]->receipt.leaf);
    }
    format_ack ack = {.seq = g->ack.seq + 1,
                      .epoch = g->epoch,
                      .entries = g->tree.size,
                      .seg_first = g->seg_first,
                      .seg_bytes = g->written + b->frames.n,
                      .cp_bytes = g->ack.cp_bytes,
                      .time_ns = b->last_ns,
                      .root = merkle_root(&g->tree, g->tree.size)};
    g->written += b->frames.n;
    g->last_ns = b->last_ns;
    pthread_mutex_unlock(&g->lock);
    memcpy(g->prev, b->prev, sizeof g->prev);
    status = log_put_ack(g, &ack, e);
    if (!status)
        wb_crash_point("ledger.before_ack");
    return status;
}

void log_write(ledger_log *g, log_draft **drafts, size_t n)
{
    wb_error e = {0};
    batch b = {.last_ns = g->last_ns, .index = g->tree.size};
    wb_buf_init(&b.frames, SIZE_MAX / 2);
    memcpy(b.prev, g->prev, sizeof b.prev);
    wb_status status = write_batch(g, &b, drafts, n, &e);
    wb_buf_free(&b.frames);
    for (size_t i = 0; i < n; i++) {
        log_unreserve(g, drafts[i]->room);
        if (status)
            drafts[i]->receipt = (ledger_receipt){.status = status};
    }
    if (status) {
        pthread_mutex_lock(&g->lock);
        if (!g->poisoned)
            snprintf(g->why, sizeof g->why, "%.200s", e.text);
        pthread_mutex_unlock(&g->lock);
    }
}

/* ---- Checkpoints ---- */

wb_status log_plain_checkpoint(ledger_log *g, wb_str text, wb_error *e)
{
    int fd = openat(g->folder, "checkpoint.new",
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && log_write_all(fd, text.p, text.n, 0) && fsync(fd) == 0 &&
              renameat(g->folder, "checkpoint.new", g->folder, "checkpoint") == 0 &&
              fsync(g->folder) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return ok ? WB_OK
              : wb_fail(e, WB_UNAVAILABLE, "checkpoint of %s: %s", g->tenant, strerror(error));
}

static wb_status put_checkpoint(ledger_log *g, wb_str text, wb_error *e)
{
    unsigned char head[FORMAT_FRAME];
    format_ack ack = g->ack;
    format_frame(text, head);
    wb_crash_point("ledger.before_checkpoint");
    if (!log_write_all(g->cp_fd, head, sizeof head, ack.cp_bytes) ||
        !log_write_all(g->cp_fd, text.p, text.n, ack.cp_bytes + sizeof head)) {
        if ((errno == ENOSPC || errno == EDQUOT) && ftruncate(g->cp_fd, (off_t)ack.cp_bytes) == 0)
            return wb_fail(e, WB_UNAVAILABLE, "no room for a checkpoint of %s", g->tenant);
        return log_poison(g, e, "writing a checkpoint");
    }
    if (sync_file(g, g->cp_fd) != 0)
        return log_poison(g, e, "sync of a checkpoint");
    wb_crash_point("ledger.after_checkpoint_fsync");
    ack.seq++;
    ack.epoch = g->epoch;
    ack.cp_bytes += sizeof head + text.n;
    wb_status status = log_put_ack(g, &ack, e);
    if (status)
        return status;
    wb_crash_point("ledger.before_checkpoint_rename");
    status = log_plain_checkpoint(g, text, e);
    wb_crash_point("ledger.after_checkpoint");
    return status;
}

static wb_status sign_checkpoint(ledger_log *g, wb_buf *text, wb_error *e)
{
    unsigned char sig[64], public_key[32];
    merkle_hash root = merkle_root(&g->tree, g->tree.size);
    note_body(text, wb_str_of(g->origin), g->tree.size, &root);
    wb_status status = g->signer.sign(g->signer.arg, wb_buf_str(text), sig, public_key, e);
    if (!status)
        note_signature(text, wb_str_of(g->origin), public_key, sig);
    return status;
}

wb_status log_checkpoint(ledger_log *g, wb_error *e)
{
    wb_buf text;
    if (!g->signer.sign || g->tree.size == 0)
        return WB_OK;
    if (g->checkpoint && g->cp_size == g->tree.size)
        return WB_OK;
    wb_status status = g->poisoned ? wb_fail(e, WB_UNAVAILABLE, "%s", g->why) : check_fence(g, e);
    if (status)
        return status;
    wb_buf_init(&text, NOTE_MAX);
    status = sign_checkpoint(g, &text, e);
    if (!status)
        status = put_checkpoint(g, wb_buf_str(&text), e);
    if (!status) {
        pthread_mutex_lock(&g->lock);
        free(g->checkpoint);
        g->checkpoint = wb_strndup(text.p, text.n);
        g->cp_size = g->tree.size;
        g->cp_at = wb_now_ms();
        pthread_mutex_unlock(&g->lock);
    }
    wb_buf_free(&text);
    return status;
}
