/* OPA's published plan (plan.json, "IR") as structs. Internal to the compiler/ir_*.c files.
 *
 * ir_parse.c makes it from JSON and checks every number in it; ir_flow.c says what is known of each
 * local; ir_read.c turns it into our plan. Locals are numbered densely within each function: 0 is
 * the input document, 1 the base documents, then the other parameters, then the rest. */
#ifndef WRIT_COMPILER_IR_PLAN_H
#define WRIT_COMPILER_IR_PLAN_H

#include "compiler/plan.h"

#define IR_TEXT_MAX    ((size_t)64 << 20) /* bytes of JSON: some hundred thousand statements */
#define IR_DEPTH_MAX   200u     /* blocks in blocks: passes over them recurse; OPA's have some 15 */
#define IR_LOCAL_MAX   0xfffffu /* largest local number, before they are made dense */
#define IR_ARGS_MAX    250u     /* arguments of a call, parts of a path */
#define IR_EVENTS_MAX  64u      /* events of a local; past them nothing is taken for certain */
#define IR_DYNAMIC_MAX 100000u  /* candidates of all dynamic calls: each costs some statements */

enum { IR_INPUT, IR_DATA, IR_FIRST_ARG };

/* One row a statement: IR(Name, seals, fields). Fields are "json_name:slot" with a blank between:
 *
 *   a b  operand read (ir_stmt.a, .b)      x y  the same, given as a local's number
 *   t u  local written (.t, .u)            m    local changed in place (.t)
 *   w    input or data, replaced (.t)      i    integer (.num)         s  string's number (.num)
 *   f    function's name (.func, .builtin) g    operands (.args)       l  locals' numbers (.args)
 *   p    operands (.path)                  q    strings' numbers (.path)
 *   B    one block, L several (.blocks)
 *
 * seals: a collection that is read here may become part of another value, so that it is not changed
 * in place from then on. */
#define IR_STMT_MAP(IR)                                                                            \
    IR(ArrayAppend, 1, "value:a array:m")                                                          \
    IR(AssignInt, 0, "value:i target:t")                                                           \
    IR(AssignVar, 1, "source:a target:t")                                                          \
    IR(AssignVarOnce, 1, "source:a target:t")                                                      \
    IR(Block, 0, "blocks:L")                                                                       \
    IR(Break, 0, "index:i")                                                                        \
    IR(Call, 1, "func:f args:g result:t")                                                          \
    IR(CallDynamic, 1, "args:l path:p result:t")                                                   \
    IR(Dot, 0, "source:a key:b target:t")                                                          \
    IR(Equal, 0, "a:a b:b")                                                                        \
    IR(IsArray, 0, "source:a")                                                                     \
    IR(IsDefined, 0, "source:x")                                                                   \
    IR(IsObject, 0, "source:a")                                                                    \
    IR(IsSet, 0, "source:a")                                                                       \
    IR(IsUndefined, 0, "source:x")                                                                 \
    IR(Len, 0, "source:a target:t")                                                                \
    IR(MakeArray, 0, "capacity:i target:t")                                                        \
    IR(MakeNull, 0, "target:t")                                                                    \
    IR(MakeNumberInt, 0, "value:i target:t")                                                       \
    IR(MakeNumberRef, 0, "index:s target:t")                                                       \
    IR(MakeObject, 0, "target:t")                                                                  \
    IR(MakeSet, 0, "target:t")                                                                     \
    IR(Nop, 0, "")                                                                                 \
    IR(Not, 0, "block:B")                                                                          \
    IR(NotEqual, 0, "a:a b:b")                                                                     \
    IR(ObjectInsert, 1, "key:a value:b object:m")                                                  \
    IR(ObjectInsertOnce, 1, "key:a value:b object:m")                                              \
    IR(ObjectMerge, 1, "a:x b:y target:t")                                                         \
    IR(ResetLocal, 0, "target:t")                                                                  \
    IR(ResultSetAdd, 1, "value:x")                                                                 \
    IR(ReturnLocal, 1, "source:x")                                                                 \
    IR(Scan, 1, "source:x key:t value:u block:B")                                                  \
    IR(SetAdd, 1, "value:a set:m")                                                                 \
    IR(With, 1, "local:w path:q value:a block:B")

typedef enum ir_kind {
#define IR(name, seals, fields) IR_##name,
    IR_STMT_MAP(IR)
#undef IR
        IR_KIND_COUNT
} ir_kind;

typedef struct ir_info {
    const char *name; /* without "Stmt" */
    const char *fields;
    bool seals;
} ir_info;

extern const ir_info ir_infos[IR_KIND_COUNT];

typedef struct ir_operand {
    enum { IR_NONE, IR_LOCAL, IR_BOOL, IR_STRING } kind;
    uint32_t n; /* local, 0 or 1, or string's number */
} ir_operand;

typedef struct ir_block {
    struct ir_stmt *stmts;
    uint32_t n;
} ir_block;

enum { IR_WRITES_T = 1, IR_WRITES_U = 2, IR_CHANGES_T = 4 };

typedef struct ir_stmt {
    uint8_t kind;   /* ir_kind */
    uint8_t writes; /* IR_WRITES_... */
    wp_loc loc;
    uint32_t t, u;
    ir_operand a, b;
    int64_t num;
    ir_operand *args, *path;
    uint32_t n_args, n_path;
    uint32_t func; /* number, or WM_NONE for a built-in */
    const ws_builtin *builtin;
    ir_block *blocks;
    uint32_t n_blocks;
} ir_stmt;

typedef struct ir_func {
    wb_str name;
    wb_str *path;
    uint32_t n_path;
    uint32_t n_args; /* without input and data */
    uint32_t n_locals;
    uint32_t n_scans;           /* Scan statements, for ir_flow */
    bool uses_input, uses_data; /* as more than the first arguments of calls */
    bool is_plan;
    uint32_t asked; /* places that call it; one in a function or loop counts twice */
    ir_block *blocks;
    uint32_t n_blocks;
} ir_func;

typedef struct ir_program {
    wb_str *strings;
    uint32_t n_strings;
    wb_str *files;
    uint32_t n_files;
    ir_func *funcs; /* the plan asked for stands behind the last */
    uint32_t n_funcs;
} ir_program;

/* Reads and checks. Everything lives in a. plan: the plan's name, or empty for the only one.
 * WB_INVALID, WB_LIMIT; WB_NOT_FOUND: no plan of that name. */
wb_status ir_parse(ir_program *ir, wb_arena *a, wb_str json, wb_str plan, const ws_registry *r,
                   wb_error *error);

/* ---- what is known of locals ---- */

/* A place where a local gets another value, or where what it holds may become part of another. */
typedef struct ir_event {
    uint32_t scan;
    struct ir_event *next;
} ir_event;

typedef struct ir_local {
    uint32_t home;   /* the innermost loop around everything that names it */
    uint32_t writes; /* statements that write it */
    uint32_t reads;
    uint32_t n_events;
    bool shared;          /* lives through several of the function's blocks */
    bool exposed;         /* some read may come before any write */
    bool met;             /* home is set */
    uint32_t reg;         /* shared: its register; else counted from the first of the block's */
    uint32_t first, last; /* statements that name it */
    uint32_t until;       /* the loop to whose end it must stay, or 0 */
    ir_event *events;
} ir_local;

/* Loops are numbered in the order in which they begin; 0 is the function itself. Those inside loop
 * n are n+1 .. last[n]. */
typedef struct ir_flow {
    wb_arena *a;
    const ir_func *fn;
    ir_local *locals;
    uint32_t *parent, *last; /* by loop */
    uint32_t *begins, *ends; /* by loop: statements */
    uint32_t at;             /* number of the present statement, from 1 */
    uint32_t *named;         /* locals of the block in the order in which they are met */
    uint32_t n_named;
    uint32_t *busy; /* by register: the last statement that needs it */
    uint32_t n_scans;
    bool *defined; /* while walking: a write stands before on every way */
    uint32_t *undo;
    uint32_t n_undo, cap_undo;
    uint32_t scan;
    bool whole; /* the first walk, over all blocks */
} ir_flow;

/* Learns what holds for the whole function: `shared`, and all of those that are. */
void ir_flow_function(ir_flow *f, wb_arena *a, const ir_func *fn);
/* Learns about the other locals as they are used in block number i, before it is turned into a
 * plan; first_scan: number of the last loop that began before the block. Answers how many registers
 * they need. */
uint32_t ir_flow_block(ir_flow *f, uint32_t i, uint32_t first_scan);
/* Whether loop `inner` is `outer` or lies in it. */
static inline bool ir_scan_inside(const ir_flow *f, uint32_t inner, uint32_t outer)
{
    return inner >= outer && inner <= f->last[outer];
}

#endif
