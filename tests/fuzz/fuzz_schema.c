/* Any bytes as a JSON Schema and a document, a NUL byte between them: no crash, a schema that is
 * one can be asked, and a prepared schema answers as one that is not. */
#include "calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_env *e = fuzz_begin();
    wv schema_document[2];
    fuzz_split(e, data, size, schema_document, 2);
    const wv args[] = {schema_document[1], schema_document[0]};
    wv good = fuzz_call(e, "json.verify_schema", schema_document, 1, false);
    if (fuzz_stopped(e))
        return 0;
    wv plain = fuzz_call(e, "json.match_schema", args, 2, false);
    bool stopped = fuzz_stopped(e);
    wv prepared = fuzz_call(e, "json.match_schema", args, 2, true);
    if (stopped || fuzz_stopped(e))
        return 0;
    if (wv_defined(plain) != wv_defined(prepared) ||
        (wv_defined(plain) && !wv_equal(plain, prepared)))
        abort();
    if (wv_defined(plain) && wv_items(good)[0] != WV_TRUE)
        abort();
    return 0;
}
