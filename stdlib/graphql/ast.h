/* GraphQL documents as trees of C structures. Internal to stdlib/graphql.
 *
 * Trees come from text (parse.h) or from a document that a policy holds (tree.h), live in the
 * arena of the call and die with it. Strings point into the text, into the document or into the
 * arena. A pointer that may be NULL says so.
 *
 * The validator writes what it finds about a node into the node ("links"); nobody else does. */
#ifndef WRIT_STDLIB_GRAPHQL_AST_H
#define WRIT_STDLIB_GRAPHQL_AST_H

#include "stdlib/context.h"

/* Nesting of selections, values and types: recursion in C stays under 200 kB. */
#define WS_GQL_DEPTH_MAX 500
/* Tokens of one document: a node takes some 200 bytes, so a tree stays under 200 MB whatever the
 * memory budget. */
#define WS_GQL_TOKENS_MAX 1000000
/* Nesting with the fragments that are spread in: recursion in C stays under 1 MB. */
#define WS_GQL_WALK_MAX 1500

/* 1-based, in code points. A line of 0: the node has no place (it came from a document). A column
 * below 1 happens behind a block string, as OPA counts. */
typedef struct ws_gql_pos {
    int64_t line, column;
} ws_gql_pos;

typedef struct ws_gql_list {
    void **at;
    uint32_t n, cap;
} ws_gql_list;

/* Adds a node. False (and the error of the budget is set) when the arena is exhausted. */
bool ws_gql_push(ws_ctx *cx, ws_gql_list *list, void *item);

#define WS_GQL_AT(list, i, type) ((type *)(list).at[i])

typedef struct ws_gql_comment {
    wb_str text; /* with its "#" */
} ws_gql_comment;

typedef struct ws_gql_comments {
    ws_gql_list list; /* ws_gql_comment */
} ws_gql_comments;

typedef struct ws_gql_type {
    wb_str name;              /* empty for lists */
    struct ws_gql_type *elem; /* of lists */
    bool non_null;
    ws_gql_pos pos;
} ws_gql_type;

/* The numbers are part of the documents that policies see. */
typedef enum ws_gql_value_kind {
    WS_GQL_V_VARIABLE,
    WS_GQL_V_INT,
    WS_GQL_V_FLOAT,
    WS_GQL_V_STRING,
    WS_GQL_V_BLOCK,
    WS_GQL_V_BOOLEAN,
    WS_GQL_V_NULL,
    WS_GQL_V_ENUM,
    WS_GQL_V_LIST,
    WS_GQL_V_OBJECT
} ws_gql_value_kind;

struct ws_gql_def;
struct ws_gql_variable;

typedef struct ws_gql_value {
    wb_str raw;
    ws_gql_list children; /* ws_gql_child */
    int64_t kind;
    ws_gql_comments *comment; /* or NULL */
    bool expected_has_default;
    ws_gql_pos pos;
    /* links, or NULL */
    struct ws_gql_def *def;
    struct ws_gql_variable *variable;
    ws_gql_type *expected;
} ws_gql_value;

typedef struct ws_gql_child {
    wb_str name;              /* empty in lists */
    ws_gql_value *value;      /* NULL only in schemas that were documents */
    ws_gql_comments *comment; /* or NULL */
    ws_gql_pos pos;
} ws_gql_child;

typedef struct ws_gql_argument {
    wb_str name;
    ws_gql_value *value;      /* NULL only in schemas that were documents */
    ws_gql_comments *comment; /* or NULL */
    ws_gql_pos pos;
} ws_gql_argument;

typedef struct ws_gql_directive {
    wb_str name, location;
    ws_gql_list arguments; /* ws_gql_argument */
    ws_gql_pos pos;
    struct ws_gql_directive_def *def; /* link, or NULL */
} ws_gql_directive;

/* ---- executable documents ---- */

typedef struct ws_gql_variable {
    wb_str name;
    ws_gql_type *type;
    ws_gql_value *fallback; /* the default value, or NULL */
    ws_gql_list directives;
    ws_gql_comments *comment; /* or NULL */
    bool used;
    ws_gql_pos pos;
    struct ws_gql_def *def; /* link, or NULL */
} ws_gql_variable;

typedef enum ws_gql_selection_kind {
    WS_GQL_FIELD,
    WS_GQL_FRAGMENT_SPREAD,
    WS_GQL_INLINE
} ws_gql_selection_kind;

typedef struct ws_gql_selection {
    ws_gql_selection_kind kind;
    wb_str alias, name; /* alias: of fields, the name when there is none */
    wb_str condition;   /* of inline fragments; may be empty */
    ws_gql_list arguments, directives, selections;
    ws_gql_comments *comment; /* or NULL */
    ws_gql_pos pos;
    /* links, or NULL */
    struct ws_gql_field_def *field;
    struct ws_gql_def *object;
    struct ws_gql_fragment *fragment;
    struct ws_gql_fields *collected; /* of `selections`, once made */
} ws_gql_selection;

typedef struct ws_gql_operation {
    wb_str operation, name; /* "query", ... */
    ws_gql_list variables, directives, selections;
    ws_gql_comments *comment; /* or NULL */
    ws_gql_pos pos;
    struct ws_gql_fields *collected;
} ws_gql_operation;

typedef struct ws_gql_fragment {
    wb_str name, condition;
    ws_gql_list variables, directives, selections;
    ws_gql_comments *comment; /* or NULL */
    ws_gql_pos pos;
    struct ws_gql_def *def; /* link, or NULL */
    struct ws_gql_fields *collected;
    bool open, visited;  /* marks of rules */
    uint32_t path_place; /* likewise */
} ws_gql_fragment;

typedef struct ws_gql_query {
    ws_gql_list operations, fragments;
    ws_gql_comments *comment; /* or NULL */
} ws_gql_query;

/* ---- schemas ---- */

/* Fields of types and of input objects, arguments of fields and of directives. */
typedef struct ws_gql_field_def {
    wb_str description, name;
    ws_gql_list arguments;  /* ws_gql_field_def */
    ws_gql_value *fallback; /* the default value, or NULL */
    ws_gql_type *type;
    ws_gql_list directives;
    ws_gql_comments *before, *after; /* the description, or NULL */
    ws_gql_pos pos;
} ws_gql_field_def;

typedef struct ws_gql_enum_value {
    wb_str description, name;
    ws_gql_list directives;
    ws_gql_comments *before, *after;
    ws_gql_pos pos;
} ws_gql_enum_value;

typedef enum ws_gql_kind_of {
    WS_GQL_K_OTHER,
    WS_GQL_K_SCALAR,
    WS_GQL_K_OBJECT,
    WS_GQL_K_INTERFACE,
    WS_GQL_K_UNION,
    WS_GQL_K_ENUM,
    WS_GQL_K_INPUT
} ws_gql_kind_of;

/* A type, or what an extension adds to one. */
typedef struct ws_gql_def {
    wb_str kind; /* "OBJECT", ... */
    ws_gql_kind_of is;
    wb_str description, name;
    ws_gql_list directives;
    ws_gql_list interfaces;  /* wb_str */
    ws_gql_list fields;      /* ws_gql_field_def */
    ws_gql_list types;       /* wb_str: members of a union */
    ws_gql_list types_at;    /* ws_gql_pos: where they stand; as long as `types`, or empty */
    ws_gql_list enum_values; /* ws_gql_enum_value */
    ws_gql_comments *before, *after, *end;
    bool built_in;
    ws_gql_pos pos;
    const char *file;             /* NULL: the policy's */
    struct ws_gql_names *by_name; /* fields, once made */
    ws_gql_list possible;         /* ws_gql_def: what an abstract type may be */
} ws_gql_def;

typedef struct ws_gql_directive_def {
    wb_str description, name;
    ws_gql_list arguments; /* ws_gql_field_def */
    ws_gql_list locations; /* wb_str */
    bool repeatable;
    ws_gql_comments *before, *after;
    ws_gql_pos pos;
} ws_gql_directive_def;

typedef struct ws_gql_root {
    wb_str operation, type;
    ws_gql_comments *comment;
    ws_gql_pos pos;
} ws_gql_root;

typedef struct ws_gql_schema_def {
    wb_str description;
    ws_gql_list directives;
    ws_gql_list roots; /* ws_gql_root */
    ws_gql_comments *before, *after, *end;
    ws_gql_pos pos;
} ws_gql_schema_def;

typedef struct ws_gql_schema_doc {
    ws_gql_list schema, extension; /* ws_gql_schema_def */
    ws_gql_list directives;        /* ws_gql_directive_def */
    ws_gql_list definitions, extensions;
    ws_gql_comments *comment;
} ws_gql_schema_doc;

ws_gql_kind_of ws_gql_kind_named(wb_str kind);

/* ---- names ---- */

/* A table from names to what bears them. Zeroed: empty. */
typedef struct ws_gql_names {
    struct ws_gql_name *slots;
    uint32_t n, cap;
    uint64_t seed; /* of its hashes: that of the arena it was made in */
} ws_gql_names;

/* What stands there, or NULL. */
void *ws_gql_name_get(const ws_gql_names *names, wb_str name);
/* Sets it; answers what stood there before, or NULL. Out of memory (the error is set) it sets
 * nothing. */
void *ws_gql_name_put(ws_ctx *cx, ws_gql_names *names, wb_str name, void *item);

#endif
