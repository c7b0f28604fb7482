/* A loop that keeps nothing costs no memory; what is kept outlives the turns that made it. */
#include "support.h"

#define ROWS  "100000"
#define SMALL ((size_t)5 << 20) /* what functions remember takes some megabytes; the turns none */

/* Turns of the loops that keep nothing: this many times a thousand. */
#ifdef __SANITIZE_ADDRESS__
#define THOUSANDS "100"
#define VARIANTS  1
#else
#define THOUSANDS "1000"
#define VARIANTS  2 /* without early exit too */
#endif

/* Loops over a million rows: $ stands for two nested loops that bind x. Each row of the table makes
 * strings, calls and collections in every turn: kept by the turn, they would meet the limit. */
static const char *const keep_nothing[] = {
    "p := true if { every a in thousands { every b in big { x := a + b; x >= 0 } } }",
    "p if { not found }\nfound if { $; sprintf(\"row number %d of all the rows\", [x]) "
    "== \"none\" }",
    "p if { not found }\nfound if { $; f(x) == \"none\" }\n"
    "f(x) := concat(\"\", [\"a long enough string \", format_int(x, 10)])",
    "p if { not found }\nfound if { $; f(x) == \"none\" }\n"
    "f(x) := s if { some i in [1, 2, 3]; i == 2; s := sprintf(\"a longer text %d, %d\", [x, i]) }",
    "p if { not found }\nfound if { $; f(x) }\n"
    "f(x) if { some i in [1, 2, 3]; s := sprintf(\"a longer text %d, %d\", [x, i]); s == \"none\" "
    "}",
    "p if { not found }\nfound if { $; count([y | some i in [1, 2, 3]; y := "
    "sprintf(\"a longer text %d, %d\", [x, i])]) == 4 }",
    "p if { not found }\nfound if { $; count({y | some i in [1, 2, 3]; y := "
    "sprintf(\"a longer text %d, %d\", [x, i])}) == 4 }",
    "p if { not found }\nfound if { $; o := {k: v | some i in [1, 2, 3]; k := "
    "sprintf(\"a longer key %d, %d\", [x, i]); v := [i, x]}; count(o) == 4 }",
    "p if { not found }\nfound if { $; q with input.x as sprintf(\"a longer text "
    "%d\", [x]) }\nq if { input.x == \"none\" }",
    "p if { not found }\nfound if { $; q == \"none\" with input.x as x }\n"
    "q := sprintf(\"made of %d in this environment\", [input.x])",
    "p if { not found }\nfound if { $; {\"name\": sprintf(\"a longer text %d\", [x]), "
    "\"list\": [x, x, x]} == input }",
    "p if { not found }\nfound if { $; not g(x) }\n"
    "g(x) if { every i in [1, 2, 3] { sprintf(\"a longer text %d, %d\", [x, i]) != \"none\" } }",
    "p if { not found }\nfound if { $; [a, b] := [sprintf(\"a longer text %d\", [x]), "
    "{x}]; count(a) == count(b) }",
    "p if { not found }\nfound if { $; every y in [1, 2] { not sprintf(\"a longer "
    "text %d\", [x + y]) == \"none\" }; x < 0 }",
    "p if { not found }\nfound if { $; x * 100000000000000000000 < 0 }",
    "p if { not found }\nfound if { $; h(x)[0] == \"none\" }\n"
    "h(x) := y if { y := [sprintf(\"a longer text %d\", [x])]; x < 0 } else := [sprintf(\"another "
    "text %d\", [x])]",
    "p if { not found }\nfound if { $; not r[x % 7] }\nr[k] := v if { some k in [0, 1, 2, 3, 4, 5, "
    "6]; "
    "v := sprintf(\"the value of %d\", [k]) }",
    "p if { not found }\nfound if { $; not s[sprintf(\"member number %d\", [x % 7])] }\n"
    "s contains v if { some k in [0, 1, 2, 3, 4, 5, 6]; v := sprintf(\"member number %d\", [k]) }",
    "p if { not found }\nfound if { $; q with data.rows as [x, \"a longer text\"] }\nq if { "
    "data.rows[1] == \"none\" }",
    "p if { not found }\nfound if { $; f(x) == \"none\" with f as g }\nf(x) := \"none\"\n"
    "g(x) := sprintf(\"a mock was asked for %d\", [x])",
    "p if { not found }\nfound if { $; sprintf(\"text %d\", [x]) == \"none\" with sprintf as g }\n"
    "g(x, y) := concat(\"\", [x, \" and a longer text\"])",
    "p if { not found }\nfound if { $; f([x, {\"name\": \"a longer text\"}]) == [] }\n"
    "f(x) := [y | some y in x]",
    "p if { not found }\nfound if { $; g[x % 20].name == \"none\" }\ng[k].name := v if { some k "
    "in "
    "numbers.range(0, 20); v := sprintf(\"name of %d\", [k]) }",
    "p if { not found }\nfound if { $; o := object.union({\"a\": x}, {\"b\": [x]}); o.a < 0 }",
    "p if { not found }\nfound if { $; {x, \"a longer text\"} & {x} == set() }",
    "p if { not found }\nfound if { $; sort([x, \"b\", \"a\"])[0] == \"none\" }",
    "p if { not found }\nfound if { $; walk({\"a\": [x, {\"b\": x}]}, [[\"a\", 3], _]) }",
    "p if { not found }\nfound if { $; $\"a template with {x} inside of it\" == \"none\" }",
    "p if { not found }\nfound if { $; not regex.match(\"^row [0-9]+$\", sprintf(\"row %d\", [x])) "
    "}",
    "p if { not found }\nfound if { $; json.unmarshal(json.marshal({\"a long key\": x}))[\"a long "
    "key\"] < "
    "0 }",
    "p if { not found }\nfound if { $; [y | some y in [x, x + 1]; not y == 3] == [] }",
    "p if { not found }\nfound if { $; every y in [{x: \"a longer text\"}] { y == {} } }",
    "p if { not found }\nfound if { $; count({k: v | some k, v in [x, \"a longer text\"]}) == 3 }",
    "p if { not found }\nfound if { count([s | $; s := sprintf(\"text %d\", [x])]) == 7 }",
    "p if { not found }\nfound if { max([y | $; y := count(sprintf(\"text %d\", [x]))]) == 7 }",
    "p if { not found }\nfound if { $; x / 7 < 0 }",
    "p if { not found }\nfound if { $; to_number(format_int(x, 10)) < 0 }",
    "p if { not found }\nfound if { $; nothing(x) }\nnothing(x) if { false; x }\n"
    "nothing(x) if { y := {x}; count(y) == 2 }",
};

static void loops_that_keep_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keep_nothing / sizeof *keep_nothing; i++) {
        char text[4096];
        int n = snprintf(text, sizeof text,
                         "package t\nthousands := numbers.range(1, " THOUSANDS ")\n"
                         "big := numbers.range(0, 999)\n");
        for (const char *c = keep_nothing[i]; *c; c++) {
            bool loop = *c == '$' && c[1] != '"';
            n += loop ? snprintf(text + n, sizeof text - (size_t)n,
                                 "some m in thousands; some k0 in big; x := m * 1000 + k0")
                      : snprintf(text + n, sizeof text - (size_t)n, "%c", *c);
        }
        for (int off = 0; off < VARIANTS; off++) {
            bench b;
            bench_init(&b, text, 0, SMALL);
            b.engine->no_early_exit = off;
            const char *got = bench_ask(&b, "p", "{\"name\": \"const\"}", NULL);
            if (strcmp(got, "true") != 0)
                fail_msg("%s\ngives %s", keep_nothing[i], got);
            bench_free(&b);
        }
    }
}

/* Loops that keep something from every turn. */
static const char *const keep_all[] = {
    "p := [count(l), l[0]] if { l := [s | some x in big; s := sprintf(\"a longer text with the "
    "number %d\", [x])] }",
    "p := count({s | some x in big; s := sprintf(\"a longer text with the number %d\", [x])})",
    "p := count({s: x | some x in big; s := sprintf(\"a longer text with the number %d\", [x])})",
    "p := count(s)\ns contains t if { some x in big; t := sprintf(\"a longer text with %d\", [x]) "
    "}",
    "p := count(o)\no[t] := [x] if { some x in big; t := sprintf(\"a longer text with %d\", [x]) }",
    "p := count(g)\ng[t].name := [x] if { some x in big; t := sprintf(\"a longer text %d\", [x]) }",
    "p if { l := [s | some x in big; s := sprintf(\"a longer text with number %d\", [x])]; not "
    "count(l) == 0; l[0] }",
    "default p := true\np := false if { l := [[x, x, x, x] | some x in big; some y in [1, 2, 3]]; "
    "count(l) > 0; l[0] }",
};

static void loops_that_keep_everything(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keep_all / sizeof *keep_all; i++) {
        char text[4096];
        snprintf(text, sizeof text, "package t\nbig := numbers.range(0, " ROWS ")\n%s\n",
                 keep_all[i]);
        bench b;
        bench_init(&b, text, 0, (size_t)6 << 20);
        const char *got = bench_ask(&b, "p", NULL, NULL);
        if (!strstr(got, "error: ") || !strstr(got, "memory"))
            fail_msg("%s\ngives %s", keep_all[i], got);
        /* The session stays usable. */
        assert_int_equal(wm_failed(b.session)->code, WP_EVAL_CANCEL_ERROR);
        bench_free(&b);
    }
}

/* ---- what is kept stays intact ---- */

/* Programs and their answers, from data/memory.txt: "== NAME", the rules, "-- answer". */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!*line)
        return NULL;
    if (end) {
        *end = 0;
        *at = end + 1;
    } else {
        *at = line + strlen(line);
    }
    return line;
}

static char *read_all(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/vm/data/%s", WRIT_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is missing", path);
    wb_buf b;
    wb_buf_init(&b, 1 << 24);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        wb_buf_put(&b, part, n);
    fclose(f);
    char *text = wb_strndup(b.p, b.n);
    wb_buf_free(&b);
    return text;
}

static void values_outlive_turns(void **state)
{
    (void)state;
    char *all = read_all("memory.txt"), *at = all, *line;
    char text[8192];
    size_t n = 0, programs = 0;
    while ((line = next_line(&at))) {
        if (line[0] == '#')
            continue;
        if (strncmp(line, "-- ", 3) != 0) {
            n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", line);
            continue;
        }
        /* Every set of passes: a pass that is off must not make a value die earlier. */
        for (unsigned off = 0; off < 1u << WC_PASS_COUNT; off++) {
            bench b;
            char module[9000];
            snprintf(module, sizeof module, "package t\n%s", text);
            bench_init(&b, module, off, (size_t)64 << 20);
            for (int again = 0; again < 2; again++) {
                const char *got =
                    bench_ask(&b, "p", "{\"names\": [\"anna\", \"bert\", \"carl\"]}", NULL);
                if (strcmp(got, line + 3) != 0)
                    fail_msg("passes off %x:\n%sgives %s\nnot   %s", off, text, got, line + 3);
            }
            bench_free(&b);
        }
        programs++;
        n = 0;
    }
    assert_true(programs >= 40);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_that_keep_nothing),
        cmocka_unit_test(loops_that_keep_everything),
        cmocka_unit_test(values_outlive_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
