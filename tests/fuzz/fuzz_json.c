/* Any bytes as a JSON document: no crash, and what was read comes back from its own text. */
#include "value/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wb_arena a;
    wv v, back;
    if (wb_arena_init(&a, (size_t)16 << 20, 1) != WB_OK)
        return 0;
    if (wv_json_decode(&a, wb_str_n(data, size), NULL, &v, NULL) == WB_OK) {
        wb_buf b;
        wb_buf_init(&b, (size_t)16 << 20);
        if (wv_json_encode(&b, v, NULL, NULL) != WB_OK ||
            wv_json_decode(&a, wb_buf_str(&b), NULL, &back, NULL) != WB_OK || !wv_equal(v, back) ||
            wv_compare(v, back) != 0 || wv_hash(v, 1) != wv_hash(back, 1))
            abort();
        wb_buf_clear(&b);
        wv_print(&b, v);
        wb_buf_free(&b);
    }
    wb_arena_free(&a);
    return 0;
}
