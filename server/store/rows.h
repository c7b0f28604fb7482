/* Inside of the store: rows as tables of columns, and statements with typed arguments.
 *
 * A struct of store.h and its table are one X list of fields, so a new column is one row there and
 * one line of a migration. `kinds` describes the arguments of a statement, one letter each: t for a
 * const char * (NULL is SQL's NULL), i for an int64_t (cast literals), b for a store_blob. */
#ifndef WRIT_SERVER_STORE_ROWS_H
#define WRIT_SERVER_STORE_ROWS_H

#include "base/ids.h"
#include "server/store/store.h"

#include <pthread.h>
#include <sqlite3.h>

enum { STORE_KIND_TEXT, STORE_KIND_INT, STORE_KIND_BLOB };

typedef struct store_column {
    const char *name;
    int kind;
    size_t offset;
} store_column;

typedef struct store_table {
    const char *name;
    const char *what;   /* for messages: "packet" */
    const char *select; /* "SELECT columns... FROM name " */
    const char *insert; /* the whole statement */
    const store_column *columns;
    int count;
    size_t row_size;
} store_table;

#define STORE_COLUMN_OF(row, kind, field) {#field, STORE_KIND_##kind, offsetof(row, field)},
#define STORE_SELECT_OF(kind, field)      "\"" #field "\","
#define STORE_MARK_OF(kind, field)        "?,"
/* Each list ends with a comma, so a constant column closes it: every table has a column `_`. */
#define STORE_TABLE(var, table, row, FIELDS, COLUMN, human)                                        \
    static const store_column var##_columns[] = {FIELDS(COLUMN)};                                  \
    static const store_table var = {                                                               \
        table,                                                                                     \
        human,                                                                                     \
        "SELECT " FIELDS(STORE_SELECT_OF) "1 FROM " table " ",                                     \
        "INSERT INTO " table "(" FIELDS(STORE_SELECT_OF) "_) VALUES(" FIELDS(STORE_MARK_OF) "1)",  \
        var##_columns,                                                                             \
        (int)(sizeof var##_columns / sizeof var##_columns[0]),                                     \
        sizeof(row)}

#define STORE_STATEMENTS 128 /* cached: all statements of this folder fit */

struct store {
    sqlite3 *db;
    pthread_mutex_t lock; /* recursive */
    int depth;            /* of transactions */
    bool doomed;          /* an inner transaction was rolled back */
    char run[WB_UUID_TEXT];
    struct {
        const char *sql; /* a literal, or owned by the statement */
        sqlite3_stmt *stmt;
    } cache[STORE_STATEMENTS];
};

wb_status store_failed(store *s, wb_error *e, const char *what);

/* Runs a statement that gives no rows; *changes (may be NULL) is the number of rows it touched.
 * WB_EXISTS when a unique index objects. */
wb_status store_exec(store *s, wb_error *e, int *changes, const char *sql, const char *kinds, ...);
wb_status store_int(store *s, wb_error *e, int64_t *out, const char *sql, const char *kinds, ...);
wb_status store_put(store *s, wb_error *e, const store_table *t, const void *row);
/* tail: what follows the table's name, "WHERE ...". WB_NOT_FOUND when no row fits. */
wb_status store_one(store *s, wb_error *e, const store_table *t, void *row, const char *tail,
                    const char *kinds, ...);
/* At most STORE_LIST_MAX rows; *rows is freed with the type's list_free. */
wb_status store_many(store *s, wb_error *e, const store_table *t, void *rows, size_t *n,
                     const char *tail, const char *kinds, ...);
/* store_exec that must touch one row: WB_NOT_FOUND otherwise. */
#define store_exec_one(s, e, what, ...) store_touched((s), (e), (what), __VA_ARGS__)
wb_status store_touched(store *s, wb_error *e, const char *what, const char *sql, const char *kinds,
                        ...);

void store_row_clear(const store_table *t, void *row);
void store_rows_free(const store_table *t, void *rows, size_t n);

/* Ends a transaction that store_begin opened: commits on WB_OK, else rolls back; the status. */
wb_status store_end(store *s, wb_status status, wb_error *e);

/* Brings the file's schema up to date; in store_schema.c. */
wb_status store_migrate(store *s, wb_error *e);

/* The clear and list_free functions of a row type. */
#define STORE_DEFINE_FREE(name, table)                                                             \
    void store_##name##_clear(store_##name *row)                                                   \
    {                                                                                              \
        store_row_clear(&table, row);                                                              \
    }                                                                                              \
    STORE_DEFINE_LIST_FREE(name, table)
#define STORE_DEFINE_LIST_FREE(name, table)                                                        \
    void store_##name##_list_free(store_##name *rows, size_t n)                                    \
    {                                                                                              \
        store_rows_free(&table, rows, n);                                                          \
    }

#endif
