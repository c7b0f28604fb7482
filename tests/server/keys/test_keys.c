#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "server/keys/keys.h"
#include "server/keys/seal.h"
#include "tests/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1800000000000

typedef struct rig {
    char dir[64];
    store *s;
    keys *k;
} rig;

static void rig_init(rig *r)
{
    wb_error e = {0};
    snprintf(r->dir, sizeof r->dir, "/tmp/writ-keys-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    assert_int_equal(store_open(r->dir, &r->s, &e), WB_OK);
    assert_int_equal(keys_open(r->s, r->dir, &r->k, &e), WB_OK);
}

static void rig_clear(rig *r)
{
    keys_close(r->k);
    store_close(r->s);
    assert_true(folder_remove(r->dir));
}

static keys_spec spec(const char *tenant, jws_alg alg)
{
    return (keys_spec){.tenant = tenant, .purpose = "decision", .alg = alg, .now = NOW};
}

static jws_reason verify(rig *r, const char *tenant, wb_str token, int64_t now)
{
    jws_result result;
    keys_verify_jws(r->k, tenant, "decision", "writ-decision+jws", now, token, &result);
    jws_reason reason = result.reason;
    jws_result_clear(&result);
    return reason;
}

static char *sign(rig *r, const char *tenant, const char *payload, size_t *n)
{
    wb_error e = {0};
    char *token = NULL;
    if (keys_sign_jws(r->k, tenant, "decision", "writ-decision+jws", wb_str_of(payload), &token, n,
                      &e))
        fail_msg("%s", e.text);
    return token;
}

static void signs_compact_then_general(void **state)
{
    rig r;
    keys_info info;
    size_t n;
    wb_error e = {0};
    rig_init(&r);
    keys_spec hs = spec("t1", JWS_HS256), ed = spec("t1", JWS_ED25519);
    char *none = NULL;
    assert_int_equal(keys_sign_jws(r.k, "t1", "decision", "x", WB_LIT("{}"), &none, &n, &e),
                     WB_UNAVAILABLE);
    assert_int_equal(keys_create(r.k, &hs, &info, &e), WB_OK);
    assert_string_equal(info.kid, "t1/decision/1");
    assert_int_equal(keys_create(r.k, &hs, &info, &e), WB_EXISTS);
    char *token = sign(&r, "t1", "{\"a\":1}", &n);
    assert_int_not_equal(token[0], '{');
    assert_int_equal(verify(&r, "t1", (wb_str){token, n}, NOW), JWS_OK);
    free(token);
    assert_int_equal(keys_create(r.k, &ed, &info, &e), WB_OK);
    assert_int_equal(store_tenant_require(r.s, "t1", "HS256 Ed25519", &e), WB_OK);
    token = sign(&r, "t1", "{\"a\":1}", &n);
    assert_int_equal(token[0], '{');
    assert_int_equal(verify(&r, "t1", (wb_str){token, n}, NOW), JWS_OK);
    free(token);
    rig_clear(&r);
}

static void every_flipped_bit_of_a_token_is_refused(void **state)
{
    rig r;
    size_t n;
    rig_init(&r);
    keys_spec hs = spec("t1", JWS_HS256), ed = spec("t1", JWS_ED25519);
    for (int both = 0; both < 2; both++) {
        assert_int_equal(keys_create(r.k, both ? &ed : &hs, NULL, NULL), WB_OK);
        char *token = sign(&r, "t1", "{\"a\":[1,2,3]}", &n);
        for (size_t i = 0; i < n; i++) {
            for (int bit = 0; bit < 8; bit++) {
                token[i] ^= (char)(1 << bit);
                if (verify(&r, "t1", (wb_str){token, n}, NOW) == JWS_OK)
                    fail_msg("byte %zu bit %d: %s", i, bit, token);
                token[i] ^= (char)(1 << bit);
            }
            assert_int_not_equal(verify(&r, "t1", (wb_str){token, i}, NOW), JWS_OK);
        }
        char *longer = wb_malloc(n + 1);
        static const char extra[] = " \n.}A=\0";
        for (size_t i = 0; i < sizeof extra; i++) {
            memcpy(longer, token, n);
            longer[n] = extra[i];
            assert_int_not_equal(verify(&r, "t1", (wb_str){longer, n + 1}, NOW), JWS_OK);
        }
        free(longer);
        free(token);
    }
    rig_clear(&r);
}

/* A token signed with `key` whatever its header says. */
static wb_status forge(const jws_key *key, const char *header, const char *payload, wb_buf *out)
{
    unsigned char sig[64];
    size_t n = 0;
    wb_buf_init(out, 1 << 20);
    wb_buf_put_base64url(out, header, strlen(header));
    wb_buf_putc(out, '.');
    wb_buf_put_base64url(out, payload, strlen(payload));
    wb_status status = jws_sign_bytes(key, wb_buf_str(out), sig, &n, NULL);
    wb_buf_putc(out, '.');
    wb_buf_put_base64url(out, sig, n);
    return status;
}

static void hostile_headers_have_their_reasons(void **state)
{
    static const struct {
        const char *header, *payload;
        jws_reason reason;
    } rows[] = {
#define KT "\"kid\":\"t1/decision/1\",\"typ\":\"writ-decision+jws\""
        {"{\"alg\":\"HS256\"," KT "}", "{}", JWS_OK},
        {"{\"typ\":\"writ-decision+jws\",\"kid\":\"t1/decision/1\",\"alg\":\"HS256\"}", "{}",
         JWS_OK},
        {"{\"alg\":\"none\"," KT "}", "{}", JWS_ALG_NONE},
        {"{\"alg\":\"nOnE\"," KT "}", "{}", JWS_ALG_NONE},
        {"{\"alg\":\"HS512\"," KT "}", "{}", JWS_ALG_UNKNOWN},
        {"{\"alg\":\"Ed25519\"," KT "}", "{}", JWS_ALG_MISMATCH},
        {"{\"alg\":\"EdDSA\"," KT "}", "{}", JWS_ALG_MISMATCH},
        {"{" KT "}", "{}", JWS_ALG_MISSING},
        {"{\"alg\":256," KT "}", "{}", JWS_HEADER},
        {"{\"alg\":\"HS256\"," KT ",\"crit\":[\"exp\"]}", "{}", JWS_HEADER_CRIT},
        {"{\"alg\":\"HS256\"," KT ",\"jku\":\"http://x\"}", "{}", JWS_HEADER},
        {"{\"alg\":\"HS256\"," KT ",\"b64\":false}", "{}", JWS_HEADER},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\"," KT "}", "{}", JWS_HEADER},
        {"[]", "{}", JWS_HEADER},
        {"{\"alg\":\"HS256\"," KT "} x", "{}", JWS_HEADER},
        {"{\"alg\":\"HS256\",\"kid\":\"t1/decision/1\"}", "{}", JWS_TYP},
        {"{\"alg\":\"HS256\",\"kid\":\"t1/decision/1\",\"typ\":\"JWT\"}", "{}", JWS_TYP},
        {"{\"alg\":\"HS256\",\"typ\":\"writ-decision+jws\"}", "{}", JWS_KID_MISSING},
        {"{\"alg\":\"HS256\",\"kid\":\"\",\"typ\":\"writ-decision+jws\"}", "{}", JWS_KID_MISSING},
        {"{\"alg\":\"HS256\",\"kid\":\"t1/decision/9\",\"typ\":\"writ-decision+jws\"}", "{}",
         JWS_KID_UNKNOWN},
        {"{\"alg\":\"HS256\",\"kid\":\"t2/decision/1\",\"typ\":\"writ-decision+jws\"}", "{}",
         JWS_KEY_TENANT},
        {"{\"alg\":\"HS256\",\"kid\":\"t1/approval/1\",\"typ\":\"writ-decision+jws\"}", "{}",
         JWS_KEY_PURPOSE},
        {"{\"alg\":\"HS256\"," KT "}", "{\"a\":1,\"a\":2}", JWS_PAYLOAD},
        {"{\"alg\":\"HS256\"," KT "}", "[]", JWS_PAYLOAD},
        {"{\"alg\":\"HS256\"," KT "}", "{} {}", JWS_PAYLOAD},
    };
    rig r;
    jws_key key;
    wb_buf token;
    rig_init(&r);
    keys_spec t1 = spec("t1", JWS_HS256), t2 = spec("t2", JWS_HS256), ap = t1;
    ap.purpose = "approval";
    assert_int_equal(keys_create(r.k, &t1, NULL, NULL), WB_OK);
    assert_int_equal(keys_create(r.k, &t2, NULL, NULL), WB_OK);
    assert_int_equal(keys_create(r.k, &ap, NULL, NULL), WB_OK);
    assert_int_equal(keys_active(r.k, "t1", "decision", JWS_HS256, &key, NULL), WB_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(forge(&key, rows[i].header, rows[i].payload, &token), WB_OK);
        jws_reason reason = verify(&r, "t1", wb_buf_str(&token), NOW);
        if (reason != rows[i].reason)
            fail_msg("%s: %s, wanted %s", rows[i].header, jws_reason_text(reason),
                     jws_reason_text(rows[i].reason));
        wb_buf_free(&token);
    }
    /* The public key as an HMAC secret: the classic swap. */
    keys_spec ed = spec("t1", JWS_ED25519);
    keys_info info;
    assert_int_equal(keys_create(r.k, &ed, &info, NULL), WB_OK);
    jws_key swapped = {.alg = JWS_HS256, .secret_n = 32};
    memcpy(swapped.secret, info.public_key, 32);
    char header[200];
    snprintf(header, sizeof header,
             "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"writ-decision+jws\"}", info.kid);
    assert_int_equal(forge(&swapped, header, "{}", &token), WB_OK);
    assert_int_equal(verify(&r, "t1", wb_buf_str(&token), NOW), JWS_ALG_MISMATCH);
    wb_buf_free(&token);
    static const char *const broken[] = {
        "",     ".",        "..",          "a.b",      "a.b.c.d",
        "{}",   "{",        "e30=.e30.",   "e31.e30.", "{\"payload\":\"\"}",
        "....", "e30.e30.", " e30.e30.e30"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_int_not_equal(verify(&r, "t1", wb_str_of(broken[i]), NOW), JWS_OK);
    char *huge = wb_malloc(JWS_TOKEN_MAX + 1);
    memset(huge, 'A', JWS_TOKEN_MAX + 1);
    assert_int_equal(verify(&r, "t1", (wb_str){huge, JWS_TOKEN_MAX + 1}, NOW), JWS_TOO_LARGE);
    free(huge);
    jws_key_clear(&key);
    rig_clear(&r);
}

static void rotates_and_revokes(void **state)
{
    rig r;
    size_t n, count;
    keys_info info;
    wb_error e = {0};
    int64_t before, after;
    rig_init(&r);
    keys_spec hs = spec("t1", JWS_HS256), any = spec("t1", 0);
    assert_int_equal(keys_create(r.k, &hs, NULL, &e), WB_OK);
    char *old = sign(&r, "t1", "{}", &n);
    assert_int_equal(keys_gen(r.k, "t1", &before, &e), WB_OK);
    assert_int_equal(keys_rotate(r.k, &any, &info, &count, &e), WB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(info.kid, "t1/decision/2");
    assert_int_equal(keys_gen(r.k, "t1", &after, &e), WB_OK);
    assert_true(after > before);
    assert_int_equal(verify(&r, "t1", (wb_str){old, n}, NOW + KEYS_OVERLAP_MS - 1), JWS_OK);
    assert_int_equal(verify(&r, "t1", (wb_str){old, n}, NOW + KEYS_OVERLAP_MS), JWS_KEY_EXPIRED);
    assert_int_equal(keys_revoke(r.k, "t1/decision/1", NULL, "leaked", NOW, &e), WB_OK);
    assert_int_equal(verify(&r, "t1", (wb_str){old, n}, NOW), JWS_KEY_REVOKED);
    assert_int_equal(keys_revoke(r.k, "t1/decision/1", NULL, "again", NOW, &e), WB_CONFLICT);
    assert_int_equal(keys_revoke(r.k, "t1/decision/7", NULL, NULL, NOW, &e), WB_NOT_FOUND);
    store_outbox *rows;
    assert_int_equal(store_outbox_list(r.s, "t1", &rows, &n, &e), WB_OK);
    assert_int_equal(n, 3);
    assert_string_equal(rows[2].type, "key.revoked");
    store_outbox_list_free(rows, n);
    free(old);
    rig_clear(&r);
}

static void imports_or_says_why_not(void **state)
{
    static const struct {
        keys_format format;
        jws_alg alg;
        const char *text;
        wb_status status;
    } rows[] = {
        {KEYS_RAW, JWS_HS256, "0123456789abcdef0123456789abcde", WB_INVALID},
        {KEYS_RAW, JWS_HS256, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", WB_INVALID},
        {KEYS_RAW, 0, "0123456789abcdef0123456789abcdef", WB_INVALID},
        {KEYS_RAW, JWS_HS256, "0123456789abcdef0123456789abcdef", WB_OK},
        {KEYS_RAW, JWS_ED25519, "0123456789abcdef0123456789abcdefX", WB_INVALID},
        {KEYS_BASE64, JWS_HS256, "!!!", WB_INVALID},
        {KEYS_BASE64, JWS_HS256, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", WB_OK},
        {KEYS_HEX, JWS_HS256, "abc", WB_INVALID},
        {KEYS_HEX, JWS_ED25519, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         WB_OK},
        {KEYS_PEM, JWS_ED25519, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
         WB_INVALID},
        {KEYS_JWK, 0, "{\"kty\":\"RSA\"}", WB_INVALID},
        {KEYS_JWK, 0, "{\"kty\":\"oct\",\"k\":\"AA\"}", WB_INVALID},
        {KEYS_JWK, 0, "[", WB_INVALID},
        {KEYS_JWK, 0, "{\"keys\":[]}", WB_INVALID},
        {KEYS_JWK, 0,
         "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
         "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
         WB_OK},
        {KEYS_JWK, 0,
         "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_"
         "9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
         "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
         WB_OK},
        {KEYS_JWK, 0,
         "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_"
         "9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
         "\"x\":\"21qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
         WB_INVALID},
        {KEYS_JWK, 0,
         "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
         "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
         WB_INVALID},
        /* All or none: the second one has no kid. */
        {KEYS_JWK, 0,
         "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"t1/decision/4\",\"x\":"
         "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
         WB_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig r;
        wb_error e = {0};
        keys_info *all;
        size_t n;
        rig_init(&r);
        keys_spec s = spec("t1", rows[i].alg);
        s.purpose = rows[i].format == KEYS_JWK ? NULL : "decision";
        wb_status status =
            keys_import(r.k, &s, rows[i].format, wb_str_of(rows[i].text), NULL, NULL, &e);
        if (status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].text, status, e.text);
        assert_int_equal(keys_list(r.k, "t1", NULL, &all, &n, &e), WB_OK);
        assert_int_equal(n, status == WB_OK);
        free(all);
        keys_spec cp = spec("t1", JWS_ED25519);
        cp.purpose = "checkpoint";
        keys_info info;
        assert_int_equal(keys_ensure(r.k, &cp, &info, &e), WB_OK);
        assert_true(info.can_sign);
        assert_int_equal(keys_list(r.k, "t1", "checkpoint", &all, &n, &e), WB_OK);
        assert_true(n == 1 && all[0].can_sign);
        free(all);
        rig_clear(&r);
    }
}

static void a_public_key_verifies_and_ages(void **state)
{
    rig a, b;
    size_t n;
    char *set;
    wb_error e = {0};
    rig_init(&a);
    rig_init(&b);
    keys_spec ed = spec("t1", JWS_ED25519);
    assert_int_equal(keys_create(a.k, &ed, NULL, &e), WB_OK);
    assert_int_equal(store_tenant_require(a.s, "t1", "Ed25519", &e), WB_OK);
    char *token = sign(&a, "t1", "{}", &n);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(keys_export_jwks(a.k, "t1", NULL, &set, &e), WB_OK);
        assert_null(strstr(set, "\"d\""));
        if (keys_import(b.k, &(keys_spec){.tenant = "t1", .now = NOW}, KEYS_JWK, wb_str_of(set),
                        NULL, NULL, &e))
            fail_msg("%s", e.text);
        free(set);
        assert_int_equal(store_tenant_require(b.s, "t1", "Ed25519", &e), WB_OK);
        assert_int_equal(verify(&b, "t1", (wb_str){token, n}, NOW),
                         round < 2 ? JWS_OK : JWS_KEY_REVOKED);
        if (round == 0)
            assert_int_equal(keys_rotate(a.k, &ed, NULL, NULL, &e), WB_OK);
        else if (round == 1)
            assert_int_equal(keys_revoke(a.k, "t1/decision/1", NULL, NULL, NOW, &e), WB_OK);
    }
    char *none;
    size_t m;
    assert_int_equal(keys_sign_jws(b.k, "t1", "decision", "x", WB_LIT("{}"), &none, &m, &e),
                     WB_UNAVAILABLE);
    free(token);
    rig_clear(&a);
    rig_clear(&b);
}

static void the_master_key_must_be_private_and_present(void **state)
{
    rig r;
    keys *k;
    wb_error e = {0};
    char path[128], other[128];
    rig_init(&r);
    keys_spec hs = spec("t1", JWS_HS256);
    assert_int_equal(keys_create(r.k, &hs, NULL, &e), WB_OK);
    snprintf(path, sizeof path, "%s/master.key", r.dir);
    snprintf(other, sizeof other, "%s/moved", r.dir);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(keys_open(r.s, r.dir, &k, &e), WB_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(keys_open(r.s, r.dir, &k, &e), WB_CORRUPT);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(keys_open(r.s, r.dir, &k, &e), WB_DENIED);
    assert_int_equal(unlink(path), 0);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
    close(fd);
    assert_int_equal(keys_open(r.s, r.dir, &k, &e), WB_OK);
    jws_key key;
    assert_int_equal(keys_active(k, "t1", "decision", JWS_HS256, &key, &e), WB_CRYPTO);
    keys_close(k);
    rig_clear(&r);
}

static void hex(const char *text, unsigned char *to)
{
    assert_true(wb_hex_decode(wb_str_of(text), to));
}

/* NIST's GCM test case 16 (AES-256, 96-bit nonce, associated data). */
static void aes_256_gcm_has_nists_answer(void **state)
{
    unsigned char key[32], nonce[12], plain[60], aad[20], want[60], tag[16], cipher[60], got[16];
    hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
    hex("cafebabefacedbaddecaf888", nonce);
    hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449"
        "a6"
        "b525b16aedf5aa0de657ba637b39",
        plain);
    hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad);
    hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056"
        "82"
        "8838c5f61e6393ba7a0abcc9f662",
        want);
    hex("76fc6ece0f4e1768cddf8853bb2d551b", tag);
    assert_true(keys_gcm_seal(key, nonce, wb_str_n(aad, 20), wb_str_n(plain, 60), cipher, got));
    assert_memory_equal(cipher, want, 60);
    assert_memory_equal(got, tag, 16);
    unsigned char back[60];
    assert_true(keys_gcm_open(key, nonce, wb_str_n(aad, 20), wb_str_n(cipher, 60), tag, back));
    assert_memory_equal(back, plain, 60);
    tag[3] ^= 1;
    assert_false(keys_gcm_open(key, nonce, wb_str_n(aad, 20), wb_str_n(cipher, 60), tag, back));
}

static void a_sealed_key_is_bound_to_its_names(void **state)
{
    unsigned char master[32] = {7}, sealed[KEYS_SEALED_MAX];
    size_t n;
    jws_key key = {.kid = "t1/decision/1",
                   .tenant = "t1",
                   .purpose = "decision",
                   .alg = JWS_HS256,
                   .secret = "secret",
                   .secret_n = 32};
    assert_int_equal(keys_seal(master, &key, sealed, &n, NULL), WB_OK);
    jws_key out = key;
    assert_int_equal(keys_unseal(master, (store_blob){sealed, n}, &out, NULL), WB_OK);
    assert_memory_equal(out.secret, key.secret, 32);
    snprintf(out.kid, sizeof out.kid, "t1/decision/2");
    assert_int_equal(keys_unseal(master, (store_blob){sealed, n}, &out, NULL), WB_CRYPTO);
    out = key;
    for (size_t i = 0; i < n; i++) {
        sealed[i] ^= 1;
        assert_int_equal(keys_unseal(master, (store_blob){sealed, n}, &out, NULL), WB_CRYPTO);
        sealed[i] ^= 1;
    }
}

/* RFC 7515 A.1 and RFC 8037 A.4. */
static void signatures_are_those_of_the_rfcs(void **state)
{
    jws_key hs = {.alg = JWS_HS256}, ed = {.alg = JWS_ED25519};
    unsigned char sig[64];
    char text[128];
    size_t n;
    assert_true(
        wb_base64url_decode(WB_LIT("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN"
                                   "3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
                            hs.secret, &hs.secret_n));
    assert_int_equal(
        jws_sign_bytes(
            &hs,
            WB_LIT("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOj"
                   "EzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"),
            sig, &n, NULL),
        WB_OK);
    wb_base64url_encode(sig, n, text);
    assert_string_equal(text, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_true(wb_base64url_decode(WB_LIT("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
                                    ed.secret, &ed.secret_n));
    assert_int_equal(
        jws_sign_bytes(&ed, WB_LIT("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"), sig,
                       &n, NULL),
        WB_OK);
    wb_base64url_encode(sig, n, text);
    assert_string_equal(text,
                        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
                        "9g7sVvpAr_MuM0KAg");
}

static void boxes_open_under_their_own_name_only(void **state)
{
    char dir[] = "/tmp/writ-box-XXXXXX";
    store *st = NULL;
    keys *k = NULL;
    wb_error e = {0};
    unsigned char box[5 + KEYS_BOX_ROOM], out[sizeof box];
    size_t n = 99;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(store_open(dir, &st, &e), WB_OK);
    assert_int_equal(keys_open(st, dir, &k, &e), WB_OK);
    assert_int_equal(keys_box_seal(k, wb_str_of("a/1"), wb_str_of("hello"), box, &e), WB_OK);
    wb_str whole = wb_str_n(box, sizeof box);
    assert_int_equal(keys_box_open(k, wb_str_of("a/1"), whole, out, &n, &e), WB_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(out, "hello", 5);
    assert_int_equal(keys_box_open(k, wb_str_of("a/2"), whole, out, &n, &e), WB_CRYPTO);
    assert_int_equal(n, 0);
    for (size_t cut = 0; cut < sizeof box; cut++)
        assert_int_equal(keys_box_open(k, wb_str_of("a/1"), wb_str_n(box, cut), out, &n, &e),
                         WB_CRYPTO);
    for (size_t i = 0; i < sizeof box; i++) {
        box[i] ^= 1;
        assert_int_equal(keys_box_open(k, wb_str_of("a/1"), whole, out, &n, &e), WB_CRYPTO);
        box[i] ^= 1;
    }
    keys_close(k);
    store_close(st);
    assert_true(folder_remove(dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_compact_then_general),
        cmocka_unit_test(every_flipped_bit_of_a_token_is_refused),
        cmocka_unit_test(hostile_headers_have_their_reasons),
        cmocka_unit_test(rotates_and_revokes),
        cmocka_unit_test(imports_or_says_why_not),
        cmocka_unit_test(a_public_key_verifies_and_ages),
        cmocka_unit_test(the_master_key_must_be_private_and_present),
        cmocka_unit_test(aes_256_gcm_has_nists_answer),
        cmocka_unit_test(a_sealed_key_is_bound_to_its_names),
        cmocka_unit_test(signatures_are_those_of_the_rfcs),
        cmocka_unit_test(boxes_open_under_their_own_name_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
