/* Digests and message authentication, as hexadecimal text. */
#include "base/base64.h"
#include "base/sha256.h"
#include "stdlib/args.h"
#include "stdlib/families.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static wv hex(ws_ctx *cx, const unsigned char *p, unsigned n)
{
    char text[2 * EVP_MAX_MD_SIZE + 1];
    wb_hex_encode(p, n, text);
    return wv_string_new(cx->out, wb_str_n(text, 2 * (size_t)n));
}

static wv digest(ws_ctx *cx, const wv *args, const EVP_MD *md)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n;
    if (!EVP_Digest(s.p, s.n, out, &n, md, NULL))
        return ws_fail(cx, "digest is not available");
    return hex(cx, out, n);
}

static wv fn_md5(ws_ctx *cx, const wv *args, unsigned n)
{
    return digest(cx, args, EVP_md5());
}

static wv fn_sha1(ws_ctx *cx, const wv *args, unsigned n)
{
    return digest(cx, args, EVP_sha1());
}

static wv fn_sha256(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    unsigned char out[WB_SHA256_LEN];
    wb_sha256(s.p, s.n, out);
    return hex(cx, out, sizeof out);
}

static wv mac(ws_ctx *cx, const wv *args, const EVP_MD *md)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str s = wv_str(&args[0]), key = wv_str(&args[1]);
    WS_SPEND(cx, s.n + key.n);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n;
    if (!HMAC(md, key.n ? key.p : "", (int)key.n, (const unsigned char *)s.p, s.n, out, &n))
        return ws_fail(cx, "digest is not available");
    return hex(cx, out, n);
}

static wv fn_hmac_md5(ws_ctx *cx, const wv *args, unsigned n)
{
    return mac(cx, args, EVP_md5());
}

static wv fn_hmac_sha1(ws_ctx *cx, const wv *args, unsigned n)
{
    return mac(cx, args, EVP_sha1());
}

static wv fn_hmac_sha256(ws_ctx *cx, const wv *args, unsigned n)
{
    return mac(cx, args, EVP_sha256());
}

static wv fn_hmac_sha512(ws_ctx *cx, const wv *args, unsigned n)
{
    return mac(cx, args, EVP_sha512());
}

static wv fn_hmac_equal(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    WS_STRING(cx, args, 1);
    wb_str a = wv_str(&args[0]), b = wv_str(&args[1]);
    WS_SPEND(cx, a.n);
    return wv_bool(a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

#define DIGEST_DECL "(x: string) => (y: string)"
#define MAC_DECL    "(x: string, key: string) => (y: string)"

const ws_builtin ws_crypto[] = {
    WS_ROW("crypto.md5", DIGEST_DECL, NULL, NULL, 0, fn_md5, NULL, NULL, "The MD5 digest of x."),
    WS_ROW("crypto.sha1", DIGEST_DECL, NULL, NULL, 0, fn_sha1, NULL, NULL,
           "The SHA-1 digest of x."),
    WS_ROW("crypto.sha256", DIGEST_DECL, NULL, NULL, 0, fn_sha256, NULL, NULL,
           "The SHA-256 digest of x."),
    WS_ROW("crypto.hmac.md5", MAC_DECL, NULL, NULL, 0, fn_hmac_md5, NULL, NULL,
           "The HMAC of x under key with MD5."),
    WS_ROW("crypto.hmac.sha1", MAC_DECL, NULL, NULL, 0, fn_hmac_sha1, NULL, NULL,
           "The HMAC of x under key with SHA-1."),
    WS_ROW("crypto.hmac.sha256", MAC_DECL, NULL, NULL, 0, fn_hmac_sha256, NULL, NULL,
           "The HMAC of x under key with SHA-256."),
    WS_ROW("crypto.hmac.sha512", MAC_DECL, NULL, NULL, 0, fn_hmac_sha512, NULL, NULL,
           "The HMAC of x under key with SHA-512."),
    WS_ROW("crypto.hmac.equal", "(mac1: string, mac2: string) => (result: boolean)", NULL, NULL, 0,
           fn_hmac_equal, NULL, NULL, "Whether two codes are equal, in time that tells nothing."),
    WS_END,
};
