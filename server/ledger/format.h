/* The ledger's bytes on disk, for its writer and its verifier alike.
 *
 *     DIR/ledger/<tenant>/
 *       <first index, 16 digits>.seg   frames of entries, appended only
 *       acked                          two slots: how far entries were acknowledged
 *       checkpoints.log                frames of checkpoints, all that were ever signed
 *       checkpoint                     the last of them, plain
 *       lock                           empty; its flock marks the one writer
 *
 * A frame is: length (u32, little endian), CRC-32C of the bytes (u32, little endian), bytes.
 * An entry is one JSON object of at most LEDGER_ENTRY_MAX bytes; its `prev` is the SHA-256 of the
 * entry before, of the first one 32 zero bytes.
 * Slot number seq & 1 of `acked` holds record seq: a torn write hits only the older record. */
#ifndef WRIT_SERVER_LEDGER_FORMAT_H
#define WRIT_SERVER_LEDGER_FORMAT_H

#include "server/ledger/merkle.h"

#define LEDGER_ENTRY_MAX 65535 /* tlog-tiles lengths have 16 bits */
#define FORMAT_FRAME     8     /* bytes before a frame's content */
#define FORMAT_SLOT      128
#define FORMAT_ACKED     (2 * FORMAT_SLOT)
#define FORMAT_SEG_NAME  21 /* "0123456789012345.seg" and a NUL */

typedef struct format_ack {
    uint64_t seq;
    uint64_t epoch;     /* of the writer: grows with each opening */
    uint64_t entries;   /* acknowledged */
    uint64_t seg_first; /* first index of the segment that holds the last of them */
    uint64_t seg_bytes; /* its length up to there */
    uint64_t cp_bytes;  /* length of checkpoints.log */
    int64_t time_ns;    /* of the last entry */
    merkle_hash root;   /* of the acknowledged entries */
} format_ack;

void format_ack_put(const format_ack *a, unsigned char to[FORMAT_SLOT]);
bool format_ack_get(const unsigned char from[FORMAT_SLOT], format_ack *a);

void format_frame(wb_str content, unsigned char head[FORMAT_FRAME]);
typedef enum format_fault {
    FORMAT_GOOD,
    FORMAT_END,   /* no byte left */
    FORMAT_SHORT, /* the bytes end inside a frame */
    FORMAT_LONG,  /* the length is over the maximum, or zero */
    FORMAT_CRC
} format_fault;
/* The frame at *at of the bytes; moves *at behind it when it is good. */
format_fault format_next(wb_str bytes, size_t max, size_t *at, wb_str *content);
const char *format_fault_text(format_fault fault);

void format_seg_name(uint64_t first, char out[FORMAT_SEG_NAME]);
bool format_seg_first(const char *name, uint64_t *first);
/* Names of the segments in the folder, in order. WB_IO as a negative status; 0 otherwise. *firsts
 * is the caller's. */
int format_segments(int folder, uint64_t **firsts, size_t *n);
/* The whole file, mapped for reading; empty files give {"", 0}. format_unmap gives it back. */
int format_map(int folder, const char *name, wb_str *out);
void format_unmap(wb_str bytes);
/* Reads "2026-01-02T03:04:05.123456789Z". */
bool format_time(wb_str s, int64_t *ns);

#endif
