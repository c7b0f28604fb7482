/* The last check and the job's row, in one transaction; for a continuing packet also the
 * compare-and-set that decides between the hard phase and the reinstatement. */
#include "server/doer/internal.h"

#include <stdlib.h>

typedef struct acceptance {
    doer *d;
    const doer_packet *p;
    wb_str bytes;
    store_state state; /* of the job's row, afterwards */
    doer_accepted result;
} acceptance;

static wb_status insert_steps(acceptance *a, wb_error *e)
{
    json_t *one, *operations = json_object_get(a->p->claims, "operations");
    wb_status status = WB_OK;
    size_t i;
    json_array_foreach(operations, i, one)
    {
        json_t *args = json_object_get(one, "args");
        char *text = args ? json_dumps(args, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        const char *op = json_string_value(json_object_get(one, "op"));
        store_step row = {.tenant = a->d->o.tenant,
                          .jti = a->p->jti,
                          .n = (int64_t)i + 1,
                          .op = op,
                          .args = text,
                          .inverse = doer_verb_inverse(doer_verb_of(wb_str_of(op), a->d->o.target)),
                          .state = "PLANNED",
                          .updated_at = wb_now_ms()};
        if (!status)
            status = store_step_insert(a->d->store, &row, e);
        free(text);
    }
    return status;
}

static wb_status insert_job(acceptance *a, wb_error *e)
{
    const doer_packet *p = a->p;
    store_job seen = {0};
    int64_t now = wb_now_ms();
    store_job row = {.tenant = a->d->o.tenant,
                     .jti = p->jti,
                     .bytes_sha256 = p->digest,
                     .state = "ACCEPTED",
                     .phase = doer_phase_name(p->phase),
                     .subject = p->subject,
                     .target = p->target,
                     .target_ref = p->target_ref,
                     .parent = p->parent,
                     .packet = {a->bytes.p, a->bytes.n},
                     .created_at = now,
                     .updated_at = now};
    wb_status status = store_job_insert(a->d->store, &row, &seen, e);
    if (status == WB_EXISTS) {
        a->state = store_state_of(seen.state);
        a->result = DOER_SEEN_JOB;
        store_job_clear(&seen);
    } else if (status == WB_CONFLICT) {
        a->result = DOER_REUSED;
    }
    return status ? status : insert_steps(a, e);
}

static wb_status begin_soft(acceptance *a, wb_error *e)
{
    const doer_packet *p = a->p;
    a->state = STORE_ACCEPTED;
    return doer_owe(a->d, "packet.accepted",
                    json_pack("{s:s, s:s, s:s, s:s, s:I}", "jti", p->jti, "state", "ACCEPTED",
                              "phase", "soft", "digest", p->digest, "at_ms",
                              (json_int_t)wb_now_ms()),
                    e);
}

/* Which states of the root a phase may continue. */
static bool may_continue(const acceptance *a, const store_job *root)
{
    store_state is = store_state_of(root->state);
    doer_clock now = doer_clock_read(a->d->boot_id);
    doer_due due = {root->due_at, root->due_boot_ms, root->boot_id};
    if (a->p->phase == DOER_HARD)
        return (is == STORE_HARD_SCHEDULED || is == STORE_HELD) &&
               doer_timer_look(&due, &now) == DOER_TIMER_FIRE;
    return is == STORE_SOFT_PARTIAL || is == STORE_HELD || is == STORE_HALTED ||
           (is == STORE_HARD_SCHEDULED && now.wall_ms < root->due_at);
}

static wb_status win_root(acceptance *a, const store_job *root, wb_error *e)
{
    store_state is = store_state_of(root->state), to;
    store_job child = {.jti = a->p->jti};
    store_change change = {.now = wb_now_ms(), .ledger_index = -1, .due_at = -1};
    to = a->p->phase == DOER_HARD ? STORE_HARD_CLAIMED : STORE_REINSTATING;
    wb_status status = WB_OK;
    if (a->p->phase == DOER_HARD && is == STORE_HELD) {
        status = doer_move(a->d, root, NULL, is, STORE_HARD_SCHEDULED, NULL, e);
        is = STORE_HARD_SCHEDULED;
    }
    if (!status)
        status = doer_move(a->d, root, NULL, is, to,
                           json_pack("{s:s, s:s}", "by", child.jti, "digest", a->p->digest), e);
    if (!status)
        status = store_job_move(a->d->store, a->d->o.tenant, child.jti, STORE_ACCEPTED, to, -1,
                                &change, NULL, e);
    /* The timer is over either way. */
    if (!status)
        status = store_job_schedule(a->d->store, a->d->o.tenant, root->jti, 0, 0, "", e);
    a->state = to;
    return status;
}

static wb_status continue_root(acceptance *a, wb_error *e)
{
    store_job root = {0};
    wb_status status = store_job_get(a->d->store, a->d->o.tenant, a->p->parent, &root, e);
    if (status == WB_NOT_FOUND ||
        (!status && (root.parent || strcmp(root.subject, a->p->subject) != 0 ||
                     strcmp(root.target_ref, a->p->target_ref) != 0))) {
        a->result = DOER_NO_ROOT;
        status = wb_fail(e, WB_NOT_FOUND, "there is no job that this packet continues");
    } else if (!status && !may_continue(a, &root)) {
        a->result = DOER_TOO_LATE;
        status = wb_fail(e, WB_CONFLICT, "the job is in state %s", root.state);
    } else if (!status) {
        status = win_root(a, &root, e);
        if (status == WB_CONFLICT)
            a->result = DOER_TOO_LATE;
    }
    store_job_clear(&root);
    return status;
}

static wb_status accept(store *s, void *arg, wb_error *e)
{
    acceptance *a = arg;
    wb_status status = insert_job(a, e);
    if (status)
        return status;
    return a->p->phase == DOER_SOFT ? begin_soft(a, e) : continue_root(a, e);
}

doer_accepted doer_accept(doer *d, const doer_packet *p, wb_str bytes, store_state *state,
                          wb_error *e)
{
    acceptance a = {d, p, bytes, STORE_NONE, DOER_BROKEN};
    wb_status status = store_transact(d->store, accept, &a, e);
    *state = a.state;
    if (status)
        return a.result;
    doer_crash(p->phase == DOER_SOFT   ? DOER_AFTER_JOB
               : p->phase == DOER_HARD ? DOER_AFTER_CLAIM
                                       : DOER_AFTER_REINSTATE);
    return DOER_NEW;
}
