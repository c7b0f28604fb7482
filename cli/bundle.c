/* Bundles: archives, manifests, roots. */
#include "cli/load.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ENTRIES_MAX 100000u /* files of one archive */
#define PARTS_MAX   256u    /* folders in the name of one file */

typedef struct entry {
    const char *name; /* as the archive has it */
    wb_str text;
} entry;

/* ---- archives ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_data(const char *base)
{
    return !strcmp(base, "data.json") || !strcmp(base, "data.yaml") || !strcmp(base, "data.yml");
}

/* Whether the file stands at the root under that name. */
static bool at_root(const char *path, const char *name)
{
    path += *path == '.' && path[1] == '/' ? 2 : *path == '/';
    return !strcmp(path, name);
}

static bool wanted(const char *path)
{
    const char *base = file_name(path);
    return is_data(base) || !strcmp(base, ".manifest") || at_root(path, "plan.json") ||
           wb_str_has_suffix(wb_str_of(base), WB_LIT(".rego"));
}

/* Below the folders of its name. A step up leads no higher than the root. */
static void take_data(cli_load *l, const entry *e)
{
    cli_place places[PARTS_MAX];
    size_t n = 0;
    const char *p = e->name, *base = file_name(e->name);
    while (p < base && n < PARTS_MAX) {
        size_t part = strcspn(p, "/");
        if (part == 2 && p[0] == '.' && p[1] == '.') {
            n -= n > 0;
        } else if (part && !(part == 1 && *p == '.')) {
            places[n] = (cli_place){wb_str_n(p, part), n ? &places[n - 1] : NULL};
            n++;
        }
        p += part + 1;
    }
    if (n == PARTS_MAX)
        cli_add_error(l, "%s: more than %u folders", e->name, PARTS_MAX);
    else
        cli_take_data(l, e->name, e->text, strcmp(base, "data.json") != 0,
                      n ? &places[n - 1] : NULL);
}

static bool read_entry(cli_load *l, struct archive *a, wb_str *out)
{
    wb_buf b;
    wb_buf_init(&b, CLI_FILE_MAX);
    ssize_t n = 0;
    do {
        char *room = wb_buf_reserve(&b, (size_t)64 << 10);
        if (!room)
            break;
        n = archive_read_data(a, room, (size_t)64 << 10);
        if (n > 0)
            wb_buf_commit(&b, (size_t)n);
    } while (n > 0);
    bool ok = n == 0 && !b.failed && wb_arena_fits(&l->arena, b.n + 1);
    if (ok)
        *out = wb_arena_str(&l->arena, wb_buf_str(&b));
    wb_buf_free(&b);
    return ok;
}

/* The files of the archive that count; *n of them, freed by the caller. NULL with an error. */
static entry *read_archive(cli_load *l, const char *path, size_t *n)
{
    struct archive *a = archive_read_new();
    struct archive_entry *header;
    entry *entries = wb_calloc(1, sizeof *entries);
    int status = ARCHIVE_FATAL;
    *n = 0;
    if (!a)
        wb_fatal("no memory for an archive");
    archive_read_support_filter_gzip(a);
    archive_read_support_format_tar(a);
    if (archive_read_open_filename(a, path, (size_t)64 << 10) == ARCHIVE_OK) {
        while ((status = archive_read_next_header(a, &header)) == ARCHIVE_OK) {
            const char *name = archive_entry_pathname(header);
            if (!name || archive_entry_filetype(header) != AE_IFREG || !wanted(name))
                continue;
            if (*n == ENTRIES_MAX) {
                cli_add_error(l, "more than %u files", ENTRIES_MAX);
                break;
            }
            entries = wb_realloc(entries, (*n + 1) * sizeof *entries);
            entry *e = &entries[*n];
            e->name = wb_arena_dup(&l->arena, name, strlen(name));
            if (!read_entry(l, a, &e->text)) {
                status = ARCHIVE_FATAL;
                break;
            }
            ++*n;
        }
    }
    bool ok = status == ARCHIVE_EOF;
    if (!ok && !l->n_errors)
        cli_add_error(l, "bundle read failed: %s",
                      archive_error_string(a) ? archive_error_string(a) : "file is too large");
    archive_read_free(a);
    if (ok)
        return entries;
    free(entries);
    return NULL;
}

/* ---- roots ---- */

/* Whether one path is the other or stands above it. */
static bool overlap(wb_str a, wb_str b)
{
    wb_str s = a.n < b.n ? a : b, t = a.n < b.n ? b : a;
    return !s.n || (wb_str_has_prefix(t, s) && (t.n == s.n || t.p[s.n] == '/'));
}

static wb_str root_at(const wv *roots, uint32_t i)
{
    wb_str s = wv_str(&wv_items(*roots)[i]);
    while (s.n && *s.p == '/')
        s = wb_str_n(s.p + 1, s.n - 1);
    while (s.n && s.p[s.n - 1] == '/')
        s.n--;
    return s;
}

static bool permitted(const wv *roots, wb_str path)
{
    for (uint32_t i = 0; i < wv_len(*roots); i++) {
        wb_str root = root_at(roots, i);
        if (root.n <= path.n && overlap(root, path))
            return true;
    }
    return false;
}

/* Data below `path` must be under a root; objects above a root may stand. */
static bool check_data(cli_load *l, const wv *roots, wv data, wb_buf *path)
{
    if (permitted(roots, wb_buf_str(path)))
        return true;
    bool above = !path->n;
    for (uint32_t i = 0; i < wv_len(*roots); i++)
        above |= overlap(root_at(roots, i), wb_buf_str(path));
    if (above && wv_is_object(data)) {
        const uint32_t *order = wv_table_order(data);
        for (uint32_t i = 0; i < wv_len(data); i++) {
            size_t n = path->n;
            wv key = wv_key_at(data, order, i);
            if (n)
                wb_buf_putc(path, '/');
            wb_buf_put_str(path, wv_str(&key));
            if (!check_data(l, roots, wv_value_at(data, order, i), path))
                return false;
            path->n = n;
        }
        return true;
    }
    return false;
}

static void put_roots(wb_buf *b, const wv *roots)
{
    wb_buf_puts(b, "manifest roots [");
    for (uint32_t i = 0; i < wv_len(*roots); i++) {
        wb_buf_puts(b, i ? " " : "");
        wb_buf_put_str(b, root_at(roots, i));
    }
    wb_buf_puts(b, "] do not permit ");
}

static void check_module(cli_load *l, const wv *roots, const wp_module *m)
{
    wb_buf path, text;
    wb_buf_init(&path, 1 << 20);
    wb_buf_init(&text, 1 << 20);
    for (uint32_t i = 1; i < m->package->list.n; i++) {
        wb_buf_puts(&path, i > 1 ? "/" : "");
        wb_buf_put_str(&path, wv_str(&m->package->list.items[i]->value));
    }
    if (!permitted(roots, wb_buf_str(&path))) {
        wb_buf package;
        wb_buf_init(&package, 1 << 20);
        wp_term_put(&package, m->package);
        wb_str name = wb_buf_str(&package);
        name = wb_str_n(name.p + 5, name.n - 5); /* behind "data." */
        put_roots(&text, roots);
        wb_buf_putf(&text, "'package %.*s' in module '%.*s'", WB_FMT(name), WB_FMT(m->file.name));
        cli_add_error(l, "%s", wb_buf_cstr(&text));
        wb_buf_free(&package);
    }
    wb_buf_free(&path);
    wb_buf_free(&text);
}

static bool manifest_error(cli_load *l, const char *what)
{
    cli_add_error(l, "bundle load failed on manifest decode: %s", what);
    return false;
}

static bool read_roots(cli_load *l, cli_bundle *b)
{
    wv list = wv_object_get_str(b->manifest, WB_LIT("roots"));
    if (list == WV_UNDEFINED || list == WV_NULL)
        return true;
    if (!wv_is_array(list))
        return manifest_error(l, "roots must be a list");
    for (uint32_t i = 0; i < wv_len(list); i++)
        if (!wv_is_string(wv_items(list)[i]))
            return manifest_error(l, "roots must be texts");
    b->roots = list;
    for (uint32_t i = 0; i < wv_len(list); i++)
        for (uint32_t k = i + 1; k < wv_len(list); k++)
            if (overlap(root_at(&list, i), root_at(&list, k))) {
                cli_add_error(l, "manifest has overlapped roots: '%.*s' and '%.*s'",
                              WB_FMT(root_at(&list, i)), WB_FMT(root_at(&list, k)));
                return false;
            }
    return true;
}

/* The manifest's roots and language version. Roots are [""] when it names none. */
static bool read_manifest(cli_load *l, wb_str text, cli_bundle *b)
{
    wb_arena *a = &l->arena;
    wv empty = wv_string_new(a, WB_LIT(""));
    wb_error why;
    b->roots = wv_array_new(a, &empty, 1);
    b->manifest = WV_UNDEFINED;
    if (!text.n)
        return true;
    if (wv_json_decode(a, text, NULL, &b->manifest, &why))
        return manifest_error(l, why.text);
    if (!wv_is_object(b->manifest))
        return manifest_error(l, "the manifest must be an object");
    wv version = wv_object_get_str(b->manifest, WB_LIT("rego_version"));
    if (version != WV_UNDEFINED)
        l->engine->version = version == wv_small(0) ? WP_V0 : WP_V1;
    return read_roots(l, b);
}

static void check_roots(cli_load *l, const wv *roots, size_t first_module)
{
    for (size_t i = first_module; i < l->engine->n_modules && !l->n_errors; i++)
        if (l->engine->modules[i]->tree->package)
            check_module(l, roots, l->engine->modules[i]->tree);
    wb_buf path, text;
    wb_buf_init(&path, 1 << 20);
    wb_buf_init(&text, 1 << 20);
    if (!l->n_errors && !check_data(l, roots, l->root, &path)) {
        put_roots(&text, roots);
        cli_add_error(l, "%sdata at path '/%.*s' (hint: check bundle directory structure)",
                      wb_buf_cstr(&text), WB_FMT(wb_buf_str(&path)));
    }
    wb_buf_free(&path);
    wb_buf_free(&text);
}

/* ---- all bundles ---- */

static void load_archive(cli_load *l, cli_bundle *b)
{
    size_t n;
    wb_str manifest = {0};
    entry *entries = read_archive(l, b->path, &n);
    for (size_t i = 0; entries && i < n; i++)
        if (at_root(entries[i].name, ".manifest"))
            manifest = entries[i].text;
    if (!l->n_errors && read_manifest(l, manifest, b))
        for (size_t i = 0; i < n && !l->n_errors; i++) {
            if (is_data(file_name(entries[i].name)))
                take_data(l, &entries[i]);
            else if (at_root(entries[i].name, "plan.json"))
                b->plan = entries[i].text;
            else if (strcmp(file_name(entries[i].name), ".manifest") != 0)
                cli_take_module(l, entries[i].name, entries[i].text);
        }
    free(entries);
}

/* The text of a file of the folder; true too when there is no such file. */
static bool read_beside(cli_load *l, const cli_bundle *b, const char *name, wb_str *out)
{
    struct stat st;
    const char *path = wb_arena_printf(&l->arena, "%s/%s", b->path, name);
    return stat(path, &st) != 0 || cli_read_file(l, &l->arena, path, out);
}

static void load_folder(cli_load *l, cli_bundle *b)
{
    wb_str manifest = {0};
    if (read_beside(l, b, ".manifest", &manifest) && read_beside(l, b, "plan.json", &b->plan) &&
        read_manifest(l, manifest, b))
        cli_load_path(l, b->path);
}

/* The errors met since become one. */
static void join_errors(cli_load *l, const cli_load *before, const char *words, const char *path)
{
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    if (l->first->diag)
        cli_print_errors(&b, l);
    else
        wb_buf_put_str(&b, l->first->text);
    while (b.n && b.p[b.n - 1] == '\n')
        b.n--;
    l->first = before->first;
    l->last = before->last;
    l->n_errors = before->n_errors;
    cli_add_error(l, "%sbundle %s: %.*s", words, path, WB_FMT(wb_buf_str(&b)));
    wb_buf_free(&b);
}

static bool share_root(const wv *a, const wv *b)
{
    for (uint32_t i = 0; i < wv_len(*a); i++)
        for (uint32_t k = 0; k < wv_len(*b); k++)
            if (overlap(root_at(a, i), root_at(b, k)))
                return true;
    return false;
}

static bool owns_all(const wv *roots)
{
    return wv_len(*roots) == 1 && !root_at(roots, 0).n;
}

/* Two bundles may not both own a path. */
static bool check_overlap(cli_load *l, const char *path, const wv *roots)
{
    for (size_t i = 0; i < l->n_bundles; i++) {
        const char *other = l->bundles[i].path;
        bool first = owns_all(&l->bundles[i].roots), second = owns_all(roots);
        if (!share_root(&l->bundles[i].roots, roots))
            continue;
        if (first || second)
            cli_add_error(l,
                          "bundle activation failed: bundles [%s, %s] have overlapping roots and "
                          "cannot be activated simultaneously because bundle(s) [%s%s%s] specify "
                          "empty root paths ('') which overlap with any other bundle root",
                          other, path, first ? other : "", first && second ? ", " : "",
                          second ? path : "");
        else
            cli_add_error(l,
                          "bundle activation failed: detected overlapping roots in manifests for "
                          "these bundles: [%s, %s]",
                          other, path);
        return false;
    }
    return true;
}

static void load_bundle(cli_load *l, const char *path, bool folder, const char *words)
{
    cli_load before = *l;
    wp_version version = l->engine->version;
    cli_bundle b = {.path = path, .folder = folder, .first_module = l->engine->n_modules};
    l->first = l->last = NULL;
    l->n_errors = 0;
    l->root = wv_object_begin(&l->data->arena, 0);
    if (folder)
        load_folder(l, &b);
    else
        load_archive(l, &b);
    if (!l->n_errors)
        check_roots(l, &b.roots, b.first_module);
    b.n_modules = l->engine->n_modules - b.first_module;
    wv mine = l->root;
    l->root = before.root;
    l->engine->version = version;
    if (l->n_errors) {
        join_errors(l, &before, words, path);
        return;
    }
    l->first = before.first;
    l->last = before.last;
    l->n_errors = before.n_errors;
    if (!check_overlap(l, path, &b.roots))
        return;
    cli_merge_root(l, path, mine);
    l->bundles = wb_realloc(l->bundles, (l->n_bundles + 1) * sizeof *l->bundles);
    l->bundles[l->n_bundles++] = b;
}

void cli_load_bundles(cli_load *l, const char **paths, size_t n, const char *words)
{
    l->bundle = true;
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        size_t first = 0;
        while (first < i && strcmp(paths[first], paths[i]) != 0)
            first++;
        if (first < i)
            continue;
        if (stat(paths[i], &st))
            cli_add_error(l, "%serror reading \"%s\": stat %s: no such file or directory", words,
                          paths[i], paths[i]);
        else
            load_bundle(l, paths[i], S_ISDIR(st.st_mode), words);
    }
    l->bundle = false;
}

/* ---- plans ---- */

/* "a/b" of data.a.b, in the arena; empty for any other query. */
static wb_str plan_name(cli_load *l, wb_str query)
{
    wp_options o = {.version = WP_V1};
    wp_body body;
    wp_diags diags;
    wp_diags_init(&diags, &l->arena, 1);
    if (wp_parse_query(&l->arena, WB_LIT(""), query, &o, &body, &diags) || body.n != 1)
        return WB_LIT("");
    const wp_expr *e = body.exprs[0];
    const wp_term *t = e->term;
    if (e->kind != WP_EXPR_TERM || e->negated || e->n_with || t->kind != WP_REF ||
        t->list.items[0]->kind != WP_VAR || !wb_str_is(t->list.items[0]->name, "data"))
        return WB_LIT("");
    wb_buf name;
    wb_buf_init(&name, (size_t)1 << 20);
    bool texts = true;
    for (uint32_t i = 1; i < t->list.n && texts; i++) {
        texts = t->list.items[i]->kind == WP_STRING;
        wb_buf_puts(&name, i > 1 ? "/" : "");
        if (texts)
            wb_buf_put_str(&name, wv_str(&t->list.items[i]->value));
    }
    wb_str out = texts ? wb_arena_str(&l->arena, wb_buf_str(&name)) : WB_LIT("");
    wb_buf_free(&name);
    return out;
}

const cli_bundle *cli_find_plan(cli_load *l, wb_str query, wb_str *name)
{
    const cli_bundle *found = NULL;
    for (size_t i = 0; i < l->n_bundles; i++)
        if (l->bundles[i].plan.n && l->bundles[i].n_modules == l->engine->n_modules)
            found = &l->bundles[i];
    *name = found ? plan_name(l, query) : WB_LIT("");
    return found;
}
