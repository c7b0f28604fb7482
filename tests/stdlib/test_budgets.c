/* Every built-in function takes fuel in proportion to its work and stays inside its memory: a row
 * here is a call whose size is a variable. A function without a row has a reason among CONSTANT. */
#include "calls.h"
#include "stdlib/http_request.h"

#include <time.h>

/* In `args`, <|text|> stands for the text so often as the size says, %d in it for the turn's
 * number; <#> for the size. `memory`: the result grows too, and must end with the memory budget. */
typedef struct row {
    const char *fn;
    const char *args;
    bool memory;
    int size; /* 0: SIZE */
} row;

#define SIZE 3000
/* Thread time that one unit may stand for: a sanitizer's build on a busy machine stays below. */
#define NS_PER_UNIT_MAX 60000.0
#define HOSTILE_NS_MAX  200e6
#define NS_MEASURABLE   20e6 /* below, clocks tell nothing */
#define MEMORY_LEFT     ((size_t)8 << 10)

#define LIST   "[<|%d,|>]"
#define TEXTS  "[<|`text %d`,|>]"
#define SETOF  "{-1, <|%d,|>}"
#define OBJECT "{`z`: 0, <|`k%d`: %d,|>}"
#define TEXT   "`<|some text |>`"
#define DIGITS "<|7|>"

static const row ROWS[] = {
#include "budget_rows.inc"
};

/* Calls of one size that cost much: ten units and little memory are not enough. */
static const row HOSTILE[] = {
    {"net.cidr_expand", "[`10.0.0.0/9`]", true, 0},
    {"net.cidr_expand", "[`::/0`]", true, 0},
    {"numbers.range", "[0, 1000000000]", true, 0},
    {"numbers.range", "[-100000000000000000000, 100000000000000000000]", true, 0},
    {"numbers.range_step", "[0, 1000000000, 2]", true, 0},
    {"bits.lsh", "[1, 16000000]", true, 0},
    {"bits.lsh", "[1, 160000000]", true, 0},
    {"sprintf", "[`%1000000d`, [1]]", true, 0},
    {"sprintf", "[`%.1000000f`, [1]]", true, 0},
    {"sprintf", "[`%*d`, [1000000, 1]]", true, 0},
    {"json.match_schema", "[{}, {`$ref`: `#`}]", false, 0},
    {"json.match_schema", "[{}, {`allOf`: [{`$ref`: `#`}, {`$ref`: `#`}]}]", false, 0},
    {"strings.render_template",
     "[`{{range .a}}{{range $.a}}{{range $.a}}{{range $.a}}{{range "
     "$.a}}x{{end}}{{end}}{{end}}{{end}}{{end}}`, {`a`: [1, 2, 3, 4, 5, 6, 7, 8, 9]}]",
     true, 0},
    {"graph.reachable_paths",
     "[{1: [2, 3, 4, 5, 6, 7, 8, 9], 2: [1, 3, 4, 5, 6, 7, 8, 9], 3: [1, 2, 4, 5, 6, 7, 8, 9], 4: "
     "[1, 2, 3, 5, 6, 7, 8, 9], 5: [1, 2, 3, 4, 6, 7, 8, 9], 6: [1, 2, 3, 4, 5, 7, 8, 9], 7: [1, "
     "2, 3, 4, 5, 6, 8, 9], 8: [1, 2, 3, 4, 5, 6, 7, 9], 9: [1, 2, 3, 4, 5, 6, 7, 8]}, [1]]",
     true, 0},
    {"http.send", "[{`method`: `get`, `url`: `http://127.0.0.1:1/`}]", false, 0},
    {"net.lookup_ip_addr", "[`localhost`]", false, 0},
};

typedef struct reason {
    const char *fn;
    const char *why;
} reason;

#define BY_TYPE "looks at the type alone"
#define ENGINE  "compiled away: the compiler or the loop of the VM answers"
#define BOUNDED "longer operands are refused at once"

static const reason CONSTANT[] = {
#include "budget_constant.inc"
};

static void expand(wb_buf *b, const char *args, int size)
{
    while (*args) {
        const char *open = strstr(args, "<|");
        const char *number = strstr(args, "<#>");
        if (number && (!open || number < open)) {
            wb_buf_putf(b, "%.*s%d", (int)(number - args), args, size);
            args = number + 3;
            continue;
        }
        if (!open) {
            wb_buf_puts(b, args);
            return;
        }
        const char *close = strstr(open, "|>");
        wb_buf_put(b, args, (size_t)(open - args));
        for (int i = 0; i < size; i++)
            for (const char *p = open + 2; p < close; p++) {
                if (*p == '%' && p[1] == 'd') {
                    wb_buf_putf(b, "%d", i);
                    p++;
                } else {
                    wb_buf_putc(b, *p);
                }
            }
        args = close + 2;
    }
}

typedef struct outcome_of_run {
    ws_error_kind error;
    char text[256];
    int64_t fuel;
    double ns;
} run;

static double thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void print_nowhere(void *arg, wb_str line)
{
    (void)arg;
    (void)line;
}

/* left: bytes of memory behind the arguments, 0 for all there is. */
static run measure(const row *r, int size, int64_t fuel, size_t left)
{
    term_env e;
    wb_buf b;
    term_env_init(&e, (size_t)1 << 30);
    wb_buf_init(&b, (size_t)256 << 20);
    expand(&b, r->args, size);
    const char *p = wb_buf_cstr(&b);
    wv args = term_read(&e.arena, &p, b.p + b.n);
    const ws_builtin *fn = ws_registry_find(e.registry, wb_str_of(r->fn));
    if (!wv_defined(args) || *p || !fn || !fn->fn)
        print_error("%s(%s): no term, or no row\n", r->fn, r->args);
    run o = {.error = WS_ERR_CONFLICT, .text = "no term, or no row"};
    if (!wv_defined(args) || *p)
        goto done;
    if (left)
        e.arena.limit = e.arena.top + left;
    e.fuel = fuel;
    e.cx.http_send = ws_http_send;
    e.cx.print = print_nowhere;
    double start = thread_ns();
    wv v = term_call(&e, fn, wv_items(args), wv_len(args), false);
    o = (run){.error = e.cx.error, .fuel = fuel - e.fuel, .ns = thread_ns() - start};
    snprintf(o.text, sizeof o.text, "%.*s", WB_FMT(e.cx.error_text));
    if (o.error >= WS_ERR_CONFLICT && wv_defined(v))
        fail_msg("%s(%s): a value with the error %s", r->fn, r->args, o.text);
done:
    wb_buf_free(&b);
    term_env_clear(&e);
    return o;
}

#define AMPLE (INT64_C(1) << 50)

static bool ends_with_budget(const row *r, const run *o, const char *text)
{
    char want[320];
    snprintf(want, sizeof want, "%s: %s", r->fn, text);
    if (o->error == WS_ERR_BUDGET && strcmp(o->text, want) == 0)
        return true;
    print_error("%s(%s)\n  want %s\n  got  %s\n", r->fn, r->args, want,
                o->error ? o->text : "a value");
    return false;
}

static void fuel_is_in_proportion_to_the_work(void **state)
{
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const row *r = &ROWS[i];
        int size = r->size ? r->size : SIZE;
        run once = measure(r, size, AMPLE, 0), more = measure(r, 4 * size, AMPLE, 0);
        if (getenv("WRIT_SHOW_BUDGETS"))
            print_message("%-48s %10lld %10lld %12.0f ns %8.0f ns/unit %s\n", r->fn,
                          (long long)once.fuel, (long long)more.fuel, more.ns,
                          more.ns / (double)(more.fuel + 1), more.text);
        if (more.error >= WS_ERR_CONFLICT || once.fuel < 8 || more.fuel < 3 * once.fuel) {
            print_error("%s(%s): %lld units, of four times the size %lld %s\n", r->fn, r->args,
                        (long long)once.fuel, (long long)more.fuel, more.text);
            failed++;
        } else if (more.ns > NS_MEASURABLE && more.ns > NS_PER_UNIT_MAX * (double)more.fuel) {
            print_error("%s(%s): %.0f ns for %lld units\n", r->fn, r->args, more.ns,
                        (long long)more.fuel);
            failed++;
        }
        run stopped = measure(r, 4 * size, more.fuel - more.fuel / 4 - 1, 0);
        failed += !ends_with_budget(r, &stopped, "evaluation budget is used up");
    }
    assert_int_equal(failed, 0);
}

static void results_stay_in_the_memory(void **state)
{
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const row *r = &ROWS[i];
        if (!r->memory)
            continue;
        run o = measure(r, 4 * (r->size ? r->size : SIZE), AMPLE, MEMORY_LEFT);
        failed += !ends_with_budget(r, &o, "result is over the memory budget");
    }
    assert_int_equal(failed, 0);
}

static void hostile_calls_end_with_a_budget(void **state)
{
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
        run o = measure(&HOSTILE[i], 1, 10, 0);
        bool soon = o.ns < HOSTILE_NS_MAX;
        if (!soon)
            print_error("%s(%s): %.0f ns\n", HOSTILE[i].fn, HOSTILE[i].args, o.ns);
        failed += !soon || o.error != WS_ERR_BUDGET;
        if (o.error != WS_ERR_BUDGET)
            print_error("%s(%s): %s\n", HOSTILE[i].fn, HOSTILE[i].args, o.text);
        if (!HOSTILE[i].memory)
            continue;
        o = measure(&HOSTILE[i], 1, AMPLE, MEMORY_LEFT);
        failed += !ends_with_budget(&HOSTILE[i], &o, "result is over the memory budget");
    }
    assert_int_equal(failed, 0);
}

static bool named(const char *fn, size_t *rows)
{
    bool constant = false;
    *rows = 0;
    for (size_t i = 0; i < sizeof CONSTANT / sizeof *CONSTANT; i++)
        constant |= strcmp(CONSTANT[i].fn, fn) == 0;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        *rows += strcmp(ROWS[i].fn, fn) == 0;
    for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++)
        *rows += strcmp(HOSTILE[i].fn, fn) == 0;
    return constant;
}

static void every_function_has_a_row_or_a_reason(void **state)
{
    ws_registry *r = ws_registry_new();
    unsigned failed = 0;
    for (size_t i = 0; i < ws_registry_count(r); i++) {
        size_t rows;
        const char *fn = ws_registry_at(r, i)->name;
        bool constant = named(fn, &rows);
        if (constant == (rows > 0)) {
            print_error("%s: %s\n", fn, constant ? "a row and a reason" : "no row and no reason");
            failed++;
        }
    }
    ws_registry_free(r);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_has_a_row_or_a_reason),
        cmocka_unit_test(fuel_is_in_proportion_to_the_work),
        cmocka_unit_test(hostile_calls_end_with_a_budget),
        cmocka_unit_test(results_stay_in_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
