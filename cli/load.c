/* Walking paths, parsing what is found, merging data. */
#include "cli/load.h"

#include "stdlib/yaml_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRORS_ARENA ((size_t)4 << 30)  /* addresses; memory comes as used */
#define MODULE_ARENA ((size_t)64 << 30) /* the same, for the trees of all modules */

void cli_load_init(cli_load *l, uint32_t max_errors)
{
    *l = (cli_load){.engine = writ_engine_new()};
    if (l->engine)
        writ_add_http(l->engine);
    if (!l->engine || wb_arena_init(&l->arena, ERRORS_ARENA, l->engine->seed) ||
        wb_arena_init(&l->modules, MODULE_ARENA, l->engine->seed))
        wb_fatal("no memory for an engine");
    l->data = we_document_new(l->engine, 0);
    if (!l->data)
        wb_fatal("no memory for data");
    l->root = wv_object_begin(&l->data->arena, 0);
    wp_diags_init(&l->diags, &l->arena, max_errors);
}

void cli_load_free(cli_load *l)
{
    we_document_free(l->data);
    writ_engine_free(l->engine);
    free(l->documents);
    free(l->bundles);
    wb_arena_free(&l->modules);
    wb_arena_free(&l->arena);
}

/* ---- reading ---- */

/* System errors as Go words them: in lower case. */
static void add_errno(cli_load *l, const char *verb, const char *path)
{
    char text[256];
    snprintf(text, sizeof text, "%s", strerror(errno));
    if (text[0] >= 'A' && text[0] <= 'Z')
        text[0] = (char)(text[0] + 'a' - 'A');
    cli_add_error(l, "%s %s: %s", verb, path, text);
}

bool cli_read_stream(cli_load *l, wb_arena *a, FILE *in, const char *name, wb_str *out)
{
    wb_buf b;
    wb_buf_init(&b, CLI_FILE_MAX);
    for (;;) {
        char *room = wb_buf_reserve(&b, (size_t)64 << 10);
        if (!room)
            break;
        size_t n = fread(room, 1, (size_t)64 << 10, in);
        wb_buf_commit(&b, n);
        if (!n)
            break;
    }
    bool ok = !ferror(in) && !b.failed && wb_arena_fits(a, b.n + 1);
    if (ferror(in))
        add_errno(l, "read", name);
    else if (!ok)
        cli_add_error(l, "%s: file is larger than %zu bytes", name, CLI_FILE_MAX);
    else
        *out = wb_arena_str(a, wb_buf_str(&b));
    wb_buf_free(&b);
    return ok;
}

/* A plain file that is as long as the system says: in place, in one step. False: not read. */
static bool read_plain(wb_arena *a, int file, wb_str *out)
{
    struct stat st;
    if (fstat(file, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        (size_t)st.st_size > CLI_FILE_MAX || !wb_arena_fits(a, (size_t)st.st_size + 1))
        return false;
    size_t n = (size_t)st.st_size;
    char *mark = wb_arena_mark(a), *to = wb_arena_alloc(a, n + 1);
    /* One byte more is asked for, so that a file that grew shows. */
    if (pread(file, to, n + 1, 0) != (ssize_t)n) {
        wb_arena_rewind(a, mark);
        return false;
    }
    to[n] = 0;
    *out = (wb_str){to, n};
    return true;
}

bool cli_read_file(cli_load *l, wb_arena *a, const char *path, wb_str *out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        add_errno(l, "open", path);
        return false;
    }
    if (read_plain(a, file, out)) {
        close(file);
        return true;
    }
    FILE *in = fdopen(file, "rb");
    if (!in)
        wb_fatal("no memory to read %s", path);
    bool ok = cli_read_stream(l, a, in, path, out);
    fclose(in);
    return ok;
}

bool cli_read_value(cli_load *l, wb_arena *a, const char *name, wb_str text, bool yaml, wv *out)
{
    wb_error why;
    wb_status s =
        yaml ? ws_yaml_decode(a, text, out, &why) : wv_json_decode(a, text, NULL, out, &why);
    if (s)
        cli_add_error(l, "%s%s: %s%s", l->bundle ? "bundle load failed on " : "", name,
                      yaml ? "error converting YAML to JSON: " : "", why.text);
    return s == WB_OK;
}

bool cli_read_input(cli_load *l, wb_arena *a, wb_str text, wv *out)
{
    wb_error why;
    if (wv_json_decode(a, text, NULL, out, &why) == WB_OK)
        return true;
    if (ws_yaml_decode(a, text, out, &why) == WB_OK)
        return true;
    cli_add_error(l, "unable to parse input: %s", why.text);
    return false;
}

/* ---- data ---- */

static bool find_conflict(wv a, wv b, wb_buf *path)
{
    const uint32_t *order = wv_table_order(b);
    for (uint32_t i = 0; i < wv_len(b); i++) {
        wv key = wv_key_at(b, order, i), mine = wv_object_get(a, key);
        if (mine == WV_UNDEFINED)
            continue;
        size_t n = path->n;
        wb_buf_putc(path, '.');
        wb_buf_put_str(path, wv_str(&key));
        wv theirs = wv_value_at(b, order, i);
        if (!wv_is_object(mine) || !wv_is_object(theirs) || find_conflict(mine, theirs, path))
            return true;
        path->n = n;
    }
    return false;
}

/* Both are objects and do not conflict. A new object is made where both have members. */
static wv merge(wb_arena *a, wv x, wv y)
{
    if (!wv_len(x))
        return y;
    if (!wv_len(y))
        return x;
    wv out = wv_object_begin(a, wv_len(x) + wv_len(y));
    for (uint32_t i = 0; i < wv_len(x); i++)
        wv_object_put(a, &out, wv_key_at(x, NULL, i), wv_value_at(x, NULL, i));
    for (uint32_t i = 0; i < wv_len(y); i++) {
        wv key = wv_key_at(y, NULL, i), value = wv_value_at(y, NULL, i);
        wv before = wv_object_get(out, key);
        wv_object_put(a, &out, key, before == WV_UNDEFINED ? value : merge(a, before, value));
    }
    return out;
}

static void add_document(cli_load *l, const char *path, wv value, const cli_place *at)
{
    wb_arena *a = &l->data->arena;
    for (; at; at = at->before) {
        wv key = wv_string_new(a, at->part);
        value = wv_object_new(a, (wv[]){key, value}, 1);
    }
    if (!wv_is_object(value)) {
        cli_add_error(l, "%s: document must be of type object", path);
        return;
    }
    cli_merge_root(l, path, value);
}

void cli_merge_root(cli_load *l, const char *path, wv value)
{
    wb_arena *a = &l->data->arena;
    wb_buf where;
    wb_buf_init(&where, 4096);
    if (find_conflict(l->root, value, &where)) {
        for (size_t i = 0; i < l->n_documents; i++) {
            wb_buf again;
            wb_buf_init(&again, 4096);
            if (find_conflict(l->documents[i].value, value, &again) &&
                wb_str_eq(wb_buf_str(&again), wb_buf_str(&where)))
                cli_add_error(l,
                              "%s: merge error: conflicting values at data%.*s, also defined in "
                              "%.*s",
                              path, WB_FMT(wb_buf_str(&where)), WB_FMT(l->documents[i].path));
            bool found = again.n && wb_str_eq(wb_buf_str(&again), wb_buf_str(&where));
            wb_buf_free(&again);
            if (found)
                break;
        }
        wb_buf_free(&where);
        return;
    }
    wb_buf_free(&where);
    l->documents = wb_realloc(l->documents, (l->n_documents + 1) * sizeof *l->documents);
    l->documents[l->n_documents++] =
        (cli_document){wb_arena_str(&l->arena, wb_str_of(path)), value};
    l->root = merge(a, l->root, value);
}

void cli_take_data(cli_load *l, const char *path, wb_str text, bool yaml, const cli_place *at)
{
    wv value;
    if (cli_read_value(l, &l->data->arena, path, text, yaml, &value))
        add_document(l, path, value, at);
}

static void load_data(cli_load *l, const char *path, bool yaml, const cli_place *at)
{
    wb_str text;
    if (cli_read_file(l, &l->arena, path, &text))
        cli_take_data(l, path, text, yaml, at);
}

/* ---- modules ---- */

/* False when the text is no module; its errors are then in l->diags. The text lives as long as the
 * load; the tree stands among those of all modules: an arena each costs more than a small tree. */
static bool parse_module(cli_load *l, const char *path, wb_str text)
{
    wb_str name = wb_arena_str(&l->modules, wb_str_of(path));
    wp_options o = {.version = l->engine->version, .file_number = we_next_file(l->engine)};
    wp_module *tree;
    if (wp_parse_module(&l->modules, name, text, &o, &tree, &l->diags) != WB_OK)
        return false;
    we_module *m = wb_calloc(1, sizeof *m);
    *m = (we_module){.tree = tree, .name = name, .refs = 1};
    we_add_module(l->engine, m);
    return true;
}

void cli_take_module(cli_load *l, const char *path, wb_str text)
{
    parse_module(l, path, text);
    cli_take_diags(l);
}

static void load_module(cli_load *l, const char *path)
{
    wb_str text;
    if (cli_read_file(l, &l->arena, path, &text))
        cli_take_module(l, path, text);
}

/* A file named on the line whose extension says nothing. */
static void load_any(cli_load *l, const char *path, const cli_place *at)
{
    wb_str text;
    wv value;
    if (!cli_read_file(l, &l->arena, path, &text) || parse_module(l, path, text))
        return;
    wp_diags_init(&l->diags, &l->arena, l->diags.max);
    if (ws_yaml_decode(&l->data->arena, text, &value, NULL) == WB_OK)
        add_document(l, path, value, at);
    else
        cli_add_error(l, "%s: can't recognize file type", path);
}

/* ---- paths ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool ends(const char *path, const char *suffix)
{
    return wb_str_has_suffix(wb_str_of(path), wb_str_of(suffix));
}

static void load_file(cli_load *l, const char *path, unsigned depth, const cli_place *at)
{
    const char *base = base_name(path);
    bool json = ends(path, ".json"), yaml = ends(path, ".yaml") || ends(path, ".yml");
    if (ends(path, ".tar.gz") && !depth && !l->bundle && !l->rego_only)
        cli_load_bundles(l, &path, 1, "");
    else if (ends(path, ".rego"))
        load_module(l, path);
    else if (l->rego_only)
        return;
    else if (l->bundle && (json || yaml)) {
        if (!strcmp(base, "data.json") || !strcmp(base, "data.yaml") || !strcmp(base, "data.yml"))
            load_data(l, path, yaml, at);
    } else if (json || yaml)
        load_data(l, path, yaml, at);
    else if (!depth)
        load_any(l, path, at);
}

static bool ignored(const cli_load *l, const char *path, unsigned depth)
{
    for (size_t i = 0; i < l->n_ignore; i++)
        if (depth && fnmatch(l->ignore[i], base_name(path), 0) == 0)
            return true;
    return false;
}

/* What a folder says of a file: DT_REG, DT_DIR, or what leaves the question open. */
typedef struct found {
    char *name;
    unsigned char type;
} found;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const found *)a)->name, ((const found *)b)->name);
}

static void walk(cli_load *l, const char *path, unsigned char type, unsigned depth,
                 const cli_place *at);

static void walk_folder(cli_load *l, const char *path, unsigned depth, const cli_place *at)
{
    DIR *dir = opendir(path);
    if (!dir) {
        add_errno(l, "open", path);
        return;
    }
    if (depth > CLI_DEPTH_MAX) {
        cli_add_error(l, "%s: more than %u folders below one another", path, CLI_DEPTH_MAX);
        closedir(dir);
        return;
    }
    found *files = NULL;
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (!(n & (n - 1)))
            files = wb_realloc(files, (n ? 2 * n : 1) * sizeof *files);
        files[n++] = (found){wb_strdup(entry->d_name), entry->d_type};
    }
    closedir(dir);
    if (n)
        qsort(files, n, sizeof *files, by_name);
    const cli_place here = {wb_str_of(base_name(path)), at};
    const char *front = !strcmp(path, ".") ? "" : path;
    for (size_t i = 0; i < n; i++) {
        const char *slash = *front && !ends(front, "/") ? "/" : "";
        size_t room = strlen(front) + strlen(files[i].name) + 2;
        char *below = wb_malloc(room);
        snprintf(below, room, "%s%s%s", front, slash, files[i].name);
        walk(l, below, files[i].type, depth + 1, depth ? &here : at);
        free(below);
        free(files[i].name);
    }
    free(files);
}

static void walk(cli_load *l, const char *path, unsigned char type, unsigned depth,
                 const cli_place *at)
{
    struct stat st = {.st_mode = DTTOIF(type)};
    if (type != DT_REG && type != DT_DIR && stat(path, &st))
        add_errno(l, "stat", path);
    else if (ignored(l, path, depth))
        return;
    else if (S_ISDIR(st.st_mode))
        walk_folder(l, path, depth, at);
    else
        load_file(l, path, depth, at);
}

/* As Go's path.Clean: no "." parts, no double slashes, ".." taken back. The caller frees. */
static char *clean(const char *path)
{
    bool rooted = *path == '/';
    char *out = wb_malloc(strlen(path) + 2);
    size_t n = 0;
    if (rooted)
        out[n++] = '/';
    size_t floor = n; /* what ".." cannot take back */
    while (*path) {
        size_t part = strcspn(path, "/");
        if (part == 2 && path[0] == '.' && path[1] == '.' && n > floor) {
            while (n > floor && out[n - 1] != '/')
                n--;
            if (n > floor)
                n--;
        } else if (part == 2 && path[0] == '.' && path[1] == '.' && rooted) {
            ;
        } else if (part && !(part == 1 && *path == '.')) {
            if (n && out[n - 1] != '/')
                out[n++] = '/';
            memcpy(out + n, path, part);
            n += part;
            if (part == 2 && path[0] == '.' && path[1] == '.')
                floor = n;
        }
        path += part + (path[part] == '/');
    }
    if (!n)
        out[n++] = '.';
    out[n] = 0;
    return out;
}

void cli_load_path(cli_load *l, const char *path)
{
    cli_place places[64];
    size_t n = 0;
    const cli_place *at = NULL;
    const char *colon = strchr(path, ':');
    if (!strncmp(path, "file://", 7)) {
        path += 7;
    } else if (colon && colon != path) {
        while (n < sizeof places / sizeof *places) {
            size_t part = strcspn(path, ".:");
            places[n] = (cli_place){wb_str_n(path, part), at};
            at = &places[n++];
            path += part;
            if (*path++ == ':')
                break;
        }
        path = colon + 1;
    }
    char *tidy = *path ? clean(path) : wb_strdup("");
    walk(l, tidy, DT_UNKNOWN, 0, at);
    free(tidy);
}

void cli_load_paths(cli_load *l, const char **paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t before = 0;
        while (before < i && strcmp(paths[before], paths[i]) != 0)
            before++;
        if (before == i)
            cli_load_path(l, paths[i]);
    }
}

bool cli_load_finish(cli_load *l)
{
    if (l->data->arena.exhausted)
        cli_add_error(l, "data is too large");
    if (l->n_errors)
        return false;
    l->data->value = l->root;
    we_set_data(l->engine, l->data);
    l->data = NULL;
    bool ok = cli_check_conflicts(l);
    cli_take_diags(l);
    return ok;
}
