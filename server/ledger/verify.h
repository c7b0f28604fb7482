/* The auditor of a ledger's folder. It shares the formats with the writer and nothing else, takes
 * no lock, changes nothing, and may run beside a live writer.
 *
 * It checks every frame and checksum, that each entry is a well-formed object with its index, its
 * tenant and the hash of the one before, that the tree of RFC 6962 over the entries has the root of
 * every checkpoint and of both acknowledgement records, and each checkpoint's signature by one of
 * the given keys. The first thing that is wrong is named by file, byte and entry.
 *
 * Bytes behind the acknowledged length are the end of a write that was never acknowledged: they are
 * counted, and are no fault. */
#ifndef WRIT_SERVER_LEDGER_VERIFY_H
#define WRIT_SERVER_LEDGER_VERIFY_H

#include "base/buf.h"
#include "base/error.h"
#include "server/ledger/merkle.h"

typedef struct verify_options {
    const unsigned char (*keys)[32]; /* Ed25519 public keys that may sign checkpoints */
    size_t key_count;                /* 0: signatures are not checked, and the report says so */
    const char *origin;              /* NULL: whatever the first checkpoint says */
    /* Called for each good entry, in order; may be NULL. */
    void (*entry)(void *arg, uint64_t index, wb_str entry, const merkle_hash *leaf);
    void *arg;
} verify_options;

typedef struct verify_report {
    bool ok;
    uint64_t size;            /* acknowledged entries */
    merkle_hash root;         /* of these */
    uint64_t checked;         /* entries that were read and good */
    bool chain, tree;         /* no fault of that kind was met */
    uint64_t checkpoints;     /* whose root and, with keys, signature are good */
    uint64_t witnessed;       /* of them: with a further signature */
    bool signatures;          /* keys were given */
    uint64_t last_checkpoint; /* entries under the last one */
    uint64_t unacknowledged;  /* bytes behind the acknowledged length */
    /* The first fault; file is empty when there is none. */
    char file[64];
    uint64_t offset; /* byte in the file */
    uint64_t index;  /* entry; UINT64_MAX: the fault belongs to none */
    char what[256];
} verify_report;

/* dir is the data folder. WB_OK when the folder could be read, whatever the report says;
 * WB_NOT_FOUND: no such ledger; WB_IO. */
wb_status verify_ledger(const char *dir, const char *tenant, const verify_options *options,
                        verify_report *out, wb_error *e);
/* {"ok":...,"size":...,"root":"<hex>","checked":...,"chain":"ok","tree":"ok","checkpoints":...,
 *  "witnessed":...}, and "fault":{...} where there is one. */
void verify_report_json(const verify_report *report, wb_buf *to);

#endif
