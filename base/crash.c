#include "base/crash.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one piece of state that belongs to the process and to no object: the process is what dies. */
static struct {
    pthread_once_t once;
    char name[64];
    _Atomic long left; /* passes until the kill; 0: no kill was asked for */
} crash = {.once = PTHREAD_ONCE_INIT};

static void load(void)
{
    const char *wish = getenv("WRIT_CRASH_AT");
    atomic_store(&crash.left, 0);
    if (!wish || !*wish)
        return;
    const char *colon = strchr(wish, ':');
    size_t n = colon ? (size_t)(colon - wish) : strlen(wish);
    if (n >= sizeof crash.name)
        return;
    memcpy(crash.name, wish, n);
    crash.name[n] = 0;
    long pass = colon ? strtol(colon + 1, NULL, 10) : 1;
    atomic_store(&crash.left, pass > 0 ? pass : 1);
}

void wb_crash_reload(void)
{
    pthread_once(&crash.once, load);
    load();
}

void wb_crash_point(const char *name)
{
    pthread_once(&crash.once, load);
    if (atomic_load_explicit(&crash.left, memory_order_relaxed) == 0 || strcmp(name, crash.name))
        return;
    if (atomic_fetch_sub(&crash.left, 1) == 1) {
        kill(getpid(), SIGKILL);
        pause();
    }
}
