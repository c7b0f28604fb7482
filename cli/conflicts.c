/* Rules whose paths base data holds too. */
#include "cli/load.h"
#include "parser/internal.h"

/* Whether the data has something at the path, or something that is no object on the way there. */
static bool holds(wv data, const wv *path, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!wv_is_object(data))
            return true;
        data = wv_object_get(data, path[i]);
        if (data == WV_UNDEFINED)
            return false;
    }
    return true;
}

/* The constant part of a rule's path below data. */
static uint32_t rule_path(wb_arena *a, const wp_module *m, const wp_head *h, wv *path)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < m->package->list.n; i++)
        path[n++] = m->package->list.items[i]->value;
    path[n++] = wv_string_new(a, h->name);
    for (uint32_t i = 1; i < h->n_ref && h->ref[i]->kind == WP_STRING; i++)
        path[n++] = h->ref[i]->value;
    return n;
}

static bool known(const wp_diags *d, wb_str message)
{
    for (const wp_diag *x = d->first; x; x = x->next)
        if (wb_str_eq(x->message, message))
            return true;
    return false;
}

static void check_rule(cli_load *l, const wp_module *m, const wp_rule *rule)
{
    wv *path =
        wb_arena_alloc(&l->arena, (m->package->list.n + rule->head->n_ref + 1) * sizeof *path);
    uint32_t n = rule_path(&l->arena, m, rule->head, path);
    if (!holds(l->engine->data->value, path, n))
        return;
    wb_buf b;
    wb_buf_init(&b, 1 << 20);
    wb_buf_puts(&b, "conflicting rule for data path ");
    for (uint32_t i = 0; i < n; i++) {
        wb_buf_puts(&b, i ? "/" : "");
        wb_buf_put_str(&b, wv_str(&path[i]));
    }
    wb_buf_puts(&b, " found");
    /* One error a path: that of its first rule. */
    if (!known(&l->diags, wb_buf_str(&b)))
        wp_report(&l->diags, WP_COMPILE_ERROR, &m->file, rule->loc, "%s", wb_buf_cstr(&b));
    wb_buf_free(&b);
}

bool cli_check_conflicts(cli_load *l)
{
    for (size_t i = 0; i < l->engine->n_modules && wv_len(l->engine->data->value); i++) {
        const wp_module *m = l->engine->modules[i]->tree;
        for (uint32_t k = 0; m->package && k < m->n_rules; k++)
            check_rule(l, m, m->rules[k]);
    }
    wp_diags_sort(&l->diags);
    return !l->diags.n;
}
