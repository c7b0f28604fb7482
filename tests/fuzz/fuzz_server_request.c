/* Any bytes as the body of a request for a packet: no crash; what is taken has a kind and a
 * requester, what is refused says why, and a hit of the filter leaves no target in the record. */
#include "server/gatekeeper/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *scrubbed = NULL;
    wb_buf errors;
    wb_buf_init(&errors, 16u << 10);
    json_t *record =
        gk_intake(wb_str_n((const char *)data, size), 1700000000000000000, &scrubbed, &errors);
    if (!record && !wb_buf_str(&errors).n)
        abort();
    if (record && (!json_is_string(json_object_get(record, "kind")) ||
                   !json_is_string(json_object_get(record, "requested_by"))))
        abort();
    const json_t *subject = json_object_get(record, "subject");
    if (scrubbed && json_is_string(json_object_get(subject, "target_ref")))
        abort();
    json_decref(record);
    json_decref(scrubbed);
    wb_buf_free(&errors);
    return 0;
}
