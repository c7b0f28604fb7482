/* The tree of a pattern and what is made of it. Internal to re_*.c. */
#ifndef WRIT_STDLIB_RE_TREE_H
#define WRIT_STDLIB_RE_TREE_H

#include "stdlib/re.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

typedef enum re_op {
    RE_NONE,  /* matches nothing */
    RE_EMPTY, /* the empty string */
    RE_CLASS, /* one code point of `ranges`; a literal is a class of one */
    RE_BEGIN_LINE,
    RE_END_LINE,
    RE_BEGIN_TEXT,
    RE_END_TEXT,
    RE_WORD,    /* \b */
    RE_NO_WORD, /* \B */
    RE_CAPTURE, /* sub[0], number `min` */
    RE_REPEAT,  /* sub[0] min to max times; max -1: any */
    RE_CONCAT,
    RE_ALTERNATE,
    RE_PAREN, /* parser's stack only */
    RE_BAR
} re_op;

typedef struct re_node {
    uint8_t op;
    bool lazy;
    bool nullable;  /* may match the empty string */
    uint16_t flags; /* parser's flags at an open parenthesis */
    int32_t min, max;
    uint32_t count;  /* subs or ranges */
    uint32_t height; /* of the tree below */
    uint64_t size;   /* instructions it compiles to, as Go reckons */
    union {
        struct re_node **sub;
        const uint32_t *ranges; /* count pairs lo, hi in order */
    };
} re_node;

typedef struct re_inst re_inst;

struct ws_re {
    re_node *root;
    void *chunks; /* memory of the tree */
    unsigned groups;
    wb_str *names;       /* of groups, in chunks */
    bool odd_loops;      /* a loop over what may be empty: groups and extents may differ in PCRE2 */
    bool anchored;       /* can only match at the start of the text */
    unsigned open_loops; /* unbounded repetitions: the power its time may grow with */
    pcre2_code *code;    /* NULL: PCRE2 does not take it */
    bool jit;
    re_inst *program; /* of the thread machine */
    uint32_t program_len;
};

/* Memory that lives as long as the pattern. */
void *re_alloc(ws_re *re, size_t n);
bool re_parse(ws_re *re, wb_str pattern, wb_buf *error);
void re_make_pcre(ws_re *re);
/* False: more than RE_PROGRAM_MAX instructions. */
bool re_make_program(ws_re *re);

#define RE_PROGRAM_MAX 131072u /* 3 MB a pattern; Go allows 25 times as many */

/* The machine; ends may be NULL. */
ws_re_answer re_run(ws_ctx *cx, const ws_re *re, wb_str s, size_t from, size_t *ends);

#endif
