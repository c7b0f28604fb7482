/* writ ledger verify|show: an auditor's view of a data folder. */
#include "base/base64.h"
#include "base/ids.h"
#include "cli/cli.h"
#include "server/keys/keys.h"
#include "server/ledger/ledger.h"
#include "server/ledger/note.h"
#include "server/ledger/verify.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_MAX 256 /* checkpoint keys that one verification knows */

static const char HELP[] =
    "Check or read the ledgers of a data folder. Nothing is changed, and a service may run.\n"
    "\n"
    "Usage:\n"
    "  writ ledger verify --data DIR [--tenant T] [--key VKEY]... [--json]\n"
    "  writ ledger show   --data DIR --tenant T [--from N] [--to N] [--json]\n"
    "\n"
    "  --data DIR     the data folder of a gatekeeper\n"
    "  --tenant T     one tenant (verify: all, when it is not given)\n"
    "  --key VKEY     a checkpoint key as name+id+base64, instead of those in the data folder\n"
    "  --from, --to   first and last index to show\n"
    "  --json         one JSON object a line\n"
    "\n"
    "Exit status: 0 good, 1 error, 2 the ledger is damaged (verify) or wrong usage.\n"
    "\n"
    "Example:\n"
    "  $ writ ledger verify --data /var/lib/writ --tenant acme\n"
    "  acme: ok, 8 entries, 2 checkpoints, root 5bd0...e1\n"
    "  $ writ ledger show --data /var/lib/writ --tenant acme --from 6 --json\n";

typedef struct command {
    const char *data, *tenant;
    uint64_t from, to;
    bool json, colour, show;
    unsigned char keys[KEYS_MAX][32];
    size_t key_count;
    bool keys_given;
} command;

static const char *paint(const command *c, const char *code)
{
    return c->colour ? code : "";
}

/* The public halves of all checkpoint keys that the tenant ever had: a revoked key's old
 * checkpoints are still to be checked. */
static wb_status load_keys(command *c, const char *tenant, wb_error *e)
{
    store *s = NULL;
    store_key *rows = NULL;
    size_t n = 0;
    char path[4096];
    c->key_count = 0;
    /* A copy of the ledger alone has no keys, and looking must not make a store. */
    snprintf(path, sizeof path, "%s/state.db", c->data);
    if (access(path, F_OK) != 0)
        return WB_OK;
    wb_status status = store_open(c->data, &s, e);
    if (!status)
        status = store_key_list(s, tenant, "checkpoint", NULL, &rows, &n, e);
    for (size_t i = 0; !status && i < n && c->key_count < KEYS_MAX; i++)
        if (rows[i].public_key.n == 32)
            memcpy(c->keys[c->key_count++], rows[i].public_key.p, 32);
    store_key_list_free(rows, n);
    store_close(s);
    return status;
}

/* ---- Verify ---- */

static void print_report(const command *c, const char *tenant, const verify_report *r)
{
    char root[65];
    wb_hex_encode(r->root.b, sizeof r->root.b, root);
    if (r->ok) {
        printf("%s: %sok%s, %" PRIu64 " entries, %" PRIu64 " checkpoints%s, root %s\n", tenant,
               paint(c, "\033[32m"), paint(c, "\033[0m"), r->size, r->checkpoints,
               r->signatures ? "" : " (signatures not checked: no key)", root);
    } else {
        printf("%s: %sDAMAGED%s, %s at byte %" PRIu64, tenant, paint(c, "\033[1;31m"),
               paint(c, "\033[0m"), r->file, r->offset);
        if (r->index != UINT64_MAX)
            printf(", entry %" PRIu64, r->index);
        printf(": %s; %" PRIu64 " entries before it are good\n", r->what, r->checked);
    }
    if (r->unacknowledged)
        printf("%s: %" PRIu64 " bytes behind the last acknowledged entry\n", tenant,
               r->unacknowledged);
}

static int verify_one(command *c, const char *tenant)
{
    wb_error e = {0};
    verify_report r;
    wb_status status = c->keys_given ? WB_OK : load_keys(c, tenant, &e);
    verify_options options = {.keys = (const unsigned char(*)[32])c->keys,
                              .key_count = c->key_count};
    if (!status)
        status = verify_ledger(c->data, tenant, &options, &r, &e);
    if (status) {
        fprintf(stderr, "writ ledger verify: %s\n", e.text);
        return 1;
    }
    if (c->json) {
        wb_buf line;
        wb_buf_init(&line, 8192);
        verify_report_json(&r, &line);
        printf("{\"tenant\":\"%s\",%s\n", tenant, wb_buf_cstr(&line) + 1);
        wb_buf_free(&line);
    } else {
        print_report(c, tenant, &r);
    }
    return r.ok ? 0 : 2;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_tenant(const struct dirent *f)
{
    return wb_name_valid(wb_str_of(f->d_name));
}

static int verify_all(command *c)
{
    char path[4096];
    struct dirent **names = NULL;
    int worst = 0;
    snprintf(path, sizeof path, "%s/ledger", c->data);
    int n = scandir(path, &names, is_tenant, by_name);
    if (n < 0) {
        fprintf(stderr, "writ ledger verify: %s: %s\n", path, strerror(errno));
        return 1;
    }
    for (int i = 0; i < n; i++) {
        int code = verify_one(c, names[i]->d_name);
        worst = code > worst ? code : worst;
        free(names[i]);
    }
    free(names);
    if (n == 0)
        fprintf(stderr, "writ ledger verify: %s has no ledger\n", c->data);
    return n ? worst : 1;
}

/* ---- Show ---- */

static void show_entry(void *arg, uint64_t index, wb_str entry, const merkle_hash *leaf)
{
    const command *c = arg;
    if (index < c->from || index > c->to)
        return;
    if (c->json) {
        printf("%.*s\n", WB_FMT(entry));
        return;
    }
    json_t *j = json_loadb(entry.p, entry.n, 0, NULL);
    char *body = json_dumps(json_object_get(j, "body"), JSON_COMPACT | JSON_PRESERVE_ORDER);
    const char *type = json_string_value(json_object_get(j, "type"));
    const char *time = json_string_value(json_object_get(j, "t"));
    printf("%6" PRIu64 "  %s  %s%-22s%s %s\n", index, time ? time : "", paint(c, "\033[36m"),
           type ? type : "", paint(c, "\033[0m"), body ? body : "");
    free(body);
    json_decref(j);
}

static int show(command *c)
{
    wb_error e = {0};
    verify_report r;
    verify_options options = {.entry = show_entry, .arg = c};
    if (verify_ledger(c->data, c->tenant, &options, &r, &e)) {
        fprintf(stderr, "writ ledger show: %s\n", e.text);
        return 1;
    }
    if (r.ok)
        return 0;
    fflush(stdout);
    fprintf(stderr, "writ ledger show: %s at byte %" PRIu64 ": %s\n", r.file, r.offset, r.what);
    return 2;
}

/* ---- Arguments ---- */

static bool number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

static int usage(const char *what, const char *about)
{
    fprintf(stderr, "writ ledger: %s%s; see writ ledger --help\n", what, about);
    return 2;
}

static int parse(command *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'}, {"tenant", required_argument, NULL, 't'},
        {"from", required_argument, NULL, 'f'}, {"to", required_argument, NULL, 'o'},
        {"key", required_argument, NULL, 'k'},  {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};
    wb_str name;
    int option;
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'd': c->data = optarg; break;
        case 't': c->tenant = optarg; break;
        case 'j': c->json = true; break;
        case 'f':
            if (!number(optarg, &c->from))
                return usage("--from wants a number, not ", optarg);
            break;
        case 'o':
            if (!number(optarg, &c->to))
                return usage("--to wants a number, not ", optarg);
            break;
        case 'k':
            c->keys_given = true;
            if (c->key_count == KEYS_MAX ||
                !note_vkey_parse(wb_str_of(optarg), &name, c->keys[c->key_count++]))
                return usage("--key wants name+id+base64, not ", optarg);
            break;
        case 'h': fputs(HELP, stdout); return -1;
        default: return usage("unknown option or missing value: ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return usage("unexpected argument ", argv[optind]);
    if (!c->data)
        return usage("--data DIR is missing", "");
    if (c->tenant && !wb_name_valid(wb_str_of(c->tenant)))
        return usage("this is no tenant's name: ", c->tenant);
    return 0;
}

int cli_ledger(int argc, char **argv)
{
    command *c = wb_calloc(1, sizeof *c);
    c->to = UINT64_MAX;
    c->colour = isatty(STDOUT_FILENO);
    const char *verb = argc > 1 ? argv[1] : "";
    bool known = strcmp(verb, "verify") == 0 || strcmp(verb, "show") == 0;
    int code;
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
        fputs(HELP, stdout);
        code = 0;
    } else if (!known) {
        code = usage(*verb ? "unknown command " : "say verify or show", verb);
    } else {
        code = parse(c, argc - 1, argv + 1);
        if (code == 0 && strcmp(verb, "show") == 0)
            code = c->tenant ? show(c) : usage("show wants --tenant T", "");
        else if (code == 0)
            code = c->tenant ? verify_one(c, c->tenant) : verify_all(c);
        else if (code == -1)
            code = 0;
    }
    free(c);
    return code;
}
