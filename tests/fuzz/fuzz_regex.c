/* Any bytes as a pattern and a text, a NUL byte between them: no crash, and the translation to
 * PCRE2 answers as the linear machine, groups and all. */
#include "base/utf8.h"
#include "calls.h"
#include "stdlib/re_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The machine takes the product of both. */
#define PATTERN_MAX 200u
#define TEXT_MAX    400u

static void compare(fuzz_env *e, const ws_re *re, wb_str text)
{
    size_t n = 2 * (size_t)ws_re_groups(re);
    size_t *quick = wb_arena_alloc(&e->arena, n * sizeof *quick);
    size_t *linear = wb_arena_alloc(&e->arena, n * sizeof *linear);
    bool utf8 = wb_utf8_valid(text, NULL);
    for (size_t from = 0; from <= text.n; from++) {
        ws_re_answer a = ws_re_find(&e->cx, re, text, utf8, from, quick);
        ws_re_answer b = re_run(&e->cx, re, text, from, linear);
        if (a == WS_RE_STOPPED || b == WS_RE_STOPPED)
            return;
        if (a != b || (a == WS_RE_YES && memcmp(quick, linear, n * sizeof *quick) != 0))
            abort();
        if (a != WS_RE_YES)
            break;
        from = linear[1] > from ? linear[1] - 1 : from;
        while (utf8 && from + 1 < text.n && ((unsigned char)text.p[from + 1] & 0xc0) == 0x80)
            from++;
    }
    if (ws_re_test(&e->cx, re, text) != re_run(&e->cx, re, text, 0, NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_env *e = fuzz_begin();
    wv both[2];
    fuzz_split(e, data, size, both, 2);
    wb_str pattern = wv_str(&both[0]), text = wv_str(&both[1]);
    if (pattern.n > PATTERN_MAX || text.n > TEXT_MAX)
        return 0;
    wb_buf error;
    wb_buf_init(&error, 4096);
    ws_re *re = ws_re_compile(pattern, &error);
    if ((re != NULL) != ws_re_valid(pattern) && re)
        abort();
    e->fuel = FUZZ_FUEL;
    if (re && re->program_len < 5000)
        compare(e, re, text);
    ws_re_free(re);
    wb_buf_free(&error);
    return 0;
}
