/* writ gatekeeper: serves decisions and approvals. */
#include "cli/cli.h"
#include "server/gatekeeper/gatekeeper.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_THREADS "16" /* each may wait for the ledger: more of them, more entries a sync */

static const char HELP[] =
    "Decide requests by policy, sign the decisions, ask humans, keep the ledger.\n"
    "\n"
    "Usage:\n"
    "  writ gatekeeper --data DIR [--listen ADDR:PORT] [flags]\n"
    "\n"
    "Flags:\n"
    "  --data DIR          folder of state, keys and ledger; made when absent\n"
    "  --listen ADDR:PORT  where to serve; port 0 picks one (default 127.0.0.1:8443)\n"
    "  --config FILE       YAML or JSON; flags win over it\n"
    "  --policies DIR      Rego pack (default DIR/policies, or the one shipped with writ)\n"
    "  --tenant NAME       whose requests are served (default \"default\")\n"
    "  --doer URL          where allowed packets are sent; without it the caller carries them\n"
    "  --public-url URL    what approval links start with (default: the listening URL)\n"
    "  --tls-cert FILE     PEM chain, with --tls-key FILE: serve TLS\n"
    "  --window SECONDS    from the soft to the hard phase (default 300). A development option:\n"
    "                      the shorter it is, the less time is left to take an offboarding back\n"
    "\n"
    "Keys of a configuration: listen, policies, tenant, instance, doer, public_url, tls_cert,\n"
    "tls_key, window_seconds, approval_seconds, packet_seconds (30 to 120), autonomy_level (0 to "
    "3),\n"
    "fuel, deadline_ms, and limits: {confidence_min, risk_threshold, hris_max_age_seconds,\n"
    "ownership_max_age_seconds, escalation_window_seconds, approve, deny}.\n"
    "\n"
    "Files in DIR: doer.token (bearer token for the doer, made at the first start), "
    "approvers.json\n"
    "(who may approve: a development stand-in for WebAuthn), approval-links.ndjson (the links, as\n"
    "they would be sent to the approvers).\n"
    "\n"
    "Prints \"listening on URL\" when ready. SIGTERM drains and ends with status 0; 1 is an "
    "error,\n"
    "2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  $ mkdir -m 700 -p /tmp/gk && umask 077\n"
    "  $ echo '{\"approvers\": [{\"id\": \"sec:nora.beck\", \"code\": \"correct-horse\",\n"
    "      \"groups\": [\"security\"]}]}' > /tmp/gk/approvers.json\n"
    "  $ writ gatekeeper --data /tmp/gk --listen 127.0.0.1:8443 &\n"
    "  listening on http://127.0.0.1:8443\n"
    "  $ curl -s http://127.0.0.1:8443/v1/packets -H 'content-type: application/json' \\\n"
    "      -H 'idempotency-key: \"one\"' -d @policies/samples/packets/allow/packet.json\n"
    "  "
    "{\"packet_id\":\"...\",\"state\":\"SIGNED\",\"decision\":{\"outcome\":\"allow\",...},\"jws\":."
    "..}\n"
    "  $ writ ledger verify --data /tmp/gk\n";

static int usage(const char *what, const char *about)
{
    fprintf(stderr, "writ gatekeeper: %s%s; see writ gatekeeper --help\n", what, about);
    return 2;
}

static int failed(const wb_error *e)
{
    fprintf(stderr, "writ gatekeeper: %s\n", e->text);
    return 1;
}

enum { DATA, LISTEN, CONFIG, POLICIES, TENANT, DOER, PUBLIC, CERT, KEY, WINDOW, HELPED, VALUES };

static int read_flags(int argc, char **argv, const char *values[VALUES])
{
    static const struct option options[] = {{"data", required_argument, NULL, DATA},
                                            {"listen", required_argument, NULL, LISTEN},
                                            {"config", required_argument, NULL, CONFIG},
                                            {"policies", required_argument, NULL, POLICIES},
                                            {"tenant", required_argument, NULL, TENANT},
                                            {"doer", required_argument, NULL, DOER},
                                            {"public-url", required_argument, NULL, PUBLIC},
                                            {"tls-cert", required_argument, NULL, CERT},
                                            {"tls-key", required_argument, NULL, KEY},
                                            {"window", required_argument, NULL, WINDOW},
                                            {"help", no_argument, NULL, HELPED},
                                            {NULL, 0, NULL, 0}};
    int option;
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == HELPED) {
            fputs(HELP, stdout);
            return -1;
        }
        if (option < 0 || option >= HELPED)
            return usage("unknown flag or missing value: ", argv[optind - 1]);
        values[option] = optarg;
    }
    if (optind < argc)
        return usage("unexpected argument ", argv[optind]);
    return values[DATA] ? 0 : usage("--data DIR is missing", "");
}

static int set_options(gk_options *o, const char *const values[VALUES])
{
    wb_error e = {0};
    char **const slots[VALUES] = {
        [DATA] = &o->data,     [LISTEN] = &o->listen, [POLICIES] = &o->policies,
        [TENANT] = &o->tenant, [DOER] = &o->doer,     [PUBLIC] = &o->public_url,
        [CERT] = &o->tls_cert, [KEY] = &o->tls_key};
    if (values[CONFIG] && gk_config_load(o, values[CONFIG], &e))
        return failed(&e);
    for (int i = 0; i < VALUES; i++)
        if (slots[i] && values[i])
            gk_option_set(slots[i], values[i]);
    if (!o->listen)
        gk_option_set(&o->listen, "127.0.0.1:8443");
    if (values[WINDOW]) {
        char *end;
        errno = 0;
        long long n = strtoll(values[WINDOW], &end, 10);
        if (errno || *end || n < 1 || n > 30 * 86400)
            return usage("--window is a number of seconds, not ", values[WINDOW]);
        o->window_seconds = n;
    }
    if (!o->tls_cert != !o->tls_key)
        return usage("TLS wants both a certificate and its key", "");
    return 0;
}

int cli_gatekeeper(int argc, char **argv)
{
    const char *values[VALUES] = {0};
    wb_error e = {0};
    gk_options o;
    gk *g = NULL;
    int code = read_flags(argc, argv, values);
    if (code)
        return code < 0 ? 0 : code;
    setenv("UV_THREADPOOL_SIZE", POOL_THREADS, 0);
    gk_options_init(&o);
    code = set_options(&o, values);
    if (code) {
        gk_options_clear(&o);
        return code;
    }
    if (o.window_seconds < 300)
        fprintf(stderr, "writ gatekeeper: the window is %lld seconds: for development only\n",
                (long long)o.window_seconds);
    if (gk_open(&o, &g, &e))
        return failed(&e);
    if (gk_start(g, &e)) {
        gk_close(g);
        return failed(&e);
    }
    printf("listening on %s\n", gk_url(g));
    fflush(stdout);
    gk_run(g);
    gk_close(g);
    return 0;
}
