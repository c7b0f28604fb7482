#include "base/ids.h"
#include "base/base64.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

void wb_random(void *p, size_t n)
{
    char *q = p;
    while (n) {
        ssize_t k = getrandom(q, n, 0);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            wb_fatal("the system gives no random bytes");
        q += k;
        n -= (size_t)k;
    }
}

void wb_uuid7(char out[WB_UUID_TEXT])
{
    unsigned char b[16];
    char hex[33];
    wb_random(b + 6, 10);
    uint64_t ms = (uint64_t)wb_now_ms();
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | (b[6] & 15));
    b[8] = (unsigned char)(0x80 | (b[8] & 63));
    wb_hex_encode(b, 16, hex);
    snprintf(out, WB_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool wb_uuid7_valid(wb_str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        char c = s.p[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-')
                return false;
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return s.p[14] == '7' && strchr("89ab", s.p[19]);
}

bool wb_name_valid(wb_str s)
{
    if (s.n < 1 || s.n > WB_NAME_MAX || s.p[0] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

int64_t wb_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t wb_now_ms(void)
{
    return wb_now_ns() / 1000000;
}

void wb_time_text(int64_t ns, char out[WB_TIME_TEXT])
{
    time_t s = (time_t)(ns / 1000000000);
    int rest = (int)(ns % 1000000000);
    struct tm tm;
    gmtime_r(&s, &tm);
    size_t n = strftime(out, WB_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, WB_TIME_TEXT - n, ".%09dZ", rest);
}
