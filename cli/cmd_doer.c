/* writ doer: carries out signed packets. */
#include "cli/cli.h"
#include "server/doer/crash_points.h"
#include "server/doer/doer.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "Carry out signed decision packets at a SCIM 2.0 directory, in two phases.\n"
    "\n"
    "Usage:\n"
    "  writ doer --data DIR --listen ADDR:PORT --gatekeeper URL --token-file FILE\n"
    "            --directory URL --broker-token-file FILE [--tenant T] [--window SECONDS]\n"
    "\n"
    "  --data DIR                folder for the state; made when it is not there\n"
    "  --listen ADDR:PORT        port 0 picks one\n"
    "  --config FILE             JSON object; members are the options' names with _ for -, and\n"
    "                            target, aud, instance, broker, role_id, secret_id_file, mount,\n"
    "                            require_hs256, gen_keys, gen_grants, call_ms, retry_ms,\n"
    "                            window_seconds; options win\n"
    "  --gatekeeper URL          where the ledger, the keys and the hard decision come from\n"
    "  --token-file FILE         bearer token for the gatekeeper (mode 0600)\n"
    "  --directory URL           the SCIM server\n"
    "  --broker-token-file FILE  lets the embedded lease broker make 60-second tokens there\n"
    "  --hmac-key-file FILE      the tenant's HS256 key; without it Ed25519 alone is checked\n"
    "  --tenant T                whose packets (default)\n"
    "  --window SECONDS          from the last soft step to the hard phase (300); shorter ones\n"
    "                            are for development\n"
    "  --crash-points            print the places where WRIT_CRASH_AT can kill the process\n"
    "\n"
    "Prints `listening on URL` when ready. SIGTERM ends the steps that run and exits 0.\n"
    "\n"
    "Example:\n"
    "  $ writ directory --data /tmp/dir --listen 127.0.0.1:9080 --seed server/directory/seed.json "
    "&\n"
    "  $ writ gatekeeper --data /tmp/gk --listen 127.0.0.1:8181 --doer http://127.0.0.1:9090 &\n"
    "  $ writ doer --data /tmp/doer --listen 127.0.0.1:9090 \\\n"
    "        --gatekeeper http://127.0.0.1:8181 --token-file /tmp/gk/doer.token \\\n"
    "        --directory http://127.0.0.1:9080 --broker-token-file /tmp/dir/broker.token\n"
    "  listening on http://127.0.0.1:9090\n"
    "  $ curl -s http://127.0.0.1:9090/v1/doer/jobs/JTI\n";

static int usage(const char *what, const char *about)
{
    fprintf(stderr, "writ doer: %s%s; see writ doer --help\n", what, about);
    return 2;
}

static int list_points(void)
{
    for (int i = 0; i < DOER_CRASH_COUNT; i++)
        printf("%-24s %s\n", doer_crash_name((doer_crash_point)i),
               doer_crash_meaning((doer_crash_point)i));
    return 0;
}

static bool seconds(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    *out = n;
    return *text >= '0' && *text <= '9' && !*end && !errno && n >= 1;
}

int cli_doer(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"config", required_argument, NULL, 'c'},
                                            {"gatekeeper", required_argument, NULL, 'g'},
                                            {"token-file", required_argument, NULL, 't'},
                                            {"directory", required_argument, NULL, 's'},
                                            {"broker-token-file", required_argument, NULL, 'b'},
                                            {"hmac-key-file", required_argument, NULL, 'm'},
                                            {"tenant", required_argument, NULL, 'T'},
                                            {"window", required_argument, NULL, 'w'},
                                            {"crash-points", no_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    doer_options o = {0};
    const char *config = NULL;
    json_t *keep = NULL;
    wb_error e = {0};
    int option;
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'd': o.data = optarg; break;
        case 'l': o.listen = optarg; break;
        case 'c': config = optarg; break;
        case 'g': o.gatekeeper = optarg; break;
        case 't': o.token_file = optarg; break;
        case 's': o.directory = optarg; break;
        case 'b': o.broker_token_file = optarg; break;
        case 'm': o.hmac_key_file = optarg; break;
        case 'T': o.tenant = optarg; break;
        case 'w':
            if (!seconds(optarg, &o.window_s))
                return usage("--window wants seconds, 1 at least, not ", optarg);
            break;
        case 'p': return list_points();
        case 'h': fputs(HELP, stdout); return 0;
        default: return usage("unknown option or missing value: ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return usage("unexpected argument ", argv[optind]);
    wb_status status = config ? doer_config_read(config, &o, &keep, &e) : WB_OK;
    if (!status)
        status = doer_run(&o, &e);
    if (status)
        fprintf(stderr, "writ doer: %s\n", e.text);
    json_decref(keep);
    return status ? 1 : 0;
}
