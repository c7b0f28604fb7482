/* Any bytes as a token, a key and constraints, NUL bytes between them: no crash, and a token that
 * decode_verify takes can be decoded to the same header and claims. */
#include "calls.h"
#include "value/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_verify(fuzz_env *e, wv token, wv constraints)
{
    const wv args[] = {token, constraints};
    wv all = fuzz_call(e, "io.jwt.decode_verify", args, 2, false);
    if (!wv_defined(all) || wv_items(all)[0] != WV_TRUE)
        return;
    wv parts = fuzz_call(e, "io.jwt.decode", &token, 1, false);
    if (fuzz_stopped(e))
        return;
    if (!wv_defined(parts) || !wv_equal(wv_items(parts)[1], wv_items(all)[2]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const verify[] = {"io.jwt.verify_hs256", "io.jwt.verify_rs256",
                                         "io.jwt.verify_es256", "io.jwt.verify_ps384",
                                         "io.jwt.verify_eddsa"};
    fuzz_env *e = fuzz_begin();
    wv parts[3];
    fuzz_split(e, data, size, parts, 3);
    fuzz_call(e, "io.jwt.decode", parts, 1, false);
    for (size_t i = 0; i < sizeof verify / sizeof *verify; i++)
        fuzz_call(e, verify[i], parts, 2, false);
    wv constraints = wv_object_begin(&e->arena, 2);
    wv_object_put(&e->arena, &constraints, wv_short("secret", 6), parts[1]);
    decode_verify(e, parts[0], constraints);
    if (wv_json_decode(&e->arena, wv_str(&parts[2]), NULL, &constraints, NULL) == WB_OK)
        decode_verify(e, parts[0], constraints);
    fuzz_call(e, "io.jwt.encode_sign_raw", parts, 3, false);
    return 0;
}
