/* Entries owed to the ledger: written with the change they tell of, entered before anything else
 * happens. A kill between the gatekeeper's 201 and the row's end enters one twice; both carry the
 * same `event` id. */
#include "server/doer/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define LEDGER_CALL_MS 10000

wb_status doer_owe(doer *d, const char *type, json_t *body, wb_error *e)
{
    char id[WB_UUID_TEXT], src[DOER_TEXT_MAX + 8];
    wb_uuid7(id);
    snprintf(src, sizeof src, "doer@%s", d->o.instance);
    json_object_set_new(body, "event", json_string(id));
    json_object_set_new(body, "src", json_string(src));
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (!text)
        return wb_fail(e, WB_INTERNAL, "an entry has no text");
    store_outbox row = {
        .tenant = d->o.tenant, .id = id, .type = type, .body = text, .created_at = wb_now_ms()};
    wb_status status = store_outbox_add(d->store, &row, e);
    free(text);
    return status;
}

static wb_status enter(doer *d, const store_outbox *row, wb_error *e)
{
    char url[1024];
    doer_answer answer;
    json_t *body = json_loads(row->body, 0, NULL);
    snprintf(url, sizeof url, "%s/v1/ledger/entries", d->o.gatekeeper);
    doer_call call = {.method = "POST",
                      .url = url,
                      .token = d->gk_token,
                      .timeout_ms = LEDGER_CALL_MS,
                      .body = json_pack("{s:s, s:s, s:o, s:[]}", "type", row->type, "tenant",
                                        row->tenant, "body", body ? body : json_object(), "blobs")};
    doer_http(&call, &answer);
    json_decref(call.body);
    int status = answer.status;
    doer_answer_clear(&answer);
    if (status == 201)
        return WB_OK;
    return wb_fail(e, WB_UNAVAILABLE, "the ledger did not take %s (%s %d)", row->type,
                   status ? "status" : "no answer,", status);
}

wb_status doer_flush(doer *d, wb_error *e)
{
    store_outbox *rows = NULL;
    size_t n = 0;
    pthread_mutex_lock(&d->flush_lock);
    wb_status status;
    do {
        status = store_outbox_list(d->store, d->o.tenant, &rows, &n, e);
        for (size_t i = 0; !status && i < n; i++) {
            status = enter(d, &rows[i], e);
            if (!status)
                status = store_outbox_done(d->store, rows[i].n, e);
        }
        store_outbox_list_free(rows, n);
        rows = NULL;
    } while (!status && n == STORE_LIST_MAX);
    pthread_mutex_unlock(&d->flush_lock);
    return status;
}
