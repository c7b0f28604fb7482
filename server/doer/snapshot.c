/* What is kept of a subject before the first effect, and what differs afterwards. */
#include "server/doer/internal.h"

#include <stdlib.h>

#define SEATS "urn:writ:params:scim:schemas:extension:licences:2.0:User"

static const char *const FIELDS[] = {"id", "userName", "active", "groups", "licences"};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The texts of a list, or the `value` members of its objects, sorted: both are sets. */
static json_t *set_of(const json_t *list)
{
    size_t n = json_array_size(list), count = 0;
    const char **texts = wb_calloc(n ? n : 1, sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(list, i);
        const char *text =
            json_string_value(json_is_object(one) ? json_object_get(one, "value") : one);
        if (text)
            texts[count++] = text;
    }
    qsort(texts, count, sizeof *texts, by_text);
    json_t *out = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, json_string(texts[i]));
    free(texts);
    return out;
}

json_t *doer_snapshot_of(const json_t *user)
{
    json_t *out = json_object();
    json_object_set(out, "id", json_object_get(user, "id"));
    json_object_set(out, "userName", json_object_get(user, "userName"));
    json_object_set_new(out, "active", json_boolean(json_is_true(json_object_get(user, "active"))));
    json_object_set_new(out, "groups", set_of(json_object_get(user, "groups")));
    json_object_set_new(out, "licences",
                        set_of(json_object_get(json_object_get(user, SEATS), "licences")));
    return out;
}

void doer_snapshot_digest(const json_t *snapshot, char out[WB_SHA256_TEXT])
{
    char *text = json_dumps(snapshot, JSON_COMPACT | JSON_SORT_KEYS);
    wb_sha256_text(text ? text : "", text ? strlen(text) : 0, out);
    free(text);
}

json_t *doer_snapshot_diff(const json_t *before, const json_t *after)
{
    json_t *out = json_array();
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        json_t *was = json_object_get(before, FIELDS[i]), *is = json_object_get(after, FIELDS[i]);
        if (was && is && json_equal(was, is))
            continue;
        json_array_append_new(
            out, json_pack("{s:s, s:O?, s:O?}", "field", FIELDS[i], "before", was, "after", is));
    }
    return out;
}
