/* Calls of the functions for tokens, keys and certificates with the answers of OPA 1.22.0. */
#include "calls.h"

#define HS                                                                                         \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjMwMDAuMiwiaXNzIjoieHh4In0."                    \
    "XUen7GtDmICV3O1ngsoO-tQrjrXtOgJI06oGW0nQSIM"
#define ED                                                                                         \
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9."                                                        \
    "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWUsImlhdCI6MTUxNjIzOTAyMn0." \
    "JkKWCY39IdWEQttmdqR7VdsvT-_QxheW_eb0S5wr_j83ltux_JDUIXs7a3Dtn3xuqzuhetiuJrWIvy5TzimeCg"
#define ED_PEM                                                                                     \
    "-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAwmK6SSAu2E9V7uynkCKEaj5nZJyTvNG4x0KohsRzLpg=\\n" \
    "-----END PUBLIC KEY-----\\n"
#define NONE   "[false,{},{}]"
#define CLAIMS "[true,{\"alg\":\"HS256\",\"typ\":\"JWT\"},{\"exp\":3000.2,\"iss\":\"xxx\"}]"

static const call calls[] = {
    {"io.jwt.decode", "[\"abc\"]", ERR_BUILTIN,
     "io.jwt.decode: encoded JWT had no period separators"},
    {"io.jwt.decode", "[\"a.b\"]", ERR_BUILTIN,
     "io.jwt.decode: encoded JWT must have 3 sections, found 2"},
    {"io.jwt.decode", "[\"a.b.c\"]", ERR_BUILTIN,
     "io.jwt.decode: JWT header had invalid encoding: illegal base64url string: a"},
    {"io.jwt.decode", "[\"eyJlbmMiOjF9.b.c\"]", ERR_BUILTIN,
     "io.jwt.decode: JWT is a JWE object, which is not supported"},
    {"io.jwt.decode", "[1]", ERR_TYPE, "io.jwt.decode: operand 1 must be string but got number"},
    {"io.jwt.verify_hs256", "[\"" HS "\", \"secret\"]", VALUE, "true"},
    {"io.jwt.verify_hs256", "[\"" HS "\", \"Secret\"]", VALUE, "false"},
    {"io.jwt.verify_hs512", "[\"" HS "\", \"secret\"]", VALUE, "false"},
    {"io.jwt.verify_eddsa", "[\"" ED "\", \"" ED_PEM "\"]", VALUE, "true"},
    {"io.jwt.verify_rs256", "[\"" ED "\", \"" ED_PEM "\"]", VALUE, "false"},
    {"io.jwt.verify_es256", "[\"" ED "\", \"" ED_PEM "x\"]", ERR_BUILTIN,
     "io.jwt.verify_es256: extra data after a PEM certificate block"},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"secret\",\"time\":2000000000000}]", VALUE,
     CLAIMS},
    /* An expired token, a wrong key, another algorithm, a claim that is not there. */
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"secret\",\"time\":3000200000000}]", VALUE,
     NONE},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"s\",\"time\":0}]", VALUE, NONE},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"secret\",\"alg\":\"HS512\",\"time\":0}]",
     VALUE, NONE},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"secret\",\"aud\":\"x\",\"time\":0}]",
     VALUE, NONE},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"secret\",\"iss\":\"x\",\"time\":0}]",
     VALUE, NONE},
    /* A public key never serves as a shared secret. */
    {"io.jwt.decode_verify", "[\"" HS "\", {\"cert\":\"" ED_PEM "\",\"time\":0}]", VALUE, NONE},
    {"io.jwt.decode_verify", "[\"" HS "\", {}]", ERR_BUILTIN,
     "io.jwt.decode_verify: no key constraint"},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"s\",\"cert\":\"" ED_PEM "\"}]",
     ERR_BUILTIN, "io.jwt.decode_verify: duplicate key constraints"},
    {"io.jwt.decode_verify", "[\"" HS "\", {\"secret\":\"s\",\"sub\":\"x\"}]", ERR_BUILTIN,
     "io.jwt.decode_verify: unknown token validation constraint: sub"},
    {"io.jwt.encode_sign",
     "[{\"alg\":\"HS256\",\"typ\":\"JWT\"}, {\"exp\":3000.2,\"iss\":\"xxx\"}, "
     "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]",
     VALUE, "\"" HS "\""},
    {"io.jwt.encode_sign", "[{\"alg\":\"none\"}, {}, {\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]",
     ERR_BUILTIN, "io.jwt.encode_sign: unknown JWS algorithm: none"},
    {"io.jwt.encode_sign_raw",
     "[`{\"alg\":\"HS256\",\"typ\":\"JWT\"}`, `x`, `{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}`]",
     ERR_BUILTIN, "io.jwt.encode_sign_raw: type is JWT but payload is not JSON"},
    {"io.jwt.encode_sign_raw", "[`{}`, `{}`, `{\"kty\":\"oct\"}`]", ERR_BUILTIN,
     "io.jwt.encode_sign_raw: jwk.Parse: failed to parse sole key: jwk.ParseKey: failed to "
     "unmarshal JSON into key (*jwk.symmetricKey): failed to unmarshal JSON into key "
     "(*jwk.symmetricKey): required field k is missing"},
};

static void answers(void **state)
{
    check_calls(calls, sizeof calls / sizeof *calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
