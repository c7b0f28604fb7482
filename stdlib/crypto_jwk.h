/* A JWK between its text and OpenSSL: the numbers of one key. Internal to the reading of keys.
 *
 * Octets are malloc'ed and wiped when they are freed; a member that was there but empty has `there`
 * and no bytes. */
#ifndef WRIT_STDLIB_CRYPTO_JWK_H
#define WRIT_STDLIB_CRYPTO_JWK_H

#include "stdlib/crypto_keys.h"

typedef struct ws_octets {
    unsigned char *p;
    size_t n;
    bool there;
} ws_octets;

typedef struct ws_jwk {
    ws_key_kind kind;
    bool is_private;
    wb_str crv; /* as the JWK names it, or empty */
    ws_octets d, e, n, x, y, k, p, q, dp, dq, qi;
} ws_jwk;

/* Bytes of a coordinate of the curve; 0 when it is none for ECDSA. */
size_t ws_jwk_curve_bytes(wb_str crv);
/* Whether x and y, both of the curve's length, are below its prime. */
bool ws_jwk_in_field(const ws_jwk *j);
/* Whether x and y are a point of the curve, both of its length. */
bool ws_jwk_on_curve(const ws_jwk *j);
/* Makes what verifies and signs, and says what the key cannot do. */
void ws_jwk_make(const ws_jwk *j, ws_key *key);

#endif
