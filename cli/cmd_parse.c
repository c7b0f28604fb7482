/* writ parse: the syntax tree of one file. */
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"

enum { FORMAT, JSON_INCLUDE, V0, N_OPTIONS };

static const cli_option OPTIONS[] = {
    [FORMAT] = {"format", 'f', CLI_CHOICE, "pretty", "pretty,json", "set output format"},
    [JSON_INCLUDE] = {"json-include", 0, CLI_LIST, NULL, NULL,
                      "include or exclude optional elements: locations, comments (default); a - in "
                      "front excludes"},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read the module as Rego v0"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "parse",
    .operands = "<path> [flags]",
    .about = "Parse a Rego file and print its syntax tree. Errors are JSON on stderr.\n",
    .examples = "  $ writ parse policy.rego\n"
                "  $ writ parse -f json --json-include locations,-comments policy.rego\n",
    .options = OPTIONS,
};

/* As OPA, words that name no element are passed over. */
static wp_json_options elements(const cli_value *list)
{
    wp_json_options o = {.comments = true};
    for (size_t i = 0; i < list->n; i++) {
        wb_str name = wb_str_of(list->items[i]);
        bool on = !wb_str_has_prefix(name, WB_LIT("-"));
        if (wb_str_has_suffix(name, WB_LIT("locations")))
            o.locations = on;
        if (wb_str_has_suffix(name, WB_LIT("comments")))
            o.comments = on;
    }
    return o;
}

/* Kinds of nodes whose keys stand in an order of their own; those of all others are sorted. An
 * object is of the first kind whose `has` it has and whose `lacks` it does not have. */
static const struct {
    const char *has, *lacks;
    const char *keys[8];
} ORDERS[] = {
    {"package", NULL, {"package", "imports", "annotations", "rules", "comments"}},
    {"ref", NULL, {"name", "args", "key", "value", "assign", "ref", "location"}},
    {"Text", NULL, {"Text", "Location"}},
    {"row", NULL, {"file", "row", "col", "text"}},
    {"term", NULL, {"term", "body"}},
    {"parts", NULL, {"parts", "multi_line"}},
    {"key", "domain", {"key", "value", "body"}},
};

static const char *const *order_of(wv node)
{
    for (size_t i = 0; i < sizeof ORDERS / sizeof *ORDERS; i++)
        if (wv_object_get_str(node, wb_str_of(ORDERS[i].has)) != WV_UNDEFINED &&
            (!ORDERS[i].lacks ||
             wv_object_get_str(node, wb_str_of(ORDERS[i].lacks)) == WV_UNDEFINED))
            return ORDERS[i].keys;
    return NULL;
}

/* What a tree is written with. */
typedef struct tree {
    cli_json *json;
    wb_arena *arena;
    bool locations; /* places hold the source text */
    bool sorted;    /* below annotations, whose members are the policy's own */
} tree;

static void put_tree(const tree *t, const char *key, wv v)
{
    cli_json *j = t->json;
    tree below = *t;
    if (key && !strcmp(key, "annotations"))
        below.sorted = true;
    else if (key && !strcmp(key, "location"))
        below.sorted = false;
    if ((!wv_is_object(v) && !wv_is_array(v)) || !wv_len(v)) {
        cli_json_value(j, key, v);
        return;
    }
    bool object = wv_is_object(v);
    const char *const *keys = object && !below.sorted ? order_of(v) : NULL;
    const bool ordered = keys != NULL;
    cli_json_open(j, key, object ? '{' : '[');
    for (uint32_t i = 0; !object && i < wv_len(v); i++)
        put_tree(&below, NULL, wv_items(v)[i]);
    for (; keys && *keys; keys++) {
        wv member = wv_object_get_str(v, wb_str_of(*keys));
        if (member != WV_UNDEFINED && (t->locations || strcmp(*keys, "text") != 0))
            put_tree(&below, *keys, member);
    }
    const uint32_t *order = object ? wv_table_order(v) : NULL;
    for (uint32_t i = 0; object && !ordered && i < wv_len(v); i++) {
        wv name = wv_key_at(v, order, i);
        wb_str text = wv_str(&name);
        put_tree(&below, wb_arena_dup(t->arena, text.p, text.n), wv_value_at(v, order, i));
    }
    cli_json_close(j, object ? '}' : ']');
}

static int run(const cli_options *o)
{
    const cli_value *v = o->values;
    bool json = !strcmp(v[FORMAT].text, "json");
    wp_json_options shown = elements(&v[JSON_INCLUDE]);
    cli_load l;
    wb_str text;
    wp_module *m = NULL;
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    cli_load_init(&l, 0);
    wp_options parse = {.version = v[V0].on ? WP_V0 : WP_V1};
    bool ok = cli_read_file(&l, &l.arena, o->rest[0], &text) &&
              wp_parse_module(&l.arena, wb_str_of(o->rest[0]), text, &parse, &m, &l.diags) == WB_OK;
    cli_take_diags(&l);
    cli_json j = {.b = &b};
    if (ok && json) {
        tree t = {.json = &j, .arena = &l.arena, .locations = shown.locations};
        put_tree(&t, NULL, wp_module_json(&l.arena, m, &shown));
        wb_buf_putc(&b, '\n');
    } else if (ok) {
        wp_module_pretty(&b, m);
    } else {
        cli_json_open(&j, NULL, '{');
        cli_json_errors(&j, &l);
        cli_json_close(&j, '}');
        wb_buf_putc(&b, '\n');
    }
    cli_write(ok ? stdout : stderr, &b);
    wb_buf_free(&b);
    cli_load_free(&l);
    return ok ? CLI_OK : CLI_WRONG;
}

int cli_parse(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        if (!o.n_rest)
            status = cli_wrong(&COMMAND, "no source file specified");
        else
            status = run(&o);
    }
    cli_options_free(&o);
    return status;
}
