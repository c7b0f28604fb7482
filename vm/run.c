/* The loop. Registers, program counter and constants live in locals; what an operation may do
 * beyond its registers is said by the macro it uses. */
#include "vm/machine.h"

#include "value/json.h"
#include "value/number.h"

#if defined(__SANITIZE_ADDRESS__) || defined(WRIT_SWITCH_DISPATCH)
#define DISPATCH_BY_SWITCH 1
#else
#define DISPATCH_BY_SWITCH 0
#endif

/* A key that is an inline string finds its place by word comparison alone. */
static inline wv get_key(wv from, wv key)
{
    if (wv_tag(from) == WV_T_OBJECT && wv_tag(key) == WV_T_SHORT)
        return wv_object_get_short(from, key);
    /* A set answers with the spelling asked for. */
    if (wv_tag(from) == WV_T_SET)
        return wv_set_has(from, key) ? key : WV_UNDEFINED;
    return wv_index(from, key);
}

static inline wv get_index(wv from, wv key)
{
    if (wv_tag(from) == WV_T_ARRAY && wv_tag(key) == WV_T_INT) {
        int64_t i = wv_int(key);
        return i >= 0 && (uint64_t)i < wv_len(from) ? wv_items(from)[i] : WV_UNDEFINED;
    }
    return get_key(from, key);
}

/* Elements looked at for one unit of fuel, as built-ins count it. */
#define ELEMENTS_A_UNIT 8

static bool is_member(wm_session *s, wv member, wv of)
{
    switch (wv_tag(of)) {
    case WV_T_SET: return wv_set_has(of, member);
    case WV_T_ARRAY:
        wm_charge(s, wv_len(of) / ELEMENTS_A_UNIT);
        for (uint32_t i = 0; i < wv_len(of); i++)
            if (wv_equal(wv_items(of)[i], member))
                return true;
        return false;
    case WV_T_OBJECT:
        wm_charge(s, wv_len(of) / ELEMENTS_A_UNIT);
        for (uint32_t i = 0; i < wv_len(of); i++)
            if (wv_equal(wv_value_at(of, NULL, i), member))
                return true;
        return false;
    default: return false;
    }
}

static inline int compare(wv x, wv y)
{
    if (wv_is_int(x) && wv_is_int(y))
        return ((int64_t)x > (int64_t)y) - ((int64_t)x < (int64_t)y);
    return wv_compare(x, y);
}

#define EITHER_UNDEFINED(x, y) __builtin_expect((x) == WV_UNDEFINED || (y) == WV_UNDEFINED, 0)

/* The same as wv_..._small for a y that is known: a small integer, positive where it divides. */
static inline bool add_const(wv x, wv y, wv *out)
{
    return wv_is_int(x) &&
           !__builtin_add_overflow((int64_t)x, (int64_t)(y - WV_T_INT), (int64_t *)out);
}
static inline bool sub_const(wv x, wv y, wv *out)
{
    return wv_is_int(x) &&
           !__builtin_sub_overflow((int64_t)x, (int64_t)(y - WV_T_INT), (int64_t *)out);
}
static inline bool mul_const(wv x, wv y, wv *out)
{
    int64_t r = 0;
    bool good = wv_is_int(x) && !__builtin_mul_overflow((int64_t)(x - WV_T_INT), wv_int(y), &r);
    *out = (wv)r + WV_T_INT;
    return good;
}
static inline bool div_const(wv x, wv y, wv *out)
{
    int64_t i = wv_int(x), j = wv_int(y);
    if (!wv_is_int(x) || i != (int32_t)i || !i || (int32_t)i % (int32_t)j)
        return false;
    *out = wv_small((int32_t)i / (int32_t)j);
    return true;
}
static inline bool rem_const(wv x, wv y, wv *out)
{
    if (!wv_is_int(x))
        return false;
    if (__builtin_expect(x >> 35 == 0, 1)) /* half the digits: half the time */
        *out = wv_small((int64_t)((uint32_t)(x >> 3) % (uint32_t)(y >> 3)));
    else
        *out = wv_small(wv_int(x) % wv_int(y));
    return true;
}

/* Where a loop stands (WM_IT_POS). */
typedef struct iter_pos {
    int32_t at;       /* the element's number; of an array less its length, so that 0 is the end */
    uint32_t clashed; /* how many conflicts waited when the loop began */
} iter_pos;

static inline iter_pos *pos_of(wv *it)
{
    return (iter_pos *)&it[WM_IT_POS];
}

static void load_member(wv *it, uint32_t i)
{
    wv source = it[WM_IT_SOURCE];
    const uint32_t *order = wv_table_order(source);
    if (wv_is_set(source)) {
        it[WM_IT_KEY] = it[WM_IT_VALUE] = wv_set_at(source, order, i);
    } else {
        it[WM_IT_KEY] = wv_key_at(source, order, i);
        it[WM_IT_VALUE] = wv_value_at(source, order, i);
    }
}

/* Begins a loop at s[0..]: false when there is nothing to visit. Of an array the loop remembers
 * where its items end. */
static inline bool iter_begin(wm_session *s, wv *it, wv source)
{
    if (!wv_is_collection(source) || wv_len(source) == 0)
        return false;
    if (wv_is_array(source)) {
        uint32_t n = wv_len(source);
        it[WM_IT_SOURCE] = (wv)(uintptr_t)(wv_items(source) + n);
        *pos_of(it) = (iter_pos){-(int32_t)n, s->clashed};
        it[WM_IT_KEY] = wv_small(0);
        it[WM_IT_VALUE] = wv_items(source)[0];
    } else {
        it[WM_IT_SOURCE] = source;
        *pos_of(it) = (iter_pos){0, s->clashed};
        load_member(it, 0);
    }
    /* A loop's mark is younger than its function, also when nothing else was made between them:
     * what the function keeps beyond the loop is told from what its caller's loop keeps. */
    wb_arena_alloc(&s->kept, 8);
    it[WM_IT_SCRATCH] = (wv)(uintptr_t)wb_arena_mark(&s->scratch);
    it[WM_IT_KEPT] = (wv)(uintptr_t)wb_arena_mark(&s->kept);
    it[WM_IT_PIN] = (wv)(uintptr_t)s->pin;
    s->pin = s->kept.end;
    return true;
}

/* Something was added to in this turn. When it is older than the turn, what was kept stays: the
 * next turn begins above it. */
static __attribute__((noinline)) void iter_keep(wm_session *s, wv *it)
{
    char *kept = (char *)(uintptr_t)it[WM_IT_KEPT];
    if (s->pin >= kept) {
        wb_arena_rewind(&s->kept, kept);
        s->pin = s->kept.end;
        return;
    }
    it[WM_IT_KEPT] = (wv)(uintptr_t)wb_arena_mark(&s->kept);
    if ((uintptr_t)s->pin < (uintptr_t)it[WM_IT_PIN])
        it[WM_IT_PIN] = (wv)(uintptr_t)s->pin;
    s->pin = s->kept.end;
}

static inline bool iter_next(wm_session *s, wv *it)
{
    wb_arena_rewind(&s->scratch, (char *)(uintptr_t)it[WM_IT_SCRATCH]);
    if (__builtin_expect(s->pin == s->kept.end, 1))
        wb_arena_rewind(&s->kept, (char *)(uintptr_t)it[WM_IT_KEPT]);
    else
        iter_keep(s, it);
    int32_t i = ++pos_of(it)->at;
    if (__builtin_expect(i < 0, 1)) {
        it[WM_IT_KEY] += wv_small(1) - wv_small(0);
        it[WM_IT_VALUE] = ((const wv *)(uintptr_t)it[WM_IT_SOURCE])[i];
        return true;
    }
    if (i == 0 || (uint32_t)i >= wv_len(it[WM_IT_SOURCE])) {
        s->pin = (char *)(uintptr_t)it[WM_IT_PIN];
        return false;
    }
    load_member(it, (uint32_t)i);
    return true;
}

static wv begin_collection(wm_session *s, wm_op op, uint32_t room)
{
    if (op == WM_ARRAY)
        return wv_array_begin(&s->kept, room);
    return op == WM_SET ? wv_set_begin(&s->kept, room) : wv_object_begin(&s->kept, room);
}

static wv make_collection(wm_session *s, wm_op op, const wv *from, uint32_t n)
{
    wv to;
    switch (op) {
    case WM_MKARR: return wv_array_new(&s->scratch, from, n);
    case WM_MKSET:
        to = wv_set_begin(&s->scratch, n);
        for (uint32_t i = 0; i < n; i++)
            wv_set_add(&s->scratch, &to, from[i]);
        return to;
    default:
        to = wv_object_begin(&s->scratch, n);
        for (uint32_t i = 0; i < n; i++)
            wv_object_put(&s->scratch, &to, from[2 * i], from[2 * i + 1]);
        return to;
    }
}

/* What was counted so far, and all that comes, goes into the array after all. */
static __attribute__((noinline)) void untally(wm_session *s, wv *counted, wv *array, wv v)
{
    wm_pin(s, wv_ptr(*array));
    if (*counted != WV_UNDEFINED)
        wv_array_push(&s->kept, array, *counted);
    *counted = WV_UNDEFINED;
    wv_array_push(&s->kept, array, wm_keep(s, v));
}

/* The first of all, if it is a small integer, has none to be compared with. */
static __attribute__((noinline)) void first_tally(wm_session *s, wv *counted, wv *array, wv v)
{
    if (*counted == WV_UNDEFINED && !wv_len(*array) && wv_is_int(v))
        *counted = v;
    else
        untally(s, counted, array, v);
}

/* ---- memo ---- */

static uint32_t hash_args(const wm_session *s, uint32_t func, const wv *args, unsigned n)
{
    uint64_t h = wb_hash64(func, s->kept.seed);
    for (unsigned i = 0; i < n; i++)
        h = wb_mix(h ^ wv_hash(args[i], s->kept.seed), 0x9e3779b97f4a7c15u);
    return (uint32_t)(h ^ h >> 32);
}

static wm_arg_memo *find_arg_memo(wm_session *s, uint32_t func, const wv *args, unsigned n,
                                  uint32_t *hash)
{
    *hash = hash_args(s, func, args, n);
    if (!s->env->arg_memos)
        return NULL;
    wm_arg_memo *m = &s->env->arg_memos[*hash % WM_ARG_MEMO];
    if (m->epoch != s->epoch || m->func != func || m->hash != *hash)
        return NULL;
    for (unsigned i = 0; i < n; i++)
        if (!wv_equal(m->args[i], args[i]))
            return NULL;
    return m;
}

/* A rule asked by keys that was asked whole before: its element is at hand. */
static bool from_whole(const wm_session *s, const wm_func *fn, const wv *args, wv *out)
{
    if (fn->whole == WM_NONE || s->p->funcs[fn->whole].memo_kind != WM_MEMO_RULE)
        return false;
    const wm_memo *m = &s->env->memos[s->p->funcs[fn->whole].memo];
    if (m->epoch != s->epoch)
        return false;
    wv v = m->value;
    for (unsigned i = 0; i < fn->n_args && v != WV_UNDEFINED; i++)
        v = get_index(v, args[i]);
    *out = v;
    return true;
}

#define ASKED_MIN 3u /* askings by new keys behind which the whole rule is tried */

/* A rule that is asked by ever new keys goes through its bodies again for each. So the whole of it
 * is made once, if that takes no more work than a few of the askings did, and answers the rest. An
 * error on the way may lie with a key that nobody asks for: then all is as if it had not been
 * tried. */
static bool try_whole(wm_session *s, const wm_func *fn)
{
    const wm_func *whole = &s->p->funcs[fn->whole];
    if (whole->memo_kind != WM_MEMO_RULE || s->env != &s->base_env || s->collecting || s->p->io ||
        s->p->noisy)
        return false;
    wm_asked *a = &s->asked[whole->memo];
    if (a->evaluation != s->evaluation)
        *a = (wm_asked){s->evaluation, 0, wm_fuel(s)};
    if (++a->times != ASKED_MIN)
        return false;
    int64_t before = wm_fuel(s), limit = 2 * (a->fuel - before) + 1000;
    if (limit > before)
        return false;
    size_t n_errors = s->n_builtin_errors;
    uint32_t clashed = s->clashed;
    wm_error late = s->late;
    wm_set_fuel(s, limit);
    wm_run(s, fn->whole, NULL, 0);
    bool made = !s->failed && s->clashed == clashed;
    int64_t used = limit - wm_fuel(s);
    bool over = s->scratch.exhausted || s->kept.exhausted;
    if (s->failed && !over && (!s->cx.cancelled || !s->cx.cancelled(s->cx.cancel_arg)))
        s->failed = false;
    if (!made) {
        s->n_builtin_errors = n_errors;
        s->clashed = clashed;
        s->late = late;
        /* What was remembered on the way may have clashed: it must clash again for who asks. */
        s->epoch++;
    }
    wm_set_fuel(s, before - used);
    return made;
}

static void put_arg_memo(wm_session *s, uint32_t func, const wv *args, unsigned n, wv value)
{
    if (s->arg_memos >= WM_ARG_MEMO_MAX || s->arg_memo_bytes >= s->arg_memo_room)
        return;
    s->arg_memos++;
    wm_env *e = s->env;
    wm_pin(s, e == &s->base_env ? s->kept.base : (char *)e);
    if (!e->arg_memos)
        e->arg_memos = wb_arena_calloc(&s->kept, WM_ARG_MEMO * sizeof *e->arg_memos);
    uint32_t hash = hash_args(s, func, args, n);
    wv *copy = wb_arena_alloc(&s->kept, n * sizeof *copy + 1);
    for (unsigned i = 0; i < n; i++)
        copy[i] = wm_keep(s, args[i]);
    e->arg_memos[hash % WM_ARG_MEMO] = (wm_arg_memo){
        .epoch = s->epoch, .func = func, .hash = hash, .args = copy, .value = wm_keep(s, value)};
    const char *top = wb_arena_mark(&s->kept);
    if (top > s->arg_memo_top)
        s->arg_memo_bytes += (size_t)(top - s->arg_memo_top);
    s->arg_memo_top = top;
}

/* ---- conflicts ---- */

/* Lists every value a clashing rule has by running it once more, then raises the error. */
static void raise_conflict(wm_session *s, uint32_t func, const wv *args, wp_loc loc)
{
    const wm_func *fn = &s->p->funcs[func];
    wm_collect collect = {.frame = NULL};
    wb_buf_init(&collect.text, 16384);
    if (!s->collecting && s->reentry + WM_REENTRY_COST <= WM_REENTRY_STEPS) {
        s->collecting = &collect;
        wm_run(s, func, args, fn->n_args);
        s->collecting = NULL;
        /* Another error on the way lies behind the clash, so the list ends there. */
        if (s->failed && s->error.code == WP_EVAL_CANCEL_ERROR) {
            wb_buf_free(&collect.text);
            return;
        }
        s->failed = false;
    }
    if (collect.n > 10)
        wb_buf_puts(&collect.text, "\n  ...");
    bool keyed = !fn->is_function && fn->n_args;
    if (keyed)
        wm_raise(s, WP_EVAL_CONFLICT_ERROR, loc, "object keys must be unique");
    else
        wm_raise(s, WP_EVAL_CONFLICT_ERROR, loc, "%s %.*s produced conflicting values%s%s%s",
                 fn->is_function ? "function" : "rule", WB_FMT(fn->name),
                 fn->is_function ? " for the same inputs" : "", collect.n > 1 ? ":" : "",
                 collect.n > 1 ? wb_buf_cstr(&collect.text) : "");
    wb_buf_free(&collect.text);
}

/* Whoever asked for the rule has its first value already when the second one is found: what goes
 * on with it may end in an error of its own, which comes first. So the clash waits until then; no
 * answer is given while one waits (wm_failed). */
static bool defer_conflict(wm_session *s, const wm_func *fn)
{
    bool keyed = !fn->is_function && fn->n_args;
    if (s->error.code != WP_EVAL_CONFLICT_ERROR || s->collecting || keyed)
        return false;
    s->late = s->error;
    s->clashed++;
    wb_countdown_ring(&s->fuel);
    s->failed = false;
    return true;
}

static void collect_value(wm_session *s, wv v, wp_loc loc)
{
    wm_collect *c = s->collecting;
    if (c->n && wv_equal(c->first, v))
        return;
    if (c->closed.row == loc.row && c->closed.col == loc.col && c->closed.file == loc.file)
        return;
    if (c->n)
        c->closed = loc;
    if (c->n++ >= 10)
        return;
    if (c->n == 1)
        c->first = v;
    wb_buf text;
    wb_buf_init(&text, 1 << 20);
    wv_print(&text, v);
    size_t n = text.n;
    const char *dots = "";
    if (n > 80) {
        n = 80;
        dots = "...";
    }
    wb_str file = loc.file < s->p->n_files ? s->p->files[loc.file].name : WB_LIT("");
    wb_buf_putf(&c->text, "\n  %.*s%s at ", (int)n, text.p ? text.p : "", dots);
    if (file.n)
        wb_buf_putf(&c->text, "%.*s:%u", WB_FMT(file), loc.row);
    else
        wb_buf_putf(&c->text, "%u:%u", loc.row, loc.col);
    wb_buf_free(&text);
}

/* A call whose function, or whose document, is replaced in the present environment. True when the
 * answer is in *out; false when the call goes on as *func with the mock's environment pushed or as
 * it was. */
static bool call_replaced(wm_session *s, uint32_t *func, const wv *args, unsigned n, wp_loc loc,
                          bool *pushed, wv *out)
{
    const wm_func *fn = &s->p->funcs[*func];
    *pushed = false;
    if (fn->maskable && s->env->masks && wm_env_masked(s->env, fn->path)) {
        wv v = wm_env_base(s->env, fn->path);
        for (unsigned i = 0; i < n && !fn->is_function; i++)
            v = v == WV_UNDEFINED ? v : wv_index(v, args[i]);
        *out = v;
        return true;
    }
    const wm_mock *m = fn->mockable ? wm_env_find_mock(s->env, false, *func) : NULL;
    if (!m)
        return false;
    if (m->kind == WM_MOCK_VALUE) {
        *out = m->value;
        return true;
    }
    if (m->kind == WM_MOCK_SITE) {
        wm_call_site(s, &s->p->sites[m->by], args, n, loc, out);
        return true;
    }
    /* Inside a mock nothing is mocked: it may call the original. */
    wm_env_push(s);
    s->env->mocks = NULL;
    *pushed = true;
    *func = m->by;
    return false;
}

/* An operator whose operands or result are no small integers. What is no number, and errors, are
 * the built-in's. */
static __attribute__((noinline)) wv arithmetic(wm_session *s, wm_operator op, wv x, wv y,
                                               const uint64_t *pc)
{
    static wv_num_status (*const slow[])(wb_arena *, wv, wv, wv *) = {
        [WM_OPERATOR_ADD] = wv_add_slow, [WM_OPERATOR_SUB] = wv_sub_slow,
        [WM_OPERATOR_MUL] = wv_mul_slow, [WM_OPERATOR_DIV] = wv_div_slow,
        [WM_OPERATOR_REM] = wv_rem_slow,
    };
    wv out;
    if (wv_is_number(x) && wv_is_number(y) && slow[op](&s->scratch, x, y, &out) == WV_NUM_OK)
        return out;
    wv args[2] = {x, y};
    wm_site site = {.fn = s->p->operators[op]};
    wm_call_site(s, &site, args, 2, wm_place(s, pc), &out);
    return out;
}

#define A    WM_A(w)
#define B    WM_B(w)
#define C    WM_C(w)
#define F    WM_F(w)
#define K(i) consts[i]
#define FAIL                                                                                       \
    do {                                                                                           \
        pc += F;                                                                                   \
        NEXT;                                                                                      \
    } while (0)
#define RAISED                                                                                     \
    do {                                                                                           \
        if (__builtin_expect(s->failed, 0))                                                        \
            goto failed;                                                                           \
    } while (0)
/* Back edges and calls: where budgets are asked. A full arena and a conflict ring. */
#define BUDGET()                                                                                   \
    do {                                                                                           \
        if (__builtin_expect(--s->fuel.left < 0, 0)) {                                             \
            if (!check_budget(s, pc))                                                              \
                goto failed;                                                                       \
        }                                                                                          \
    } while (0)

static bool check_budget(wm_session *s, const uint64_t *pc)
{
    wp_loc loc = wm_place(s, pc - 1);
    wm_set_fuel(s, wm_fuel(s));
    if (wm_fuel(s) < 0)
        wm_raise(s, WP_EVAL_CANCEL_ERROR, loc, "evaluation ran out of fuel");
    else if (s->scratch.exhausted || s->kept.exhausted)
        wm_raise(s, WP_EVAL_CANCEL_ERROR, loc, "evaluation ran out of memory");
    else if (s->budget.cancelled && s->budget.cancelled(s->budget.cancel_arg))
        wm_raise(s, WP_EVAL_CANCEL_ERROR, loc, "caller cancelled query execution");
    return !s->failed;
}

wv wm_run(wm_session *s, uint32_t func, const wv *args, unsigned n_args)
{
    const wm_program *p = s->p;
    const uint32_t bottom = s->n_frames;
    wm_frame *frame = &s->frames[bottom];
    const wm_func *fn = &p->funcs[func];
    wm_env *const env_before = s->env;
    wv *regs = bottom ? frame[-1].regs + frame[-1].fn->n_regs : s->stack;
    const wv *consts;
    const uint64_t *pc;
    uint64_t w;
    wv result, right;
    wm_operator op;

    /* What is on top of the register stack: the last frame's registers end where its function says;
     * a re-entering caller keeps its window in the frame that it pushed. */
    if (s->failed)
        return WV_UNDEFINED;
    if ((s->reentry += WM_REENTRY_COST) > WM_REENTRY_STEPS || bottom + 1 >= WM_FRAMES_MAX ||
        regs + fn->n_regs >= s->stack_end) {
        s->reentry -= WM_REENTRY_COST;
        return wm_raise(s, WP_EVAL_CANCEL_ERROR, fn->loc, "evaluation is nested too deeply");
    }
    if (fn->memo_kind == WM_MEMO_RULE && s->env->memos[fn->memo].epoch == s->epoch &&
        !s->collecting) {
        s->reentry -= WM_REENTRY_COST;
        return s->env->memos[fn->memo].value;
    }
    bool pushed = false;
    if (fn->maskable || fn->mockable) {
        if (call_replaced(s, &func, args, n_args, fn->loc, &pushed, &result)) {
            s->reentry -= WM_REENTRY_COST;
            return result;
        }
        fn = &p->funcs[func];
    }
    for (unsigned i = 0; i < n_args; i++)
        regs[i] = args[i];
    *frame = (wm_frame){
        .pc = NULL, .regs = regs, .fn = fn, .kept = wb_arena_mark(&s->kept), .pop_env = pushed};
    s->n_frames++;
    if (s->collecting && !s->collecting->frame)
        s->collecting->frame = frame;
    consts = p->consts + fn->consts;
    pc = p->code + fn->entry;

#if DISPATCH_BY_SWITCH
#define CASE(name) case WM_##name
#define NEXT       goto next
next:
    w = *pc++;
    switch ((wm_op)WM_OPCODE(w)) {
#else
#define CASE(name) do_##name
#define NEXT                                                                                       \
    do {                                                                                           \
        w = *pc++;                                                                                 \
        goto *labels[WM_OPCODE(w)];                                                                \
    } while (0)
    static const void *const labels[WM_OP_COUNT] = {
#define OP(name, operands, words, doc) &&do_##name,
#include "vm/opcodes.def"
#undef OP
    };
    NEXT;
#endif

        CASE(MOVE) : regs[A] = regs[B];
        NEXT;
        CASE(LOADK) : regs[A] = K(WM_W(w));
        NEXT;
        CASE(UNDEF) : regs[A] = WV_UNDEFINED;
        NEXT;
        CASE(INPUT) : if (s->env->input == WV_UNDEFINED && F) FAIL;
        regs[A] = s->env->input;
        NEXT;
        CASE(DATA) : regs[A] = s->env->data;
        NEXT;

        CASE(JUMP) : pc += F;
        NEXT;
        CASE(SWITCH) :
        {
            const wm_dispatch *d = &p->dispatches[(uint32_t)*pc];
            wv v = regs[B];
            wv start = v == WV_UNDEFINED ? v : wv_object_get(d->starts, v);
            uint32_t i = start == WV_UNDEFINED ? d->others : (uint32_t)wv_int(start);
            regs[A] = wv_small(i + 1);
            pc = p->code + d->cases[d->lists[i]];
            NEXT;
        }
        CASE(CASE) :
        {
            BUDGET();
            const wm_dispatch *d = &p->dispatches[(uint32_t)*pc];
            uint32_t i = (uint32_t)wv_int(regs[A]);
            if (i >= d->n_lists)
                i = d->n_lists - 1;
            regs[A] = wv_small((int64_t)i + 1);
            pc = p->code + d->cases[d->lists[i]];
            NEXT;
        }
        CASE(DEF) : if (regs[A] == WV_UNDEFINED) FAIL;
        NEXT;
        CASE(NDEF) : if (regs[A] != WV_UNDEFINED) FAIL;
        NEXT;
        CASE(TRUE) : if (!wv_truthy(regs[A])) FAIL;
        NEXT;

        CASE(GET) :
        {
            wv v = get_index(regs[B], regs[C]);
            if (v == WV_UNDEFINED)
                FAIL;
            regs[A] = v;
            NEXT;
        }
        CASE(GETK) :
        {
            wv v = get_key(regs[B], K(C));
            if (v == WV_UNDEFINED)
                FAIL;
            regs[A] = v;
            NEXT;
        }
        CASE(GETKU) : regs[A] = get_key(regs[B], K(C));
        NEXT;
        CASE(GETB) :
        {
            wv v = wv_index_base(regs[B], regs[C]);
            if (v == WV_UNDEFINED)
                FAIL;
            regs[A] = v;
            NEXT;
        }
        CASE(GETBK) :
        {
            wv v = wv_tag(K(C)) == WV_T_SHORT && wv_tag(regs[B]) == WV_T_OBJECT
                       ? get_key(regs[B], K(C))
                       : wv_index_base(regs[B], K(C));
            if (v == WV_UNDEFINED)
                FAIL;
            regs[A] = v;
            NEXT;
        }
        CASE(INK) : if (!is_member(s, regs[B], K(C))) FAIL;
        NEXT;
        CASE(IN) : if (!is_member(s, regs[B], regs[C])) FAIL;
        NEXT;
        CASE(INV) : regs[A] = wv_bool(is_member(s, regs[B], regs[C]));
        NEXT;

        CASE(EQ) : if (!wv_equal(regs[B], regs[C])) FAIL;
        NEXT;
        CASE(EQK) : if (!wv_equal(regs[B], K(C))) FAIL;
        NEXT;
        CASE(NE) : if (wv_equal(regs[B], regs[C])) FAIL;
        NEXT;
        CASE(NEK) : if (wv_equal(regs[B], K(C))) FAIL;
        NEXT;
#define ORDER(name, test)                                                                          \
    CASE(name) :                                                                                   \
    {                                                                                              \
        wv x = regs[B], y = regs[C];                                                               \
        if (wv_both_int(x, y) ? !((int64_t)x test(int64_t) y)                                      \
                              : EITHER_UNDEFINED(x, y) || !(wv_compare(x, y) test 0))              \
            FAIL;                                                                                  \
        NEXT;                                                                                      \
    }                                                                                              \
    CASE(name##K) :                                                                                \
    {                                                                                              \
        wv x = regs[B], y = K(C);                                                                  \
        if (wv_is_int(x) ? !((int64_t)x test(int64_t) y)                                           \
                         : x == WV_UNDEFINED || !(wv_compare(x, y) test 0))                        \
            FAIL;                                                                                  \
        NEXT;                                                                                      \
    }                                                                                              \
    CASE(name##V) : regs[A] = wv_bool(compare(regs[B], regs[C]) test 0);                           \
    NEXT;
        ORDER(LT, <)
        ORDER(LTE, <=)
        ORDER(GT, >)
        ORDER(GTE, >=)
        CASE(EQV) : regs[A] = wv_bool(wv_equal(regs[B], regs[C]));
        NEXT;
        CASE(NEV) : regs[A] = wv_bool(!wv_equal(regs[B], regs[C]));
        NEXT;
        CASE(ISCOLL) : if (!wv_is_collection(regs[A])) FAIL;
        NEXT;
        CASE(ISTYPE) : if (wv_type_of(regs[A]) != (wv_type)WM_W(w)) FAIL;
        NEXT;
        CASE(ISARR) : if (!wv_is_array(regs[A]) || wv_len(regs[A]) != WM_W(w)) FAIL;
        NEXT;
        CASE(ISOBJ) : if (!wv_is_object(regs[A]) || wv_len(regs[A]) != WM_W(w)) FAIL;
        NEXT;

#define ARITH(name, small, builtin)                                                                \
    CASE(name) :                                                                                   \
    {                                                                                              \
        wv v, x = regs[B], y = regs[C];                                                            \
        if (__builtin_expect(!wv_##small##_small(x, y, &v), 0)) {                                  \
            op = builtin;                                                                          \
            right = y;                                                                             \
            goto arithmetic;                                                                       \
        }                                                                                          \
        regs[A] = v;                                                                               \
        NEXT;                                                                                      \
    }                                                                                              \
    CASE(name##K) :                                                                                \
    {                                                                                              \
        wv v, x = regs[B], y = K(C);                                                               \
        if (__builtin_expect(!small##_const(x, y, &v), 0)) {                                       \
            op = builtin;                                                                          \
            right = y;                                                                             \
            goto arithmetic;                                                                       \
        }                                                                                          \
        regs[A] = v;                                                                               \
        NEXT;                                                                                      \
    }
        ARITH(ADD, add, WM_OPERATOR_ADD)
        ARITH(SUB, sub, WM_OPERATOR_SUB)
        ARITH(MUL, mul, WM_OPERATOR_MUL)
        ARITH(DIV, div, WM_OPERATOR_DIV)
        ARITH(REM, rem, WM_OPERATOR_REM)
    arithmetic:
        if (EITHER_UNDEFINED(regs[B], right))
            FAIL;
        result = arithmetic(s, op, regs[B], right, pc - 1);
        RAISED;
        if (result == WV_UNDEFINED)
            FAIL;
        regs[A] = result;
        NEXT;

        CASE(ARRAY)
            : CASE(SET) : CASE(OBJECT) : regs[A] = begin_collection(s, (wm_op)WM_OPCODE(w), B);
        NEXT;
        CASE(PUSH)
            : /* A word in its place needs nothing else to be kept. */
              if (wv_is_boxed(regs[B]) || !wv_array_push_there(regs[A], regs[B]))
        {
            wm_pin(s, wv_ptr(regs[A]));
            wv_array_push(&s->kept, &regs[A], wm_keep(s, regs[B]));
        }
        NEXT;
        CASE(TALLYSUM) :
        {
            wv v;
            if (__builtin_expect(wv_add_small(regs[A], regs[C], &v), 1))
                regs[A] = v;
            else
                untally(s, &regs[A], &regs[B], regs[C]);
            NEXT;
        }
        CASE(TALLYMAX)
            : if (!wv_both_int(regs[A], regs[C])) first_tally(s, &regs[A], &regs[B], regs[C]);
        else if ((int64_t)regs[C] > (int64_t)regs[A]) regs[A] = regs[C];
        NEXT;
        CASE(TALLYMIN)
            : if (!wv_both_int(regs[A], regs[C])) first_tally(s, &regs[A], &regs[B], regs[C]);
        else if ((int64_t)regs[C] < (int64_t)regs[A]) regs[A] = regs[C];
        NEXT;
        CASE(SADD) : if (!wv_set_has(regs[A], regs[B]))
        {
            wm_pin(s, wv_ptr(regs[A]));
            wv_set_add(&s->kept, &regs[A], wm_keep(s, regs[B]));
        }
        NEXT;
        CASE(PUT) : wm_pin(s, wv_ptr(regs[A]));
        wv_object_put(&s->kept, &regs[A], wm_keep(s, regs[B]), wm_keep(s, regs[C]));
        NEXT;
        CASE(PUTNEW) :
        {
            wv there = wv_object_get(regs[A], regs[B]);
            if (there == WV_UNDEFINED) {
                wm_pin(s, wv_ptr(regs[A]));
                wv_object_put(&s->kept, &regs[A], wm_keep(s, regs[B]), wm_keep(s, regs[C]));
            } else if (!wv_equal(there, regs[C])) {
                wm_raise(s, WP_EVAL_CONFLICT_ERROR, wm_place(s, pc - 1),
                         "object keys must be unique");
                goto failed;
            }
            NEXT;
        }
        CASE(MKARR)
            : CASE(MKSET)
            : CASE(MKOBJ) : regs[A] = make_collection(s, (wm_op)WM_OPCODE(w), &regs[B], C);
        NEXT;
        CASE(RPUT)
            : CASE(RADD)
            : if (!wm_put_path(s, &regs[A], &regs[B], C, regs[B + C], WM_OPCODE(w) == WM_RADD))
        {
            wm_raise(s, WP_EVAL_CONFLICT_ERROR, wm_place(s, pc - 1), "object keys must be unique");
            goto failed;
        }
        NEXT;
        CASE(ONCE) : if (__builtin_expect(s->collecting && frame == s->collecting->frame, 0))
        {
            collect_value(s, wm_keep(s, regs[B]), wm_place(s, pc - 1));
            wm_pin(s, frame->kept); /* older than any loop of this function */
            regs[A] = wm_keep(s, regs[B]);
        }
        else if (regs[A] == WV_UNDEFINED)
        {
            if (wv_is_boxed(regs[B])) {
                wm_pin(s, frame->kept); /* older than any loop of this function */
                regs[A] = wm_keep_slow(s, regs[B]);
            } else {
                regs[A] = regs[B];
            }
        }
        else if (!wv_equal(regs[A], regs[B]))
        {
            wp_loc loc = wm_place(s, pc - 1);
            raise_conflict(s, (uint32_t)(frame->fn - p->funcs), frame->regs, loc);
            if (!defer_conflict(s, frame->fn))
                goto failed;
            result = regs[A];
            goto returned;
        }
        NEXT;

        CASE(MATCH) : regs[A] = wm_matching(s, (uint32_t)*pc++, regs[B], regs[C]);
        NEXT;
        CASE(ITER) : if (!iter_begin(s, &regs[A], regs[B])) FAIL;
        NEXT;
        CASE(LOOP) : if (__builtin_expect(--s->fuel.left < 0, 0))
        {
            if (!check_budget(s, pc))
                goto failed;
            if (s->clashed > pos_of(&regs[A])->clashed)
                goto clashed; /* in this turn: what went on with its first value is over */
        }
        if (iter_next(s, &regs[A]))
            pc -= F;
        NEXT;

        CASE(UNLOOP)
            : if ((uintptr_t)s->pin > (uintptr_t)regs[A + WM_IT_PIN])
                  s->pin = (char *)(uintptr_t)regs[A + WM_IT_PIN];
        NEXT;

        CASE(CALL) :
        {
            uint32_t callee = (uint32_t)*pc++;
            fn = &p->funcs[callee];
            if (fn->memo_kind == WM_MEMO_RULE) {
                const wm_memo *m = &s->env->memos[fn->memo];
                if (m->epoch == s->epoch) {
                    result = m->value;
                    goto answered;
                }
            } else if (fn->memo_kind == WM_MEMO_ARGS) {
                if (from_whole(s, fn, &regs[B], &result))
                    goto answered;
                uint32_t hash;
                const wm_arg_memo *m = find_arg_memo(s, callee, &regs[B], fn->n_args, &hash);
                if (m) {
                    result = m->value;
                    goto answered;
                }
                if (fn->whole != WM_NONE) {
                    frame->pc = pc;
                    bool made = try_whole(s, fn);
                    RAISED;
                    if (made && from_whole(s, fn, &regs[B], &result))
                        goto answered;
                }
            }
            BUDGET();
            pushed = false;
            if (__builtin_expect(fn->maskable || fn->mockable, 0)) {
                if (call_replaced(s, &callee, &regs[B], fn->n_args, wm_place(s, pc - 2), &pushed,
                                  &result)) {
                    RAISED;
                    goto answered;
                }
                fn = &p->funcs[callee];
            }
            wv *window = regs + frame->fn->n_regs;
            if (window + fn->n_regs >= s->stack_end || s->n_frames + 1 >= WM_FRAMES_MAX) {
                wm_raise(s, WP_EVAL_CANCEL_ERROR, wm_place(s, pc - 2),
                         "evaluation is nested too deeply");
                goto failed;
            }
            for (uint32_t i = 0; i < fn->n_args; i++)
                window[i] = regs[B + i];
            frame->pc = pc;
            frame = &s->frames[s->n_frames++];
            *frame = (wm_frame){
                .regs = window, .fn = fn, .kept = wb_arena_mark(&s->kept), .pop_env = pushed};
            regs = window;
            consts = p->consts + fn->consts;
            pc = p->code + fn->entry;
            NEXT;
        }
    answered:
        if (result == WV_UNDEFINED && F)
            FAIL;
        regs[A] = result;
        NEXT;

        CASE(CALLB) :
        {
            const wm_site *site = &p->sites[*pc++];
            if (__builtin_expect(site->mockable && s->env->mocks, 0)) {
                const wm_mock *m = wm_env_find_mock(s->env, true, site->mock_id);
                if (m && m->kind == WM_MOCK_VALUE) {
                    result = m->value;
                    goto answered;
                }
                if (m && m->kind == WM_MOCK_FUNC) {
                    wm_env_push(s);
                    s->env->mocks = NULL;
                    frame->pc = pc;
                    result = wm_run(s, m->by, &regs[B], p->funcs[m->by].n_args);
                    if (!s->failed)
                        wm_env_pop(s);
                    RAISED;
                    goto answered;
                }
                if (m)
                    site = &p->sites[m->by];
            }
            s->cx.fn = site->fn;
            s->cx.site = site->prepared;
            if (__builtin_expect(site->fn->flags & (WS_NONDET | WS_VOID), 0)) {
                if (!wm_call_site(s, site, &regs[B], C, wm_place(s, pc - 2), &result))
                    goto failed;
            } else {
                result = site->fn->fn(&s->cx, &regs[B], C);
                if (__builtin_expect(s->cx.error != WS_ERR_NONE || s->scratch.exhausted, 0)) {
                    if (!wm_call_site(s, site, NULL, 0, wm_place(s, pc - 2), &result))
                        goto failed;
                }
            }
            goto answered;
        }
        CASE(DREF) :
        {
            uint32_t node = (uint32_t)*pc++;
            frame->pc = pc;
            result = wm_doc(s, node, &regs[B], C);
            RAISED;
            goto answered;
        }

        CASE(DKEYS) :
        {
            uint32_t node = (uint32_t)*pc++;
            result = wm_doc_keys(s, node);
            if (result == WV_UNDEFINED)
                FAIL;
            regs[A] = result;
            NEXT;
        }
        CASE(CLASH) : regs[A] = wv_small(s->clashed);
        NEXT;
        CASE(SETTLE) : if (__builtin_expect(s->clashed > wv_int(regs[A]), 0)) goto clashed;
        NEXT;

        CASE(WPUSH) : wm_env_push(s);
        NEXT;
        CASE(WINPUT) : if (!wm_env_set_input(s, K(C), regs[B], wm_place(s, pc - 1))) goto failed;
        NEXT;
        CASE(WDATA) : if (!wm_env_set_data(s, K(C), regs[B], wm_place(s, pc - 1))) goto failed;
        NEXT;
        CASE(WMOCK) :
        {
            uint64_t what = *pc++;
            wm_env_mock(s, A == 1, (uint32_t)what, (wm_mock_kind)C, (uint32_t)(what >> 32),
                        regs[B]);
            NEXT;
        }
        CASE(WPOP) : wm_env_pop(s);
        NEXT;

        CASE(RETK) : result = K(WM_W(w));
        goto returned;
        CASE(RET) : result = regs[A];
        goto returned;
#if DISPATCH_BY_SWITCH
    case WM_OP_COUNT: break;
    }
    wb_fatal("unverified bytecode");
#endif

returned:
    fn = frame->fn;
    if (frame->pop_env)
        wm_env_pop(s);
    if (fn->memo_kind == WM_MEMO_RULE && !(s->collecting && frame == s->collecting->frame)) {
        if (wv_is_boxed(result)) {
            wm_pin(s, s->env == &s->base_env ? s->kept.base : (char *)s->env);
            result = wm_keep_slow(s, result);
        }
        s->env->memos[fn->memo] = (wm_memo){s->epoch, result};
    } else if (fn->memo_kind == WM_MEMO_ARGS && result != WV_UNDEFINED) {
        put_arg_memo(s, (uint32_t)(fn - p->funcs), frame->regs, fn->n_args, result);
    }
    s->n_frames--;
    if (s->n_frames == bottom) {
        s->reentry -= WM_REENTRY_COST;
        return result;
    }
    frame--;
    regs = frame->regs;
    consts = p->consts + frame->fn->consts;
    pc = frame->pc;
    w = pc[-2];
    goto answered;

clashed:
    s->error = s->late;
    s->failed = true;
failed:
    s->n_frames = bottom;
    s->env = env_before;
    s->reentry -= WM_REENTRY_COST;
    return WV_UNDEFINED;
}
