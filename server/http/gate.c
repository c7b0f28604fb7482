#include "server/http/gate.h"

#include "server/http/limits.h"

enum {
    START,
    START_LF,
    REQUEST_LINE,
    LINE_LF,
    LINE_START,
    NAME,
    VALUE,
    END_LF,
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
};

#define CHUNK_DIGITS_MAX 15 /* a chunk size that still fits 60 bits */

static bool is_token(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_text(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* Lines of a head or of trailers: the next state, or -1. */
static int line_byte(int state, unsigned char c)
{
    switch (state) {
    case LINE_LF: return c == '\n' ? LINE_START : -1;
    case LINE_START: /* a blank here would fold the line into the one before */
        return c == '\r' ? END_LF : is_token(c) ? NAME : -1;
    case NAME: return c == ':' ? VALUE : is_token(c) ? NAME : -1;
    case VALUE: return c == '\r' ? LINE_LF : is_text(c) ? VALUE : -1;
    default: return -1;
    }
}

static int request_line_byte(http_gate *g, unsigned char c)
{
    char last = g->last;
    g->last = (char)c;
    if (c == '\r')
        return g->spaces == 2 && last != ' ' ? LINE_LF : -1;
    if (c == ' ')
        return last != ' ' && ++g->spaces <= 2 ? REQUEST_LINE : -1;
    if (g->spaces == 0 && !is_token(c))
        return -1;
    return c > 0x20 && c < 0x7f ? REQUEST_LINE : -1;
}

void http_gate_start_head(http_gate *g)
{
    *g = (http_gate){.state = START};
}

http_gate_result http_gate_head(http_gate *g, const char *p, size_t n, size_t *used, size_t *skip)
{
    *skip = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        *used = i + 1;
        switch (g->state) {
        case START:
            if (c == '\r') {
                g->state = ++g->blanks > HTTP_EMPTY_LINES_MAX ? -1 : START_LF;
                *skip = i + 1;
                break;
            }
            g->state = is_token(c) ? REQUEST_LINE : -1;
            g->last = (char)c;
            break;
        case START_LF:
            g->state = c == '\n' ? START : -1;
            *skip = i + 1;
            break;
        case REQUEST_LINE: g->state = request_line_byte(g, c); break;
        case END_LF: return c == '\n' ? HTTP_GATE_END : HTTP_GATE_BAD;
        default: g->state = line_byte(g->state, c);
        }
        if (g->state < 0)
            return HTTP_GATE_BAD;
    }
    *used = n;
    return HTTP_GATE_MORE;
}

void http_gate_start_chunks(http_gate *g)
{
    *g = (http_gate){.state = SIZE};
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

static int size_byte(http_gate *g, unsigned char c)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        g->left = g->left * 16 + (unsigned)digit;
        return ++g->digits <= CHUNK_DIGITS_MAX ? SIZE : -1;
    }
    if (!g->digits)
        return -1;
    return c == '\r' ? SIZE_LF : c == ';' ? EXTENSION : -1;
}

http_gate_result http_gate_chunks(http_gate *g, const char *p, size_t n, size_t max_extra,
                                  size_t *used)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        *used = i + 1;
        switch (g->state) {
        case SIZE: g->state = size_byte(g, c); break;
        case EXTENSION:
            g->state = c == '\r' ? SIZE_LF : is_text(c) ? EXTENSION : -1;
            g->extra++;
            break;
        case SIZE_LF: g->state = c != '\n' ? -1 : g->left ? DATA : LINE_START; break;
        case DATA: {
            size_t take = n - i < g->left ? n - i : (size_t)g->left;
            g->left -= take;
            i += take - 1;
            *used = i + 1;
            if (!g->left)
                g->state = DATA_CR;
            break;
        }
        case DATA_CR: g->state = c == '\r' ? DATA_LF : -1; break;
        case DATA_LF:
            g->state = c == '\n' ? SIZE : -1;
            g->digits = 0;
            break;
        case END_LF: return c == '\n' ? HTTP_GATE_END : HTTP_GATE_BAD;
        default: g->state = line_byte(g->state, c); g->extra++;
        }
        if (g->state < 0 || g->extra > max_extra)
            return HTTP_GATE_BAD;
    }
    *used = n;
    return HTTP_GATE_MORE;
}
