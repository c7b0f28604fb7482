#include "server/ledger/verify.h"
#include "base/base64.h"
#include "server/ledger/format.h"
#include "server/ledger/note.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NO_INDEX  UINT64_MAX
#define ACK_TRIES 5 /* a live writer may be in the middle of a slot */

/* A root that the tree must have at one size. */
typedef struct promise {
    uint64_t size;
    merkle_hash root;
    const char *file;
    uint64_t offset;
} promise;

typedef struct audit {
    const verify_options *options;
    verify_report *r;
    const char *tenant;
    int folder;
    format_ack ack;
    promise *promises; /* ordered by size once all are known */
    size_t promise_count, promise_next;
    uint64_t size;
    merkle_hash peaks[64]; /* complete subtrees, largest first, one a set bit of size */
    int peak_count;
    unsigned char prev[WB_SHA256_LEN];
    int64_t last_ns;
} audit;

static bool fault(audit *a, const char *file, uint64_t offset, uint64_t index, const char *what)
{
    verify_report *r = a->r;
    if (!r->file[0]) {
        snprintf(r->file, sizeof r->file, "%s", file);
        snprintf(r->what, sizeof r->what, "%s", what);
        r->offset = offset;
        r->index = index;
    }
    return false;
}

/* ---- The tree, by its peaks ---- */

static void grow(audit *a, merkle_hash h)
{
    for (uint64_t bits = a->size; bits & 1; bits >>= 1)
        h = merkle_node(&a->peaks[--a->peak_count], &h);
    a->peaks[a->peak_count++] = h;
    a->size++;
}

static merkle_hash root_now(const audit *a)
{
    merkle_hash h;
    if (a->peak_count == 0) {
        wb_sha256("", 0, h.b);
        return h;
    }
    h = a->peaks[a->peak_count - 1];
    for (int i = a->peak_count - 2; i >= 0; i--)
        h = merkle_node(&a->peaks[i], &h);
    return h;
}

static void promised(audit *a, uint64_t size, const merkle_hash *root, const char *file,
                     uint64_t offset)
{
    a->promises = wb_realloc(a->promises, (a->promise_count + 1) * sizeof *a->promises);
    a->promises[a->promise_count++] = (promise){size, *root, file, offset};
}

static int by_size(const void *x, const void *y)
{
    const promise *a = x, *b = y;
    return (a->size > b->size) - (a->size < b->size);
}

static bool keep_promises(audit *a)
{
    while (a->promise_next < a->promise_count && a->promises[a->promise_next].size == a->size) {
        const promise *p = &a->promises[a->promise_next++];
        merkle_hash root = root_now(a);
        if (memcmp(root.b, p->root.b, sizeof root.b) == 0)
            continue;
        a->r->tree = false;
        return fault(a, p->file, p->offset, a->size ? a->size - 1 : NO_INDEX,
                     "the entries up to this one do not have the recorded root");
    }
    return true;
}

/* ---- The acknowledgement records ---- */

static bool read_slots(audit *a)
{
    wb_str bytes = {0};
    format_ack slot[2];
    const char *what = NULL;
    uint64_t offset = 0;
    for (int i = 0; i < ACK_TRIES; i++) {
        what = NULL;
        if (format_map(a->folder, "acked", &bytes) != 0)
            return fault(a, "acked", 0, NO_INDEX, "the file is missing or cannot be read");
        if (bytes.n != FORMAT_ACKED)
            what = "it does not have two slots";
        for (int k = 0; !what && k < 2; k++) {
            const unsigned char *p = (const unsigned char *)bytes.p + k * FORMAT_SLOT;
            offset = (uint64_t)k * FORMAT_SLOT;
            if (!format_ack_get(p, &slot[k]) || (int)(slot[k].seq & 1) != k)
                what = "the slot's checksum does not fit its bytes";
        }
        format_unmap(bytes);
        if (!what)
            break;
        usleep(1000);
    }
    if (what)
        return fault(a, "acked", offset, NO_INDEX, what);
    int newer = slot[1].seq > slot[0].seq;
    const format_ack *old = &slot[!newer];
    a->ack = slot[newer];
    if (a->ack.seq != old->seq + 1 || old->entries > a->ack.entries ||
        old->cp_bytes > a->ack.cp_bytes || old->epoch > a->ack.epoch)
        return fault(a, "acked", (uint64_t)newer * FORMAT_SLOT, NO_INDEX,
                     "the two records do not follow one another");
    promised(a, old->entries, &old->root, "acked", (uint64_t)!newer * FORMAT_SLOT);
    promised(a, a->ack.entries, &a->ack.root, "acked", (uint64_t)newer * FORMAT_SLOT);
    a->r->size = a->ack.entries;
    a->r->root = a->ack.root;
    return true;
}

/* ---- Checkpoints ---- */

static bool check_note(audit *a, wb_str text, uint64_t at, char *origin)
{
    note_checkpoint c;
    size_t others = 0;
    bool good = a->options->key_count == 0;
    if (!note_parse(text, &c))
        return fault(a, "checkpoints.log", at, NO_INDEX, "this is no checkpoint");
    if (!origin[0])
        snprintf(origin, NOTE_ORIGIN_MAX + 1, "%.*s", WB_FMT(c.origin));
    if (!wb_str_is(c.origin, origin))
        return fault(a, "checkpoints.log", at, NO_INDEX, "the checkpoint is of another origin");
    if (c.size > a->ack.entries)
        return fault(a, "checkpoints.log", at, NO_INDEX,
                     "the checkpoint is of more entries than were acknowledged");
    for (size_t i = 0; !good && i < a->options->key_count; i++)
        good = note_verify(text, c.origin, a->options->keys[i], &others);
    if (!good)
        return fault(a, "checkpoints.log", at, NO_INDEX,
                     "no good signature of the checkpoint by a known key");
    promised(a, c.size, &c.root, "checkpoints.log", at);
    a->r->checkpoints++;
    a->r->witnessed += others > 0;
    a->r->last_checkpoint = c.size;
    return true;
}

static bool read_checkpoints(audit *a, wb_str plain)
{
    char origin[NOTE_ORIGIN_MAX + 1] = "";
    wb_str bytes, text = {0};
    size_t at = 0;
    bool ok = true, same = plain.n == 0;
    if (a->options->origin)
        snprintf(origin, sizeof origin, "%s", a->options->origin);
    int status = format_map(a->folder, "checkpoints.log", &bytes);
    if (status && !(status == WB_NOT_FOUND && a->ack.cp_bytes == 0))
        return fault(a, "checkpoints.log", 0, NO_INDEX, "the file is missing or cannot be read");
    if (bytes.n < a->ack.cp_bytes)
        ok = fault(a, "checkpoints.log", bytes.n, NO_INDEX, "acknowledged checkpoints are missing");
    wb_str counted = {bytes.p, ok ? (size_t)a->ack.cp_bytes : 0};
    while (ok && at < counted.n) {
        uint64_t start = at;
        format_fault f = format_next(counted, NOTE_MAX, &at, &text);
        ok = f ? fault(a, "checkpoints.log", start, NO_INDEX, format_fault_text(f))
               : check_note(a, text, start, origin);
        same = same || wb_str_eq(text, plain);
    }
    if (ok && !same)
        ok = fault(a, "checkpoint", 0, NO_INDEX, "it is none of the checkpoints on record");
    if (ok && plain.n == 0 && a->r->checkpoints > 1)
        ok = fault(a, "checkpoint", 0, NO_INDEX, "the file is missing or empty");
    format_unmap(bytes);
    return ok;
}

/* ---- Entries ---- */

/* What is wrong with the entry, or NULL. */
static const char *examine(audit *a, const json_t *j, bool *chain)
{
    static const char *const members[] = {"v",    "i",     "t",      "tenant", "type",
                                          "rid",  "actor", "policy", "src",    "prev",
                                          "body", "blobs", "clock"};
    char hex[65];
    const char *name;
    json_t *value, *all = (json_t *)(uintptr_t)j;
    size_t n = 0;
    int64_t ns = 0;
    if (!json_is_object(j))
        return "the entry is no JSON object";
    json_object_foreach(all, name, value)
    {
        if (n >= 13 || strcmp(name, members[n++]) != 0)
            return "the entry's members are not those of an entry";
    }
    if (n < 12 || json_integer_value(json_object_get(j, "v")) != 1)
        return "the entry is of no known version";
    const json_t *index = json_object_get(j, "i");
    if (!json_is_integer(index) || (uint64_t)json_integer_value(index) != a->size)
        return "the entry says another index";
    const char *tenant = json_string_value(json_object_get(j, "tenant"));
    if (!tenant || strcmp(tenant, a->tenant) != 0)
        return "the entry is another tenant's";
    const char *time = json_string_value(json_object_get(j, "t"));
    if (!time || !format_time(wb_str_of(time), &ns))
        return "the entry has no time";
    if (ns < a->last_ns)
        return "the entry is older than the one before";
    a->last_ns = ns;
    if (!json_is_string(json_object_get(j, "type")) || !json_is_object(json_object_get(j, "body")))
        return "the entry has no type or no body";
    const char *prev = json_string_value(json_object_get(j, "prev"));
    wb_hex_encode(a->prev, sizeof a->prev, hex);
    *chain = prev && strcmp(prev, hex) == 0;
    return *chain ? NULL : "the entry does not follow the one before (prev)";
}

static bool take_entry(audit *a, wb_str entry, const char *file, uint64_t at)
{
    bool chain = true;
    json_t *j = json_loadb(entry.p, entry.n, JSON_REJECT_DUPLICATES, NULL);
    const char *what = examine(a, j, &chain);
    json_decref(j);
    if (!chain)
        a->r->chain = false;
    if (what)
        return fault(a, file, at, a->size, what);
    merkle_hash leaf = merkle_leaf(entry);
    if (a->options->entry)
        a->options->entry(a->options->arg, a->size, entry, &leaf);
    wb_sha256(entry.p, entry.n, a->prev);
    grow(a, leaf);
    a->r->checked++;
    return keep_promises(a);
}

static bool read_segment(audit *a, uint64_t first)
{
    char name[FORMAT_SEG_NAME];
    wb_str bytes, entry;
    size_t at = 0;
    bool ok = true;
    format_seg_name(first, name);
    if (format_map(a->folder, name, &bytes) != 0)
        return fault(a, name, 0, a->size, "the file cannot be read");
    if (first != a->size) {
        a->r->chain = false;
        ok = fault(a, name, 0, a->size, "a segment before this one is missing");
    }
    while (ok && at < bytes.n) {
        uint64_t start = at;
        if (a->size == a->ack.entries) {
            /* Behind the acknowledged length. */
            a->r->unacknowledged += bytes.n - start;
            break;
        }
        format_fault f = format_next(bytes, LEDGER_ENTRY_MAX, &at, &entry);
        ok = f ? fault(a, name, start, a->size, format_fault_text(f))
               : take_entry(a, entry, name, start);
        if (ok && a->size == a->ack.entries &&
            (first != a->ack.seg_first || at != a->ack.seg_bytes))
            ok = fault(a, "acked", 0, a->size - 1, "the acknowledged length is another one");
    }
    format_unmap(bytes);
    return ok;
}

static bool read_entries(audit *a)
{
    uint64_t *firsts = NULL;
    size_t n = 0;
    qsort(a->promises, a->promise_count, sizeof *a->promises, by_size);
    bool ok = format_segments(a->folder, &firsts, &n) == 0 ||
              fault(a, "", 0, NO_INDEX, "the folder cannot be read");
    ok = ok && keep_promises(a);
    for (size_t i = 0; ok && i < n; i++)
        ok = read_segment(a, firsts[i]);
    free(firsts);
    if (ok && a->size < a->ack.entries) {
        a->r->tree = false;
        ok = fault(a, "acked", 24, a->size, "acknowledged entries are missing from here on");
    }
    return ok;
}

wb_status verify_ledger(const char *dir, const char *tenant, const verify_options *options,
                        verify_report *out, wb_error *e)
{
    static const verify_options none = {0};
    char path[4096];
    wb_str plain;
    *out = (verify_report){.chain = true, .tree = true, .index = NO_INDEX};
    audit a = {.options = options ? options : &none, .r = out, .tenant = tenant};
    out->signatures = a.options->key_count > 0;
    int n = snprintf(path, sizeof path, "%s/ledger/%s", dir, tenant);
    a.folder = n > 0 && n < (int)sizeof path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (a.folder < 0)
        return wb_fail(e, errno == ENOENT ? WB_NOT_FOUND : WB_IO, "ledger of %s in %s: %s", tenant,
                       dir, strerror(errno));
    /* A live writer writes the log of checkpoints, then the record, then the plain copy: read the
     * other way round, nothing seems to be missing. */
    if (format_map(a.folder, "checkpoint", &plain) == WB_IO)
        fault(&a, "checkpoint", 0, NO_INDEX, "the file cannot be read");
    out->ok = read_slots(&a) && read_checkpoints(&a, plain) && read_entries(&a) && !out->file[0];
    format_unmap(plain);
    close(a.folder);
    free(a.promises);
    return WB_OK;
}

void verify_report_json(const verify_report *r, wb_buf *to)
{
    char root[65];
    wb_hex_encode(r->root.b, sizeof r->root.b, root);
    wb_buf_putf(to,
                "{\"ok\":%s,\"size\":%llu,\"root\":\"%s\",\"checked\":%llu,\"chain\":\"%s\","
                "\"tree\":\"%s\",\"checkpoints\":%llu,\"witnessed\":%llu,\"signatures\":\"%s\","
                "\"unacknowledged\":%llu",
                r->ok ? "true" : "false", (unsigned long long)r->size, root,
                (unsigned long long)r->checked, r->chain ? "ok" : "broken",
                r->tree ? "ok" : "broken", (unsigned long long)r->checkpoints,
                (unsigned long long)r->witnessed, r->signatures ? "checked" : "not checked",
                (unsigned long long)r->unacknowledged);
    if (r->file[0]) {
        wb_buf_puts(to, ",\"fault\":{\"file\":");
        wb_buf_put_json(to, wb_str_of(r->file));
        wb_buf_putf(to, ",\"byte\":%llu", (unsigned long long)r->offset);
        if (r->index != NO_INDEX)
            wb_buf_putf(to, ",\"index\":%llu", (unsigned long long)r->index);
        wb_buf_puts(to, ",\"what\":");
        wb_buf_put_json(to, wb_str_of(r->what));
        wb_buf_putc(to, '}');
    }
    wb_buf_putc(to, '}');
}
