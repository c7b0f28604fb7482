/* Any bytes as a signed packet: no crash, and nothing is good that was not signed. The key is in
 * the corpus' reach only by forging an HMAC. */
#include "server/keys/jws.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wb_status find(void *arg, wb_str kid, jws_key *out)
{
    if (!wb_str_is(kid, "t/decision/1"))
        return WB_NOT_FOUND;
    *out = (jws_key){.kid = "t/decision/1",
                     .tenant = "t",
                     .purpose = "decision",
                     .alg = JWS_HS256,
                     .secret = "0123456789abcdef0123456789abcdef",
                     .secret_n = 32};
    return WB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const jws_policy policy = {.tenant = "t",
                               .purpose = "decision",
                               .typ = "writ-decision+jws",
                               .now = 1700000000000,
                               .find = find};
    jws_result result;
    bool good = jws_verify(&policy, wb_str_n((const char *)data, size), &result);
    if (good != (result.reason == JWS_OK) || (good && (!result.payload || !result.count)))
        abort();
    jws_result_clear(&result);
    return 0;
}
