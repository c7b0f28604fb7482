/* writ-diff-builtins: calls of every built-in function, drawn at random, asked of OPA and of ours.
 * README.md is the manual. */
#include "base/buf.h"
#include "base/error.h"
#include "conformance/diff/builtins/ask.h"
#include "conformance/diff/builtins/draw.h"
#include "stdlib/builtin.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: writ-diff-builtins --oracle PATH [options]\n"
                            "  --only NAMES   functions, divided by commas; a name that ends with "
                            "* takes all that begin so\n"
                            "  --draws N      calls of each function (1000)\n"
                            "  --from K       number of the first draw (0)\n"
                            "  --seed S       (1)\n"
                            "  --show N       differences shown of each function (3)\n"
                            "  --texts        show also errors that differ in their text alone\n"
                            "  --json FILE    write every difference as a JSON line\n"
                            "  --list         print the draws and ask nobody\n"
                            "  --rules DIR    folder of the rules\n"
                            "Status: 0 no difference, 1 some, 2 the run itself went wrong.\n";

typedef struct options {
    const char *oracle, *only, *json, *rules;
    uint64_t draws, from, seed, show;
    bool texts, list;
} options;

typedef struct counts {
    size_t draws, meaningful, silent, differ, texts, fickle, meant;
} counts;

static bool wanted(const char *only, const char *name)
{
    if (!only)
        return true;
    for (const char *p = only; *p;) {
        size_t n = strcspn(p, ",");
        bool prefix = n && p[n - 1] == '*';
        if (prefix ? strncmp(p, name, n - 1) == 0 : strlen(name) == n && strncmp(p, name, n) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

/* ---- questions ---- */

/* `call` with input[I] replaced by the argument itself, or as it is with the input behind it. */
static char *query_of(const char *function, const dr_draw *d, bool inlined)
{
    wb_buf b;
    wb_buf_init(&b, 4 * DR_TEXT_MAX);
    if (d->call) {
        for (const char *p = d->call; *p;) {
            unsigned i;
            int used = 0;
            if (inlined && sscanf(p, "input[%u]%n", &i, &used) == 1 && used && i < d->n) {
                wb_buf_put_str(&b, dr_arg(d, i));
                p += used;
            } else {
                wb_buf_putc(&b, *p++);
            }
        }
    } else {
        wb_buf_putf(&b, "x = %s(", function);
        for (unsigned i = 0; i < d->n; i++) {
            wb_buf_puts(&b, i ? ", " : "");
            if (inlined)
                wb_buf_put_str(&b, dr_arg(d, i));
            else
                wb_buf_putf(&b, "input[%u]", i);
        }
        wb_buf_puts(&b, ")");
    }
    if (!inlined && d->n) {
        wb_buf_puts(&b, " with input as [");
        for (unsigned i = 0; i < d->n; i++) {
            wb_buf_puts(&b, i ? ", " : "");
            wb_buf_put_str(&b, dr_arg(d, i));
        }
        wb_buf_puts(&b, "]");
    }
    return wb_buf_detach(&b, NULL);
}

static bd_question *questions(const options *o, const dr_rules *rules, const char *function)
{
    bd_question *list = wb_calloc(o->draws, sizeof *list);
    dr_draw d;
    dr_draw_init(&d);
    for (uint64_t i = 0; i < o->draws; i++) {
        dr_make(rules, function, o->seed, o->from + i, &d);
        list[i].query[BD_STRICT] = query_of(function, &d, false);
        list[i].query[BD_LOOSE] = wb_strdup(list[i].query[BD_STRICT]);
        list[i].query[BD_INLINED] = query_of(function, &d, true);
        if (d.module.n)
            list[i].module = wb_strndup(d.module.p, d.module.n);
    }
    dr_draw_clear(&d);
    return list;
}

static void free_questions(bd_question *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i].module);
        for (int way = 0; way < BD_WAYS; way++) {
            free(list[i].query[way]);
            bd_answer_clear(&list[i].ours[way]);
            bd_answer_clear(&list[i].theirs[way]);
        }
    }
    free(list);
}

/* ---- judging ---- */

static const char *shown(const bd_answer *a, wb_buf *b)
{
    static const char *const kinds[] = {"(not said)", "value ", "undefined", "error ", "crash "};
    wb_buf_clear(b);
    wb_buf_putf(b, "%s%s%s%s", kinds[a->kind], a->code ? a->code : "",
                a->kind == BD_ERROR ? ": " : "", a->text ? a->text : "");
    return wb_buf_cstr(b);
}

/* Constants meet the type checker first; what it says is not the function's business. */
static bool compared(const bd_question *q, int way)
{
    const bd_answer *ours = &q->ours[way];
    if (way != BD_INLINED)
        return q->theirs[way].kind != BD_NONE && ours->kind != BD_NONE;
    return q->theirs[BD_STRICT].kind != BD_NONE && ours->kind != BD_NONE &&
           !(ours->kind == BD_ERROR && strncmp(ours->code, "rego_", 5) == 0);
}

/* Whether the oracle saw more than an operand of another type. */
static bool meaningful(const bd_answer *a)
{
    return a->kind != BD_NONE && !(a->kind == BD_ERROR && strstr(a->text, ": operand ") &&
                                   strcmp(a->code, "eval_type_error") == 0);
}

/* What differs on purpose, as docs/differences.md names it: schemas of other documents, and colons
 * before the end of a part of YAML. */
static bool meant(const bd_answer *ours)
{
    return (ours->kind == BD_VALUE &&
            strstr(ours->text, "jsonschema: remote reference loading disabled: ")) ||
           (ours->kind == BD_ERROR && strstr(ours->text, ": found unexpected ':'"));
}

static void report(const options *o, FILE *json, const char *function, uint64_t number,
                   const bd_question *q, int way, bool show)
{
    static const char *const ways[] = {"strict", "loose", "inlined"};
    const bd_answer *theirs = &q->theirs[way == BD_INLINED ? BD_STRICT : way];
    wb_buf a, b;
    wb_buf_init(&a, 4 * DR_TEXT_MAX);
    wb_buf_init(&b, 4 * DR_TEXT_MAX);
    shown(theirs, &a);
    shown(&q->ours[way], &b);
    if (show) {
        printf("%s %llu %s: %.600s\n  OPA  %.600s\n  ours %.600s\n", function,
               (unsigned long long)number, ways[way], q->query[way], wb_buf_cstr(&a),
               wb_buf_cstr(&b));
        if (q->module)
            printf("  in\n%s\n", q->module);
    }
    if (json) {
        json_t *line = json_pack("{s:s,s:I,s:s,s:s,s:s,s:s}", "function", function, "draw",
                                 (json_int_t)(number), "way", ways[way], "query", q->query[way],
                                 "opa", wb_buf_cstr(&a), "ours", wb_buf_cstr(&b));
        if (line && q->module)
            json_object_set_new(line, "module", json_string(q->module));
        if (line)
            json_dumpf(line, json, JSON_COMPACT);
        fputc('\n', json);
        json_decref(line);
    }
    wb_buf_free(&a);
    wb_buf_free(&b);
    (void)o;
}

/* How often OPA is asked once more where it answered something else: what it draws from a map of
 * Go's comes in any order. */
enum {
    ASKED_AGAIN = 60,
    TEXTS_AGAIN = 10 /* texts of a function: the rest are seen by then */
};

/* Whether OPA gives our answer, too, when it is asked again and again. */
static bool fickle(bd_oracle *oracle, const bd_question *q, int way, bool with_text)
{
    bd_question *list = wb_calloc(ASKED_AGAIN, sizeof *list);
    for (size_t i = 0; i < ASKED_AGAIN; i++) {
        list[i].module = q->module ? wb_strdup(q->module) : NULL;
        for (int w = 0; w < BD_WAYS; w++)
            list[i].query[w] = wb_strdup(q->query[w]);
    }
    const bd_answer *ours = &q->ours[way];
    bool found = false;
    if (ours->kind != BD_CRASH && bd_ask_oracle(oracle, list, ASKED_AGAIN))
        for (size_t i = 0; i < ASKED_AGAIN && !found; i++) {
            const bd_answer *theirs = &list[i].theirs[way == BD_INLINED ? BD_STRICT : way];
            found = bd_same(ours, theirs) && (!with_text || strcmp(ours->text, theirs->text) == 0);
        }
    free_questions(list, ASKED_AGAIN);
    return found;
}

static counts judge(const options *o, bd_oracle *oracle, FILE *json, const char *function,
                    const bd_question *list)
{
    counts c = {.draws = o->draws};
    for (uint64_t i = 0; i < o->draws; i++) {
        const bd_question *q = &list[i];
        bool differ = false, text = false;
        c.meaningful += meaningful(&q->theirs[BD_STRICT]);
        c.silent += q->theirs[BD_STRICT].kind == BD_NONE;
        for (int way = 0; way < BD_WAYS && !differ && !text; way++) {
            const bd_answer *ours = &q->ours[way],
                            *theirs = &q->theirs[way == BD_INLINED ? BD_STRICT : way];
            if (ours->kind != BD_CRASH && !compared(q, way))
                continue;
            /* A budget has a text of its own (docs/differences.md). */
            differ = !bd_same(ours, theirs);
            if (differ && meant(ours)) {
                differ = false;
                c.meant++;
                break;
            }
            text = !differ && ours->kind == BD_ERROR && strcmp(ours->text, theirs->text) != 0 &&
                   strcmp(ours->code, "eval_cancel_error") != 0;
            if ((differ || (text && c.texts < TEXTS_AGAIN)) && fickle(oracle, q, way, text)) {
                differ = text = false;
                c.fickle++;
            }
            if (differ || (text && o->texts))
                report(o, json, function, o->from + i, q, way,
                       (differ ? c.differ : c.texts) < o->show);
        }
        c.differ += differ;
        c.texts += text;
    }
    return c;
}

static counts run_one(const options *o, const dr_rules *rules, bd_oracle *oracle, FILE *json,
                      const char *function)
{
    counts c = {0};
    bd_question *list = questions(o, rules, function);
    if (o->list) {
        for (uint64_t i = 0; i < o->draws; i++)
            printf("%s\n", list[i].query[BD_STRICT]);
    } else {
        bd_ask_ours(list, o->draws);
        if (bd_ask_oracle(oracle, list, o->draws))
            c = judge(o, oracle, json, function, list);
    }
    free_questions(list, o->draws);
    return c;
}

static int run(const options *o, const dr_rules *rules, bd_oracle *oracle, FILE *json)
{
    ws_registry *r = ws_registry_new();
    counts all = {0};
    size_t functions = 0, unknown = 0;
    for (size_t i = 0; i < ws_registry_count(r); i++) {
        const char *name = ws_registry_at(r, i)->name;
        if (!wanted(o->only, name))
            continue;
        if (!dr_knows(rules, name)) {
            printf("%-48s no rules\n", name);
            unknown++;
            continue;
        }
        counts c = run_one(o, rules, oracle, json, name);
        if (o->list)
            continue;
        printf(
            "%-48s %6zu draws %6zu meaningful %6zu unsaid %6zu fickle %6zu meant %6zu differences "
            "%6zu texts\n",
            name, c.draws, c.meaningful, c.silent, c.fickle, c.meant, c.differ, c.texts);
        fflush(stdout);
        functions++;
        all.draws += c.draws;
        all.meaningful += c.meaningful;
        all.silent += c.silent;
        all.differ += c.differ;
        all.texts += c.texts;
        all.fickle += c.fickle;
        all.meant += c.meant;
    }
    if (!o->list)
        printf("%zu functions: %zu draws, %zu meaningful, %zu unsaid, %zu fickle, %zu meant, "
               "%zu differences, %zu texts\n",
               functions, all.draws, all.meaningful, all.silent, all.fickle, all.meant, all.differ,
               all.texts);
    ws_registry_free(r);
    return unknown ? 2 : all.differ ? 1 : 0;
}

static bool read_options(int argc, char **argv, options *o)
{
    static const struct option names[] = {
        {"oracle", required_argument, NULL, 'o'}, {"only", required_argument, NULL, 'n'},
        {"draws", required_argument, NULL, 'd'},  {"from", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},   {"show", required_argument, NULL, 'w'},
        {"texts", no_argument, NULL, 't'},        {"json", required_argument, NULL, 'j'},
        {"list", no_argument, NULL, 'l'},         {"rules", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'o': o->oracle = optarg; break;
        case 'n': o->only = optarg; break;
        case 'd': o->draws = strtoull(optarg, NULL, 10); break;
        case 'f': o->from = strtoull(optarg, NULL, 10); break;
        case 's': o->seed = strtoull(optarg, NULL, 10); break;
        case 'w': o->show = strtoull(optarg, NULL, 10); break;
        case 't': o->texts = true; break;
        case 'j': o->json = optarg; break;
        case 'l': o->list = true; break;
        case 'r': o->rules = optarg; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: return false;
        }
    }
    return optind == argc && o->draws && (o->oracle || o->list);
}

int main(int argc, char **argv)
{
    options o = {.draws = 1000, .seed = 1, .show = 3, .rules = DRAWS_FOLDER};
    if (!read_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    dr_rules *rules = dr_rules_new(o.rules);
    if (!rules)
        return 2;
    bd_oracle *oracle = o.list ? NULL : bd_oracle_new(o.oracle);
    FILE *json = o.json ? fopen(o.json, "w") : NULL;
    int status = run(&o, rules, oracle, json);
    if (json)
        fclose(json);
    if (oracle)
        bd_oracle_free(oracle);
    dr_rules_free(rules);
    return status;
}
