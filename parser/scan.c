/* Between scanner and grammar: which brackets belong together, what each one opens, which words are
 * keywords here, where a line end parts two expressions. After this the grammar is LALR(1).
 *
 * Rego's own rules that are settled here:
 *  - ( and [ and . that touch the term before continue it, others begin something new;
 *  - a line end counts only in a body, after a complete expression, before what cannot continue it;
 *  - in a fresh [ or { the first | after one plain term opens a comprehension, unless a comma later
 *    on shows that it was a union;
 *  - { after `if` opens a body unless what it holds can only be a value;
 *  - a word is a keyword from the import on that brings it, never after a dot. */
#include "parser/internal.h"

#include "grammar.h"

#include <stdlib.h>

#define UNMATCHED_LOOK 64 /* tokens looked at behind a bracket that is never closed */

int wp_yylex(WP_YYSTYPE *value, wp_span *span, wp_parser *p);

static const struct {
    const char *text;
    uint8_t bit;
} words[] = {[WP_W_NONE] = {"", 0},
#define X(name, text, bit) [WP_W_##name] = {text, bit},
             WP_WORD_MAP(X)
#undef X
};

const char *wp_word_text(uint8_t word)
{
    return words[word].text;
}

uint32_t wp_word_bit(uint8_t word)
{
    return words[word].bit;
}

static uint8_t word_of(wb_str s)
{
    if (s.n < 2 || s.n > 8)
        return WP_W_NONE;
    for (uint8_t w = 1; w < WP_W_COUNT; w++)
        if (words[w].text[0] == s.p[0] && wb_str_is(s, words[w].text))
            return w;
    return WP_W_NONE;
}

wp_loc wp_loc_of(const wp_parser *p, wp_span s)
{
    return (wp_loc){p->options.file_number, s.row, s.col, s.off, s.end - s.off};
}

wp_span wp_token_span(const wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    return (wp_span){t->off, t->end, t->row, t->col};
}

static bool opens(uint8_t raw)
{
    return raw == '(' || raw == '[' || raw == '{' || raw == WP_RAW_TPART || raw == WP_RAW_RAW_TPART;
}

void wp_scan_link(wp_parser *p)
{
    uint32_t *stack = NULL, n = 0, cap = 0;
    for (uint32_t i = 0; i < p->n_tokens; i++) {
        wp_token *t = &p->tokens[i];
        if (t->raw == WP_RAW_WORD)
            t->word = word_of(wp_token_text(p, i));
        if (opens(t->raw)) {
            if (n == cap) {
                cap = cap ? cap * 2 : 64;
                stack = wb_realloc(stack, cap * sizeof *stack);
            }
            stack[n++] = i;
        } else if (t->raw == ')' || t->raw == ']' || t->raw == '}') {
            uint8_t want = t->raw == ')' ? '(' : t->raw == ']' ? '[' : '{';
            if (n == 0)
                continue;
            wp_token *o = &p->tokens[stack[n - 1]];
            bool hole = (t->flags & WP_TF_HOLE) != 0;
            if (hole ? o->raw != WP_RAW_TPART && o->raw != WP_RAW_RAW_TPART : o->raw != want)
                continue; /* a broken text: its first error comes before anyone asks */
            o->match = i;
            t->match = stack[--n];
        }
    }
    free(stack);
}

bool wp_word_active(const wp_parser *p, const wp_token *t)
{
    return t->raw == WP_RAW_WORD && t->word &&
           (words[t->word].bit == 0 || (p->keywords & words[t->word].bit));
}

static bool is_word(const wp_parser *p, const wp_token *t, int word)
{
    return t->raw == WP_RAW_WORD && t->word == word && wp_word_active(p, t);
}

/* Whether token i touches the one before it. */
static bool touches(const wp_parser *p, uint32_t i)
{
    return i > 0 && !(p->tokens[i].flags & WP_TF_BLANK);
}

static bool followed_by_step(const wp_parser *p, uint32_t i)
{
    uint8_t raw = p->tokens[i + 1].raw;
    return (raw == '.' || raw == '[') && touches(p, i + 1);
}

/* Whether the token is an infix operator when it follows a term. */
static bool infix(const wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    switch (t->raw) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '&':
    case '|':
    case '<':
    case '>':
    case '=':
    case WP_RAW_EQ:
    case WP_RAW_NE:
    case WP_RAW_LE:
    case WP_RAW_GE:
    case WP_RAW_ASSIGN: return true;
    default:
        return is_word(p, t, WP_W_IN) && !followed_by_step(p, i) && p->tokens[i - 1].raw != '.';
    }
}

static uint32_t scan_end(const wp_parser *p, uint32_t open)
{
    if (p->tokens[open].match != WP_NONE)
        return p->tokens[open].match;
    uint32_t end = open + UNMATCHED_LOOK;
    return end < p->n_tokens - 1 ? end : p->n_tokens - 1;
}

/* Whether a comma behind the bar cannot belong to a body, so that the bar is a union. */
static bool comma_after_bar(const wp_parser *p, uint32_t bar, uint32_t end)
{
    bool declares = false;
    for (uint32_t j = bar + 1; j < end; j++) {
        const wp_token *t = &p->tokens[j];
        bool start = j == bar + 1 || p->tokens[j - 1].raw == ';' ||
                     ((t->flags & WP_TF_NL) && p->tokens[j - 1].raw != ',');
        if (start)
            declares = is_word(p, t, WP_W_SOME) || is_word(p, t, WP_W_EVERY);
        if (opens(t->raw)) {
            if (t->match == WP_NONE)
                return false;
            j = t->match;
        } else if (t->raw == ',' && !declares) {
            uint32_t k = j + 1;
            for (; k < end; k++) {
                const wp_token *u = &p->tokens[k];
                if (opens(u->raw)) {
                    if (u->match == WP_NONE)
                        return false;
                    k = u->match;
                } else if (u->raw == ',' || u->raw == ';') {
                    return true;
                } else if (is_word(p, u, WP_W_IN)) {
                    break;
                }
            }
            if (k >= end)
                return true;
            j = k;
        }
    }
    return false;
}

/* Whether token i begins a new term beside a complete one, with no operator between. */
static bool beside(const wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i], *b = &p->tokens[i - 1];
    switch (b->raw) {
    case WP_RAW_WORD:
    case WP_RAW_NUMBER:
    case WP_RAW_STRING:
    case WP_RAW_RAW_STRING:
    case WP_RAW_TEND:
    case WP_RAW_RAW_TEND:
    case ')':
    case ']':
    case '}': break;
    default: return false;
    }
    switch (t->raw) {
    case WP_RAW_WORD:
    case WP_RAW_NUMBER:
    case WP_RAW_STRING:
    case WP_RAW_RAW_STRING:
    case '{': return !infix(p, i) && !(b->raw == WP_RAW_WORD && infix(p, i - 1));
    case '(':
    case '[': return !touches(p, i) && !infix(p, i - 1);
    default: return false;
    }
}

/* What the [ or { at i holds, when it is a value. */
static wp_open_kind value_kind(wp_parser *p, uint32_t i)
{
    bool brace = p->tokens[i].raw == '{', colon = false, plain = true;
    uint32_t end = scan_end(p, i), start = i + 1;
    bool may = p->tokens[start].raw != ',';
    for (uint32_t j = start; j < end; j++) {
        const wp_token *t = &p->tokens[j];
        if (j > start && beside(p, j))
            plain = false;
        if (opens(t->raw)) {
            if (t->match == WP_NONE)
                break;
            j = t->match;
        } else if (t->raw == ';') {
            break;
        } else if (t->raw == ',') {
            if (colon || !brace)
                break;
            may = false;
        } else if (t->raw == ':') {
            if (!brace || colon)
                break;
            colon = plain = true;
            start = j + 1;
        } else if (t->raw == '|' && plain && may && j > start) {
            if (comma_after_bar(p, j, end)) {
                p->doubt = true;
                break;
            }
            return !brace ? WP_O_ARRAY_COMP : colon ? WP_O_OBJECT_COMP : WP_O_SET_COMP;
        } else if (infix(p, j) && !(t->raw == '-' && j == start)) {
            plain = false;
        }
    }
    return !brace ? WP_O_ARRAY : colon || end == i + 1 ? WP_O_OBJECT : WP_O_SET;
}

/* Whether the { at i, which follows `if`, opens a body. */
static bool opens_body(wp_parser *p, uint32_t i)
{
    uint32_t close = p->tokens[i].match;
    if (close == WP_NONE)
        return value_kind(p, i) == WP_O_SET;
    if (close == i + 1)
        return false;
    if (value_kind(p, i) != WP_O_SET)
        return false;
    /* `{1}, x in xs` is a membership. */
    if (!infix(p, close + 1) && !followed_by_step(p, close) && p->tokens[close + 1].raw != ',')
        return true;
    for (uint32_t j = i + 1; j < close; j++) {
        const wp_token *t = &p->tokens[j];
        if (p->tokens[j - 1].raw == '.')
            continue;
        if (t->raw == ';' || t->raw == WP_RAW_ASSIGN || t->raw == '=' || is_word(p, t, WP_W_SOME) ||
            is_word(p, t, WP_W_EVERY) || is_word(p, t, WP_W_NOT) || is_word(p, t, WP_W_WITH))
            return true;
        if ((t->flags & WP_TF_NL) && j > i + 1 && !infix(p, j) && t->raw != ',' &&
            p->tokens[j - 1].raw != ',' && !infix(p, j - 1))
            return true;
        if (opens(t->raw) && t->match != WP_NONE)
            j = t->match;
    }
    return false;
}

/* ---- what the grammar gets ---- */

bool wp_ends_term(int token)
{
    switch (token) {
    case T_IDENT:
    case T_NUMBER:
    case T_STRING:
    case T_RAW_STRING:
    case T_NULL:
    case T_TRUE:
    case T_FALSE:
    case ')':
    case ']':
    case '}':
    case T_TEND:
    case T_RAW_TEND: return true;
    default: return false;
    }
}

/* Whether an expression may begin behind this token (of the grammar). */
static bool begins_literal(int token)
{
    switch (token) {
    case 0:
    case T_MODULE:
    case T_QUERY:
    case T_BODY:
    case T_OPERAND:
    case ';':
    case T_NL:
    case T_BAR:
    case T_IF:
    case T_TPART:
    case T_RAW_TPART:
    case T_GROUP:
    case T_AND:
    case T_OR:
    case T_NOT: return true;
    default: return false;
    }
}

static wp_open *top(wp_parser *p)
{
    return &p->open[p->n_open - 1];
}

static bool too_deep(wp_parser *p, uint32_t i)
{
    if (++p->depth <= WP_DEPTH_MAX)
        return false;
    wp_limit_fail(p, wp_loc_of(p, wp_token_span(p, i)), "max parsing recursion depth exceeded");
    return true;
}

static void push(wp_parser *p, wp_open_kind kind, bool body, uint32_t token)
{
    if (p->n_open == p->cap_open) {
        p->cap_open = p->cap_open ? p->cap_open * 2 : 32;
        p->open = wb_realloc(p->open, p->cap_open * sizeof *p->open);
    }
    p->open[p->n_open++] = (wp_open){.kind = (uint8_t)kind, .body = body, .token = token};
}

void wp_scan_begin(wp_parser *p)
{
    push(p, WP_O_TEXT, false, WP_NONE);
}

/* The height of a tree grows with operators, calls and references that follow each other. */
static void reset_chain(wp_parser *p)
{
    p->depth -= top(p)->chain;
    top(p)->chain = 0;
}

void wp_scan_statement(wp_parser *p)
{
    if (p->prev != T_PACKAGE && p->prev != T_IMPORT) /* the word that ended it may begin a path */
        p->path_of = WP_W_NONE;
    if (p->n_open == 1)
        reset_chain(p);
}

static void pop(wp_parser *p)
{
    if (p->n_open == 1)
        return;
    p->closed = top(p)->kind;
    p->n_holes -= p->closed == WP_O_HOLE;
    p->depth -= top(p)->chain + 1;
    p->n_open--;
}

/* The } before closed a body: what follows is no operator of it. */
static bool behind_body(const wp_parser *p)
{
    return p->prev == '}' && p->closed == WP_O_BODY;
}

/* The same of the bracket before, be it a group of conditions: it is no number to take from. */
static bool behind_condition(const wp_parser *p)
{
    return behind_body(p) || (p->prev == ')' && p->closed == WP_O_GROUP);
}

/* Whether a line end before token i, which follows a complete expression, parts two of them. */
static bool parts(const wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    if (infix(p, i))
        return t->raw == '-' && behind_condition(p);
    switch (t->raw) {
    case ',':
    case ':':
    case ';':
    case ')':
    case ']':
    case '}':
    case WP_RAW_EOF: return false;
    case '{': return !p->open[p->n_open - 1].every;
    default: break;
    }
    if (followed_by_step(p, i))
        return true;
    if (p->open[p->n_open - 1].no_operand && p->tokens[i + 1].raw == '(' && touches(p, i + 1))
        return true;
    return !(is_word(p, t, WP_W_WITH) || is_word(p, t, WP_W_AS) || is_word(p, t, WP_W_AND) ||
             is_word(p, t, WP_W_OR));
}

/* An import that brings keywords is recognised by its tokens, so that the very next word is judged
 * by the new rules. */
static void look_at_import(wp_parser *p, uint32_t i)
{
    wb_str part[4];
    uint32_t n = 0, j = i + 1;
    for (;;) {
        const wp_token *t = &p->tokens[j];
        wb_str s = wp_token_text(p, j);
        if (n == 4)
            n = 3;
        if (t->raw == WP_RAW_WORD) {
            part[n++] = s;
            j++;
        } else if (t->raw == WP_RAW_STRING && n && p->tokens[j - 1].raw == '[' &&
                   p->tokens[j + 1].raw == ']') {
            part[n++] = wb_str_n(s.p + 1, s.n - 2);
            j += 2;
        } else {
            return;
        }
        if (!((p->tokens[j].raw == '.' || p->tokens[j].raw == '[') && touches(p, j)))
            break;
        j++;
    }
    if (n < 2)
        return;
    if (n >= 2 && wb_str_is(part[0], "future") && wb_str_is(part[1], "keywords")) {
        uint32_t all = WP_KW_V1_FUTURE | WP_KW_V0_FUTURE;
        for (uint32_t k = 1; n >= 3 && k < WP_W_COUNT; k++)
            if (wb_str_is(part[2], words[k].text) && (words[k].bit || k == WP_W_NOT))
                all = k == WP_W_NOT ? WP_KW_NOT : words[k].bit;
        if (all == WP_KW_EVERY)
            all |= WP_KW_IN;
        p->pending |= all;
    } else if (n == 2 && wb_str_is(part[0], "rego") && wb_str_is(part[1], "v1")) {
        p->pending |= WP_KW_V0_FUTURE;
    } else if (n == 2 && wb_str_is(part[0], "rego") && wb_str_is(part[1], "v2")) {
        p->pending |= WP_KW_V0_FUTURE | WP_KW_V1_FUTURE;
    }
    p->pending_at = j;
}

static const int keyword_tokens[] = {
    [WP_W_PACKAGE] = T_PACKAGE, [WP_W_IMPORT] = T_IMPORT, [WP_W_AS] = T_AS,
    [WP_W_DEFAULT] = T_DEFAULT, [WP_W_ELSE] = T_ELSE,     [WP_W_NOT] = T_NOT,
    [WP_W_SOME] = T_SOME,       [WP_W_WITH] = T_WITH,     [WP_W_NULL] = T_NULL,
    [WP_W_TRUE] = T_TRUE,       [WP_W_FALSE] = T_FALSE,   [WP_W_IN] = T_IN,
    [WP_W_EVERY] = T_EVERY,     [WP_W_IF] = T_IF,         [WP_W_CONTAINS] = T_CONTAINS,
    [WP_W_AND] = T_AND,         [WP_W_OR] = T_OR,
};

/* `every := 1` and the like, where the keyword cannot continue what stands before. */
static bool names_rule(const wp_parser *p, uint32_t i)
{
    if (p->query || p->n_open != 1 || !(begins_literal(p->prev) || wp_ends_term(p->prev)))
        return false;
    const wp_token *n = &p->tokens[i + 1];
    bool sets = n->raw == WP_RAW_ASSIGN || n->raw == '=';
    bool heads = is_word(p, n, WP_W_IF) || is_word(p, n, WP_W_CONTAINS);
    switch (p->tokens[i].word) {
    case WP_W_EVERY:
    case WP_W_SOME: return sets || heads || n->raw == '(';
    case WP_W_PACKAGE:
    case WP_W_IMPORT: return sets || n->raw == '(';
    case WP_W_NOT: return sets || heads;
    default: return false;
    }
}

/* Whether the keyword at i, which a dot or bracket touches, is a name. It is where an expression
 * may begin, but for operands, and behind a term, but for the words that the reference looks for
 * there before it looks for names. */
static bool keyword_is_name(const wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    const wp_open *o = &p->open[p->n_open - 1];
    bool after_term = wp_ends_term(p->prev), outside = p->n_open == 1;
    bool operand = p->prev == T_NOT || p->prev == T_AND || p->prev == T_OR || p->prev == T_GROUP;
    bool fresh = begins_literal(p->prev) || p->prev == T_DEFAULT;
    bool alias = t->word == WP_W_AS && (o->with || (p->path_of == WP_W_IMPORT && outside));
    bool second = t->word == WP_W_IN && o->pair; /* `k, v in[..]` */
    bool head = outside && p->head_open && (t->word == WP_W_IF || t->word == WP_W_CONTAINS);
    return ((fresh && !operand) || after_term) && !alias && !second && !head;
}

static int word_token(wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    if (!wp_word_active(p, t) || p->prev == T_DOT || p->prev == T_PACKAGE || p->prev == T_IMPORT)
        return T_IDENT;
    bool after_term = wp_ends_term(p->prev), outside = p->n_open == 1;
    bool fresh_statement = outside && (p->path_of || behind_body(p));
    if (followed_by_step(p, i)) {
        p->doubt = true;
        if (keyword_is_name(p, i))
            return T_IDENT;
    }
    if (t->word == WP_W_IN)
        top(p)->pair = false;
    if (t->word == WP_W_WITH || t->word == WP_W_AS)
        top(p)->with = t->word == WP_W_WITH;
    if (outside)
        p->path_of = t->word == WP_W_IMPORT || t->word == WP_W_PACKAGE ? t->word : WP_W_NONE;
    switch (t->word) {
    case WP_W_CONTAINS:
        if (!outside || !p->head_open || !after_term)
            return T_IDENT;
        p->head_open = false;
        return T_CONTAINS;
    case WP_W_AND:
    case WP_W_OR:
        p->doubt = true; /* not everything may be an operand */
        if ((!after_term || fresh_statement) && p->tokens[i + 1].raw == '(' && touches(p, i + 1))
            return T_IDENT;
        top(p)->logic = true;
        break;
    case WP_W_WITH:
        top(p)->no_operand = top(p)->no_operand || top(p)->logic || behind_condition(p);
        break;
    case WP_W_EVERY: top(p)->every = true; break;
    case WP_W_SOME: top(p)->no_operand = true; break;
    case WP_W_IMPORT:
        if (outside)
            look_at_import(p, i);
        break;
    default: break;
    }
    return keyword_tokens[t->word];
}

static int brace_token(wp_parser *p, uint32_t i, wp_open_kind *kind)
{
    wp_open *o = top(p);
    bool after_term = wp_ends_term(p->prev);
    uint32_t close = p->tokens[i].match;
    bool term = p->prev == T_NOT && !(p->keywords & WP_KW_NOT); /* the old `not` takes a term */
    bool logic =
        !term && close != WP_NONE && (p->keywords & (WP_KW_AND | WP_KW_OR)) &&
        begins_literal(p->prev) &&
        (is_word(p, &p->tokens[close + 1], WP_W_AND) || is_word(p, &p->tokens[close + 1], WP_W_OR));
    *kind = WP_O_BODY;
    if (after_term && (o->every || (o->kind == WP_O_TEXT && !p->path_of && !p->query))) {
        o->no_operand = o->every;
        o->every = false;
        if (p->n_open == 1)
            p->head_open = false;
        return T_BODY;
    }
    if (p->prev == T_AND || p->prev == T_OR || logic ||
        (p->prev == T_NOT && (p->keywords & WP_KW_NOT))) {
        p->doubt = true;
        return T_OPERAND;
    }
    if (p->prev == T_ELSE)
        return T_BODY;
    if (p->prev == T_IF && (p->in_else || opens_body(p, i)))
        return T_BODY;
    *kind = value_kind(p, i);
    return *kind == WP_O_SET_COMP ? T_SET_COMP : *kind == WP_O_OBJECT_COMP ? T_OBJECT_COMP : '{';
}

/* Whether the ( at i groups conditions: it stands where an expression may begin and holds and, or,
 * not at its own level. */
static bool opens_group(const wp_parser *p, uint32_t i)
{
    uint32_t close = p->tokens[i].match;
    if (!(p->keywords & WP_KW_V1_FUTURE) || !begins_literal(p->prev) || close == WP_NONE)
        return false;
    if (p->prev == T_NOT && !(p->keywords & WP_KW_NOT))
        return false;
    while (p->tokens[i + 1].raw == '(' && p->tokens[i + 1].match == close - 1) {
        i++;
        close--;
    }
    for (uint32_t j = i + 1; j < close; j++) {
        const wp_token *t = &p->tokens[j];
        bool word = is_word(p, t, WP_W_AND) || is_word(p, t, WP_W_OR);
        if (word && j > i + 1 && !(p->tokens[j + 1].raw == '(' && touches(p, j + 1)))
            return true;
        if (j == i + 1 && is_word(p, t, WP_W_NOT))
            return true;
        if (is_word(p, t, WP_W_WITH))
            return true;
        if (opens(t->raw) && t->match != WP_NONE)
            j = t->match;
    }
    return false;
}

/* Whether the ( [ or . at i continues the term before. It must touch it, except behind the name
 * that begins a rule's head, when what follows shows that it is a head. */
static bool joins(wp_parser *p, uint32_t i)
{
    if (p->tokens[i].raw == '(' && p->prev == ')' && p->closed == WP_O_CALL)
        return false; /* the result of a call is not called */
    if (!wp_ends_term(p->prev) || touches(p, i))
        return wp_ends_term(p->prev);
    if (p->query || p->n_open != 1 || p->head_word != i - 1)
        return false;
    p->doubt = p->doubt || p->tokens[i].raw != '{';
    if (p->default_head)
        return true;
    uint32_t j = i;
    for (;; j++) {
        const wp_token *t = &p->tokens[j];
        if (j > i && t->raw != WP_RAW_WORD && !touches(p, j))
            break;
        if (t->raw == '.' && p->tokens[j + 1].raw == WP_RAW_WORD)
            j++;
        else if ((t->raw == '[' || t->raw == '(') && t->match != WP_NONE)
            j = t->match;
        else
            break;
    }
    const wp_token *t = &p->tokens[j];
    return t->raw == '{' || t->raw == WP_RAW_ASSIGN || t->raw == '=' || is_word(p, t, WP_W_IF) ||
           is_word(p, t, WP_W_CONTAINS);
}

static int bracket_token(wp_parser *p, uint32_t i)
{
    bool joined = joins(p, i);
    wp_open_kind kind = WP_O_PAREN;
    int token;
    switch (p->tokens[i].raw) {
    case '(':
        token = joined ? T_CALL : opens_group(p, i) ? T_GROUP : '(';
        kind = joined ? WP_O_CALL : token == T_GROUP ? WP_O_GROUP : WP_O_PAREN;
        break;
    case '[':
        kind = joined ? WP_O_INDEX : value_kind(p, i);
        token = joined ? T_INDEX : kind == WP_O_ARRAY_COMP ? T_ARRAY_COMP : '[';
        break;
    default: token = brace_token(p, i, &kind);
    }
    if (joined && p->tokens[i].raw == '(') { /* the steps of a reference make a list */
        top(p)->chain++;
        if (too_deep(p, i))
            return WP_YYerror;
    }
    if (too_deep(p, i))
        return WP_YYerror;
    push(p, kind, kind == WP_O_BODY, i);
    return token;
}

static int template_token(wp_parser *p, uint32_t i)
{
    uint8_t raw = p->tokens[i].raw;
    if (raw == WP_RAW_TEND)
        return T_TEND;
    if (raw == WP_RAW_RAW_TEND)
        return T_RAW_TEND;
    if (too_deep(p, i))
        return WP_YYerror;
    if (++p->n_holes > WP_TEMPLATE_DEPTH_MAX) {
        wp_limit_fail(p, wp_loc_of(p, wp_token_span(p, i)),
                      "max nesting of template strings exceeded");
        return WP_YYerror;
    }
    push(p, WP_O_HOLE, false, i);
    return raw == WP_RAW_TPART ? T_TPART : T_RAW_TPART;
}

static int operator_token(wp_parser *p, uint32_t i)
{
    const wp_token *t = &p->tokens[i];
    wp_open *o = top(p);
    bool term = wp_ends_term(p->prev) && !(t->raw == '-' && behind_condition(p));
    if (term && infix(p, i)) {
        if (p->n_open == 1)
            p->head_open = false;
        if (p->n_open == 1 && touches(p, i) && p->head_word == i - 1 && t->raw != '=' &&
            t->raw != WP_RAW_ASSIGN)
            p->doubt = true; /* `p+1`: no rule may begin so */
        o->chain++;
        if (too_deep(p, i))
            return WP_YYerror;
    }
    switch (t->raw) {
    case '|': {
        bool fresh =
            o->kind == WP_O_ARRAY_COMP || o->kind == WP_O_SET_COMP || o->kind == WP_O_OBJECT_COMP;
        if (fresh && !o->body) {
            o->body = true;
            reset_chain(p);
            return T_BAR;
        }
        return '|';
    }
    case '-': return term ? '-' : T_NEG;
    case '.': return joins(p, i) ? T_DOT : '.';
    case ';':
    case ',':
    case ':':
        reset_chain(p);
        o->pair = t->raw == ',' && o->kind != WP_O_ARRAY && o->kind != WP_O_SET &&
                  o->kind != WP_O_OBJECT && o->kind != WP_O_CALL;
        if (t->raw == ';')
            o->every = o->no_operand = o->logic = false;
        return t->raw;
    case WP_RAW_ASSIGN: return T_ASSIGN;
    case WP_RAW_EQ: return T_EQ;
    case WP_RAW_NE: return T_NE;
    case WP_RAW_LE: return T_LE;
    case WP_RAW_GE: return T_GE;
    default: return t->raw;
    }
}

static int illegal_token(wp_parser *p, uint32_t i)
{
    static const char *const texts[] = {
#define X(name, text) [WP_P_##name] = text,
        WP_PROBLEM_MAP(X)
#undef X
    };
    wp_parse_fail(p, wp_loc_of(p, wp_token_span(p, i)), "%s", texts[p->tokens[i].problem]);
    return WP_YYerror;
}

static int next_token(wp_parser *p, wp_span *span)
{
    uint32_t i = p->next;
    const wp_token *t = &p->tokens[i];
    if (p->pending && i >= p->pending_at) {
        p->keywords |= p->pending;
        p->pending = 0;
    }
    if (p->stop)
        return WP_YYerror;
    if (p->arena->exhausted) {
        wp_limit_fail(p, wp_loc_of(p, wp_token_span(p, i)), "memory limit exceeded");
        return WP_YYerror;
    }
    if ((t->flags & WP_TF_NL) && top(p)->body && wp_ends_term(p->prev) && !p->nl_given &&
        parts(p, i)) {
        p->nl_given = true;
        top(p)->every = top(p)->pair = top(p)->no_operand = top(p)->logic = false;
        reset_chain(p);
        *span = (wp_span){t->off, t->off, t->row, t->col};
        p->at = i;
        return T_NL;
    }
    p->nl_given = false;
    p->at = i;
    *span = wp_token_span(p, i);
    if (i + 1 < p->n_tokens)
        p->next++;
    if (p->prev == T_DOT && (t->flags & WP_TF_BLANK)) {
        wp_token *d = &p->tokens[i - 1];
        wp_loc loc = {p->options.file_number, d->row, d->col + 1, d->end, 1};
        wp_parse_fail(p, loc, "unexpected whitespace token: expected identifier");
        return WP_YYerror;
    }
    switch (t->raw) {
    case WP_RAW_EOF: return WP_YYEOF;
    case WP_RAW_WORD: {
        if (wp_word_active(p, t) && p->prev != T_DOT && names_rule(p, i)) {
            wp_parse_fail(p, wp_loc_of(p, *span), "%s keyword cannot be used for rule name",
                          words[t->word].text);
            return WP_YYerror;
        }
        int token = word_token(p, i);
        if (token == T_IDENT && p->n_open == 1 && !p->query &&
            (p->prev == T_MODULE || p->prev == T_DEFAULT || wp_ends_term(p->prev))) {
            p->head_open = true;
            p->head_word = i;
            p->doubt = p->doubt || wp_word_active(p, t);
            p->default_head = p->prev == T_DEFAULT;
        } else if (p->n_open == 1 && token != T_IDENT) {
            p->head_open = false;
        }
        if (token == T_ELSE)
            p->in_else = true;
        else if (p->n_open == 1 && token != T_IF && (p->prev == T_IF || (t->flags & WP_TF_NL)))
            p->in_else = false;
        if (token == T_IN || token == T_ELSE || token == T_AND || token == T_OR) {
            top(p)->chain++;
            if (too_deep(p, i))
                return WP_YYerror;
        }
        return token;
    }
    case WP_RAW_NUMBER: return T_NUMBER;
    case WP_RAW_STRING: return T_STRING;
    case WP_RAW_RAW_STRING: return T_RAW_STRING;
    case WP_RAW_TPART:
    case WP_RAW_RAW_TPART:
    case WP_RAW_TEND:
    case WP_RAW_RAW_TEND: return template_token(p, i);
    case '(':
    case '[':
    case '{': return bracket_token(p, i);
    case ')':
    case ']':
    case '}':
        if (p->n_open > 1)
            pop(p);
        return t->flags & WP_TF_HOLE ? T_HOLE_END : t->raw;
    case WP_RAW_ILLEGAL: return illegal_token(p, i);
    default: return operator_token(p, i);
    }
}

int wp_yylex(WP_YYSTYPE *value, wp_span *span, wp_parser *p)
{
    if (p->start) {
        int token = p->start;
        p->start = 0;
        *span = (wp_span){0, 0, 1, 1};
        p->prev = token;
        return token;
    }
    int token = next_token(p, span);
    p->prev = token;
    return token;
}
