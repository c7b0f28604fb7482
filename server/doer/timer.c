#include "server/doer/timer.h"

#include "base/ids.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

doer_timer doer_timer_look(const doer_due *due, const doer_clock *now)
{
    if (due->wall_ms <= 0)
        return DOER_TIMER_WAIT;
    if (!due->boot_id || !due->boot_id[0] || strcmp(due->boot_id, now->boot_id) != 0)
        return DOER_TIMER_REARM;
    return now->wall_ms >= due->wall_ms && now->boot_ms >= due->boot_ms ? DOER_TIMER_FIRE
                                                                        : DOER_TIMER_WAIT;
}

doer_clock doer_clock_read(const char *boot_id)
{
    struct timespec ts = {0};
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (doer_clock){wb_now_ms(), (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000, boot_id};
}

void doer_boot_id(char out[64])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    out[0] = 0;
    if (f && fgets(out, 64, f))
        out[strcspn(out, "\r\n")] = 0;
    if (f)
        fclose(f);
}
