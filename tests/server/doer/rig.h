/* What the doer's tests share: keys, packets, a gatekeeper that records, folders. */
#ifndef WRIT_TESTS_SERVER_DOER_RIG_H
#define WRIT_TESTS_SERVER_DOER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "server/doer/internal.h"
#include "tests/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RIG_TENANT "acme"
#define RIG_TOKEN  "0123456789abcdef0123456789abcdef"

typedef struct rig_keys {
    jws_key ed, hmac, stranger;
} rig_keys;

static inline void rig_keys_make(rig_keys *k)
{
    *k = (rig_keys){0};
    jws_key *all[] = {&k->ed, &k->hmac, &k->stranger};
    for (size_t i = 0; i < 3; i++) {
        snprintf(all[i]->tenant, sizeof all[i]->tenant, RIG_TENANT);
        snprintf(all[i]->purpose, sizeof all[i]->purpose, "decision");
        snprintf(all[i]->kid, sizeof all[i]->kid, RIG_TENANT "/decision/%zu", i + 1);
        all[i]->alg = i == 1 ? JWS_HS256 : JWS_ED25519;
        all[i]->secret_n = 32;
        wb_random(all[i]->secret, 32);
        jws_ed25519_public(all[i]->secret, all[i]->public_key);
    }
}

/* The claims of a good packet. phase "soft", "hard", "reinstate"; parent NULL: none. */
static inline json_t *rig_claims(const char *jti, const char *phase, const char *parent,
                                 const char *user)
{
    json_int_t now = wb_now_ms() / 1000;
    char leaf[WB_SHA256_TEXT];
    wb_sha256_text("entry", 5, leaf);
    json_t *operations =
        strcmp(phase, "soft") == 0
            ? json_pack("[{s:i,s:s,s:{}},{s:i,s:s,s:{}}]", "n", 1, "op", "directory.deactivate",
                        "args", "n", 2, "op", "scim.revoke_sessions", "args")
        : strcmp(phase, "hard") == 0
            ? json_pack("[{s:i,s:s,s:{}},{s:i,s:s,s:{}}]", "n", 1, "op", "scim.delete", "args", "n",
                        2, "op", "scim.reclaim_licences", "args")
            : json_pack("[{s:i,s:s,s:{}}]", "n", 1, "op", "scim.activate", "args");
    return json_pack("{s:s,s:s,s:s,s:s,s:s?,s:I,s:I,s:I,s:s,s:{s:s,s:s,s:s},s:o,s:{s:s},"
                     "s:{s:s,s:i,s:s},s:{s:i,s:i}}",
                     "iss", "writ:test", "aud", "doer:directory", "tenant", RIG_TENANT, "jti", jti,
                     "parent", parent, "iat", now, "nbf", now, "exp", now + 120, "phase", phase,
                     "subject", "id", user, "target", "directory", "target_ref", user, "operations",
                     operations, "decision", "outcome", "allow", "ledger", "origin", "test",
                     "index", 7, "leaf", leaf, "gen", "grants", 1, "keys", 1);
}

/* Signs claims (taken) with HMAC and Ed25519; the caller frees. */
static inline char *rig_sign(const rig_keys *k, json_t *claims)
{
    char *text = json_dumps(claims, JSON_COMPACT), *out = NULL;
    jws_key both[] = {k->hmac, k->ed};
    size_t n = 0;
    wb_error e;
    if (jws_sign(both, 2, DOER_TYP, wb_str_of(text), &out, &n, &e) != WB_OK)
        fail_msg("%s", e.text);
    json_decref(claims);
    free(text);
    return out;
}

static inline char *rig_packet(const rig_keys *k, const char *jti, const char *phase,
                               const char *parent, const char *user)
{
    return rig_sign(k, rig_claims(jti, phase, parent, user));
}

static inline void rig_folder(char out[64])
{
    snprintf(out, 64, "/tmp/writ-doer-XXXXXX");
    assert_non_null(mkdtemp(out));
}

static inline void rig_remove(const char *folder)
{
    assert_true(folder_remove(folder));
}

static inline void rig_file(const char *folder, const char *name, const char *text, char out[128])
{
    snprintf(out, 128, "%s/%s", folder, name);
    FILE *f = fopen(out, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(out, 0600), 0);
}

/* A doer without threads or server: store in `folder`, the public key known for now. */
static inline doer *rig_doer(const char *folder, const rig_keys *k)
{
    doer *d = calloc(1, sizeof *d);
    wb_error e;
    d->o = (doer_options){.data = folder,
                          .tenant = RIG_TENANT,
                          .target = "directory",
                          .instance = "doer",
                          .gatekeeper = "http://127.0.0.1:1",
                          .directory = "http://127.0.0.1:1",
                          .window_s = 300};
    d->lock_fd = -1;
    snprintf(d->aud, sizeof d->aud, "doer:directory");
    doer_boot_id(d->boot_id);
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->key_lock, NULL);
    pthread_mutex_init(&d->flush_lock, NULL);
    pthread_mutex_init(&d->broker_lock, NULL);
    pthread_cond_init(&d->wake, NULL);
    if (store_open(folder, &d->store, &e) != WB_OK)
        fail_msg("%s", e.text);
    assert_int_equal(store_tenant_ensure(d->store, RIG_TENANT, wb_now_ms(), &e), WB_OK);
    assert_int_equal(doer_keys_open(d, &e), WB_OK);
    d->keys[0] = k->ed;
    d->keys[0].secret_n = 0;
    d->key_count = 1;
    d->keys_at = wb_now_ms();
    return d;
}

static inline void rig_doer_free(doer *d)
{
    store_close(d->store);
    free(d->keys);
    free(d);
}

#endif
