/* Test rules: finding them, running them, reporting.
 *
 * A *test* is a rule with a part of its name that begins with test_; todo_test_ is one to be
 * skipped. A rule with keys behind that part (test_x[note]) has *cases*: each key is a sub-result,
 * and cases that began and never came to a value are failures, which a call put into the rule's
 * body finds. Rules of one name are tests of their own: test_x, test_x#01, ...
 *
 * All modules are compiled once; each test asks its rule's node of that program. */
#ifndef WRIT_CLI_TESTING_H
#define WRIT_CLI_TESTING_H

#include "cli/load.h"

#define CLI_CASES_MAX 100000u /* cases of one test that are noted */

typedef struct cli_case {
    wb_str name;
    bool fail;
    struct cli_case *first; /* cases below, by name */
    struct cli_case *next;
} cli_case;

typedef struct cli_trial {
    wb_str file, package, name; /* "data.a_test", "test_x" */
    wb_str counted;             /* the name before it got a number */
    wp_loc loc;
    bool skip;
    bool function; /* has arguments, so that nobody can ask it: an error */
    bool cases;    /* the rule has keys */
    wv *path;      /* below data */
    unsigned n_path;

    /* what running it fills in */
    bool ran, fail, error;
    wp_code code; /* of the error */
    wb_str error_file, message;
    const cli_frame *trace; /* of an error: where, then the calls that led there */
    uint32_t n_trace;
    wp_loc error_loc;
    int64_t ns;
    wb_buf output; /* of print(); freed by cli_tests_free */
    cli_case *first;
} cli_trial;

typedef struct cli_tests {
    cli_load *load;
    wb_arena arena;
    cli_trial *items;
    size_t n;
    wm_program *program;
    writ_session *session;
    int64_t timeout_ns;
    wv named; /* [package, name] -> how many tests have it */
    wv seen;  /* the paths of the cases that began, while a test runs */
} cli_tests;

void cli_tests_init(cli_tests *t, cli_load *l);
void cli_tests_free(cli_tests *t);
/* Finds the tests in the loaded modules (these are changed: names get numbers, cases are noted) and
 * compiles. False with the errors in the load. */
bool cli_tests_prepare(cli_tests *t);
/* Keeps the tests whose data.package.name the pattern matches. False: *why says what is wrong. */
bool cli_tests_select(cli_tests *t, const char *pattern, wb_buf *why);
void cli_test_run(cli_tests *t, cli_trial *test);

/* One test's lines as soon as it has ended; *last_file is kept by the caller. */
void cli_report_test(wb_buf *b, const cli_trial *test, bool verbose, wb_str *last_file);
/* What stands below all tests; lines: some test was shown. */
void cli_report_end(wb_buf *b, const cli_tests *t, bool verbose, bool lines);
void cli_report_json(wb_buf *b, const cli_tests *t);

static inline bool cli_test_passed(const cli_trial *test)
{
    return !test->fail && !test->skip && !test->error;
}

#endif
