/* Lines, comments and the source behind a place. */
#include "parser/format_internal.h"

void fm_puts(fm *f, const char *z)
{
    wb_buf_puts(f->out, z);
}

void fm_put(fm *f, wb_str s)
{
    wb_buf_put_str(f->out, s);
}

void fm_start_line(fm *f)
{
    f->in_line = true;
    for (uint32_t i = 0; i < f->level; i++)
        wb_buf_putc(f->out, '\t');
}

void fm_comment(fm *f, const wp_comment *c)
{
    wb_buf_putc(f->out, '#');
    fm_put(f, c->text);
}

void fm_end_line(fm *f)
{
    f->in_line = false;
    if (f->waiting && !f->delay) {
        fm_puts(f, " ");
        fm_comment(f, f->waiting);
        f->waiting = NULL;
    }
    f->delay = false;
    fm_puts(f, "\n");
}

void fm_blank_line(fm *f)
{
    if (f->in_line)
        fm_end_line(f);
    fm_puts(f, "\n");
}

wb_str fm_text(const fm *f, wp_loc loc)
{
    wb_str s = f->module->file.text;
    if (loc.offset >= s.n)
        return WB_LIT("");
    size_t n = s.n - loc.offset;
    return (wb_str){s.p + loc.offset, loc.len < n ? loc.len : n};
}

bool fm_starts(const fm *f, wp_loc loc, char c)
{
    wb_str s = fm_text(f, loc);
    return s.n && s.p[0] == c;
}

uint32_t fm_lines(wb_str s)
{
    uint32_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end && (p = memchr(p, '\n', end - p)); p++)
        n++;
    return n;
}

uint32_t fm_end_row(const fm *f, wp_loc loc)
{
    return loc.row + fm_lines(fm_text(f, loc));
}

const wp_comment *fm_next(const fm *f)
{
    return f->at < f->n_comments ? &f->comments[f->at] : NULL;
}

bool fm_is_metadata(const wp_comment *c)
{
    wb_str s = c->text;
    while (s.n && (*s.p == ' ' || (*s.p >= '\t' && *s.p <= '\r')))
        s.p++, s.n--;
    return c->loc.col == 1 && wb_str_has_prefix(s, WB_LIT("METADATA"));
}

void fm_comments(fm *f, uint32_t n)
{
    bool metadata = false;
    for (uint32_t i = 0; i < n; i++) {
        const wp_comment *c = &f->comments[f->at + i];
        uint32_t apart = i ? c->loc.row - c[-1].loc.row : 0;
        if (apart > 1) {
            fm_blank_line(f);
            metadata = false;
        } else if (apart == 1 && metadata && fm_is_metadata(c)) {
            fm_blank_line(f);
        }
        metadata = metadata || fm_is_metadata(c);
        if (!f->in_line)
            fm_start_line(f);
        fm_comment(f, c);
        fm_end_line(f);
    }
    f->at += n;
}

uint32_t fm_above(const fm *f, uint32_t row)
{
    uint32_t n = 0;
    while (row != FM_NO_ROW && f->at + n < f->n_comments && f->comments[f->at + n].loc.row < row)
        n++;
    return n;
}

fm_status fm_insert(fm *f, uint32_t row)
{
    uint32_t n = fm_above(f, row);
    const wp_comment *last = n ? &f->comments[f->at + n - 1] : NULL;
    fm_comments(f, n);
    if (last && row - last->loc.row > 1)
        fm_blank_line(f);
    const wp_comment *same = fm_next(f);
    if (!same || same->loc.row != row)
        return FM_OK;
    f->at++;
    if (f->waiting) {
        f->waiting = NULL;
        return FM_KEEP;
    }
    f->waiting = same;
    return FM_OK;
}

fm_status fm_copy(fm *f, wp_loc loc)
{
    wb_str s = fm_text(f, loc);
    uint32_t last = fm_end_row(f, loc);
    if (!s.n)
        return fm_stop(f, loc, WP_FORMAT_ERROR, "original unformatted text is empty");
    fm_put(f, s);
    for (const wp_comment *c; (c = fm_next(f)) && c->loc.row <= last; f->at++) {
        if (c->loc.row < last)
            continue;
        if (!f->final_line)
            break;
        fm_puts(f, " ");
        fm_put(f, fm_text(f, c->loc));
    }
    return FM_OK;
}

fm_status fm_stop(fm *f, wp_loc loc, wp_code code, const char *message)
{
    wp_report(f->diags, code, &f->module->file, loc, "%s", message);
    f->failed = true;
    return FM_STOP;
}

/* Goes from the next `open` at or behind i to its end; false when the text ends before. */
static bool pass(wb_str s, size_t *i, uint32_t *row, char open, char close)
{
    while (*i < s.n && s.p[*i] != open)
        ++*i;
    uint32_t nested = 1;
    while (nested) {
        if (++*i >= s.n)
            return false;
        char c = s.p[*i];
        if (c == open)
            nested++;
        else if (c == close)
            nested--;
        else if (c == '\n')
            ++*row;
    }
    return true;
}

uint32_t fm_close_row(const fm *f, wp_loc loc, char skip, char skip_end, char open, char close)
{
    wb_str s = fm_text(f, loc);
    size_t i = 0;
    uint32_t row = loc.row;
    if (skip)
        pass(s, &i, &row, skip, skip_end);
    return pass(s, &i, &row, open, close) ? row : FM_NO_ROW;
}
