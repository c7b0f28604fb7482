/* The development identity provider: people and their codes in DIR/approvers.json, read at start.
 *
 *     {"approvers": [{"id": "sec:nora.beck", "code": "...", "groups": ["security"],
 *                     "active": true}]}
 *
 * It stands where WebAuthn or an identity provider with step-up will stand: a code proves less than
 * a key that never leaves its owner. Codes are compared in constant time, and wrong ones lock their
 * person for a while. */
#include "server/gatekeeper/internal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEOPLE_MAX 1024
#define CODE_MIN   6               /* characters of a code */
#define TRIES      5               /* wrong codes until the lock */
#define LOCK_MS    (5 * 60 * 1000) /* its length */

typedef struct person {
    char id[GK_NAME_BYTES + 1];
    unsigned char code[WB_SHA256_LEN];
    json_t *groups;
    bool active;
    int wrong;
    int64_t locked_until;
} person;

struct gk_approvers {
    pthread_mutex_t lock;
    person *people;
    size_t count;
};

static const char *read_person(const json_t *j, person *p)
{
    const char *key;
    json_t *v, *it = NULL, *groups = json_object_get(j, "groups");
    memcpy(&it, &j, sizeof j);
    json_object_foreach(it, key, v) if (strcmp(key, "id") && strcmp(key, "code") &&
                                        strcmp(key, "groups") &&
                                        strcmp(key, "active")) return "has an unknown member";
    const char *id = json_string_value(json_object_get(j, "id"));
    const char *code = json_string_value(json_object_get(j, "code"));
    if (!id || !*id || strlen(id) > GK_NAME_BYTES)
        return "needs an id";
    if (!code || strlen(code) < CODE_MIN)
        return "needs a code of 6 characters or more";
    if (!json_is_array(groups))
        return "needs a list of groups";
    for (size_t i = 0; i < json_array_size(groups); i++)
        if (!json_is_string(json_array_get(groups, i)))
            return "has a group that is no string";
    v = json_object_get(j, "active");
    if (v && !json_is_boolean(v))
        return "is active or not: true or false";
    snprintf(p->id, sizeof p->id, "%s", id);
    wb_sha256(code, strlen(code), p->code);
    p->groups = json_incref(groups);
    p->active = !v || json_is_true(v);
    return NULL;
}

wb_status gk_approvers_open(const char *dir, gk_approvers **out, wb_error *e)
{
    char path[4096];
    struct stat st;
    json_error_t error;
    gk_approvers *a = wb_calloc(1, sizeof *a);
    pthread_mutex_init(&a->lock, NULL);
    *out = a;
    snprintf(path, sizeof path, "%s/approvers.json", dir);
    if (stat(path, &st))
        return WB_OK;
    if (st.st_mode & 077)
        return wb_fail(e, WB_DENIED, "%s holds codes and is open to others: chmod 600", path);
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    json_t *list = json_object_get(file, "approvers"), *one;
    size_t i;
    wb_status status = WB_OK;
    if (!json_is_array(list) || json_object_size(file) != 1 || json_array_size(list) > PEOPLE_MAX)
        status = wb_fail(e, WB_INVALID, "%s: %s", path,
                         file ? "wants {\"approvers\": [...]}" : error.text);
    a->people = wb_calloc(json_array_size(list) + 1, sizeof *a->people);
    json_array_foreach(list, i, one)
    {
        const char *fault = status ? NULL : read_person(one, &a->people[a->count]);
        if (fault)
            status = wb_fail(e, WB_INVALID, "%s: approver %zu %s", path, i + 1, fault);
        else if (!status)
            a->count++;
    }
    json_decref(file);
    return status;
}

void gk_approvers_close(gk_approvers *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++)
        json_decref(a->people[i].groups);
    OPENSSL_cleanse(a->people, a->count * sizeof *a->people);
    free(a->people);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

size_t gk_approvers_count(const gk_approvers *a)
{
    return a->count;
}

static bool in_group(const person *p, const char *group)
{
    for (size_t i = 0; i < json_array_size(p->groups); i++)
        if (strcmp(json_string_value(json_array_get(p->groups, i)), group) == 0)
            return true;
    return false;
}

static person *find(gk_approvers *a, wb_str id)
{
    for (size_t i = 0; i < a->count; i++)
        if (wb_str_is(id, a->people[i].id))
            return &a->people[i];
    return NULL;
}

gk_who gk_approver_check(gk_approvers *a, wb_str id, wb_str code, const char *group)
{
    unsigned char digest[WB_SHA256_LEN];
    int64_t now = wb_now_ms();
    gk_who who = GK_WHO_OK;
    wb_sha256(code.p, code.n, digest);
    pthread_mutex_lock(&a->lock);
    person *p = find(a, id);
    if (!p) {
        who = GK_WHO_UNKNOWN;
    } else if (now < p->locked_until) {
        who = GK_WHO_LOCKED;
    } else if (CRYPTO_memcmp(digest, p->code, sizeof digest) != 0) {
        who = GK_WHO_UNKNOWN;
        if (++p->wrong >= TRIES) {
            p->wrong = 0;
            p->locked_until = now + LOCK_MS;
        }
    } else {
        p->wrong = 0;
        who = !p->active ? GK_WHO_INACTIVE : in_group(p, group) ? GK_WHO_OK : GK_WHO_GROUP;
    }
    pthread_mutex_unlock(&a->lock);
    return who;
}

bool gk_approver_active(gk_approvers *a, const char *id)
{
    person *p = find(a, wb_str_of(id));
    return p && p->active;
}
