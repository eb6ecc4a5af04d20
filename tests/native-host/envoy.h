/* Envoy as the module sees it: configurations and streams. */
#ifndef ENVOY_H
#define ENVOY_H

#include <pthread.h>
#include <stdatomic.h>

#include "text.h"

/* Fields of a head in order, or named values. A change moves all of them, so that a borrowed one that
   the module still uses is found. */
struct map {
    struct field {
        struct text name, value;
    } *fields;
    size_t count, capacity;
    bool is_guarded;
};

/* Adds a field before the module borrows any. */
void map_fill(struct map *map, struct buffer name, struct buffer value);
void map_add(struct map *map, struct buffer name, struct buffer value);
/* Replaces all fields of a name; an empty value removes them. */
void map_set(struct map *map, struct buffer name, struct buffer value);
const struct text *map_get(const struct map *map, struct buffer name);
void map_drop(struct map *map);

/* The events for a stream or a configuration, from any thread. Schedulers keep it alive. */
struct mailbox {
    atomic_int owners;
    atomic_int events;
    /* Whether the stream or the configuration has ended: events are dropped. */
    atomic_bool is_closed;
};

struct mailbox *mailbox_new(void);
void mailbox_release(struct mailbox *mailbox);
bool mailbox_take(struct mailbox *mailbox);

struct config {
    const void *module;
    struct mailbox *mailbox;
    pthread_t main_thread;
    /* The host and each stream. The last one ends the configuration, as in Envoy. */
    atomic_int owners;
    bool is_new, is_refused;
    size_t metrics;
    bool is_gauge[1024];
    uint64_t last_fetch;
    /* The fetches without a result. */
    uint64_t fetches[16];
    size_t fetch_count;
    /* Whether a request without a good token may pass. */
    bool is_open;
};

/* Creates a configuration of the module. `module` is null if it was refused. */
struct config *config_new(const char *name, struct buffer text);
void config_release(struct config *config);

enum map_kind { REQUEST, REQUEST_TRAILERS, RESPONSE, RESPONSE_TRAILERS, MAPS };

struct stream {
    struct config *config;
    const void *module;
    struct mailbox *mailbox;
    pthread_t thread;
    /* Whether borrowed text is guarded. */
    bool is_guarded;
    struct map maps[MAPS];
    struct map state;
    struct text address, route, cluster;
    uint64_t last_callout;
    bool is_calling;
    char nonce[128];
    /* Whether the configuration allows the request. */
    bool is_allowed;
    bool is_stopped, is_continued, has_response, is_over;
    unsigned replies;
    bool ends_in_reply, ends_in_continue;
};

struct stream *stream_new(struct config *config);
/* Ends the module's part. */
void stream_end(struct stream *stream);
void stream_drop(struct stream *stream);

/* Called during config_new. */
extern atomic_bool is_validating;
/* Errors in the log since the start of the program. */
extern atomic_uint logged_errors;
/* The last one of this thread. */
extern _Thread_local char last_error[512];
/* Text that must not be in the log. */
extern const char *const secrets[];
/* Schedulers that were not deleted. */
extern atomic_int schedulers;

#endif
