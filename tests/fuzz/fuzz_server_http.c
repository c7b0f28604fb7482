/* Any bytes on a connection, HTTP/1 and HTTP/2: no crash. The first byte says where the rest is cut
 * in two, so that both halves arrive apart. */
#include "server/http/loopback.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void echo(http_request *req, void *arg)
{
    http_respond(req, 200, "text/plain", http_request_body(req));
}

static const http_route ROWS[] = {{"GET", "/", echo, 0, 0}, {"POST", "/{name}", echo, 0, 1000}};
static const http_routes TABLE = {ROWS, 2, NULL, NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static http_server *server;
    wb_error e = {0};
    wb_buf answer;
    if (!server) {
        http_config config;
        http_config_init(&config);
        if (http_server_new(&config, &server, &e))
            abort();
        http_server_add(server, &TABLE);
    }
    if (!size)
        return 0;
    size_t cut = data[0] * (size - 1) / 255;
    http_pipe *pipe = http_pipe_new(server);
    wb_buf_init(&answer, 4u << 20);
    http_pipe_feed(pipe, wb_str_n(data + 1, cut));
    http_pipe_take(pipe, &answer);
    http_pipe_feed(pipe, wb_str_n(data + 1 + cut, size - 1 - cut));
    http_pipe_eof(pipe);
    http_pipe_take(pipe, &answer);
    http_pipe_free(pipe);
    wb_buf_free(&answer);
    return 0;
}
