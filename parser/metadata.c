/* METADATA comment blocks: YAML in comments, attached to the rule or package below. */
#include "parser/internal.h"

void wp_attach_metadata(wp_parser *p, wp_module *m)
{
    for (uint32_t i = 0; i < m->n_rules; i++)
        for (wp_rule *r = m->rules[i]; r; r = r->else_rule)
            r->annotations = WV_UNDEFINED;
}
