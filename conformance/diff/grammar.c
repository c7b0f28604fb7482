#include "conformance/diff/grammar.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

const df_shape_row df_shapes[] = {
    {"n", 30}, {"s", 28},  {"b", 8},  {"z", 1},  {"an", 8},  {"as", 7},  {"on", 6},  {"os", 2},
    {"en", 5}, {"es", 5},  {"u", 4},  {"au", 3}, {"aan", 2}, {"oan", 2}, {"ean", 2}, {"oon", 1},
    {"eu", 1}, {"oen", 1}, {"ou", 1}, {"ab", 1}, {"eon", 1}, {"ees", 1}, {"aas", 1},
};
const size_t df_shapes_rows = ROWS(df_shapes);

const df_kind df_kinds[] = {
    {"C", "T", 24, NULL}, {"R", "b", 16, NULL},  {"X", "eT", 20, NULL},  {"O", "oT", 14, NULL},
    {"F", "", 20, NULL},  {"G", "ooT", 5, NULL}, {"H", "oeT", 5, NULL},  {"I", "ooT", 3, NULL},
    {"J", "oT", 4, NULL}, {"V", "oeT", 2, NULL}, {"L", "oooT", 1, NULL}, {"Y", "T", 3, NULL},
    {"KC", "T", 6, NULL}, {"KR", "b", 5, NULL},  {"KO", "oT", 3, NULL},  {"KX", "eT", 3, NULL},
    {"KFs", "", 4, "s"},  {"KFn", "", 3, "n"},   {"KFt", "", 3, "sn"},
};
const size_t df_kinds_rows = ROWS(df_kinds);

const char *const df_packages[] = {"t", "lib", "t/sub", "a/b", "net", "lib/in/if"};
const size_t df_packages_rows = ROWS(df_packages);

const df_place df_places[] = {
    {"input/a", "n"},        {"input/b", "s"},        {"input/c", "an"},
    {"input/d", "on"},       {"input/flag", "b"},     {"input/none", "z"},
    {"input/users", "au"},   {"input/me", "u"},       {"input/tags", "as"},
    {"input/l/m", "aan"},    {"input/l/o", "oon"},    {"input/l/w", "oan"},
    {"input/if", "n"},       {"input/not/in", "s"},   {"input/x y", "s"},
    {"input/byname", "ou"},  {"input/s2", "s"},       {"input/t2", "as"},
    {"data/base/k", "n"},    {"data/base/s", "s"},    {"data/base/m", "on"},
    {"data/base/arr", "an"}, {"data/base/flag", "b"}, {"data/roles", "oas"},
    {"data/nums", "an"},     {"data/users", "au"},    {"data/t/ext", "n"},
    {"data/t/sub/ext", "s"}, {"data/lib/ext", "on"},  {"data/every/a b", "an"},
    {"data/base/g", "oon"},  {"data/base/by", "ou"},  {"data/base/set", "as"},

};
const size_t df_places_rows = ROWS(df_places);

#define G(sort, weight, text)        {sort, weight, text, NULL},
#define N(needs, sort, weight, text) {sort, weight, text, needs},
const df_row df_grammar[] = {
#include "conformance/diff/grammar.def"
#include "conformance/diff/grammar_wrong.def"
};
#undef G
#undef N
const size_t df_grammar_rows = ROWS(df_grammar);
