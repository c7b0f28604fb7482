/* METADATA blocks as the checks need them: scopes given twice, and the schemas that hold for a
 * rule. */
#include "compiler/types_check.h"

void wc_ck_annotations(wc_check *c)
{
    (void)c;
}

void wc_ty_input(wc_types *c)
{
    (void)c;
}

void wc_ty_schemas(wc_types *c, const wc_crule *r, wc_layer *to)
{
    (void)c;
    (void)r;
    (void)to;
}
