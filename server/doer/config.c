/* The configuration file: one row a member. */
#include "server/doer/internal.h"

#include <stddef.h>

enum { TEXT, NUMBER, SMALL, FLAG };

static const struct {
    const char *name;
    int kind;
    size_t offset;
    int64_t least, most; /* of numbers */
} MEMBERS[] = {
    {"data", TEXT, offsetof(doer_options, data), 0, 0},
    {"listen", TEXT, offsetof(doer_options, listen), 0, 0},
    {"tenant", TEXT, offsetof(doer_options, tenant), 0, 0},
    {"target", TEXT, offsetof(doer_options, target), 0, 0},
    {"aud", TEXT, offsetof(doer_options, aud), 0, 0},
    {"instance", TEXT, offsetof(doer_options, instance), 0, 0},
    {"gatekeeper", TEXT, offsetof(doer_options, gatekeeper), 0, 0},
    {"token_file", TEXT, offsetof(doer_options, token_file), 0, 0},
    {"directory", TEXT, offsetof(doer_options, directory), 0, 0},
    {"broker_token_file", TEXT, offsetof(doer_options, broker_token_file), 0, 0},
    {"broker", TEXT, offsetof(doer_options, broker), 0, 0},
    {"role_id", TEXT, offsetof(doer_options, role_id), 0, 0},
    {"secret_id_file", TEXT, offsetof(doer_options, secret_id_file), 0, 0},
    {"mount", TEXT, offsetof(doer_options, mount), 0, 0},
    {"hmac_key_file", TEXT, offsetof(doer_options, hmac_key_file), 0, 0},
    {"require_hs256", FLAG, offsetof(doer_options, require_hs256), 0, 0},
    {"window_seconds", NUMBER, offsetof(doer_options, window_s), 1, 86400 * 30},
    {"gen_keys", NUMBER, offsetof(doer_options, gen_keys), 0, INT64_MAX},
    {"gen_grants", NUMBER, offsetof(doer_options, gen_grants), 0, INT64_MAX},
    {"call_ms", SMALL, offsetof(doer_options, call_ms), 100, 50000},
    {"retry_ms", SMALL, offsetof(doer_options, retry_ms), 50, 300000},
};

static bool set(doer_options *o, const char *name, const json_t *value)
{
    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        char *at = (char *)o + MEMBERS[i].offset;
        if (strcmp(MEMBERS[i].name, name) != 0)
            continue;
        json_int_t number = json_integer_value(value);
        bool fits =
            json_is_integer(value) && number >= MEMBERS[i].least && number <= MEMBERS[i].most;
        switch (MEMBERS[i].kind) {
        case TEXT:
            if (!*(const char **)at)
                *(const char **)at = json_string_value(value);
            return json_is_string(value);
        case FLAG: *(bool *)at = *(bool *)at || json_is_true(value); return json_is_boolean(value);
        case NUMBER:
            if (fits && !*(int64_t *)at)
                *(int64_t *)at = number;
            return fits;
        default:
            if (fits && !*(unsigned *)at)
                *(unsigned *)at = (unsigned)number;
            return fits;
        }
    }
    return false;
}

wb_status doer_config_read(const char *path, doer_options *o, struct json_t **keep, wb_error *e)
{
    json_error_t where;
    const char *name;
    json_t *value;
    *keep = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(*keep))
        return wb_fail(e, WB_INVALID, "%s:%d: %s", path, where.line,
                       *keep ? "not a JSON object" : where.text);
    json_object_foreach(*keep, name, value)
    {
        if (!set(o, name, value))
            return wb_fail(e, WB_INVALID, "%s: unknown member, or a value out of range: \"%s\"",
                           path, name);
    }
    return WB_OK;
}
