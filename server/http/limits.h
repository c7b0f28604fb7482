/* Every limit of the layer with its reason. Those in http_limits are defaults and can be
 * configured; the others are fixed. */
#ifndef WRIT_SERVER_HTTP_LIMITS_H
#define WRIT_SERVER_HTTP_LIMITS_H

/* Defaults of http_limits. */
#define HTTP_DEFAULT_MAX_HEAD        (32u << 10)  /* a token of 8 KiB, cookies, and room to spare */
#define HTTP_DEFAULT_MAX_HEADERS     100u         /* proxies add a dozen; more is an attack */
#define HTTP_DEFAULT_MAX_BODY        (8u << 20)   /* the largest input a policy should read */
#define HTTP_DEFAULT_MAX_BUFFERED    (256u << 20) /* what one worker may hold for all clients */
#define HTTP_DEFAULT_MAX_CONNECTIONS 4096u        /* below the usual limit of descriptors */
#define HTTP_DEFAULT_MAX_IN_FLIGHT   4096u        /* a queue longer than this only adds delay */
#define HTTP_DEFAULT_MAX_STREAMS     100u         /* the least RFC 9113 recommends */
#define HTTP_DEFAULT_HEADER_MS       10000u       /* a head fits one packet; slower is slowloris */
#define HTTP_DEFAULT_BODY_MS         30000u       /* 8 MiB at 2 Mbit/s */
#define HTTP_DEFAULT_REQUEST_MS      60000u       /* no caller waits longer for a decision */
#define HTTP_DEFAULT_IDLE_MS         75000u       /* above the 60 s that proxies keep connections */
#define HTTP_DEFAULT_WRITE_MS        30000u       /* HTTP_WRITE_CHUNK at 2 KiB/s */
#define HTTP_DEFAULT_GRACE_MS        10000u       /* below the 30 s after which schedulers kill */

/* Fixed. */
#define HTTP_MAX_HEAD_CEILING (64u << 10) /* the HTTP/1 parser's own limit is 80 KiB for all */
#define HTTP_MIN_HEAD         256u        /* below that no request fits */
#define HTTP_READ_CHUNK       (64u << 10) /* bytes asked of the kernel at a time */
#define HTTP_WRITE_CHUNK                                                                           \
    (64u << 10) /* bytes put into a write at a time, and so the most that                          \
                   waits in user space for one slow reader */
#define HTTP_PIPELINE_MAX                                                                          \
    (64u << 10)                          /* bytes read ahead while a request is answered; then the \
                                            socket is no longer read */
#define HTTP_STREAM_BACKLOG (256u << 10) /* bytes a streamed answer may be ahead of its client */
#define HTTP_LINGER_MS                                                                             \
    1000u                         /* wait after a refusal, so that the client can read it          \
                                     before the reset that unread bytes would cause */
#define HTTP_SWEEP_MS        200u /* how often deadlines are looked at, at most */
#define HTTP_EMPTY_LINES_MAX 2u   /* before a request line; RFC 9112 asks for one */
#define HTTP_MAX_PARTS       32u  /* segments of a pattern */
#define HTTP_ROUTE_PARAMS    8u   /* names in one pattern */
#define HTTP_RETRY_AFTER     "1"  /* seconds, with 503 */

/* HTTP/2. */
#define HTTP_H2_STREAM_WINDOW (256u << 10) /* most bodies arrive without a window update */
#define HTTP_H2_CONN_WINDOW   (1u << 20)   /* four such streams at full speed */
#define HTTP_H2_RESET_BURST                                                                        \
    200u /* resets by the client, then HTTP_H2_RESET_RATE a second: a                              \
            client gives up a page of streams, not thousands */
#define HTTP_H2_RESET_RATE 50u
#define HTTP_H2_ERROR_MAX                                                                          \
    100u                           /* streams of a connection that we had to reset: a sound client \
                                      makes no stream error at all */
#define HTTP_H2_OUTBOUND_ACK  100u /* settings and pings unanswered because nobody reads them */
#define HTTP_H2_MAX_SETTINGS  32u  /* entries in a frame; seven are defined */
#define HTTP_H2_CONTINUATIONS 8u   /* frames of one head; max_head needs five of the least size */
#define HTTP_H2_CONTROL_RATE                                                                       \
    2000u /* frames a second that carry neither head nor data: a client                            \
             at 60 MB/s sends as many window updates */

#endif
