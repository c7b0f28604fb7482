/* The configuration file: YAML, and JSON as a part of it. One row a key. */
#include "server/gatekeeper/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yaml.h>

#define FILE_MAX (64u << 10) /* bytes of a configuration */

typedef enum kind { TEXT, NUMBER, LIMITS } kind;

static const struct key {
    const char *name;
    kind kind;
    size_t offset;
    int64_t least, most;
} KEYS[] = {
    {"listen", TEXT, offsetof(gk_options, listen), 0, 0},
    {"policies", TEXT, offsetof(gk_options, policies), 0, 0},
    {"tenant", TEXT, offsetof(gk_options, tenant), 0, 0},
    {"instance", TEXT, offsetof(gk_options, instance), 0, 0},
    {"doer", TEXT, offsetof(gk_options, doer), 0, 0},
    {"public_url", TEXT, offsetof(gk_options, public_url), 0, 0},
    {"tls_cert", TEXT, offsetof(gk_options, tls_cert), 0, 0},
    {"tls_key", TEXT, offsetof(gk_options, tls_key), 0, 0},
    {"window_seconds", NUMBER, offsetof(gk_options, window_seconds), 1, 30 * 86400},
    {"approval_seconds", NUMBER, offsetof(gk_options, approval_seconds), 1, 30 * 86400},
    {"packet_seconds", NUMBER, offsetof(gk_options, packet_seconds), 30, 120},
    {"autonomy_level", NUMBER, offsetof(gk_options, autonomy_level), 0, 3},
    {"fuel", NUMBER, offsetof(gk_options, fuel), 1, INT64_MAX},
    {"deadline_ms", NUMBER, offsetof(gk_options, deadline_ms), 1, 60000},
    {"limits", LIMITS, 0, 0, 0},
};
#define KEY_COUNT (sizeof KEYS / sizeof KEYS[0])

/* The names that the policies read; see policies/README.md. */
static const char *const LIMIT_NAMES[] = {
    "confidence_min",
    "risk_threshold",
    "hris_max_age_seconds",
    "ownership_max_age_seconds",
    "escalation_window_seconds",
    "approve",
    "deny",
};

void gk_option_set(char **slot, const char *value)
{
    char *copy = value ? wb_strdup(value) : NULL;
    free(*slot);
    *slot = copy;
}

void gk_options_init(gk_options *o)
{
    *o = (gk_options){.window_seconds = 300,
                      .approval_seconds = 86400,
                      .packet_seconds = 120,
                      .autonomy_level = 2,
                      .fuel = 10000000,
                      .deadline_ms = 1000,
                      .limits = json_object()};
    gk_option_set(&o->tenant, "default");
    gk_option_set(&o->instance, "local");
}

void gk_options_clear(gk_options *o)
{
    char **const texts[] = {&o->data, &o->listen,     &o->policies, &o->tenant, &o->instance,
                            &o->doer, &o->public_url, &o->tls_cert, &o->tls_key};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        gk_option_set(texts[i], NULL);
    json_decref(o->limits);
    o->limits = NULL;
}

typedef struct reader {
    const char *path;
    yaml_document_t doc;
    gk_options *o;
    wb_error *e;
} reader;

static wb_status wrong(reader *r, const yaml_node_t *at, const char *key, const char *what)
{
    return wb_fail(r->e, WB_INVALID, "%s:%zu: %s%s%s", r->path, at->start_mark.line + 1, key,
                   *key ? ": " : "", what);
}

static const char *scalar(const yaml_node_t *n)
{
    bool text = n && n->type == YAML_SCALAR_NODE &&
                strlen((const char *)n->data.scalar.value) == n->data.scalar.length;
    return text ? (const char *)n->data.scalar.value : NULL;
}

static bool number(const char *text, double *out)
{
    char *end;
    if (!text || !(isdigit((unsigned char)*text) || *text == '-'))
        return false;
    errno = 0;
    *out = strtod(text, &end);
    return !errno && !*end;
}

static wb_status read_limits(reader *r, yaml_node_t *map)
{
    if (map->type != YAML_MAPPING_NODE)
        return wrong(r, map, "limits", "is a mapping of names to numbers");
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        yaml_node_t *k = yaml_document_get_node(&r->doc, p->key);
        yaml_node_t *v = yaml_document_get_node(&r->doc, p->value);
        const char *name = scalar(k);
        bool known = false;
        double d;
        for (size_t i = 0; name && i < sizeof LIMIT_NAMES / sizeof LIMIT_NAMES[0]; i++)
            known = known || strcmp(name, LIMIT_NAMES[i]) == 0;
        if (!known)
            return wrong(r, k, name ? name : "limits", "no limit has this name");
        if (json_object_get(r->o->limits, name))
            return wrong(r, k, name, "stands here twice");
        if (!number(scalar(v), &d) || d < 0 || d > 1e15)
            return wrong(r, v, name, "is a number of 0 or more");
        json_object_set_new(r->o->limits, name,
                            d == (double)(int64_t)d ? json_integer((int64_t)d) : json_real(d));
    }
    return WB_OK;
}

static wb_status read_key(reader *r, yaml_node_t *k, yaml_node_t *v, unsigned *seen)
{
    const char *name = scalar(k), *text = scalar(v);
    size_t i = 0;
    double d;
    while (i < KEY_COUNT && (!name || strcmp(KEYS[i].name, name) != 0))
        i++;
    if (i == KEY_COUNT)
        return wrong(r, k, name ? name : "", "no such key; see writ gatekeeper --help");
    if (*seen & 1u << i)
        return wrong(r, k, name, "stands here twice");
    *seen |= 1u << i;
    char *at = (char *)r->o + KEYS[i].offset;
    if (KEYS[i].kind == LIMITS)
        return read_limits(r, v);
    if (KEYS[i].kind == TEXT) {
        char **slot;
        memcpy(&slot, &at, sizeof at);
        if (!text || !*text)
            return wrong(r, v, name, "is a text");
        gk_option_set(slot, text);
        return WB_OK;
    }
    if (!number(text, &d) || d != (double)(int64_t)d || (int64_t)d < KEYS[i].least ||
        (int64_t)d > KEYS[i].most) {
        char what[96];
        snprintf(what, sizeof what, "is a whole number from %lld to %lld", (long long)KEYS[i].least,
                 (long long)KEYS[i].most);
        return wrong(r, v, name, what);
    }
    int64_t whole = (int64_t)d;
    memcpy(at, &whole, sizeof whole);
    return WB_OK;
}

wb_status gk_config_load(gk_options *o, const char *path, wb_error *e)
{
    reader r = {.path = path, .o = o, .e = e};
    yaml_parser_t parser;
    FILE *f = fopen(path, "re");
    char *text = wb_malloc(FILE_MAX + 1);
    size_t n = f ? fread(text, 1, FILE_MAX + 1, f) : 0;
    wb_status status = !f             ? wb_fail(e, WB_IO, "%s: %s", path, strerror(errno))
                       : n > FILE_MAX ? wb_fail(e, WB_LIMIT, "%s: too large", path)
                                      : WB_OK;
    if (f)
        fclose(f);
    if (status) {
        free(text);
        return status;
    }
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
    if (!yaml_parser_load(&parser, &r.doc)) {
        status = wb_fail(e, WB_INVALID, "%s:%zu: %s", path, parser.problem_mark.line + 1,
                         parser.problem ? parser.problem : "not YAML");
    } else {
        yaml_node_t *root = yaml_document_get_root_node(&r.doc);
        unsigned seen = 0;
        if (root && root->type != YAML_MAPPING_NODE)
            status = wrong(&r, root, "", "a configuration is a mapping");
        for (yaml_node_pair_t *p = !status && root ? root->data.mapping.pairs.start : NULL;
             p && !status && p < root->data.mapping.pairs.top; p++)
            status = read_key(&r, yaml_document_get_node(&r.doc, p->key),
                              yaml_document_get_node(&r.doc, p->value), &seen);
        yaml_document_delete(&r.doc);
    }
    yaml_parser_delete(&parser);
    free(text);
    return status;
}

static bool is_pack(const char *path)
{
    char probe[4352];
    snprintf(probe, sizeof probe, "%s/gatekeeper", path);
    return access(probe, R_OK | X_OK) == 0;
}

char *gk_policies_find(const char *data)
{
    char path[4200], self[4096];
    snprintf(path, sizeof path, "%s/policies", data);
    if (is_pack(path))
        return wb_strdup(path);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    for (int up = 0; up < 4 && n > 0; up++) {
        self[n] = 0;
        char *slash = strrchr(self, '/');
        if (!slash)
            break;
        n = slash - self;
        *slash = 0;
        snprintf(path, sizeof path, "%s/policies", self);
        if (is_pack(path))
            return wb_strdup(path);
    }
    return NULL;
}
