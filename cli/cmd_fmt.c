/* writ fmt: Rego files in their one layout. */
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/text.h"

#include "parser/format.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE, LIST, DIFF, FAIL, CHECK, DROP, V0V1, REGOV1, V0, V1, CAPABILITIES, N_OPTIONS };

static const cli_option OPTIONS[] = {
    [WRITE] = {"write", 'w', CLI_BOOL, NULL, NULL, "overwrite the original source file"},
    [LIST] = {"list", 'l', CLI_BOOL, NULL, NULL, "list all files who would change when formatted"},
    [DIFF] = {"diff", 'd', CLI_BOOL, NULL, NULL, "only display a diff of the changes"},
    [FAIL] = {"fail", 0, CLI_BOOL, NULL, NULL, "non zero exit code on reformat"},
    [CHECK] = {"check-result", 0, CLI_BOOL, "true", NULL,
               "assert that the formatted code is valid and can be successfully parsed"},
    [DROP] = {"drop-v0-imports", 0, CLI_BOOL, NULL, NULL,
              "drop v0 imports from the formatted code, such as 'rego.v1' and 'future.keywords'"},
    [V0V1] = {"v0-v1", 0, CLI_BOOL, NULL, NULL,
              "format module(s) to be compatible with both Rego v0 and v1"},
    [REGOV1] = {"rego-v1", 0, CLI_BOOL, NULL, NULL, NULL},
    [V0] = {"v0-compatible", 0, CLI_BOOL, NULL, NULL, "read and write Rego v0"},
    [V1] = {"v1-compatible", 0, CLI_BOOL, NULL, NULL, NULL},
    [CAPABILITIES] = {"capabilities", 0, CLI_STRING, NULL, NULL,
                      "set capabilities version or capabilities.json file path"},
    [N_OPTIONS] = {0},
};

static const cli_command COMMAND = {
    .name = "fmt",
    .operands = "[path [...]] [flags]",
    .about =
        "Write Rego files in their one layout. Without a path, standard input goes to standard\n"
        "output.\n",
    .examples = "  $ writ fmt policy.rego\n"
                "  $ writ fmt -w policies/\n"
                "  $ writ fmt --list --fail policies/\n",
    .options = OPTIONS,
};

typedef struct job {
    const cli_value *v;
    wp_options parse;
    wp_format_options format;
    wp_options check; /* how the result must read */
} job;

static job job_of(const cli_value *v)
{
    job j = {.v = v};
    bool both = v[V0V1].on || v[REGOV1].on;
    j.parse.version = v[V0].on ? WP_V0 : !v[V1].on && both ? WP_V0 : WP_V1;
    j.format.least = v[V0].on || both ? WP_V0 : WP_V1;
    j.format.most = both ? WP_V1 : j.format.least;
    j.format.drop_imports = v[DROP].on;
    j.check.version = j.format.least;
    return j;
}

/* The formatted text must read again, and say what the source says. */
static bool check_result(const job *j, cli_load *l, wb_str text, wb_str formatted)
{
    wp_module *before, *after;
    if (wp_parse_module(&l->arena, WB_LIT("formatted"), formatted, &j->check, &after, &l->diags) !=
            WB_OK ||
        wp_parse_module(&l->arena, WB_LIT("source"), text, &j->parse, &before, &l->diags) != WB_OK)
        return false;
    const char *lost = wp_format_difference(before, after);
    if (lost)
        wp_report(&l->diags, WP_FORMAT_ERROR, NULL, (wp_loc){0}, "%s", lost);
    return !lost;
}

static void print_diags(cli_load *l)
{
    wb_buf b;
    wb_buf_init(&b, CLI_OUTPUT_MAX);
    cli_take_diags(l);
    cli_print_errors(&b, l);
    cli_write(stderr, &b);
    wb_buf_free(&b);
}

/* A failure of one file: a sentence, and the diagnostics behind it. Answers the exit status. */
static int fail(cli_load *l, const char *before, const char *path, const char *after)
{
    fprintf(stderr, "%s%s%s", before, path, after);
    if (l && l->diags.n)
        print_diags(l);
    else
        fputs("\n", stderr);
    return CLI_FAILED;
}

/* The lines that differ, between those that both ends have in common, coloured as a diff. */
static void put_diff(wb_str a, wb_str b)
{
    size_t start = 0, end = 0;
    while (start < a.n && start < b.n && a.p[start] == b.p[start])
        start++;
    while (end < a.n - start && end < b.n - start && a.p[a.n - 1 - end] == b.p[b.n - 1 - end])
        end++;
    fwrite(a.p, 1, start, stdout);
    if (a.n - end > start)
        printf("\x1b[31m%.*s\x1b[0m", (int)(a.n - end - start), a.p + start);
    if (b.n - end > start)
        printf("\x1b[32m%.*s\x1b[0m", (int)(b.n - end - start), b.p + start);
    fwrite(a.p + a.n - end, 1, end, stdout);
    fputs("\n", stdout);
}

static int overwrite(const char *path, wb_str text)
{
    FILE *out = fopen(path, "wb");
    if (!out)
        return fail(NULL, "failed to open file for writing: ", path, "");
    bool ok = fwrite(text.p, 1, text.n, out) == text.n;
    if (fclose(out) != 0 || !ok)
        return fail(NULL, "failed writing formatted contents: ", path, "");
    return CLI_OK;
}

static int deliver(const job *j, const char *path, wb_str text, wb_buf *out)
{
    const cli_value *v = j->v;
    wb_str formatted = wb_buf_str(out);
    bool changed = !wb_str_eq(text, formatted);
    if (changed && v[LIST].on)
        printf("%s\n", path);
    else if (changed && v[DIFF].on)
        put_diff(text, formatted);
    if (changed && v[FAIL].on)
        return fail(NULL, "unexpected diff", "", "");
    if (v[LIST].on || v[DIFF].on || (v[WRITE].on && !changed))
        return CLI_OK;
    if (v[WRITE].on)
        return overwrite(path, formatted);
    cli_write(stdout, out);
    return CLI_OK;
}

static int format_one(const job *j, cli_load *l, const char *path)
{
    wb_str text;
    wb_buf out;
    int status;
    wb_buf_init(&out, WP_FORMAT_TEXT_MAX);
    if (!cli_read_file(l, &l->arena, path, &text)) {
        status = fail(NULL, "failed to open file: ", path, "");
    } else if (wp_format_text(&l->arena, wb_str_of(path), text, &j->parse, &j->format, &out,
                              &l->diags) != WB_OK) {
        status = fail(l, "failed to format Rego source file: ", "", "");
    } else if (j->v[CHECK].on && !check_result(j, l, text, wb_buf_str(&out))) {
        status = fail(l, "", path, " was successfully formatted, but the result is invalid: ");
        fputs("\nTo inspect the formatted Rego, you can turn off this check with "
              "--check-result=false.\n",
              stderr);
    } else {
        status = deliver(j, path, text, &out);
    }
    wb_buf_free(&out);
    return status;
}

static int format_path(const job *j, const char *path, uint32_t depth);

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Paths are shown short: without `./` in front and slashes that say nothing. */
static char *join(const char *path, const char *name)
{
    char *out;
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; *path == '/'; path++)
            ;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    bool here = !n || (n == 1 && *path == '.');
    bool slash = !here && path[n - 1] != '/';
    if (asprintf(&out, "%.*s%s%s", here ? 0 : (int)n, path, slash ? "/" : "", name) < 0)
        wb_fatal("no memory for a path");
    return out;
}

static int format_folder(const job *j, const char *path, uint32_t depth)
{
    struct dirent **names;
    if (depth >= CLI_DEPTH_MAX) {
        fprintf(stderr, "%s: folders are nested too deeply\n", path);
        return CLI_WRONG;
    }
    int n = scandir(path, &names, NULL, by_name), status = CLI_OK;
    if (n < 0) {
        fprintf(stderr, "open %s: %s\n", path, strerror(errno));
        return CLI_WRONG;
    }
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        char *below = NULL;
        if (!status && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            below = join(path, name);
            status = format_path(j, below, depth + 1);
            free(below);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

/* A folder's Rego files in the order of names; links to folders are not followed. */
static int format_path(const job *j, const char *path, uint32_t depth)
{
    struct stat st;
    size_t n = strlen(path);
    if (lstat(path, &st) != 0) {
        fprintf(stderr, "lstat %s: %s\n", path,
                errno == ENOENT ? "no such file or directory" : strerror(errno));
        return CLI_WRONG;
    }
    if (S_ISDIR(st.st_mode))
        return format_folder(j, path, depth);
    if (n < 5 || strcmp(path + n - 5, ".rego") != 0)
        return CLI_OK;
    cli_load l;
    cli_load_init(&l, 0);
    int status = format_one(j, &l, path);
    cli_load_free(&l);
    return status;
}

/* As OPA, standard input takes no flag but the versions, and its result is printed. A result that
 * says something else than the source is never printed unasked: who pipes a file through this
 * writes over it. */
static int format_stdin(const job *j)
{
    cli_load l;
    wb_str text;
    wb_buf out;
    wp_format_options format = j->format;
    cli_load_init(&l, 0);
    wb_buf_init(&out, WP_FORMAT_TEXT_MAX);
    format.drop_imports = false;
    bool ok = cli_read_stream(&l, &l.arena, stdin, "stdin", &text) &&
              wp_format_text(&l.arena, WB_LIT("stdin"), text, &j->parse, &format, &out, &l.diags) ==
                  WB_OK &&
              (!j->v[CHECK].on || check_result(j, &l, text, wb_buf_str(&out)));
    if (ok)
        cli_write(stdout, &out);
    else
        print_diags(&l);
    wb_buf_free(&out);
    cli_load_free(&l);
    return ok ? CLI_OK : CLI_WRONG;
}

static int run(const cli_options *o)
{
    job j = job_of(o->values);
    if (o->values[CAPABILITIES].set)
        return cli_wrong(&COMMAND, "--capabilities is not supported here");
    if (!o->n_rest)
        return format_stdin(&j);
    int status = CLI_OK;
    for (size_t i = 0; i < o->n_rest && status == CLI_OK; i++)
        status = format_path(&j, o->rest[i], 0);
    return status;
}

int cli_fmt(int argc, char **argv)
{
    cli_options o;
    int status = CLI_OK;
    if (cli_parse_options(&o, &COMMAND, argc, argv, &status))
        status = run(&o);
    cli_options_free(&o);
    return status;
}
