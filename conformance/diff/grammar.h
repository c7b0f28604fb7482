/* The grammar that programs are drawn from, as rows of data.
 *
 * A *shape* says what a value looks like, by letters before letters:
 *
 *   n number  s string  b boolean  z null  u a user record    aX array  eX set  oX object of X
 *   ? anything, known to nobody
 *
 * so `aan` is an array of arrays of numbers. A *sort* is what a row makes: a shape (a term of it),
 * `.X` (a literal of shape X), `&X` (a term of shape X that a reference may start with), or a word
 * in capitals (S a statement, C a clause of a complete rule, ...), which may carry a shape behind
 * it.
 *
 * A row is drawn among those of its sort by weight, and its text is written out. In it stand
 * *holes* in angle brackets: an optional digit for the order in which they are filled (default 5;
 * equal digits from left to right), a mark, and a sort. In sorts, T and U stand for one shape
 * throughout a row, c for any collection, l for an array or a set, * for any shape.
 *
 *   <T> a term          <T*> <T+>  none to three, one to three of them, with commas
 *   <+T>  a new variable, known from then on      <+T!> the same; `_` when nothing uses it
 *   <$T>  a variable that is known                <#T>  a reference to an earlier rule
 *   <!T>  the rule's full name                    <@T>  a reference into input or base data
 *   <%T>  such a place as `with` names it         <(T>  a call of an earlier function
 *   <.T>  a literal                               <~>   an earlier package as a document
 *   <:>   the rule's own package as a document
 *   <^2>  the text of the row's second hole       <{2>  an earlier function of two arguments
 *   <?n>  a number in many pairs with numbers, [0, x], [1, x], ...; <?T!> "k0": [x], ...
 *   <N>   the rule's own name                     <A>   the function's arguments
 *   <B>   a body on one line, <BN> on lines of its own; what it declares ends with the row
 *   <K>   a body that sees the arguments only, as do all rows of sort E
 *
 * Some rows need something of the module they stand in: `0` old heads, without `if` and `contains`
 * (Rego v0), `1` new ones, which rows with these words in their text need without saying so; `a`,
 * `o`, `n` the imported keyword `and`, `or`, `not`.
 *
 * METADATA blocks are rows of MR (above a rule) and MP (above a package); Z.T and SC.T are JSON
 * Schemas of the shape, the latter with definitions, SIDE the schemas that stand beside a program.
 *
 * Digits default to 8 for new variables, so that `<+T> := <T>` does not speak of itself. A hole
 * that finds nothing to name makes the row void, and another is drawn. */
#ifndef WRIT_CONFORMANCE_DIFF_GRAMMAR_H
#define WRIT_CONFORMANCE_DIFF_GRAMMAR_H

#include <stddef.h>

typedef struct df_row {
    const char *sort;
    unsigned weight;
    const char *text;
    const char *needs; /* of the module it stands in, by letters; NULL: nothing */
} df_row;

extern const df_row df_grammar[];
extern const size_t df_grammar_rows;

/* Places in input and base data: keys with slashes between them, and what is mostly found there. */
typedef struct df_place {
    const char *path, *shape;
} df_place;

extern const df_place df_places[];
extern const size_t df_places_rows;

/* Shapes by how often they are wanted where anything will do. */
typedef struct df_shape_row {
    const char *shape;
    unsigned weight;
} df_shape_row;

extern const df_shape_row df_shapes[];
extern const size_t df_shapes_rows;

/* Kinds of rules. `clause` is the sort of its clauses; `whole` is the shape of the rule asked
 * whole, T being that of its values. */
typedef struct df_kind {
    const char *clause, *whole;
    unsigned weight;
    const char *args; /* of a function: shapes of one letter; NULL: drawn */
} df_kind;

extern const df_kind df_kinds[];
extern const size_t df_kinds_rows;

/* Names of packages. */
extern const char *const df_packages[];
extern const size_t df_packages_rows;

#endif
