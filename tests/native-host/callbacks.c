/* Envoy's callbacks for streams, with checks of what the module passes. */
#define _GNU_SOURCE
#include <string.h>

#include "envoy.h"

/* The stream of a callback, which must not have ended and must be on its own thread. */
static struct stream *live(void *object) {
    struct stream *stream = object;
    CHECK(!stream->is_over, "use of a stream that is over");
    CHECK(pthread_equal(stream->thread, pthread_self()), "use on another thread");
    return stream;
}

_Thread_local char last_error[512];

static struct map *map_of(struct stream *stream, uint32_t kind) {
    CHECK(kind < MAPS, "no map %u", kind);
    return &stream->maps[kind];
}

/* Envoy accepts CR and LF in a field, and the request fails later. */
static void check_field(struct buffer name, struct buffer value) {
    CHECK(name.length > 0, "a header without a name");
    for (size_t i = 0; i < name.length; i++) {
        CHECK(!strchr("\r\n ", name.bytes[i]), "name with a control character");
    }
    for (size_t i = 0; i < value.length; i++) {
        CHECK(!strchr("\r\n", value.bytes[i]), "value with a control character");
    }
}

void CALLBACK(log)(uint32_t level, struct buffer message) {
    CHECK(level <= 5, "level %u", level);
    for (const char *const *secret = secrets; *secret; secret++) {
        const char *found = memmem(message.bytes, message.length, *secret, strlen(*secret));
        CHECK(!found, "a secret in the log");
    }
    if (level >= 4) {
        logged_errors++;
        snprintf(last_error, sizeof last_error, "%.*s", (int)message.length, message.bytes);
    }
}

size_t CALLBACK(http_get_headers_size)(void *object, uint32_t kind) {
    return map_of(live(object), kind)->count;
}

bool CALLBACK(http_get_headers)(void *object, uint32_t kind, struct line *lines) {
    struct map *map = map_of(live(object), kind);
    for (size_t i = 0; i < map->count; i++) {
        struct field *field = &map->fields[i];
        lines[i] = (struct line){text_buffer(&field->name), text_buffer(&field->value)};
    }
    /* Envoy returns false for a stream without this map. */
    return map->count > 0 || chance(50);
}

bool CALLBACK(http_add_header)(void *object, uint32_t kind, struct buffer name, struct buffer value) {
    struct stream *stream = live(object);
    check_field(name, value);
    if (value.length == 0) {
        return false;
    }
    map_add(map_of(stream, kind), name, value);
    return true;
}

bool CALLBACK(http_set_header)(void *object, uint32_t kind, struct buffer name, struct buffer value) {
    struct stream *stream = live(object);
    check_field(name, value);
    map_set(map_of(stream, kind), name, value);
    return true;
}

void CALLBACK(http_send_response)(
    void *object, uint32_t status, const struct line *headers, size_t headers_size,
    struct buffer body, struct buffer details
) {
    struct stream *stream = live(object);
    CHECK(status >= 200 && status < 600, "status %u", status);
    CHECK(!stream->is_continued, "a response to a request that continued");
    CHECK(stream->replies++ == 0, "a second response");
    CHECK(details.length > 0 && !memchr(details.bytes, ' ', details.length), "details");
    struct map copy = {0};
    for (size_t i = 0; i < headers_size; i++) {
        check_field(headers[i].name, headers[i].value);
        map_fill(&copy, headers[i].name, headers[i].value);
    }
    map_drop(&copy);
    struct text copied_body = text_of(body, false);
    text_drop(&copied_body);
    if (stream->ends_in_reply) {
        stream_end(stream);
    }
}

void CALLBACK(http_filter_continue_decoding)(void *object) {
    struct stream *stream = live(object);
    CHECK(stream->is_stopped && !stream->is_continued && !stream->replies, "continues without a stop");
    CHECK(stream->is_allowed || stream->config->is_open, "a request without a token continues");
    stream->is_continued = true;
    if (stream->ends_in_continue) {
        stream_end(stream);
    }
}

/* Invalidates the text that the module borrowed from the route. */
void CALLBACK(http_clear_route_cache)(void *object) {
    struct stream *stream = live(object);
    struct text *lent[] = {&stream->route, &stream->cluster};
    for (size_t i = 0; i < 2; i++) {
        struct text old = *lent[i];
        *lent[i] = text_new(old.bytes, old.length, stream->is_guarded);
        text_drop(&old);
    }
}

bool CALLBACK(http_filter_get_attribute_string)(
    void *object, uint32_t attribute, struct buffer *value
) {
    struct stream *stream = live(object);
    switch (attribute) {
    case 24: *value = text_buffer(&stream->address); return true;
    case 61: *value = text_buffer(&stream->route); return true;
    default: return false;
    }
}

bool CALLBACK(http_set_filter_state_bytes)(void *object, struct buffer key, struct buffer value) {
    CHECK(key.length > 0, "a state without a name");
    map_set(&live(object)->state, key, value);
    return true;
}

bool CALLBACK(http_get_filter_state_bytes)(void *object, struct buffer key, struct buffer *value) {
    const struct text *found = map_get(&live(object)->state, key);
    if (found) {
        *value = text_buffer(found);
    }
    return found;
}

/* The nonce in the arguments of the Redis command. */
static void remember_nonce(struct stream *stream, struct buffer body) {
    static const char key[] = "\"novasphere:rate-limit:";
    const char *found = memmem(body.bytes, body.length, key, sizeof key - 1);
    CHECK(found, "no key in the command");
    const char *end = body.bytes + body.length;
    const char *nonce = memmem(found, (size_t)(end - found), "\",\"", 3);
    CHECK(nonce, "no nonce in the command");
    nonce += 3;
    const char *after = memchr(nonce, '"', (size_t)(end - nonce));
    CHECK(after && (size_t)(after - nonce) < sizeof stream->nonce, "no end of the nonce");
    memcpy(stream->nonce, nonce, (size_t)(after - nonce));
    stream->nonce[after - nonce] = 0;
}

uint32_t CALLBACK(http_filter_http_callout)(
    void *object, uint64_t *id, struct buffer cluster, const struct line *headers,
    size_t headers_size, struct buffer body, uint64_t timeout_ms
) {
    struct stream *stream = live(object);
    CHECK(!stream->is_calling && !stream->is_continued && !stream->replies, "a call at the wrong time");
    CHECK(cluster.length > 0 && timeout_ms > 0, "no cluster or timeout");
    for (size_t i = 0; i < headers_size; i++) {
        check_field(headers[i].name, headers[i].value);
    }
    remember_nonce(stream, body);
    if (chance(10)) {
        /* Envoy does not start the call: an unknown cluster, for example. */
        return 1 + (uint32_t)random_below(4);
    }
    *id = ++stream->last_callout;
    stream->is_calling = true;
    return 0;
}

uint32_t CALLBACK(http_filter_increment_counter)(
    void *object, size_t id, const struct buffer *labels, size_t labels_size, uint64_t value
) {
    struct config *config = live(object)->config;
    CHECK(id < config->metrics && !config->is_gauge[id], "no counter %zu", id);
    CHECK(!labels && labels_size == 0 && value > 0, "labels, or no value");
    return 0;
}

uint32_t CALLBACK(http_filter_set_gauge)(
    void *object, size_t id, const struct buffer *labels, size_t labels_size, uint64_t value
) {
    struct config *config = live(object)->config;
    (void)value;
    CHECK(id < config->metrics && config->is_gauge[id], "no gauge %zu", id);
    CHECK(!labels && labels_size == 0, "labels");
    return 0;
}

#ifndef ENVOY_1_37

bool CALLBACK(http_get_cluster_name)(void *object, struct buffer *name) {
    *name = text_buffer(&live(object)->cluster);
    return true;
}

#endif
