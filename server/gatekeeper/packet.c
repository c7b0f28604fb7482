/* The payload of a signed packet: built once, signed as these bytes, never serialized again. */
#include "server/gatekeeper/internal.h"

#include "base/base64.h"

#include <stdio.h>
#include <stdlib.h>

/* One row an operation: what kind and phase do at a target, in this order. The doer's catalogue
 * knows the same verbs; what it does not know it refuses. */
static const struct operation {
    const char *kind, *phase, *verb, *inverse;
} OPERATIONS[] = {
    {"offboard", "soft", "deactivate", "activate"},
    {"offboard", "soft", "revoke_sessions", NULL},
    {"offboard", "hard", "reclaim_licences", NULL},
    {"offboard", "hard", "delete", NULL},
    {"offboard", "reinstate", "activate", "deactivate"},
};

json_t *gk_operations(const char *kind, const char *phase, const char *target, const char *jti)
{
    json_t *list = json_array();
    for (size_t i = 0; phase && target && i < sizeof OPERATIONS / sizeof OPERATIONS[0]; i++) {
        const struct operation *o = &OPERATIONS[i];
        char idem[64];
        if (strcmp(o->kind, kind) != 0 || strcmp(o->phase, phase) != 0)
            continue;
        int n = (int)json_array_size(list) + 1;
        snprintf(idem, sizeof idem, "%s/%d", jti, n);
        json_t *op =
            json_pack("{s:i, s:o, s:{}, s:n, s:s}", "n", n, "op",
                      json_sprintf("%s.%s", target, o->verb), "args", "inverse", "idem", idem);
        if (o->inverse)
            json_object_set_new(op, "inverse", json_sprintf("%s.%s", target, o->inverse));
        json_array_append_new(list, op);
    }
    return list;
}

static json_t *or_null(json_t *v)
{
    return v ? json_incref(v) : json_null();
}

static json_t *text_or_null(const char *z)
{
    return z ? json_string(z) : json_null();
}

char *gk_payload(gk *g, const store_packet *row, const json_t *record, const json_t *decision,
                 size_t *n)
{
    unsigned char random[16];
    char nonce[WB_BASE64_LEN(16) + 1];
    int64_t now = wb_now_ms() / 1000, generation = 0;
    const json_t *subject = json_object_get(record, "subject");
    const char *target = json_string_value(json_object_get(subject, "target"));
    const char *outcome = json_string_value(json_object_get(decision, "outcome"));
    const char *jti = json_string_value(json_object_get(decision, "jti"));
    /* Those who read a deny need no plan; those who approve read what will be done. */
    bool plan = strcmp(outcome, "allow") == 0 || strcmp(outcome, "require_hitl") == 0;
    wb_random(random, sizeof random);
    wb_base64url_encode(random, sizeof random, nonce);
    keys_gen(g->keys, row->tenant, &generation, NULL);
    json_t *p = json_object();
    json_object_set_new(p, "iss", json_sprintf("writ:%s", g->o.instance));
    json_object_set_new(p, "aud", json_sprintf("doer:%s", target ? target : "none"));
    json_object_set_new(p, "tenant", json_string(row->tenant));
    json_object_set_new(p, "jti", json_string(jti));
    json_object_set_new(p, "parent", text_or_null(row->parent));
    json_object_set_new(p, "iat", json_integer(now));
    json_object_set_new(p, "nbf", json_integer(now));
    json_object_set_new(p, "exp", json_integer(now + g->o.packet_seconds));
    json_object_set_new(p, "nonce", json_string(nonce));
    json_object_set_new(p, "packet_id", json_string(row->id));
    json_object_set_new(p, "kind", json_string(row->kind));
    json_object_set_new(p, "phase", text_or_null(*row->phase ? row->phase : NULL));
    json_object_set_new(p, "subject",
                        json_pack("{s:o, s:o, s:o}", "id", or_null(json_object_get(subject, "id")),
                                  "target", or_null(json_object_get(subject, "target")),
                                  "target_ref", or_null(json_object_get(subject, "target_ref"))));
    json_object_set_new(p, "requested_by", json_string(row->requested_by));
    json_object_set_new(p, "operations",
                        plan ? gk_operations(row->kind, row->phase, target, jti) : json_array());
    json_t *d = json_object();
    static const char *const told[] = {"id",    "outcome",     "reasons",  "risk",
                                       "flags", "obligations", "approvers"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        json_object_set_new(d, told[i], or_null(json_object_get(decision, told[i])));
    json_object_set_new(p, "decision", d);
    json_object_set_new(p, "approval", or_null(json_object_get(decision, "approval")));
    json_object_set_new(p, "basis", or_null(json_object_get(decision, "basis")));
    json_object_set_new(p, "window_seconds", json_integer(g->o.window_seconds));
    json_object_set_new(p, "ledger",
                        json_pack("{s:s, s:I, s:s}", "origin", g->origin, "index",
                                  (json_int_t)row->ledger_index, "leaf", row->ledger_leaf));
    json_object_set_new(p, "gen",
                        json_pack("{s:i, s:I}", "grants", 0, "keys", (json_int_t)generation));
    char *text = json_dumps(p, GK_JSON);
    json_decref(p);
    *n = strlen(text);
    return text;
}

char *gk_payload_of(const char *jws, size_t *n)
{
    json_t *general = NULL;
    const char *b64 = NULL;
    wb_str encoded = {0};
    if (*jws == '{') {
        general = json_loads(jws, 0, NULL);
        b64 = json_string_value(json_object_get(general, "payload"));
        encoded = wb_str_of(b64);
    } else if ((b64 = strchr(jws, '.'))) {
        encoded = wb_str_n(b64 + 1, strcspn(b64 + 1, "."));
    }
    char *out = b64 ? wb_malloc(WB_BASE64_BYTES(encoded.n) + 1) : NULL;
    if (out && !wb_base64url_decode(encoded, out, n)) {
        free(out);
        out = NULL;
    }
    if (out)
        out[*n] = 0;
    json_decref(general);
    return out;
}

int64_t gk_life_left(const char *jws, int64_t now_ms)
{
    size_t n;
    char *payload = jws ? gk_payload_of(jws, &n) : NULL;
    json_t *claims = payload ? json_loadb(payload, n, 0, NULL) : NULL;
    int64_t exp = json_integer_value(json_object_get(claims, "exp"));
    json_decref(claims);
    free(payload);
    return exp - now_ms / 1000;
}
