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

#define ED_PRIVATE                                                                                 \
    "-----BEGIN PRIVATE "                                                                          \
    "KEY-----\\nMC4CAQAwBQYDK2VwBCIEIEC+s9+w0uEBSmGydB+eC0yMTLnT0SC2C1bflXRbluPK\\n-----END "      \
    "PRIVATE KEY-----\\n"
#define ED_JWK                                                                                     \
    "{\"crv\":\"Ed25519\",\"d\":\"QL6z37DS4QFKYbJ0H54LTIxMudPRILYLVt-VdFuW48o\",\"kty\":\"OKP\","  \
    "\"x\":\"BmtzU_ZvrhKucwZ5Xvb4K-AYr831aiYO4Pe9C64dJpg\"}"
#define ED_BYTES                                                                                   \
    "QL6z37DS4QFKYbJ0H54LTIxMudPRILYLVt+VdFuW48oGa3NT9m+uEq5zBnle9vgr4BivzfVqJg7g970Lrh0mmA=="
#define AWS                                                                                        \
    "{\"aws_access_key\":\"AK\",\"aws_region\":\"us-east-1\",\"aws_secret_access_key\":\"SK\","    \
    "\"aws_service\":\"s3\",\"aws_session_token\":\"T\"}"
#define SIGNED                                                                                     \
    "{\"headers\":{\"Authorization\":\"AWS4-HMAC-SHA256 "                                          \
    "Credential=AK/20151228/us-east-1/s3/"                                                         \
    "aws4_request,SignedHeaders=foo;host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"    \
    "Signature=47b7b5e8abd48d9cc2202ea3d1ba34c74ae085fbe78684e3f52e88affe61cb22\",\"foo\":"        \
    "\"bar\",\"host\":\"example.com\",\"x-amz-content-sha256\":"                                   \
    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"x-amz-date\":"         \
    "\"20151228T140825Z\",\"x-amz-security-token\":\"T\"},\"method\":\"get\",\"url\":\"https://"   \
    "example.com/a b?x=1\"}"

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
    {"crypto.x509.parse_certificates",
     "[\"-----BEGIN PUBLIC KEY-----\\n-----END PUBLIC KEY-----\"]", ERR_BUILTIN,
     "crypto.x509.parse_certificates: PEM block type is 'PUBLIC KEY', expected CERTIFICATE"},
    {"crypto.x509.parse_certificates", "[\"AAAA\"]", ERR_BUILTIN,
     "crypto.x509.parse_certificates: x509: malformed certificate"},
    {"crypto.x509.parse_certificates", "[\"\"]", VALUE, "[]"},
    {"crypto.x509.parse_and_verify_certificates", "[\"x\"]", VALUE, "[false,[]]"},
    {"crypto.x509.parse_and_verify_certificates_with_options", "[\"\", {\"x\": 1}]", ERR_BUILTIN,
     "crypto.x509.parse_and_verify_certificates_with_options: invalid key option"},
    {"crypto.x509.parse_keypair", "[\"" ED_PEM "\", \"" ED_PEM "\"]", ERR_BUILTIN,
     "crypto.x509.parse_keypair: tls: failed to find \"CERTIFICATE\" PEM block in certificate "
     "input "
     "after skipping PEM blocks of the following types: [PUBLIC KEY]"},
    {"crypto.x509.parse_rsa_private_key", "[\"\"]", ERR_BUILTIN,
     "crypto.x509.parse_rsa_private_key: input PEM data was empty"},
    {"crypto.x509.parse_rsa_private_key", "[\"" ED_PRIVATE "\"]", VALUE, ED_JWK},
    {"crypto.parse_private_keys", "[\"\"]", VALUE, "null"},
    {"crypto.parse_private_keys", "[\"nope\"]", VALUE, "[]"},
    {"crypto.parse_private_keys", "[\"" ED_PRIVATE "\"]", VALUE, "[\"" ED_BYTES "\"]"},
    {"providers.aws.sign_req",
     "[{\"method\":\"get\",\"url\":\"https://example.com/a "
     "b?x=1\",\"headers\":{\"foo\":\"bar\"}}, " AWS ", 1451311705000000000]",
     VALUE, SIGNED},
    {"providers.aws.sign_req", "[{\"method\":\"get\"}, " AWS ", 1]", ERR_TYPE,
     "providers.aws.sign_req: operand 1 missing required request parameters(s): {\"url\"}"},
    {"providers.aws.sign_req", "[{\"method\":\"get\"}, {\"aws_region\":\"x\"}, 1]", ERR_TYPE,
     "providers.aws.sign_req: operand 2 missing required AWS config parameters(s): "
     "{\"aws_access_key\", \"aws_secret_access_key\", \"aws_service\"}"},
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
