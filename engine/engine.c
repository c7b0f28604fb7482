/* Engines: policies, data, host functions. */
#include "engine/engine.h"

#include "base/hash.h"

#include <stdlib.h>

/* Addresses reserved for one module: no byte of its text makes more than this many of its tree. */
#define MODULE_ARENA(n) ((size_t)(n)*1024 + ((size_t)16 << 20))
#define DATA_ARENA      ((size_t)64 << 30)
/* The same where addresses are rationed (ulimit -v, valgrind): halved down to this. */
#define DATA_ARENA_LEAST ((size_t)1 << 30)

const char *writ_version(void)
{
    return WRIT_VERSION;
}

we_document *we_document_new(writ_engine *e, size_t limit)
{
    we_document *d = wb_calloc(1, sizeof *d);
    d->refs = 1;
    size_t room = limit ? limit : DATA_ARENA;
    while (wb_arena_init(&d->arena, room, e->seed)) {
        room /= 2;
        if (limit || room < DATA_ARENA_LEAST) {
            free(d);
            return NULL;
        }
    }
    return d;
}

void we_shapes_free(we_shapes *s)
{
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        return;
    wv_json_shapes_free(s->shapes);
    free(s);
}

void we_document_free(we_document *d)
{
    if (!d || __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL))
        return;
    wb_arena_free(&d->arena);
    we_shapes_free(d->shapes);
    free(d->memory);
    free(d);
}

writ_engine *writ_engine_new(void)
{
    writ_engine *e = wb_calloc(1, sizeof *e);
    e->refs = 1;
    e->seed = wb_hash_seed();
    e->version = WP_V1;
    e->keep_print = true;
    pthread_mutex_init(&e->shaping, NULL);
    e->registry = ws_registry_new();
    e->data = we_document_new(e, 0);
    if (!e->registry || !e->data) {
        writ_engine_free(e);
        return NULL;
    }
    e->data->value = wv_object_begin(&e->data->arena, 0);
    return e;
}

void writ_engine_free(writ_engine *e)
{
    if (!e || __atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL))
        return;
    for (size_t i = 0; i < e->n_modules; i++)
        we_module_free(e->modules[i]);
    free(e->modules);
    free(e->slots);
    free(e->free_files);
    we_document_free(e->data);
    we_shapes_free(e->shapes);
    pthread_mutex_destroy(&e->shaping);
    ws_registry_free(e->registry);
    while (e->hosts) {
        we_host *h = e->hosts;
        e->hosts = h->next;
        free(h->name);
        free(h->declaration);
        free(h);
    }
    free(e);
}

/* ---- modules ---- */

static bool is_builtin(const void *registry, wb_str name)
{
    return ws_registry_find(registry, name) != NULL;
}

wp_options we_parse_options(const writ_engine *e, uint32_t file_number)
{
    return (wp_options){.version = e->version,
                        .file_number = file_number,
                        .is_builtin = is_builtin,
                        .builtins = e->registry};
}

we_module *we_module_new(writ_engine *e, wb_str name, wb_str text, uint32_t file_number,
                         wp_diags *diags)
{
    we_module *m = wb_calloc(1, sizeof *m);
    m->refs = 1;
    if (wb_arena_init(&m->arena, MODULE_ARENA(text.n), e->seed)) {
        free(m);
        return NULL;
    }
    m->name = wb_arena_str(&m->arena, name);
    if (!wb_arena_fits(&m->arena, text.n)) {
        we_module_free(m);
        return NULL;
    }
    wb_str copy = wb_arena_str(&m->arena, text);
    wp_options o = we_parse_options(e, file_number);
    if (wp_parse_module(&m->arena, m->name, copy, &o, &m->tree, diags)) {
        wp_diags_own(diags);
        we_module_free(m);
        return NULL;
    }
    return m;
}

void we_module_free(we_module *m)
{
    if (!m || __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL))
        return;
    wb_arena_free(&m->arena);
    free(m);
}

uint32_t we_next_file(const writ_engine *e)
{
    return e->n_free_files ? e->free_files[e->n_free_files - 1] : e->next_file;
}

static void take_file(writ_engine *e, uint32_t number)
{
    if (e->n_free_files && e->free_files[e->n_free_files - 1] == number)
        e->n_free_files--;
    else if (number >= e->next_file)
        e->next_file = number + 1;
}

static void give_file_back(writ_engine *e, uint32_t number)
{
    if (e->n_free_files == e->cap_free_files) {
        e->cap_free_files = e->cap_free_files ? 2 * e->cap_free_files : 16;
        e->free_files = wb_realloc(e->free_files, e->cap_free_files * sizeof *e->free_files);
    }
    e->free_files[e->n_free_files++] = number;
}

/* The slot of the module of that name, or the empty one where it belongs. */
static uint32_t *slot_of(const writ_engine *e, wb_str name)
{
    size_t at = wb_hash(name.p, name.n, e->seed) & (e->n_slots - 1);
    while (e->slots[at] && !wb_str_eq(e->modules[e->slots[at] - 1]->name, name))
        at = (at + 1) & (e->n_slots - 1);
    return &e->slots[at];
}

static void index_modules(writ_engine *e, size_t room)
{
    if (room > e->n_slots) {
        free(e->slots);
        e->n_slots = room;
        e->slots = wb_malloc(room * sizeof *e->slots);
    }
    memset(e->slots, 0, e->n_slots * sizeof *e->slots);
    for (size_t i = 0; i < e->n_modules; i++)
        *slot_of(e, e->modules[i]->name) = (uint32_t)i + 1;
}

void we_add_module(writ_engine *e, we_module *m)
{
    if (2 * (e->n_modules + 1) > e->n_slots)
        index_modules(e, e->n_slots ? 2 * e->n_slots : 64);
    take_file(e, m->tree->file_number);
    uint32_t *slot = slot_of(e, m->name);
    if (*slot) {
        we_module **there = &e->modules[*slot - 1];
        give_file_back(e, (*there)->tree->file_number);
        we_module_free(*there);
        *there = m;
        return;
    }
    if (e->n_modules == e->cap_modules) {
        e->cap_modules = e->cap_modules ? 2 * e->cap_modules : 16;
        e->modules = wb_realloc(e->modules, e->cap_modules * sizeof *e->modules);
    }
    e->modules[e->n_modules++] = m;
    *slot = (uint32_t)e->n_modules;
}

writ_status writ_add_policy(writ_engine *e, const char *name, const char *text, size_t length,
                            writ_error *error)
{
    wb_arena a;
    if (wb_arena_init(&a, (size_t)1 << 30, e->seed))
        return we_fail(error, WRIT_MEMORY, "", "no memory for diagnostics");
    wp_diags d;
    wp_diags_init(&d, &a, 10);
    we_module *m = we_module_new(e, wb_str_of(name), wb_str_n(text, length), we_next_file(e), &d);
    writ_status s = m ? WRIT_OK : we_fail_diags(error, &d, true);
    if (m)
        we_add_module(e, m);
    wb_arena_free(&a);
    return s;
}

writ_status writ_remove_policy(writ_engine *e, const char *name, writ_error *error)
{
    uint32_t *slot = e->n_slots ? slot_of(e, wb_str_of(name)) : NULL;
    if (!slot || !*slot)
        return we_fail(error, WRIT_INVALID, "storage_not_found_error", "policy id \"%s\"", name);
    size_t i = *slot - 1;
    give_file_back(e, e->modules[i]->tree->file_number);
    we_module_free(e->modules[i]);
    memmove(e->modules + i, e->modules + i + 1, (e->n_modules - i - 1) * sizeof *e->modules);
    e->n_modules--;
    index_modules(e, e->n_slots);
    return WRIT_OK;
}

wp_module **we_trees(const writ_engine *e)
{
    wp_module **trees = wb_malloc((e->n_modules + 1) * sizeof *trees);
    for (size_t i = 0; i < e->n_modules; i++)
        trees[i] = e->modules[i]->tree;
    return trees;
}

/* ---- data ---- */

/* Hashes and orders are left to who asks first: a large document needs few of them. */
void we_set_data(writ_engine *e, we_document *d)
{
    we_document_free(e->data);
    e->data = d;
}

writ_status writ_set_data(writ_engine *e, const char *json, size_t length, writ_error *error)
{
    we_document *d = we_document_new(e, 0);
    if (!d)
        return we_fail(error, WRIT_MEMORY, "", "no memory for data");
    wb_error why;
    if (wv_json_decode(&d->arena, wb_str_n(json, length), NULL, &d->value, &why)) {
        we_document_free(d);
        return we_fail(error, WRIT_INVALID, "", "data: %s", why.text);
    }
    if (!wv_is_object(d->value)) {
        we_document_free(d);
        return we_fail(error, WRIT_INVALID, "storage_invalid_patch_error", "root must be object");
    }
    we_set_data(e, d);
    return WRIT_OK;
}

/* ---- host functions ---- */

struct writ_call {
    ws_ctx *cx;
};

static wv call_host(ws_ctx *cx, const wv *args, unsigned n)
{
    const we_host *h = cx->fn->arg;
    writ_call call = {cx};
    return h->function(&call, args, n, h->argument);
}

writ_status writ_add_function(writ_engine *e, const char *name, const char *declaration, bool pure,
                              writ_function function, void *argument, writ_error *error)
{
    we_host *h = wb_malloc(sizeof *h);
    *h = (we_host){function, argument, wb_strdup(name), wb_strdup(declaration), e->hosts};
    ws_builtin row = {.name = h->name,
                      .decl = h->declaration,
                      .category = "host",
                      .flags = pure ? 0 : WS_NONDET,
                      .fn = call_host,
                      .doc = "",
                      .arg = h};
    wb_error why = {0};
    if (ws_registry_add(e->registry, &row, &why) == WB_OK) {
        e->hosts = h;
        return WRIT_OK;
    }
    free(h->name);
    free(h->declaration);
    free(h);
    return we_fail(error, WRIT_INVALID, "", "%s", why.text);
}

writ_value writ_call_fail(writ_call *call, const char *message)
{
    return ws_fail(call->cx, "%s", message);
}

writ_value writ_make_null(void)
{
    return WV_NULL;
}
writ_value writ_make_boolean(bool b)
{
    return wv_bool(b);
}
writ_value writ_make_int64(writ_call *call, int64_t i)
{
    return wv_from_int64(call->cx->out, i);
}

writ_value writ_make_string(writ_call *call, const char *bytes, size_t length)
{
    if (!ws_room(call->cx, length))
        return WV_UNDEFINED;
    return wv_string_new(call->cx->out, wb_str_n(bytes, length));
}

writ_value writ_make_json(writ_call *call, const char *json, size_t length)
{
    wv v;
    wb_error why;
    if (wv_json_decode(call->cx->out, wb_str_n(json, length), NULL, &v, &why))
        return ws_fail(call->cx, "%s", why.text);
    return v;
}
