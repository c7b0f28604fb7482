/* Checkpoints: C2SP signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
 *
 *     <origin>\n<size>\n<base64 root>\n
 *     \n
 *     — <origin> <base64(key id ‖ signature)>\n
 *
 * Key id: the first 4 bytes of SHA-256(name ‖ 0A ‖ 01 ‖ public key); 01 is Ed25519. */
#ifndef WRIT_SERVER_LEDGER_NOTE_H
#define WRIT_SERVER_LEDGER_NOTE_H

#include "base/buf.h"
#include "server/ledger/merkle.h"

#define NOTE_MAX        4096 /* bytes of a checkpoint with all its signatures */
#define NOTE_ORIGIN_MAX 200
#define NOTE_ED25519    1 /* the algorithm's byte */

typedef struct note_checkpoint {
    wb_str origin; /* points into the text */
    uint64_t size;
    merkle_hash root;
    wb_str body; /* the signed bytes, the line end before the blank line included */
} note_checkpoint;

void note_key_id(wb_str name, const unsigned char public_key[32], unsigned char id[4]);
/* Origin: 1 to NOTE_ORIGIN_MAX bytes of printable ASCII without blanks and '+'. */
bool note_origin_valid(wb_str origin);

/* The bytes to sign. */
void note_body(wb_buf *to, wb_str origin, uint64_t size, const merkle_hash *root);
/* A signature line for the key's name; also the blank line when the note has none yet. */
void note_signature(wb_buf *to, wb_str name, const unsigned char public_key[32],
                    const unsigned char sig[64]);

/* Reads the text of a checkpoint, strictly: one text only is accepted for one content. */
bool note_parse(wb_str text, note_checkpoint *out);
/* Whether any signature line of `name` with this key's id is a good signature by it. *lines (may be
 * NULL) counts the other signature lines: of witnesses. */
bool note_verify(wb_str text, wb_str name, const unsigned char public_key[32], size_t *lines);
/* "name+hex id+base64(01 ‖ key)": reads a verifier key, as other tools print it. */
bool note_vkey_parse(wb_str text, wb_str *name, unsigned char public_key[32]);
void note_vkey(wb_buf *to, wb_str name, const unsigned char public_key[32]);

#endif
