/* Credentials: two static ones in files, and short-lived ones for leases. */
#include "base/base64.h"
#include "base/sha256.h"
#include "server/directory/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOKEN_BYTES 32 /* as hard to guess as the digest is to invert */
#define TOKEN_TEXT  64

static const struct {
    const char *word;
    unsigned bit;
} SCOPES[] = {{"read", DIR_READ}, {"write", DIR_WRITE}, {"delete", DIR_DELETE}};

static void make_token(char out[TOKEN_TEXT])
{
    unsigned char bytes[TOKEN_BYTES];
    wb_random(bytes, sizeof bytes);
    memcpy(out, "dir_", 4);
    wb_base64url_encode(bytes, sizeof bytes, out + 4);
}

static wb_status static_token(const char *data, const char *name, char sha[72], wb_error *e)
{
    char path[4200], token[256] = "";
    snprintf(path, sizeof path, "%s/%s", data, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        make_token(token);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 && dprintf(fd, "%s\n", token) < 0)
            token[0] = 0;
    } else if (fd >= 0) {
        ssize_t n = read(fd, token, sizeof token - 1);
        token[n > 0 ? n : 0] = 0;
        token[strcspn(token, "\r\n")] = 0;
    }
    if (fd < 0)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(errno));
    close(fd);
    if (strlen(token) < 16)
        return wb_fail(e, WB_INVALID, "%s holds no token of 16 characters or more", path);
    wb_sha256_text(token, strlen(token), sha);
    return WB_OK;
}

wb_status dir_static_tokens(dir *d, const char *data, wb_error *e)
{
    wb_status status = static_token(data, "admin.token", d->admin_sha, e);
    return status ? status : static_token(data, "broker.token", d->broker_sha, e);
}

static bool same(const char *a, const char *b)
{
    return a && strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(b)) == 0;
}

unsigned dir_scope(dir *d, http_request *req, const char **label)
{
    wb_str header = http_request_header(req, "authorization");
    char sha[WB_SHA256_TEXT];
    const char *id;
    json_t *token;
    if (header.n < 8 || strncasecmp(header.p, "Bearer ", 7) != 0)
        return 0;
    wb_sha256_text(header.p + 7, header.n - 7, sha);
    *label = "admin";
    if (same(d->admin_sha, sha))
        return DIR_READ | DIR_WRITE | DIR_DELETE | DIR_TOKENS | DIR_DEBUG;
    *label = "broker";
    if (same(d->broker_sha, sha))
        return DIR_TOKENS;
    json_object_foreach(dir_table(d, "tokens"), id, token)
    {
        if (same(json_string_value(json_object_get(token, "sha256")), sha)) {
            *label = json_string_value(json_object_get(token, "label"));
            if (wb_now_ms() >= json_integer_value(json_object_get(token, "exp_ms")))
                return 0;
            return (unsigned)json_integer_value(json_object_get(token, "scope"));
        }
    }
    return 0;
}

static void drop_expired(json_t *tokens)
{
    const char *id;
    json_t *token;
    void *next;
    json_object_foreach_safe(tokens, next, id, token)
    {
        if (wb_now_ms() >= json_integer_value(json_object_get(token, "exp_ms")))
            json_object_del(tokens, id);
    }
}

static unsigned scope_of(const char *text)
{
    unsigned set = 0;
    while (text && *text) {
        size_t n = strcspn(text, " ");
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof SCOPES / sizeof SCOPES[0]; i++)
            if (strlen(SCOPES[i].word) == n && memcmp(SCOPES[i].word, text, n) == 0)
                bit = SCOPES[i].bit;
        if (!bit)
            return 0;
        set |= bit;
        text += n + (text[n] == ' ');
    }
    return set;
}

/* {"id", "ttl", "scope", "label"} -> 201 {"id", "token", "expires_at_ms"}. The caller picks the id,
 * so that it can revoke what it asked for even when the answer got lost. */
void dir_tokens_post(http_request *req, void *arg)
{
    dir_call call;
    if (!dir_begin(arg, req, DIR_TOKENS, &call))
        return;
    json_t *body = dir_body(&call);
    if (!body)
        return;
    json_t *tokens = dir_table(call.d, "tokens");
    const char *id = json_string_value(json_object_get(body, "id"));
    const char *label = json_string_value(json_object_get(body, "label"));
    json_int_t ttl = json_integer_value(json_object_get(body, "ttl"));
    unsigned scope = scope_of(json_string_value(json_object_get(body, "scope")));
    drop_expired(tokens);
    if (!id || !wb_name_valid(wb_str_of(id)) || ttl < 1 || ttl > DIR_TTL_MAX || !scope) {
        dir_error(&call, 400, "invalidValue", "a token needs id, ttl (1 to 3600) and scope");
    } else if (json_object_get(tokens, id)) {
        dir_error(&call, 409, "uniqueness", "this token is there already");
    } else if (json_object_size(tokens) >= DIR_TOKENS_MAX) {
        dir_error(&call, 503, NULL, "too many living tokens");
    } else {
        char token[TOKEN_TEXT], sha[WB_SHA256_TEXT];
        int64_t exp = wb_now_ms() + ttl * 1000;
        make_token(token);
        wb_sha256_text(token, strlen(token), sha);
        json_object_set_new(tokens, id,
                            json_pack("{s:s, s:I, s:i, s:s}", "sha256", sha, "exp_ms",
                                      (json_int_t)exp, "scope", (int)scope, "label",
                                      label ? label : id));
        wb_error e;
        if (dir_save(call.d, &e) != WB_OK)
            dir_error(&call, 500, NULL, "the token could not be stored");
        else
            dir_answer(&call, 201,
                       json_pack("{s:s, s:s, s:I}", "id", id, "token", token, "expires_at_ms",
                                 (json_int_t)exp),
                       NULL);
    }
    json_decref(body);
}

void dir_token_delete(http_request *req, void *arg)
{
    dir_call call;
    wb_str id;
    if (!dir_begin(arg, req, DIR_TOKENS, &call))
        return;
    json_t *tokens = dir_table(call.d, "tokens");
    char name[WB_NAME_MAX + 1] = "";
    if (http_request_param(req, "id", &id) && wb_name_valid(id))
        memcpy(name, id.p, id.n);
    if (!json_object_get(tokens, name)) {
        dir_error(&call, 404, NULL, "there is no such token");
        return;
    }
    json_object_del(tokens, name);
    wb_error e;
    if (dir_save(call.d, &e) != WB_OK)
        dir_error(&call, 500, NULL, "the revocation could not be stored");
    else
        dir_answer(&call, 204, NULL, NULL);
}
