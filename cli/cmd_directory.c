/* writ directory: the development SCIM server. */
#include "cli/cli.h"
#include "server/directory/directory.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

static const char HELP[] =
    "Serve a development directory: SCIM 2.0 users and groups in one folder.\n"
    "\n"
    "Usage:\n"
    "  writ directory --data DIR --listen ADDR:PORT [--seed FILE] [--fault SPEC]...\n"
    "\n"
    "  --data DIR          folder for the state; made when it is not there\n"
    "  --listen ADDR:PORT  port 0 picks one\n"
    "  --config FILE       JSON object with \"data\", \"listen\", \"seed\", \"faults\"; options "
    "win\n"
    "  --seed FILE         users and groups to begin with, when the folder has no state yet\n"
    "  --fault SPEC        misbehave: METHOD:KIND:COUNT[:PATH PART], where KIND is 429,\n"
    "                      500-before-commit, 500-after-commit, hang-before-commit, hang,\n"
    "                      half-body or 200-without-commit\n"
    "\n"
    "Prints `listening on URL` when ready. DIR/admin.token may do everything; DIR/broker.token\n"
    "makes and revokes short-lived tokens for a lease broker. SIGTERM drains and exits 0.\n"
    "\n"
    "Example:\n"
    "  $ writ directory --data /tmp/dir --listen 127.0.0.1:9080 \\\n"
    "        --seed server/directory/seed.json --fault PATCH:500-after-commit:1\n"
    "  listening on http://127.0.0.1:9080\n"
    "  $ curl -s -H \"Authorization: Bearer $(cat /tmp/dir/admin.token)\" \\\n"
    "        'http://127.0.0.1:9080/Users?filter=userName%20eq%20%22mira.holm@example.com%22'\n";

static int usage(const char *what, const char *about)
{
    fprintf(stderr, "writ directory: %s%s; see writ directory --help\n", what, about);
    return 2;
}

/* Fills what the options left open. The texts live as long as *keep. */
static int read_config(const char *path, dir_options *o, json_t **keep)
{
    json_error_t where;
    const char *name;
    json_t *value, *one;
    size_t i;
    *keep = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(*keep)) {
        fprintf(stderr, "writ directory: %s:%d: %s\n", path, where.line,
                *keep ? "not a JSON object" : where.text);
        return 1;
    }
    json_object_foreach(*keep, name, value)
    {
        const char **field = strcmp(name, "data") == 0     ? &o->data
                             : strcmp(name, "listen") == 0 ? &o->listen
                             : strcmp(name, "seed") == 0   ? &o->seed
                                                           : NULL;
        if (field && json_is_string(value)) {
            *field = *field ? *field : json_string_value(value);
        } else if (strcmp(name, "faults") == 0 && json_is_array(value)) {
            json_array_foreach(value, i, one)
            {
                if (json_is_string(one) && o->fault_count < DIR_FAULTS_MAX)
                    o->faults[o->fault_count++] = json_string_value(one);
            }
        } else {
            fprintf(stderr, "writ directory: %s: unknown or malformed member \"%s\"\n", path, name);
            return 1;
        }
    }
    return 0;
}

int cli_directory(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"config", required_argument, NULL, 'c'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"fault", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    dir_options o = {0};
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
        case 's': o.seed = optarg; break;
        case 'f':
            if (o.fault_count == DIR_FAULTS_MAX)
                return usage("too many faults: ", optarg);
            o.faults[o.fault_count++] = optarg;
            break;
        case 'h': fputs(HELP, stdout); return 0;
        default: return usage("unknown option or missing value: ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return usage("unexpected argument ", argv[optind]);
    int code = config ? read_config(config, &o, &keep) : 0;
    if (code == 0 && !o.data)
        code = usage("--data DIR is missing", "");
    if (code == 0 && !o.listen)
        code = usage("--listen ADDR:PORT is missing", "");
    if (code == 0 && dir_run(&o, &e) != WB_OK) {
        fprintf(stderr, "writ directory: %s\n", e.text);
        code = 1;
    }
    json_decref(keep);
    return code;
}
