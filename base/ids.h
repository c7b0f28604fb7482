/* Identifiers: UUID version 7 (RFC 9562) and names that are safe in paths and key ids. */
#ifndef WRIT_BASE_IDS_H
#define WRIT_BASE_IDS_H

#include "base/str.h"

#define WB_UUID_TEXT 37 /* 36 characters and a NUL */
#define WB_NAME_MAX  64 /* bytes of a name: short enough for a path piece with a suffix */

/* Random bytes from the system; ends the process when there are none. */
void wb_random(void *p, size_t n);
/* A new id: 48 bits of milliseconds, 74 random bits; sorts by time. */
void wb_uuid7(char out[WB_UUID_TEXT]);
/* Whether the text is a UUID version 7 in lower case. */
bool wb_uuid7_valid(wb_str s);
/* Whether the text is a name: 1 to WB_NAME_MAX of A-Z a-z 0-9 _ -, not starting with '-'. It can
 * stand in a path, a key id, a log's origin and an SQL value without quoting. */
bool wb_name_valid(wb_str s);

/* Wall clock since 1970, in nanoseconds and milliseconds. */
int64_t wb_now_ns(void);
int64_t wb_now_ms(void);
#define WB_TIME_TEXT 32 /* room for "2026-01-02T03:04:05.123456789Z" and a NUL */
void wb_time_text(int64_t ns, char out[WB_TIME_TEXT]);

#endif
