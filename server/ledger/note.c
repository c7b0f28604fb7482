#include "server/ledger/note.h"
#include "base/base64.h"

#include <openssl/evp.h>

static const char DASH[] = "\xe2\x80\x94 "; /* em dash and a blank */

void note_key_id(wb_str name, const unsigned char public_key[32], unsigned char id[4])
{
    unsigned char digest[WB_SHA256_LEN];
    wb_str parts[] = {name, {"\n\x01", 2}, wb_str_n(public_key, 32)};
    wb_sha256_parts(parts, 3, digest);
    memcpy(id, digest, 4);
}

bool note_origin_valid(wb_str origin)
{
    for (size_t i = 0; i < origin.n; i++)
        if (origin.p[i] <= ' ' || origin.p[i] > '~' || origin.p[i] == '+')
            return false;
    return origin.n > 0 && origin.n <= NOTE_ORIGIN_MAX;
}

void note_body(wb_buf *to, wb_str origin, uint64_t size, const merkle_hash *root)
{
    wb_buf_put_str(to, origin);
    wb_buf_putf(to, "\n%llu\n", (unsigned long long)size);
    wb_buf_put_base64(to, root->b, sizeof root->b);
    wb_buf_putc(to, '\n');
}

void note_signature(wb_buf *to, wb_str name, const unsigned char public_key[32],
                    const unsigned char sig[64])
{
    unsigned char both[68];
    note_key_id(name, public_key, both);
    memcpy(both + 4, sig, 64);
    if (!memmem(to->p, to->n, "\n\n", 2))
        wb_buf_putc(to, '\n');
    wb_buf_puts(to, DASH);
    wb_buf_put_str(to, name);
    wb_buf_putc(to, ' ');
    wb_buf_put_base64(to, both, sizeof both);
    wb_buf_putc(to, '\n');
}

/* Takes the next line from *s, without its end. */
static bool line(wb_str *s, wb_str *out)
{
    const char *end = s->n ? memchr(s->p, '\n', s->n) : NULL;
    if (!end)
        return false;
    *out = (wb_str){s->p, (size_t)(end - s->p)};
    s->p = end + 1;
    s->n -= out->n + 1;
    return true;
}

static bool number(wb_str s, uint64_t *out)
{
    if (s.n < 1 || s.n > 18 || (s.n > 1 && s.p[0] == '0'))
        return false;
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(s.p[i] - '0');
    }
    return true;
}

/* Decodes base64 of at most 80 bytes. */
static bool bytes(wb_str text, unsigned char out[80], size_t *n)
{
    return text.n <= 104 && wb_base64_decode(text, out, n);
}

/* A signature line: name and the bytes behind it. */
static bool signature_line(wb_str text, wb_str *name, unsigned char out[80], size_t *n)
{
    if (!wb_str_has_prefix(text, WB_LIT(DASH)))
        return false;
    text.p += sizeof DASH - 1;
    text.n -= sizeof DASH - 1;
    const char *blank = text.n ? memchr(text.p, ' ', text.n) : NULL;
    if (!blank || blank == text.p)
        return false;
    *name = (wb_str){text.p, (size_t)(blank - text.p)};
    return bytes((wb_str){blank + 1, text.n - name->n - 1}, out, n) && *n >= 5;
}

bool note_parse(wb_str text, note_checkpoint *out)
{
    wb_str rest = text, size, root, blank, sig, name;
    unsigned char decoded[80];
    size_t n = 0, count = 0;
    if (text.n > NOTE_MAX || !line(&rest, &out->origin) || !line(&rest, &size) ||
        !line(&rest, &root))
        return false;
    out->body = (wb_str){text.p, text.n - rest.n};
    if (!note_origin_valid(out->origin) || !number(size, &out->size) || !bytes(root, decoded, &n) ||
        n != WB_SHA256_LEN)
        return false;
    memcpy(out->root.b, decoded, WB_SHA256_LEN);
    if (!line(&rest, &blank) || blank.n)
        return false;
    while (rest.n) {
        if (!line(&rest, &sig) || !signature_line(sig, &name, decoded, &n))
            return false;
        count++;
    }
    return count > 0;
}

static bool good(wb_str message, const unsigned char *sig, const unsigned char public_key[32])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = pkey && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, pkey) == 1 &&
              EVP_DigestVerify(c, sig, 64, (const unsigned char *)message.p, message.n) == 1;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(pkey);
    return ok;
}

bool note_verify(wb_str text, wb_str name, const unsigned char public_key[32], size_t *lines)
{
    const char *blank = text.n ? memmem(text.p, text.n, "\n\n", 2) : NULL;
    unsigned char id[4], decoded[80];
    wb_str rest, sig, signer;
    size_t n = 0, others = 0;
    bool ok = false;
    if (lines)
        *lines = 0;
    if (!blank)
        return false;
    wb_str body = {text.p, (size_t)(blank - text.p) + 1};
    rest = (wb_str){blank + 2, text.n - body.n - 1};
    note_key_id(name, public_key, id);
    while (line(&rest, &sig)) {
        if (!signature_line(sig, &signer, decoded, &n))
            return false;
        if (wb_str_eq(signer, name) && n == 68 && memcmp(decoded, id, 4) == 0)
            ok = ok || good(body, decoded + 4, public_key);
        else
            others++;
    }
    if (lines)
        *lines = others;
    return ok;
}

bool note_vkey_parse(wb_str text, wb_str *name, unsigned char public_key[32])
{
    unsigned char key[80], id[4], given[4];
    size_t n = 0;
    const char *plus = text.n ? memchr(text.p, '+', text.n) : NULL;
    if (!plus || text.n - (size_t)(plus - text.p) < 11 || plus[9] != '+')
        return false;
    *name = (wb_str){text.p, (size_t)(plus - text.p)};
    if (!wb_hex_decode((wb_str){plus + 1, 8}, given) ||
        !bytes((wb_str){plus + 10, text.n - name->n - 10}, key, &n) || n != 33 ||
        key[0] != NOTE_ED25519)
        return false;
    note_key_id(*name, key + 1, id);
    memcpy(public_key, key + 1, 32);
    return name->n > 0 && memcmp(id, given, 4) == 0;
}

void note_vkey(wb_buf *to, wb_str name, const unsigned char public_key[32])
{
    unsigned char id[4], key[33] = {NOTE_ED25519};
    char hex[9];
    note_key_id(name, public_key, id);
    wb_hex_encode(id, 4, hex);
    memcpy(key + 1, public_key, 32);
    wb_buf_put_str(to, name);
    wb_buf_putf(to, "+%s+", hex);
    wb_buf_put_base64(to, key, sizeof key);
}
