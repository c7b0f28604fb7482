/* Dates, zones and Go's layouts. Instants are nanoseconds since 1970 in 128 bits, since layouts
 * reach years that 64 do not hold. */
#ifndef WRIT_STDLIB_CLOCK_H
#define WRIT_STDLIB_CLOCK_H

#include "stdlib/context.h"

typedef __int128 ws_nanos;

#define WS_SECOND ((ws_nanos)1000000000)

typedef struct ws_date {
    int64_t year;
    int month, day, hour, minute, second, nanos;
    int weekday; /* 0 Sunday */
    int yearday; /* from 1 */
} ws_date;

/* Days since 1970 of a date; month and day may be out of their ranges. */
int64_t ws_days(int64_t year, int64_t month, int64_t day);
int ws_days_in(int month, int64_t year);
/* The date of an instant that is already shifted by its zone's offset. */
ws_date ws_date_of(ws_nanos local);
ws_nanos ws_instant(const ws_date *d); /* of the date as UTC */

/* A zone's rules. NULL zones are UTC. */
typedef struct ws_zone ws_zone;

/* From the session's cache or the system's zoneinfo. False: the error is set as Go words it. */
bool ws_zone_get(ws_ctx *cx, wb_str name, const ws_zone **out);
/* Seconds east of Greenwich at an instant, and the name used then. */
int ws_zone_at(const ws_zone *z, int64_t seconds, wb_str *name);

/* A Go layout taken apart: immutable, owns a copy of its text. A name like "RFC1123" stands for the
 * layout it has in Go. */
typedef struct ws_layout ws_layout;
#define WS_LAYOUT_MAX 4096 /* bytes; longer ones are read anew at each use */
/* NULL: too long. */
ws_layout *ws_layout_new(wb_str name);
void ws_layout_free(void *layout);
/* From the session's cache, or made and put there; NULL: too long. */
const ws_layout *ws_layout_get(ws_ctx *cx, wb_str name);

/* Reads the value by the layout; the instant in UTC. `apart` (may be NULL) is the layout's. False:
 * the error is set. */
bool ws_time_parse(ws_ctx *cx, wb_str layout, const ws_layout *apart, wb_str value, ws_nanos *out);
/* Appends the instant by the layout. */
void ws_time_format(wb_buf *b, wb_str layout, const ws_layout *apart, ws_nanos t, const ws_zone *z);

#endif
