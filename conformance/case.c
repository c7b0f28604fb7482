#include "conformance/case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *cf_kind_text(cf_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CF_KIND_MAP(X)
#undef X
    };
    return texts[kind];
}

wv cf_field(wv body, const char *name)
{
    wv v = wv_object_get_str(body, wb_str_of(name));
    return v == WV_NULL ? WV_UNDEFINED : v;
}

bool cf_flag(wv body, const char *name)
{
    return cf_field(body, name) == WV_TRUE;
}

wb_str cf_text(wv body, const char *name, wv *v)
{
    *v = cf_field(body, name);
    return wv_is_string(*v) ? wv_str(v) : (wb_str){"", 0};
}

void cf_count(cf_outcome *o, cf_figure figure, bool holds)
{
    o->taken |= 1u << figure;
    if (holds)
        o->holds |= 1u << figure;
}

static void say(cf_outcome *o, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        wb_fatal("no memory for a reason");
    if (o->reason.n)
        wb_buf_puts(&o->reason, "\n");
    size_t n = strlen(text), room = o->reason.max - o->reason.n;
    wb_buf_put(&o->reason, text, n < room ? n : room);
    free(text);
}

void cf_fail(cf_outcome *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    o->status = CF_FAIL;
    say(o, format, args);
    va_end(args);
}

void cf_skip(cf_outcome *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    o->status = CF_SKIP;
    say(o, format, args);
    va_end(args);
}

void cf_run_case(const cf_file *f, const cf_case *c, const cf_options *options, cf_outcome *o)
{
    switch (f->kind) {
    case CF_EVAL:
    case CF_PLAN: cf_run_eval(f, c, options, o); return;
    case CF_NUMBER: cf_run_number(f, c, options, o); return;
    case CF_COMPILE: cf_run_compile(f, c, options, o); return;
    case CF_DIAGNOSTICS: cf_run_diagnostics(f, c, options, o); return;
    case CF_FORMAT: cf_run_format(f, c, options, o); return;
    case CF_SCHEMA: cf_run_schema(f, c, options, o); return;
    }
}
