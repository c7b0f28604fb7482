/* Any bytes as a Go template over variables of every type: no crash, and the same answer twice. */
#include "calls.h"
#include "value/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char VARIABLES[] =
    "{\"a\": 1, \"b\": \"text <&>\", \"c\": [1, 2.5, \"x\", null], \"d\": {\"e\": {\"f\": [true]}},"
    " \"n\": null, \"t\": true, \"z\": [], \"o\": {}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_env *e = fuzz_begin();
    wv args[2];
    args[0] = wv_string_new(&e->arena, wb_str_n(data, size));
    if (wv_json_decode(&e->arena, wb_str_of(VARIABLES), NULL, &args[1], NULL) != WB_OK)
        abort();
    wv first = fuzz_call(e, "strings.render_template", args, 2, false);
    if (fuzz_stopped(e))
        return 0;
    wv second = fuzz_call(e, "strings.render_template", args, 2, true);
    if (wv_defined(first) != wv_defined(second) || (wv_defined(first) && !wv_equal(first, second)))
        abort();
    return 0;
}
