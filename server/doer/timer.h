/* When the hard phase may begin.
 *
 * Two clocks must agree: the wall clock has passed the due time, and, within one boot, the boot
 * clock (which also counts sleep, and which nobody sets) has passed its own. After a restart of the
 * machine the boot clock says nothing about the time before: a full further window is waited. */
#ifndef WRIT_SERVER_DOER_TIMER_H
#define WRIT_SERVER_DOER_TIMER_H

#include <stdint.h>

typedef struct doer_clock {
    int64_t wall_ms, boot_ms;
    const char *boot_id;
} doer_clock;

typedef struct doer_due {
    int64_t wall_ms; /* 0: nothing is due */
    int64_t boot_ms;
    const char *boot_id;
} doer_due;

typedef enum doer_timer {
    DOER_TIMER_WAIT,
    DOER_TIMER_FIRE,
    DOER_TIMER_REARM, /* another boot: schedule again, a window from now */
} doer_timer;

doer_timer doer_timer_look(const doer_due *due, const doer_clock *now);
/* Now. boot_id is kept, not copied. */
doer_clock doer_clock_read(const char *boot_id);
/* The id of this boot; "" when the system does not tell, which never equals another. */
void doer_boot_id(char out[64]);

#endif
