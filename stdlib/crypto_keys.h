/* Keys as policies write them: PEM blocks, JWK and JWKS. Internal to stdlib.
 *
 * Words. A *block* is one PEM block with its bytes decoded; a *key* is a public, private or
 * symmetric key in OpenSSL's form with the id and algorithm its JWK named.
 *
 * Ownership. Texts and block bytes live in the context's arena. A key set owns its OpenSSL objects:
 * ws_keys_clear frees them and wipes symmetric keys. It is called after every ws_keys_* that filled
 * a set, also when that failed. */
#ifndef WRIT_STDLIB_CRYPTO_KEYS_H
#define WRIT_STDLIB_CRYPTO_KEYS_H

#include "stdlib/context.h"

#include <openssl/evp.h>

/* Keys of one set: more than any issuer publishes; bounds the work of trying them all. */
#define WS_KEYS_MAX 1000

typedef enum ws_key_kind {
    WS_KEY_RSA,
    WS_KEY_EC,
    WS_KEY_ED25519,
    WS_KEY_OCT,
    WS_KEY_OTHER
} ws_key_kind;

#define WS_KEY_FAULT_MAX 104

typedef struct ws_key {
    ws_key_kind kind;
    bool is_private;
    EVP_PKEY *pkey;       /* NULL for WS_KEY_OCT and for what cannot verify */
    unsigned char *bytes; /* WS_KEY_OCT */
    size_t n;
    wv alg, kid; /* strings or undefined */
    /* Why the key cannot be taken out of its JWK at all, and why it cannot sign; or "". */
    char fault[WS_KEY_FAULT_MAX], unsound[WS_KEY_FAULT_MAX];
} ws_key;

typedef struct ws_keys {
    ws_key *items;
    size_t n, cap;
} ws_keys;

void ws_keys_clear(ws_keys *keys);
/* The kind of a key that OpenSSL read. */
ws_key_kind ws_key_kind_of(const EVP_PKEY *pkey);

/* A certificate, a public key, or JWK(S): the keys a signature may be verified with. False: the
 * call failed. */
bool ws_keys_verifying(ws_ctx *cx, wb_str text, ws_keys *keys);
/* A key with nothing in it, behind the set's last. */
ws_key *ws_keys_add(ws_keys *keys);
/* JWK or JWKS; `front` is set before each error's text. False: the call failed. */
bool ws_keys_jwk(ws_ctx *cx, const char *front, wb_str text, ws_keys *keys);

typedef struct ws_pem {
    wb_str type;
    wb_str bytes; /* decoded */
    wb_str rest;  /* what stands behind the block */
} ws_pem;

/* The first block of a text, read as leniently as Go's decoder. False: there is none. */
bool ws_pem_decode(ws_ctx *cx, wb_str text, ws_pem *block);
/* The PEM text of bytes; a string value. */
wv ws_pem_encode(ws_ctx *cx, const char *type, wb_str bytes);

/* Calls another row ("base64.decode") in the name of the one running. On an error the text is
 * prefixed with `front` (may be empty) behind the function's name. */
wv ws_call_row(ws_ctx *cx, const char *row, wv arg, const char *front);
/* Forgets an error of a call that was only a try. */
void ws_forgive(ws_ctx *cx);

#endif
