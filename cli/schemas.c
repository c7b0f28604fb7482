/* --schema: one JSON Schema for the input, or a folder of schemas by their paths. */
#include "cli/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 64 /* folders below one another */

static bool read_schema(cli_load *l, const char *file, wv key, wv *all)
{
    wb_str text;
    wv schema;
    if (!cli_read_file(l, &l->arena, file, &text) ||
        !cli_read_value(l, &l->arena, file, text, true, &schema))
        return false;
    wv_object_put(&l->arena, all, key, schema);
    return true;
}

static int by_name(const struct dirent **x, const struct dirent **y)
{
    return strcmp((*x)->d_name, (*y)->d_name);
}

static bool read_folder(cli_load *l, const char *folder, const wv *path, uint32_t depth, wv *all)
{
    struct dirent **names;
    int n = depth < DEPTH_MAX ? scandir(folder, &names, NULL, by_name) : -1;
    if (n < 0) {
        cli_add_error(l, "open %s: %s", folder,
                      depth < DEPTH_MAX ? strerror(errno) : "too many folders below one another");
        return false;
    }
    bool ok = true;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        struct stat st;
        char *file = wb_arena_printf(&l->arena, "%s/%s", folder, name);
        wv below[DEPTH_MAX + 1];
        if (depth)
            memcpy(below, path, depth * sizeof *below);
        if (ok && strcmp(name, ".") && strcmp(name, "..") && !stat(file, &st)) {
            const char *dot = strrchr(name, '.');
            bool dir = S_ISDIR(st.st_mode);
            size_t len = dir || !dot ? strlen(name) : (size_t)(dot - name);
            below[depth] = wv_string_new(&l->arena, wb_str_n(name, len));
            ok = dir ? read_folder(l, file, below, depth + 1, all)
                     : read_schema(l, file, wv_array_new(&l->arena, below, depth + 1), all);
        }
        free(names[i]);
    }
    free(names);
    return ok;
}

void cli_load_schemas(cli_load *l, const char *path)
{
    struct stat st;
    if (!path || !*path)
        return;
    if (!strncmp(path, "file://", 7))
        path += 7;
    wv all = wv_object_begin(&l->arena, 4);
    if (stat(path, &st))
        cli_add_error(l, "stat %s: %s", path,
                      errno == ENOENT ? "no such file or directory" : strerror(errno));
    else if (S_ISDIR(st.st_mode) ? read_folder(l, path, NULL, 0, &all)
                                 : read_schema(l, path, WV_EMPTY_ARRAY(&l->arena), &all))
        l->engine->schemas = all;
}
