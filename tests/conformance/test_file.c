/* Files as the runner reads them: kinds by content, YAML and JSON alike, hostile ones refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "conformance/case.c"
#include "conformance/file.c"
#include "conformance/yaml.c"

void cf_run_eval(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_number(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_schema(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_format(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_compile(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o) {}
void cf_run_diagnostics(const cf_file *f, const cf_case *c, const cf_options *options,
                        cf_outcome *o)
{
}

static const struct {
    const char *suffix, *text;
    int status; /* WB_... */
    cf_kind kind;
    size_t n;
    const char *note; /* of the first case */
} files[] = {
    {".json", "{\"cases\": [{\"note\": \"a\", \"query\": \"x\"}]}", WB_OK, CF_EVAL, 1, "a"},
    {".yaml", "cases:\n- note: a\n  query: x\n- note: b\n  query: y\n", WB_OK, CF_EVAL, 2, "a"},
    {".json", "{\"cases\": [{\"note\": \"a\", \"query\": \"x\", \"plan\": {}}]}", WB_OK, CF_PLAN, 1,
     "a"},
    {".json", "{\"cases\": [{\"note\": \"a\", \"modules\": [], \"want_errors\": []}]}", WB_OK,
     CF_COMPILE, 1, "a"},
    {".json", "{\"cases\": [{\"note\": \"a\", \"text\": \"\", \"errors\": null}]}", WB_OK,
     CF_DIAGNOSTICS, 1, "a"},
    {".json", "{\"cases\": [{\"note\": \"a\", \"text\": \"\", \"from\": \"v0\"}]}", WB_OK,
     CF_FORMAT, 1, "a"},
    {".json", "[{\"query\": \"1 +\\n1\", \"want\": \"2\"}]", WB_OK, CF_NUMBER, 1,
     "numbers/0 1 + 1"},
    {".json",
     "[{\"description\": \"s\", \"schema\": true, \"tests\": [{\"description\": \"t\"}, {}]}]",
     WB_OK, CF_SCHEMA, 2, "0.0 s: t"},
    {".json", "{\"cases\": []}", WB_NOT_FOUND, CF_EVAL, 0, NULL},
    {".json", "{\"a\": 1}", WB_NOT_FOUND, CF_EVAL, 0, NULL},
    {".json", "[]", WB_NOT_FOUND, CF_EVAL, 0, NULL},
    {".json", "[1]", WB_NOT_FOUND, CF_EVAL, 0, NULL},
    {".json", "{\"cases\": [1]}", WB_NOT_FOUND, CF_EVAL, 0, NULL},
    {".json", "{\"cases\": [{\"query\": \"x\"}]}", WB_INVALID, CF_EVAL, 0, NULL},
    {".json", "{\"cases\": [{\"note\": \"a\", \"query\": \"x\"}, {\"note\": \"b\"}]}", WB_INVALID,
     CF_EVAL, 0, NULL},
    {".json", "{\"cases\": [", WB_INVALID, CF_EVAL, 0, NULL},
    {".yaml", "cases: [", WB_INVALID, CF_EVAL, 0, NULL},
    {".yaml", "cases:\n- note: a\n  note: b\n  query: x\n", WB_INVALID, CF_EVAL, 0, NULL},
    {".yaml", "", WB_INVALID, CF_EVAL, 0, NULL},
};

static void test_kinds(void **state)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];
        snprintf(path, sizeof path, "/tmp/writ-case-XXXXXX%s", files[i].suffix);
        int fd = mkstemps(path, (int)strlen(files[i].suffix));
        assert_true(fd >= 0);
        size_t n = strlen(files[i].text);
        assert_int_equal(write(fd, files[i].text, n), n);
        close(fd);
        cf_file f;
        wb_error why = {0};
        wb_status s = cf_file_read(&f, path, &why);
        unlink(path);
        if (s != (wb_status)files[i].status)
            fail_msg("%s: status %d: %s", files[i].text, (int)s, why.text);
        if (s)
            continue;
        assert_int_equal(f.kind, files[i].kind);
        assert_int_equal(f.n, files[i].n);
        assert_true(wb_str_is(f.cases[0].note, files[i].note));
        cf_file_free(&f);
    }
}

static void test_yaml_has_the_types_of_json(void **state)
{
    static const char yaml[] =
        "a: 1.50\nb: \"1\"\nc: true\nd: 'true'\ne: ~\nf:\ng: [x, {y: -2e3}]\n"
        "h: |\n  two\n  lines\ni: 1.2.3\n";
    static const char json[] =
        "{\"a\": 1.50, \"b\": \"1\", \"c\": true, \"d\": \"true\", \"e\": null, \"f\": null,"
        "\"g\": [\"x\", {\"y\": -2e3}], \"h\": \"two\\nlines\\n\", \"i\": \"1.2.3\"}";
    wb_arena a;
    wb_error why;
    wv x, y;
    assert_int_equal(wb_arena_init(&a, 1 << 24, 1), 0);
    assert_int_equal(cf_yaml_read(&a, WB_LIT(yaml), &x, &why), WB_OK);
    assert_int_equal(wv_json_decode(&a, WB_LIT(json), NULL, &y, &why), WB_OK);
    assert_true(wv_equal(x, y));
    wb_arena_free(&a);
}

static void test_a_yaml_that_holds_itself_is_refused(void **state)
{
    wb_arena a;
    wb_error why;
    wv x;
    assert_int_equal(wb_arena_init(&a, 1 << 24, 1), 0);
    assert_int_equal(cf_yaml_read(&a, WB_LIT("a: &x [*x]\n"), &x, &why), WB_LIMIT);
    wb_arena_free(&a);
}

static void test_version_by_folder(void **state)
{
    char folder[] = "/tmp/writ-cases-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *inner, *path;
    assert_true(asprintf(&inner, "%s/v0", folder) > 0 && asprintf(&path, "%s/a.json", inner) > 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("{\"cases\": [{\"note\": \"a\", \"query\": \"x\"}]}", out);
    fclose(out);
    cf_file f;
    wb_error why;
    assert_int_equal(cf_file_read(&f, path, &why), WB_OK);
    assert_true(f.v0);
    cf_file_free(&f);
    unlink(path);
    rmdir(inner);
    rmdir(folder);
    free(inner);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_yaml_has_the_types_of_json),
        cmocka_unit_test(test_a_yaml_that_holds_itself_is_refused),
        cmocka_unit_test(test_version_by_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
