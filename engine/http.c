/* The HTTP client of policies. A file of its own: a program that does not ask for the client does
 * not load the client's library, whose start takes longer than most decisions. */
#include "engine/engine.h"
#include "stdlib/http_request.h"

void writ_add_http(writ_engine *e)
{
    e->http_send = ws_http_send;
}
