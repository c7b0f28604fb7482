/* A ledger in a fresh folder, with a fixed key, for the tests of this folder. */
#ifndef WRIT_TESTS_LEDGER_RIG_H
#define WRIT_TESTS_LEDGER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/keys/jws.h"
#include "server/ledger/ledger.h"
#include "server/ledger/note.h"
#include "server/ledger/verify.h"
#include "tests/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RIG_ORIGIN "test.example/t1"

typedef struct rig {
    char dir[64];
    unsigned char public_key[1][32];
    jws_key key;
} rig;

static wb_status rig_sign(void *arg, wb_str message, unsigned char sig[64],
                          unsigned char public_key[32], wb_error *e)
{
    rig *r = arg;
    size_t n = 0;
    memcpy(public_key, r->public_key[0], 32);
    return jws_sign_bytes(&r->key, message, sig, &n, e);
}

static inline void rig_init(rig *r)
{
    memset(r, 0, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/writ-ledger-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    r->key = (jws_key){.alg = JWS_ED25519, .secret_n = 32, .kid = "t1/checkpoint/1"};
    for (int i = 0; i < 32; i++)
        r->key.secret[i] = (unsigned char)i;
    assert_true(jws_ed25519_public(r->key.secret, r->public_key[0]));
}

static inline void rig_clear(rig *r)
{
    assert_true(folder_remove(r->dir));
}

static inline wb_status rig_open(rig *r, const ledger_options *options, ledger **l, wb_error *e)
{
    wb_status status = ledger_open(r->dir, options, l, e);
    if (!status) {
        status = ledger_attach(*l, "t1", RIG_ORIGIN, (ledger_signer){rig_sign, r}, e);
        if (status) {
            ledger_close(*l);
            *l = NULL;
        }
    }
    return status;
}

static inline wb_status rig_append(ledger *l, int n, ledger_receipt *receipt, wb_error *e)
{
    char body[64];
    snprintf(body, sizeof body, "{\"n\":%d}", n);
    ledger_event event = {.tenant = "t1", .type = LEDGER_DECISION, .body = wb_str_of(body)};
    return ledger_append_wait(l, &event, receipt, e);
}

static inline void rig_verify(rig *r, verify_report *out)
{
    wb_error e = {0};
    verify_options options = {
        .keys = (const unsigned char(*)[32])r->public_key, .key_count = 1, .origin = RIG_ORIGIN};
    assert_int_equal(verify_ledger(r->dir, "t1", &options, out, &e), WB_OK);
}

/* The bytes of a file of the log; free() them. */
static inline char *rig_read(rig *r, const char *name, size_t *n)
{
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s/ledger/t1/%s", r->dir, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    *n = (size_t)st.st_size;
    char *p = wb_malloc(*n);
    assert_int_equal(read(fd, p, *n), *n);
    close(fd);
    return p;
}

static inline void rig_write(rig *r, const char *name, const char *p, size_t n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/ledger/t1/%s", r->dir, name);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

#endif
