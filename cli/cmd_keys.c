/* writ keys create|import|list|rotate|revoke|export-public. */
#include "base/base64.h"
#include "base/ids.h"
#include "cli/cli.h"
#include "server/keys/keys.h"
#include "server/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char HELP[] =
    "Make, import, change and export the keys of a tenant in a data folder.\n"
    "\n"
    "Usage:\n"
    "  writ keys create --data DIR --tenant T [--purpose P] [--alg HS256|Ed25519]\n"
    "  writ keys import --data DIR --tenant T [--purpose P] [--alg A] [--format F] [--kid KID] "
    "FILE\n"
    "  writ keys list   --data DIR --tenant T [--purpose P] [--json]\n"
    "  writ keys rotate --data DIR --tenant T [--purpose P] [--alg A]\n"
    "  writ keys revoke --data DIR --kid KID [--reason TEXT]\n"
    "  writ keys export-public --data DIR (--tenant T [--purpose P] | --kid KID)\n"
    "\n"
    "  --purpose P   decision (default), approval, link, webhook, checkpoint\n"
    "  --alg A       HS256 (default of create) or Ed25519; rotate: both, when it is not given\n"
    "  --format F    raw, base64 (default), hex, pem, jwk (one key or a set); FILE - is the input\n"
    "  export-public gives a JWK set, or the PEM of one --kid. Shared secrets are never exported.\n"
    "\n"
    "Every change is entered in the tenant's ledger: at once, or by the gatekeeper that has it "
    "open.\n"
    "Exit status: 0 done, 1 error, 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  $ writ keys create --data /var/lib/writ --tenant acme --alg HS256\n"
    "  created acme/decision/1 (HS256)\n"
    "  $ writ keys create --data /var/lib/writ --tenant acme --alg Ed25519\n"
    "  $ writ keys export-public --data /var/lib/writ --tenant acme > acme.jwks\n"
    "  $ writ keys import --data /var/lib/doer --tenant acme --format jwk acme.jwks\n";

typedef struct command {
    const char *verb, *data, *tenant, *purpose, *kid, *reason, *file, *format;
    bool json;
    jws_alg alg;
    store *store;
    keys *keys;
    char actor[256];
} command;

static int failed(const command *c, const wb_error *e)
{
    fprintf(stderr, "writ keys %s: %s\n", c->verb, e->text);
    return 1;
}

static int usage(const char *what, const char *about)
{
    fprintf(stderr, "writ keys: %s%s; see writ keys --help\n", what, about);
    return 2;
}

/* ---- The ledger ---- */

static wb_status sign_checkpoint(void *arg, wb_str message, unsigned char sig[64],
                                 unsigned char public_key[32], wb_error *e)
{
    command *c = arg;
    jws_key key;
    size_t n;
    wb_status status = keys_active(c->keys, c->tenant, "checkpoint", JWS_ED25519, &key, e);
    if (!status)
        status = jws_sign_bytes(&key, message, sig, &n, e);
    memcpy(public_key, key.public_key, 32);
    jws_key_clear(&key);
    return status;
}

/* The name of the tenant's log: that of its last checkpoint, since the gatekeeper that began it may
 * have a name of its own; else the one of a gatekeeper without one. */
static void origin_of(const command *c, char *to, size_t room)
{
    char path[4096], line[128] = "";
    snprintf(path, sizeof path, "%s/ledger/%s/checkpoint", c->data, c->tenant);
    FILE *f = fopen(path, "re");
    bool read = f && fgets(line, sizeof line, f) && strchr(line, '\n');
    if (f)
        fclose(f);
    if (read)
        snprintf(to, room, "%.*s", (int)strcspn(line, "\n"), line);
    else
        snprintf(to, room, "writ.local/%s", c->tenant);
}

/* Enters the change now if nobody writes the ledger; else whoever does will find it. */
static int enter(command *c)
{
    wb_error e = {0};
    ledger *l = NULL;
    char origin[128];
    size_t n = 0;
    keys_spec spec = {.tenant = c->tenant,
                      .purpose = "checkpoint",
                      .alg = JWS_ED25519,
                      .actor = c->actor,
                      .now = wb_now_ms()};
    origin_of(c, origin, sizeof origin);
    wb_status status = keys_ensure(c->keys, &spec, NULL, &e);
    if (!status)
        status = ledger_open(c->data, NULL, &l, &e);
    if (!status)
        status = ledger_attach(l, c->tenant, origin, (ledger_signer){sign_checkpoint, c}, &e);
    if (!status)
        status = ledger_drain_outbox(l, c->store, c->tenant, "cli", &n, &e);
    ledger_close(l);
    if (status == WB_CONFLICT) {
        fprintf(stderr, "writ keys: a gatekeeper has this ledger open and will enter the change\n");
        return 0;
    }
    if (status) {
        fprintf(stderr,
                "writ keys: the change is made, but not yet in the ledger: %s\n"
                "writ keys: mend this; the next change or the gatekeeper enters it\n",
                e.text);
        return 1;
    }
    return 0;
}

/* ---- Verbs ---- */

static keys_spec spec_of(const command *c)
{
    return (keys_spec){.tenant = c->tenant,
                       .purpose = c->purpose ? c->purpose : "decision",
                       .alg = c->alg,
                       .kid = c->kid,
                       .actor = c->actor,
                       .now = wb_now_ms()};
}

static int create(command *c)
{
    wb_error e = {0};
    keys_info info;
    keys_spec spec = spec_of(c);
    if (!spec.alg)
        spec.alg = strcmp(spec.purpose, "checkpoint") == 0 ? JWS_ED25519 : JWS_HS256;
    if (keys_create(c->keys, &spec, &info, &e))
        return failed(c, &e);
    printf("created %s (%s)\n", info.kid, jws_alg_name(info.alg));
    return enter(c);
}

static wb_status read_file(const char *path, char **out, size_t *n, wb_error *e)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return wb_fail(e, WB_IO, "%s: %s", path, strerror(errno));
    *out = wb_malloc(KEYS_IMPORT_MAX + 1);
    *n = 0;
    ssize_t got = 1;
    while (*n <= KEYS_IMPORT_MAX && (got = read(fd, *out + *n, KEYS_IMPORT_MAX + 1 - *n)) > 0)
        *n += (size_t)got;
    if (fd != STDIN_FILENO)
        close(fd);
    return got < 0 ? wb_fail(e, WB_IO, "%s: %s", path, strerror(errno)) : WB_OK;
}

static int import(command *c)
{
    wb_error e = {0};
    keys_format format;
    char *bytes = NULL;
    size_t n = 0, count = 0;
    keys_info info;
    keys_spec spec = spec_of(c);
    spec.purpose = c->purpose;
    if (!c->file)
        return usage("import wants the FILE of the key (or -)", "");
    if (!keys_format_of(c->format ? c->format : "base64", &format))
        return usage("unknown format ", c->format);
    wb_status status = read_file(c->file, &bytes, &n, &e);
    if (!status)
        status = keys_import(c->keys, &spec, format, wb_str_n(bytes, n), &info, &count, &e);
    if (bytes)
        OPENSSL_cleanse(bytes, KEYS_IMPORT_MAX + 1);
    free(bytes);
    if (status)
        return failed(c, &e);
    if (count == 1)
        printf("imported %s (%s%s)\n", info.kid, jws_alg_name(info.alg),
               info.can_sign ? "" : ", verifies only");
    else
        printf("imported %zu keys\n", count);
    /* Who only verifies is no writer of the tenant's ledger: a doer's own start reports it. */
    return info.can_sign ? enter(c) : 0;
}

static void print_json(const keys_info *k)
{
    printf("{\"kid\":\"%s\",\"alg\":\"%s\",\"purpose\":\"%s\",\"state\":\"%s\",\"not_after\":%lld,"
           "\"created_at\":%lld,\"can_sign\":%s}\n",
           k->kid, jws_alg_name(k->alg), k->purpose, keys_state_name(k->state),
           (long long)k->not_after, (long long)k->created_at, k->can_sign ? "true" : "false");
}

static void print_row(const keys_info *k)
{
    char created[WB_TIME_TEXT], until[WB_TIME_TEXT] = "";
    wb_time_text(k->created_at * 1000000, created);
    if (k->not_after)
        wb_time_text(k->not_after * 1000000, until);
    printf("%-32s %-8s %-9s %-12s %.19sZ%s%.19s\n", k->kid, jws_alg_name(k->alg),
           keys_state_name(k->state), k->can_sign ? "signs" : "verifies", created,
           k->not_after ? "  until " : "", until);
}

static int list(command *c)
{
    wb_error e = {0};
    keys_info *all = NULL;
    size_t n = 0;
    if (keys_list(c->keys, c->tenant, c->purpose, &all, &n, &e))
        return failed(c, &e);
    for (size_t i = 0; i < n; i++) {
        if (c->json)
            print_json(&all[i]);
        else
            print_row(&all[i]);
    }
    free(all);
    if (!n)
        fprintf(stderr, "writ keys list: tenant %s has no keys here\n", c->tenant);
    return 0;
}

static int rotate(command *c)
{
    wb_error e = {0};
    keys_info info;
    size_t n = 0;
    keys_spec spec = spec_of(c);
    if (keys_rotate(c->keys, &spec, &info, &n, &e))
        return failed(c, &e);
    printf("rotated %zu key%s of %s for %s; the newest is %s\n", n, n == 1 ? "" : "s", c->tenant,
           spec.purpose, info.kid);
    return enter(c);
}

static int revoke_key(command *c)
{
    wb_error e = {0};
    if (keys_revoke(c->keys, c->kid, c->actor, c->reason, wb_now_ms(), &e))
        return failed(c, &e);
    printf("revoked %s\n", c->kid);
    return enter(c);
}

static int export_public(command *c)
{
    wb_error e = {0};
    char *text = NULL;
    wb_status status = c->kid ? keys_export_pem(c->keys, c->kid, &text, &e)
                              : keys_export_jwks(c->keys, c->tenant, c->purpose, &text, &e);
    if (status)
        return failed(c, &e);
    printf("%s%s", text, c->kid ? "" : "\n");
    free(text);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(command *c);
    bool kid;   /* it needs --kid; the others --tenant, export-public one of the two */
    bool makes; /* it makes the data folder when there is none */
} VERBS[] = {{"create", create, false, true},     {"import", import, false, true},
             {"list", list, false, false},        {"rotate", rotate, false, false},
             {"revoke", revoke_key, true, false}, {"export-public", export_public, false, false}};

/* ---- Arguments ---- */

static int parse(command *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},    {"tenant", required_argument, NULL, 't'},
        {"purpose", required_argument, NULL, 'p'}, {"alg", required_argument, NULL, 'a'},
        {"format", required_argument, NULL, 'f'},  {"kid", required_argument, NULL, 'k'},
        {"reason", required_argument, NULL, 'r'},  {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    int option;
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'd': c->data = optarg; break;
        case 't': c->tenant = optarg; break;
        case 'p': c->purpose = optarg; break;
        case 'f': c->format = optarg; break;
        case 'k': c->kid = optarg; break;
        case 'r': c->reason = optarg; break;
        case 'j': c->json = true; break;
        case 'a':
            c->alg = jws_alg_of(wb_str_of(optarg));
            if (!c->alg)
                return usage("--alg is HS256 or Ed25519, not ", optarg);
            break;
        case 'h': fputs(HELP, stdout); return -1;
        default: return usage("unknown option or missing value: ", argv[optind - 1]);
        }
    }
    if (optind < argc && strcmp(c->verb, "import") == 0)
        c->file = argv[optind++];
    if (optind < argc)
        return usage("unexpected argument ", argv[optind]);
    return c->data ? 0 : usage("--data DIR is missing", "");
}

/* revoke knows its tenant by the kid. */
static void tenant_of_kid(command *c, char *to, size_t n)
{
    if (!c->tenant && c->kid) {
        snprintf(to, n, "%.*s", (int)strcspn(c->kid, "/"), c->kid);
        c->tenant = to;
    }
}

static int run(command *c, int argc, char **argv)
{
    wb_error e = {0};
    char tenant[65];
    size_t i = 0;
    const size_t verbs = sizeof VERBS / sizeof VERBS[0];
    while (i < verbs && strcmp(VERBS[i].name, c->verb) != 0)
        i++;
    if (i == verbs)
        return usage(*c->verb ? "unknown command " : "say what to do", c->verb);
    int code = parse(c, argc, argv);
    if (code)
        return code < 0 ? 0 : code;
    if (VERBS[i].kid && !c->kid)
        return usage("--kid KID is missing", "");
    tenant_of_kid(c, tenant, sizeof tenant);
    if (!c->tenant)
        return usage("--tenant T is missing", "");
    if (!wb_name_valid(wb_str_of(c->tenant)))
        return usage("this is no tenant's name: ", c->tenant);
    char path[4096];
    snprintf(path, sizeof path, "%s/state.db", c->data);
    if (!VERBS[i].makes && access(path, F_OK) != 0) {
        wb_fail(&e, WB_NOT_FOUND, "%s is no data folder: %s", c->data, strerror(errno));
        return failed(c, &e);
    }
    if (store_open(c->data, &c->store, &e) || keys_open(c->store, c->data, &c->keys, &e))
        return failed(c, &e);
    return VERBS[i].run(c);
}

int cli_keys(int argc, char **argv)
{
    command c = {.verb = argc > 1 ? argv[1] : ""};
    const struct passwd *user = getpwuid(geteuid());
    wb_buf actor;
    if (strcmp(c.verb, "--help") == 0 || strcmp(c.verb, "-h") == 0 || strcmp(c.verb, "help") == 0) {
        fputs(HELP, stdout);
        return 0;
    }
    wb_buf_init(&actor, sizeof c.actor - 1);
    wb_buf_puts(&actor, "{\"id\":");
    wb_buf_put_json(&actor, wb_str_of(user ? user->pw_name : "unknown"));
    wb_buf_puts(&actor, ",\"via\":\"cli\"}");
    snprintf(c.actor, sizeof c.actor, "%s", actor.failed ? "{}" : wb_buf_cstr(&actor));
    wb_buf_free(&actor);
    int code = run(&c, argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv);
    keys_close(c.keys);
    store_close(c.store);
    return code;
}
