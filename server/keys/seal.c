/* AES-256-GCM under the master key of a data folder. */
#include "server/keys/seal.h"
#include "base/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

bool keys_gcm_seal(const unsigned char key[32], const unsigned char nonce[KEYS_NONCE_LEN],
                   wb_str aad, wb_str plain, unsigned char *cipher, unsigned char *tag)
{
    int n = 0, rest = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool ok =
        c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        (!aad.n || EVP_EncryptUpdate(c, NULL, &n, (const unsigned char *)aad.p, (int)aad.n) == 1) &&
        (!plain.n ||
         EVP_EncryptUpdate(c, cipher, &n, (const unsigned char *)plain.p, (int)plain.n) == 1) &&
        EVP_EncryptFinal_ex(c, cipher + plain.n, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, KEYS_TAG_LEN, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

bool keys_gcm_open(const unsigned char key[32], const unsigned char nonce[KEYS_NONCE_LEN],
                   wb_str aad, wb_str cipher, const unsigned char *tag, unsigned char *plain)
{
    int n = 0, rest = 0;
    unsigned char expected[KEYS_TAG_LEN];
    memcpy(expected, tag, sizeof expected);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool ok =
        c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        (!aad.n || EVP_DecryptUpdate(c, NULL, &n, (const unsigned char *)aad.p, (int)aad.n) == 1) &&
        (!cipher.n ||
         EVP_DecryptUpdate(c, plain, &n, (const unsigned char *)cipher.p, (int)cipher.n) == 1) &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, KEYS_TAG_LEN, expected) == 1 &&
        EVP_DecryptFinal_ex(c, plain + cipher.n, &rest) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

static wb_str associated(const jws_key *key, char *to, size_t n)
{
    /* No name contains a line end, so the lines cannot be shifted against each other. */
    int used = snprintf(to, n, "writ-sealed-key-1\n%s\n%s\n%s\n%s\n", key->tenant, key->kid,
                        key->purpose, jws_alg_name(key->alg));
    return (wb_str){to, (size_t)used};
}

wb_status keys_seal(const unsigned char master[KEYS_MASTER_LEN], const jws_key *key,
                    unsigned char out[KEYS_SEALED_MAX], size_t *n, wb_error *e)
{
    char names[512];
    if (key->secret_n > JWS_SECRET_MAX)
        return wb_fail(e, WB_INVALID, "a key has at most %d bytes", JWS_SECRET_MAX);
    wb_random(out, KEYS_NONCE_LEN);
    unsigned char *cipher = out + KEYS_NONCE_LEN;
    if (!keys_gcm_seal(master, out, associated(key, names, sizeof names),
                       wb_str_n(key->secret, key->secret_n), cipher, cipher + key->secret_n))
        return wb_fail(e, WB_CRYPTO, "sealing key %s failed", key->kid);
    *n = KEYS_NONCE_LEN + key->secret_n + KEYS_TAG_LEN;
    return WB_OK;
}

wb_status keys_unseal(const unsigned char master[KEYS_MASTER_LEN], store_blob sealed, jws_key *key,
                      wb_error *e)
{
    char names[512];
    if (sealed.n <= KEYS_NONCE_LEN + KEYS_TAG_LEN || sealed.n > KEYS_SEALED_MAX)
        return wb_fail(e, WB_CORRUPT, "key %s: the sealed secret has %zu bytes", key->kid,
                       sealed.n);
    const unsigned char *blob = sealed.p;
    size_t n = sealed.n - KEYS_NONCE_LEN - KEYS_TAG_LEN;
    if (!keys_gcm_open(master, blob, associated(key, names, sizeof names),
                       wb_str_n(blob + KEYS_NONCE_LEN, n), blob + KEYS_NONCE_LEN + n,
                       key->secret)) {
        OPENSSL_cleanse(key->secret, sizeof key->secret);
        return wb_fail(e, WB_CRYPTO,
                       "key %s cannot be unsealed: it was changed, or master.key is another one",
                       key->kid);
    }
    key->secret_n = n;
    return WB_OK;
}

void keys_no_core(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

/* ---- Boxes ---- */

_Static_assert(KEYS_BOX_ROOM == KEYS_NONCE_LEN + KEYS_TAG_LEN, "a box is nonce, cipher, tag");

wb_status keys_box_seal(keys *k, wb_str name, wb_str plain, unsigned char *out, wb_error *e)
{
    wb_random(out, KEYS_NONCE_LEN);
    unsigned char *cipher = out + KEYS_NONCE_LEN;
    if (plain.n > INT_MAX - KEYS_BOX_ROOM ||
        !keys_gcm_seal(k->master, out, name, plain, cipher, cipher + plain.n))
        return wb_fail(e, WB_CRYPTO, "sealing failed");
    return WB_OK;
}

wb_status keys_box_open(keys *k, wb_str name, wb_str box, unsigned char *out, size_t *n,
                        wb_error *e)
{
    const unsigned char *p = (const unsigned char *)box.p;
    *n = box.n < KEYS_BOX_ROOM ? 0 : box.n - KEYS_BOX_ROOM;
    if (box.n < KEYS_BOX_ROOM || box.n > INT_MAX ||
        !keys_gcm_open(k->master, p, name, wb_str_n(p + KEYS_NONCE_LEN, *n),
                       p + KEYS_NONCE_LEN + *n, out)) {
        OPENSSL_cleanse(out, *n);
        *n = 0;
        return wb_fail(e, WB_CRYPTO, "the box does not open");
    }
    return WB_OK;
}

/* ---- The master key's file ---- */

static wb_status read_master(int folder, unsigned char out[KEYS_MASTER_LEN], wb_error *e)
{
    unsigned char bytes[KEYS_MASTER_LEN + 1];
    struct stat st;
    int fd = openat(folder, "master.key", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return WB_NOT_FOUND;
    if (fd < 0)
        return wb_fail(e, errno == ELOOP ? WB_DENIED : WB_IO, "master.key: %s",
                       errno == ELOOP ? "is a link, which is refused" : strerror(errno));
    wb_status status = WB_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        status = wb_fail(e, WB_DENIED, "master.key is not a plain file");
    else if (st.st_uid != geteuid())
        status = wb_fail(e, WB_DENIED, "master.key belongs to another user");
    else if (st.st_mode & 0177)
        status = wb_fail(e, WB_DENIED, "master.key has mode %03o, wanted 600 or 400: chmod it",
                         (unsigned)(st.st_mode & 07777));
    else if (read(fd, bytes, sizeof bytes) != KEYS_MASTER_LEN)
        status = wb_fail(e, WB_CORRUPT, "master.key does not have %d bytes", KEYS_MASTER_LEN);
    else
        memcpy(out, bytes, KEYS_MASTER_LEN);
    OPENSSL_cleanse(bytes, sizeof bytes);
    close(fd);
    return status;
}

/* Complete under another name first: a crash leaves the whole file or none. */
static wb_status make_master(int folder, wb_error *e)
{
    unsigned char bytes[KEYS_MASTER_LEN];
    char name[WB_UUID_TEXT + 16], id[WB_UUID_TEXT];
    wb_uuid7(id);
    snprintf(name, sizeof name, "master.%s", id);
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return wb_fail(e, WB_IO, "master.key: %s", strerror(errno));
    wb_random(bytes, sizeof bytes);
    bool ok = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0;
    OPENSSL_cleanse(bytes, sizeof bytes);
    close(fd);
    /* Another process may have been faster: then its key counts. */
    ok = ok && (linkat(folder, name, folder, "master.key", 0) == 0 || errno == EEXIST);
    int error = errno;
    unlinkat(folder, name, 0);
    ok = ok && fsync(folder) == 0;
    return ok ? WB_OK : wb_fail(e, WB_IO, "master.key: %s", strerror(error));
}

wb_status keys_master_load(const char *dir, bool may_create, unsigned char out[KEYS_MASTER_LEN],
                           wb_error *e)
{
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return wb_fail(e, WB_IO, "data folder %s: %s", dir, strerror(errno));
    wb_status status = read_master(folder, out, e);
    if (status == WB_NOT_FOUND && may_create) {
        status = make_master(folder, e);
        if (!status)
            status = read_master(folder, out, e);
    }
    if (status == WB_NOT_FOUND)
        status = wb_fail(e, WB_CORRUPT,
                         "%s has sealed keys and no master.key: put the right file back", dir);
    close(folder);
    return status;
}
