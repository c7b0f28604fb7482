/* The row of http.send, and what a request object may hold. The client itself is in http.c. */
#include "stdlib/http_request.h"

#include "stdlib/args.h"
#include "stdlib/families.h"
#include "value/json.h"

static const char *const allowed[] = {"body",
                                      "cache",
                                      "cache_ignored_headers",
                                      "caching_mode",
                                      "enable_redirect",
                                      "force_cache",
                                      "force_cache_duration_seconds",
                                      "force_json_decode",
                                      "force_yaml_decode",
                                      "headers",
                                      "max_retry_attempts",
                                      "method",
                                      "raise_error",
                                      "raw_body",
                                      "timeout",
                                      "tls_ca_cert",
                                      "tls_ca_cert_env_variable",
                                      "tls_ca_cert_file",
                                      "tls_client_cert",
                                      "tls_client_cert_env_variable",
                                      "tls_client_cert_file",
                                      "tls_client_key",
                                      "tls_client_key_env_variable",
                                      "tls_client_key_file",
                                      "tls_insecure_skip_verify",
                                      "tls_server_name",
                                      "tls_use_system_certs",
                                      "url"};

static bool known(wv key)
{
    if (!wv_is_string(key))
        return false;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (wb_str_is(wv_str(&key), allowed[i]))
            return true;
    return false;
}

bool ws_http_check_keys(ws_ctx *cx, wv request)
{
    wv unknown = wv_set_begin(cx->out, 0), missing = wv_set_begin(cx->out, 0);
    for (uint32_t i = 0; i < wv_len(request); i++) {
        wv key = wv_key_at(request, NULL, i);
        if (!known(key))
            wv_set_add(cx->out, &unknown, key);
    }
    if (!wv_defined(wv_object_get_str(request, WB_LIT("method"))))
        wv_set_add(cx->out, &missing, wv_string_new(cx->out, WB_LIT("method")));
    if (!wv_defined(wv_object_get_str(request, WB_LIT("url"))))
        wv_set_add(cx->out, &missing, wv_string_new(cx->out, WB_LIT("url")));
    if (!wv_len(unknown) && !wv_len(missing))
        return true;
    wb_buf b;
    wb_buf_init(&b, (size_t)32 << 10);
    wv_print(&b, wv_len(unknown) ? unknown : missing);
    ws_fail_type(cx, "operand 1 %s request parameters(s): %s",
                 wv_len(unknown) ? "invalid" : "missing required", wb_buf_cstr(&b));
    wb_buf_free(&b);
    return false;
}

static wv fn_send(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!cx->http_send)
        return ws_fail(cx, "this program has no HTTP client");
    return cx->http_send(cx, args, n);
}

const ws_builtin ws_http[] = {
    WS_ROW("http.send", "(request: object[string: any]) => (response: object[any: any])", NULL,
           NULL, WS_NONDET | WS_IO, fn_send, NULL, NULL,
           "Sends a request and answers what came back."),
    WS_END,
};
