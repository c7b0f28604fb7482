/* TLS by OpenSSL over two memory buffers: the wire side is fed and drained by link.c, no socket is
 * known here. */
#include "server/http/internal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct http_tls {
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
};

static wb_status tls_error(wb_error *e, const char *what, const char *file)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return wb_fail(e, WB_CRYPTO, "%s %s: %s", what, file, reason ? reason : "unusable");
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *in, unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *chosen = NULL;
    int r = SSL_select_next_proto(&chosen, out_n, ours, sizeof ours - 1, in, in_n);
    *out = chosen;
    /* A client that speaks neither is told so instead of being misunderstood. */
    return r == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

wb_status http_tls_context(const char *cert, const char *key, SSL_CTX **out, wb_error *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return tls_error(e, "cannot set up", "TLS");
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    /* Forward secrecy and authenticated encryption only, which HTTP/2 demands as well. */
    wb_status s = WB_OK;
    if (SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        s = tls_error(e, "cannot set", "ciphers");
    else if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        s = tls_error(e, "certificate", cert);
    else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        s = tls_error(e, "private key", key);
    else if (SSL_CTX_check_private_key(ctx) != 1)
        s = tls_error(e, "private key does not belong to the certificate:", key);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (s)
        SSL_CTX_free(ctx);
    else
        *out = ctx;
    return s;
}

void http_tls_context_free(SSL_CTX *ctx)
{
    SSL_CTX_free(ctx);
}

http_tls *http_tls_new(SSL_CTX *ctx)
{
    http_tls *t = wb_calloc(1, sizeof *t);
    t->ssl = SSL_new(ctx);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!t->ssl || !t->in || !t->out)
        wb_fatal("no memory for a TLS connection");
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_accept_state(t->ssl);
    return t;
}

void http_tls_free(http_tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    free(t);
}

void http_tls_put_wire(http_tls *t, const char *p, size_t n)
{
    if (BIO_write(t->in, p, (int)n) != (int)n)
        wb_fatal("no memory for a TLS connection");
}

int http_tls_get(http_tls *t, char *to, size_t n)
{
    ERR_clear_error();
    int got = SSL_read(t->ssl, to, (int)n);
    if (got > 0)
        return got;
    switch (SSL_get_error(t->ssl, got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return 0;
    case SSL_ERROR_ZERO_RETURN: return -2;
    default: ERR_clear_error(); return -1;
    }
}

bool http_tls_done(const http_tls *t)
{
    return SSL_is_init_finished(t->ssl);
}

bool http_tls_is_h2(const http_tls *t)
{
    const unsigned char *p = NULL;
    unsigned n = 0;
    SSL_get0_alpn_selected(t->ssl, &p, &n);
    return n == 2 && memcmp(p, "h2", 2) == 0;
}

bool http_tls_put(http_tls *t, const char *p, size_t n)
{
    ERR_clear_error();
    return n == 0 || SSL_write(t->ssl, p, (int)n) == (int)n;
}

void http_tls_close_notify(http_tls *t)
{
    ERR_clear_error();
    if (SSL_is_init_finished(t->ssl))
        SSL_shutdown(t->ssl);
    ERR_clear_error();
}

void http_tls_get_wire(http_tls *t, wb_buf *to)
{
    size_t n = BIO_ctrl_pending(t->out);
    char *room = n ? wb_buf_reserve(to, n) : NULL;
    int got = room ? BIO_read(t->out, room, (int)n) : 0;
    if (got > 0)
        wb_buf_commit(to, (size_t)got);
}
