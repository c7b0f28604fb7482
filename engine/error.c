#include "engine/engine.h"

#include <stdarg.h>
#include <stdio.h>

writ_status we_fail(writ_error *to, writ_status status, const char *code, const char *format, ...)
{
    if (!to)
        return status;
    memset(to, 0, sizeof *to);
    to->status = status;
    snprintf(to->code, sizeof to->code, "%s", code);
    va_list args;
    va_start(args, format);
    vsnprintf(to->text, sizeof to->text, format, args);
    va_end(args);
    return status;
}

writ_status we_fail_diags(writ_error *to, const wp_diags *d, bool loading)
{
    if (!to)
        return WRIT_INVALID;
    wb_buf text;
    wb_buf_init(&text, 1 << 24);
    wp_diags_print(&text, d, loading);
    const wp_diag *first = d->first;
    we_fail(to, WRIT_INVALID, first ? wp_code_text(first->code) : "", "%s", wb_buf_cstr(&text));
    if (first) {
        snprintf(to->file, sizeof to->file, "%.*s", WB_FMT(first->file));
        to->row = first->loc.row;
        to->column = first->loc.col;
    }
    wb_buf_free(&text);
    return WRIT_INVALID;
}

writ_status we_fail_eval(writ_error *to, const wm_error *e)
{
    writ_status status = e->code == WP_EVAL_CANCEL_ERROR ? WRIT_BUDGET : WRIT_EVAL;
    if (!to)
        return status;
    const char *code = wp_code_text(e->code);
    if (e->file.n)
        we_fail(to, status, code, "%.*s:%u: %s: %.*s", WB_FMT(e->file), e->loc.row, code,
                WB_FMT(e->message));
    else
        we_fail(to, status, code, "%s: %.*s", code, WB_FMT(e->message));
    snprintf(to->file, sizeof to->file, "%.*s", WB_FMT(e->file));
    to->row = e->loc.row;
    to->column = e->loc.col;
    return status;
}
