/* The rules that a schema keeps, applied when it is built. Internal to stdlib/graphql.
 *
 * Every function answers false at the first rule that is broken, with the error set. */
#ifndef WRIT_STDLIB_GRAPHQL_SCHEMA_CHECK_H
#define WRIT_STDLIB_GRAPHQL_SCHEMA_CHECK_H

#include "stdlib/graphql/schema.h"

/* "Error in ...: input:L:C: text"; file NULL: "input". Always false. */
bool gql_schema_fail(ws_ctx *cx, const char *file, ws_gql_pos pos, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* own: the directive that is being defined, or NULL; once: nothing may stand twice. */
bool gql_check_directives(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_list *dirs,
                          const char *location, const ws_gql_directive_def *own, bool once);
bool gql_check_name(ws_ctx *cx, const char *file, ws_gql_pos pos, wb_str name);
bool gql_check_arguments(ws_ctx *cx, const ws_gql_schema *s, const ws_gql_list *args,
                         const ws_gql_directive_def *own);
/* Whether def has what the interface of that name asks for. */
bool gql_check_implements(ws_ctx *cx, const ws_gql_schema *s, ws_gql_def *def, wb_str interface);
bool gql_check_definitions(ws_ctx *cx, const ws_gql_schema *s);
/* Input objects must not need each other without end. */
bool gql_check_cycles(ws_ctx *cx, const ws_gql_schema *s);
bool gql_check_directive_defs(ws_ctx *cx, const ws_gql_schema *s);

#endif
