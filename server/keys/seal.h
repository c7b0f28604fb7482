/* Inside of keys: sealing, rows, and what the files share. */
#ifndef WRIT_SERVER_KEYS_SEAL_H
#define WRIT_SERVER_KEYS_SEAL_H

#include "server/keys/keys.h"

#define KEYS_MASTER_LEN 32
#define KEYS_NONCE_LEN  12
#define KEYS_TAG_LEN    16
#define KEYS_SEALED_MAX (KEYS_NONCE_LEN + JWS_SECRET_MAX + KEYS_TAG_LEN)

struct keys {
    store *store;
    unsigned char master[KEYS_MASTER_LEN];
};

/* nonce ‖ ciphertext ‖ tag. The associated data binds the blob to its key's names. */
wb_status keys_seal(const unsigned char master[KEYS_MASTER_LEN], const jws_key *key,
                    unsigned char out[KEYS_SEALED_MAX], size_t *n, wb_error *e);
/* Fills key->secret; its names must be set. WB_CRYPTO when the blob or a name was changed. */
wb_status keys_unseal(const unsigned char master[KEYS_MASTER_LEN], store_blob sealed, jws_key *key,
                      wb_error *e);
/* The bare AES-256-GCM, for test vectors. */
bool keys_gcm_seal(const unsigned char key[32], const unsigned char nonce[KEYS_NONCE_LEN],
                   wb_str aad, wb_str plain, unsigned char *cipher, unsigned char *tag);
bool keys_gcm_open(const unsigned char key[32], const unsigned char nonce[KEYS_NONCE_LEN],
                   wb_str aad, wb_str cipher, const unsigned char *tag, unsigned char *plain);

/* Reads DIR/master.key; makes it first when `may_create`. */
wb_status keys_master_load(const char *dir, bool may_create, unsigned char out[KEYS_MASTER_LEN],
                           wb_error *e);

/* Whether the purpose exists and allows the algorithm. */
wb_status keys_check_spec(const keys_spec *spec, jws_alg alg, wb_error *e);
/* Inserts the key with its outbox event, in a transaction that the caller holds. The kid and the
 * names of *key are set by it; number 0 takes the next. */
wb_status keys_add(keys *k, const keys_spec *spec, const char *event, int64_t number, jws_key *key,
                   wb_error *e);
wb_status keys_event(keys *k, const char *type, const keys_info *info, const char *actor,
                     const char *reason, int64_t now, wb_error *e);
/* A stored row as a key without its secret, and as what lists show. WB_CORRUPT. */
wb_status keys_row(const store_key *row, jws_key *out, wb_error *e);
void keys_info_of(const jws_key *key, int64_t created_at, bool can_sign, keys_info *out);

#endif
