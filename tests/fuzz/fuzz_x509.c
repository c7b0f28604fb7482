/* Any bytes as certificates, requests and keys, as text and as the DER inside a PEM block: no crash
 * in any function that reads them. */
#include "base/base64.h"
#include "calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DER_MAX 16384u

static wv pem(fuzz_env *e, const char *label, const uint8_t *data, size_t size)
{
    wb_buf b;
    char body[WB_BASE64_LEN(DER_MAX) + 4];
    size_t n = wb_base64_encode(data, size, body);
    wb_buf_init(&b, FUZZ_MEMORY);
    wb_buf_putf(&b, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < n; i += 64) {
        wb_buf_put(&b, body + i, n - i < 64 ? n - i : 64);
        wb_buf_putc(&b, '\n');
    }
    wb_buf_putf(&b, "-----END %s-----\n", label);
    wv v = wv_string_new(&e->arena, wb_buf_str(&b));
    wb_buf_free(&b);
    return v;
}

static void read_all(fuzz_env *e, wv text)
{
    static const char *const readers[] = {
        "crypto.x509.parse_certificates",
        "crypto.x509.parse_certificate_request",
        "crypto.x509.parse_and_verify_certificates",
        "crypto.x509.parse_rsa_private_key",
        "crypto.parse_private_keys",
    };
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        fuzz_call(e, readers[i], &text, 1, false);
    const wv pair[] = {text, text};
    fuzz_call(e, "crypto.x509.parse_keypair", pair, 2, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const labels[] = {"CERTIFICATE",     "CERTIFICATE REQUEST", "PRIVATE KEY",
                                         "RSA PRIVATE KEY", "EC PRIVATE KEY",      "PUBLIC KEY"};
    fuzz_env *e = fuzz_begin();
    if (size > DER_MAX)
        return 0;
    read_all(e, wv_string_new(&e->arena, wb_str_n(data, size)));
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        read_all(e, pem(e, labels[i], data, size));
    return 0;
}
