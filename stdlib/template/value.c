#include "stdlib/template/value.h"

#include "value/number.h"

static const char *const types[] = {[WT_V_NONE] = "invalid",
                                    [WT_V_MISSING] = "invalid",
                                    [WT_V_NULL] = "interface {}",
                                    [WT_V_BOOL] = "bool",
                                    [WT_V_INT] = "int",
                                    [WT_V_BYTE] = "uint8",
                                    [WT_V_FLOAT] = "float64",
                                    [WT_V_COMPLEX] = "complex128",
                                    [WT_V_TEXT] = "string",
                                    [WT_V_NUMBER] = "json.Number",
                                    [WT_V_LIST] = "[]interface {}",
                                    [WT_V_MAP] = "map[string]interface {}"};

/* The room of a list that was filled one by one: it doubles. */
static size_t room_of(size_t n)
{
    size_t room = n ? 1 : 0;
    while (room < n)
        room *= 2;
    return room <= 512 ? room : n;
}

wt_value wt_of(ws_ctx *cx, const wv *v)
{
    wt_value x = {.kind = WT_V_NULL, .boxed = true};
    if (wv_is_string(*v)) {
        x.kind = WT_V_TEXT;
        x.text = wv_str(v);
    } else if (wv_is_number(*v)) {
        x.kind = WT_V_NUMBER;
        x.text = wv_number_text(cx->out, *v);
    } else if (wv_is_bool(*v)) {
        x.kind = WT_V_BOOL;
        x.truth = *v == WV_TRUE;
    } else if (wv_is_array(*v)) {
        x.kind = WT_V_LIST;
        x.items = wv_items(*v);
        x.n = wv_len(*v);
        x.room = room_of(x.n);
    } else if (wv_is_object(*v)) {
        x.kind = WT_V_MAP;
        x.map = *v;
    }
    return x;
}

const char *wt_inner_type(const wt_value *v)
{
    return types[v->kind];
}

const char *wt_type(const wt_value *v)
{
    return v->boxed ? "interface {}" : types[v->kind];
}

wt_value wt_unboxed(wt_value v)
{
    v.boxed = false;
    if (v.kind == WT_V_NULL)
        v.kind = WT_V_NONE;
    return v;
}

bool wt_truth(const wt_value *v)
{
    switch ((wt_value_kind)v->kind) {
    case WT_V_BOOL: return v->truth;
    case WT_V_INT:
    case WT_V_BYTE: return v->i != 0;
    case WT_V_FLOAT: return v->d != 0;
    case WT_V_COMPLEX: return v->d != 0 || v->im != 0;
    case WT_V_TEXT:
    case WT_V_NUMBER: return v->text.n > 0;
    case WT_V_LIST: return v->n > 0;
    case WT_V_MAP: return wv_len(v->map) > 0;
    case WT_V_MISSING: return true; /* a structure of Go's, which is never empty */
    case WT_V_NONE:
    case WT_V_NULL: break;
    }
    return false;
}

ws_go_arg wt_go_arg(const wt_value *v)
{
    ws_go_arg a = {.type = types[v->kind]};
    switch ((wt_value_kind)v->kind) {
    case WT_V_NONE:
    case WT_V_MISSING:
    case WT_V_NULL: a.kind = WS_GO_NIL; break;
    case WT_V_BOOL:
        a.kind = WS_GO_BOOL;
        a.i = v->truth;
        break;
    case WT_V_INT:
    case WT_V_BYTE:
        a.kind = v->kind == WT_V_INT ? WS_GO_INT : WS_GO_BYTE;
        a.i = v->i;
        break;
    case WT_V_FLOAT:
    case WT_V_COMPLEX:
        a.kind = v->kind == WT_V_FLOAT ? WS_GO_FLOAT : WS_GO_COMPLEX;
        a.d = v->d;
        a.imaginary = v->im;
        break;
    case WT_V_TEXT:
    case WT_V_NUMBER:
        a.kind = WS_GO_TEXT;
        a.text = v->text;
        break;
    case WT_V_LIST:
        a.kind = WS_GO_LIST;
        a.items = v->items;
        a.n = v->n;
        break;
    case WT_V_MAP:
        a.kind = WS_GO_MAP;
        a.map = v->map;
        break;
    }
    return a;
}
