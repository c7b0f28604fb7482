/* What the policy sees: the record of the request, and what only the service knows. */
#include "server/gatekeeper/internal.h"

#include <stdlib.h>

/* A copy of context.NAME, or of nothing. */
static json_t *part(const json_t *record, const char *name, bool array)
{
    json_t *v = json_object_get(json_object_get(record, "context"), name);
    return v ? json_deep_copy(v) : array ? json_array() : json_object();
}

static json_t *subject_of(const json_t *record)
{
    json_t *s = part(record, "subject", false);
    json_object_update(s, json_object_get(record, "subject"));
    return s;
}

json_t *gk_input(gk *g, const json_t *record, const gk_facts *facts)
{
    json_t *packet = json_object(), *requester = part(record, "requester", false),
           *history = part(record, "history", false);
    const char *phase = facts->phase;
    json_t *access = json_object_get(json_object_get(record, "context"), "access");
    json_t *delegation = json_object_get(json_object_get(record, "context"), "delegation");
    json_object_set_new(packet, "id", json_string(facts->packet_id));
    json_object_set(packet, "kind", json_object_get(record, "kind"));
    if (phase)
        json_object_set_new(packet, "phase", json_string(phase));
    if (access)
        json_object_set(packet, "access", access);
    json_object_set(requester, "id", json_object_get(record, "requested_by"));
    if (facts->soft)
        json_object_set(history, "soft", facts->soft);
    json_t *input = json_object();
    json_object_set_new(input, "packet", packet);
    json_object_set_new(input, "subject", subject_of(record));
    json_object_set_new(input, "requester", requester);
    json_object_set_new(input, "hris", part(record, "hris", false));
    json_object_set_new(input, "ownership", part(record, "ownership", false));
    json_object_set_new(input, "history", history);
    json_object_set(input, "flags", json_object_get(record, "flags"));
    json_object_set(input, "confidence", json_object_get(record, "confidence"));
    json_object_set_new(input, "autonomy_level", json_integer(g->o.autonomy_level));
    json_object_set_new(input, "capabilities", part(record, "capabilities", true));
    json_object_set_new(input, "delegation", delegation ? json_incref(delegation) : json_null());
    json_object_set_new(input, "time",
                        json_pack("{s:I, s:s}", "ns", (json_int_t)facts->now_ns, "tz", "UTC"));
    json_object_set_new(input, "limits", json_deep_copy(g->o.limits));
    json_object_set_new(json_object_get(input, "limits"), "window_seconds",
                        json_integer(g->o.window_seconds));
    json_object_set_new(input, "approval",
                        facts->approval ? json_incref(facts->approval) : json_null());
    return input;
}

void gk_facts_digest(gk *g, const json_t *record, char out[WB_SHA256_TEXT])
{
    json_t *all =
        json_pack("{s:s, s:s, s:I, s:I, s:O}", "bundle", gk_policy_bundle(g->policy), "data",
                  gk_policy_data(g->policy), "autonomy", (json_int_t)g->o.autonomy_level, "window",
                  (json_int_t)g->o.window_seconds, "limits", g->o.limits);
    json_object_set_new(all, "record", json_deep_copy(record));
    char *text = json_dumps(all, GK_JSON | JSON_SORT_KEYS);
    wb_sha256_text(text, strlen(text), out);
    free(text);
    json_decref(all);
}
