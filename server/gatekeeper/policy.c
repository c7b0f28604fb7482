/* Loading the pack, and asking it. Everything that is not a well-formed decision is a deny. */
#include "server/gatekeeper/internal.h"
#include "writ.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX  1024       /* of one pack */
#define FILE_MAX   (4u << 20) /* bytes of one of them */
#define FOLDER_MAX 8          /* nesting of folders */
#define IDLE_MAX   64         /* sessions kept for the next decision */

struct gk_policy {
    writ_engine *engine;
    writ_query *decision;
    pthread_mutex_t lock;    /* idle */
    pthread_mutex_t prepare; /* a query that is compiled holds up no decision */
    writ_session *idle[IDLE_MAX];
    size_t idle_count, modules;
    char bundle[WB_SHA256_TEXT], data[WB_SHA256_TEXT];
};

typedef struct loader {
    gk_policy *p;
    json_t *data;
    wb_buf digest; /* "path\0sha256:...\n" of every module, in order of path */
    size_t files;
    size_t root; /* bytes of the pack's own path with its slash */
    wb_error *e;
} loader;

static wb_status read_all(const char *path, wb_buf *out, wb_error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(errno));
    ssize_t n = 1;
    wb_buf_init(out, FILE_MAX);
    while (n > 0 && !out->failed) {
        char *to = wb_buf_reserve(out, 1 << 16);
        if (!to) {
            char more;
            to = wb_buf_reserve(out, out->max - out->n);
            n = to && out->max > out->n ? read(fd, to, out->max - out->n) : read(fd, &more, 1);
            if (n > 0 && out->max == out->n)
                break;
        } else {
            n = read(fd, to, 1 << 16);
        }
        if (n > 0)
            wb_buf_commit(out, (size_t)n);
    }
    close(fd);
    if (n < 0)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(errno));
    return n > 0 ? wb_fail(e, WB_LIMIT, "%s: larger than %u bytes", path, FILE_MAX) : WB_OK;
}

static wb_status add_module(loader *l, const char *path, wb_str text)
{
    writ_error error = {0};
    char digest[WB_SHA256_TEXT];
    const char *name = path + l->root;
    if (writ_add_policy(l->p->engine, name, text.p ? text.p : "", text.n, &error))
        return wb_fail(l->e, WB_INVALID, "%s", error.text);
    wb_sha256_text(text.p, text.n, digest);
    wb_buf_put(&l->digest, name, strlen(name) + 1);
    wb_buf_puts(&l->digest, digest);
    wb_buf_putc(&l->digest, '\n');
    l->p->modules++;
    return WB_OK;
}

/* FOLDER/data.json is found under the folder's name, as `opa` has it. */
static wb_status add_data(loader *l, const char *path, wb_str text)
{
    json_error_t error;
    json_t *doc = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);
    json_t *at = l->data;
    if (!json_is_object(doc)) {
        json_decref(doc);
        return wb_fail(l->e, WB_INVALID, "%s:%d: %s", path, error.line,
                       doc ? "not an object" : error.text);
    }
    const char *name = path + l->root, *slash;
    for (; (slash = strchr(name, '/')); name = slash + 1) {
        char *part = wb_strndup(name, (size_t)(slash - name));
        json_t *next = json_object_get(at, part);
        if (!next) {
            next = json_object();
            json_object_set_new(at, part, next);
        }
        free(part);
        at = next;
    }
    int failed = json_object_update_recursive(at, doc);
    json_decref(doc);
    return failed ? wb_fail(l->e, WB_INVALID, "%s: does not merge", path) : WB_OK;
}

static bool has_suffix(const char *name, const char *suffix)
{
    return wb_str_has_suffix(wb_str_of(name), wb_str_of(suffix));
}

static wb_status add_file(loader *l, const char *path, const char *name)
{
    bool module = has_suffix(name, ".rego") && !has_suffix(name, "_test.rego");
    if (!module && strcmp(name, "data.json") != 0)
        return WB_OK;
    if (++l->files > FILES_MAX)
        return wb_fail(l->e, WB_LIMIT, "more than %d policy files", FILES_MAX);
    wb_buf text;
    wb_status status = read_all(path, &text, l->e);
    if (!status)
        status =
            module ? add_module(l, path, wb_buf_str(&text)) : add_data(l, path, wb_buf_str(&text));
    wb_buf_free(&text);
    return status;
}

static wb_status add_folder(loader *l, const char *path, int depth)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, alphasort);
    wb_status status = WB_OK;
    if (n < 0)
        return wb_fail(l->e, WB_IO, "%s: %s", path, strerror(errno));
    if (depth > FOLDER_MAX)
        status = wb_fail(l->e, WB_LIMIT, "%s: folders nest too deeply", path);
    for (int i = 0; i < n; i++) {
        struct stat st;
        char *child = NULL;
        if (!status && names[i]->d_name[0] != '.') {
            if (asprintf(&child, "%s/%s", path, names[i]->d_name) < 0)
                wb_fatal("out of memory");
            if (stat(child, &st))
                status = wb_fail(l->e, WB_IO, "%s: %s", child, strerror(errno));
            else if (S_ISDIR(st.st_mode))
                status = add_folder(l, child, depth + 1);
            else if (S_ISREG(st.st_mode))
                status = add_file(l, child, names[i]->d_name);
        }
        free(child);
        free(names[i]);
    }
    free(names);
    return status;
}

static wb_status compile(gk_policy *p, json_t *data, wb_error *e)
{
    writ_error error = {0};
    char *text = json_dumps(data, GK_JSON | JSON_SORT_KEYS);
    wb_sha256_text(text, strlen(text), p->data);
    writ_status status = writ_set_data(p->engine, text, strlen(text), &error);
    free(text);
    if (!status)
        p->decision = writ_prepare(p->engine, "data.gatekeeper.decision", &error);
    return p->decision ? WB_OK : wb_fail(e, WB_INVALID, "%s", error.text);
}

wb_status gk_policy_open(const char *dir, gk_policy **out, wb_error *e)
{
    gk_policy *p = wb_calloc(1, sizeof *p);
    loader l = {.p = p, .data = json_object(), .root = strlen(dir) + 1, .e = e};
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->prepare, NULL);
    wb_buf_init(&l.digest, FILES_MAX * 4096);
    p->engine = writ_engine_new();
    wb_status status = p->engine ? WB_OK : wb_fail(e, WB_MEMORY, "no memory for the policy engine");
    if (!status) {
        writ_add_http(p->engine);
        status = add_folder(&l, dir, 0);
    }
    if (!status && p->modules == 0)
        status = wb_fail(e, WB_INVALID, "%s: holds no policy", dir);
    if (!status)
        status = compile(p, l.data, e);
    wb_sha256_text(l.digest.p, l.digest.n, p->bundle);
    wb_buf_free(&l.digest);
    json_decref(l.data);
    if (status) {
        gk_policy_close(p);
        p = NULL;
    }
    *out = p;
    return status;
}

void gk_policy_close(gk_policy *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->idle_count; i++)
        writ_session_free(p->idle[i]);
    writ_query_free(p->decision);
    writ_engine_free(p->engine);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->prepare);
    free(p);
}

const char *gk_policy_bundle(const gk_policy *p)
{
    return p->bundle;
}

const char *gk_policy_data(const gk_policy *p)
{
    return p->data;
}

size_t gk_policy_modules(const gk_policy *p)
{
    return p->modules;
}

writ_engine *gk_policy_engine(gk_policy *p)
{
    return p->engine;
}

pthread_mutex_t *gk_policy_lock(gk_policy *p)
{
    return &p->prepare;
}

/* ---- Deciding ---- */

json_t *gk_deny(const char *why)
{
    wb_buf text;
    wb_buf_init(&text, 512);
    wb_buf_putf(&text, "eval_error: %.400s", why);
    json_t *d = json_pack("{s:s, s:[o], s:i, s:[s], s:{s:s, s:i, s:i}}", "outcome", "deny",
                          "reasons", json_string(wb_buf_cstr(&text)), "risk", 1, "obligations",
                          "record", "approvers", "group", "security", "approve", 1, "deny", 1);
    wb_buf_free(&text);
    return d ? d : gk_deny("unprintable");
}

static bool strings(const json_t *list, bool may_be_empty)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > GK_REASONS_MAX || (n == 0 && !may_be_empty))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return true;
}

static bool count_ok(const json_t *n)
{
    return json_is_integer(n) && json_integer_value(n) >= 1 &&
           json_integer_value(n) <= GK_APPROVE_MAX;
}

/* What is wrong with the answer, or NULL. */
static const char *fault_of(const json_t *d)
{
    static const char *const outcomes[] = {"allow", "deny", "require_hitl", "block"};
    const char *outcome = json_string_value(json_object_get(d, "outcome"));
    const json_t *risk = json_object_get(d, "risk"), *who = json_object_get(d, "approvers");
    bool known = false;
    for (size_t i = 0; outcome && i < 4; i++)
        known = known || strcmp(outcome, outcomes[i]) == 0;
    if (!known)
        return "the decision has no outcome";
    if (!strings(json_object_get(d, "reasons"), false))
        return "the decision has no reasons";
    if (!strings(json_object_get(d, "obligations"), true))
        return "the decision has no list of obligations";
    if (!json_is_number(risk) || !(json_number_value(risk) >= 0 && json_number_value(risk) <= 1))
        return "the decision has no risk between 0 and 1";
    if (!json_is_string(json_object_get(who, "group")) ||
        !count_ok(json_object_get(who, "approve")) || !count_ok(json_object_get(who, "deny")))
        return "the decision does not say who approves";
    return NULL;
}

static json_t *read_answer(writ_text answer)
{
    if (answer.length > GK_DECISION_MAX)
        return gk_deny("the decision is too large");
    json_t *d = json_loadb(answer.bytes, answer.length, JSON_REJECT_DUPLICATES, NULL);
    const char *fault = d ? fault_of(d) : "the decision is not an object";
    if (!fault)
        return d;
    json_decref(d);
    return gk_deny(fault);
}

static writ_session *take(gk_policy *p)
{
    pthread_mutex_lock(&p->lock);
    writ_session *s = p->idle_count ? p->idle[--p->idle_count] : NULL;
    pthread_mutex_unlock(&p->lock);
    return s ? s : writ_session_new(p->engine);
}

static void give(gk_policy *p, writ_session *s)
{
    pthread_mutex_lock(&p->lock);
    bool keep = p->idle_count < IDLE_MAX;
    if (keep)
        p->idle[p->idle_count++] = s;
    pthread_mutex_unlock(&p->lock);
    if (!keep)
        writ_session_free(s);
}

json_t *gk_policy_decide(gk_policy *p, wb_str input, int64_t now_ns, int64_t fuel_max,
                         int64_t deadline_ms, int64_t *fuel)
{
    writ_budget budget = {.fuel = fuel_max, .deadline_ms = (uint64_t)deadline_ms};
    writ_error error = {0};
    writ_text answer;
    json_t *d;
    *fuel = 0;
    writ_session *s = take(p);
    if (!s)
        return gk_deny("no memory for an evaluation");
    writ_set_budget(s, &budget);
    writ_set_time(s, now_ns);
    switch (writ_eval_json(s, p->decision, input.p, input.n, &answer, &error)) {
    case WRIT_OK: d = read_answer(answer); break;
    case WRIT_UNDEFINED: d = gk_deny("the decision is undefined"); break;
    default: d = gk_deny(error.text[0] ? error.text : "the evaluation failed"); break;
    }
    *fuel = writ_fuel_used(s);
    give(p, s);
    return d;
}
