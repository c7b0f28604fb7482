#include "vm/program.h"

#include "value/json.h"

#include <inttypes.h>
#include <stdlib.h>

const wm_op_info wm_op_infos[WM_OP_COUNT] = {
#define OP(name, operands, words, doc) {#name, operands, words, doc},
#include "vm/opcodes.def"
#undef OP
};

void wm_program_free(wm_program *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; i < p->n_sites; i++)
        if (p->sites[i].prepared && p->sites[i].fn->release)
            p->sites[i].fn->release(p->sites[i].prepared);
    wb_arena arena = p->arena; /* the program lives in its own arena */
    wb_arena_free(&arena);
}

static void put_operand(wb_buf *b, const wm_program *p, const wm_func *fn, char kind, uint32_t v)
{
    switch (kind) {
    case 'd':
    case 'r':
    case 'm':
    case 's':
    case 'n': wb_buf_putf(b, " r%u", v); break;
    case 'i':
    case 'u': wb_buf_putf(b, " %u", v); break;
    case 'k':
    case 'p':
    case 'z':
    case 'w':
        wb_buf_putc(b, ' ');
        wv_print(b, p->consts[fn->consts + v]);
        break;
    default: break;
    }
}

static void put_second_word(wb_buf *b, const wm_program *p, wm_op op, uint64_t word)
{
    if (op == WM_CALL)
        wb_buf_putf(b, " %.*s", WB_FMT(p->funcs[word].name));
    else if (op == WM_CALLB)
        wb_buf_putf(b, " %s", p->sites[word].fn->name);
    else
        wb_buf_putf(b, " #%" PRIu64, word);
}

static void put_function(wb_buf *b, const wm_program *p, const wm_func *fn)
{
    wb_buf_put_str(b, fn->notes);
    wb_buf_putf(b, "func %.*s args=%u regs=%u", WB_FMT(fn->name), fn->n_args, fn->n_regs);
    if (fn->memo_kind == WM_MEMO_RULE)
        wb_buf_putf(b, " memo=%u", fn->memo);
    else if (fn->memo_kind == WM_MEMO_ARGS)
        wb_buf_puts(b, " memo=args");
    wb_buf_putc(b, '\n');
    for (uint32_t at = fn->entry; at < fn->entry + fn->words;) {
        uint64_t w = p->code[at];
        const wm_op_info *info = &wm_op_infos[WM_OPCODE(w)];
        wb_buf_putf(b, "  %4u  %-7s", at - fn->entry, info->name);
        if (info->operands[1] == 'w' || info->operands[1] == 'u') {
            put_operand(b, p, fn, info->operands[0], WM_A(w));
            put_operand(b, p, fn, info->operands[1], WM_W(w));
        } else {
            put_operand(b, p, fn, info->operands[0], WM_A(w));
            put_operand(b, p, fn, info->operands[1], WM_B(w));
            put_operand(b, p, fn, info->operands[2], WM_C(w));
        }
        if (info->words == 2)
            put_second_word(b, p, (wm_op)WM_OPCODE(w), p->code[at + 1]);
        uint32_t next = at + info->words - fn->entry;
        char f = info->operands[3];
        if (f == 'f' || f == 'j' || (f == 'o' && WM_F(w)))
            wb_buf_putf(b, " -> %u", next + WM_F(w));
        else if (f == 'l')
            wb_buf_putf(b, " -> %u", next - WM_F(w));
        const wp_loc *loc = &p->locs[p->places[at]];
        if (loc->row)
            wb_buf_putf(b, "\t; %u:%u", loc->row, loc->col);
        wb_buf_putc(b, '\n');
        at += info->words;
    }
}

void wm_disasm(wb_buf *b, const wm_program *p)
{
    for (uint32_t i = 0; i < p->n_funcs; i++)
        put_function(b, p, &p->funcs[i]);
}

void wm_opcode_page(wb_buf *b)
{
    wb_buf_puts(b,
                "# Bytecode\n\nMade from `vm/opcodes.def` by `writ disasm --opcodes`; the letters "
                "of the operands are explained there.\n\n"
                "| opcode | a b c f | words | meaning |\n|---|---|---|---|\n");
    for (unsigned i = 0; i < WM_OP_COUNT; i++)
        wb_buf_putf(b, "| `%s` | `%s` | %u | %s |\n", wm_op_infos[i].name, wm_op_infos[i].operands,
                    wm_op_infos[i].words, wm_op_infos[i].doc);
}
