/* writ build: policies and data into one bundle, with a plan where one is asked for. */
#include "cli/archive.h"
#include "cli/capabilities.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"

#include "parser/format.h"

#include <stdlib.h>
#include <sys/stat.h>

enum {
    BUNDLE,
    CAPABILITIES,
    CLAIMS,
    DEBUG,
    ENTRYPOINT,
    EXCLUDE_VERIFY,
    FOLLOW_SYMLINKS,
    PLAN_FORMAT,
    IGNORE,
    OPTIMIZE,
    OUTPUT,
    PARTIAL_NAMESPACE,
    PLAN_ADDONS,
    PRUNE_UNUSED,
    REVISION,
    SCOPE,
    SIGNING_ALG,
    SIGNING_KEY,
    SIGNING_PLUGIN,
    TARGET,
    V0,
    V1,
    VERIFY_KEY,
    VERIFY_KEY_ID,
    WASM_PRINT,
    N_OPTIONS
};

static const cli_option OPTIONS[] = {
    [BUNDLE] = {"bundle", 'b', CLI_BOOL, NULL, NULL, "load paths as bundle files or folders"},
    [CAPABILITIES] = {"capabilities", 0, CLI_STRING, NULL, NULL, CLI_CAPABILITIES_HELP},
    [CLAIMS] = {"claims-file", 0, CLI_STRING, NULL, NULL, NULL},
    [DEBUG] = {"debug", 0, CLI_BOOL, NULL, NULL, NULL},
    [ENTRYPOINT] = {"entrypoint", 'e', CLI_REPEAT, NULL, NULL,
                    "set slash separated entrypoint path. This flag can be repeated."},
    [EXCLUDE_VERIFY] = {"exclude-files-verify", 0, CLI_LIST, NULL, NULL, NULL},
    [FOLLOW_SYMLINKS] = {"follow-symlinks", 0, CLI_BOOL, NULL, NULL, NULL},
    [PLAN_FORMAT] = {"format", 0, CLI_CHOICE, "json", "json,proto", "set the plan's format"},
    [IGNORE] = {"ignore", 0, CLI_LIST, NULL, NULL,
                "set file and folder names to leave out (e.g., '.*' leaves out hidden files)"},
    [OPTIMIZE] = {"optimize", 'O', CLI_INT, "0", NULL, "set optimization level"},
    [OUTPUT] = {"output", 'o', CLI_STRING, "bundle.tar.gz", NULL, "set the output's file name"},
    [PARTIAL_NAMESPACE] = {"partial-namespace", 0, CLI_STRING, "partial", NULL, NULL},
    [PLAN_ADDONS] = {"plan-addons", 0, CLI_REPEAT, NULL, NULL, NULL},
    [PRUNE_UNUSED] = {"prune-unused", 0, CLI_BOOL, NULL, NULL,
                      "leave out rules that depend on entrypoints"},
    [REVISION] = {"revision", 'r', CLI_STRING, NULL, NULL, "set the bundle's revision"},
    [SCOPE] = {"scope", 0, CLI_STRING, NULL, NULL, NULL},
    [SIGNING_ALG] = {"signing-alg", 0, CLI_STRING, "RS256", NULL, NULL},
    [SIGNING_KEY] = {"signing-key", 0, CLI_STRING, NULL, NULL, NULL},
    [SIGNING_PLUGIN] = {"signing-plugin", 0, CLI_STRING, NULL, NULL, NULL},
    [TARGET] = {"target", 't', CLI_CHOICE, "rego", "rego,wasm,plan", "set what the bundle is for"},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read the modules as Rego v0"},
    [V1] = {"v1-compatible", 0, CLI_BOOL, NULL, NULL, NULL},
    [VERIFY_KEY] = {"verification-key", 0, CLI_STRING, NULL, NULL, NULL},
    [VERIFY_KEY_ID] = {"verification-key-id", 0, CLI_STRING, "default", NULL, NULL},
    [WASM_PRINT] = {"wasm-include-print", 0, CLI_BOOL, NULL, NULL, NULL},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "build",
    .operands = "<path> [<path> [...]] [flags]",
    .about =
        "Build a bundle of policies and data. With --target plan it also holds a plan, OPA's\n"
        "intermediate form, for each entrypoint and, without --prune-unused, for each rule that\n"
        "needs one; rules marked `entrypoint: true` in their metadata are entrypoints too.\n",
    .examples = "  $ writ build -b policies/ -o bundle.tar.gz\n"
                "  $ writ build -t plan -e example/allow policies/\n",
    .options = OPTIONS,
};

typedef struct build {
    const cli_value *v;
    cli_load load;
    bool plan;
    wb_str *entrypoints;
    size_t n_entrypoints;
    cli_file *files;
    size_t n_files;
    wb_buf *texts; /* of the files */
} build;

/* ---- what is refused ---- */

/* The text of an error, or NULL. */
static const char *refused(const cli_value *v)
{
    static const struct {
        int option;
        const char *text;
    } absent[] = {
        {SIGNING_KEY, "signing bundles is not available"},
        {SIGNING_PLUGIN, "signing bundles is not available"},
        {CLAIMS, "signing bundles is not available"},
        {VERIFY_KEY, "verifying the signatures of bundles is not available"},
        {FOLLOW_SYMLINKS, "--follow-symlinks is not available"},
    };
    bool plan = !strcmp(v[TARGET].text, "plan");
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (v[absent[i].option].set)
            return absent[i].text;
    if (!strcmp(v[PLAN_FORMAT].text, "proto"))
        return plan ? "plan format \"proto\" is not available"
                    : "plan format \"proto\" is only valid with target \"plan\"";
    if (v[PLAN_ADDONS].n)
        return plan ? "plan addons are not available"
                    : "plan addons are only valid with target \"plan\"";
    if (!strcmp(v[TARGET].text, "wasm"))
        return "target \"wasm\" is not available";
    if (v[OPTIMIZE].number)
        return "optimization levels other than 0 are not available";
    return NULL;
}

/* ---- entrypoints ---- */

static void add_entrypoint(build *b, wb_str name)
{
    for (size_t i = 0; i < b->n_entrypoints; i++)
        if (wb_str_eq(b->entrypoints[i], name))
            return;
    b->entrypoints = wb_realloc(b->entrypoints, (b->n_entrypoints + 1) * sizeof *b->entrypoints);
    b->entrypoints[b->n_entrypoints++] = name;
}

/* "a/b" of a package, and of a rule in it up to its first variable. */
static wb_str entry_path(build *b, const wp_module *m, const wp_rule *rule)
{
    wb_buf path;
    wb_buf_init(&path, (size_t)1 << 20);
    uint32_t n = m->package->list.n - 1;
    for (uint32_t i = 0; i < n + (rule ? rule->head->n_ref : 0); i++) {
        const wp_term *part = i < n ? m->package->list.items[i + 1] : rule->head->ref[i - n];
        if (part->kind != WP_STRING && (i != n || part->kind != WP_VAR))
            break;
        wb_buf_puts(&path, i ? "/" : "");
        wb_buf_put_str(&path, part->kind == WP_VAR ? part->name : wv_str(&part->value));
    }
    wb_str out = wb_arena_str(&b->load.arena, wb_buf_str(&path));
    wb_buf_free(&path);
    return out;
}

static int by_text(const void *x, const void *y)
{
    return wb_str_cmp(*(const wb_str *)x, *(const wb_str *)y);
}

/* What the metadata of rules and packages names. */
static void find_marked(build *b)
{
    wb_str *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < b->load.engine->n_modules; i++) {
        const wp_module *m = b->load.engine->modules[i]->tree;
        for (uint32_t k = 0; k < m->n_blocks; k++) {
            const wp_annotation *block = &m->blocks[k];
            if (!block->node || !wv_is_object(block->value) ||
                wv_object_get_str(block->value, WB_LIT("entrypoint")) != WV_TRUE)
                continue;
            const wp_rule *rule = block->node == m ? NULL : block->node;
            found = wb_realloc(found, (n + 1) * sizeof *found);
            found[n++] = entry_path(b, m, rule);
        }
    }
    if (n)
        qsort(found, n, sizeof *found, by_text);
    for (size_t i = 0; i < n; i++)
        add_entrypoint(b, found[i]);
    free(found);
}

/* ---- files ---- */

static void add_file(build *b, const char *name, const wb_buf *text)
{
    b->files = wb_realloc(b->files, (b->n_files + 1) * sizeof *b->files);
    b->texts = wb_realloc(b->texts, (b->n_files + 1) * sizeof *b->texts);
    b->files[b->n_files] =
        (cli_file){wb_arena_dup(&b->load.arena, name, strlen(name)), wb_buf_str(text)};
    b->texts[b->n_files++] = *text;
    if (text->failed)
        cli_add_error(&b->load, "%s: larger than %zu bytes", name, text->max);
}

static const wv_json_style STYLE = {.html = true};

static void add_data(build *b)
{
    wb_buf text;
    wb_buf_init(&text, CLI_OUTPUT_MAX);
    wv_json_encode(&text, b->load.engine->data->value, &STYLE, NULL);
    wb_buf_putc(&text, '\n');
    add_file(b, "/data.json", &text);
}

/* Modules of archives stand below the archive's name. */
static const cli_bundle *archive_of(const build *b, size_t module)
{
    for (size_t i = 0; i < b->load.n_bundles; i++) {
        const cli_bundle *at = &b->load.bundles[i];
        if (!at->folder && module >= at->first_module && module - at->first_module < at->n_modules)
            return at;
    }
    return NULL;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const cli_file *)x)->name, ((const cli_file *)y)->name);
}

static bool add_module(build *b, size_t i)
{
    cli_load *l = &b->load;
    const wp_module *m = l->engine->modules[i]->tree;
    const cli_bundle *archive = archive_of(b, i);
    wb_str name = m->file.name;
    while (name.n && *name.p == '/')
        name = wb_str_n(name.p + 1, name.n - 1);
    char *path = archive ? wb_arena_printf(&l->arena, "/%s/%.*s",
                                           archive->path + (*archive->path == '/'), WB_FMT(name))
                         : wb_arena_printf(&l->arena, "/%.*s", WB_FMT(name));
    wp_options parse = {.version = m->version, .file_number = m->file_number};
    wp_format_options format = {.least = m->version, .most = m->version};
    wb_buf text;
    wb_buf_init(&text, WP_FORMAT_TEXT_MAX);
    bool ok = wp_format_text(&l->arena, m->file.name, m->file.text, &parse, &format, &text,
                             &l->diags) == WB_OK;
    if (ok)
        add_file(b, path, &text);
    else
        wb_buf_free(&text);
    return ok;
}

static bool add_modules(build *b)
{
    size_t first = b->n_files;
    for (size_t i = 0; i < b->load.engine->n_modules; i++)
        if (!add_module(b, i))
            return false;
    qsort(b->files + first, b->n_files - first, sizeof *b->files, by_name);
    return true;
}

static bool add_plan(build *b)
{
    cli_load *l = &b->load;
    wb_buf text;
    wb_buf_init(&text, CLI_OUTPUT_MAX);
    l->engine->keep_print = true;
    wb_status s = we_write_plan(l->engine, b->entrypoints, b->n_entrypoints, WB_LIT(""),
                                !b->v[PRUNE_UNUSED].on, &text, &l->diags);
    if (!s)
        add_file(b, "/plan.json", &text);
    else
        wb_buf_free(&text);
    if (s == WB_NOT_FOUND) {
        l->bare = true;
        cli_add_error(l, "%.*s", WB_FMT(l->diags.first->message));
        wp_diags_init(&l->diags, &l->arena, l->diags.max);
    }
    return !s;
}

/* What stands in the manifest of the one bundle, or nothing. */
static wv from_manifest(const build *b, const char *key)
{
    const cli_load *l = &b->load;
    if (l->n_bundles != 1 || !wv_is_object(l->bundles[0].manifest))
        return WV_UNDEFINED;
    return wv_object_get_str(l->bundles[0].manifest, wb_str_of(key));
}

static void put_roots(const build *b, wb_buf *text)
{
    bool any = false;
    for (size_t i = 0; i < b->load.n_bundles; i++) {
        wv roots = b->load.bundles[i].roots;
        for (uint32_t k = 0; k < wv_len(roots); k++) {
            wb_buf_puts(text, any ? "," : "");
            wv_json_encode(text, wv_items(roots)[k], &STYLE, NULL);
            any = true;
        }
    }
    if (!b->load.n_bundles)
        wb_buf_puts(text, "\"\"");
}

static void add_manifest(build *b)
{
    wb_buf text;
    wv revision = from_manifest(b, "revision"), metadata = from_manifest(b, "metadata");
    wv version = from_manifest(b, "rego_version");
    wb_buf_init(&text, (size_t)64 << 20);
    wb_buf_puts(&text, "{\"revision\":");
    if (b->v[REVISION].set)
        wv_json_put_string(&text, wb_str_of(b->v[REVISION].text), true);
    else if (wv_is_string(revision))
        wv_json_encode(&text, revision, &STYLE, NULL);
    else
        wb_buf_puts(&text, "\"\"");
    wb_buf_puts(&text, ",\"roots\":[");
    put_roots(b, &text);
    wb_buf_puts(&text, "],\"rego_version\":");
    if (wv_is_number(version))
        wv_json_encode(&text, version, NULL, NULL);
    else
        wb_buf_puts(&text, b->v[V0].on ? "0" : "1");
    if (wv_is_object(metadata)) {
        wb_buf_puts(&text, ",\"metadata\":");
        wv_json_encode(&text, metadata, &STYLE, NULL);
    }
    wb_buf_puts(&text, "}\n");
    add_file(b, "/.manifest", &text);
}

/* ---- all of it ---- */

static void load(build *b, const cli_options *o)
{
    cli_load *l = &b->load;
    l->engine->version = b->v[V0].on ? WP_V0 : WP_V1;
    l->ignore = b->v[IGNORE].items;
    l->n_ignore = b->v[IGNORE].n;
    if (b->v[BUNDLE].on)
        cli_load_bundles(l, o->rest, o->n_rest, "");
    else
        cli_load_paths(l, o->rest, o->n_rest);
    l->loading = l->n_errors > 0;
    l->bare = l->loading && b->v[BUNDLE].on;
}

/* False with errors in the load. */
static bool make(build *b)
{
    cli_load *l = &b->load;
    if (!cli_load_finish(l) || we_check(l->engine, &l->diags))
        return false;
    find_marked(b);
    if (b->plan && !b->n_entrypoints) {
        l->bare = true;
        cli_add_error(l, "plan compilation requires at least one entrypoint");
        return false;
    }
    add_data(b);
    if (!add_modules(b) || (b->plan && !add_plan(b)))
        return false;
    add_manifest(b);
    wb_error why;
    if (!l->n_errors && cli_write_archive(b->v[OUTPUT].text, b->files, b->n_files, &why)) {
        l->bare = true;
        cli_add_error(l, "%s", why.text);
    }
    return !l->n_errors;
}

static void print_errors(build *b)
{
    wb_buf text;
    wb_buf_init(&text, CLI_OUTPUT_MAX);
    cli_take_diags(&b->load);
    cli_print_errors(&text, &b->load);
    fprintf(stderr, "error: %s", b->load.loading ? "load error: " : "");
    cli_write(stderr, &text);
    wb_buf_free(&text);
}

static int run(const cli_options *o)
{
    build b = {.v = o->values};
    b.plan = !strcmp(b.v[TARGET].text, "plan");
    cli_load_init(&b.load, 10);
    if (!cli_take_capabilities(&b.load, &b.v[CAPABILITIES], WP_V1)) {
        cli_load_free(&b.load);
        return cli_wrong_capabilities(&COMMAND, &b.v[CAPABILITIES]);
    }
    load(&b, o);
    for (size_t i = 0; i < b.v[ENTRYPOINT].n; i++)
        add_entrypoint(&b, wb_str_of(b.v[ENTRYPOINT].items[i]));
    bool ok = make(&b);
    if (!ok)
        print_errors(&b);
    for (size_t i = 0; i < b.n_files; i++)
        wb_buf_free(&b.texts[i]);
    free(b.texts);
    free(b.files);
    free(b.entrypoints);
    cli_load_free(&b.load);
    return ok ? CLI_OK : CLI_WRONG;
}

int cli_build(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status)) {
        const char *why = refused(o.values);
        if (!o.n_rest) {
            status = cli_wrong(&COMMAND, "expected at least one path");
        } else if (why) {
            fprintf(stderr, "error: %s\n", why);
            status = CLI_WRONG;
        } else {
            status = run(&o);
        }
    }
    cli_options_free(&o);
    return status;
}
