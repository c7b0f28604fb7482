/* Signatures of JSON Web Signatures (RFC 7518). Internal to stdlib. */
#ifndef WRIT_STDLIB_JWT_SIGN_H
#define WRIT_STDLIB_JWT_SIGN_H

#include "stdlib/crypto_keys.h"

typedef enum ws_jws_family {
    WS_JWS_HMAC,
    WS_JWS_RSA,
    WS_JWS_PSS,
    WS_JWS_EC,
    WS_JWS_EDDSA
} ws_jws_family;

typedef struct ws_jws_alg {
    const char *name; /* "RS256" */
    ws_jws_family family;
    const EVP_MD *(*md)(void); /* NULL: the message itself is signed */
} ws_jws_alg;

/* The algorithm or NULL. */
const ws_jws_alg *ws_jws_find(wb_str name);

/* Whether the key's kind belongs to the algorithm and the signature is right. exact: an elliptic
 * signature must be as long as its curve demands, and a private key stands for its public half. */
bool ws_jws_verify(const ws_jws_alg *alg, const ws_key *key, bool exact, wb_str message,
                   wb_str signature);
/* In constant time. */
bool ws_jws_verify_secret(const ws_jws_alg *alg, wb_str secret, wb_str message, wb_str signature);

/* Signs; `signature` must be freed by the caller. False: the call failed. */
bool ws_jws_sign(ws_ctx *cx, const ws_jws_alg *alg, const ws_key *key, wb_str message,
                 unsigned char **signature, size_t *n);

#endif
