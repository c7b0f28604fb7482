/* A program: the bytecode of a compiled policy. Frozen when it is made, shared by all threads.
 *
 * Words: a *function* is a unit of code with registers of its own: a rule asked whole, a rule asked
 * by keys, a Rego function, a query. A *site* is one place that calls a built-in, with what was
 * prepared for its constant arguments. A *node* is a step of the data tree: a package, a part of a
 * rule's path, or a rule. */
#ifndef WRIT_VM_PROGRAM_H
#define WRIT_VM_PROGRAM_H

#include "base/arena.h"
#include "parser/diag.h"
#include "stdlib/builtin.h"
#include "value/value.h"

typedef enum wm_op {
#define OP(name, operands, words, doc) WM_##name,
#include "vm/opcodes.def"
#undef OP
    WM_OP_COUNT
} wm_op;

typedef struct wm_op_info {
    const char *name;
    const char *operands;
    unsigned words;
    const char *doc;
} wm_op_info;

extern const wm_op_info wm_op_infos[WM_OP_COUNT];

#define WM_REG_MAX   4095u     /* registers of a function: 12 bits */
#define WM_CONST_MAX 0xffffffu /* constants of a function: 24 bits (12 where a row says k) */
#define WM_JUMP_MAX  0xfffffu  /* words a jump may span: 20 bits */
#define WM_ITER_REGS 7u        /* registers of a loop */
/* What they hold is known to the loop alone, but for the element's KEY and VALUE. */
enum { WM_IT_SOURCE, WM_IT_POS, WM_IT_KEY, WM_IT_VALUE, WM_IT_SCRATCH, WM_IT_KEPT, WM_IT_PIN };

static inline uint64_t wm_word(wm_op op, uint32_t a, uint32_t b, uint32_t c, uint32_t f)
{
    return (uint64_t)op | (uint64_t)a << 8 | (uint64_t)b << 20 | (uint64_t)c << 32 |
           (uint64_t)f << 44;
}
#define WM_OPCODE(w) ((unsigned)((w)&0xff))
#define WM_A(w)      ((uint32_t)((w) >> 8) & 0xfff)
#define WM_B(w)      ((uint32_t)((w) >> 20) & 0xfff)
#define WM_C(w)      ((uint32_t)((w) >> 32) & 0xfff)
#define WM_W(w)      ((uint32_t)((w) >> 20) & 0xffffff)
#define WM_F(w)      ((uint32_t)((w) >> 44))

typedef enum wm_memo_kind { WM_MEMO_NONE, WM_MEMO_RULE, WM_MEMO_ARGS } wm_memo_kind;

typedef struct wm_func {
    wb_str name;    /* "data.test.p", with "[1]" behind it for a rule asked by one key */
    uint32_t entry; /* first word */
    uint32_t words;
    uint32_t n_regs;
    uint32_t n_args; /* registers 0 .. n_args-1 */
    uint32_t consts; /* first constant in the program's pool */
    uint32_t n_consts;
    uint32_t memo;     /* slot (WM_MEMO_RULE) */
    uint8_t memo_kind; /* wm_memo_kind */
    uint32_t whole;    /* rules asked by keys: the function that answers whole; else WM_NONE */
    bool maskable;     /* some `with` may replace a document at, above or below its path */
    bool mockable;     /* some `with` may replace this function */
    bool is_function;  /* a Rego function: its arguments are values, not keys */
    wv path;           /* rules: ["test", "p"], for `with`; undefined for queries */
    wp_loc loc;        /* the rule's place: conflicts name it */
    wb_str notes;      /* what the optimiser did and did not, lines for wm_disasm; mostly empty */
} wm_func;

typedef struct wm_site {
    const ws_builtin *fn;
    void *prepared; /* owned by the program; may be NULL */
    bool mockable;
    uint32_t mock_id; /* number of the built-in among the mocked ones */
} wm_site;

/* A place that asks a collection for the elements with a given part. */
typedef struct wm_match {
    wv path;   /* keys from the element to its part, an array */
    bool base; /* the element is of base data, where arrays are reached by text too */
} wm_match;

/* Which cases of a function to run, by a value. */
typedef struct wm_dispatch {
    wv starts;       /* value -> number in lists, an object */
    uint32_t others; /* where the list for any other value begins */
    uint32_t *lists; /* numbers of cases; each list ends with n_cases */
    uint32_t n_lists;
    uint32_t *cases; /* n_cases + 1 places in the code: the last is behind all cases */
    uint32_t n_cases;
} wm_dispatch;

#define WM_NONE 0xffffffffu

typedef struct wm_node {
    wv name;           /* the key that leads here from the parent */
    uint32_t parent;   /* WM_NONE for the root `data` */
    uint32_t first, n; /* children: program->children[first .. first+n-1], sorted by name */
    uint32_t whole;    /* function for the whole value, or WM_NONE when it is no rule */
    uint32_t keyed;    /* first function asked by keys: keyed + k - 1 takes k keys, or WM_NONE */
    uint32_t n_keyed;  /* how many of them there are */
    bool is_function;  /* Rego functions: left out of documents */
} wm_node;

/* Operators whose slow path is a built-in. */
typedef enum wm_operator {
    WM_OPERATOR_ADD,
    WM_OPERATOR_SUB,
    WM_OPERATOR_MUL,
    WM_OPERATOR_DIV,
    WM_OPERATOR_REM,
    WM_OPERATOR_COUNT
} wm_operator;

typedef struct wm_program {
    wb_arena arena; /* everything below lives here */
    uint64_t *code;
    uint32_t n_code;
    uint32_t *places; /* per word: number in locs */
    wp_loc *locs;
    uint32_t n_locs;
    wm_func *funcs;
    uint32_t n_funcs;
    wv *consts;
    uint32_t n_consts;
    wm_site *sites;
    uint32_t n_sites;
    wm_match *matches;
    uint32_t n_matches;
    wm_dispatch *dispatches;
    uint32_t n_dispatches;
    const ws_builtin *operators[WM_OPERATOR_COUNT]; /* rows of plus, minus, mul, div, rem */
    wm_node *nodes;                                 /* nodes[0] is `data` */
    uint32_t n_nodes;
    uint32_t *children;
    uint32_t n_memos; /* slots that a session needs */
    wp_file *files;   /* what a wp_loc's file means */
    uint32_t n_files;
    uint32_t query; /* the function that a prepared query runs, or WM_NONE */
    bool io;        /* reaches a built-in that waits for the outside world */
    bool noisy;     /* reaches one that is seen to run: print and its like */
} wm_program;

/* Releases prepared sites and the arena, and the program itself. NULL is allowed. */
void wm_program_free(wm_program *p);

/* Checks every word once, so that the loop may trust where it points. What a register holds when an
 * instruction reads it is the compiler's promise: a program of other origin is not to be run. (More
 * than kinds would have to be followed: a value made in a turn of a loop dies with it, so what each
 * register may hold depends on the loops around, too.)
 * Checked: operands within the function, jumps onto
 * instruction starts inside the function, constants and functions that exist. WB_INVALID names the
 * first thing wrong. */
wb_status wm_verify(const wm_program *p, wb_error *error);

/* The listing: one line an instruction, with function headings and source places. */
void wm_disasm(wb_buf *b, const wm_program *p);
/* docs/bytecode.md, made from the rows. */
void wm_opcode_page(wb_buf *b);

#endif
