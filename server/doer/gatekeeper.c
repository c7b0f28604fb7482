/* Asking the gatekeeper for the hard phase. */
#include "server/doer/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define HARD_CALL_MS   15000
#define HARD_PERIOD_MS 60000 /* within it a repeated question gets the same answer */

/* The gatekeeper's name of the packet: its own member when there is one, else the jti. */
static char *packet_id(const store_job *root)
{
    json_t *claims = doer_claims((wb_str){root->packet.p, root->packet.n});
    const char *id = json_string_value(json_object_get(claims, "packet_id"));
    char *out = wb_strdup(id && wb_name_valid(wb_str_of(id)) ? id : root->jti);
    json_decref(claims);
    return out;
}

/* 403 and 409 that carry a decision are answers; without one they are faults of the wiring. */
static doer_hard judge(doer_answer *a, char **jws, json_t **why)
{
    const json_t *signed_bytes = json_object_get(a->json, "jws");
    if (a->status == 201 && json_is_string(signed_bytes)) {
        *jws = wb_strdup(json_string_value(signed_bytes));
        return DOER_HARD_SIGNED;
    }
    if (a->status == 201 && json_is_object(signed_bytes)) {
        *jws = json_dumps(signed_bytes, JSON_COMPACT);
        return *jws ? DOER_HARD_SIGNED : DOER_HARD_LATER;
    }
    json_t *decision = json_object_get(a->json, "decision");
    if ((a->status == 403 || a->status == 409) && decision) {
        *why = json_incref(decision);
        return DOER_HARD_REFUSED;
    }
    doer_log("the gatekeeper gave no hard packet (status %d)", a->status);
    return DOER_HARD_LATER;
}

doer_hard doer_ask_hard(doer *d, const store_job *root, int64_t done_at_ms, char **jws,
                        json_t **why)
{
    char url[1200], key[WB_NAME_MAX + 64];
    doer_answer answer;
    char *id = packet_id(root);
    snprintf(url, sizeof url, "%s/v1/packets/%s:hard", d->o.gatekeeper, id);
    /* A crash after the answer asks again, and must not make a second packet. */
    snprintf(key, sizeof key, "\"%s-hard-%lld\"", root->jti,
             (long long)(wb_now_ms() / HARD_PERIOD_MS));
    doer_call call = {.method = "POST",
                      .url = url,
                      .token = d->gk_token,
                      .timeout_ms = HARD_CALL_MS,
                      .extra = {"idempotency-key", key},
                      .body = json_pack("{s:s, s:s, s:{s:b, s:I, s:b}}", "jti", root->jti, "tenant",
                                        d->o.tenant, "soft", "done", 1, "done_at_ns",
                                        (json_int_t)(done_at_ms * 1000000), "partial", 0)};
    doer_http(&call, &answer);
    doer_hard hard = judge(&answer, jws, why);
    json_decref(call.body);
    doer_answer_clear(&answer);
    free(id);
    return hard;
}
