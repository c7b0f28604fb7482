/* The families of built-in functions: one X a family, each defined in a file of its own. */
#ifndef WRIT_STDLIB_FAMILIES_H
#define WRIT_STDLIB_FAMILIES_H

#include "stdlib/builtin.h"

#define WS_FAMILIES(X)                                                                             \
    X(comparison)                                                                                  \
    X(arithmetic)                                                                                  \
    X(numbers)                                                                                     \
    X(aggregates)                                                                                  \
    X(strings)                                                                                     \
    X(strings_make)                                                                                \
    X(sets)                                                                                        \
    X(arrays)                                                                                      \
    X(objects)                                                                                     \
    X(types)                                                                                       \
    X(json_paths)                                                                                  \
    X(json_patch)                                                                                  \
    X(encoding)                                                                                    \
    X(crypto)                                                                                      \
    X(graph)                                                                                       \
    X(jwt)                                                                                         \
    X(graphql)                                                                                     \
    X(http)                                                                                        \
    X(aws)                                                                                         \
    X(crypto_x509)                                                                                 \
    X(internal)                                                                                    \
    X(sprintf)                                                                                     \
    X(regex)                                                                                       \
    X(glob)                                                                                        \
    X(net)                                                                                         \
    X(time)                                                                                        \
    X(semver)                                                                                      \
    X(template)                                                                                    \
    X(schemas)                                                                                     \
    X(lookup)                                                                                      \
    X(globs_match)                                                                                 \
    X(yaml)                                                                                        \
    X(units)                                                                                       \
    X(uuid)                                                                                        \
    X(uri)

#define X(family) extern const ws_builtin ws_##family[];
WS_FAMILIES(X)
#undef X

#endif
