/* Reading case files and seeing what kind of cases they hold. */
#include "conformance/case.h"
#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX ((size_t)16 << 30) /* addresses; memory comes as used */
#define NOTE_MAX  120                /* bytes of a note that is made from a query */

static wb_status read_all(const char *path, wb_buf *out, wb_error *error)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return wb_fail(error, WB_IO, "%s: %m", path);
    wb_status s = WB_OK;
    for (;;) {
        char *to = wb_buf_reserve(out, 1 << 16);
        if (!to) {
            s = wb_fail(error, WB_LIMIT, "%s: larger than %zu bytes", path, CF_FILE_MAX);
            break;
        }
        size_t n = fread(to, 1, 1 << 16, in);
        wb_buf_commit(out, n);
        if (n == 0)
            break;
    }
    if (s == WB_OK && ferror(in))
        s = wb_fail(error, WB_IO, "%s: %m", path);
    fclose(in);
    return s;
}

/* The text on one line, cut where a line of a report would get too long. */
static wb_str one_line(wb_arena *a, const char *prefix, wb_str text)
{
    bool cut = text.n > NOTE_MAX;
    size_t n = cut ? NOTE_MAX : text.n;
    char *p = wb_arena_printf(a, "%s%.*s%s", prefix, (int)n, text.p, cut ? "..." : "");
    for (char *q = p; *q; q++)
        if ((unsigned char)*q < ' ')
            *q = ' ';
    return wb_str_of(p);
}

static wb_status refuse(cf_file *f, wb_error *error)
{
    return wb_fail(error, WB_NOT_FOUND, "%s: holds no cases of a known kind", f->path);
}

/* {"cases": [...]}: the fields of the first case tell the kind. */
static bool kind_of(wv body, cf_kind *kind)
{
    if (!wv_is_object(body))
        return false;
#define HAS(name) (wv_object_get_str(body, WB_LIT(name)) != WV_UNDEFINED)
    if (HAS("plan"))
        *kind = CF_PLAN;
    else if (HAS("want_errors"))
        *kind = CF_COMPILE;
    else if (HAS("text") && HAS("errors"))
        *kind = CF_DIAGNOSTICS;
    else if (HAS("text") && HAS("from"))
        *kind = CF_FORMAT;
    else if (HAS("query"))
        *kind = CF_EVAL;
    else
        return false;
#undef HAS
    return true;
}

static wb_status from_cases(cf_file *f, wv list, wb_error *error)
{
    if (wv_len(list) == 0 || !kind_of(wv_items(list)[0], &f->kind))
        return refuse(f, error);
    f->n = wv_len(list);
    f->cases = wb_arena_alloc(&f->arena, f->n * sizeof *f->cases);
    for (size_t i = 0; i < f->n; i++) {
        wv body = wv_items(list)[i], note;
        cf_kind kind;
        if (!kind_of(body, &kind) || kind != f->kind)
            return wb_fail(error, WB_INVALID, "%s: case %zu is of another kind than the first",
                           f->path, i);
        wb_str text = cf_text(body, "note", &note);
        if (!text.n)
            return wb_fail(error, WB_INVALID, "%s: case %zu has no note", f->path, i);
        f->cases[i] = (cf_case){one_line(&f->arena, "", text), body};
    }
    return WB_OK;
}

static wb_status from_numbers(cf_file *f, wv list, wb_error *error)
{
    f->kind = CF_NUMBER;
    f->n = wv_len(list);
    f->cases = wb_arena_alloc(&f->arena, f->n * sizeof *f->cases);
    for (size_t i = 0; i < f->n; i++) {
        wv body = wv_items(list)[i], query;
        if (!wv_is_object(body) || !wv_is_string(cf_field(body, "query")))
            return wb_fail(error, WB_INVALID, "%s: row %zu has no query", f->path, i);
        char prefix[32];
        snprintf(prefix, sizeof prefix, "numbers/%zu ", i);
        f->cases[i] = (cf_case){one_line(&f->arena, prefix, cf_text(body, "query", &query)), body};
    }
    return WB_OK;
}

/* [{"description", "schema", "tests": [...]}]: a case a test, with its schema beside it. */
static wb_status from_schemas(cf_file *f, wv list, wb_error *error)
{
    f->kind = CF_SCHEMA;
    for (uint32_t i = 0; i < wv_len(list); i++) {
        wv tests =
            wv_is_object(wv_items(list)[i]) ? cf_field(wv_items(list)[i], "tests") : WV_UNDEFINED;
        if (!wv_is_array(tests))
            return wb_fail(error, WB_INVALID, "%s: group %u has no tests", f->path, i);
        f->n += wv_len(tests);
    }
    f->cases = wb_arena_alloc(&f->arena, f->n * sizeof *f->cases);
    size_t at = 0;
    for (uint32_t i = 0; i < wv_len(list); i++) {
        wv group = wv_items(list)[i], tests = cf_field(group, "tests"), title, name;
        wb_str group_name = cf_text(group, "description", &title);
        for (uint32_t j = 0; j < wv_len(tests); j++) {
            wv test = wv_items(tests)[j];
            wb_str text = wv_is_object(test) ? cf_text(test, "description", &name) : WB_LIT("");
            wv body = wv_object_begin(&f->arena, 2);
            wv_object_put(&f->arena, &body, wv_string_new(&f->arena, WB_LIT("schema")),
                          wv_object_get_str(group, WB_LIT("schema")));
            wv_object_put(&f->arena, &body, wv_string_new(&f->arena, WB_LIT("test")), test);
            char *note = wb_arena_printf(&f->arena, "%u.%u %.*s: %.*s", i, j, WB_FMT(group_name),
                                         WB_FMT(text));
            f->cases[at++] = (cf_case){wb_str_of(note), body};
        }
    }
    return WB_OK;
}

static wb_status sort_out(cf_file *f, wv all, wb_error *error)
{
    if (wv_is_object(all)) {
        wv list = cf_field(all, "cases");
        return wv_is_array(list) ? from_cases(f, list, error) : refuse(f, error);
    }
    if (!wv_is_array(all) || wv_len(all) == 0 || !wv_is_object(wv_items(all)[0]))
        return refuse(f, error);
    wv first = wv_items(all)[0];
    if (cf_field(first, "query") != WV_UNDEFINED)
        return from_numbers(f, all, error);
    if (cf_field(first, "tests") != WV_UNDEFINED)
        return from_schemas(f, all, error);
    return refuse(f, error);
}

wb_status cf_file_read(cf_file *f, const char *path, wb_error *error)
{
    *f = (cf_file){.path = path};
    f->v0 = strstr(path, "/v0/") || wb_str_has_prefix(wb_str_of(path), WB_LIT("v0/"));
    if (wb_arena_init(&f->arena, ARENA_MAX, wb_hash_seed()))
        return wb_fail(error, WB_MEMORY, "%s: no address space", path);
    wb_buf text;
    wb_buf_init(&text, CF_FILE_MAX);
    wb_str name = wb_str_of(path);
    wb_error why;
    wv all = WV_UNDEFINED;
    wb_status s = read_all(path, &text, error);
    if (s == WB_OK) {
        if (wb_str_has_suffix(name, WB_LIT(".yaml")) || wb_str_has_suffix(name, WB_LIT(".yml")))
            s = cf_yaml_read(&f->arena, wb_buf_str(&text), &all, &why);
        else
            s = wv_json_decode(&f->arena, wb_buf_str(&text), NULL, &all, &why);
        if (s)
            wb_fail(error, s, "%s: %s", path, why.text);
    }
    wb_buf_free(&text);
    if (s == WB_OK)
        s = sort_out(f, all, error);
    if (s)
        cf_file_free(f);
    return s;
}

void cf_file_free(cf_file *f)
{
    wb_arena_free(&f->arena);
    f->cases = NULL;
    f->n = 0;
}
