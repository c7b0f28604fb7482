/* Tokens to a tree: blocks, pipelines, commands, operands; the templates that a text defines. */
#include "base/error.h"
#include "base/utf8.h"
#include "stdlib/args.h"
#include "stdlib/template/constant.h"
#include "stdlib/template/functions.h"
#include "stdlib/template/lex.h"
#include "stdlib/template/tree.h"
#include "stdlib/unicode.h"

#include <stdlib.h>

#define POOL_BLOCK ((size_t)4096)

/* ---- the tree's memory ---- */

typedef struct block {
    struct block *next;
    size_t used, size;
    char bytes[];
} block;

struct wt_pool {
    block *blocks;
    size_t total;
};

typedef struct named {
    wb_str name;
    wt_node *body;
    struct named *next;
} named;

struct wt_tree {
    wt_pool pool;
    wb_str text;
    named *named;
};

void *wt_alloc(wt_pool *p, size_t n)
{
    n = (n + 7) & ~(size_t)7;
    block *b = p->blocks;
    if (!b || b->size - b->used < n) {
        size_t size = n > POOL_BLOCK ? n : POOL_BLOCK;
        if (p->total > WT_TREE_BYTES_MAX || size > WT_TREE_BYTES_MAX - p->total)
            return NULL;
        p->total += size;
        b = wb_calloc(1, sizeof *b + size);
        b->size = size;
        b->next = p->blocks;
        p->blocks = b;
    }
    void *at = b->bytes + b->used;
    b->used += n;
    return at;
}

void wt_free(wt_tree *t)
{
    if (!t)
        return;
    for (block *b = t->pool.blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(t);
}

wb_str wt_text(const wt_tree *t)
{
    return t->text;
}

static named *find(const wt_tree *t, wb_str name)
{
    named *n = t->named;
    while (n && !wb_str_eq(n->name, name))
        n = n->next;
    return n;
}

const wt_node *wt_find(const wt_tree *t, wb_str name)
{
    named *n = find(t, name);
    return n ? n->body : NULL;
}

/* ---- the parser ---- */

/* A template while it is read: the text itself, or what it defines. */
typedef struct unit {
    wt_token tokens[3]; /* the last one read, and those put back */
    unsigned back;      /* how many of them are to be read again */
    size_t action_line; /* where the action began; 0 outside */
    unsigned ranges;
    wb_str *vars;
    size_t n_vars, room;
} unit;

typedef struct parser {
    wt_tree *tree;
    wt_lexer lexer;
    unit *u;
    unsigned depth;
    wb_buf *error;
    bool failed, limit;
} parser;

static void *past_limit(parser *p)
{
    p->failed = p->limit = true;
    return NULL;
}

static void *alloc(parser *p, size_t n)
{
    void *at = wt_alloc(&p->tree->pool, n);
    return at ? at : past_limit(p);
}

/* Starts the text of an error; NULL: there is one already. */
static wb_buf *failing(parser *p)
{
    if (p->failed)
        return NULL;
    p->failed = true;
    wb_buf_putf(p->error, "%zu: ", p->u->tokens[0].line);
    return p->error;
}

static void *fail(parser *p, const char *why)
{
    wb_buf *b = failing(p);
    if (b)
        wb_buf_puts(b, why);
    return NULL;
}

static void *fail_quoted(parser *p, const char *front, wb_str what, const char *back)
{
    wb_buf *b = failing(p);
    if (b) {
        wb_buf_puts(b, front);
        ws_put_quoted(b, what);
        wb_buf_puts(b, back);
    }
    return NULL;
}

static void put_token(wb_buf *b, const wt_token *t)
{
    if (t->kind == WT_T_EOF) {
        wb_buf_puts(b, "EOF");
    } else if (t->kind > WT_T_KEYWORD) {
        wb_buf_putf(b, "<%.*s>", WB_FMT(t->text));
    } else if (t->text.n > 10) {
        size_t i = 0, used;
        for (unsigned runes = 0; i < t->text.n && runes < 10; runes++, i += used)
            wb_utf8_get(t->text.p + i, t->text.n - i, &used);
        ws_put_quoted(b, wb_str_n(t->text.p, i));
        wb_buf_puts(b, "...");
    } else {
        ws_put_quoted(b, t->text);
    }
}

static void *unexpected(parser *p, const wt_token *t, const char *context)
{
    wb_buf *b = failing(p);
    if (!b)
        return NULL;
    if (t->kind != WT_T_ERROR) {
        wb_buf_puts(b, "unexpected ");
        put_token(b, t);
        wb_buf_putf(b, " in %s", context);
        return NULL;
    }
    wb_buf_put_str(b, t->text);
    if (p->u->action_line && p->u->action_line != t->line)
        wb_buf_putf(b, "%s started at template:%zu",
                    wb_str_has_suffix(t->text, WB_LIT(" action")) ? "" : " in action",
                    p->u->action_line);
    return NULL;
}

static wt_token next(parser *p)
{
    unit *u = p->u;
    if (u->back)
        u->back--;
    else
        u->tokens[0] = wt_lex_next(&p->lexer);
    return u->tokens[u->back];
}

static wt_token peek(parser *p)
{
    unit *u = p->u;
    if (!u->back) {
        u->back = 1;
        u->tokens[0] = wt_lex_next(&p->lexer);
    }
    return u->tokens[u->back - 1];
}

static wt_token next_word(parser *p)
{
    wt_token t;
    do
        t = next(p);
    while (t.kind == WT_T_SPACE);
    return t;
}

static wt_token peek_word(parser *p)
{
    wt_token t = next_word(p);
    p->u->back++;
    return t;
}

/* Puts back t, and what was read behind it. */
static void back_two(parser *p, wt_token t)
{
    p->u->tokens[1] = t;
    p->u->back = 2;
}

static wt_node *node(parser *p, wt_kind kind, size_t at)
{
    wt_node *n = alloc(p, sizeof *n);
    if (n) {
        n->kind = (uint8_t)kind;
        n->at = (uint32_t)at;
    }
    return n;
}

static wt_node *node_of(parser *p, wt_kind kind, const wt_token *t)
{
    wt_node *n = node(p, kind, t->at);
    if (n)
        n->text = t->text;
    return n;
}

static void append(wt_node *list, wt_node *n)
{
    if (list->last)
        list->last->next = n;
    else
        list->first = n;
    list->last = n;
}

static void declare(parser *p, wb_str name)
{
    unit *u = p->u;
    if (u->n_vars == u->room) {
        u->room = u->room ? 2 * u->room : 8;
        u->vars = wb_realloc(u->vars, u->room * sizeof *u->vars);
    }
    u->vars[u->n_vars++] = name;
}

static bool expect(parser *p, wt_token_kind kind, const char *context)
{
    wt_token t = next_word(p);
    if (t.kind != kind)
        unexpected(p, &t, context);
    return !p->failed;
}

static bool deeper(parser *p)
{
    if (++p->depth > WT_PARSE_DEPTH_MAX)
        past_limit(p);
    return !p->failed;
}

/* ---- operands ---- */

static wt_node *pipeline(parser *p, const char *context, wt_token_kind end);

static wt_node *variable(parser *p, const wt_token *t)
{
    for (size_t i = 0; i < p->u->n_vars; i++)
        if (wb_str_eq(p->u->vars[i], t->text))
            return node_of(p, WT_VARIABLE, t);
    return fail_quoted(p, "undefined variable ", t->text, "");
}

static wb_str *add_name(parser *p, wt_node *n, wb_str name)
{
    /* Rooms double, so that a long chain costs little more than its names. */
    if ((n->n_names & (n->n_names - 1)) == 0) {
        wb_str *more = alloc(p, (n->n_names ? 2 * n->n_names : 1) * sizeof *more);
        if (!more)
            return NULL;
        if (n->n_names)
            memcpy(more, n->names, n->n_names * sizeof *more);
        n->names = more;
    }
    n->names[n->n_names++] = name;
    return n->names;
}

static wt_node *string(parser *p, const wt_token *t, wb_str *to)
{
    wt_node *n = node_of(p, WT_STRING, t);
    if (n && !wt_unquote(&p->tree->pool, t->text, to ? to : &n->string))
        return p->tree->pool.total >= WT_TREE_BYTES_MAX ? past_limit(p) : fail(p, "invalid syntax");
    return n;
}

static wt_node *constant(parser *p, const wt_token *t)
{
    wt_node *n = node_of(p, WT_NUMBER, t);
    const char *why = n ? wt_read_number(n, t->kind == WT_T_RUNE, t->kind == WT_T_COMPLEX) : NULL;
    if (!why)
        return n;
    if (strstr(why, "number syntax") || strstr(why, "overflow"))
        return fail_quoted(p, why, t->text, "");
    wb_buf *b = failing(p);
    if (b)
        wb_buf_puts(b, why);
    if (b && strchr(why, ':'))
        wb_buf_put_str(b, t->text);
    return NULL;
}

/* NULL without an error: no operand stands here. */
static wt_node *term(parser *p)
{
    wt_token t = next_word(p);
    wt_node *n;
    switch (t.kind) {
    case WT_T_IDENTIFIER:
        if (!wt_function(t.text))
            return fail_quoted(p, "function ", t.text, " not defined");
        return node_of(p, WT_IDENTIFIER, &t);
    case WT_T_DOT: return node_of(p, WT_DOT, &t);
    case WT_T_NIL: return node_of(p, WT_NIL, &t);
    case WT_T_VARIABLE: return variable(p, &t);
    case WT_T_FIELD:
        n = node_of(p, WT_FIELD, &t);
        if (n)
            add_name(p, n, wb_str_n(t.text.p + 1, t.text.n - 1));
        return n;
    case WT_T_BOOL:
        n = node_of(p, WT_BOOL, &t);
        if (n)
            n->truth = t.text.p[0] == 't';
        return n;
    case WT_T_RUNE:
    case WT_T_COMPLEX:
    case WT_T_NUMBER: return constant(p, &t);
    case WT_T_LEFT:
        n = deeper(p) ? pipeline(p, "parenthesized pipeline", WT_T_RIGHT) : NULL;
        p->depth--;
        return n;
    case WT_T_RAW:
    case WT_T_STRING: return string(p, &t, NULL);
    default: p->u->back++; return NULL;
    }
}

/* An operand with the fields behind it. */
static wt_node *operand(parser *p)
{
    wt_node *n = term(p);
    if (p->failed || !n || peek(p).kind != WT_T_FIELD)
        return n;
    size_t at = peek(p).at;
    wt_node *of = n;
    if (n->kind != WT_FIELD && n->kind != WT_VARIABLE) {
        n = node(p, WT_CHAIN, at);
        if (n)
            n->inner = of;
    }
    while (n && !p->failed && peek(p).kind == WT_T_FIELD) {
        wb_str name = next(p).text;
        add_name(p, n, wb_str_n(name.p + 1, name.n - 1));
    }
    if (p->failed)
        return NULL;
    /* Errors of a path are told at its second part. */
    n->at = (uint32_t)at;
    if (of->kind == WT_BOOL || of->kind == WT_STRING || of->kind == WT_NUMBER ||
        of->kind == WT_NIL || of->kind == WT_DOT)
        return fail_quoted(p, "unexpected . after term ", of->text, "");
    return n;
}

static wt_node *command(parser *p)
{
    wt_node *c = node(p, WT_COMMAND, peek_word(p).at);
    while (c && !p->failed) {
        peek_word(p);
        wt_node *arg = operand(p);
        if (p->failed)
            return NULL;
        if (arg)
            append(c, arg);
        wt_token t = next(p);
        if (t.kind == WT_T_SPACE)
            continue;
        if (t.kind == WT_T_CLOSE || t.kind == WT_T_RIGHT)
            p->u->back++;
        else if (t.kind != WT_T_PIPE)
            unexpected(p, &t, "operand");
        break;
    }
    if (c && !p->failed && !c->first)
        fail(p, "empty command");
    return p->failed ? NULL : c;
}

/* ---- pipelines ---- */

static void add_declared(parser *p, wt_node *pipe, const wt_token *t)
{
    wt_node *v = node_of(p, WT_VARIABLE, t);
    if (!v)
        return;
    pipe->decl[pipe->n_decl++] = v;
    declare(p, t->text);
}

/* "$a :=", "$a, $b :=", "$a =" in front; nothing else is taken. */
static void declarations(parser *p, wt_node *pipe, const char *context)
{
    while (!p->failed && peek_word(p).kind == WT_T_VARIABLE) {
        wt_token v = next_word(p), behind = peek(p), sign = peek_word(p);
        if (sign.kind == WT_T_ASSIGN || sign.kind == WT_T_DECLARE) {
            pipe->assigns = sign.kind == WT_T_ASSIGN;
            next_word(p);
            add_declared(p, pipe, &v);
        } else if (sign.kind == WT_T_CHAR && wb_str_is(sign.text, ",")) {
            next_word(p);
            add_declared(p, pipe, &v);
            if (strcmp(context, "range") == 0 && pipe->n_decl < 2) {
                wt_token_kind more = peek_word(p).kind;
                if (more == WT_T_VARIABLE || more == WT_T_CLOSE || more == WT_T_RIGHT)
                    continue;
                fail(p, "range can only initialize variables");
            }
            wb_buf *b = failing(p);
            if (b)
                wb_buf_putf(b, "too many declarations in %s", context);
        } else if (behind.kind == WT_T_SPACE) {
            p->u->tokens[1] = behind;
            p->u->tokens[2] = v;
            p->u->back = 3;
        } else {
            back_two(p, v);
        }
        return;
    }
}

static void check_pipeline(parser *p, const wt_node *pipe, const char *context)
{
    wb_buf *b;
    if (!pipe->first) {
        if ((b = failing(p)))
            wb_buf_putf(b, "missing value for %s", context);
        return;
    }
    unsigned stage = 2;
    for (const wt_node *c = pipe->first->next; c; c = c->next, stage++) {
        wt_kind k = c->first->kind;
        if ((k == WT_BOOL || k == WT_DOT || k == WT_NIL || k == WT_NUMBER || k == WT_STRING) &&
            (b = failing(p)))
            wb_buf_putf(b, "non executable command in pipeline stage %u", stage);
    }
}

static wt_node *pipeline(parser *p, const char *context, wt_token_kind end)
{
    wt_node *pipe = node(p, WT_PIPE, peek_word(p).at);
    if (!pipe)
        return NULL;
    declarations(p, pipe, context);
    while (!p->failed) {
        wt_token t = next_word(p);
        if (t.kind == end) {
            check_pipeline(p, pipe, context);
            break;
        }
        switch (t.kind) {
        case WT_T_BOOL:
        case WT_T_RUNE:
        case WT_T_COMPLEX:
        case WT_T_DOT:
        case WT_T_FIELD:
        case WT_T_IDENTIFIER:
        case WT_T_NUMBER:
        case WT_T_NIL:
        case WT_T_RAW:
        case WT_T_STRING:
        case WT_T_VARIABLE:
        case WT_T_LEFT: {
            p->u->back++;
            wt_node *c = command(p);
            if (c)
                append(pipe, c);
            break;
        }
        default: unexpected(p, &t, context);
        }
    }
    return p->failed ? NULL : pipe;
}

/* ---- blocks ---- */

static wt_node *text_or_action(parser *p);

static const char *shown(const wt_node *end)
{
    return end->kind == WT_END ? "{{end}}" : "{{else}}";
}

/* A body up to the end or else that is answered by *how. */
static wt_node *item_list(parser *p, wt_node **how)
{
    wt_node *list = node(p, WT_LIST, 0);
    while (list && !p->failed && peek_word(p).kind != WT_T_EOF) {
        wt_node *n = text_or_action(p);
        if (!n)
            return NULL;
        if (n->kind == WT_END || n->kind == WT_ELSE) {
            *how = n;
            return list;
        }
        append(list, n);
    }
    return fail(p, "unexpected EOF");
}

static wt_node *branch(parser *p, wt_kind kind, const char *context)
{
    size_t vars = p->u->n_vars;
    wt_node *end = NULL, *more = NULL;
    wt_node *n = deeper(p) ? node(p, kind, 0) : NULL;
    if (n && (n->pipe = pipeline(p, context, WT_T_CLOSE))) {
        n->at = n->pipe->at;
        p->u->ranges += kind == WT_RANGE;
        n->list = item_list(p, &end);
        p->u->ranges -= kind == WT_RANGE;
    }
    if (!p->failed && end->kind == WT_ELSE) {
        wt_token_kind then = peek(p).kind;
        if ((kind == WT_IF && then == WT_T_IF) || (kind == WT_WITH && then == WT_T_WITH)) {
            next(p);
            n->otherwise = node(p, WT_LIST, 0);
            more = n->otherwise ? branch(p, kind, context) : NULL;
            if (more)
                append(n->otherwise, more);
        } else {
            n->otherwise = item_list(p, &end);
            if (!p->failed && end->kind != WT_END) {
                wb_buf *b = failing(p);
                if (b)
                    wb_buf_putf(b, "expected end; found %s", shown(end));
            }
        }
    }
    p->u->n_vars = vars;
    p->depth--;
    return p->failed ? NULL : n;
}

/* Whether nothing but blanks and definitions stands in it. */
static bool is_empty(const wt_node *list)
{
    for (const wt_node *n = list->first; n; n = n->next) {
        if (n->kind != WT_TEXT)
            return false;
        for (size_t i = 0, used; i < n->text.n; i += used)
            if (!ws_rune_space(wb_utf8_get(n->text.p + i, n->text.n - i, &used)))
                return false;
    }
    return true;
}

static void add_template(parser *p, wb_str name, wt_node *body)
{
    named *old = find(p->tree, name);
    if (old && !is_empty(old->body)) {
        if (!is_empty(body))
            fail_quoted(p, "template: multiple definition of template ", name, "");
        return;
    }
    named *n = old ? old : alloc(p, sizeof *n);
    if (!n)
        return;
    if (!old) {
        n->next = p->tree->named;
        p->tree->named = n;
    }
    n->name = name;
    n->body = body;
}

static void begin_unit(parser *p, unit *u)
{
    *u = (unit){0};
    p->u = u;
    declare(p, WB_LIT("$"));
}

static wb_str template_name(parser *p, const wt_token *t, const char *context)
{
    wb_str name = {"", 0};
    if (t->kind == WT_T_STRING || t->kind == WT_T_RAW)
        string(p, t, &name);
    else
        unexpected(p, t, context);
    return name;
}

/* What stands between the name and the end of {{define}} and {{block}}, as a template of its own;
 * `head` asks for the name first. */
static void defined(parser *p, wb_str name, bool head, const char *context)
{
    unit own, *outer = p->u;
    wt_node *end = NULL, *body = NULL;
    if (!deeper(p))
        return;
    begin_unit(p, &own);
    if (head) {
        wt_token t = next_word(p);
        name = template_name(p, &t, context);
        if (!p->failed)
            expect(p, WT_T_CLOSE, context);
    }
    if (!p->failed)
        body = item_list(p, &end);
    if (!p->failed && end->kind != WT_END) {
        /* A block's end is the outer template's matter, and so is the line of the error. */
        if (!head)
            p->u = outer;
        wb_buf *b = failing(p);
        if (b)
            wb_buf_putf(b, "unexpected %s in %s", shown(end), context);
    }
    if (!p->failed)
        add_template(p, name, body);
    free(own.vars);
    p->u = outer;
    p->depth--;
}

static wt_node *use(parser *p, const wt_token *t, wb_str name, wt_node *pipe)
{
    wt_node *n = p->failed ? NULL : node(p, WT_TEMPLATE, t->at);
    if (n) {
        n->text = name;
        n->pipe = pipe;
    }
    return n;
}

static wt_node *block_action(parser *p)
{
    static const char context[] = "block clause";
    wt_token t = next_word(p);
    wb_str name = template_name(p, &t, context);
    wt_node *pipe = p->failed ? NULL : pipeline(p, context, WT_T_CLOSE);
    if (!p->failed)
        defined(p, name, false, context);
    return use(p, &t, name, pipe);
}

static wt_node *template_action(parser *p)
{
    static const char context[] = "template clause";
    wt_token t = next_word(p);
    wb_str name = template_name(p, &t, context);
    wt_node *pipe = NULL;
    if (!p->failed && next_word(p).kind != WT_T_CLOSE) {
        p->u->back++;
        pipe = pipeline(p, context, WT_T_CLOSE);
    }
    return use(p, &t, name, pipe);
}

static wt_node *leave(parser *p, wt_kind kind, const wt_token *word)
{
    const char *shown_as = kind == WT_BREAK ? "{{break}}" : "{{continue}}";
    wt_token t = next_word(p);
    if (t.kind != WT_T_CLOSE)
        return unexpected(p, &t, shown_as);
    if (!p->u->ranges) {
        wb_buf *b = failing(p);
        if (b)
            wb_buf_putf(b, "%s outside {{range}}", shown_as);
        return NULL;
    }
    return node_of(p, kind, word);
}

static wt_node *else_action(parser *p)
{
    wt_token t = peek_word(p);
    if (t.kind != WT_T_IF && t.kind != WT_T_WITH)
        expect(p, WT_T_CLOSE, "else");
    return p->failed ? NULL : node(p, WT_ELSE, t.at);
}

static wt_node *action(parser *p)
{
    wt_token t = next_word(p);
    switch (t.kind) {
    case WT_T_BLOCK: return block_action(p);
    case WT_T_BREAK: return leave(p, WT_BREAK, &t);
    case WT_T_CONTINUE: return leave(p, WT_CONTINUE, &t);
    case WT_T_ELSE: return else_action(p);
    case WT_T_END: return expect(p, WT_T_CLOSE, "end") ? node(p, WT_END, t.at) : NULL;
    case WT_T_IF: return branch(p, WT_IF, "if");
    case WT_T_RANGE: return branch(p, WT_RANGE, "range");
    case WT_T_TEMPLATE: return template_action(p);
    case WT_T_WITH: return branch(p, WT_WITH, "with");
    default: break;
    }
    p->u->back++;
    wt_node *n = node(p, WT_ACTION, peek(p).at);
    if (n)
        n->pipe = pipeline(p, "command", WT_T_CLOSE);
    return p->failed ? NULL : n;
}

static wt_node *text_or_action(parser *p)
{
    wt_token t = next_word(p);
    if (t.kind == WT_T_TEXT)
        return node_of(p, WT_TEXT, &t);
    if (t.kind != WT_T_OPEN)
        return unexpected(p, &t, "input");
    p->u->action_line = t.line;
    wt_node *n = action(p);
    p->u->action_line = 0;
    return n;
}

static void whole(parser *p)
{
    wt_node *root = node(p, WT_LIST, 0);
    while (root && !p->failed && peek(p).kind != WT_T_EOF) {
        if (peek(p).kind == WT_T_OPEN) {
            wt_token open = next(p);
            if (next_word(p).kind == WT_T_DEFINE) {
                defined(p, WB_LIT(""), true, "define clause");
                continue;
            }
            back_two(p, open);
        }
        wt_node *n = text_or_action(p);
        if (!n)
            return;
        if (n->kind == WT_END || n->kind == WT_ELSE) {
            wb_buf *b = failing(p);
            if (b)
                wb_buf_putf(b, "unexpected %s", shown(n));
            return;
        }
        append(root, n);
    }
    if (!p->failed)
        add_template(p, WB_LIT("template"), root);
}

wt_tree *wt_parse(wb_str text, wb_buf *error, bool *limit)
{
    wt_tree *t = wb_calloc(1, sizeof *t);
    parser p = {.tree = t, .error = error};
    char *own = text.n < UINT32_MAX ? wt_alloc(&t->pool, text.n + 1) : NULL;
    *limit = !own;
    if (!own) {
        wt_free(t);
        return NULL;
    }
    if (text.n)
        memcpy(own, text.p, text.n);
    t->text = wb_str_n(own, text.n);
    unit u;
    wt_lex_begin(&p.lexer, t->text);
    begin_unit(&p, &u);
    whole(&p);
    free(u.vars);
    wt_lex_end(&p.lexer);
    *limit = p.limit;
    if (p.failed) {
        wt_free(t);
        return NULL;
    }
    return t;
}
