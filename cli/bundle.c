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

static bool wanted(const char *path)
{
    const char *base = file_name(path);
    return is_data(base) || !strcmp(base, ".manifest") ||
           wb_str_has_suffix(wb_str_of(base), WB_LIT(".rego"));
}

/* Below the folders of its name. */
static void take_data(cli_load *l, const entry *e)
{
    cli_place places[PARTS_MAX];
    size_t n = 0;
    const char *p = e->name, *base = file_name(e->name);
    while (p < base && n < PARTS_MAX) {
        size_t part = strcspn(p, "/");
        if (part && !(part == 1 && *p == '.')) {
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

/* The manifest's roots and language version. Roots are [""] when it names none. */
static bool read_manifest(cli_load *l, wb_str text, wv *roots)
{
    wb_arena *a = &l->arena;
    wv empty = wv_string_new(a, WB_LIT("")), manifest;
    wb_error why;
    *roots = wv_array_new(a, &empty, 1);
    if (!text.n)
        return true;
    wb_status s = wv_json_decode(a, text, NULL, &manifest, &why);
    if (s || !wv_is_object(manifest)) {
        cli_add_error(l, "bundle load failed on manifest decode: %s",
                      s ? why.text : "the manifest must be an object");
        return false;
    }
    wv version = wv_object_get_str(manifest, WB_LIT("rego_version"));
    if (version != WV_UNDEFINED)
        l->engine->version = version == wv_small(0) ? WP_V0 : WP_V1;
    wv list = wv_object_get_str(manifest, WB_LIT("roots"));
    if (list == WV_UNDEFINED || list == WV_NULL)
        return true;
    if (!wv_is_array(list)) {
        cli_add_error(l, "bundle load failed on manifest decode: roots must be a list");
        return false;
    }
    for (uint32_t i = 0; i < wv_len(list); i++)
        if (!wv_is_string(wv_items(list)[i])) {
            cli_add_error(l, "bundle load failed on manifest decode: roots must be texts");
            return false;
        }
    *roots = list;
    for (uint32_t i = 0; i < wv_len(list); i++)
        for (uint32_t k = i + 1; k < wv_len(list); k++)
            if (overlap(root_at(roots, i), root_at(roots, k))) {
                cli_add_error(l, "manifest has overlapped roots: '%.*s' and '%.*s'",
                              WB_FMT(root_at(roots, i)), WB_FMT(root_at(roots, k)));
                return false;
            }
    return true;
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

static bool is_manifest(const char *name)
{
    name += *name == '.' && name[1] == '/' ? 2 : *name == '/';
    return !strcmp(name, ".manifest");
}

static void load_archive(cli_load *l, const char *path, wv *roots)
{
    size_t n;
    wb_str manifest = {0};
    entry *entries = read_archive(l, path, &n);
    for (size_t i = 0; entries && i < n; i++)
        if (is_manifest(entries[i].name))
            manifest = entries[i].text;
    if (!l->n_errors && read_manifest(l, manifest, roots))
        for (size_t i = 0; i < n && !l->n_errors; i++) {
            if (is_data(file_name(entries[i].name)))
                take_data(l, &entries[i]);
            else if (strcmp(file_name(entries[i].name), ".manifest") != 0)
                cli_take_module(l, entries[i].name, entries[i].text);
        }
    free(entries);
}

static void load_folder(cli_load *l, const char *path, wv *roots)
{
    char *name = wb_arena_printf(&l->arena, "%s/.manifest", path);
    wb_str manifest = {0};
    struct stat st;
    if (stat(name, &st) == 0 && !cli_read_file(l, &l->arena, name, &manifest))
        return;
    if (read_manifest(l, manifest, roots))
        cli_load_path(l, path);
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
        const char *other = l->bundles[i];
        bool first = owns_all(&l->roots[i]), second = owns_all(roots);
        if (!share_root(&l->roots[i], roots))
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
    size_t first_module = l->engine->n_modules;
    wp_version version = l->engine->version;
    wv roots = WV_UNDEFINED;
    l->first = l->last = NULL;
    l->n_errors = 0;
    l->root = wv_object_begin(&l->data->arena, 0);
    if (folder)
        load_folder(l, path, &roots);
    else
        load_archive(l, path, &roots);
    if (!l->n_errors)
        check_roots(l, &roots, first_module);
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
    if (!check_overlap(l, path, &roots))
        return;
    cli_merge_root(l, path, mine);
    l->roots = wb_realloc(l->roots, (l->n_bundles + 1) * sizeof *l->roots);
    l->bundles = wb_realloc(l->bundles, (l->n_bundles + 1) * sizeof *l->bundles);
    l->roots[l->n_bundles] = roots;
    l->bundles[l->n_bundles++] = path;
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
