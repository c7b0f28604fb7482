/* A gatekeeper in a temporary folder, driven through the loopback. */
#ifndef WRIT_TESTS_SERVER_GATEKEEPER_RIG_H
#define WRIT_TESTS_SERVER_GATEKEEPER_RIG_H

#include "base/base64.h"
#include "server/gatekeeper/internal.h"
#include "server/http/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RIG_APPROVERS                                                                              \
    "{\"approvers\":[{\"id\":\"sec:nora.beck\",\"code\":\"correct-horse\",\"groups\":"             \
    "[\"security\"]},{\"id\":\"sec:otto.lang\",\"code\":\"battery-staple\",\"groups\":"            \
    "[\"security\"]},{\"id\":\"hr:ines.falk\",\"code\":\"requester\",\"groups\":[\"security\"]},"  \
    "{\"id\":\"tomas.lind@example.com\",\"code\":\"subject-1\",\"groups\":[\"security\"]},"        \
    "{\"id\":\"ops:uwe\",\"code\":\"operations\",\"groups\":[\"system-owners\"]}]}"

typedef struct rig {
    char dir[64];
    gk *g;
    http_loopback_response r;
    json_t *json; /* of the last answer; NULL when it was none */
    char key[32];
    int n;
} rig;

static inline void rig_quiet(const char *text) {}

static inline void rig_write(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, 0600);
}

static inline void rig_folder(rig *r)
{
    *r = (rig){0};
    snprintf(r->dir, sizeof r->dir, "/tmp/writ-gk-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    rig_write(r->dir, "approvers.json", RIG_APPROVERS);
}

/* policies NULL: those that ship. change (may be NULL) edits the options. */
static inline wb_status rig_open(rig *r, const char *policies, void (*change)(gk_options *o),
                                 wb_error *e)
{
    gk_options o;
    gk_options_init(&o);
    gk_option_set(&o.data, r->dir);
    gk_option_set(&o.policies, policies ? policies : WRIT_SOURCE_DIR "/policies");
    o.note = rig_quiet;
    o.deadline_ms = 30000; /* sanitizers are slow */
    if (change)
        change(&o);
    return gk_open(&o, &r->g, e);
}

static inline void rig_start(rig *r)
{
    wb_error e = {0};
    rig_folder(r);
    if (rig_open(r, NULL, NULL, &e))
        fail_msg("%s", e.text);
}

static inline void rig_drop_answer(rig *r)
{
    http_loopback_clear(&r->r);
    json_decref(r->json);
    r->json = NULL;
}

static inline int rig_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static inline void rig_stop(rig *r)
{
    rig_drop_answer(r);
    gk_close(r->g);
    r->g = NULL;
    nftw(r->dir, rig_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int rig_call(rig *r, const char *method, const char *target,
                           const char *const *headers, const char *body)
{
    rig_drop_answer(r);
    http_loopback_request(r->g->http, method, target, headers, wb_str_of(body), &r->r);
    r->json = json_loadb(r->r.body.p ? r->r.body.p : "", r->r.body.n, 0, NULL);
    return r->r.status;
}

static inline int rig_post(rig *r, const char *target, const char *body)
{
    static const char *const headers[] = {"content-type", "application/json", NULL};
    return rig_call(r, "POST", target, headers, body);
}

static inline int rig_doer(rig *r, const char *target, const char *body)
{
    char bearer[128];
    snprintf(bearer, sizeof bearer, "Bearer %s", r->g->doer_token);
    const char *const headers[] = {"content-type", "application/json", "authorization", bearer,
                                   NULL};
    return rig_call(r, "POST", target, headers, body);
}

static inline int rig_packet_key(rig *r, const char *key, const char *body)
{
    const char *const headers[] = {"content-type", "application/json", "idempotency-key", key,
                                   NULL};
    return rig_call(r, "POST", "/v1/packets", headers, body);
}

/* With a new key each time. */
static inline int rig_packet(rig *r, const char *body)
{
    snprintf(r->key, sizeof r->key, "\"key-%d\"", ++r->n);
    return rig_packet_key(r, r->key, body);
}

static inline char *rig_file(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static inline char *rig_sample(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/policies/samples/packets/%s/packet.json", WRIT_SOURCE_DIR,
             name);
    return rig_file(path);
}

static inline int rig_send_sample(rig *r, const char *name)
{
    char *body = rig_sample(name);
    int status = rig_packet(r, body);
    free(body);
    return status;
}

/* A member of the last answer, by a path of names. The text lives as long as the answer. */
static inline const char *rig_text(rig *r, const char *a, const char *b)
{
    json_t *v = json_object_get(r->json, a);
    const char *text = json_string_value(b ? json_object_get(v, b) : v);
    return text ? text : "";
}

/* Entries of the ledger that have all of these texts. */
static inline int rig_entries(rig *r, const char *type, const char *other)
{
    ledger_head head;
    wb_error e = {0};
    char want[96];
    int count = 0;
    snprintf(want, sizeof want, "\"type\":\"%s\"", type);
    assert_int_equal(ledger_get_head(r->g->ledger, r->g->o.tenant, &head, &e), WB_OK);
    for (uint64_t i = 0; i < head.size; i++) {
        char *entry;
        size_t n;
        assert_int_equal(ledger_get_entry(r->g->ledger, r->g->o.tenant, i, &entry, &n, &e), WB_OK);
        count += strstr(entry, want) && (!other || strstr(entry, other));
        free(entry);
    }
    return count;
}

/* The path of the n-th link that was sent, from 0. */
static inline char *rig_link(rig *r, int n)
{
    char path[128], *out = NULL;
    snprintf(path, sizeof path, "%s/approval-links.ndjson", r->dir);
    char *all = rig_file(path), *line = all;
    while (n-- > 0 && line)
        line = (line = strchr(line, '\n')) ? line + 1 : NULL;
    json_t *j = json_loadb(line ? line : "", line ? strcspn(line, "\n") : 0, 0, NULL);
    const char *link = json_string_value(json_object_get(j, "link"));
    assert_non_null(link);
    out = strdup(strstr(link, "/a/"));
    json_decref(j);
    free(all);
    return out;
}

static inline int rig_review(rig *r, const char *approval, const char *decision, const char *who,
                             const char *code, const char *digest, const char *target)
{
    char path[128], body[2048];
    snprintf(path, sizeof path, "/v1/approvals/%s:review", approval);
    snprintf(body, sizeof body,
             "{\"decision\":\"%s\",\"approver\":\"%s\",\"code\":\"%s\",\"digest\":\"%s\"%s%s%s}",
             decision, who, code, digest, target ? ",\"reentered_target\":\"" : "",
             target ? target : "", target ? "\"" : "");
    return rig_post(r, path, body);
}

#endif
