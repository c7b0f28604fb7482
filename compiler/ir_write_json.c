/* Statements, operands and tables of a written plan as JSON. The table of ir_plan.h says which
 * fields a statement has, as it does for reading. */
#include "compiler/ir_writer.h"

#include "stdlib/decl.h"
#include "value/json.h"
#include "value/number.h"

#include <stdlib.h>

/* ---- tables ---- */

static uint32_t number_of(ir_writer *w, ir_strings *t, wb_str s, bool *is_new)
{
    wv there = wv_object_get_str(t->numbers, s);
    *is_new = there == WV_UNDEFINED;
    if (!*is_new)
        return (uint32_t)wv_int(there);
    wv_object_put(w->u->a, &t->numbers, wv_string_new(w->u->a, s), wv_small(t->n));
    wb_buf_puts(&t->json, t->n ? "," : "");
    return t->n++;
}

uint32_t ir_string(ir_writer *w, wb_str s)
{
    bool is_new;
    uint32_t n = number_of(w, &w->strings, s, &is_new);
    if (is_new) {
        wb_buf_puts(&w->strings.json, "{\"value\":");
        wb_buf_put_json(&w->strings.json, s);
        wb_buf_putc(&w->strings.json, '}');
    }
    return n;
}

void ir_note_builtin(ir_writer *w, const ws_builtin *b)
{
    bool is_new;
    number_of(w, &w->builtins, wb_str_of(b->name), &is_new);
    if (!is_new)
        return;
    wb_buf_puts(&w->builtins.json, "{\"name\":");
    wb_buf_put_json(&w->builtins.json, wb_str_of(b->name));
    wb_buf_puts(&w->builtins.json, ",\"decl\":");
    wv_json_encode(&w->builtins.json, ws_decl_value(w->u->a, b->decl), NULL, NULL);
    wb_buf_putc(&w->builtins.json, '}');
}

/* ---- places ---- */

/* Behind the last byte of the place, in rows and code points. */
static void find_end(ir_writer *w)
{
    wp_loc loc = w->loc;
    if (loc.file == w->ended.file && loc.offset == w->ended.offset && loc.len == w->ended.len)
        return;
    w->ended = loc;
    w->end_row = loc.row;
    w->end_col = loc.col;
    wb_str text = w->files[loc.file]->text;
    if (loc.offset > text.n || loc.len > text.n - loc.offset)
        return;
    for (const char *c = text.p + loc.offset, *end = c + loc.len; c < end; c++) {
        if (*c == '\n') {
            w->end_row++;
            w->end_col = 1;
        } else if ((*c & 0xc0) != 0x80) {
            w->end_col++;
        }
    }
}

static void put_place(ir_writer *w)
{
    wp_loc loc = w->loc;
    if (!loc.row || loc.file >= w->n_files || !w->files[loc.file]) {
        wb_buf_puts(w->out, "\"file\":0,\"col\":0,\"row\":0,\"end_col\":0,\"end_row\":0");
        return;
    }
    find_end(w);
    wb_buf_putf(w->out, "\"file\":%u,\"col\":%u,\"row\":%u,\"end_col\":%u,\"end_row\":%u", loc.file,
                loc.col, loc.row, w->end_col, w->end_row);
}

/* ---- statements ---- */

static void put_operand(ir_writer *w, ir_operand o)
{
    if (o.kind == IR_BOOL)
        wb_buf_putf(w->out, "{\"type\":\"bool\",\"value\":%s}", o.n ? "true" : "false");
    else
        wb_buf_putf(w->out, "{\"type\":\"%s\",\"value\":%u}",
                    o.kind == IR_STRING ? "string_index" : "local", o.n);
}

/* slot: p and g are lists of operands, l and q of their numbers. */
static void put_list(ir_writer *w, char slot, const ir_operand *list, uint32_t n)
{
    wb_buf_putc(w->out, '[');
    for (uint32_t i = 0; i < n; i++) {
        wb_buf_puts(w->out, i ? "," : "");
        if (slot == 'l' || slot == 'q')
            wb_buf_putf(w->out, "%u", list[i].n);
        else
            put_operand(w, list[i]);
    }
    wb_buf_putc(w->out, ']');
}

/* True: the field is one block, or several, and stands open. */
static bool put_field(ir_writer *w, const ir_out *s, const char *name, size_t n, char slot)
{
    wb_buf *b = w->out;
    wb_buf_putf(b, ",\"%.*s\":", (int)n, name);
    switch (slot) {
    case 'a': put_operand(w, s->a); break;
    case 'b': put_operand(w, s->b); break;
    case 'x': wb_buf_putf(b, "%u", s->a.n); break;
    case 'y': wb_buf_putf(b, "%u", s->b.n); break;
    case 'u': wb_buf_putf(b, "%u", s->u); break;
    case 't':
    case 'm':
    case 'w': wb_buf_putf(b, "%u", s->t); break;
    case 'i': wb_buf_putf(b, "%lld", (long long)s->num); break;
    /* Older readers know the field with a capital letter only. */
    case 's': wb_buf_putf(b, "%u,\"Index\":%u", (unsigned)s->num, (unsigned)s->num); break;
    case 'f': wb_buf_put_json(b, s->func); break;
    case 'g':
    case 'l': put_list(w, slot, s->args, s->n_args); break;
    case 'p':
    case 'q': put_list(w, slot, s->path, s->n_path); break;
    case 'B': wb_buf_puts(b, "{\"stmts\":["); return true;
    default: wb_buf_puts(b, "[{\"stmts\":["); return true;
    }
    return false;
}

static bool begin(ir_writer *w, const ir_out *s)
{
    const ir_info *info = &ir_infos[s->kind];
    bool open = false;
    if (w->out->n && w->out->p[w->out->n - 1] != '[')
        wb_buf_putc(w->out, ',');
    wb_buf_putf(w->out, "{\"type\":\"%sStmt\",\"stmt\":{", info->name);
    put_place(w);
    for (const char *f = info->fields; *f;) {
        size_t n = strcspn(f, ":");
        open = put_field(w, s, f, n, f[n + 1]);
        f += n + 2;
        f += *f == ' ';
    }
    return open;
}

void ir_put(ir_writer *w, const ir_out *s)
{
    begin(w, s);
    wb_buf_puts(w->out, "}}");
}

void ir_open(ir_writer *w, const ir_out *s, const wc_block *block)
{
    begin(w, s);
    if (w->depth >= IR_DEPTH_MAX) {
        ir_refuse(w, w->loc, "blocks of the plan are nested too deeply");
        w->too_deep++; /* what follows is thrown away */
        return;
    }
    w->blocks[w->depth++] = (ir_open_block){.block = block,
                                            .scan = s->kind == IR_Scan,
                                            .several = s->kind == IR_Block,
                                            .n_undo = w->n_undo};
}

void ir_open_plain(ir_writer *w)
{
    ir_open(w, &(ir_out){.kind = IR_Block}, NULL);
}

void ir_close(ir_writer *w)
{
    if (w->too_deep) {
        w->too_deep--;
        return;
    }
    const ir_open_block *b = &w->blocks[--w->depth];
    for (; w->n_undo > b->n_undo; w->n_undo--)
        w->map[w->undo[w->n_undo - 1].local] = w->undo[w->n_undo - 1].before;
    wb_buf_puts(w->out, b->several ? "]}]}}" : "]}}}");
}

void ir_break(ir_writer *w, unsigned levels)
{
    ir_put(w, &(ir_out){.kind = IR_Break, .num = levels});
}

/* ---- small pieces ---- */

uint32_t ir_new_local(ir_writer *w)
{
    if (w->n_locals >= w->cap_facts) {
        w->cap_facts = 2 * w->cap_facts + 256;
        w->facts = wb_realloc(w->facts, w->cap_facts * sizeof *w->facts);
    }
    if (w->n_locals >= IR_LOCAL_MAX)
        ir_refuse(w, w->loc, "a function of the plan has too many locals");
    w->facts[w->n_locals] = 0;
    return w->n_locals++;
}

void ir_assign(ir_writer *w, uint32_t t, ir_operand a)
{
    ir_put(w, &(ir_out){.kind = IR_AssignVar, .a = a, .t = t});
}

void ir_dot(ir_writer *w, uint32_t t, uint32_t from, ir_operand key)
{
    ir_put(w, &(ir_out){.kind = IR_Dot, .a = ir_at(from), .b = key, .t = t});
}

void ir_call(ir_writer *w, uint32_t t, wb_str name, const ir_operand *args, uint32_t n)
{
    ir_put(w, &(ir_out){.kind = IR_Call, .func = name, .args = args, .n_args = n, .t = t});
}

void ir_call_builtin(ir_writer *w, uint32_t t, const ws_builtin *b, const ir_operand *args,
                     uint32_t n)
{
    ir_note_builtin(w, b);
    ir_call(w, t, wb_str_of(b->name), args, n);
}

/* ---- values ---- */

static uint32_t made(ir_writer *w, ir_kind kind, int64_t num)
{
    uint32_t t = ir_new_local(w);
    ir_put(w, &(ir_out){.kind = kind, .t = t, .num = num});
    return t;
}

static uint32_t number(ir_writer *w, wv v)
{
    return made(w, IR_MakeNumberRef, ir_string(w, wv_number_text(w->u->a, v)));
}

static uint32_t collection(ir_writer *w, wv v)
{
    uint32_t n = wv_len(v);
    if (wv_is_array(v)) {
        uint32_t t = made(w, IR_MakeArray, n);
        for (uint32_t i = 0; i < n; i++) {
            ir_operand item = ir_value(w, wv_items(v)[i]);
            ir_put(w, &(ir_out){.kind = IR_ArrayAppend, .a = item, .t = t});
        }
        return t;
    }
    bool object = wv_is_object(v);
    uint32_t t = made(w, object ? IR_MakeObject : IR_MakeSet, 0);
    const uint32_t *order = wv_table_order(v);
    for (uint32_t i = 0; i < n; i++) {
        wv member = object ? wv_key_at(v, order, i) : wv_set_at(v, order, i);
        ir_operand key = ir_value(w, member);
        if (object) {
            ir_operand value = ir_value(w, wv_value_at(v, order, i));
            ir_put(w, &(ir_out){.kind = IR_ObjectInsert, .a = key, .b = value, .t = t});
        } else {
            ir_put(w, &(ir_out){.kind = IR_SetAdd, .a = key, .t = t});
        }
    }
    return t;
}

ir_operand ir_value(ir_writer *w, wv v)
{
    if (wv_is_string(v))
        return (ir_operand){IR_STRING, ir_string(w, wv_str(&v))};
    if (v == WV_TRUE || v == WV_FALSE)
        return (ir_operand){IR_BOOL, v == WV_TRUE};
    if (v == WV_NULL)
        return ir_at(made(w, IR_MakeNull, 0));
    return ir_at(wv_is_number(v) ? number(w, v) : collection(w, v));
}

uint32_t ir_value_local(ir_writer *w, ir_operand o)
{
    if (o.kind == IR_LOCAL)
        return o.n;
    uint32_t t = ir_new_local(w);
    ir_assign(w, t, o);
    return t;
}

uint32_t ir_base(ir_writer *w, wv path)
{
    uint32_t at = IR_DATA;
    for (uint32_t i = 0; i < wv_len(path); i++) {
        ir_operand key = ir_value(w, wv_items(path)[i]);
        uint32_t t = ir_new_local(w);
        ir_dot(w, t, at, key);
        at = t;
    }
    return at;
}
