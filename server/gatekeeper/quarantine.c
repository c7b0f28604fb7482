/* Requests that the filter hit: what was scrubbed from them, sealed under the folder's master key
 * and bound to its packet. Only a human's re-entry of the target brings it back. */
#include "server/gatekeeper/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
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

/* A name that is not on the disk yet is lost with the power: the folder is synced too. */
static bool sync_folder(const gk *g)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/quarantine", g->o.data);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static wb_status write_file(gk *g, const char *path, const char *tmp, wb_str bytes, wb_error *e)
{
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (ok && rename(tmp, path) == 0 && sync_folder(g))
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
    unsigned char *sealed = wb_malloc(n + KEYS_BOX_ROOM);
    wb_status status =
        keys_box_seal(g->keys, aad_of(g, id, aad, sizeof aad), wb_str_n(text, n), sealed, e);
    OPENSSL_cleanse(text, n);
    free(text);
    if (!status)
        status = write_file(g, path, tmp, wb_str_n(sealed, n + KEYS_BOX_ROOM), e);
    free(sealed);
    return status;
}

json_t *gk_quarantine_get(gk *g, const char *id, wb_error *e)
{
    char path[4096], aad[256];
    const size_t max = 4 * GK_BODY_MAX; /* 1e9 is kept as 1000000000.0 */
    path_of(g, id, ".sealed", path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        wb_fail(e, WB_NOT_FOUND, "quarantine: %s", strerror(errno));
        return NULL;
    }
    unsigned char *sealed = wb_malloc(max), *plain = wb_malloc(max);
    ssize_t n = read(fd, sealed, max);
    json_t *out = NULL;
    size_t m = 0;
    close(fd);
    if (n > 0 && keys_box_open(g->keys, aad_of(g, id, aad, sizeof aad), wb_str_n(sealed, (size_t)n),
                               plain, &m, e) == WB_OK)
        out = json_loadb((const char *)plain, m, JSON_REJECT_DUPLICATES, NULL);
    OPENSSL_cleanse(plain, m);
    free(sealed);
    free(plain);
    if (!out)
        wb_fail(e, WB_CRYPTO, "quarantine: the sealed request does not open");
    return out;
}
