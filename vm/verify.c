#include "vm/program.h"

#include "base/error.h"

#include <stdlib.h>

typedef struct checker {
    const wm_program *p;
    const wm_func *fn;
    const uint8_t *starts; /* per word of the function: an instruction begins here */
    wb_error *error;
} checker;

static wb_status bad(const checker *c, uint32_t at, const char *what)
{
    return wb_fail(c->error, WB_INVALID, "bytecode of %.*s, word %u: %s", WB_FMT(c->fn->name), at,
                   what);
}

static wb_status check_register(const checker *c, uint32_t at, uint32_t first, uint32_t count)
{
    return first + count <= c->fn->n_regs ? WB_OK : bad(c, at, "register out of range");
}

static wb_status check_operand(const checker *c, uint32_t at, char kind, uint64_t w, uint32_t v)
{
    switch (kind) {
    case 'd':
    case 'r':
    case 'm': return check_register(c, at, v, 1);
    case 's': return check_register(c, at, v, WM_ITER_REGS);
    case 'p':
    case 'z': {
        if (v >= c->fn->n_consts)
            return bad(c, at, "constant out of range");
        wv k = c->p->consts[c->fn->consts + v];
        bool fits = wv_is_int(k) && (kind == 'z' || (wv_int(k) > 0 && wv_int(k) <= INT32_MAX));
        return fits ? WB_OK : bad(c, at, "constant of another kind");
    }
    case 'k': return v < c->fn->n_consts ? WB_OK : bad(c, at, "constant out of range");
    case 'w': return WM_W(w) < c->fn->n_consts ? WB_OK : bad(c, at, "constant out of range");
    case 'n': {
        uint32_t count = WM_C(w);
        unsigned op = WM_OPCODE(w);
        if (op == WM_MKOBJ)
            count *= 2;
        else if (op == WM_RPUT || op == WM_RADD)
            count += 1;
        return check_register(c, at, v, count);
    }
    default: return WB_OK;
    }
}

/* The cases are instructions of this function, and no list leads outside of them. */
static wb_status check_dispatch(const checker *c, uint32_t at, uint64_t number)
{
    if (number >= c->p->n_dispatches)
        return bad(c, at, "dispatch out of range");
    const wm_dispatch *d = &c->p->dispatches[number];
    if (d->others >= d->n_lists || !wv_is_object(d->starts) ||
        d->lists[d->n_lists - 1] != d->n_cases)
        return bad(c, at, "dispatch without an end");
    for (uint32_t i = 0; i < d->n_lists; i++)
        if (d->lists[i] > d->n_cases)
            return bad(c, at, "case out of range");
    for (uint32_t i = 0; i <= d->n_cases; i++)
        if (d->cases[i] - c->fn->entry >= c->fn->words || !c->starts[d->cases[i] - c->fn->entry])
            return bad(c, at, "case at no instruction");
    for (uint32_t i = 0; i < wv_len(d->starts); i++) {
        wv start = wv_value_at(d->starts, NULL, i);
        if (!wv_is_int(start) || wv_int(start) < 0 || wv_int(start) >= d->n_lists)
            return bad(c, at, "case list out of range");
    }
    return WB_OK;
}

static wb_status check_second_word(const checker *c, uint32_t at, uint64_t w, uint64_t word)
{
    const wm_program *p = c->p;
    switch (WM_OPCODE(w)) {
    case WM_CALL:
        if (word >= p->n_funcs)
            return bad(c, at, "function out of range");
        return p->funcs[word].n_args == WM_C(w) ? WB_OK : bad(c, at, "wrong number of arguments");
    case WM_CALLB: return word < p->n_sites ? WB_OK : bad(c, at, "built-in site out of range");
    case WM_MATCH: return word < p->n_matches ? WB_OK : bad(c, at, "match out of range");
    case WM_SWITCH:
    case WM_CASE: return check_dispatch(c, at, word);
    case WM_DKEYS:
    case WM_DREF: return word < p->n_nodes ? WB_OK : bad(c, at, "node out of range");
    case WM_WMOCK: {
        /* low half: what is mocked; high half: by what */
        uint32_t by = (uint32_t)(word >> 32), what = WM_C(w);
        if (what == 1 && by >= p->n_funcs)
            return bad(c, at, "function out of range");
        if (what == 2 && by >= p->n_sites)
            return bad(c, at, "built-in site out of range");
        return what <= 2 ? WB_OK : bad(c, at, "unknown kind of mock");
    }
    default: return WB_OK;
    }
}

static wb_status check_jump(const checker *c, uint32_t at, char kind, uint64_t w, uint32_t words)
{
    uint32_t next = at - c->fn->entry + words, target;
    if (kind == 'f' || kind == 'j' || kind == 'o') {
        target = next + WM_F(w);
    } else if (kind == 'l') {
        if (WM_F(w) > next)
            return bad(c, at, "jump before the function");
        target = next - WM_F(w);
    } else {
        return WB_OK;
    }
    if (target >= c->fn->words || !c->starts[target])
        return bad(c, at, "jump to no instruction");
    return WB_OK;
}

static bool ends_function(uint64_t w)
{
    unsigned op = WM_OPCODE(w);
    return op == WM_RET || op == WM_RETK || op == WM_JUMP;
}

static wb_status check_function(checker *c, uint8_t *starts)
{
    const wm_program *p = c->p;
    const wm_func *fn = c->fn;
    if (fn->words == 0 || fn->entry > p->n_code || fn->words > p->n_code - fn->entry)
        return bad(c, fn->entry, "function outside the code");
    if (fn->n_regs > WM_REG_MAX + 1 || fn->n_args > fn->n_regs)
        return bad(c, fn->entry, "too many registers");
    if (fn->consts > p->n_consts || fn->n_consts > p->n_consts - fn->consts)
        return bad(c, fn->entry, "constants outside the pool");
    if (fn->memo_kind > WM_MEMO_ARGS || (fn->memo_kind == WM_MEMO_RULE && fn->memo >= p->n_memos))
        return bad(c, fn->entry, "memo slot out of range");
    if (fn->whole != WM_NONE && fn->whole >= p->n_funcs)
        return bad(c, fn->entry, "whole function out of range");
    uint32_t end = fn->entry + fn->words, last = fn->entry;
    memset(starts, 0, fn->words);
    for (uint32_t at = fn->entry; at < end;) {
        unsigned op = WM_OPCODE(p->code[at]);
        if (op >= WM_OP_COUNT)
            return bad(c, at, "unknown opcode");
        starts[at - fn->entry] = 1;
        last = at;
        at += wm_op_infos[op].words;
        if (at > end)
            return bad(c, last, "instruction cut off");
    }
    if (!ends_function(p->code[last]))
        return bad(c, last, "function without an end");
    c->starts = starts;
    for (uint32_t at = fn->entry; at < end;) {
        uint64_t w = p->code[at];
        const wm_op_info *info = &wm_op_infos[WM_OPCODE(w)];
        wb_status s = check_operand(c, at, info->operands[0], w, WM_A(w));
        if (!s)
            s = check_operand(c, at, info->operands[1], w, WM_B(w));
        if (!s && info->operands[1] != 'w')
            s = check_operand(c, at, info->operands[2], w, WM_C(w));
        if (!s)
            s = check_jump(c, at, info->operands[3], w, info->words);
        if (!s && info->words == 2)
            s = check_second_word(c, at, w, p->code[at + 1]);
        if (!s && p->places[at] >= p->n_locs)
            s = bad(c, at, "place out of range");
        if (s)
            return s;
        at += info->words;
    }
    return WB_OK;
}

static wb_status check_node(const wm_program *p, uint32_t at, wb_error *error)
{
    const wm_node *n = &p->nodes[at];
    const char *what = NULL;
    /* The root's children lie behind it in the table, so that no path below it can be a circle. */
    if (n->whole != WM_NONE && n->whole >= p->n_funcs)
        what = "function out of range";
    else if (n->keyed != WM_NONE && (uint64_t)n->keyed + n->n_keyed > p->n_funcs)
        what = "functions by keys out of range";
    else if ((uint64_t)n->first + n->n > p->n_nodes)
        what = "children out of range";
    else if (at == 0 ? n->parent != WM_NONE : n->parent >= at)
        what = "parent out of range";
    for (uint32_t i = 0; !what && i < n->n; i++) {
        uint32_t child = p->children[n->first + i];
        if (child <= at || child >= p->n_nodes || p->nodes[child].parent != at)
            what = "child out of range";
    }
    return what ? wb_fail(error, WB_INVALID, "data tree, node %u: %s", at, what) : WB_OK;
}

wb_status wm_verify(const wm_program *p, wb_error *error)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < p->n_funcs; i++)
        if (p->funcs[i].words > most)
            most = p->funcs[i].words;
    uint8_t *starts = wb_malloc(most);
    wb_status s = WB_OK;
    for (uint32_t i = 0; i < p->n_funcs && !s; i++) {
        checker c = {.p = p, .fn = &p->funcs[i], .error = error};
        s = check_function(&c, starts);
    }
    free(starts);
    for (uint32_t i = 0; i < p->n_nodes && !s; i++)
        s = check_node(p, i, error);
    return s;
}
