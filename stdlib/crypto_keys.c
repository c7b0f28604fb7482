/* Keys for signatures: sets of them, and what a signature may be verified with. */
#include "stdlib/crypto_keys.h"

#include "base/error.h"
#include "stdlib/args.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include <stdlib.h>

void ws_keys_clear(ws_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        EVP_PKEY_free(keys->items[i].pkey);
        OPENSSL_clear_free(keys->items[i].bytes, keys->items[i].n);
    }
    free(keys->items);
    *keys = (ws_keys){0};
}

ws_key *ws_keys_add(ws_keys *keys)
{
    if (keys->n == keys->cap) {
        keys->cap = keys->cap ? 2 * keys->cap : 4;
        keys->items = wb_realloc(keys->items, keys->cap * sizeof *keys->items);
    }
    ws_key *k = &keys->items[keys->n++];
    memset(k, 0, sizeof *k);
    k->kind = WS_KEY_OTHER;
    return k;
}

ws_key_kind ws_key_kind_of(const EVP_PKEY *pkey)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA: return WS_KEY_RSA;
    case EVP_PKEY_EC: return WS_KEY_EC;
    case EVP_PKEY_ED25519: return WS_KEY_ED25519;
    default: return WS_KEY_OTHER;
    }
}

/* ---- what a signature is verified with ---- */

static bool add_public(ws_keys *keys, EVP_PKEY *pkey)
{
    if (!pkey)
        return false;
    ws_key *k = ws_keys_add(keys);
    k->kind = ws_key_kind_of(pkey);
    k->pkey = pkey;
    return true;
}

static bool from_jwk(ws_ctx *cx, wb_str text, ws_keys *keys)
{
    if (!ws_keys_jwk(
            cx, "failed to parse a JWK key (set): jwk.ParseString: failed to parse string: ", text,
            keys))
        return false;
    for (size_t i = 0; i < keys->n; i++)
        if (keys->items[i].fault[0]) {
            ws_fail(cx, "jwk.Export: failed to export jwk.Key to raw format: %s",
                    keys->items[i].fault);
            return false;
        }
    return true;
}

bool ws_keys_verifying(ws_ctx *cx, wb_str text, ws_keys *keys)
{
    ws_pem block;
    if (!ws_pem_decode(cx, text, &block))
        return cx->error == WS_ERR_NONE && from_jwk(cx, text, keys);
    const unsigned char *p = (const unsigned char *)block.bytes.p;
    const char *why;
    if (block.rest.n) {
        why = "extra data after a PEM certificate block";
    } else if (wb_str_is(block.type, "CERTIFICATE")) {
        X509 *x = d2i_X509(NULL, &p, (long)block.bytes.n);
        bool whole = x && p == (const unsigned char *)block.bytes.p + block.bytes.n;
        bool ok = whole && add_public(keys, X509_get_pubkey(x));
        X509_free(x);
        if (ok)
            return true;
        why = x && !whole ? "failed to parse a PEM certificate: x509: trailing data"
                          : "failed to parse a PEM certificate: x509: malformed certificate";
    } else if (wb_str_is(block.type, "PUBLIC KEY")) {
        if (add_public(keys, d2i_PUBKEY(NULL, &p, (long)block.bytes.n)))
            return true;
        why = "failed to parse a PEM public key: asn1: structure error: the key is malformed";
    } else {
        why = "failed to extract a Key from the PEM certificate";
    }
    ws_fail(cx, "%s", why);
    return false;
}
