#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/store/store.h"
#include "tests/folder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct rig {
    char dir[64];
    store *s;
} rig;

static void rig_init(rig *r)
{
    wb_error e = {0};
    snprintf(r->dir, sizeof r->dir, "/tmp/writ-store-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    assert_int_equal(store_open(r->dir, &r->s, &e), WB_OK);
    assert_int_equal(store_tenant_ensure(r->s, "t1", 1, &e), WB_OK);
}

static void rig_clear(rig *r)
{
    store_close(r->s);
    assert_true(folder_remove(r->dir));
}

static store_packet packet(const char *id)
{
    return (store_packet){.id = id,
                          .tenant = "t1",
                          .state = "RECEIVED",
                          .op = "offboard",
                          .subject = "emp:1",
                          .ledger_index = -1,
                          .created_at = 5,
                          .request = {"{\0}", 3}};
}

static const store_change CHANGE = {.now = 9, .ledger_index = 3, .note = "because", .due_at = -1};

static void packets_move_along_legal_edges_only(void **state)
{
    rig r;
    wb_error e = {0};
    store_state is;
    char *open_id;
    rig_init(&r);
    store_packet p = packet("p1"), q = packet("p2"), out = {0};
    assert_int_equal(store_packet_insert(r.s, &p, NULL, &e), WB_OK);
    assert_int_equal(store_packet_insert(r.s, &q, &open_id, &e), WB_EXISTS);
    assert_string_equal(open_id, "p1");
    free(open_id);
    assert_int_equal(
        store_packet_move(r.s, "t1", "p1", STORE_RECEIVED, STORE_SIGNED, &CHANGE, &is, &e),
        WB_DENIED);
    assert_int_equal(
        store_packet_move(r.s, "t1", "p1", STORE_EVALUATING, STORE_SIGNED, &CHANGE, &is, &e),
        WB_CONFLICT);
    assert_int_equal(is, STORE_RECEIVED);
    assert_int_equal(
        store_packet_move(r.s, "t2", "p1", STORE_RECEIVED, STORE_EVALUATING, &CHANGE, &is, &e),
        WB_NOT_FOUND);
    assert_int_equal(
        store_packet_move(r.s, "t1", "p1", STORE_RECEIVED, STORE_EVALUATING, &CHANGE, &is, &e),
        WB_OK);
    assert_int_equal(
        store_packet_move(r.s, "t1", "p1", STORE_EVALUATING, STORE_DENIED, &CHANGE, &is, &e),
        WB_OK);
    assert_int_equal(store_packet_get(r.s, "t1", "p1", &out, &e), WB_OK);
    assert_string_equal(out.state, "DENIED");
    assert_int_equal(out.request.n, 3);
    store_packet_clear(&out);
    store_history *rows;
    size_t n;
    assert_int_equal(store_packet_history(r.s, "p1", &rows, &n, &e), WB_OK);
    assert_int_equal(n, 3);
    assert_string_equal(rows[2].state, "DENIED");
    assert_string_equal(rows[2].note, "because");
    store_history_list_free(rows, n);
    /* A closed packet makes room for the next. */
    assert_int_equal(store_packet_insert(r.s, &q, NULL, &e), WB_OK);
    assert_int_equal(store_packet_decide(r.s, "t1", "p2", "allow", "{}", "sha256:x", WB_LIT("{}"),
                                         7, "leaf", &e),
                     WB_OK);
    assert_int_equal(store_packet_sign(r.s, "t1", "p2", "p2", "a.b.c", &e), WB_OK);
    assert_int_equal(store_packet_by_jti(r.s, "t1", "p2", &out, &e), WB_OK);
    assert_int_equal(out.ledger_index, 7);
    assert_string_equal(out.outcome, "allow");
    store_packet_clear(&out);
    rig_clear(&r);
}

static void no_terminal_state_has_a_way_out(void **state)
{
    for (int from = STORE_NONE + 1; from < STORE_STATE_COUNT; from++)
        for (int to = STORE_NONE; to < STORE_STATE_COUNT; to++)
            if (!store_state_open((store_state)from))
                assert_false(store_state_legal((store_state)from, (store_state)to));
    assert_false(store_state_legal(STORE_HARD_CLAIMED, STORE_REINSTATING));
    assert_int_equal(store_state_of("HARD_CLAIMED"), STORE_HARD_CLAIMED);
    assert_int_equal(store_state_of("nonsense"), STORE_NONE);
}

typedef struct racer {
    store *s;
    store_state to;
    wb_status status;
} racer;

static void *race(void *arg)
{
    racer *x = arg;
    x->status =
        store_job_move(x->s, "t1", "j", STORE_HARD_SCHEDULED, x->to, -1, &CHANGE, NULL, NULL);
    return NULL;
}

static void reinstate_against_hard_has_one_winner(void **state)
{
    rig r;
    wb_error e = {0};
    rig_init(&r);
    static const store_state way[] = {STORE_ACCEPTED, STORE_SOFT_RUNNING, STORE_SOFT_DONE,
                                      STORE_HARD_SCHEDULED};
    store_job j = {.tenant = "t1", .jti = "j", .bytes_sha256 = "d", .state = "ACCEPTED"};
    assert_int_equal(store_job_insert(r.s, &j, NULL, &e), WB_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_job_move(r.s, "t1", "j", way[i], way[i + 1], -1, &CHANGE, NULL, &e),
                         WB_OK);
    store *other;
    assert_int_equal(store_open(r.dir, &other, &e), WB_OK);
    racer a = {r.s, STORE_REINSTATING, 0}, b = {other, STORE_HARD_CLAIMED, 0};
    pthread_t ta, tb;
    pthread_create(&ta, NULL, race, &a);
    pthread_create(&tb, NULL, race, &b);
    pthread_join(ta, NULL);
    pthread_join(tb, NULL);
    assert_true((a.status == WB_OK) != (b.status == WB_OK));
    assert_int_equal(a.status == WB_OK ? b.status : a.status, WB_CONFLICT);
    store_close(other);
    rig_clear(&r);
}

static void a_jti_is_taken_once(void **state)
{
    rig r;
    wb_error e = {0};
    store_job out = {0};
    int64_t fence;
    rig_init(&r);
    store_job j = {.tenant = "t1", .jti = "j", .bytes_sha256 = "d", .state = "ACCEPTED"};
    assert_int_equal(store_job_insert(r.s, &j, NULL, &e), WB_OK);
    assert_int_equal(store_job_insert(r.s, &j, &out, &e), WB_EXISTS);
    assert_string_equal(out.state, "ACCEPTED");
    store_job_clear(&out);
    j.bytes_sha256 = "other";
    assert_int_equal(store_job_insert(r.s, &j, &out, &e), WB_CONFLICT);
    assert_int_equal(store_job_claim(r.s, "t1", "j", "a", 100, 50, &fence, &e), WB_OK);
    assert_int_equal(fence, 1);
    assert_int_equal(store_job_claim(r.s, "t1", "j", "b", 149, 50, &fence, &e), WB_CONFLICT);
    assert_int_equal(store_job_claim(r.s, "t1", "j", "b", 150, 50, &fence, &e), WB_OK);
    assert_int_equal(fence, 2);
    assert_int_equal(
        store_job_move(r.s, "t1", "j", STORE_ACCEPTED, STORE_SOFT_RUNNING, 1, &CHANGE, NULL, &e),
        WB_CONFLICT);
    assert_int_equal(store_job_release(r.s, "t1", "j", 1, &e), WB_CONFLICT);
    store_step step = {.tenant = "t1", .jti = "j", .n = 1, .op = "suspend", .state = "PLANNED"};
    assert_int_equal(store_step_insert(r.s, &step, &e), WB_OK);
    assert_int_equal(store_step_move(r.s, "t1", "j", 1, "PLANNED", "INTENT", NULL, 1, &e), WB_OK);
    assert_int_equal(store_step_move(r.s, "t1", "j", 1, "INTENT", "OBSERVED", "{}", 1, &e), WB_OK);
    assert_int_equal(store_step_move(r.s, "t1", "j", 1, "OBSERVED", "INTENT", NULL, 1, &e),
                     WB_CONFLICT);
    store_step *steps;
    size_t n;
    assert_int_equal(store_step_list(r.s, "t1", "j", &steps, &n, &e), WB_OK);
    assert_int_equal(steps[0].attempts, 1);
    store_step_list_free(steps, n);
    store_lease lease = {.id = "l", .tenant = "t1", .jti = "j", .state = "issued", .ttl = 60};
    assert_int_equal(store_lease_insert(r.s, &lease, &e), WB_OK);
    assert_int_equal(store_lease_move(r.s, "l", "issued", "irrevocable", 1, 0, &e), WB_DENIED);
    assert_int_equal(store_lease_move(r.s, "l", "issued", "revoke_pending", 1, 50, &e), WB_OK);
    store_lease *leases;
    assert_int_equal(store_lease_retry(r.s, 49, &leases, &n, &e), WB_OK);
    assert_int_equal(n, 0);
    store_lease_list_free(leases, n);
    assert_int_equal(store_lease_retry(r.s, 50, &leases, &n, &e), WB_OK);
    assert_int_equal(n, 1);
    store_lease_list_free(leases, n);
    assert_int_equal(store_lease_move(r.s, "l", "issued", "revoked", 1, 0, &e), WB_CONFLICT);
    rig_clear(&r);
}

static void idempotency_survives_the_process(void **state)
{
    rig r;
    wb_error e = {0};
    store_idem i = {0};
    rig_init(&r);
#define BEGIN(body) store_idem_begin(r.s, "t1", "/v1/packets", "k", body, 10, &i, &e)
    assert_int_equal(BEGIN("d1"), WB_OK);
    assert_int_equal(BEGIN("d1"), WB_CONFLICT);
    assert_int_equal(BEGIN("d2"), WB_INVALID);
    assert_int_equal(store_idem_note(r.s, "t1", "/v1/packets", "k", "p1", &e), WB_OK);
    store_close(r.s);
    assert_int_equal(store_open(r.dir, &r.s, &e), WB_OK);
    assert_int_equal(BEGIN("d1"), WB_OK);
    assert_string_equal(i.ref, "p1");
    store_idem_clear(&i);
    assert_int_equal(BEGIN("d1"), WB_CONFLICT);
    assert_int_equal(store_idem_finish(r.s, "t1", "/v1/packets", "k", 201, "application/json",
                                       WB_LIT("a\0b"), &e),
                     WB_OK);
    assert_int_equal(BEGIN("d1"), WB_EXISTS);
    assert_int_equal(i.status, 201);
    assert_int_equal(i.body.n, 3);
    assert_memory_equal(i.body.p, "a\0b", 3);
    store_idem_clear(&i);
    assert_int_equal(store_idem_expire(r.s, 11, &e), WB_OK);
    assert_int_equal(BEGIN("d9"), WB_OK);
    store_idem_clear(&i);
    rig_clear(&r);
}

static void an_approval_is_decided_once_and_in_time(void **state)
{
    rig r;
    wb_error e = {0};
    store_approval out = {0};
    rig_init(&r);
    store_packet p = packet("p1");
    assert_int_equal(store_packet_insert(r.s, &p, NULL, &e), WB_OK);
    store_approval a = {.id = "a1",
                        .tenant = "t1",
                        .packet = "p1",
                        .token_sha256 = "h",
                        .digest = "d",
                        .expires_at = 100,
                        .state = "PENDING"};
    assert_int_equal(store_approval_insert(r.s, &a, &e), WB_OK);
    assert_int_equal(store_approval_decide(r.s, "a1", "EXPIRED", NULL, NULL, 99, NULL, &e),
                     WB_CONFLICT);
    assert_int_equal(store_approval_decide(r.s, "a1", "APPROVED", "bob", "ok", 100, &out, &e),
                     WB_CONFLICT);
    assert_string_equal(out.state, "PENDING");
    store_approval_clear(&out);
    assert_int_equal(store_approval_decide(r.s, "a1", "APPROVED", "bob", "ok", 99, &out, &e),
                     WB_OK);
    store_approval_clear(&out);
    assert_int_equal(store_approval_decide(r.s, "a1", "REJECTED", "eve", "no", 99, &out, &e),
                     WB_CONFLICT);
    assert_string_equal(out.reviewer, "bob");
    store_approval_clear(&out);
    rig_clear(&r);
}

static void a_rolled_back_transaction_leaves_nothing(void **state)
{
    rig r;
    wb_error e = {0};
    int64_t count;
    rig_init(&r);
    assert_int_equal(store_begin(r.s, &e), WB_OK);
    assert_int_equal(store_tenant_ensure(r.s, "t2", 1, &e), WB_OK);
    assert_int_equal(store_begin(r.s, &e), WB_OK);
    store_rollback(r.s);
    assert_int_equal(store_commit(r.s, &e), WB_CANCELLED);
    store_tenant t = {0};
    assert_int_equal(store_tenant_get(r.s, "t2", &t, &e), WB_NOT_FOUND);
    assert_int_equal(store_rejection_add(r.s, "t1", "signature", "x", 60, &count, &e), WB_OK);
    assert_int_equal(store_rejection_add(r.s, "t1", "signature", "y", 60, &count, &e), WB_OK);
    assert_int_equal(count, 2);
    rig_clear(&r);
}

static void an_open_folder_is_refused(void **state)
{
    rig r;
    store *s;
    wb_error e = {0};
    rig_init(&r);
    assert_int_equal(chmod(r.dir, 0755), 0);
    assert_int_equal(store_open(r.dir, &s, &e), WB_INVALID);
    assert_int_equal(chmod(r.dir, 0700), 0);
    char path[128];
    snprintf(path, sizeof path, "%s/state.db", r.dir);
    assert_int_equal(store_open(path, &s, &e), WB_INVALID);
    store_close(r.s);
    FILE *f = fopen(path, "w");
    fputs("this is no database, whatever its name says, and it is long enough to be read", f);
    fclose(f);
    assert_int_equal(store_open(r.dir, &r.s, &e), WB_CORRUPT);
    rig_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_move_along_legal_edges_only),
        cmocka_unit_test(no_terminal_state_has_a_way_out),
        cmocka_unit_test(reinstate_against_hard_has_one_winner),
        cmocka_unit_test(a_jti_is_taken_once),
        cmocka_unit_test(idempotency_survives_the_process),
        cmocka_unit_test(an_approval_is_decided_once_and_in_time),
        cmocka_unit_test(a_rolled_back_transaction_leaves_nothing),
        cmocka_unit_test(an_open_folder_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
