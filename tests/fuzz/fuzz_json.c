/* Any bytes as a JSON document: no crash, what was read comes back from its own text, and a text
 * that shares its shapes and strings, or its shapes with others, says the same as one that does
 * not. */
#include "value/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wv_json_options share = {.share_from = 1};
    wb_arena a;
    wv v, back, shared, shaped;
    wb_error error = {0}, other = {0};
    if (wb_arena_init(&a, (size_t)16 << 20, 1) != WB_OK)
        return 0;
    wb_status status = wv_json_decode(&a, wb_str_n(data, size), NULL, &v, &error);
    if (wv_json_decode(&a, wb_str_n(data, size), &share, &shared, &other) != status && !a.exhausted)
        abort();
    wv_json_shapes *shapes = wv_json_shapes_new(1);
    wv_json_options many = {.shapes = shapes};
    for (int i = 0; i < 2; i++)
        if (wv_json_decode(&a, wb_str_n(data, size), &many, &shaped, NULL) != status &&
            !a.exhausted)
            abort();
    if (status == WB_OK && !a.exhausted &&
        (!wv_equal(v, shaped) || wv_compare(shaped, v) != 0 || wv_hash(v, 1) != wv_hash(shaped, 1)))
        abort();
    if (status != WB_OK && !a.exhausted && strcmp(error.text, other.text) != 0)
        abort();
    if (status == WB_OK && !a.exhausted) {
        wb_buf b;
        if (!wv_equal(v, shared) || wv_compare(v, shared) != 0 ||
            wv_hash(v, 1) != wv_hash(shared, 1))
            abort();
        wb_buf_init(&b, (size_t)16 << 20);
        if (wv_json_encode(&b, v, NULL, NULL) != WB_OK ||
            wv_json_decode(&a, wb_buf_str(&b), NULL, &back, NULL) != WB_OK || !wv_equal(v, back) ||
            wv_compare(v, back) != 0 || wv_hash(v, 1) != wv_hash(back, 1))
            abort();
        wb_buf_clear(&b);
        wv_print(&b, v);
        wb_buf_free(&b);
    }
    wv_json_shapes_free(shapes);
    wb_arena_free(&a);
    return 0;
}
