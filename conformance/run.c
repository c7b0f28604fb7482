#include "conformance/run.h"

#include "value/json.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define ARENA_MAX ((size_t)16 << 30) /* addresses; memory comes as used */
#define SLEEP_MAX 5.0                /* seconds that a case may ask for */

/* Go's durations as far as cases use them: a decimal number with ns, us, ms, s, m or h. */
static bool seconds_of(wb_str text, double *out)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
    char copy[32], *end;
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    double number = strtod(copy, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (end != copy && strcmp(end, units[i].unit) == 0) {
            *out = number * units[i].seconds;
            return *out >= 0;
        }
    return false;
}

static writ_value test_sleep(writ_call *call, const writ_value *args, unsigned count,
                             void *argument)
{
    writ_text text = writ_string(&args[0]);
    double seconds;
    if (!seconds_of(wb_str_n(text.bytes, text.length), &seconds))
        return writ_call_fail(call, "test.sleep: invalid duration");
    if (seconds > SLEEP_MAX)
        seconds = SLEEP_MAX;
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&t, &t) && errno == EINTR)
        ;
    return writ_make_null();
}

bool cf_run_init(cf_run *r, const cf_options *options, cf_outcome *o)
{
    memset(r, 0, sizeof *r);
    r->engine = writ_engine_new();
    if (!r->engine || wb_arena_init(&r->arena, ARENA_MAX, r->engine->seed)) {
        cf_fail(o, "no memory for an engine");
        writ_engine_free(r->engine);
        return false;
    }
    writ_add_http(r->engine);
    r->engine->passes_off = options->passes_off;
    r->engine->keep_print = false; /* as OPA compiles when nobody asks for it */
    wp_diags_init(&r->diags, &r->arena, 0);
    writ_error why = {0};
    if (writ_add_function(r->engine, "test.sleep", "(duration: string) => null", false, test_sleep,
                          NULL, &why) != WRIT_OK) {
        cf_fail(o, "test.sleep: %s", why.text);
        cf_run_clear(r);
        return false;
    }
    return true;
}

void cf_run_clear(cf_run *r)
{
    writ_session_free(r->session);
    writ_query_free(r->query);
    writ_engine_free(r->engine);
    wb_arena_free(&r->arena);
}

bool cf_fail_diags(cf_run *r)
{
    const wp_diag *first = r->diags.first;
    wb_buf text;
    wb_buf_init(&text, CF_REASON_MAX);
    wp_diags_print(&text, &r->diags, false);
    r->error = (cf_error){.is = true,
                          .code = first ? wp_code_text(first->code) : "none",
                          .message = first ? first->message : WB_LIT("failed without a diagnostic"),
                          .text = wb_arena_str(&r->arena, wb_buf_str(&text))};
    wb_buf_free(&text);
    return false;
}

bool cf_add_module(cf_run *r, const char *name, wb_str text)
{
    we_module *m =
        we_module_new(r->engine, wb_str_of(name), text, we_next_file(r->engine), &r->diags);
    if (!m)
        return cf_fail_diags(r);
    we_add_module(r->engine, m);
    return true;
}

bool cf_set_data(cf_run *r, wv data)
{
    /* Through text, since hashes of values belong to one engine's seed. */
    wb_buf text;
    writ_error why = {0};
    wb_buf_init(&text, CF_FILE_MAX);
    wv_json_encode(&text, data, NULL, NULL);
    if (writ_set_data(r->engine, text.p, text.n, &why) != WRIT_OK) {
        wb_str shown = wb_arena_str(&r->arena, wb_str_of(why.text));
        r->error = (cf_error){true, "none", shown, shown};
    }
    wb_buf_free(&text);
    return !r->error.is;
}

bool cf_prepare(cf_run *r, wb_str query, bool strict)
{
    r->query = we_prepare(r->engine, query, WB_LIT(""), NULL, 0, false, &r->diags);
    if (!r->query)
        return cf_fail_diags(r);
    r->session = writ_session_new(r->engine);
    if (!r->session) {
        r->error = (cf_error){true, "none", WB_LIT("no memory for a session"),
                              WB_LIT("no memory for a session")};
        return false;
    }
    writ_set_strict(r->session, strict);
    return true;
}

bool cf_ask(cf_run *r)
{
    r->rows = we_run(r->session, r->query, r->input);
    const wm_error *e = wm_failed(r->session->vm);
    if (!e)
        return true;
    writ_error shown = {0};
    we_fail_eval(&shown, e);
    r->rows = WV_UNDEFINED;
    r->error = (cf_error){true, wp_code_text(e->code), wb_arena_str(&r->arena, e->message),
                          wb_arena_str(&r->arena, wb_str_of(shown.text))};
    return false;
}
