/* An error is a status and a sentence for the person who can mend it.
 *
 * Functions that can fail return WB_OK (0) or a negative status and, where they take a wb_error,
 * fill it. The caller owns the wb_error; passing NULL is allowed everywhere. */
#ifndef WRIT_BASE_ERROR_H
#define WRIT_BASE_ERROR_H

#include <stddef.h>

/* One row a status: name, number, text. */
#define WB_STATUS_MAP(X)                                                                           \
    X(OK, 0, "ok")                                                                                 \
    X(INVALID, -1, "invalid argument or input")                                                    \
    X(NOT_FOUND, -2, "not found")                                                                  \
    X(EXISTS, -3, "already exists")                                                                \
    X(LIMIT, -4, "limit exceeded")                                                                 \
    X(MEMORY, -5, "out of memory")                                                                 \
    X(IO, -6, "input or output failed")                                                            \
    X(CRYPTO, -7, "cryptographic check failed")                                                    \
    X(CORRUPT, -8, "stored data is damaged")                                                       \
    X(CONFLICT, -9, "conflict with the present state")                                             \
    X(UNAVAILABLE, -10, "not available now")                                                       \
    X(CANCELLED, -11, "cancelled")                                                                 \
    X(DENIED, -12, "not allowed")                                                                  \
    X(INTERNAL, -13, "internal error")

typedef enum wb_status {
#define X(name, number, text) WB_##name = (number),
    WB_STATUS_MAP(X)
#undef X
} wb_status;

#define WB_ERROR_TEXT_MAX 1024 /* bytes with the NUL; longer texts are cut with "..." */

typedef struct wb_error {
    wb_status status;
    char text[WB_ERROR_TEXT_MAX];
} wb_error;

/* Fills e (when not NULL) and returns status, so that "return wb_fail(...)" reads well. */
wb_status wb_fail(wb_error *e, wb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The text of a status, never NULL. */
const char *wb_status_text(wb_status status);

/* Prints to standard error and aborts. For broken invariants and for no memory at all. */
_Noreturn void wb_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* malloc, realloc and strdup that call wb_fatal when the system has no memory left. Sizes that an
 * outsider chooses must be checked against a limit first. The caller frees with free(). */
void *wb_malloc(size_t n);
void *wb_calloc(size_t count, size_t n);
void *wb_realloc(void *p, size_t n);
char *wb_strdup(const char *z);
char *wb_strndup(const char *p, size_t n);

#endif
