#include "server/ledger/format.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char MAGIC[8] = "writack1";

static void put64(unsigned char *p, uint64_t x)
{
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(x >> (8 * i));
}

static uint64_t get64(const unsigned char *p)
{
    uint64_t x = 0;
    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

static void put32(unsigned char *p, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(x >> (8 * i));
}

static uint32_t get32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void format_ack_put(const format_ack *a, unsigned char to[FORMAT_SLOT])
{
    memset(to, 0, FORMAT_SLOT);
    memcpy(to, MAGIC, 8);
    put64(to + 8, a->seq);
    put64(to + 16, a->epoch);
    put64(to + 24, a->entries);
    put64(to + 32, a->seg_first);
    put64(to + 40, a->seg_bytes);
    put64(to + 48, a->cp_bytes);
    put64(to + 56, (uint64_t)a->time_ns);
    memcpy(to + 64, a->root.b, WB_SHA256_LEN);
    put32(to + FORMAT_SLOT - 4, wb_crc32c(to, FORMAT_SLOT - 4));
}

bool format_ack_get(const unsigned char from[FORMAT_SLOT], format_ack *a)
{
    if (memcmp(from, MAGIC, 8) != 0 ||
        get32(from + FORMAT_SLOT - 4) != wb_crc32c(from, FORMAT_SLOT - 4))
        return false;
    *a = (format_ack){
        get64(from + 8),  get64(from + 16), get64(from + 24),          get64(from + 32),
        get64(from + 40), get64(from + 48), (int64_t)get64(from + 56), {{0}}};
    memcpy(a->root.b, from + 64, WB_SHA256_LEN);
    return true;
}

void format_frame(wb_str content, unsigned char head[FORMAT_FRAME])
{
    put32(head, (uint32_t)content.n);
    put32(head + 4, wb_crc32c(content.p, content.n));
}

format_fault format_next(wb_str bytes, size_t max, size_t *at, wb_str *content)
{
    size_t left = bytes.n - *at;
    const unsigned char *p = (const unsigned char *)bytes.p + *at;
    if (left == 0)
        return FORMAT_END;
    if (left < FORMAT_FRAME)
        return FORMAT_SHORT;
    size_t n = get32(p);
    if (n == 0 || n > max)
        return FORMAT_LONG;
    if (n > left - FORMAT_FRAME)
        return FORMAT_SHORT;
    if (wb_crc32c(p + FORMAT_FRAME, n) != get32(p + 4))
        return FORMAT_CRC;
    *content = wb_str_n(p + FORMAT_FRAME, n);
    *at += FORMAT_FRAME + n;
    return FORMAT_GOOD;
}

const char *format_fault_text(format_fault fault)
{
    static const char *const texts[] = {"good", "missing", "the frame is cut off",
                                        "the frame's length is impossible",
                                        "the frame's checksum does not fit its bytes"};
    return texts[fault];
}

void format_seg_name(uint64_t first, char out[FORMAT_SEG_NAME])
{
    snprintf(out, FORMAT_SEG_NAME, "%016llu.seg", (unsigned long long)(first % 10000000000000000u));
}

bool format_seg_first(const char *name, uint64_t *first)
{
    *first = 0;
    if (strlen(name) != FORMAT_SEG_NAME - 1 || strcmp(name + 16, ".seg") != 0)
        return false;
    for (int i = 0; i < 16; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        *first = *first * 10 + (uint64_t)(name[i] - '0');
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int format_segments(int folder, uint64_t **firsts, size_t *n)
{
    *firsts = NULL;
    *n = 0;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return WB_IO;
    }
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        uint64_t first;
        if (!format_seg_first(f->d_name, &first))
            continue;
        *firsts = wb_realloc(*firsts, (*n + 1) * sizeof **firsts);
        (*firsts)[(*n)++] = first;
    }
    closedir(d);
    if (*n)
        qsort(*firsts, *n, sizeof **firsts, by_number);
    return WB_OK;
}

int format_map(int folder, const char *name, wb_str *out)
{
    struct stat st;
    *out = (wb_str){"", 0};
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? WB_NOT_FOUND : WB_IO;
    int status = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? WB_OK : WB_IO;
    if (!status && st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            status = WB_IO;
        else
            *out = wb_str_n(p, (size_t)st.st_size);
    }
    close(fd);
    return status;
}

void format_unmap(wb_str bytes)
{
    if (bytes.n)
        munmap((void *)(uintptr_t)bytes.p, bytes.n);
}

bool format_time(wb_str s, int64_t *ns)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
    long v[7] = {0};
    int field = 0;
    if (s.n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (shape[i] == 'd') {
            if (s.p[i] < '0' || s.p[i] > '9')
                return false;
            v[field] = v[field] * 10 + (s.p[i] - '0');
        } else if (s.p[i] != shape[i]) {
            return false;
        } else if (i + 1 < s.n) {
            field++;
        }
    }
    /* Nanoseconds of 64 bits end in 2262; month and day are no calendar's, but they are bounded. */
    if (v[0] < 1970 || v[0] > 2261)
        return false;
    struct tm tm = {.tm_year = (int)v[0] - 1900,
                    .tm_mon = (int)v[1] - 1,
                    .tm_mday = (int)v[2],
                    .tm_hour = (int)v[3],
                    .tm_min = (int)v[4],
                    .tm_sec = (int)v[5]};
    *ns = (int64_t)timegm(&tm) * 1000000000 + v[6];
    return true;
}
