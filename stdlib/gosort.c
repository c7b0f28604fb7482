#include "stdlib/gosort.h"

#define INSERTION_MAX     12
#define NINTHER_MIN       50
#define MAX_SWAPS         12
#define MAX_STEPS         5
#define SHORTEST_SHIFTING 50

enum { HINT_UNKNOWN, HINT_INCREASING, HINT_DECREASING };

static bool less(wv a, wv b)
{
    return wv_compare(a, b) < 0;
}

static void swap(wv *d, long i, long j)
{
    wv t = d[i];
    d[i] = d[j];
    d[j] = t;
}

static void insertion(wv *d, long a, long b)
{
    for (long i = a + 1; i < b; i++)
        for (long j = i; j > a && less(d[j], d[j - 1]); j--)
            swap(d, j, j - 1);
}

static void sift_down(wv *d, long lo, long hi, long first)
{
    for (long root = lo;;) {
        long child = 2 * root + 1;
        if (child >= hi)
            return;
        if (child + 1 < hi && less(d[first + child], d[first + child + 1]))
            child++;
        if (!less(d[first + root], d[first + child]))
            return;
        swap(d, first + root, first + child);
        root = child;
    }
}

static void heap_sort(wv *d, long a, long b)
{
    long hi = b - a;
    for (long i = (hi - 1) / 2; i >= 0; i--)
        sift_down(d, i, hi, a);
    for (long i = hi - 1; i >= 0; i--) {
        swap(d, a, a + i);
        sift_down(d, 0, i, a);
    }
}

static void break_patterns(wv *d, long a, long b)
{
    long length = b - a;
    uint64_t random = (uint64_t)length;
    uint64_t modulus = 1;
    while (modulus <= (uint64_t)length)
        modulus <<= 1;
    for (long i = a + (length / 4) * 2 - 1; i <= a + (length / 4) * 2 + 1; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        long other = (long)(random & (modulus - 1));
        if (other >= length)
            other -= length;
        swap(d, i, a + other);
    }
}

static void order2(const wv *d, long *a, long *b, int *swaps)
{
    if (less(d[*b], d[*a])) {
        long t = *a;
        *a = *b;
        *b = t;
        ++*swaps;
    }
}

static long median(const wv *d, long a, long b, long c, int *swaps)
{
    order2(d, &a, &b, swaps);
    order2(d, &b, &c, swaps);
    order2(d, &a, &b, swaps);
    return b;
}

static long choose_pivot(const wv *d, long a, long b, int *hint)
{
    long l = b - a, i = a + l / 4, j = a + l / 4 * 2, k = a + l / 4 * 3;
    int swaps = 0;
    if (l >= NINTHER_MIN) {
        i = median(d, i - 1, i, i + 1, &swaps);
        j = median(d, j - 1, j, j + 1, &swaps);
        k = median(d, k - 1, k, k + 1, &swaps);
    }
    j = median(d, i, j, k, &swaps);
    *hint = swaps == 0 ? HINT_INCREASING : swaps == MAX_SWAPS ? HINT_DECREASING : HINT_UNKNOWN;
    return j;
}

static bool partial_insertion(wv *d, long a, long b)
{
    long i = a + 1;
    for (int step = 0; step < MAX_STEPS; step++) {
        while (i < b && !less(d[i], d[i - 1]))
            i++;
        if (i == b)
            return true;
        if (b - a < SHORTEST_SHIFTING)
            return false;
        swap(d, i, i - 1);
        if (i - a >= 2)
            for (long j = i - 1; j >= 1 && less(d[j], d[j - 1]); j--)
                swap(d, j, j - 1);
        if (b - i >= 2)
            for (long j = i + 1; j < b && less(d[j], d[j - 1]); j++)
                swap(d, j, j - 1);
    }
    return false;
}

static long partition_equal(wv *d, long a, long b, long pivot)
{
    swap(d, a, pivot);
    long i = a + 1, j = b - 1;
    for (;;) {
        while (i <= j && !less(d[a], d[i]))
            i++;
        while (i <= j && less(d[a], d[j]))
            j--;
        if (i > j)
            return i;
        swap(d, i, j);
        i++;
        j--;
    }
}

static long partition(wv *d, long a, long b, long pivot, bool *already)
{
    swap(d, a, pivot);
    long i = a + 1, j = b - 1;
    for (bool first = true;; first = false) {
        while (i <= j && less(d[i], d[a]))
            i++;
        while (i <= j && !less(d[j], d[a]))
            j--;
        if (i > j) {
            *already = first;
            break;
        }
        swap(d, i, j);
        i++;
        j--;
    }
    swap(d, j, a);
    return j;
}

/* Recursion goes into the shorter part only, so its depth is the logarithm of the length. */
static void quicksort(wv *d, long a, long b, unsigned limit)
{
    bool balanced = true, partitioned = true;
    for (;;) {
        long length = b - a;
        if (length <= INSERTION_MAX) {
            insertion(d, a, b);
            return;
        }
        if (limit == 0) {
            heap_sort(d, a, b);
            return;
        }
        if (!balanced) {
            break_patterns(d, a, b);
            limit--;
        }
        int hint;
        long pivot = choose_pivot(d, a, b, &hint);
        if (hint == HINT_DECREASING) {
            for (long i = a, j = b - 1; i < j; i++, j--)
                swap(d, i, j);
            pivot = (b - 1) - (pivot - a);
            hint = HINT_INCREASING;
        }
        if (balanced && partitioned && hint == HINT_INCREASING && partial_insertion(d, a, b))
            return;
        if (a > 0 && !less(d[a - 1], d[pivot])) {
            a = partition_equal(d, a, b, pivot);
            continue;
        }
        long mid = partition(d, a, b, pivot, &partitioned);
        long left = mid - a, right = b - mid;
        if (left < right) {
            balanced = left >= length / 8;
            quicksort(d, a, mid, limit);
            a = mid + 1;
        } else {
            balanced = right >= length / 8;
            quicksort(d, mid + 1, b, limit);
            b = mid;
        }
    }
}

void ws_go_sort(wb_arena *scratch, wv *items, size_t n)
{
    bool plain = true; /* equal values are the same to everyone who looks */
    for (size_t i = 0; i < n && plain; i++)
        plain = wv_is_string(items[i]) || !wv_is_boxed(items[i]);
    if (n <= INSERTION_MAX || plain) {
        wv_sort(items, n, scratch);
        return;
    }
    unsigned limit = 0;
    for (size_t m = n; m; m >>= 1)
        limit++;
    quicksort(items, 0, (long)n, limit);
}
