#include "cli/options.h"
#include "cli/text.h"

#include "base/buf.h"
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)1 << 20) /* bytes of a help page or an error text */

static const cli_option HELP = {"help", 'h', CLI_BOOL, NULL, NULL, ""};

/* ---- help ---- */

static const char *const KIND_NAMES[] = {"", "string", "string", "strings", "", "int", "duration"};

/* "  -f, --format {json,raw}" */
static void flag_text(wb_buf *b, const cli_option *o)
{
    if (o->letter)
        wb_buf_putf(b, "  -%c, --%s", o->letter, o->name);
    else
        wb_buf_putf(b, "      --%s", o->name);
    if (o->kind == CLI_CHOICE)
        wb_buf_putf(b, " {%s}", o->choices);
    else if (o->kind != CLI_BOOL)
        wb_buf_putf(b, " %s", KIND_NAMES[o->kind]);
}

static void put_usage(wb_buf *b, const cli_command *c)
{
    size_t width = 0;
    wb_buf left;
    wb_buf_init(&left, TEXT_MAX);
    wb_buf_putf(b, "Usage:\n  writ %s %s\n", c->name, c->operands);
    if (c->examples)
        wb_buf_putf(b, "\nExamples:\n%s", c->examples);
    wb_buf_puts(b, "\nFlags:\n");
    for (int pass = 0; pass < 2; pass++) {
        for (const cli_option *o = c->options;; o++) {
            bool last = !o->name;
            const cli_option *row = last ? &HELP : o;
            if (row->help) {
                wb_buf_clear(&left);
                flag_text(&left, row);
                if (left.n > width)
                    width = left.n;
                if (pass == 1) {
                    wb_buf_putf(b, "%-*s   ", (int)width, wb_buf_cstr(&left));
                    if (last)
                        wb_buf_putf(b, "help for %s", c->name);
                    else
                        wb_buf_puts(b, row->help);
                    if (row->initial && *row->initial)
                        wb_buf_putf(b, " (default %s)", row->initial);
                    wb_buf_putc(b, '\n');
                }
            }
            if (last)
                break;
        }
    }
    wb_buf_free(&left);
}

int cli_wrong(const cli_command *c, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    wb_buf_putf(&b, "Error: %s\n", text);
    put_usage(&b, c);
    wb_buf_putc(&b, '\n');
    cli_write(stderr, &b);
    wb_buf_free(&b);
    return 1;
}

static void help(const cli_command *c)
{
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    wb_buf_putf(&b, "%s\n", c->about);
    put_usage(&b, c);
    cli_write(stdout, &b);
    wb_buf_free(&b);
}

/* ---- values ---- */

static void add_item(cli_value *v, const char *text)
{
    v->items = wb_realloc(v->items, (v->n + 1) * sizeof *v->items);
    v->items[v->n++] = text;
}

static void add_list(cli_options *o, cli_value *v, const char *text)
{
    char *copy = wb_strdup(text), *rest = copy;
    o->owned = wb_realloc(o->owned, (o->n_owned + 1) * sizeof *o->owned);
    o->owned[o->n_owned++] = copy;
    for (char *item; *copy && (item = strsep(&rest, ","));)
        add_item(v, item);
}

static bool parse_bool(const char *text, bool *on)
{
    static const char *const words[2][6] = {{"0", "f", "F", "false", "FALSE", "False"},
                                            {"1", "t", "T", "true", "TRUE", "True"}};
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < 6; i++)
            if (!strcmp(text, words[side][i])) {
                *on = side;
                return true;
            }
    return false;
}

static bool parse_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 0);
    return *text && !isspace((unsigned char)*text) && !*end && !errno;
}

/* Go's durations: numbers with units, one after another. Why the text is none, or NULL. */
static const char *parse_duration(const char *text, int64_t *out, char *why, size_t room)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ns", 1},  {"us", 1e3}, {"\u00b5s", 1e3}, {"ms", 1e6},
                 {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
    double total = 0;
    const char *p = text + (*text == '-' || *text == '+');
    *out = 0;
    if (!strcmp(p, "0"))
        return NULL;
    snprintf(why, room, "time: invalid duration \"%s\"", text);
    if (!*p)
        return why;
    while (*p) {
        size_t whole = strspn(p, "0123456789"), i;
        size_t part = p[whole] == '.' ? 1 + strspn(p + whole + 1, "0123456789") : 0;
        if (whole + part == (part ? 1 : 0))
            return why;
        double n = strtod(p, NULL);
        p += whole + part;
        size_t letters = strcspn(p, ".0123456789");
        for (i = 0; i < sizeof units / sizeof *units; i++)
            if (strlen(units[i].unit) == letters && !strncmp(p, units[i].unit, letters))
                break;
        if (!letters)
            snprintf(why, room, "time: missing unit in duration \"%s\"", text);
        else if (i == sizeof units / sizeof *units)
            snprintf(why, room, "time: unknown unit \"%.*s\" in duration \"%s\"", (int)letters, p,
                     text);
        if (i == sizeof units / sizeof *units)
            return why;
        total += n * units[i].ns;
        p += letters;
    }
    if (*text == '-')
        total = -total;
    if (!(total > -9.2e18 && total < 9.2e18))
        return why;
    *out = (int64_t)total;
    return NULL;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);
    for (const char *p = choices; n && p; p = strchr(p, ','), p += p != NULL)
        if (!strncmp(p, text, n) && (p[n] == ',' || !p[n]))
            return true;
    return false;
}

/* Why the text is no value of the option, or NULL when it was taken. */
static const char *assign(cli_options *o, size_t row, const char *text, char *why, size_t room)
{
    const cli_option *opt = &o->command->options[row];
    cli_value *v = &o->values[row];
    if (!v->set)
        v->n = 0; /* the first text given replaces the default */
    v->set = true;
    switch (opt->kind) {
    case CLI_BOOL:
        if (parse_bool(text, &v->on))
            return NULL;
        snprintf(why, room, "strconv.ParseBool: parsing \"%s\": invalid syntax", text);
        return why;
    case CLI_STRING: v->text = text; return NULL;
    case CLI_REPEAT: add_item(v, text); return NULL;
    case CLI_LIST: add_list(o, v, text); return NULL;
    case CLI_CHOICE:
        v->text = text;
        if (is_choice(opt->choices, text))
            return NULL;
        snprintf(why, room, "must be one of {%s}", opt->choices);
        return why;
    case CLI_INT:
        if (parse_int(text, &v->number))
            return NULL;
        snprintf(why, room, "strconv.ParseInt: parsing \"%s\": %s", text,
                 errno == ERANGE ? "value out of range" : "invalid syntax");
        return why;
    case CLI_DURATION: return parse_duration(text, &v->number, why, room);
    }
    return NULL;
}

static int bad_value(const cli_command *c, const cli_option *opt, const char *before,
                     const char *text, const char *why)
{
    if (opt->letter)
        return cli_wrong(c, "%sinvalid argument \"%s\" for \"-%c, --%s\" flag: %s", before, text,
                         opt->letter, opt->name, why);
    return cli_wrong(c, "%sinvalid argument \"%s\" for \"--%s\" flag: %s", before, text, opt->name,
                     why);
}

static bool take(cli_options *o, size_t row, const char *text, int *status)
{
    char why[512];
    const char *wrong = assign(o, row, text, why, sizeof why);
    if (wrong)
        *status = bad_value(o->command, &o->command->options[row], "", text, wrong);
    return !wrong;
}

/* ---- the line ---- */

static bool is_help(const cli_command *c, int *status)
{
    help(c);
    *status = 0;
    return false;
}

static bool long_flag(cli_options *o, int argc, char **argv, int *i, int *status)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name), row = 0;
    if (!n || *name == '-') {
        *status = cli_wrong(o->command, "bad flag syntax: %s", argv[*i]);
        return false;
    }
    const cli_option *opts = o->command->options;
    while (opts[row].name && (strlen(opts[row].name) != n || strncmp(opts[row].name, name, n)))
        row++;
    if (!opts[row].name) {
        if (n == 4 && !strncmp(name, "help", 4))
            return is_help(o->command, status);
        *status = cli_wrong(o->command, "unknown flag: --%.*s", (int)n, name);
        return false;
    }
    if (equals)
        return take(o, row, equals + 1, status);
    if (opts[row].kind == CLI_BOOL)
        return take(o, row, "true", status);
    if (*i + 1 < argc)
        return take(o, row, argv[++*i], status);
    *status = cli_wrong(o->command, "flag needs an argument: --%s", opts[row].name);
    return false;
}

static bool letters(cli_options *o, int argc, char **argv, int *i, int *status)
{
    const char *group = argv[*i] + 1;
    const cli_option *opts = o->command->options;
    for (const char *p = group; *p; p++) {
        size_t row = 0;
        while (opts[row].name && opts[row].letter != *p)
            row++;
        if (!opts[row].name) {
            if (*p == 'h')
                return is_help(o->command, status);
            *status = cli_wrong(o->command, "unknown shorthand flag: '%c' in -%s", *p, group);
            return false;
        }
        if (p[1] == '=')
            return take(o, row, p + 2, status);
        if (opts[row].kind == CLI_BOOL) {
            if (!take(o, row, "true", status))
                return false;
            continue;
        }
        if (p[1])
            return take(o, row, p + 1, status);
        if (*i + 1 < argc)
            return take(o, row, argv[++*i], status);
        *status = cli_wrong(o->command, "flag needs an argument: '%c' in -%s", *p, group);
        return false;
    }
    return true;
}

static bool environment(cli_options *o, int *status)
{
    for (size_t row = 0; o->command->options[row].name; row++) {
        const cli_option *opt = &o->command->options[row];
        char name[128];
        snprintf(name, sizeof name, "WRIT_%s_%s", o->command->name, opt->name);
        for (char *p = name; *p; p++)
            *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
        const char *text = getenv(name);
        if (!text || !*text || o->values[row].set)
            continue;
        char why[512];
        const char *wrong = assign(o, row, text, why, sizeof why);
        if (wrong) {
            *status =
                bad_value(o->command, opt,
                          "error mapping environment variables to command flags: ", text, wrong);
            return false;
        }
    }
    return true;
}

bool cli_parse_options(cli_options *o, const cli_command *command, int argc, char **argv,
                       int *status)
{
    size_t rows = 0;
    char why[512];
    *o = (cli_options){.command = command};
    while (command->options[rows].name)
        rows++;
    o->values = wb_calloc(rows + 1, sizeof *o->values);
    o->rest = wb_calloc((size_t)argc + 1, sizeof *o->rest);
    for (size_t i = 0; i < rows; i++) {
        o->values[i].text = "";
        if (command->options[i].initial)
            assign(o, i, command->options[i].initial, why, sizeof why);
        o->values[i].set = false;
    }
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--")) {
            for (i++; i < argc; i++)
                o->rest[o->n_rest++] = argv[i];
        } else if (argv[i][0] == '-' && argv[i][1] == '-') {
            if (!long_flag(o, argc, argv, &i, status))
                return false;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            if (!letters(o, argc, argv, &i, status))
                return false;
        } else {
            o->rest[o->n_rest++] = argv[i];
        }
    }
    return environment(o, status);
}

void cli_options_free(cli_options *o)
{
    for (size_t i = 0; o->command->options[i].name; i++)
        free(o->values[i].items);
    for (size_t i = 0; i < o->n_owned; i++)
        free(o->owned[i]);
    free(o->owned);
    free(o->values);
    free(o->rest);
}
