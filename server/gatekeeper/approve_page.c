/* The page behind an approval's link, and the JSON side of the same.
 *
 * The page shows the payload of the signed packet, member by member, from the stored bytes whose
 * digest the approver confirms. Looking consumes nothing. There is no script; everything from
 * outside is escaped; the browser is told to load nothing and to keep nothing. */
#include "base/utf8.h"
#include "server/gatekeeper/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_MAX (1u << 20)
#define DEEP     16 /* nesting that is shown; packets nest less */

/* Characters that a reader cannot see, or that turn the order of those around them: with them a
 * text reads as another one than was signed. They are shown by their number. */
static const struct {
    uint32_t from, to;
} UNSEEN[] = {
    {0x00, 0x08},     {0x0B, 0x1F},     {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},
    {0x61C, 0x61C},   {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180E},   {0x200B, 0x200F},
    {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool unseen(uint32_t c)
{
    for (size_t i = 0; i < sizeof UNSEEN / sizeof UNSEEN[0]; i++)
        if (c >= UNSEEN[i].from && c <= UNSEEN[i].to)
            return true;
    return false;
}

static void put_html(wb_buf *b, wb_str s)
{
    size_t used;
    for (size_t i = 0; i < s.n; i += used) {
        uint32_t c = wb_utf8_get(s.p + i, s.n - i, &used);
        if (used == 0)
            used = 1;
        if (unseen(c)) {
            wb_buf_putf(b, "[U+%04X]", (unsigned)c);
            continue;
        }
        switch (s.p[i]) {
        case '&': wb_buf_puts(b, "&amp;"); break;
        case '<': wb_buf_puts(b, "&lt;"); break;
        case '>': wb_buf_puts(b, "&gt;"); break;
        case '"': wb_buf_puts(b, "&quot;"); break;
        case '\'': wb_buf_puts(b, "&#39;"); break;
        default: wb_buf_put_str(b, wb_str_n(s.p + i, used)); break;
        }
    }
}

static void put_value(wb_buf *b, json_t *v, int depth)
{
    const char *key;
    json_t *item;
    size_t i;
    if (depth > DEEP) {
        wb_buf_puts(b, "(nested too deeply to show: do not approve)");
    } else if (json_is_object(v)) {
        wb_buf_puts(b, "<dl>");
        json_object_foreach(v, key, item)
        {
            wb_buf_puts(b, "<dt>");
            put_html(b, wb_str_of(key));
            wb_buf_puts(b, "</dt><dd>");
            put_value(b, item, depth + 1);
            wb_buf_puts(b, "</dd>");
        }
        wb_buf_puts(b, "</dl>");
    } else if (json_is_array(v) && json_array_size(v)) {
        wb_buf_puts(b, "<ol>");
        json_array_foreach(v, i, item)
        {
            wb_buf_puts(b, "<li>");
            put_value(b, item, depth + 1);
            wb_buf_puts(b, "</li>");
        }
        wb_buf_puts(b, "</ol>");
    } else if (json_is_string(v)) {
        put_html(b, wb_str_n(json_string_value(v), json_string_length(v)));
    } else {
        char *text = json_dumps(v, GK_JSON | JSON_ENCODE_ANY);
        wb_buf_puts(b, "<code>");
        put_html(b, wb_str_of(text));
        wb_buf_puts(b, "</code>");
        free(text);
    }
}

static void open_page(wb_buf *b, const char *title)
{
    wb_buf_init(b, PAGE_MAX);
    wb_buf_putf(b,
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>"
                "</head><body><h1>%s</h1>",
                title, title);
}

static void send_page(http_request *req, int status, wb_buf *b)
{
    wb_buf_puts(b, "</body></html>");
    http_response_header(req, "content-security-policy",
                         WB_LIT("default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
                                "base-uri 'none'"));
    http_response_header(req, "cache-control", WB_LIT("no-store"));
    http_response_header(req, "referrer-policy", WB_LIT("no-referrer"));
    http_response_header(req, "x-content-type-options", WB_LIT("nosniff"));
    http_response_header(req, "x-frame-options", WB_LIT("DENY"));
    if (b->failed)
        http_respond(req, 500, "text/plain; charset=utf-8", WB_LIT("The page is too large.\n"));
    else
        http_respond(req, status, "text/html; charset=utf-8", wb_buf_str(b));
    wb_buf_free(b);
}

static void say(http_request *req, int status, const char *title, const char *text)
{
    wb_buf b;
    open_page(&b, title);
    wb_buf_puts(&b, "<p>");
    put_html(&b, wb_str_of(text));
    wb_buf_puts(&b, "</p>");
    send_page(req, status, &b);
}

static void put_form(wb_buf *b, const store_approval *ap, bool reentry)
{
    wb_buf_puts(b, "<form method=\"post\"><input type=\"hidden\" name=\"digest\" value=\"");
    put_html(b, wb_str_of(ap->digest));
    wb_buf_puts(b, "\"><p><label>You <input name=\"approver\" required "
                   "autocomplete=\"username\"></label></p><p><label>Your code <input "
                   "name=\"code\" type=\"password\" required autocomplete=\"off\"></label></p>"
                   "<p><label>Reason <input name=\"reason\" maxlength=\"1024\"></label></p>");
    if (reentry)
        wb_buf_puts(b, "<p><strong>The request's text tried to give orders to its reader; its "
                       "target was taken out.</strong> To approve, type the account it is about: "
                       "<label><input name=\"reentered_target\" autocomplete=\"off\"></label></p>");
    wb_buf_puts(b, "<p><button name=\"decision\" value=\"approve\">Approve</button> <button "
                   "name=\"decision\" value=\"reject\">Reject</button></p></form>");
}

static void show(http_request *req, const store_approval *ap)
{
    wb_buf b;
    char until[WB_TIME_TEXT];
    json_t *content = json_loads(ap->content, 0, NULL);
    json_t *flags = json_object_get(json_object_get(content, "decision"), "flags"), *one;
    bool reentry = false, pending = strcmp(ap->state, "PENDING") == 0;
    size_t i;
    json_array_foreach(flags, i, one) reentry =
        reentry || strcmp(json_string_value(one), "prompt_injection_suspected") == 0;
    open_page(&b, "Approval");
    wb_time_text(ap->expires_at * 1000000, until);
    bool late = pending && wb_now_ms() >= ap->expires_at;
    if (!pending || late) {
        wb_buf_puts(&b, "<p>This approval is ");
        put_html(&b, wb_str_of(late ? "EXPIRED" : ap->state));
        if (ap->reviewer) {
            wb_buf_puts(&b, " by ");
            put_html(&b, wb_str_of(ap->reviewer));
        }
        wb_buf_puts(&b, ".</p>");
    } else {
        wb_buf_putf(&b, "<p>Open until %s. What follows is exactly what was signed.</p>", until);
    }
    wb_buf_puts(&b, "<p>Digest <code>");
    put_html(&b, wb_str_of(ap->digest));
    wb_buf_puts(&b, "</code></p>");
    put_value(&b, content, 0);
    if (pending && !late)
        put_form(&b, ap, reentry);
    json_decref(content);
    send_page(req, 200, &b);
}

/* The approval of the link; answers itself when there is none. */
static bool by_link(http_request *req, gk *g, store_approval *ap)
{
    wb_error e = {0};
    wb_str token;
    wb_status status = http_request_param(req, "token", &token)
                           ? gk_approval_by_token(g, token, ap, &e)
                           : WB_NOT_FOUND;
    if (!status)
        return true;
    if (status == WB_NOT_FOUND) {
        say(req, 404, "No such link", "This link is not known here, or its time is long over.");
    } else {
        gk_note(g, "approval page: %s", e.text);
        say(req, 503, "Not available now", "Try again later.");
    }
    return false;
}

static void page_get(http_request *req, void *arg)
{
    store_approval ap = {0};
    if (by_link(req, arg, &ap))
        show(req, &ap);
    store_approval_clear(&ap);
}

/* ---- The form ---- */

/* One row a field: name, where it goes. */
static wb_str *field_of(gk_review *r, wb_str name)
{
    return wb_str_is(name, "decision")           ? &r->decision
           : wb_str_is(name, "approver")         ? &r->approver
           : wb_str_is(name, "code")             ? &r->code
           : wb_str_is(name, "reason")           ? &r->reason
           : wb_str_is(name, "digest")           ? &r->digest
           : wb_str_is(name, "reentered_target") ? &r->reentered_target
                                                 : NULL;
}

static bool read_form(http_request *req, gk_review *out)
{
    wb_str body = http_request_body(req);
    while (body.n) {
        const char *end = memchr(body.p, '&', body.n);
        size_t n = end ? (size_t)(end - body.p) : body.n;
        const char *eq = memchr(body.p, '=', n);
        size_t name_n = eq ? (size_t)(eq - body.p) : n;
        wb_str *field = field_of(out, wb_str_n(body.p, name_n));
        if (!field || !eq || field->p)
            return false;
        char *to = http_request_alloc(req, n - name_n);
        long got = http_decode(wb_str_n(eq + 1, n - name_n - 1), true, to);
        if (got < 0 || memchr(to, 0, (size_t)got))
            return false;
        *field = wb_str_n(to, (size_t)got);
        n += end != NULL;
        body = wb_str_n(body.p + n, body.n - n);
    }
    return true;
}

static bool complete(const gk_review *r)
{
    return (wb_str_is(r->decision, "approve") || wb_str_is(r->decision, "reject")) &&
           r->approver.n > 0 && r->approver.n <= GK_NAME_BYTES && r->code.n > 0 &&
           r->code.n <= 256 && r->reason.n <= 1024 && r->digest.n > 0 &&
           r->reentered_target.n <= GK_NAME_BYTES;
}

static void page_post(http_request *req, void *arg)
{
    gk *g = arg;
    store_approval ap = {0};
    gk_review review = {0};
    gk_review_result r;
    wb_str type = http_request_header(req, "content-type");
    if (!wb_str_has_prefix(type, WB_LIT("application/x-www-form-urlencoded"))) {
        say(req, 415, "Not the form", "Send the form of the page.");
    } else if (!read_form(req, &review) || !complete(&review)) {
        say(req, 400, "Not the form", "A field is missing, unknown, doubled or too long.");
    } else if (by_link(req, g, &ap)) {
        gk_review_do(g, gk_rid(req), ap.id, &review, &r);
        if (r.status == 200) {
            char text[256];
            snprintf(text, sizeof text, "%s. The packet %s is %s.%s%s", r.state, r.packet,
                     r.packet_state, r.reissued[0] ? " It goes on as packet " : "", r.reissued);
            say(req, 200, "Recorded", text);
        } else {
            say(req, r.status, r.title, r.detail);
        }
    }
    store_approval_clear(&ap);
}

/* ---- JSON ---- */

static json_t *item_of(gk *g, const store_approval *ap)
{
    char until[WB_TIME_TEXT];
    json_t *content = json_loads(ap->content, 0, NULL), *who = json_loads(ap->approvers, 0, NULL);
    const json_t *d = json_object_get(content, "decision");
    json_t *reviews = json_array();
    wb_time_text(ap->expires_at * 1000000, until);
    if (ap->reviewer)
        json_array_append_new(
            reviews, json_pack("{s:s, s:s}", "reviewer", ap->reviewer, "decision", ap->state));
    json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:O?, s:o}", "id", ap->id, "packet_id",
                             ap->packet, "packet_digest", ap->digest, "state", ap->state,
                             "expires_at", until, "thresholds", who ? who : json_null(), "reasons",
                             json_object_get(d, "reasons"), "reviews", reviews);
    json_object_set_new(item, "summary",
                        json_sprintf("%s, asked by %s",
                                     json_string_value(json_object_get(content, "kind")),
                                     ap->requested_by));
    json_object_set(item, "content", content);
    json_decref(content);
    return item;
}

static void list(http_request *req, void *arg)
{
    gk *g = arg;
    wb_error e = {0};
    wb_str state = {0};
    char upper[16] = "";
    store_approval *rows = NULL;
    size_t n = 0;
    if (http_request_query_param(req, "state", 0, &state))
        for (size_t i = 0; i < state.n && i < sizeof upper - 1; i++)
            upper[i] =
                (char)(state.p[i] >= 'a' && state.p[i] <= 'z' ? state.p[i] - 32 : state.p[i]);
    static const char *const known[] = {"PENDING", "APPROVED", "REJECTED", "EXPIRED", "STALE"};
    bool good = !upper[0] && !state.p;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        good = good || (strcmp(known[i], upper) == 0 && state.n == strlen(upper));
    if (!good) {
        http_problem(req, 400, "invalid_state", "No such state",
                     "state is pending, approved, rejected, expired or stale.");
        return;
    }
    if (store_approval_list(g->store, g->o.tenant, upper[0] ? upper : NULL, &rows, &n, &e)) {
        gk_unavailable(req, g, &e);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, item_of(g, &rows[i]));
    store_approval_list_free(rows, n);
    gk_reply_json(req, 200, json_pack("{s:o}", "items", items));
}

static void review(http_request *req, void *arg)
{
    gk *g = arg;
    const char *key;
    json_t *b, *v;
    gk_review said = {0};
    gk_review_result r;
    bool good = true;
    const char *id = gk_param_id(req, "id");
    if (!id || !(b = gk_body_object(req)))
        return;
    json_object_foreach(b, key, v)
    {
        wb_str *field = field_of(&said, wb_str_of(key));
        good = good && field && json_is_string(v);
        if (field && json_is_string(v))
            *field = wb_str_n(json_string_value(v), json_string_length(v));
    }
    if (!good || !complete(&said)) {
        http_problem(req, 400, "invalid_review", "Not a review",
                     "Wants decision (approve or reject), approver, code, digest, and may have "
                     "reason and reentered_target.");
    } else {
        gk_review_do(g, gk_rid(req), id, &said, &r);
        if (r.status == 200) {
            json_t *out = json_pack("{s:s, s:s, s:s}", "state", r.state, "packet_state",
                                    r.packet_state, "packet_id", r.packet);
            if (r.reissued[0])
                json_object_set_new(out, "reissued_as", json_string(r.reissued));
            gk_reply_json(req, 200, out);
        } else {
            http_problem(req, r.status, r.code, r.title, r.detail);
        }
    }
    json_decref(b);
}

void gk_route_page_get(http_request *req, void *arg)
{
    http_work(req, page_get, arg);
}

void gk_route_page_post(http_request *req, void *arg)
{
    http_work(req, page_post, arg);
}

void gk_route_approvals_get(http_request *req, void *arg)
{
    http_work(req, list, arg);
}

void gk_route_review(http_request *req, void *arg)
{
    http_work(req, review, arg);
}
