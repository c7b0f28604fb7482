/* What the tests of server/http share: cmocka in the right order, a server, answers as strings. */
#ifndef WRIT_TESTS_SERVER_HTTP_HARNESS_H
#define WRIT_TESTS_SERVER_HTTP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/http.h"
#include "server/http/loopback.h"

#include <stdio.h>
#include <stdlib.h>

static inline http_server *make_server(const http_config *config, const http_routes *routes)
{
    http_server *server = NULL;
    wb_error e = {0};
    if (http_server_new(config, &server, &e) != WB_OK)
        fail_msg("%s", e.text);
    http_server_add(server, routes);
    return server;
}

static inline bool contains(wb_str s, const char *part)
{
    return s.n && memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static inline size_t count_of(wb_str s, const char *part)
{
    size_t n = 0;
    const char *p = s.p, *end = s.p + s.n;
    while (p && (p = memmem(p, (size_t)(end - p), part, strlen(part)))) {
        n++;
        p += strlen(part);
    }
    return n;
}

#endif
