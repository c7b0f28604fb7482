#include "server/http/internal.h"

#include <stdlib.h>

static void on_async(uv_async_t *async)
{
    http_mailbox_run(async->data);
}

http_mailbox *http_mailbox_new(uv_loop_t *loop)
{
    http_mailbox *box = wb_calloc(1, sizeof *box);
    uv_mutex_init(&box->lock);
    box->last = &box->first;
    atomic_init(&box->refs, 1);
    if (uv_async_init(loop, &box->async, on_async) != 0)
        wb_fatal("cannot make a wake-up handle");
    box->async.data = box;
    return box;
}

bool http_mailbox_put(http_mailbox *box, http_post *post)
{
    uv_mutex_lock(&box->lock);
    bool open = !box->closed;
    if (open) {
        post->next = NULL;
        *box->last = post;
        box->last = &post->next;
        /* Under the lock: close waits for it, so the handle is alive here. */
        uv_async_send(&box->async);
    }
    uv_mutex_unlock(&box->lock);
    return open;
}

void http_mailbox_run(http_mailbox *box)
{
    uv_mutex_lock(&box->lock);
    http_post *post = box->first;
    box->first = NULL;
    box->last = &box->first;
    uv_mutex_unlock(&box->lock);
    while (post) {
        http_post *next = post->next;
        post->run(post->arg);
        post = next;
    }
}

static void on_closed(uv_handle_t *handle)
{
    http_mailbox_unref(handle->data);
}

void http_mailbox_close(http_mailbox *box)
{
    for (;;) {
        http_mailbox_run(box);
        uv_mutex_lock(&box->lock);
        bool empty = !box->first;
        if (empty)
            box->closed = true;
        uv_mutex_unlock(&box->lock);
        if (empty)
            break;
    }
    http_mailbox_ref(box);
    uv_close((uv_handle_t *)&box->async, on_closed);
}

void http_mailbox_ref(http_mailbox *box)
{
    atomic_fetch_add(&box->refs, 1);
}

void http_mailbox_unref(http_mailbox *box)
{
    if (atomic_fetch_sub(&box->refs, 1) != 1)
        return;
    uv_mutex_destroy(&box->lock);
    free(box);
}
