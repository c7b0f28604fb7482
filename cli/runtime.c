/* What opa.runtime() tells policies. */
#include "cli/load.h"

extern char **environ;

static void put(wb_arena *a, wv *object, wb_str key, wv value)
{
    wv_object_put(a, object, wv_string_new(a, key), value);
}

wv cli_runtime(wb_arena *a)
{
    wv env = wv_object_begin(a, 32), out = wv_object_begin(a, 5);
    for (char **p = environ; *p; p++) {
        const char *equals = strchr(*p, '=');
        if (equals)
            put(a, &env, wb_str_n(*p, (size_t)(equals - *p)),
                wv_string_new(a, wb_str_of(equals + 1)));
    }
    put(a, &out, WB_LIT("env"), env);
    put(a, &out, WB_LIT("version"), wv_string_new(a, wb_str_of(writ_version())));
    put(a, &out, WB_LIT("commit"), wv_string_new(a, WB_LIT("")));
    put(a, &out, WB_LIT("authorization_enabled"), WV_FALSE);
    put(a, &out, WB_LIT("skip_known_schema_check"), WV_FALSE);
    return out;
}
