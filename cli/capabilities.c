#include "cli/capabilities.h"

#include "value/json.h"

#include <sys/stat.h>

#define OWN_VERSION "v1.22.0" /* of OPA: what this build offers anyway */
#define V1_FEATURE  "rego_v1"

static wv member(wv object, const char *name)
{
    return wv_is_object(object) ? wv_object_get_str(object, wb_str_of(name)) : WV_UNDEFINED;
}

static wv name_of(wv row)
{
    return wv_is_object(row) ? member(row, "name") : row;
}

/* What the compiler itself calls is always there. */
static bool is_listed(const void *builtins, wb_str name)
{
    const wv list = *(const wv *)builtins;
    if (wb_str_has_prefix(name, WB_LIT("internal.")) || wb_str_is(name, "eq"))
        return true;
    for (uint32_t i = 0; i < wv_len(list); i++) {
        wv own = name_of(wv_items(list)[i]);
        if (wb_str_eq(wv_str(&own), name))
            return true;
    }
    return false;
}

/* A list of texts, or of objects with names; empty when it is not there. False: it is neither. */
static bool take_list(cli_load *l, wv capabilities, const char *name, wv *list)
{
    wv v = member(capabilities, name);
    *list = v == WV_UNDEFINED || v == WV_NULL ? wv_array_new(&l->arena, NULL, 0) : v;
    if (!wv_is_array(*list))
        return false;
    for (uint32_t i = 0; i < wv_len(*list); i++)
        if (!wv_is_string(name_of(wv_items(*list)[i])))
            return false;
    return true;
}

static void take_hosts(cli_load *l, wv list)
{
    l->limit_net = true;
    l->n_hosts = wv_len(list);
    l->hosts = wb_arena_alloc(&l->arena, (l->n_hosts + 1) * sizeof *l->hosts);
    for (size_t i = 0; i < l->n_hosts; i++) {
        wb_str host = wv_str(&wv_items(list)[i]);
        l->hosts[i] = wb_arena_dup(&l->arena, host.p, host.n);
    }
}

/* Which features are left out and needed at once. */
static void take_features(cli_load *l, wv features, wp_version version)
{
    bool v1 = version == WP_V0;
    for (uint32_t i = 0; i < wv_len(features); i++) {
        wv own = wv_items(features)[i];
        v1 |= wb_str_is(wv_str(&own), V1_FEATURE);
    }
    if (!v1) {
        wp_report(&l->diags, WP_PARSE_ERROR, NULL, (wp_loc){0},
                  "illegal capabilities: %s feature required for parsing v1 Rego", V1_FEATURE);
        cli_take_diags(l);
    }
}

bool cli_take_capabilities(cli_load *l, const cli_value *option, wp_version version)
{
    struct stat st;
    wb_str text;
    wv v = WV_UNDEFINED, builtins, features, hosts;
    const char *path = option->text;
    if (!option->set || !strcmp(path, OWN_VERSION))
        return true;
    if (stat(path, &st) || !S_ISREG(st.st_mode) || !cli_read_file(l, &l->arena, path, &text) ||
        wv_json_decode(&l->arena, text, NULL, &v, NULL) || !wv_is_object(v) ||
        !take_list(l, v, "builtins", &builtins) || !take_list(l, v, "features", &features) ||
        !take_list(l, v, "allow_net", &hosts))
        return false;
    ws_registry_keep(l->engine->registry, is_listed, &builtins);
    take_features(l, features, version);
    if (wv_is_array(member(v, "allow_net")))
        take_hosts(l, hosts);
    return true;
}

void cli_limit_session(const cli_load *l, writ_session *s)
{
    if (l->limit_net)
        writ_set_allow_net(s, l->hosts, l->n_hosts);
}

int cli_wrong_capabilities(const cli_command *command, const cli_value *option)
{
    return cli_wrong(command,
                     "invalid argument \"%s\" for \"--capabilities\" flag: no such file or "
                     "capabilities version found: %s",
                     option->text, option->text);
}
