/* Any bytes as a layout and a time, a NUL byte between them: no crash, and a time that was read and
 * can be written as RFC 3339 comes back from that text. */
#include "calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_env *e = fuzz_begin();
    wv layout_value[2];
    fuzz_split(e, data, size, layout_value, 2);
    fuzz_call(e, "time.parse_duration_ns", layout_value + 1, 1, false);
    fuzz_call(e, "time.parse_rfc3339_ns", layout_value + 1, 1, false);
    wv ns = fuzz_call(e, "time.parse_ns", layout_value, 2, false);
    wv prepared = fuzz_call(e, "time.parse_ns", layout_value, 2, true);
    if (wv_defined(ns) != wv_defined(prepared) || (wv_defined(ns) && !wv_equal(ns, prepared)))
        abort();
    wv any = wv_defined(ns) ? ns : wv_small(1700000000123456789);
    const wv with_layout[] = {any, wv_short("UTC", 3), layout_value[0]};
    wv triple = wv_array_new(&e->arena, with_layout, 3);
    fuzz_call(e, "time.format", &triple, 1, false);
    const wv with_zone[] = {any, layout_value[0]};
    wv pair = wv_array_new(&e->arena, with_zone, 2);
    fuzz_call(e, "time.date", &pair, 1, false);
    if (!wv_defined(ns))
        return 0;
    wv text = fuzz_call(e, "time.format", &ns, 1, false);
    wv back = wv_defined(text) ? fuzz_call(e, "time.parse_rfc3339_ns", &text, 1, false) : ns;
    if (!wv_defined(back) || !wv_equal(ns, back))
        abort();
    return 0;
}
