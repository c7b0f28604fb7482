#include "rig.h"

#include "base/crash.h"
#include "base/ids.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/wait.h>

static void appends_chain_and_verify(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    ledger_receipt receipt;
    verify_report report;
    rig_init(&r);
    assert_int_equal(rig_open(&r, NULL, &l, &e), WB_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rig_append(l, i, &receipt, &e), WB_OK);
        assert_int_equal(receipt.index, i + 1);
        char *entry;
        size_t n;
        assert_int_equal(ledger_get_entry(l, "t1", receipt.index, &entry, &n, &e), WB_OK);
        merkle_hash leaf = merkle_leaf((wb_str){entry, n});
        assert_memory_equal(leaf.b, receipt.leaf.b, 32);
        json_t *j = json_loadb(entry, n, JSON_REJECT_DUPLICATES, NULL);
        assert_int_equal(json_integer_value(json_object_get(j, "i")), i + 1);
        assert_string_equal(json_string_value(json_object_get(j, "type")), "decision");
        json_decref(j);
        free(entry);
    }
    char *proof = NULL;
    assert_int_equal(ledger_get_proof(l, "t1", 7, &proof, &e), WB_OK);
    assert_non_null(strstr(proof, "c2sp.org/tlog-proof@v1\nindex 7\n"));
    assert_non_null(strstr(proof, "\n\n" RIG_ORIGIN "\n21\n"));
    free(proof);
    char *missing;
    size_t n;
    assert_int_equal(ledger_get_entry(l, "t1", 99, &missing, &n, &e), WB_NOT_FOUND);
    ledger_close(l);
    rig_verify(&r, &report);
    assert_true(report.ok);
    assert_int_equal(report.size, 21);
    assert_int_equal(report.checked, 21);
    assert_int_equal(report.checkpoints, 1);
    rig_clear(&r);
}

static void refuses_what_is_no_entry(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    char *big = wb_malloc(70000);
    rig_init(&r);
    assert_int_equal(rig_open(&r, NULL, &l, &e), WB_OK);
    static const char *const bad[] = {"[]", "{", "{\"a\":1,\"a\":2}", "{} x", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ledger_event v = {.tenant = "t1", .type = LEDGER_DECISION, .body = wb_str_of(bad[i])};
        assert_int_equal(ledger_append_wait(l, &v, NULL, &e), WB_INVALID);
    }
    memset(big, 'x', 70000);
    memcpy(big, "{\"a\":\"", 6);
    memcpy(big + 65400, "\"}", 3);
    ledger_event v = {.tenant = "t1", .type = LEDGER_DECISION, .body = wb_str_of(big)};
    assert_int_equal(ledger_append_wait(l, &v, NULL, &e), WB_LIMIT);
    memcpy(big + 65000, "\"}", 3);
    v.body = wb_str_of(big);
    assert_int_equal(ledger_append_wait(l, &v, NULL, &e), WB_OK);
    v = (ledger_event){.tenant = "nobody", .type = LEDGER_DECISION};
    assert_int_equal(ledger_append_wait(l, &v, NULL, &e), WB_NOT_FOUND);
    v = (ledger_event){.tenant = "t1", .type = LEDGER_NONE};
    assert_int_equal(ledger_append_wait(l, &v, NULL, &e), WB_INVALID);
    assert_int_equal(ledger_attach(l, "../x", "o", (ledger_signer){0}, &e), WB_INVALID);
    assert_int_equal(ledger_attach(l, "t2", "a b", (ledger_signer){0}, &e), WB_INVALID);
    ledger_close(l);
    free(big);
    rig_clear(&r);
}

static void has_one_writer(void **state)
{
    rig r;
    ledger *a, *b;
    wb_error e = {0};
    rig_init(&r);
    assert_int_equal(rig_open(&r, NULL, &a, &e), WB_OK);
    assert_int_equal(rig_open(&r, NULL, &b, &e), WB_CONFLICT);
    ledger_close(a);
    assert_int_equal(rig_open(&r, NULL, &b, &e), WB_OK);
    ledger_close(b);
    rig_clear(&r);
}

/* A second writer whose lock did not hold: here a removed lock file. */
static void stops_when_another_writer_took_over(void **state)
{
    rig r;
    ledger *a, *b;
    wb_error e = {0};
    char path[128];
    rig_init(&r);
    assert_int_equal(rig_open(&r, NULL, &a, &e), WB_OK);
    snprintf(path, sizeof path, "%s/ledger/t1/lock", r.dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rig_open(&r, NULL, &b, &e), WB_OK);
    assert_int_equal(rig_append(a, 1, NULL, &e), WB_UNAVAILABLE);
    assert_int_equal(rig_append(b, 1, NULL, &e), WB_OK);
    ledger_close(a);
    ledger_close(b);
    verify_report report;
    rig_verify(&r, &report);
    assert_true(report.ok);
    rig_clear(&r);
}

static atomic_int acked;
static void count(void *arg, const ledger_receipt *receipt)
{
    if (receipt->status == WB_OK)
        atomic_fetch_add(&acked, 1);
}

static void *many(void *arg)
{
    for (int i = 0; i < 200; i++) {
        ledger_event v = {.tenant = "t1", .type = LEDGER_EXEC_INTENT, .body = WB_LIT("{\"a\":1}")};
        assert_int_equal(ledger_append(arg, &v, count, NULL, NULL), WB_OK);
    }
    return NULL;
}

static void takes_entries_from_many_threads_over_many_segments(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    pthread_t threads[4];
    ledger_options options = {.segment_bytes = 4096, .checkpoint_every = 64};
    verify_report report;
    rig_init(&r);
    assert_int_equal(rig_open(&r, &options, &l, &e), WB_OK);
    atomic_store(&acked, 0);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, many, l);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 30; i++)
        assert_int_equal(rig_append(l, i, NULL, &e), WB_OK);
    ledger_close(l);
    assert_int_equal(atomic_load(&acked), 800);
    rig_verify(&r, &report);
    assert_true(report.ok);
    assert_int_equal(report.size, 831);
    assert_int_equal(rig_open(&r, &options, &l, &e), WB_OK);
    ledger_head head;
    assert_int_equal(ledger_get_head(l, "t1", &head, &e), WB_OK);
    assert_int_equal(head.size, 832);
    assert_int_equal(head.epoch, 2);
    ledger_close(l);
    rig_clear(&r);
}

static int64_t clock_now;
static int64_t fake_clock(void)
{
    return clock_now;
}

static void holds_the_time_when_the_clock_goes_back(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    ledger_receipt receipt;
    char *entry;
    size_t n;
    ledger_options options = {.now_ns = fake_clock};
    rig_init(&r);
    clock_now = 2000000000000000000;
    assert_int_equal(rig_open(&r, &options, &l, &e), WB_OK);
    clock_now -= 3600000000000;
    assert_int_equal(rig_append(l, 1, &receipt, &e), WB_OK);
    assert_int_equal(receipt.time_ns, 2000000000000000000);
    assert_int_equal(ledger_get_entry(l, "t1", 1, &entry, &n, &e), WB_OK);
    assert_non_null(strstr(entry, ",\"clock\":\"held\"}"));
    free(entry);
    ledger_close(l);
    verify_report report;
    rig_verify(&r, &report);
    assert_true(report.ok);
    rig_clear(&r);
}

static atomic_int sync_fails;
static int bad_sync(int fd)
{
    if (atomic_load(&sync_fails)) {
        errno = EIO;
        return -1;
    }
    return fdatasync(fd);
}

static void a_failed_sync_poisons_for_good(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    ledger_options options = {.sync = bad_sync};
    rig_init(&r);
    atomic_store(&sync_fails, 0);
    assert_int_equal(rig_open(&r, &options, &l, &e), WB_OK);
    assert_int_equal(rig_append(l, 1, NULL, &e), WB_OK);
    atomic_store(&sync_fails, 1);
    assert_int_equal(rig_append(l, 2, NULL, &e), WB_UNAVAILABLE);
    atomic_store(&sync_fails, 0);
    assert_int_equal(rig_append(l, 3, NULL, &e), WB_UNAVAILABLE);
    assert_non_null(strstr(e.text, "stopped"));
    ledger_close(l);
    assert_int_equal(rig_open(&r, NULL, &l, &e), WB_OK);
    assert_int_equal(rig_append(l, 4, NULL, &e), WB_OK);
    ledger_close(l);
    rig_clear(&r);
}

/* Needs the right to mount a small file system; without it the test is skipped. */
static void a_full_disk_refuses_first_and_recovers(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    wb_status status;
    verify_report report;
    char path[128], block[4096] = {1};
    rig_init(&r);
    if (mount("none", r.dir, "tmpfs", 0, "size=400k,mode=0700") != 0) {
        rig_clear(&r);
        skip();
    }
    assert_int_equal(rig_open(&r, NULL, &l, &e), WB_OK);
    snprintf(path, sizeof path, "%s/filler", r.dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    for (int i = 0; i < 20 && write(fd, block, sizeof block) == sizeof block; i++)
        ;
    close(fd);
    int n = 0;
    while ((status = rig_append(l, n, NULL, &e)) == WB_OK)
        n++;
    assert_int_equal(status, WB_UNAVAILABLE);
    ledger_event v = {.tenant = "t1", .type = LEDGER_SERVICE_STOPPED, .last_room = true};
    assert_int_equal(ledger_append_wait(l, &v, NULL, &e), WB_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rig_append(l, n, NULL, &e), WB_OK);
    ledger_close(l);
    rig_verify(&r, &report);
    assert_true(report.ok);
    assert_int_equal(report.size, n + 3);
    assert_int_equal(umount(r.dir), 0);
    rig_clear(&r);
}

/* ---- Damage ---- */

static void small_ledger(rig *r)
{
    ledger *l;
    wb_error e = {0};
    ledger_options options = {.segment_bytes = 900, .checkpoint_every = 3};
    rig_init(r);
    assert_int_equal(rig_open(r, &options, &l, &e), WB_OK);
    for (int i = 0; i < 7; i++)
        assert_int_equal(rig_append(l, i, NULL, &e), WB_OK);
    ledger_close(l);
}

static void every_flipped_byte_of_every_file_is_found(void **state)
{
    rig r;
    char path[128];
    size_t files = 0, flips = 0;
    verify_report report;
    small_ledger(&r);
    rig_verify(&r, &report);
    assert_true(report.ok);
    assert_true(report.checkpoints >= 2);
    snprintf(path, sizeof path, "%s/ledger/t1", r.dir);
    DIR *d = opendir(path);
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (f->d_name[0] == '.')
            continue;
        size_t n;
        char *bytes = rig_read(&r, f->d_name, &n);
        for (size_t i = 0; i < n; i++, flips++) {
            bytes[i] ^= (char)(1 << (i % 8));
            rig_write(&r, f->d_name, bytes, n);
            rig_verify(&r, &report);
            if (report.ok || strcmp(report.file, f->d_name) != 0)
                fail_msg("byte %zu of %s: ok=%d, named %s: %s", i, f->d_name, report.ok,
                         report.file, report.what);
            bytes[i] ^= (char)(1 << (i % 8));
        }
        rig_write(&r, f->d_name, bytes, n);
        files += n > 0;
        free(bytes);
    }
    closedir(d);
    rig_verify(&r, &report);
    assert_true(report.ok);
    assert_true(files >= 5);
    assert_true(flips > 2000);
    rig_clear(&r);
}

/* An attacker who mends the checksum, and all chains after it, still meets the checkpoint. */
static void a_forged_entry_is_found_by_index(void **state)
{
    rig r;
    size_t n, at = 0;
    wb_str entry;
    verify_report report;
    small_ledger(&r);
    char *bytes = rig_read(&r, "0000000000000000.seg", &n);
    assert_int_equal(format_next((wb_str){bytes, n}, LEDGER_ENTRY_MAX, &at, &entry), FORMAT_GOOD);
    size_t start = at;
    assert_int_equal(format_next((wb_str){bytes, n}, LEDGER_ENTRY_MAX, &at, &entry), FORMAT_GOOD);
    char *hit = memmem(bytes + start, entry.n, "\"n\":0", 5);
    assert_non_null(hit);
    hit[4] = '9';
    format_frame(entry, (unsigned char *)bytes + start);
    rig_write(&r, "0000000000000000.seg", bytes, n);
    rig_verify(&r, &report);
    assert_false(report.ok);
    assert_true(report.index == 1 || report.index == 2);
    free(bytes);
    rig_clear(&r);
}

static void another_key_or_origin_is_found(void **state)
{
    rig r;
    verify_report report;
    small_ledger(&r);
    r.public_key[0][0] ^= 1;
    rig_verify(&r, &report);
    assert_false(report.ok);
    assert_string_equal(report.file, "checkpoints.log");
    r.public_key[0][0] ^= 1;
    verify_options options = {.keys = (const unsigned char(*)[32])r.public_key,
                              .key_count = 1,
                              .origin = "test.example/t2"};
    assert_int_equal(verify_ledger(r.dir, "t1", &options, &report, NULL), WB_OK);
    assert_false(report.ok);
    assert_int_equal(verify_ledger(r.dir, "t9", &options, &report, NULL), WB_NOT_FOUND);
    rig_clear(&r);
}

/* Every length of the last segment: a cut below what was acknowledged refuses to start, and bytes
 * behind it, whatever they are, are dropped. */
static void truncation_at_every_byte(void **state)
{
    rig r;
    ledger *l;
    wb_error e = {0};
    size_t n, acks, cps, cp;
    static const char name[] = "0000000000000000.seg";
    rig_init(&r);
    assert_int_equal(rig_open(&r, NULL, &l, &e), WB_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rig_append(l, i, NULL, &e), WB_OK);
    ledger_close(l);
    char *seg = rig_read(&r, name, &n), *ack = rig_read(&r, "acked", &acks);
    char *log = rig_read(&r, "checkpoints.log", &cps), *plain = rig_read(&r, "checkpoint", &cp);
    for (size_t k = 0; k < n; k++) {
        rig_write(&r, name, seg, k);
        verify_report report;
        rig_verify(&r, &report);
        assert_false(report.ok);
        assert_int_equal(rig_open(&r, NULL, &l, &e), WB_CORRUPT);
    }
    char *longer = wb_malloc(2 * n);
    memcpy(longer, seg, n);
    memcpy(longer + n, seg, n);
    for (size_t k = 1; k < n; k += 7) {
        rig_write(&r, name, longer, n + k);
        rig_write(&r, "acked", ack, acks);
        rig_write(&r, "checkpoints.log", log, cps);
        rig_write(&r, "checkpoint", plain, cp);
        verify_report report;
        rig_verify(&r, &report);
        assert_true(report.ok);
        assert_int_equal(report.unacknowledged, k);
        assert_int_equal(rig_open(&r, NULL, &l, &e), WB_OK);
        char *entry, want[64];
        size_t en;
        assert_int_equal(ledger_get_entry(l, "t1", 3, &entry, &en, &e), WB_OK);
        snprintf(want, sizeof want, "\"dropped_bytes\":%zu", k);
        assert_non_null(strstr(entry, want));
        free(entry);
        ledger_close(l);
        rig_verify(&r, &report);
        assert_true(report.ok);
    }
    free(longer);
    free(seg);
    free(ack);
    free(log);
    free(plain);
    rig_clear(&r);
}

/* ---- Kills ---- */

static void child(rig *r, const char *wish, int out)
{
    ledger *l;
    ledger_options options = {.segment_bytes = 1500, .checkpoint_every = 4};
    setenv("WRIT_CRASH_AT", wish, 1);
    wb_crash_reload();
    if (rig_open(r, &options, &l, NULL) != WB_OK)
        _exit(3);
    for (int i = 0; i < 20; i++) {
        ledger_receipt receipt;
        if (rig_append(l, i, &receipt, NULL) != WB_OK)
            _exit(4);
        if (write(out, &receipt, sizeof receipt) != sizeof receipt)
            _exit(5);
    }
    ledger_close(l);
    _exit(0);
}

static void no_acknowledged_entry_is_lost_at_any_crash_point(void **state)
{
    static const char *const points[] = {"ledger.before_write",
                                         "ledger.torn_write",
                                         "ledger.before_fsync",
                                         "ledger.after_fsync",
                                         "ledger.before_ack",
                                         "ledger.before_roll",
                                         "ledger.after_roll",
                                         "ledger.before_checkpoint",
                                         "ledger.after_checkpoint_fsync",
                                         "ledger.after_checkpoint",
                                         "ledger.before_checkpoint_rename"};
    for (size_t p = 0; p < sizeof points / sizeof points[0]; p++) {
        for (int pass = 1; pass <= 3; pass++) {
            rig r;
            int fds[2], status;
            char wish[64];
            rig_init(&r);
            snprintf(wish, sizeof wish, "%s:%d", points[p], pass);
            assert_int_equal(pipe(fds), 0);
            pid_t pid = fork();
            if (pid == 0)
                child(&r, wish, fds[1]);
            close(fds[1]);
            waitpid(pid, &status, 0);
            if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
                fail_msg("%s was not reached: %x", wish, status);
            verify_report report;
            ledger *l;
            wb_error e = {0};
            char folder[128];
            snprintf(folder, sizeof folder, "%s/ledger/t1/acked", r.dir);
            if (access(folder, F_OK) == 0) {
                rig_verify(&r, &report);
                if (!report.ok)
                    fail_msg("%s: %s: %s", wish, report.file, report.what);
            }
            if (rig_open(&r, NULL, &l, &e) != WB_OK)
                fail_msg("%s: %s", wish, e.text);
            ledger_receipt receipt;
            while (read(fds[0], &receipt, sizeof receipt) == sizeof receipt) {
                char *entry = NULL;
                size_t n;
                assert_int_equal(ledger_get_entry(l, "t1", receipt.index, &entry, &n, &e), WB_OK);
                merkle_hash leaf = merkle_leaf((wb_str){entry, n});
                assert_memory_equal(leaf.b, receipt.leaf.b, 32);
                free(entry);
            }
            close(fds[0]);
            assert_int_equal(rig_append(l, 100, NULL, &e), WB_OK);
            ledger_close(l);
            rig_verify(&r, &report);
            if (!report.ok)
                fail_msg("%s: %s: %s", wish, report.file, report.what);
            rig_clear(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_chain_and_verify),
        cmocka_unit_test(refuses_what_is_no_entry),
        cmocka_unit_test(has_one_writer),
        cmocka_unit_test(stops_when_another_writer_took_over),
        cmocka_unit_test(takes_entries_from_many_threads_over_many_segments),
        cmocka_unit_test(holds_the_time_when_the_clock_goes_back),
        cmocka_unit_test(a_failed_sync_poisons_for_good),
        cmocka_unit_test(a_full_disk_refuses_first_and_recovers),
        cmocka_unit_test(every_flipped_byte_of_every_file_is_found),
        cmocka_unit_test(a_forged_entry_is_found_by_index),
        cmocka_unit_test(another_key_or_origin_is_found),
        cmocka_unit_test(truncation_at_every_byte),
        cmocka_unit_test(no_acknowledged_entry_is_lost_at_any_crash_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
