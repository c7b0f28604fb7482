/* Inside of the ledger: one tenant's log. Functions that write run on the ledger's thread (opening
 * and closing: before and after it). `lock` guards what readers of other threads see. */
#ifndef WRIT_SERVER_LEDGER_LOG_H
#define WRIT_SERVER_LEDGER_LOG_H

#include "server/ledger/ledger.h"
#include "server/ledger/note.h"

#include <pthread.h>

/* An entry without what only its place in the log decides. */
typedef struct log_draft {
    char *head; /* from ,"tenant" to the member before "prev" */
    size_t head_n;
    char *tail; /* from ,"body" to the end of "blobs" */
    size_t tail_n;
    uint64_t room; /* bytes of disk set aside */
    ledger_receipt receipt;
} log_draft;

typedef struct log_place {
    uint64_t seg_first;
    uint64_t offset; /* of the frame */
} log_place;

typedef struct ledger_log {
    char tenant[65];
    char *origin;
    ledger_signer signer;
    ledger_options options;
    int folder, lock_fd, seg_fd, ack_fd, cp_fd;

    pthread_mutex_t lock;
    merkle_tree tree;  /* of durable entries */
    log_place *places; /* one an entry */
    size_t places_cap;
    char *checkpoint; /* text of the last one, or NULL */
    uint64_t cp_size;
    int64_t cp_at; /* ms */
    bool poisoned, full;
    char why[256];     /* it was poisoned */
    uint64_t reserved; /* end of the disk room taken in the current segment */
    uint64_t queued;   /* bytes of it promised to drafts */

    /* Only the writer looks at these. */
    format_ack ack;
    uint64_t written; /* bytes of the current segment, unacknowledged but whole ones included */
    uint64_t seg_first;
    unsigned char prev[WB_SHA256_LEN];
    int64_t last_ns;
    uint64_t epoch;
    uint64_t dropped; /* bytes of a torn end that opening cut off */
} ledger_log;

/* data folder, not the log's. Reads and checks the log; does not write ledger.opened. */
wb_status log_open(int data, const char *tenant, const char *origin, ledger_signer signer,
                   const ledger_options *options, ledger_log **out, wb_error *e);
void log_close(ledger_log *g);

/* Sets room aside for n more bytes; WB_UNAVAILABLE. */
wb_status log_reserve(ledger_log *g, uint64_t n, bool last_room, wb_error *e);
void log_unreserve(ledger_log *g, uint64_t n);
/* Writes the drafts as one batch, syncs, fills their receipts. */
void log_write(ledger_log *g, log_draft **drafts, size_t n);
/* Signs the present root unless the last checkpoint has it. */
wb_status log_checkpoint(ledger_log *g, wb_error *e);
/* The plain copy of the last checkpoint; the log of checkpoints is the record. */
wb_status log_plain_checkpoint(ledger_log *g, wb_str text, wb_error *e);
/* Opening a new segment; in log_open.c as well as in the writer. */
wb_status log_new_segment(ledger_log *g, uint64_t first, wb_error *e);
wb_status log_put_ack(ledger_log *g, const format_ack *ack, wb_error *e);
wb_status log_poison(ledger_log *g, wb_error *e, const char *what);
bool log_write_all(int fd, const void *p, size_t n, uint64_t offset);
void log_remember(ledger_log *g, uint64_t offset, const merkle_hash *leaf);

#endif
