/* The core: the file, transactions, cached statements, rows. */
#include "server/store/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

wb_status store_failed(store *s, wb_error *e, const char *what)
{
    int code = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_CANTOPEN;
    const char *text = s->db ? sqlite3_errmsg(s->db) : "cannot be opened";
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
            return wb_fail(e, WB_EXISTS, "%s: %s", what, text);
        return wb_fail(e, WB_INVALID, "%s: %s", what, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL: return wb_fail(e, WB_UNAVAILABLE, "state store: %s: %s", what, text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return wb_fail(e, WB_CORRUPT, "state store: %s: %s", what, text);
    case SQLITE_TOOBIG: return wb_fail(e, WB_LIMIT, "state store: %s: %s", what, text);
    default: return wb_fail(e, WB_IO, "state store: %s: %s", what, text);
    }
}

/* ---- Statements ---- */

static sqlite3_stmt *prepare(store *s, const char *sql, wb_error *e, wb_status *status)
{
    size_t i = 0;
    for (; i < STORE_STATEMENTS && s->cache[i].stmt; i++)
        if (s->cache[i].sql == sql || strcmp(s->cache[i].sql, sql) == 0)
            return s->cache[i].stmt;
    if (i == STORE_STATEMENTS) {
        i = STORE_STATEMENTS - 1;
        sqlite3_finalize(s->cache[i].stmt);
        s->cache[i].stmt = NULL;
    }
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
        *status = store_failed(s, e, "statement");
        return NULL;
    }
    s->cache[i].sql = sqlite3_sql(stmt);
    s->cache[i].stmt = stmt;
    return stmt;
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *z)
{
    if (z)
        sqlite3_bind_text(stmt, at, z, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, at);
}

static void bind_blob(sqlite3_stmt *stmt, int at, store_blob b)
{
    sqlite3_bind_blob64(stmt, at, b.n ? b.p : "", b.n, SQLITE_STATIC);
}

static void bind_args(sqlite3_stmt *stmt, const char *kinds, va_list args)
{
    for (int at = 1; *kinds; kinds++, at++) {
        switch (*kinds) {
        case 't': bind_text(stmt, at, va_arg(args, const char *)); break;
        case 'i': sqlite3_bind_int64(stmt, at, va_arg(args, int64_t)); break;
        case 'b': bind_blob(stmt, at, va_arg(args, store_blob)); break;
        default: wb_fatal("store: argument kind '%c'", *kinds);
        }
    }
}

static void finish(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

static wb_status exec_args(store *s, wb_error *e, int *changes, const char *sql, const char *kinds,
                           va_list args)
{
    wb_status status = WB_OK;
    sqlite3_stmt *stmt = prepare(s, sql, e, &status);
    if (!stmt)
        return status;
    bind_args(stmt, kinds, args);
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        status = store_failed(s, e, "write");
    else if (changes)
        *changes = sqlite3_changes(s->db);
    finish(stmt);
    return status;
}

wb_status store_exec(store *s, wb_error *e, int *changes, const char *sql, const char *kinds, ...)
{
    va_list args;
    va_start(args, kinds);
    pthread_mutex_lock(&s->lock);
    wb_status status = exec_args(s, e, changes, sql, kinds, args);
    pthread_mutex_unlock(&s->lock);
    va_end(args);
    return status;
}

wb_status store_touched(store *s, wb_error *e, const char *what, const char *sql, const char *kinds,
                        ...)
{
    va_list args;
    int changes = 0;
    va_start(args, kinds);
    pthread_mutex_lock(&s->lock);
    wb_status status = exec_args(s, e, &changes, sql, kinds, args);
    pthread_mutex_unlock(&s->lock);
    va_end(args);
    if (!status && changes == 0)
        status = wb_fail(e, WB_NOT_FOUND, "there is no such %s", what);
    return status;
}

wb_status store_int(store *s, wb_error *e, int64_t *out, const char *sql, const char *kinds, ...)
{
    wb_status status = WB_OK;
    va_list args;
    va_start(args, kinds);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *stmt = prepare(s, sql, e, &status);
    if (stmt) {
        bind_args(stmt, kinds, args);
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            *out = sqlite3_column_int64(stmt, 0);
        else if (rc == SQLITE_DONE)
            status = wb_fail(e, WB_NOT_FOUND, "there is no such row");
        else
            status = store_failed(s, e, "read");
        finish(stmt);
    }
    pthread_mutex_unlock(&s->lock);
    va_end(args);
    return status;
}

/* ---- Rows ---- */

wb_status store_put(store *s, wb_error *e, const store_table *t, const void *row)
{
    wb_status status = WB_OK;
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *stmt = prepare(s, t->insert, e, &status);
    for (int i = 0; stmt && i < t->count; i++) {
        const char *field = (const char *)row + t->columns[i].offset;
        switch (t->columns[i].kind) {
        case STORE_KIND_TEXT: bind_text(stmt, i + 1, *(const char *const *)field); break;
        case STORE_KIND_INT: sqlite3_bind_int64(stmt, i + 1, *(const int64_t *)field); break;
        case STORE_KIND_BLOB: bind_blob(stmt, i + 1, *(const store_blob *)field); break;
        }
    }
    if (stmt) {
        if (sqlite3_step(stmt) != SQLITE_DONE)
            status = store_failed(s, e, t->what);
        finish(stmt);
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}

static void read_row(sqlite3_stmt *stmt, const store_table *t, void *row)
{
    memset(row, 0, t->row_size);
    for (int i = 0; i < t->count; i++) {
        char *field = (char *)row + t->columns[i].offset;
        size_t n = (size_t)sqlite3_column_bytes(stmt, i);
        if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
            continue;
        switch (t->columns[i].kind) {
        case STORE_KIND_TEXT:
            *(char **)field = wb_strndup((const char *)sqlite3_column_text(stmt, i), n);
            break;
        case STORE_KIND_INT: *(int64_t *)field = sqlite3_column_int64(stmt, i); break;
        case STORE_KIND_BLOB:
            if (n)
                *(store_blob *)field = (store_blob){wb_strndup(sqlite3_column_blob(stmt, i), n), n};
            break;
        }
    }
}

/* Frees what a row of the store owns: the struct's pointers are const for those who only read. */
static void drop(const void *p)
{
    free((void *)(uintptr_t)p);
}

void store_row_clear(const store_table *t, void *row)
{
    for (int i = 0; i < t->count; i++) {
        char *field = (char *)row + t->columns[i].offset;
        if (t->columns[i].kind == STORE_KIND_TEXT)
            drop(*(const char **)field);
        else if (t->columns[i].kind == STORE_KIND_BLOB)
            drop(((store_blob *)field)->p);
    }
    memset(row, 0, t->row_size);
}

void store_rows_free(const store_table *t, void *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        store_row_clear(t, (char *)rows + i * t->row_size);
    free(rows);
}

static sqlite3_stmt *prepare_select(store *s, const store_table *t, const char *tail, wb_error *e,
                                    wb_status *status)
{
    char sql[1536];
    int n = snprintf(sql, sizeof sql, "%s%s", t->select, tail);
    if (n < 0 || n >= (int)sizeof sql)
        wb_fatal("store: statement too long");
    return prepare(s, sql, e, status);
}

wb_status store_one(store *s, wb_error *e, const store_table *t, void *row, const char *tail,
                    const char *kinds, ...)
{
    wb_status status = WB_OK;
    va_list args;
    va_start(args, kinds);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *stmt = prepare_select(s, t, tail, e, &status);
    if (stmt) {
        bind_args(stmt, kinds, args);
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            read_row(stmt, t, row);
        else if (rc == SQLITE_DONE)
            status = wb_fail(e, WB_NOT_FOUND, "there is no such %s", t->what);
        else
            status = store_failed(s, e, t->what);
        finish(stmt);
    }
    pthread_mutex_unlock(&s->lock);
    va_end(args);
    return status;
}

wb_status store_many(store *s, wb_error *e, const store_table *t, void *rows, size_t *n,
                     const char *tail, const char *kinds, ...)
{
    wb_status status = WB_OK;
    char *all = NULL;
    size_t count = 0, room = 0;
    va_list args;
    va_start(args, kinds);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *stmt = prepare_select(s, t, tail, e, &status);
    if (stmt) {
        bind_args(stmt, kinds, args);
        int rc = SQLITE_DONE;
        while (count < STORE_LIST_MAX && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            if (count == room) {
                room = room ? room * 2 : 16;
                all = wb_realloc(all, room * t->row_size);
            }
            read_row(stmt, t, all + count++ * t->row_size);
        }
        if (rc != SQLITE_DONE && rc != SQLITE_ROW)
            status = store_failed(s, e, t->what);
        finish(stmt);
    }
    pthread_mutex_unlock(&s->lock);
    va_end(args);
    if (status) {
        store_rows_free(t, all, count);
        all = NULL;
        count = 0;
    }
    *(void **)rows = all;
    *n = count;
    return status;
}

/* ---- Transactions ---- */

wb_status store_begin(store *s, wb_error *e)
{
    pthread_mutex_lock(&s->lock);
    if (s->depth == 0) {
        wb_status status = store_exec(s, e, NULL, "BEGIN IMMEDIATE", "");
        if (status) {
            pthread_mutex_unlock(&s->lock);
            return status;
        }
        s->doomed = false;
    }
    s->depth++;
    return WB_OK;
}

static void undo(store *s)
{
    /* Some errors (disk full) have rolled back already. */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

wb_status store_commit(store *s, wb_error *e)
{
    wb_status status = WB_OK;
    if (--s->depth == 0) {
        if (s->doomed || sqlite3_get_autocommit(s->db))
            status = wb_fail(e, WB_CANCELLED, "state store: the transaction was rolled back");
        else
            status = store_exec(s, e, NULL, "COMMIT", "");
        if (status)
            undo(s);
    } else if (s->doomed) {
        status = wb_fail(e, WB_CANCELLED, "state store: the transaction was rolled back");
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}

void store_rollback(store *s)
{
    s->doomed = true;
    if (--s->depth == 0)
        undo(s);
    pthread_mutex_unlock(&s->lock);
}

wb_status store_end(store *s, wb_status status, wb_error *e)
{
    if (!status)
        return store_commit(s, e);
    store_rollback(s);
    return status;
}

wb_status store_transact(store *s, wb_status (*work)(store *s, void *arg, wb_error *e), void *arg,
                         wb_error *e)
{
    wb_status status = store_begin(s, e);
    return status ? status : store_end(s, work(s, arg, e), e);
}

/* ---- The file ---- */

static bool is_empty(int fd)
{
    struct stat st;
    return fstatat(fd, "state.db", &st, 0) != 0 && errno == ENOENT;
}

static wb_status open_folder(const char *dir, int *fd, wb_error *e)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return wb_fail(e, WB_IO, "data folder %s: %s", dir, strerror(errno));
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return wb_fail(e, errno == ENOTDIR ? WB_INVALID : WB_IO, "data folder %s: %s", dir,
                       strerror(errno));
    struct stat st;
    if (fstat(*fd, &st) != 0)
        return wb_fail(e, WB_IO, "data folder %s: %s", dir, strerror(errno));
    if (st.st_uid != geteuid())
        return wb_fail(e, WB_INVALID, "data folder %s belongs to another user", dir);
    /* A folder made by hand for a first start is tightened; one in use is its owner's to mend. */
    if ((st.st_mode & 077) && !(is_empty(*fd) && fchmod(*fd, 0700) == 0))
        return wb_fail(e, WB_INVALID,
                       "data folder %s is open to other users (mode %03o): run chmod 700 on it",
                       dir, (unsigned)(st.st_mode & 0777));
    return WB_OK;
}

static wb_status open_file(store *s, const char *dir, wb_error *e)
{
    int folder = -1;
    wb_status status = open_folder(dir, &folder, e);
    if (!status) {
        /* SQLite gives its side files the mode of the main one. */
        int fd = openat(folder, "state.db", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
            status = wb_fail(e, WB_IO, "%s/state.db: %s", dir, strerror(errno));
        else
            close(fd);
    }
    if (folder >= 0)
        close(folder);
    if (status)
        return status;
    char *path = NULL;
    if (asprintf(&path, "%s/state.db", dir) < 0)
        wb_fatal("no memory");
    int rc = sqlite3_open_v2(
        path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
    /* NOFOLLOW refuses a link anywhere in the path, which a data folder may well have. */
    if (rc == SQLITE_CANTOPEN_SYMLINK) {
        sqlite3_close(s->db);
        rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    }
    if (rc != SQLITE_OK)
        status = store_failed(s, e, path);
    free(path);
    return status;
}

static wb_status configure(store *s, wb_error *e)
{
    static const char settings[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                   "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;";
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, (int)STORE_BLOB_MAX);
    if (sqlite3_exec(s->db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return store_failed(s, e, "opening");
    return store_migrate(s, e);
}

wb_status store_open(const char *dir, store **out, wb_error *e)
{
    store *s = wb_calloc(1, sizeof *s);
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    wb_uuid7(s->run);
    wb_status status = open_file(s, dir, e);
    if (!status)
        status = configure(s, e);
    if (status) {
        store_close(s);
        s = NULL;
    }
    *out = s;
    return status;
}

void store_close(store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(s->cache[i].stmt);
    sqlite3_close(s->db);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
