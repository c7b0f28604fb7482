/* The ledger's thread and its queue. */
#include "server/ledger/ledger.h"
#include "base/base64.h"
#include "base/ids.h"
#include "server/ledger/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOGS_MAX  4096 /* tenants of one process */
#define BATCH_MAX 1024 /* entries of one batch: at most 64 MiB of frames */

typedef struct item {
    struct item *next;
    ledger_log *log;
    log_draft draft;
    ledger_done done; /* NULL head and tail: a wish for a checkpoint */
    void *arg;
} item;

struct ledger {
    int data;
    ledger_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* queue and list of logs */
    pthread_cond_t wake;
    bool stop;
    item *first, **last;
    size_t waiting;
    ledger_log *logs[LOGS_MAX];
    size_t log_count;
};

static const char *const TYPES[] = {[LEDGER_NONE] = "none",
#define X(name, text) [LEDGER_##name] = text,
                                    LEDGER_EVENTS(X)
#undef X
};

const char *ledger_type_name(ledger_type type)
{
    return (unsigned)type < LEDGER_TYPE_COUNT ? TYPES[type] : TYPES[0];
}

ledger_type ledger_type_of(wb_str name)
{
    for (int i = LEDGER_NONE + 1; i < LEDGER_TYPE_COUNT; i++)
        if (wb_str_is(name, TYPES[i]))
            return (ledger_type)i;
    return LEDGER_NONE;
}

/* ---- The thread ---- */

static void free_item(item *i)
{
    free(i->draft.head);
    free(i->draft.tail);
    free(i);
}

static void finish(item *i)
{
    char why[256] = "";
    if (i->draft.receipt.status) {
        pthread_mutex_lock(&i->log->lock);
        memcpy(why, i->log->why, sizeof why);
        pthread_mutex_unlock(&i->log->lock);
    }
    i->draft.receipt.why = why;
    i->done(i->arg, &i->draft.receipt);
    free_item(i);
}

/* Takes from the list the items of one log, in order, at most BATCH_MAX, and does them. */
static item *do_log(ledger *l, item *list)
{
    ledger_log *log = list->log;
    item *batch[BATCH_MAX], *rest = NULL, **end = &rest;
    log_draft *drafts[BATCH_MAX];
    size_t n = 0;
    bool wish = false, full = false;
    for (item *i = list, *next; i; i = next) {
        next = i->next;
        full = full || (i->log == log && n == BATCH_MAX);
        if (i->log != log || full) {
            *end = i;
            end = &i->next;
            *end = NULL;
        } else {
            batch[n++] = i;
        }
    }
    size_t entries = 0;
    for (size_t k = 0; k < n; k++) {
        if (batch[k]->draft.head)
            drafts[entries++] = &batch[k]->draft;
        else
            wish = true;
    }
    if (entries)
        log_write(log, drafts, entries);
    /* Entries are told at once; who asked for a checkpoint waits for it. */
    for (size_t k = 0; k < n; k++)
        if (batch[k]->draft.head)
            finish(batch[k]);
    wb_status status = WB_OK;
    if (wish || log->tree.size - log->cp_size >= l->options.checkpoint_every)
        status = log_checkpoint(log, NULL);
    for (size_t k = 0; k < n; k++)
        if (wish && !batch[k]->draft.head) {
            batch[k]->draft.receipt.status = status;
            finish(batch[k]);
        }
    return rest;
}

static void checkpoint_all(ledger *l)
{
    for (size_t i = 0;; i++) {
        pthread_mutex_lock(&l->lock);
        ledger_log *log = i < l->log_count ? l->logs[i] : NULL;
        pthread_mutex_unlock(&l->lock);
        if (!log)
            return;
        if (!log->poisoned)
            log_checkpoint(log, NULL);
    }
}

static void add_ms(struct timespec *t, int64_t ms)
{
    t->tv_sec += ms / 1000;
    t->tv_nsec += ms % 1000 * 1000000;
    if (t->tv_nsec >= 1000000000) {
        t->tv_sec++;
        t->tv_nsec -= 1000000000;
    }
}

static void *run(void *arg)
{
    ledger *l = arg;
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    add_ms(&due, l->options.checkpoint_ms);
    for (;;) {
        pthread_mutex_lock(&l->lock);
        int rc = 0;
        while (!l->first && !l->stop && rc != ETIMEDOUT)
            rc = pthread_cond_timedwait(&l->wake, &l->lock, &due);
        item *list = l->first;
        bool stop = l->stop && !list;
        l->first = NULL;
        l->last = &l->first;
        l->waiting = 0;
        pthread_mutex_unlock(&l->lock);
        while (list)
            list = do_log(l, list);
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (stop || now.tv_sec > due.tv_sec ||
            (now.tv_sec == due.tv_sec && now.tv_nsec >= due.tv_nsec)) {
            checkpoint_all(l);
            due = now;
            add_ms(&due, l->options.checkpoint_ms);
        }
        if (stop)
            return NULL;
    }
}

/* ---- Life ---- */

static int data_sync(int fd)
{
    return fdatasync(fd);
}

wb_status ledger_open(const char *dir, const ledger_options *options, ledger **out, wb_error *e)
{
    pthread_condattr_t monotonic;
    ledger *l = wb_calloc(1, sizeof *l);
    *out = NULL;
    if (options)
        l->options = *options;
    if (!l->options.segment_bytes)
        l->options.segment_bytes = LEDGER_SEGMENT_BYTES;
    if (!l->options.checkpoint_every)
        l->options.checkpoint_every = LEDGER_CHECKPOINT_EVERY;
    if (!l->options.checkpoint_ms)
        l->options.checkpoint_ms = LEDGER_CHECKPOINT_MS;
    if (!l->options.sync)
        l->options.sync = data_sync;
    if (!l->options.now_ns)
        l->options.now_ns = wb_now_ns;
    l->last = &l->first;
    l->data = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (l->data < 0) {
        free(l);
        return wb_fail(e, WB_IO, "data folder %s: %s", dir, strerror(errno));
    }
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&l->thread, NULL, run, l) != 0)
        wb_fatal("ledger: no thread");
    *out = l;
    return WB_OK;
}

void ledger_close(ledger *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    for (size_t i = 0; i < l->log_count; i++)
        log_close(l->logs[i]);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    close(l->data);
    free(l);
}

static ledger_log *find(ledger *l, const char *tenant)
{
    ledger_log *found = NULL;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->log_count && !found; i++)
        if (strcmp(l->logs[i]->tenant, tenant) == 0)
            found = l->logs[i];
    pthread_mutex_unlock(&l->lock);
    return found;
}

bool ledger_attached(ledger *l, const char *tenant)
{
    return find(l, tenant) != NULL;
}

static wb_status get(ledger *l, const char *tenant, ledger_log **out, wb_error *e)
{
    *out = tenant ? find(l, tenant) : NULL;
    return *out ? WB_OK : wb_fail(e, WB_NOT_FOUND, "no ledger of %s is open", tenant ? tenant : "");
}

/* The first entry of every opening: what it found, and its epoch. */
static wb_status announce(ledger *l, ledger_log *g, wb_error *e)
{
    char body[160];
    int n = snprintf(body, sizeof body, "{\"epoch\":%llu,\"entries\":%llu,\"dropped_bytes\":%llu}",
                     (unsigned long long)g->epoch, (unsigned long long)g->tree.size,
                     (unsigned long long)g->dropped);
    ledger_event event = {.tenant = g->tenant,
                          .type = LEDGER_OPENED,
                          .body = wb_str_n(body, (size_t)n),
                          .last_room = true};
    return ledger_append_wait(l, &event, NULL, e);
}

wb_status ledger_attach(ledger *l, const char *tenant, const char *origin, ledger_signer signer,
                        wb_error *e)
{
    ledger_log *g = NULL;
    if (!tenant || !wb_name_valid(wb_str_of(tenant)))
        return wb_fail(e, WB_INVALID, "a tenant's name has 1 to %d letters, digits, _ and -",
                       WB_NAME_MAX);
    if (!note_origin_valid(wb_str_of(origin)))
        return wb_fail(e, WB_INVALID, "\"%s\" cannot be a ledger's origin", origin ? origin : "");
    if (find(l, tenant))
        return wb_fail(e, WB_EXISTS, "the ledger of %s is open already", tenant);
    wb_status status = log_open(l->data, tenant, origin, signer, &l->options, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&l->lock);
    bool room = l->log_count < LOGS_MAX;
    if (room)
        l->logs[l->log_count++] = g;
    pthread_mutex_unlock(&l->lock);
    if (room)
        return announce(l, g, e);
    log_close(g);
    return wb_fail(e, WB_LIMIT, "one process writes at most %d ledgers", LOGS_MAX);
}

/* ---- Appending ---- */

static bool is_object(wb_str text)
{
    json_t *j = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(j);
    json_decref(j);
    return ok;
}

/* The body starts with its brace: the chain check of log_open.c relies on it. */
static wb_str trimmed(wb_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[0]))
        s.p++, s.n--;
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    return s.n ? s : WB_LIT("{}");
}

static void put_text(wb_buf *b, const char *name, const char *text)
{
    wb_buf_putf(b, ",\"%s\":", name);
    if (text)
        wb_buf_put_json(b, wb_str_of(text));
    else
        wb_buf_puts(b, "null");
}

static wb_status draft(const ledger_event *v, item *i, wb_error *e)
{
    wb_str body = trimmed(v->body), actor = wb_str_of(v->actor);
    wb_buf head, tail;
    if (v->type <= LEDGER_NONE || v->type >= LEDGER_TYPE_COUNT)
        return wb_fail(e, WB_INVALID, "there is no such event");
    if (v->blob_count > LEDGER_BLOBS_MAX)
        return wb_fail(e, WB_LIMIT, "an entry names at most %d blobs", LEDGER_BLOBS_MAX);
    if (body.n > LEDGER_ENTRY_MAX || actor.n > LEDGER_ENTRY_MAX)
        return wb_fail(e, WB_LIMIT, "an entry has at most %d bytes", LEDGER_ENTRY_MAX);
    if (!is_object(body) || (v->actor && !is_object(actor)))
        return wb_fail(e, WB_INVALID, "an entry's body and actor are JSON objects");
    wb_buf_init(&head, LEDGER_ENTRY_MAX);
    wb_buf_init(&tail, LEDGER_ENTRY_MAX);
    put_text(&head, "tenant", v->tenant);
    put_text(&head, "type", TYPES[v->type]);
    put_text(&head, "rid", v->rid);
    wb_buf_puts(&head, ",\"actor\":");
    wb_buf_put_str(&head, v->actor ? actor : WB_LIT("null"));
    put_text(&head, "policy", v->policy);
    put_text(&head, "src", v->src);
    wb_buf_puts(&tail, ",\"body\":");
    wb_buf_put_str(&tail, body);
    wb_buf_puts(&tail, ",\"blobs\":[");
    for (size_t k = 0; k < v->blob_count; k++) {
        if (k)
            wb_buf_putc(&tail, ',');
        wb_buf_put_json(&tail, wb_str_of(v->blobs[k]));
    }
    wb_buf_putc(&tail, ']');
    /* Version, index, time, chain and the clock's flag take less than this. */
    const size_t rest = 192;
    bool fits = !head.failed && !tail.failed && head.n + tail.n + rest <= LEDGER_ENTRY_MAX;
    i->draft.room = head.n + tail.n + rest + FORMAT_FRAME;
    i->draft.head = wb_buf_detach(&head, &i->draft.head_n);
    i->draft.tail = wb_buf_detach(&tail, &i->draft.tail_n);
    return fits ? WB_OK : wb_fail(e, WB_LIMIT, "an entry has at most %d bytes", LEDGER_ENTRY_MAX);
}

static wb_status enqueue(ledger *l, item *i, wb_error *e)
{
    wb_status status = WB_OK;
    pthread_mutex_lock(&l->lock);
    if (l->stop)
        status = wb_fail(e, WB_UNAVAILABLE, "the ledger is closing");
    else if (l->waiting >= LEDGER_QUEUE_MAX)
        status = wb_fail(e, WB_UNAVAILABLE, "too many entries wait for the ledger");
    if (!status) {
        *l->last = i;
        l->last = &i->next;
        l->waiting++;
        pthread_cond_signal(&l->wake);
    }
    pthread_mutex_unlock(&l->lock);
    return status;
}

wb_status ledger_append(ledger *l, const ledger_event *event, ledger_done done, void *arg,
                        wb_error *e)
{
    ledger_log *g;
    wb_status status = get(l, event->tenant, &g, e);
    if (status)
        return status;
    item *i = wb_calloc(1, sizeof *i);
    i->log = g;
    i->done = done;
    i->arg = arg;
    status = draft(event, i, e);
    if (!status)
        status = log_reserve(g, i->draft.room, event->last_room, e);
    if (!status) {
        status = enqueue(l, i, e);
        if (status)
            log_unreserve(g, i->draft.room);
    }
    if (status)
        free_item(i);
    return status;
}

typedef struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool over;
    ledger_receipt receipt;
    char why[256];
} waiter;

static void wake(void *arg, const ledger_receipt *receipt)
{
    waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->receipt = *receipt;
    snprintf(w->why, sizeof w->why, "%s", receipt->why);
    w->receipt.why = NULL;
    w->over = true;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
}

static wb_status wait_for(waiter *w, wb_status queued, ledger_receipt *receipt, wb_error *e)
{
    pthread_mutex_lock(&w->lock);
    while (!queued && !w->over)
        pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->done);
    if (queued)
        return queued;
    if (receipt)
        *receipt = w->receipt;
    return w->receipt.status ? wb_fail(e, w->receipt.status, "%s", w->why) : WB_OK;
}

wb_status ledger_append_wait(ledger *l, const ledger_event *event, ledger_receipt *receipt,
                             wb_error *e)
{
    waiter w = {.over = false};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.done, NULL);
    return wait_for(&w, ledger_append(l, event, wake, &w, e), receipt, e);
}

wb_status ledger_checkpoint_now(ledger *l, const char *tenant, wb_error *e)
{
    ledger_log *g;
    waiter w = {.over = false};
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    item *i = wb_calloc(1, sizeof *i);
    i->log = g;
    i->done = wake;
    i->arg = &w;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.done, NULL);
    status = enqueue(l, i, e);
    if (status)
        free_item(i);
    status = wait_for(&w, status, NULL, e);
    return status == WB_OK ? WB_OK
                           : wb_fail(e, status, "no checkpoint of %s could be signed", tenant);
}

/* ---- Reading ---- */

wb_status ledger_get_head(ledger *l, const char *tenant, ledger_head *out, wb_error *e)
{
    ledger_log *g;
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&g->lock);
    *out = (ledger_head){.size = g->tree.size,
                         .epoch = g->epoch,
                         .root = merkle_root(&g->tree, g->tree.size),
                         .time_ns = g->last_ns,
                         .checkpoint_size = g->cp_size,
                         .checkpoint_at = g->cp_at,
                         .poisoned = g->poisoned,
                         .full = g->full};
    pthread_mutex_unlock(&g->lock);
    return WB_OK;
}

wb_status ledger_get_entry(ledger *l, const char *tenant, uint64_t index, char **out, size_t *n,
                           wb_error *e)
{
    ledger_log *g;
    char name[FORMAT_SEG_NAME];
    log_place place = {0};
    unsigned char frame[FORMAT_FRAME + LEDGER_ENTRY_MAX];
    *out = NULL;
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&g->lock);
    bool there = index < g->tree.size;
    merkle_hash leaf = {{0}};
    if (there) {
        place = g->places[index];
        leaf = g->tree.level[0].p[index];
    }
    pthread_mutex_unlock(&g->lock);
    if (!there)
        return wb_fail(e, WB_NOT_FOUND, "there is no entry %llu", (unsigned long long)index);
    format_seg_name(place.seg_first, name);
    int fd = openat(g->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t got = fd >= 0 ? pread(fd, frame, sizeof frame, (off_t)place.offset) : -1;
    if (fd >= 0)
        close(fd);
    size_t at = 0;
    wb_str entry = {0};
    if (got < 0)
        return wb_fail(e, WB_IO, "entry %llu: %s", (unsigned long long)index, strerror(errno));
    format_fault fault = format_next(wb_str_n(frame, (size_t)got), LEDGER_ENTRY_MAX, &at, &entry);
    merkle_hash now = {{0}};
    if (!fault)
        now = merkle_leaf(entry);
    if (fault || memcmp(now.b, leaf.b, sizeof now.b) != 0)
        return wb_fail(e, WB_CORRUPT, "entry %llu is damaged: %s", (unsigned long long)index,
                       fault ? format_fault_text(fault) : "other bytes than were acknowledged");
    *out = wb_strndup(entry.p, entry.n);
    *n = entry.n;
    return WB_OK;
}

wb_status ledger_get_checkpoint(ledger *l, const char *tenant, char **out, wb_error *e)
{
    ledger_log *g;
    *out = NULL;
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&g->lock);
    if (g->checkpoint)
        *out = wb_strdup(g->checkpoint);
    pthread_mutex_unlock(&g->lock);
    return *out ? WB_OK : wb_fail(e, WB_NOT_FOUND, "there is no checkpoint yet");
}

wb_status ledger_get_inclusion(ledger *l, const char *tenant, uint64_t index, uint64_t size,
                               merkle_hash *proof, size_t *n, wb_error *e)
{
    ledger_log *g;
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&g->lock);
    bool ok = merkle_inclusion(&g->tree, index, size, proof, n);
    pthread_mutex_unlock(&g->lock);
    return ok ? WB_OK
              : wb_fail(e, WB_NOT_FOUND, "there is no entry %llu in a tree of %llu",
                        (unsigned long long)index, (unsigned long long)size);
}

wb_status ledger_get_consistency(ledger *l, const char *tenant, uint64_t from, uint64_t to,
                                 merkle_hash *proof, size_t *n, wb_error *e)
{
    ledger_log *g;
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&g->lock);
    bool ok = merkle_consistency(&g->tree, from, to, proof, n);
    pthread_mutex_unlock(&g->lock);
    return ok ? WB_OK
              : wb_fail(e, WB_NOT_FOUND, "there is no proof from a tree of %llu to one of %llu",
                        (unsigned long long)from, (unsigned long long)to);
}

wb_status ledger_get_proof(ledger *l, const char *tenant, uint64_t index, char **out, wb_error *e)
{
    ledger_log *g;
    merkle_hash proof[MERKLE_PROOF_MAX];
    size_t n = 0;
    wb_buf text;
    *out = NULL;
    wb_status status = get(l, tenant, &g, e);
    if (status)
        return status;
    pthread_mutex_lock(&g->lock);
    bool there = index < g->tree.size, covered = index < g->cp_size;
    pthread_mutex_unlock(&g->lock);
    if (!there)
        return wb_fail(e, WB_NOT_FOUND, "there is no entry %llu", (unsigned long long)index);
    if (!covered)
        status = ledger_checkpoint_now(l, tenant, e);
    if (status)
        return status;
    wb_buf_init(&text, 2 * NOTE_MAX + MERKLE_PROOF_MAX * 64);
    pthread_mutex_lock(&g->lock);
    bool ok = g->checkpoint && merkle_inclusion(&g->tree, index, g->cp_size, proof, &n);
    wb_buf_putf(&text, "c2sp.org/tlog-proof@v1\nindex %llu\n", (unsigned long long)index);
    for (size_t i = 0; i < n; i++) {
        wb_buf_put_base64(&text, proof[i].b, sizeof proof[i].b);
        wb_buf_putc(&text, '\n');
    }
    wb_buf_putc(&text, '\n');
    wb_buf_puts(&text, g->checkpoint ? g->checkpoint : "");
    pthread_mutex_unlock(&g->lock);
    if (ok)
        *out = wb_buf_detach(&text, &n);
    wb_buf_free(&text);
    return ok ? WB_OK : wb_fail(e, WB_UNAVAILABLE, "no checkpoint covers the entry yet");
}
