/* The body of POST /v1/packets: checked member by member, filtered, and kept as a record. */
#include "server/gatekeeper/internal.h"
#include "server/ledger/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ERRORS_MAX 16                    /* faults told of one body */
#define AGE_MAX    (100.0 * 366 * 86400) /* seconds; older facts keep their age as it stands */

typedef enum kind { TEXT, NAME, TEXT_OR_NULL, OBJECT, ARRAY } kind;

/* One row a member that may stand in a request. */
static const struct member {
    const char *parent, *name;
    kind kind;
    bool required;
    size_t max; /* bytes of a text */
} MEMBERS[] = {
    {"", "kind", NAME, true, WB_NAME_MAX},
    {"", "raw", TEXT, false, GK_RAW_MAX},
    {"", "subject", OBJECT, false, 0},
    {"", "requested_by", TEXT, true, GK_NAME_BYTES},
    {"", "effective_at", TEXT, false, 64},
    {"", "context", OBJECT, false, 0},
    {"/subject", "id", TEXT_OR_NULL, false, GK_NAME_BYTES},
    {"/subject", "target", TEXT_OR_NULL, false, WB_NAME_MAX},
    {"/subject", "target_ref", TEXT_OR_NULL, false, GK_NAME_BYTES},
    {"/context", "subject", OBJECT, false, 0},
    {"/context", "requester", OBJECT, false, 0},
    {"/context", "hris", OBJECT, false, 0},
    {"/context", "ownership", OBJECT, false, 0},
    {"/context", "history", OBJECT, false, 0},
    {"/context", "capabilities", ARRAY, false, 0},
    {"/context", "delegation", OBJECT, false, 0},
    {"/context", "access", OBJECT, false, 0},
};
#define MEMBER_COUNT (sizeof MEMBERS / sizeof MEMBERS[0])

static void fault(wb_buf *errors, const char *parent, const char *name, const char *detail)
{
    if (errors->n > ERRORS_MAX * 256)
        return;
    wb_buf_puts(errors, errors->n ? ",{\"pointer\":" : "[{\"pointer\":");
    wb_buf path;
    wb_buf_init(&path, 512);
    wb_buf_puts(&path, parent);
    if (name) {
        wb_buf_putc(&path, '/');
        for (size_t i = 0; name[i] && i < 100; i++)
            wb_buf_puts(&path, name[i] == '~'   ? "~0"
                               : name[i] == '/' ? "~1"
                                                : (char[2]){name[i], 0});
    }
    wb_str text = wb_buf_str(&path);
    /* A name that was cut inside a letter is told without it. */
    while (text.n && ((unsigned char)text.p[text.n - 1] & 0x80) && name && strlen(name) > 100)
        text.n--;
    wb_buf_put_json(errors, text);
    wb_buf_puts(errors, ",\"detail\":");
    wb_buf_put_json(errors, wb_str_of(detail));
    wb_buf_putc(errors, '}');
    wb_buf_free(&path);
}

bool gk_too_deep(wb_str json, int max)
{
    int depth = 0;
    bool text = false;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (text) {
            i += c == '\\';
            text = c != '"';
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

static const char *wrong(const struct member *m, const json_t *v)
{
    if (m->kind == OBJECT)
        return json_is_object(v) ? NULL : "must be an object";
    if (m->kind == ARRAY)
        return json_is_array(v) ? NULL : "must be an array";
    if (m->kind == TEXT_OR_NULL && json_is_null(v))
        return NULL;
    if (!json_is_string(v))
        return m->kind == TEXT_OR_NULL ? "must be a string or null" : "must be a string";
    size_t n = json_string_length(v);
    if (n > m->max)
        return "is too long";
    if (m->kind == NAME && !wb_name_valid(wb_str_n(json_string_value(v), n)))
        return "must be a name of letters, digits, '_' and '-'";
    if (n == 0 && m->required)
        return "must not be empty";
    return NULL;
}

static void check(const json_t *object, const char *parent, wb_buf *errors)
{
    const char *key;
    json_t *value, *it = NULL;
    memcpy(&it, &object, sizeof object); /* the library's iterators take no const */
    json_object_foreach(it, key, value)
    {
        const struct member *m = NULL;
        for (size_t i = 0; i < MEMBER_COUNT; i++)
            if (strcmp(MEMBERS[i].parent, parent) == 0 && strcmp(MEMBERS[i].name, key) == 0)
                m = &MEMBERS[i];
        const char *what = m ? wrong(m, value) : "is not known here";
        if (what)
            fault(errors, parent, key, what);
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (MEMBERS[i].required && strcmp(MEMBERS[i].parent, parent) == 0 &&
            !json_object_get(object, MEMBERS[i].name))
            fault(errors, parent, MEMBERS[i].name, "is missing");
}

/* What the service does not do yet is refused, not forgotten. */
static void check_time(const json_t *body, int64_t now_ns, wb_buf *errors)
{
    const json_t *at = json_object_get(body, "effective_at");
    int64_t ns;
    if (!json_is_string(at))
        return;
    if (!format_time(wb_str_of(json_string_value(at)), &ns))
        fault(errors, "", "effective_at", "must be a time as 2026-01-02T03:04:05.000000000Z");
    else if (ns > now_ns)
        fault(errors, "", "effective_at", "lies in the future; send the request when it is due");
}

/* An age becomes a point in time, so that the fact is older when it is looked at again. */
static void fix_age(json_t *object, const char *name, int64_t now_ns)
{
    json_t *age = json_object_get(object, "age_seconds");
    double seconds = json_number_value(age);
    if (!json_is_number(age) || json_object_get(object, name) || !(fabs(seconds) < AGE_MAX))
        return;
    int64_t ns = json_is_integer(age) ? (int64_t)json_integer_value(age) * 1000000000
                                      : (int64_t)(seconds * 1e9);
    json_object_set_new(object, name, json_integer(now_ns - ns));
    json_object_del(object, "age_seconds");
}

static void fix_ages(json_t *context, int64_t now_ns)
{
    json_t *history = json_object_get(context, "history"), *one;
    size_t i;
    fix_age(json_object_get(context, "hris"), "fetched_at_ns", now_ns);
    fix_age(json_object_get(context, "ownership"), "fetched_at_ns", now_ns);
    json_array_foreach(json_object_get(history, "escalations"), i, one) if (json_is_object(one))
        fix_age(one, "granted_at_ns", now_ns);
    /* How far the soft phase got is the state machine's to say. */
    json_object_del(history, "soft");
}

static json_t *hits_of(const inject_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->count && i < INJECT_HITS_MAX; i++) {
        wb_str path = wb_str_of(r->hits[i].pointer);
        json_t *at = json_stringn(path.p, path.n);
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:I}", "rule", r->hits[i].rule, "family",
                                        r->hits[i].family, "pointer", at ? at : json_string(""),
                                        "offset", (json_int_t)r->hits[i].offset));
    }
    return list;
}

static json_t *filter(json_t *body, json_t **scrubbed)
{
    inject_report report = {0};
    json_t *null_subject = json_pack("{s:n, s:n, s:n}", "id", "target", "target_ref");
    json_t *subject = json_object_get(body, "subject"), *context = json_object_get(body, "context");
    double confidence = json_object_get(body, "raw") && !subject ? 0 : 1;
    /* Each text by itself: what the requester wrote, and the facts that were sent along. */
    inject_scan_json(body, "", &report);
    json_t *record = json_object();
    json_object_set(record, "kind", json_object_get(body, "kind"));
    json_object_set(record, "requested_by", json_object_get(body, "requested_by"));
    json_object_set_new(record, "flags", json_array());
    if (report.count) {
        *scrubbed = json_object();
        json_object_update(*scrubbed, body);
        json_array_append_new(json_object_get(record, "flags"),
                              json_string("prompt_injection_suspected"));
        json_object_set_new(record, "filter",
                            json_pack("{s:o, s:I, s:f}", "hits", hits_of(&report), "count",
                                      (json_int_t)report.count, "confidence_was", confidence));
        confidence = confidence < GK_CONFIDENCE_CAP ? confidence : GK_CONFIDENCE_CAP;
        subject = null_subject;
        context = NULL;
    }
    json_object_set(record, "subject", subject ? subject : null_subject);
    json_object_set_new(record, "context", context ? json_incref(context) : json_object());
    json_object_set_new(record, "confidence",
                        confidence == 1 ? json_integer(1) : json_real(confidence));
    json_decref(null_subject);
    return record;
}

json_t *gk_intake(wb_str body, int64_t now_ns, json_t **scrubbed, wb_buf *errors)
{
    json_error_t error;
    *scrubbed = NULL;
    if (gk_too_deep(body, GK_DEPTH_MAX)) {
        fault(errors, "", NULL, "nests too deeply");
        wb_buf_putc(errors, ']');
        return NULL;
    }
    json_t *b = json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(b)) {
        fault(errors, "", NULL, b ? "must be an object" : error.text);
    } else {
        check(b, "", errors);
        check_time(b, now_ns, errors);
        if (json_is_object(json_object_get(b, "subject")))
            check(json_object_get(b, "subject"), "/subject", errors);
        if (json_is_object(json_object_get(b, "context")))
            check(json_object_get(b, "context"), "/context", errors);
    }
    json_t *record = NULL;
    if (errors->n) {
        wb_buf_putc(errors, ']');
    } else {
        fix_ages(json_object_get(b, "context"), now_ns);
        record = filter(b, scrubbed);
    }
    json_decref(b);
    return record;
}
