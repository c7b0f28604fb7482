/* Rejections in the ledger: the first ones of a minute one by one, a flood as a count. */
#include "server/doer/internal.h"

#include <stdlib.h>

static wb_status note(doer *d, const doer_packet *p, wb_str source, wb_error *e)
{
    int64_t now = wb_now_ms(), count = 0;
    wb_status status = store_rejection_add(d->store, d->o.tenant, p->reason, p->digest,
                                           now - now % DOER_REJECT_WINDOW, &count, e);
    if (status || count > DOER_REJECT_SINGLE)
        return status;
    return doer_owe(d, "doer.signature_rejected",
                    json_pack("{s:s, s:s, s:s, s:s%}", "reason", p->reason, "kid", p->kid, "digest",
                              p->digest, "source", source.p ? source.p : "", source.n),
                    e);
}

void doer_reject(doer *d, const doer_packet *p, wb_str source)
{
    wb_error e;
    wb_status status = store_begin(d->store, &e);
    if (!status) {
        status = note(d, p, source, &e);
        if (status)
            store_rollback(d->store);
        else
            status = store_commit(d->store, &e);
    }
    if (status)
        doer_log("a rejection was not noted: %s", e.text);
}

static wb_status close_window(store *s, void *arg, wb_error *e)
{
    void **args = arg;
    doer *d = args[0];
    const store_rejection *r = args[1];
    wb_status status = WB_OK;
    if (r->count > DOER_REJECT_SINGLE)
        status = doer_owe(d, "doer.signature_rejected",
                          json_pack("{s:s, s:I, s:I, s:I, s:s?, s:s?}", "reason", r->reason,
                                    "count", (json_int_t)(r->count - DOER_REJECT_SINGLE),
                                    "window_at_ms", (json_int_t)r->window_at, "window_ms",
                                    (json_int_t)DOER_REJECT_WINDOW, "first_digest", r->first_digest,
                                    "last_digest", r->last_digest),
                          e);
    return status ? status : store_rejection_drop(s, r, e);
}

void doer_reject_sweep(doer *d)
{
    store_rejection *rows = NULL;
    size_t n = 0;
    wb_error e;
    int64_t now = wb_now_ms();
    if (store_rejection_list(d->store, now - now % DOER_REJECT_WINDOW, &rows, &n, &e) != WB_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        void *args[] = {d, &rows[i]};
        if (store_transact(d->store, close_window, args, &e) != WB_OK)
            doer_log("rejections were not entered: %s", e.text);
    }
    store_rejection_list_free(rows, n);
}
