/* Deep copies into another arena: piece by piece, or packed, with collections in front of what
 * stands in them. */
#include "value/internal.h"
#include "value/number.h"
#include "value/stack.h"

typedef enum copy_part { COPY_ALL, COPY_COLLECTIONS, COPY_LEAVES } copy_part;

typedef struct copy_job {
    wb_arena *to;
    copy_part part;
    bool (*keep)(const void *arg, const void *p);
    const void *arg;
} copy_job;

typedef struct copy_frame {
    wv *words; /* of the copy; still the words of the original from i on */
    size_t i, n;
} copy_frame;

/* The block of a table with its entries as they are: only the room is cut to what is used. */
static wv copy_table(wb_arena *to, wv v)
{
    const wv_table *t = wv_tab(v);
    unsigned width = wv_width(v);
    uint32_t mask = t->mask;
    size_t size = wv_table_size(width, t->h.len, mask);
    if (!wb_arena_fits(to, size))
        return WV_UNDEFINED;
    wv_table *c = wb_arena_alloc(to, size);
    memcpy(c, t, sizeof *t + (size_t)t->h.len * width * sizeof(wv));
    c->cap = t->h.len;
    wv_table_lay_out(c, width);
    if (t->h.flags & WV_F_ORDERED)
        memcpy(c->order, t->order, t->h.len * sizeof(uint32_t));
    if (mask)
        memcpy(c->index, t->index, ((size_t)mask + 1) * sizeof(uint32_t));
    return wv_from(c, wv_tag(v));
}

/* One piece without what it points to; undefined when it does not fit the budget. */
static wv copy_piece(const copy_job *job, wv v)
{
    wb_arena *to = job->to;
    if (wv_is_object(v) && wv_is_shaped(v)) {
        uint32_t n = wv_len(v);
        if (job->keep && job->keep(job->arg, wv_shaped_of(v)->shape)) {
            size_t size = sizeof(wv_shaped) + n * sizeof(wv);
            return wb_arena_fits(to, size)
                       ? wv_from(memcpy(wb_arena_alloc(to, size), wv_ptr(v), size), WV_T_OBJECT)
                       : WV_UNDEFINED;
        }
        /* The shape may not live as long as the copy. */
        return wb_arena_fits(to, wv_table_size(2, n, wv_index_mask(n))) ? wv_unshape(to, v, 0)
                                                                        : WV_UNDEFINED;
    }
    if (wv_is_table(v))
        return copy_table(to, v);
    if (wv_is_array(v)) {
        if (!wb_arena_fits(to, sizeof(wv_array) + wv_len(v) * sizeof(wv)))
            return WV_UNDEFINED;
        wv c = wv_array_new(to, wv_items(v), wv_len(v));
        wv_head(c)->hash = wv_head(v)->hash;
        wv_head(c)->flags = wv_head(v)->flags;
        return c;
    }
    if (wv_is_string(v)) {
        if (!wb_arena_fits(to, sizeof(wv_string) + wv_len(v) + 1))
            return WV_UNDEFINED;
        wv c = wv_string_new(to, wv_str(&v));
        wv_head(c)->hash = wv_head(v)->hash;
        return c;
    }
    return wv_number_copy(to, v);
}

static bool stays(const copy_job *job, wv v)
{
    return !wv_is_boxed(v) || (job->keep && job->keep(job->arg, wv_ptr(v))) ||
           (job->part == COPY_COLLECTIONS && !wv_is_collection(v));
}

static copy_frame frame_of(wv copy)
{
    if (wv_is_array(copy)) {
        wv_array *t = wv_ptr(copy);
        return (copy_frame){.words = t->items, .n = t->h.len};
    }
    if (!wv_is_table(copy))
        return (copy_frame){0};
    if (wv_is_object(copy) && wv_is_shaped(copy))
        return (copy_frame){.words = wv_shaped_of(copy)->values, .n = wv_len(copy)};
    return (copy_frame){.words = wv_tab(copy)->entries, .n = (size_t)wv_len(copy) * wv_width(copy)};
}

/* Goes through the words below a copy and copies what they still have of the original. What is not
 * copied because its collection is there already is gone through. False when something did not fit.
 */
static bool copy_below(const copy_job *job, wv copy)
{
    WV_STACK(copy_frame) stack;
    wv_stack_init(&stack);
    wv_stack_push(&stack);
    *wv_stack_top(&stack) = frame_of(copy);
    bool fits = true;
    while (stack.n && fits) {
        copy_frame *f = wv_stack_top(&stack);
        while (f->i < f->n && stays(job, f->words[f->i]))
            f->i++;
        if (f->i == f->n) {
            wv_stack_pop(&stack);
            continue;
        }
        wv *word = &f->words[f->i++];
        if (job->part != COPY_LEAVES || !wv_is_collection(*word)) {
            wv c = copy_piece(job, *word);
            if (!(fits = c != WV_UNDEFINED))
                break;
            *word = c;
        }
        if (wv_is_collection(*word)) {
            copy_frame below = frame_of(*word);
            wv_stack_push(&stack);
            *wv_stack_top(&stack) = below;
        }
    }
    wv_stack_free(&stack);
    return fits;
}

wv wv_copy(wb_arena *to, wv v, bool (*keep)(const void *arg, const void *p), const void *arg)
{
    copy_job job = {.to = to, .keep = keep, .arg = arg};
    if (stays(&job, v))
        return v;
    wv result = copy_piece(&job, v);
    if (!wv_is_collection(result))
        return result ? result : WV_NULL;
    /* Half a copy is no value: the arena is exhausted and the evaluation ends. */
    return copy_below(&job, result) ? result : WV_NULL;
}

wv wv_pack(wb_arena *to, wv v, bool (*keep)(const void *arg, const void *p), const void *arg)
{
    copy_job job = {.to = to, .part = COPY_COLLECTIONS, .keep = keep, .arg = arg};
    if (!wv_is_collection(v) || stays(&job, v))
        return wv_copy(to, v, keep, arg);
    const char *from = wb_arena_mark(to);
    wv result = copy_piece(&job, v);
    if (!result || !copy_below(&job, result))
        return WV_NULL;
    size_t lines = (size_t)(wb_arena_mark(to) - from) / WV_LINE;
    if (wv_is_object(result))
        wv_head(result)->spare = (uint16_t)(lines < WV_AHEAD_MAX ? lines : WV_AHEAD_MAX);
    job.part = COPY_LEAVES;
    return copy_below(&job, result) ? result : WV_NULL;
}
