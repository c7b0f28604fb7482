/* Texts of other notations: JSON, base64, hexadecimal, URL queries. */
#include "base/base64.h"
#include "stdlib/args.h"
#include "stdlib/families.h"
#include "stdlib/text.h"
#include "value/json.h"

/* ---- JSON ---- */

/* Go's encoder escapes < > & when it writes values. */
static const wv_json_style compact = {.html = true};

static bool encode(ws_ctx *cx, wb_buf *b, wv v)
{
    wb_error e;
    ws_text_begin(cx, b);
    wb_status s = wv_json_encode(b, v, &compact, &e);
    if (s == WB_OK && !b->failed)
        return true;
    wb_buf_free(b);
    if (s == WB_LIMIT || b->failed)
        ws_fail_room(cx);
    else
        ws_fail(cx, "%s", e.text);
    return false;
}

static wv fn_marshal(ws_ctx *cx, const wv *args, unsigned n)
{
    wb_buf b;
    return encode(cx, &b, args[0]) ? ws_take_string(cx, &b) : WV_UNDEFINED;
}

static void new_line(wb_buf *b, wb_str prefix, wb_str indent, size_t depth)
{
    wb_buf_putc(b, '\n');
    wb_buf_put_str(b, prefix);
    while (depth-- && !b->failed)
        wb_buf_put_str(b, indent);
}

/* Compact JSON as json.Indent lays it out; empty collections stay on their line. */
static void lay_out(wb_buf *b, wb_str json, wb_str prefix, wb_str indent)
{
    size_t depth = 0;
    for (size_t i = 0; i < json.n && !b->failed; i++) {
        char c = json.p[i];
        if (c == '"') {
            size_t start = i++;
            while (json.p[i] != '"')
                i += json.p[i] == '\\' ? 2 : 1;
            wb_buf_put(b, json.p + start, i + 1 - start);
        } else if (c == '{' || c == '[') {
            wb_buf_putc(b, c);
            if (json.p[i + 1] == c + 2) {
                wb_buf_putc(b, json.p[++i]);
                continue;
            }
            new_line(b, prefix, indent, ++depth);
        } else if (c == '}' || c == ']') {
            new_line(b, prefix, indent, --depth);
            wb_buf_putc(b, c);
        } else if (c == ',') {
            wb_buf_putc(b, c);
            new_line(b, prefix, indent, depth);
        } else if (c == ':') {
            wb_buf_puts(b, ": ");
        } else {
            wb_buf_putc(b, c);
        }
    }
}

static wv fn_marshal_options(ws_ctx *cx, const wv *args, unsigned n)
{
    wb_str prefix = {0}, indent = WB_LIT("\t");
    bool laid_out = false, explicit = false, pretty = false;
    wb_buf json, out;
    if (!encode(cx, &json, args[0]))
        return WV_UNDEFINED;
    if (!wv_is_object(args[1])) {
        wb_buf_free(&json);
        return ws_fail_operand(cx, 2, "object", args[1]);
    }
    const uint32_t *order = wv_table_order(args[1]);
    wv kept[2]; /* inline strings have their bytes in the word */
    for (uint32_t i = 0; i < wv_len(args[1]); i++) {
        wv key = wv_key_at(args[1], order, i), v = wv_value_at(args[1], order, i);
        wb_buf text;
        wb_buf_init(&text, 4096);
        wv_print(&text, key);
        const char *name = wb_buf_cstr(&text);
        if (!wv_is_string(key))
            ws_fail_type(cx,
                         "operand 2 failed to stringify key %s at index %u: operand %u must be "
                         "string but got %s",
                         name, i, i, wv_type_name(key));
        else if (wb_str_is(wv_str(&key), "pretty")) {
            explicit = true;
            pretty = v == WV_TRUE;
            if (!wv_is_bool(v))
                ws_fail_type(cx, "operand 2 key %s failed cast to bool", name);
        } else if (wb_str_is(wv_str(&key), "prefix") || wb_str_is(wv_str(&key), "indent")) {
            bool is_indent = wv_str(&key).p[0] == 'i';
            if (wv_is_string(v)) {
                kept[is_indent] = v;
                *(is_indent ? &indent : &prefix) = wv_str(&kept[is_indent]);
                laid_out = true;
            } else {
                ws_fail_type(cx,
                             "operand 2 key %s failed cast to string: operand %u must be string "
                             "but got %s",
                             name, i, wv_type_name(v));
            }
        } else {
            ws_fail_type(cx, "operand 2 object contained unknown key %s", name);
        }
        wb_buf_free(&text);
        if (cx->error != WS_ERR_NONE) {
            wb_buf_free(&json);
            return WV_UNDEFINED;
        }
    }
    if (!(explicit ? pretty : laid_out))
        return ws_take_string(cx, &json);
    ws_text_begin(cx, &out);
    wb_buf_put_str(&out, prefix);
    lay_out(&out, wb_buf_str(&json), prefix, indent);
    wb_buf_free(&json);
    return ws_take_string(cx, &out);
}

/* A copy in which exponents have one digit: as valid as the text, and never out of range. */
static wb_str short_exponents(ws_ctx *cx, wb_str s)
{
    char *to = wb_arena_alloc(cx->out, s.n + 1);
    size_t n = 0;
    bool quoted = false, digits = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        to[n++] = c;
        if (quoted && c == '\\' && i + 1 < s.n)
            to[n++] = s.p[++i];
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && digits && (c | 0x20) == 'e') {
            if (i + 1 < s.n && (s.p[i + 1] == '-' || s.p[i + 1] == '+'))
                to[n++] = s.p[++i];
            if (i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
                to[n++] = s.p[++i];
            while (i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
                i++;
        }
        digits = c >= '0' && c <= '9';
    }
    return wb_str_n(to, n);
}

bool ws_json_valid(ws_ctx *cx, wb_str s)
{
    char *mark = wb_arena_mark(cx->out);
    wv v;
    wb_status st = wv_json_decode(cx->out, s, NULL, &v, NULL);
    if (st != WB_OK && !cx->out->exhausted) {
        /* Numbers out of range are valid JSON: the syntax alone counts. */
        if (!ws_room(cx, s.n))
            return false;
        st = wv_json_decode(cx->out, short_exponents(cx, s), NULL, &v, NULL);
    }
    if (cx->out->exhausted) {
        ws_fail_room(cx);
        return false;
    }
    wb_arena_rewind(cx->out, mark);
    return st == WB_OK;
}

static wv fn_unmarshal(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_SPEND(cx, s.n);
    wb_error e;
    wv v;
    wb_status st = wv_json_decode(cx->out, s, NULL, &v, &e);
    if (st == WB_OK)
        return v;
    /* Mistakes of the text are told before numbers that are out of range. */
    wb_error syntax;
    if (!cx->out->exhausted && strncmp(e.text, "invalid number: ", 16) == 0) {
        WS_ROOM(cx, s.n);
        if (wv_json_decode(cx->out, short_exponents(cx, s), NULL, &v, &syntax) != WB_OK)
            e = syntax;
    }
    if (cx->out->exhausted)
        return ws_fail_room(cx);
    return ws_fail(cx, "%s", e.text);
}

static wv fn_json_is_valid(ws_ctx *cx, const wv *args, unsigned n)
{
    if (!wv_is_string(args[0]))
        return WV_FALSE;
    WS_SPEND(cx, wv_str(&args[0]).n);
    bool ok = ws_json_valid(cx, wv_str(&args[0]));
    return cx->error == WS_ERR_NONE ? wv_bool(ok) : WV_UNDEFINED;
}

/* ---- base64 and hexadecimal ---- */

static wv encode64(ws_ctx *cx, const wv *args, size_t (*op)(const void *p, size_t n, char *to),
                   bool pad)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_ROOM(cx, WB_BASE64_LEN(s.n) + 1);
    char *p = wb_arena_alloc(cx->out, WB_BASE64_LEN(s.n) + 4);
    size_t n = op(s.p, s.n, p);
    while (pad && n % 4)
        p[n++] = '=';
    return wv_string_new(cx->out, wb_str_n(p, n));
}

static wv fn_base64_encode(ws_ctx *cx, const wv *args, unsigned n)
{
    return encode64(cx, args, wb_base64_encode, false);
}

static wv fn_base64url_encode(ws_ctx *cx, const wv *args, unsigned n)
{
    return encode64(cx, args, wb_base64url_encode, true);
}

static wv fn_base64url_encode_no_pad(ws_ctx *cx, const wv *args, unsigned n)
{
    return encode64(cx, args, wb_base64url_encode, false);
}

static int sextet(unsigned char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : -1;
}

/* What two or three characters stand for; the bits that fill no byte do not matter. */
static void put_last(uint32_t bits, unsigned chars, char *to, size_t *n)
{
    bits <<= 6 * (4 - chars);
    to[(*n)++] = (char)(bits >> 16);
    if (chars == 3)
        to[(*n)++] = (char)(bits >> 8);
}

static bool line_end(char c)
{
    return c == '\n' || c == '\r';
}

int64_t ws_base64_decode(wb_str s, bool url, bool padded, char *to, size_t *n)
{
    size_t i = 0;
    *n = 0;
    for (;;) {
        uint32_t bits = 0;
        unsigned j = 0;
        while (j < 4) {
            if (i == s.n) {
                if (j == 0)
                    return -1;
                if (j == 1 || padded)
                    return (int64_t)(i - j);
                put_last(bits, j, to, n);
                return -1;
            }
            char c = s.p[i++];
            int d = sextet((unsigned char)c, url);
            if (d >= 0) {
                bits = bits << 6 | (uint32_t)d;
                j++;
                continue;
            }
            if (line_end(c))
                continue;
            if (c != '=' || j < 2 || !padded)
                return (int64_t)i - 1;
            break;
        }
        if (j == 4) {
            to[(*n)++] = (char)(bits >> 16);
            to[(*n)++] = (char)(bits >> 8);
            to[(*n)++] = (char)bits;
            continue;
        }
        /* The first "=" is read. */
        while (i < s.n && line_end(s.p[i]))
            i++;
        if (j == 2) {
            if (i == s.n)
                return (int64_t)s.n;
            if (s.p[i] != '=')
                return (int64_t)i - 1;
            i++;
            while (i < s.n && line_end(s.p[i]))
                i++;
        }
        put_last(bits, j, to, n);
        return i < s.n ? (int64_t)i : -1;
    }
}

static wv decode_any(ws_ctx *cx, wb_str s, bool url)
{
    WS_ROOM(cx, s.n);
    char *p = wb_arena_alloc(cx->out, s.n + 3);
    size_t n;
    int64_t bad = ws_base64_decode(s, url, true, p, &n);
    if (bad >= 0)
        return ws_fail(cx, "illegal base64 data at input byte %lld", (long long)bad);
    return wv_string_new(cx->out, wb_str_n(p, n));
}

static wv fn_base64_decode(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    return decode_any(cx, wv_str(&args[0]), false);
}

static wv fn_base64_is_valid(ws_ctx *cx, const wv *args, unsigned argc)
{
    if (!wv_is_string(args[0]))
        return WV_FALSE;
    wb_str s = wv_str(&args[0]);
    WS_ROOM(cx, s.n);
    size_t n;
    return wv_bool(ws_base64_decode(s, false, true, wb_arena_alloc(cx->out, s.n + 3), &n) < 0);
}

static wv fn_base64url_decode(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    if (!s.n || s.p[s.n - 1] != '=') {
        size_t pad = (4 - s.n % 4) % 4;
        if (pad == 3)
            return ws_fail(cx, "illegal base64url string: %.*s", WB_FMT(s));
        if (pad) {
            WS_ROOM(cx, s.n + 2);
            char *p = wb_arena_alloc(cx->out, s.n + 2);
            memcpy(p, s.p, s.n);
            memset(p + s.n, '=', pad);
            s = wb_str_n(p, s.n + pad);
        }
    }
    return decode_any(cx, s, true);
}

static wv fn_hex_encode(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    WS_ROOM(cx, 2 * s.n + 1);
    char *p = wb_arena_alloc(cx->out, 2 * s.n + 1);
    wb_hex_encode(s.p, s.n, p);
    return wv_string_new(cx->out, wb_str_n(p, 2 * s.n));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (c | 32) - 'a' + 10;
    return -1;
}

static wv fn_hex_decode(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    for (size_t i = 0; i < s.n; i++)
        if (hex_digit(s.p[i]) < 0) {
            /* One byte, shown as the code point of that number. */
            unsigned char c = (unsigned char)s.p[i];
            char text[3] = {(char)c, 0, 0};
            if (c >= 0x80) {
                text[0] = (char)(0xc0 | c >> 6);
                text[1] = (char)(0x80 | (c & 0x3f));
            }
            bool shown = (c >= ' ' && c < 0x7f) || (c > 0xa0 && c != 0xad);
            return ws_fail(cx,
                           shown ? "encoding/hex: invalid byte: U+%04X '%s'"
                                 : "encoding/hex: invalid byte: U+%04X",
                           c, text);
        }
    if (s.n % 2)
        return ws_fail(cx, "encoding/hex: odd length hex string");
    WS_ROOM(cx, s.n / 2);
    char *p = wb_arena_alloc(cx->out, s.n / 2 + 1);
    for (size_t i = 0; i < s.n; i += 2)
        p[i / 2] = (char)(hex_digit(s.p[i]) << 4 | hex_digit(s.p[i + 1]));
    return wv_string_new(cx->out, wb_str_n(p, s.n / 2));
}

/* ---- URL queries ---- */

static bool plain_in_query(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

static void put_query(wb_buf *b, wb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (plain_in_query(c))
            wb_buf_putc(b, (char)c);
        else if (c == ' ')
            wb_buf_putc(b, '+');
        else
            wb_buf_putf(b, "%%%02X", c);
    }
}

static wv fn_query_encode(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    wb_buf b;
    ws_text_begin(cx, &b);
    put_query(&b, wv_str(&args[0]));
    return ws_take_string(cx, &b);
}

static wv unescape(ws_ctx *cx, wb_str s)
{
    WS_ROOM(cx, s.n);
    char *p = wb_arena_alloc(cx->out, s.n + 1), *q = p;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '+') {
            *q++ = ' ';
        } else if (s.p[i] == '%') {
            if (i + 2 >= s.n || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0) {
                wb_buf b;
                wb_buf_init(&b, 64);
                ws_put_quoted(&b, wb_str_n(s.p + i, s.n - i < 3 ? s.n - i : 3));
                ws_fail(cx, "invalid URL escape %s", wb_buf_cstr(&b));
                wb_buf_free(&b);
                return WV_UNDEFINED;
            }
            *q++ = (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2]));
            i += 2;
        } else {
            *q++ = s.p[i];
        }
    }
    return wv_string_new(cx->out, wb_str_n(p, (size_t)(q - p)));
}

static wv fn_query_decode(ws_ctx *cx, const wv *args, unsigned n)
{
    WS_STRING(cx, args, 0);
    return unescape(cx, wv_str(&args[0]));
}

#define QUERY_VALUES "values must be string, array[string], or set[string]"

static void put_pair(wb_buf *b, wb_str key, wb_str value)
{
    if (b->n)
        wb_buf_putc(b, '&');
    put_query(b, key);
    wb_buf_putc(b, '=');
    put_query(b, value);
}

static bool is_list(wv v)
{
    return wv_is_array(v) || wv_is_set(v);
}

static wv fn_query_encode_object(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_OBJECT(cx, args, 0);
    uint32_t count = wv_len(args[0]);
    /* Keys that are no strings count as their JSON text, and texts are sorted. */
    WS_ROOM(cx, (size_t)count * 4 * sizeof(wv));
    wv texts = wv_object_begin(cx->out, count);
    for (uint32_t i = 0; i < count; i++) {
        wv key = wv_key_at(args[0], NULL, i);
        if (!wv_is_string(key)) {
            wb_buf b;
            if (!encode(cx, &b, key))
                return WV_UNDEFINED;
            key = ws_take_string(cx, &b);
            if (!wv_defined(key))
                return key;
        }
        wv_object_put(cx->out, &texts, key, wv_value_at(args[0], NULL, i));
    }
    const uint32_t *order = wv_table_order(texts);
    wb_buf b;
    ws_text_begin(cx, &b);
    for (uint32_t i = 0; i < wv_len(texts); i++) {
        wv key = wv_key_at(texts, order, i), v = wv_value_at(texts, order, i);
        size_t n = 1;
        const wv *items = &v;
        if (is_list(v))
            items = ws_members(cx, v, &n);
        for (size_t k = 0; items && k < n; k++) {
            if (!wv_is_string(items[k])) {
                ws_text_end(cx, &b);
                return ws_fail_type(cx, "operand 1 " QUERY_VALUES);
            }
            put_pair(&b, wv_str(&key), wv_str(&items[k]));
        }
    }
    return ws_take_string(cx, &b);
}

#define QUERY_PARTS_MAX 10000u /* as Go */

static wv fn_query_decode_object(ws_ctx *cx, const wv *args, unsigned argc)
{
    WS_STRING(cx, args, 0);
    wb_str s = wv_str(&args[0]);
    size_t parts = 1;
    for (size_t i = 0; i < s.n; i++)
        parts += s.p[i] == '&';
    if (parts > QUERY_PARTS_MAX)
        return ws_fail(cx, "number of URL query parameters exceeded limit");
    if (memchr(s.n ? s.p : "", ';', s.n))
        return ws_fail(cx, "invalid semicolon separator in query");
    WS_ROOM(cx, s.n * 4);
    wv r = wv_object_begin(cx->out, 4);
    for (size_t at = 0; at < s.n;) {
        size_t end = ws_find(s, WB_LIT("&"), at);
        if (end == WS_NOT_FOUND)
            end = s.n;
        wb_str pair = wb_str_n(s.p + at, end - at);
        at = end + 1;
        if (!pair.n)
            continue;
        size_t eq = ws_find(pair, WB_LIT("="), 0);
        wb_str value = WB_LIT("");
        if (eq != WS_NOT_FOUND) {
            value = wb_str_n(pair.p + eq + 1, pair.n - eq - 1);
            pair.n = eq;
        }
        wv k = unescape(cx, pair);
        wv v = wv_defined(k) ? unescape(cx, value) : k;
        if (!wv_defined(v))
            return v;
        wv list = wv_object_get(r, k);
        if (!wv_defined(list))
            list = wv_array_begin(cx->out, 1);
        wv_array_push(cx->out, &list, v);
        wv_object_put(cx->out, &r, k, list);
    }
    return ws_built(cx, r);
}

#define TEXT_DECL  "(x: string) => (y: string)"
#define VALID_DECL "(x: string) => (result: boolean)"

const ws_builtin ws_encoding[] = {
    WS_ROW("json.marshal", "(x: any) => (y: string)", NULL, "encoding", 0, fn_marshal, NULL, NULL,
           "The value as JSON text."),
    WS_ROW("json.marshal_with_options",
           "(x: any, opts: object<indent: string, prefix: string, pretty: boolean>[string: any]) "
           "=> (y: string)",
           NULL, "encoding", 0, fn_marshal_options, NULL, NULL,
           "The value as JSON text, laid out in lines as the options say."),
    WS_ROW("json.unmarshal", "(x: string) => (y: any)", NULL, "encoding", 0, fn_unmarshal, NULL,
           NULL, "The value of a JSON text."),
    WS_ROW("json.is_valid", VALID_DECL, NULL, "encoding", 0, fn_json_is_valid, NULL, NULL,
           "Whether x is JSON text."),
    WS_ROW("base64.encode", TEXT_DECL, NULL, "encoding", 0, fn_base64_encode, NULL, NULL,
           "The bytes of x in base64."),
    WS_ROW("base64.decode", TEXT_DECL, NULL, "encoding", 0, fn_base64_decode, NULL, NULL,
           "The bytes that base64 text stands for."),
    WS_ROW("base64.is_valid", VALID_DECL, NULL, "encoding", 0, fn_base64_is_valid, NULL, NULL,
           "Whether x is base64 text."),
    WS_ROW("base64url.encode", TEXT_DECL, NULL, "encoding", 0, fn_base64url_encode, NULL, NULL,
           "The bytes of x in base64 for URLs, padded."),
    WS_ROW("base64url.encode_no_pad", TEXT_DECL, NULL, "encoding", 0, fn_base64url_encode_no_pad,
           NULL, NULL, "The bytes of x in base64 for URLs, not padded."),
    WS_ROW("base64url.decode", TEXT_DECL, NULL, "encoding", 0, fn_base64url_decode, NULL, NULL,
           "The bytes that base64 text for URLs stands for, padded or not."),
    WS_ROW("hex.encode", TEXT_DECL, NULL, "encoding", 0, fn_hex_encode, NULL, NULL,
           "The bytes of x in hexadecimal."),
    WS_ROW("hex.decode", TEXT_DECL, NULL, "encoding", 0, fn_hex_decode, NULL, NULL,
           "The bytes that hexadecimal text stands for."),
    WS_ROW("urlquery.encode", TEXT_DECL, NULL, "encoding", 0, fn_query_encode, NULL, NULL,
           "The string escaped for the query of a URL."),
    WS_ROW("urlquery.decode", TEXT_DECL, NULL, "encoding", 0, fn_query_decode, NULL, NULL,
           "The string that an escaped one stands for."),
    WS_ROW("urlquery.encode_object",
           "(object: object[string: any<string, array[string], set[string]>]) => (y: string)", NULL,
           "encoding", 0, fn_query_encode_object, NULL, NULL, "The object as the query of a URL."),
    WS_ROW("urlquery.decode_object", "(x: string) => (object: object[string: array[string]])", NULL,
           "encoding", 0, fn_query_decode_object, NULL, NULL,
           "The parameters of a URL's query, each with all its values."),
    WS_END,
};
