/* Entering what others owe the ledger. */
#include "server/ledger/ledger.h"

static wb_status enter(ledger *l, store *s, const store_outbox *row, const char *src, wb_error *e)
{
    ledger_event event = {.tenant = row->tenant,
                          .type = ledger_type_of(wb_str_of(row->type)),
                          .actor = row->actor,
                          .src = src,
                          .body = wb_str_of(row->body)};
    wb_status status = ledger_append_wait(l, &event, NULL, e);
    return status ? status : store_outbox_done(s, row->n, e);
}

wb_status ledger_drain_outbox(ledger *l, store *s, const char *tenant, const char *src,
                              size_t *count, wb_error *e)
{
    store_outbox *rows = NULL;
    size_t n = 0, done = 0;
    wb_status status = store_outbox_list(s, tenant, &rows, &n, e);
    for (size_t i = 0; !status && i < n; i++) {
        if (!ledger_attached(l, rows[i].tenant))
            continue;
        status = enter(l, s, &rows[i], src, e);
        done += !status;
    }
    store_outbox_list_free(rows, n);
    if (count)
        *count = done;
    return status;
}
