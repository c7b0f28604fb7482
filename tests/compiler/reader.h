/* Reads the data files of these tests: lines of Rego, then the expected lines, each behind "-- ".
 * A line that begins with "# " belongs to the file, not to a case. */
#ifndef WRIT_TESTS_COMPILER_READER_H
#define WRIT_TESTS_COMPILER_READER_H

#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef void (*case_function)(wb_str rules, wb_str want);

/* Calls back for each case; answers how many there were. */
static inline unsigned each_case(const char *file, case_function call)
{
    char path[512], line[4096];
    snprintf(path, sizeof path, "%s/tests/compiler/data/%s", WRIT_SOURCE_DIR, file);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is missing", path);
    wb_buf rules, want;
    wb_buf_init(&rules, 1 << 20);
    wb_buf_init(&want, 1 << 20);
    unsigned n = 0;
    bool more = true;
    while (more) {
        more = fgets(line, sizeof line, f) != NULL;
        bool expected = more && strncmp(line, "-- ", 3) == 0;
        if (more && !expected && strncmp(line, "# ", 2) == 0)
            continue;
        if (!expected && want.n) {
            call(wb_buf_str(&rules), wb_buf_str(&want));
            n++;
            wb_buf_clear(&rules);
            wb_buf_clear(&want);
        }
        if (more)
            wb_buf_puts(expected ? &want : &rules, expected ? line + 3 : line);
    }
    assert_int_equal(rules.n, 0);
    fclose(f);
    wb_buf_free(&rules);
    wb_buf_free(&want);
    return n;
}

/* Compiles `package t` with the rules up to a stage, or wholly when it is negative; fills text with
 * what the stage left, or with one line an error. */
static inline wb_status stage_case_with(wb_str rules, int stage, bool why, unsigned passes_off,
                                        wb_buf *text)
{
    writ_engine *e = writ_engine_new();
    wb_arena a;
    wb_buf module;
    wp_diags d;
    wm_program *p = NULL;
    assert_int_equal(wb_arena_init(&a, (size_t)1 << 30, e->seed), 0);
    wb_buf_init(&module, 1 << 20);
    wb_buf_init(text, 1 << 20);
    wb_buf_puts(&module, "package t\n");
    wb_buf_put_str(&module, rules);
    wp_diags_init(&d, &a, 0);
    we_module *m = we_module_new(e, WB_LIT("t.rego"), wb_buf_str(&module), 0, &d);
    wb_status status = WB_INVALID;
    if (m) {
        wc_options o = we_options(e);
        o.why = why;
        o.passes_off = passes_off;
        status = stage >= 0 ? wc_stage_text(&m->tree, 1, NULL, &o, stage, text, &d)
                            : wc_compile(&m->tree, 1, NULL, &o, &p, &d);
    }
    if (status != WB_OK) {
        wb_buf_clear(text);
        wp_diags_print(text, &d, false);
    }
    wm_program_free(p);
    if (m)
        we_module_free(m);
    wb_buf_free(&module);
    wb_arena_free(&a);
    writ_engine_free(e);
    return status;
}

static inline wb_status stage_case(wb_str rules, int stage, wb_buf *text)
{
    return stage_case_with(rules, stage, false, 0, text);
}

static inline wb_status compile_case(wb_str rules, bool plan, wb_buf *text)
{
    return stage_case(rules, plan ? wc_stage_by_name(WB_LIT("optimised")) : -1, text);
}

#endif
