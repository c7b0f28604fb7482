/* Requests that the filter hit: what was scrubbed from them, sealed under the folder's master key
 * and bound to its packet. Only a human's re-entry of the target brings it back. */
#include "server/gatekeeper/internal.h"
#include "server/keys/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_of(const gk *g, const char *id, const char *suffix, char *to, size_t n)
{
    snprintf(to, n, "%s/quarantine/%s%s", g->o.data, id, suffix);
}

static wb_str aad_of(const gk *g, const char *id, char *to, size_t n)
{
    snprintf(to, n, "quarantine/%s/%s", g->o.tenant, id);
    return wb_str_of(to);
}

static wb_status write_file(const char *path, const char *tmp, const void *p, size_t n, wb_error *e)
{
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, p, n) == (ssize_t)n && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (ok && rename(tmp, path) == 0)
        return WB_OK;
    return wb_fail(e, WB_UNAVAILABLE, "quarantine: %s", strerror(ok ? errno : why));
}

wb_status gk_quarantine_put(gk *g, const char *id, const json_t *what, wb_error *e)
{
    char path[4096], tmp[4096], aad[256];
    snprintf(path, sizeof path, "%s/quarantine", g->o.data);
    if (mkdir(path, 0700) && errno != EEXIST)
        return wb_fail(e, WB_UNAVAILABLE, "quarantine: %s", strerror(errno));
    path_of(g, id, ".sealed", path, sizeof path);
    path_of(g, id, ".tmp", tmp, sizeof tmp);
    char *text = json_dumps(what, GK_JSON);
    size_t n = strlen(text);
    unsigned char *sealed = wb_malloc(KEYS_NONCE_LEN + n + KEYS_TAG_LEN);
    wb_random(sealed, KEYS_NONCE_LEN);
    bool ok =
        keys_gcm_seal(g->keys->master, sealed, aad_of(g, id, aad, sizeof aad), wb_str_n(text, n),
                      sealed + KEYS_NONCE_LEN, sealed + KEYS_NONCE_LEN + n);
    free(text);
    wb_status status = ok ? write_file(path, tmp, sealed, KEYS_NONCE_LEN + n + KEYS_TAG_LEN, e)
                          : wb_fail(e, WB_CRYPTO, "quarantine: sealing failed");
    free(sealed);
    return status;
}

json_t *gk_quarantine_get(gk *g, const char *id, wb_error *e)
{
    char path[4096], aad[256];
    const size_t max = 2 * GK_BODY_MAX, frame = KEYS_NONCE_LEN + KEYS_TAG_LEN;
    path_of(g, id, ".sealed", path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        wb_fail(e, WB_NOT_FOUND, "quarantine: %s", strerror(errno));
        return NULL;
    }
    unsigned char *sealed = wb_malloc(max), *plain = wb_malloc(max);
    ssize_t n = read(fd, sealed, max);
    json_t *out = NULL;
    close(fd);
    if (n > (ssize_t)frame) {
        size_t m = (size_t)n - frame;
        if (keys_gcm_open(g->keys->master, sealed, aad_of(g, id, aad, sizeof aad),
                          wb_str_n(sealed + KEYS_NONCE_LEN, m), sealed + KEYS_NONCE_LEN + m, plain))
            out = json_loadb((const char *)plain, m, JSON_REJECT_DUPLICATES, NULL);
    }
    free(sealed);
    free(plain);
    if (!out)
        wb_fail(e, WB_CRYPTO, "quarantine: the sealed request does not open");
    return out;
}
