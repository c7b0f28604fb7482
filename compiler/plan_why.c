/* What the passes did to each function, and what prevented them, in words.
 *
 * Takes nothing and changes nothing of the plan: passes leave notes with the function they work on,
 * and this file adds what only the finished plan tells. Without options->why no note is made.
 * Reports nothing. */
#include "compiler/plan.h"

#include "value/json.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct wc_note {
    const char *pass;
    wp_loc loc;
    const char *text;
    struct wc_note *next;
} wc_note;

#define TEXT_MAX 400u /* bytes of one note: a line that can be read */

void wc_why(wc_unit *u, wc_function *fn, const char *pass, wp_loc loc, const char *format, ...)
{
    if (!u->options->why)
        return;
    char text[TEXT_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (fn->n_notes >= WC_NOTES_MAX) {
        fn->n_notes++;
        return;
    }
    for (const wc_note *n = fn->notes; n; n = n->next)
        if (n->loc.row == loc.row && n->loc.col == loc.col && !strcmp(n->pass, pass) &&
            !strcmp(n->text, text))
            return;
    wc_note *made = wb_arena_calloc(u->a, sizeof *made);
    *made = (wc_note){pass, loc, wb_arena_printf(u->a, "%s", text), NULL};
    if (fn->to_note)
        fn->to_note->next = made;
    else
        fn->notes = made;
    fn->to_note = made;
    fn->n_notes++;
}

void wc_notes_print(wb_buf *b, const wc_function *fn)
{
    for (const wc_note *n = fn->notes; n; n = n->next) {
        wb_buf_putf(b, "; %s", n->pass);
        if (n->loc.row)
            wb_buf_putf(b, " %u:%u", n->loc.row, n->loc.col);
        wb_buf_putf(b, ": %s\n", n->text);
    }
    if (fn->n_notes > WC_NOTES_MAX)
        wb_buf_putf(b, "; and %u more\n", fn->n_notes - WC_NOTES_MAX);
}

/* ---- places in words ---- */

#define PLACE_MAX 16u /* steps that are shown; a longer way begins with "..." */

static bool is_name(wb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') && s.p[i] != '_' &&
            !(i && s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    return s.n > 0;
}

static void put_key(wb_buf *b, wv key)
{
    if (wv_is_string(key) && is_name(wv_str(&key))) {
        wb_buf_putc(b, '.');
        wb_buf_put_str(b, wv_str(&key));
    } else if (key == WV_UNDEFINED) {
        wb_buf_puts(b, "[...]");
    } else {
        wb_buf_putc(b, '[');
        wv_print(b, key);
        wb_buf_putc(b, ']');
    }
}

static const char *taken(wc_unit *u, wb_buf *b)
{
    const char *text = wb_arena_printf(u->a, "%.*s", WB_FMT(wb_buf_str(b)));
    wb_buf_free(b);
    return text;
}

const char *wc_place_text(wc_unit *u, const wc_plan *plan, const wc_function *fn,
                          const wc_stmt *const *def, wc_operand o)
{
    wv keys[PLACE_MAX];
    uint32_t n = 0;
    const char *root = "a value";
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    while (o.kind == WC_LOCAL) {
        const wc_stmt *s = def[o.n];
        if (!s) {
            root = o.n < fn->n_args ? "an argument" : root;
            break;
        }
        if (s->kind == WC_S_Input || s->kind == WC_S_Data)
            root = s->kind == WC_S_Input ? "input" : "data";
        else if (s->kind == WC_S_Call)
            wb_buf_put_str(&b, plan->funcs[s->n]->name);
        else if (s->kind == WC_S_Scan)
            root = "element";
        if ((s->kind != WC_S_Dot && s->kind != WC_S_DotBase) || n == PLACE_MAX)
            break;
        keys[n++] = s->b.kind == WC_CONST ? fn->consts[s->b.n] : WV_UNDEFINED;
        o = s->a;
    }
    if (!b.n)
        wb_buf_puts(&b, root);
    while (n)
        put_key(&b, keys[--n]);
    return taken(u, &b);
}

const char *wc_place_of_term(wc_unit *u, const wp_term *t)
{
    wb_buf b;
    wb_buf_init(&b, TEXT_MAX);
    const wp_term *head = t->kind == WP_REF ? t->list.items[0] : t;
    wb_buf_put_str(&b, head->name);
    for (uint32_t i = 1; t->kind == WP_REF && i < t->list.n; i++)
        put_key(&b, t->list.items[i]->kind <= WP_STRING ? t->list.items[i]->value : WV_UNDEFINED);
    return taken(u, &b);
}

/* ---- what only the finished plan tells ---- */

static void why_prepare(wc_unit *u, wc_function *fn, const wc_stmt *s)
{
    wv args[16];
    bool any = false;
    if (s->n_args > 16)
        return;
    for (uint32_t i = 0; i < s->n_args; i++) {
        args[i] = s->args[i].kind == WC_CONST ? fn->consts[s->args[i].n] : WV_UNDEFINED;
        any |= args[i] != WV_UNDEFINED;
    }
    void *site = any ? s->builtin->prepare(args, s->n_args) : NULL;
    if (site && s->builtin->release)
        s->builtin->release(site);
    wc_why(u, fn, "prepare", s->loc, "%s%s", site ? "" : "not: ", s->builtin->name);
}

static void look(wc_unit *u, wc_function *fn, const wc_block *b)
{
    for (const wc_stmt *s = b->first; s; s = s->next) {
        if (s->kind == WC_S_CallBuiltin && s->builtin->prepare &&
            !(u->options->passes_off & WC_PASS_PREPARE))
            why_prepare(u, fn, s);
        if (s->block && s->kind != WC_S_Break)
            look(u, fn, s->block);
    }
}

void wc_plan_why(wc_unit *u, const wc_plan *plan)
{
    static const char *const names[] = {
#define X(id, text, doc) text,
        WC_PASS_MAP(X)
#undef X
    };
    if (!u->options->why)
        return;
    for (uint32_t i = 0; i < plan->n; i++) {
        wc_function *fn = plan->funcs[i];
        look(u, fn, fn->body);
        if (fn->n_shared)
            wc_why(u, fn, "share", (wp_loc){0}, "%u read%s saved", fn->n_shared,
                   fn->n_shared == 1 ? "" : "s");
        for (unsigned k = 0; k < WC_PASS_COUNT; k++)
            if (u->options->passes_off & 1u << k)
                wc_why(u, fn, names[k], (wp_loc){0}, "not: switched off");
    }
}
