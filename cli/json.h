/* Indented JSON in a fixed order of keys, as `opa` prints its results. */
#ifndef WRIT_CLI_JSON_H
#define WRIT_CLI_JSON_H

#include "value/json.h"

/* Two blanks a level; < > & are escaped. */
typedef struct cli_json {
    wb_buf *b;
    unsigned depth;
    bool some;  /* the open object or array has a member */
    bool plain; /* < > & are not escaped */
} cli_json;

/* key is NULL inside arrays and at the top. */
void cli_json_open(cli_json *j, const char *key, char bracket);
void cli_json_close(cli_json *j, char bracket);
void cli_json_value(cli_json *j, const char *key, wv v);
void cli_json_text(cli_json *j, const char *key, wb_str s);
void cli_json_int(cli_json *j, const char *key, int64_t i);
void cli_json_bool(cli_json *j, const char *key, bool on);

#endif
