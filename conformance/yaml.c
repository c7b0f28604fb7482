/* YAML case files: libyaml reads, this makes values of JSON's types. */
#include "conformance/case.h"
#include "value/number.h"

#include <yaml.h>

#define DEPTH_MAX 200 /* nesting; cases are written by people */

typedef struct reader {
    yaml_document_t *doc;
    wb_arena *arena;
    wb_error *error;
} reader;

static wb_status scalar(reader *r, const yaml_node_t *node, wv *out)
{
    wb_str s = wb_str_n(node->data.scalar.value, node->data.scalar.length);
    bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && (s.n == 0 || wb_str_is(s, "null") || wb_str_is(s, "~")))
        *out = WV_NULL;
    else if (plain && (wb_str_is(s, "true") || wb_str_is(s, "false")))
        *out = wv_bool(s.p[0] == 't');
    else if (!plain || !strchr("-0123456789", s.p[0]) ||
             wv_number_parse(r->arena, s, false, out) != WV_NUM_OK)
        *out = wv_string_new(r->arena, s);
    return WB_OK;
}

static wb_status node_value(reader *r, int id, unsigned depth, wv *out)
{
    yaml_node_t *node = yaml_document_get_node(r->doc, id);
    if (!node || depth > DEPTH_MAX)
        return wb_fail(r->error, WB_LIMIT, "YAML is nested deeper than %u", DEPTH_MAX);
    if (node->type == YAML_SCALAR_NODE)
        return scalar(r, node, out);
    wb_status s = WB_OK;
    if (node->type == YAML_SEQUENCE_NODE) {
        wv list = wv_array_begin(r->arena, 4), item;
        for (yaml_node_item_t *i = node->data.sequence.items.start;
             s == WB_OK && i < node->data.sequence.items.top; i++) {
            s = node_value(r, *i, depth + 1, &item);
            if (s == WB_OK)
                wv_array_push(r->arena, &list, item);
        }
        *out = list;
        return s;
    }
    wv object = wv_object_begin(r->arena, 4), key, value;
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
         s == WB_OK && p < node->data.mapping.pairs.top; p++) {
        s = node_value(r, p->key, depth + 1, &key);
        if (s == WB_OK)
            s = node_value(r, p->value, depth + 1, &value);
        if (s == WB_OK && wv_object_put_new(r->arena, &object, key, value) != WV_UNDEFINED)
            s = wb_fail(r->error, WB_INVALID, "line %zu: a key stands twice",
                        yaml_document_get_node(r->doc, p->key)->start_mark.line + 1);
    }
    *out = object;
    return s;
}

wb_status cf_yaml_read(wb_arena *a, wb_str text, wv *out, wb_error *error)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    if (!yaml_parser_initialize(&parser))
        return wb_fail(error, WB_MEMORY, "no memory for a YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
    wb_status s;
    if (!yaml_parser_load(&parser, &doc)) {
        s = wb_fail(error, WB_INVALID, "line %zu: %s", parser.problem_mark.line + 1,
                    parser.problem ? parser.problem : "not YAML");
    } else {
        reader r = {&doc, a, error};
        yaml_node_t *root = yaml_document_get_root_node(&doc);
        s = root ? node_value(&r, 1, 0, out) : wb_fail(error, WB_INVALID, "an empty document");
        yaml_document_delete(&doc);
    }
    yaml_parser_delete(&parser);
    return s;
}
