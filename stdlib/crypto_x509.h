/* Certificates, requests and private keys as the objects that OPA answers: the fields of Go's
 * structures under their Go names. Internal to stdlib. */
#ifndef WRIT_STDLIB_CRYPTO_X509_H
#define WRIT_STDLIB_CRYPTO_X509_H

#include "stdlib/context.h"

#include <openssl/x509.h>

/* Sets a member of an object under construction. */
void ws_x509_put(ws_ctx *cx, wv *object, const char *name, wv value);
/* Bytes as base64 text; an object identifier as an array of numbers. */
wv ws_x509_bytes(ws_ctx *cx, const void *p, size_t n);
wv ws_x509_oid(ws_ctx *cx, const ASN1_OBJECT *o);
wv ws_x509_number(ws_ctx *cx, const BIGNUM *n);

/* with_uris: URIStrings are there too. */
wv ws_x509_certificate(ws_ctx *cx, X509 *x, bool with_uris);
wv ws_x509_request(ws_ctx *cx, X509_REQ *r);
wv ws_x509_private_key(ws_ctx *cx, const EVP_PKEY *pkey);
/* The same key as a JWK. */
wv ws_x509_jwk(ws_ctx *cx, const EVP_PKEY *pkey);

#endif
