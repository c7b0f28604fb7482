/* Sorting with the same outcome as Go's slices.SortFunc: pattern-defeating quicksort, not stable
 * above 12 elements. Seen only where equal values have different spellings (1 and 1.0). */
#ifndef WRIT_STDLIB_GOSORT_H
#define WRIT_STDLIB_GOSORT_H

#include "value/value.h"

void ws_go_sort(wb_arena *scratch, wv *items, size_t n);

#endif
