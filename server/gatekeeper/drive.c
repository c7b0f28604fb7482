/* A packet on its way: decided, entered, signed, and handed on.
 *
 * The decision's wrapper is stored in the row before its entry is appended:
 *   {"id", "jti", "outcome", "reasons", "risk", "flags", "obligations", "approvers", "approval",
 *    "filter", "basis", "facts", "reissue"}
 * Whoever continues after a crash takes the wrapper from the row, and looks in the ledger whether
 * its entries are there, before it makes them: so a decision is made, entered and signed once. */
#include "server/gatekeeper/internal.h"
#include "server/ledger/format.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_BACK_NS   (3600 * (int64_t)1000000000) /* before a packet's own time: clocks jump */
#define CLOCK_DRIFT_NS (30 * (int64_t)1000000000)
#define REASK_MAX      8 /* new questions to humans about one packet, then it is denied */
#define STEPS_MAX      8 /* of one drive: received, evaluated, asked again */

pthread_mutex_t *gk_lock(gk *g, const char *packet_id)
{
    /* The last digits of a UUID of version 7 are random. */
    size_t n = strlen(packet_id), h = 0;
    for (size_t i = n > 8 ? n - 8 : 0; i < n; i++)
        h = h * 31 + (unsigned char)packet_id[i];
    return &g->locks[h % GK_LOCKS];
}

void gk_sibling_id(gk *g, const char *packet_id, char out[WB_UUID_TEXT])
{
    do
        wb_uuid7(out);
    while (gk_lock(g, out) != gk_lock(g, packet_id));
}

json_t *gk_record_of(const store_packet *row)
{
    return json_loadb(row->request.p ? row->request.p : "", row->request.n, 0, NULL);
}

static json_t *wrapper_of(const store_packet *row)
{
    return row->decision ? json_loads(row->decision, 0, NULL) : NULL;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* ---- What the ledger has already ---- */

/* The texts may stand elsewhere in an entry: a doer writes bodies of its own. */
static bool is_entry(const char *entry, size_t n, ledger_type type, const char *id)
{
    json_t *j = json_loadb(entry, n, 0, NULL);
    const char *t = text(j, "type"), *d = text(json_object_get(j, "body"), "decision_id");
    bool is = t && d && strcmp(t, ledger_type_name(type)) == 0 && strcmp(d, id) == 0;
    json_decref(j);
    return is;
}

/* Looks back for an entry of this type whose body names this decision. */
static wb_status find_entry(gk *g, const store_packet *row, ledger_type type, const char *id,
                            ledger_receipt *out, wb_error *e)
{
    ledger_head head;
    char type_text[96], id_text[160];
    snprintf(type_text, sizeof type_text, "\"type\":\"%s\"", ledger_type_name(type));
    snprintf(id_text, sizeof id_text, "\"decision_id\":\"%s\"", id);
    wb_status status = ledger_get_head(g->ledger, row->tenant, &head, e);
    for (uint64_t i = head.size; !status && i-- > 0;) {
        char *entry = NULL;
        size_t n;
        status = ledger_get_entry(g->ledger, row->tenant, i, &entry, &n, e);
        if (status)
            return status;
        bool found =
            strstr(entry, type_text) && strstr(entry, id_text) && is_entry(entry, n, type, id);
        if (found) {
            out->index = i;
            out->leaf = merkle_leaf(wb_str_n(entry, n));
        }
        const char *at = strstr(entry, "\"t\":\"");
        int64_t ns = 0;
        bool older = at && format_time(wb_str_n(at + 5, strcspn(at + 5, "\"")), &ns) &&
                     ns < row->created_at * 1000000 - LOOK_BACK_NS;
        free(entry);
        if (found)
            return WB_OK;
        if (older)
            break;
    }
    return status ? status : WB_NOT_FOUND;
}

static wb_status enter_once(gk *g, const store_packet *row, bool fresh, ledger_type type,
                            const char *id, const json_t *body, ledger_receipt *out, wb_error *e)
{
    wb_status status = fresh ? WB_NOT_FOUND : find_entry(g, row, type, id, out, e);
    if (status != WB_NOT_FOUND)
        return status;
    json_t *actor = json_pack("{s:s}", "id", row->requested_by);
    status = gk_enter(g, type, NULL, actor, body, out, e);
    json_decref(actor);
    return status;
}

/* ---- Deciding ---- */

/* The record's flags, and the clock's: a clock behind the ledger's last entry cannot be trusted. */
static json_t *flags_now(gk *g, const json_t *record, int64_t now_ns)
{
    ledger_head head = {0};
    json_t *flags = json_deep_copy(json_object_get(record, "flags"));
    if (ledger_get_head(g->ledger, g->o.tenant, &head, NULL) ||
        head.time_ns > now_ns + CLOCK_DRIFT_NS)
        json_array_append_new(flags, json_string("clock_suspect"));
    return flags;
}

static json_t *decide(gk *g, const store_packet *row, const json_t *record, const char *id,
                      json_t *approval, char **input_text)
{
    int64_t now_ns = wb_now_ns(), fuel;
    char jti[WB_UUID_TEXT], digest[WB_SHA256_TEXT], facts_digest[WB_SHA256_TEXT];
    gk_facts facts = {.packet_id = row->id,
                      .phase = *row->phase ? row->phase : NULL,
                      .now_ns = now_ns,
                      .soft = json_object_get(record, "soft"),
                      .approval = approval ? approval : json_object_get(record, "approval")};
    json_t *input = gk_input(g, record, &facts), *flags = flags_now(g, record, now_ns);
    json_object_set(input, "flags", flags);
    *input_text = json_dumps(input, GK_JSON | JSON_SORT_KEYS);
    json_decref(input);
    json_t *d = gk_policy_decide(g->policy, wb_str_of(*input_text), now_ns, g->o.fuel,
                                 g->o.deadline_ms, &fuel);
    wb_uuid7(jti);
    wb_sha256_text(*input_text, strlen(*input_text), digest);
    gk_facts_digest(g, record, facts_digest);
    json_object_set_new(d, "id", json_string(id));
    json_object_set_new(d, "jti", json_string(jti));
    json_object_set_new(d, "flags", flags);
    if (json_object_get(record, "filter"))
        json_object_set(d, "filter", json_object_get(record, "filter"));
    json_object_set_new(d, "facts", json_string(facts_digest));
    json_object_set_new(d, "basis",
                        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "bundle",
                                  gk_policy_bundle(g->policy), "data", gk_policy_data(g->policy),
                                  "input", digest, "engine", "writ/" WRIT_VERSION, "clock",
                                  (json_int_t)now_ns, "fuel", (json_int_t)fuel));
    if (facts.approval && json_object_get(facts.approval, "ids"))
        json_object_set_new(d, "approval",
                            json_pack("{s:O, s:O}", "ids", json_object_get(facts.approval, "ids"),
                                      "digest", json_object_get(facts.approval, "digest")));
    if (approval) {
        char reissue[WB_UUID_TEXT];
        gk_sibling_id(g, row->id, reissue);
        json_object_set_new(d, "reissue", json_string(reissue));
    }
    return d;
}

static wb_status keep(gk *g, const store_packet *row, const json_t *d, const char *input,
                      int64_t index, const char *leaf, wb_error *e)
{
    char *decision = json_dumps(d, GK_JSON);
    const char *digest = text(json_object_get(d, "basis"), "input");
    wb_status status = store_packet_decide(g->store, row->tenant, row->id, text(d, "outcome"),
                                           decision, digest, wb_str_of(input), index, leaf, e);
    free(decision);
    return status;
}

static json_t *entry_body(const store_packet *row, const json_t *record, const json_t *d)
{
    json_t *subject = json_object_get(record, "subject");
    json_t *b = json_object();
    json_object_set_new(b, "packet_id", json_string(row->id));
    json_object_set(b, "decision_id", json_object_get(d, "id"));
    json_object_set(b, "jti", json_object_get(d, "jti"));
    json_object_set_new(b, "kind", json_string(row->kind));
    json_object_set_new(b, "phase", *row->phase ? json_string(row->phase) : json_null());
    json_object_set_new(b, "parent", row->parent ? json_string(row->parent) : json_null());
    json_object_set(b, "subject", subject ? subject : json_null());
    json_object_set_new(b, "requested_by", json_string(row->requested_by));
    static const char *const told[] = {"outcome",   "reasons",  "risk",   "flags", "obligations",
                                       "approvers", "approval", "filter", "basis"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (json_object_get(d, told[i]))
            json_object_set(b, told[i], json_object_get(d, told[i]));
    return b;
}

/* Signs if this decision's packet is not signed yet; the row is read again. */
static wb_status sign(gk *g, store_packet *row, const json_t *record, const json_t *d, wb_error *e)
{
    const char *jti = text(d, "jti");
    size_t n, jws_n;
    char *jws = NULL;
    if (row->jws && row->jti && strcmp(row->jti, jti) == 0)
        return WB_OK;
    char *payload = gk_payload(g, row, record, d, &n);
    wb_status status = keys_sign_jws(g->keys, row->tenant, "decision", "writ-decision+jws",
                                     wb_str_n(payload, n), &jws, &jws_n, e);
    free(payload);
    if (!status)
        status = store_packet_sign(g->store, row->tenant, row->id, jti, jws, e);
    free(jws);
    if (status)
        return status;
    char *tenant = wb_strdup(row->tenant), *id = wb_strdup(row->id);
    store_packet_clear(row);
    status = store_packet_get(g->store, tenant, id, row, e);
    free(tenant);
    free(id);
    return status;
}

static wb_status enter_signed(gk *g, const store_packet *row, const json_t *d, bool fresh,
                              ledger_receipt *out, wb_error *e)
{
    char digest[WB_SHA256_TEXT];
    wb_sha256_text(row->jws, strlen(row->jws), digest);
    json_t *body = json_pack("{s:s, s:O, s:s, s:O, s:s, s:I}", "packet_id", row->id, "decision_id",
                             json_object_get(d, "id"), "jti", row->jti, "outcome",
                             json_object_get(d, "outcome"), "jws_sha256", digest, "decision_index",
                             (json_int_t)row->ledger_index);
    wb_status status = enter_once(g, row, fresh, LEDGER_PACKET_SIGNED, text(d, "id"), body, out, e);
    json_decref(body);
    return status;
}

static store_state state_of_outcome(const char *outcome)
{
    return strcmp(outcome, "allow") == 0          ? STORE_SIGNED
           : strcmp(outcome, "require_hitl") == 0 ? STORE_PENDING_HITL
           : strcmp(outcome, "block") == 0        ? STORE_BLOCKED
                                                  : STORE_DENIED;
}

static wb_status go(gk *g, const char *id, store_state from, store_state to, int64_t index,
                    const char *note, wb_error *e)
{
    store_change change = {.now = wb_now_ms(), .ledger_index = index, .note = note, .due_at = -1};
    return store_packet_move(g->store, g->o.tenant, id, from, to, &change, NULL, e);
}

/* A suspected request whose target a human typed again becomes a new packet; this one ends. */
static wb_status reissue(gk *g, const store_packet *row, const json_t *d, json_t *approval,
                         wb_error *e)
{
    char *open_id = NULL;
    const char *new_id = text(d, "reissue");
    json_t *whole = gk_quarantine_get(g, row->id, e), *record = NULL;
    if (!whole)
        return WB_UNAVAILABLE;
    /* The free text stays behind; the fields are taken as they were sent. */
    record = json_pack("{s:O, s:O, s:O, s:[s], s:i}", "kind", json_object_get(whole, "kind"),
                       "requested_by", json_object_get(whole, "requested_by"), "subject",
                       json_object_get(whole, "subject"), "flags", "prompt_injection_cleared",
                       "confidence", 1);
    json_t *context = json_object_get(whole, "context");
    json_object_set_new(record, "context", context ? json_incref(context) : json_object());
    json_object_set(record, "approval", approval);
    json_object_set_new(record, "reissued_from", json_string(row->id));
    json_decref(whole);
    wb_status status = gk_begin(g, new_id, record, NULL, &open_id, e);
    json_decref(record);
    /* An earlier run may have made it; another open packet for the subject makes it needless. */
    if (status == WB_EXISTS)
        status = WB_OK;
    free(open_id);
    if (!status) {
        json_t *body = json_pack("{s:s, s:s}", "packet_id", row->id, "reissued_as", new_id);
        status = gk_move(g, row->id, STORE_PENDING_HITL, STORE_CANCELLED, LEDGER_PACKET_CANCELLED,
                         body, e);
        json_decref(body);
    }
    return status;
}

static bool has(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), word) == 0)
            return true;
    return false;
}

static size_t rounds(gk *g, const char *id)
{
    store_history *rows = NULL;
    size_t n = 0, count = 0;
    if (store_packet_history(g->store, id, &rows, &n, NULL))
        return 0;
    for (size_t i = 0; i < n; i++)
        count += strcmp(rows[i].state, "EVALUATING") == 0;
    store_history_list_free(rows, n);
    return count;
}

/* Decides, enters, signs and moves. approval: the facts that humans gave, or NULL. */
static wb_status settle(gk *g, store_packet *row, json_t *approval, wb_error *e)
{
    char id[96], leaf[WB_SHA256_TEXT], *input = NULL;
    ledger_receipt entered = {0}, done = {0};
    store_state from = store_state_of(row->state);
    size_t round = rounds(g, row->id);
    snprintf(id, sizeof id, "%s/%zu/%s", row->id, round, approval ? "approved" : "asked");
    json_t *record = gk_record_of(row), *d = wrapper_of(row);
    wb_status status = WB_OK;
    /* The row keeps a decision before it is entered: a new one cannot be in the ledger. */
    bool fresh = !d || !text(d, "id") || strcmp(text(d, "id"), id) != 0;
    if (fresh) {
        json_decref(d);
        d = decide(g, row, record, id, approval, &input);
        if (round > REASK_MAX && !approval) {
            json_object_set_new(d, "outcome", json_string("deny"));
            json_array_insert_new(json_object_get(d, "reasons"), 0,
                                  json_string("eval_error: asked too often"));
        }
        status = keep(g, row, d, input, -1, NULL, e);
    }
    json_t *body = entry_body(row, record, d);
    wb_crash_point("gk.before_ledger");
    if (!status)
        status = enter_once(g, row, fresh, LEDGER_DECISION, id, body, &entered, e);
    json_decref(body);
    if (!status) {
        wb_crash_point("gk.after_ledger");
        gk_leaf_text(&entered.leaf, leaf);
        status = keep(g, row, d, "", (int64_t)entered.index, leaf, e);
    }
    free(input);
    store_state to = state_of_outcome(text(d, "outcome"));
    /* A later phase asks nobody: what is not allowed stays as it is, and a human looks at it. */
    if (row->parent && to == STORE_PENDING_HITL)
        to = STORE_DENIED;
    bool renew = approval && has(json_object_get(d, "obligations"), "reissue_packet") &&
                 to == STORE_PENDING_HITL;
    if (!status && renew) {
        status = reissue(g, row, d, approval, e);
    } else if (!status && approval && to != STORE_SIGNED) {
        /* What humans said does not make it an allow: it is looked at anew. */
        json_t *why =
            json_pack("{s:s, s:s, s:O, s:O}", "packet_id", row->id, "decision_id", id, "outcome",
                      json_object_get(d, "outcome"), "reasons", json_object_get(d, "reasons"));
        status = gk_move(g, row->id, from, STORE_STALE, LEDGER_APPROVAL_STALE, why, e);
        json_decref(why);
        if (!status)
            status = go(g, row->id, STORE_STALE, STORE_EVALUATING, -1, NULL, e);
    } else if (!status) {
        /* The row as it is now: the payload carries its index and leaf. */
        char *tenant = wb_strdup(row->tenant), *pid = wb_strdup(row->id);
        store_packet_clear(row);
        status = store_packet_get(g->store, tenant, pid, row, e);
        free(tenant);
        free(pid);
        if (!status)
            status = sign(g, row, record, d, e);
        wb_crash_point("gk.after_sign");
        if (!status && to == STORE_PENDING_HITL)
            status = gk_approvals_open(g, row, d, e);
        if (!status)
            status = enter_signed(g, row, d, fresh, &done, e);
        if (!status)
            status = go(g, row->id, from, to, (int64_t)done.index, NULL, e);
    }
    json_decref(d);
    json_decref(record);
    return status;
}

/* One step; *rest is set where only a human, the doer or nobody goes on. */
static wb_status step(gk *g, store_packet *row, bool *rest, wb_error *e)
{
    store_state state = store_state_of(row->state);
    if (state == STORE_RECEIVED || state == STORE_STALE)
        return go(g, row->id, state, STORE_EVALUATING, -1, NULL, e);
    if (state == STORE_EVALUATING)
        return settle(g, row, NULL, e);
    json_t *d = wrapper_of(row);
    json_t *facts = state == STORE_PENDING_HITL ? gk_approval_facts(g, row, d) : NULL;
    wb_status status = facts ? settle(g, row, facts, e) : WB_OK;
    *rest = !facts;
    json_decref(facts);
    json_decref(d);
    return status;
}

wb_status gk_drive(gk *g, const char *id, wb_error *e)
{
    for (int turn = 0; turn < STEPS_MAX; turn++) {
        store_packet row = {0};
        bool rest = false;
        wb_status status = store_packet_get(g->store, g->o.tenant, id, &row, e);
        if (!status)
            status = step(g, &row, &rest, e);
        store_packet_clear(&row);
        if (status || rest)
            return status;
    }
    return wb_fail(e, WB_INTERNAL, "packet %s does not come to rest", id);
}

wb_status gk_begin(gk *g, const char *id, const json_t *record, const char *parent, char **open_id,
                   wb_error *e)
{
    static const char *const none = "";
    const json_t *subject = json_object_get(record, "subject");
    const char *kind = text(record, "kind"), *phase = text(record, "phase");
    const char *who = text(subject, "id"), *target = text(subject, "target");
    char op[256], name[GK_NAME_BYTES + 64];
    bool offboard = strcmp(kind, "offboard") == 0;
    if (!phase && offboard)
        phase = "soft";
    /* One open packet for a person and a purpose; what has no person or no work is by itself. */
    snprintf(op, sizeof op, "%s:%s:%s", kind, phase ? phase : "-", target ? target : "-");
    if (!who || !*who || !offboard)
        snprintf(name, sizeof name, "packet:%s", id);
    else
        snprintf(name, sizeof name, "%s", who);
    for (char *p = name; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    char *request = json_dumps(record, GK_JSON);
    int64_t now = wb_now_ms();
    store_packet row = {.id = id,
                        .tenant = g->o.tenant,
                        .jti = id,
                        .state = "RECEIVED",
                        .kind = kind,
                        .phase = phase ? phase : none,
                        .op = op,
                        .subject = name,
                        .target = target ? target : none,
                        .target_ref = text(subject, "target_ref"),
                        .requested_by = text(record, "requested_by"),
                        .request = {request, strlen(request)},
                        .ledger_index = -1,
                        .parent = parent,
                        .created_at = now,
                        .updated_at = now};
    if (!row.target_ref)
        row.target_ref = none;
    pthread_mutex_t *lock = gk_lock(g, id);
    pthread_mutex_lock(lock);
    wb_status status = store_packet_insert(g->store, &row, open_id, e);
    free(request);
    if (!status)
        status = gk_drive(g, id, e);
    pthread_mutex_unlock(lock);
    return status;
}

void gk_recover(gk *g)
{
    static const store_state unfinished[] = {STORE_RECEIVED, STORE_EVALUATING, STORE_STALE,
                                             STORE_PENDING_HITL};
    for (size_t k = 0; k < sizeof unfinished / sizeof unfinished[0]; k++) {
        store_packet *rows = NULL;
        size_t n = 0;
        wb_error e = {0};
        if (store_packet_list(g->store, g->o.tenant, unfinished[k], NULL, STORE_LIST_MAX, &rows, &n,
                              &e))
            continue;
        for (size_t i = 0; i < n; i++) {
            pthread_mutex_t *lock = gk_lock(g, rows[i].id);
            pthread_mutex_lock(lock);
            if (gk_drive(g, rows[i].id, &e))
                gk_note(g, "packet %s waits: %s", rows[i].id, e.text);
            pthread_mutex_unlock(lock);
        }
        store_packet_list_free(rows, n);
    }
}

json_t *gk_answer(gk *g, const store_packet *row)
{
    json_t *d = wrapper_of(row), *told = json_object(), *a = json_object();
    static const char *const names[] = {"outcome", "reasons", "flags", "risk", "obligations"};
    json_object_set_new(a, "packet_id", json_string(row->id));
    json_object_set_new(a, "state", json_string(row->state));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_object_get(d, names[i]))
            json_object_set(told, names[i], json_object_get(d, names[i]));
    json_object_set_new(a, "decision", told);
    if (row->jws)
        json_object_set_new(a, "jws", json_string(row->jws));
    if (row->approval_id) {
        store_approval ap = {0};
        if (store_approval_get(g->store, row->tenant, row->approval_id, &ap, NULL) == WB_OK) {
            char until[WB_TIME_TEXT];
            wb_time_text(ap.expires_at * 1000000, until);
            json_object_set_new(a, "approval",
                                json_pack("{s:s, s:s, s:s}", "id", ap.id, "expires_at", until,
                                          "digest", ap.digest));
        }
        store_approval_clear(&ap);
    }
    json_object_set_new(a, "receipt",
                        json_pack("{s:s, s:I, s:s}", "origin", g->origin, "index",
                                  (json_int_t)row->ledger_index, "leaf",
                                  row->ledger_leaf ? row->ledger_leaf : ""));
    json_decref(d);
    return a;
}
