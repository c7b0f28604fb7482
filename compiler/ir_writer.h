/* The state of writing a plan, shared by the compiler/ir_write*.c files.
 *
 * A *job* is one function of the written plan: a function of ours, the document at a node of the
 * data tree, or what lies below a node by keys known at run time. Jobs are written one after the
 * other; asking for one by ir_ask puts it in the list once.
 *
 * A *world* says what `with` has replaced around a job: documents (masked: they are read from the
 * base documents, where the value stands), functions and built-ins. OPA's format knows replacements
 * of documents only, so a function is written once for each world in which it means something else;
 * a value that stands for a function travels as a parameter. */
#ifndef WRIT_COMPILER_IR_WRITER_H
#define WRIT_COMPILER_IR_WRITER_H

#include "compiler/ir_plan.h"
#include "compiler/ir_write.h"

#define IR_WORLDS_MAX 10000u /* each needs functions of its own, and is looked for in a list */

/* Something that some `with` replaces. */
typedef struct ir_item {
    enum { IR_MASK, IR_MOCK_FUNC, IR_MOCK_BUILTIN } what;
    wv path;     /* IR_MASK: of the document */
    uint32_t id; /* function, or mock number of the built-in */
} ir_item;

typedef struct ir_swap {
    uint32_t item;
    enum { IR_MASKED, IR_BY_VALUE, IR_BY_FUNC, IR_BY_BUILTIN } how;
    uint32_t func;
    const ws_builtin *builtin;
} ir_swap;

typedef struct ir_world {
    uint32_t number;
    uint32_t n, n_values; /* swaps; those by value */
    ir_swap *swaps;       /* by number of their items */
    struct ir_world *next;
} ir_world;

typedef struct ir_job {
    enum { IR_JOB_FUNC, IR_JOB_DOCUMENT, IR_JOB_BELOW } what;
    uint32_t n;    /* function, or node */
    uint32_t keys; /* IR_JOB_BELOW: how many */
    const ir_world *world;
    wb_str name;
} ir_job;

/* One statement, by the table of ir_plan.h. */
typedef struct ir_out {
    ir_kind kind;
    uint32_t t, u;
    ir_operand a, b;
    int64_t num;
    const ir_operand *args, *path;
    uint32_t n_args, n_path;
    wb_str func;
} ir_out;

/* What is known of a local: it may be undefined; it is part of the base documents, where readers
 * may reach arrays by text too. */
enum { IR_MAYBE = 1, IR_BASE = 2 };

/* A block of the plan being written. */
typedef struct ir_open_block {
    const wc_block *block; /* ours, or NULL */
    bool scan;             /* it is a loop's body */
    uint32_t left;         /* while a loop inside may leave it: the local that says so, or 0 */
    uint32_t n_undo;       /* mappings made before it */
    bool several;          /* it stands in a list of blocks */
} ir_open_block;

typedef struct ir_strings {
    wv numbers; /* text -> number */
    wb_buf json;
    uint32_t n;
} ir_strings;

typedef struct ir_writer {
    wc_unit *u;
    const wc_plan *plan;
    wb_buf *out; /* where statements go */
    ir_strings strings, builtins;
    const wp_file **files; /* by number; NULL: none */
    uint32_t n_files;
    wc_node **nodes; /* by number */
    uint32_t n_nodes;

    ir_item *items;
    uint32_t n_items, cap_items;
    uint64_t *reach; /* by function, then by node: bits of the items it may meet */
    uint32_t words;  /* of one such set */
    ir_world *worlds;
    uint32_t n_worlds;

    wv asked; /* name -> 1 */
    ir_job *jobs;
    uint32_t n_jobs, cap_jobs;

    /* The function being written. */
    const wc_function *fn;
    const ir_world *world;
    uint32_t *values; /* by item: the local that holds the value in its place */
    uint32_t n_locals, ret;
    wp_loc loc, ended; /* `ended`: the place whose end is known */
    uint32_t end_row, end_col;
    uint32_t *map; /* local of ours -> its local here, or 0 */
    struct {
        uint32_t local, before;
    } * undo; /* changes of map, to be taken back when their block ends */
    uint32_t n_undo, cap_undo;
    uint8_t *facts; /* by local here: IR_MAYBE, IR_BASE */
    uint32_t cap_facts;
    ir_open_block blocks[IR_DEPTH_MAX + 1];
    unsigned depth;
    unsigned too_deep;      /* blocks that did not fit, of a plan that is refused */
    uint32_t rows;          /* the query: local of ours for its answers, or WM_NONE */
    uint32_t spine, leaves; /* rules that insert at different depths: see keep_leaf */
    bool mixed_paths;
    bool failed, missing; /* missing: an entrypoint names nothing */
} ir_writer;

/* ---- ir_write.c ---- */
/* Appends the JSON to out. After a report: WB_NOT_FOUND for an entrypoint that names nothing, else
 * WB_INVALID. */
wb_status ir_write(wc_unit *u, const wc_plan *plan, const wc_plan_wanted *wanted, wb_buf *out);
wb_str ir_ask(ir_writer *w, ir_job job);
/* A mistake that makes the plan impossible. */
void ir_refuse(ir_writer *w, wp_loc loc, const char *text);

void ir_begin_plan(ir_writer *w, wb_str name, const wc_function *fn);
void ir_end_plan(ir_writer *w);

/* ---- ir_write_entries.c ---- */
void ir_write_entries(ir_writer *w, const wc_plan_wanted *wanted);

/* ---- ir_write_json.c ---- */
uint32_t ir_string(ir_writer *w, wb_str s);
void ir_note_builtin(ir_writer *w, const ws_builtin *b);
void ir_put(ir_writer *w, const ir_out *s);
/* Statements with blocks: what follows goes into the block until ir_close. */
void ir_open(ir_writer *w, const ir_out *s, const wc_block *block);
void ir_open_plain(ir_writer *w);
void ir_close(ir_writer *w);
void ir_break(ir_writer *w, unsigned levels);
static inline ir_operand ir_at(uint32_t local)
{
    return (ir_operand){IR_LOCAL, local};
}
uint32_t ir_new_local(ir_writer *w);
void ir_assign(ir_writer *w, uint32_t t, ir_operand a);
void ir_dot(ir_writer *w, uint32_t t, uint32_t from, ir_operand key);
void ir_call(ir_writer *w, uint32_t t, wb_str name, const ir_operand *args, uint32_t n);
void ir_call_builtin(ir_writer *w, uint32_t t, const ws_builtin *b, const ir_operand *args,
                     uint32_t n);
/* A value as an operand: constants that are no texts or booleans are made first. */
ir_operand ir_value(ir_writer *w, wv v);
uint32_t ir_value_local(ir_writer *w, ir_operand o);
/* The place in the base documents: a local, or the block ends. */
uint32_t ir_base(ir_writer *w, wv path);

/* ---- ir_write_world.c ---- */
/* Collects what is replaced anywhere and who may meet it. */
void ir_find_items(ir_writer *w);
/* Marks what calls the callees, at however many steps; both are by function, then by node. */
void ir_find_callers(ir_writer *w, const bool *callees, bool *callers);
const ir_world *ir_world_plain(ir_writer *w);
/* The world with one more replacement. */
const ir_world *ir_world_with(ir_writer *w, const ir_world *world, ir_swap swap);
/* What of the world the function (or, from n_funcs on, the node) can meet. */
const ir_world *ir_world_for(ir_writer *w, const ir_world *world, uint32_t vertex);
/* The world in which a function that stands in for another runs: nothing is mocked in it. */
const ir_world *ir_world_inside_mock(ir_writer *w, const ir_world *world);
uint32_t ir_find_item(const ir_writer *w, const wc_replacement *r, wv path);
bool ir_masked(const ir_writer *w, const ir_world *world, wv path);
const ir_swap *ir_mocked(const ir_writer *w, const ir_world *world, bool builtin, uint32_t id);

/* ---- ir_write_docs.c ---- */
wv ir_node_path(ir_writer *w, const wc_node *n);
/* Puts what is below the node by the keys into t; undefined: the block ends. */
void ir_below(ir_writer *w, const wc_node *n, const ir_operand *keys, uint32_t n_keys, uint32_t t);
void ir_write_document(ir_writer *w, const wc_node *n);
void ir_write_below(ir_writer *w, const wc_node *n, uint32_t n_keys, uint32_t first_key);
/* Calls a function of ours as it is in this world. */
void ir_call_function(ir_writer *w, uint32_t t, uint32_t func, const ir_operand *args, uint32_t n);

/* ---- ir_write_stmt.c ---- */
/* The function's body into the block that is open. */
void ir_write_body(ir_writer *w);

#endif
