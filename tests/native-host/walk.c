#define _GNU_SOURCE
#include "walk.h"

#include <string.h>
#include <time.h>

#include "configs.h"

atomic_uint reached[REACHED];

static void add(struct map *map, const char *name, const char *value) {
    map_fill(map, buffer_of(name), buffer_of(value));
}

static void add_bearer(struct stream *stream, const char *token) {
    char value[1024];
    snprintf(value, sizeof value, "Bearer %s", token);
    add(&stream->maps[REQUEST], "authorization", value);
}

/* A token that is good, changed, cut, of another kind, or missing. */
static void add_token(struct stream *stream) {
    const char *token = good_tokens[random_below(2)];
    char changed[512];
    snprintf(changed, sizeof changed, "%s", token);
    switch (random_below(8)) {
    case 0: return;
    case 1: changed[strlen(token) - 5] ^= 1; add_bearer(stream, changed); return;
    case 2: changed[random_below(strlen(token) - 40)] = 0; add_bearer(stream, changed); return;
    case 3: add(&stream->maps[REQUEST], "authorization", chance(50) ? "" : "Basic YTpi"); return;
    default: add_bearer(stream, token); stream->is_allowed = true;
    }
}

/* Many fields, long ones, and bytes that are not text. */
static void add_noise(struct map *map) {
    if (!map->is_guarded && chance(2)) {
        for (int i = 0; i < 1500; i++) {
            add(map, chance(50) ? "x-many" : "cookie", "a=b");
        }
    }
    for (uint64_t count = random_below(4); count; count--) {
        char value[20000];
        size_t length = chance(10) ? sizeof value : random_below(40);
        for (size_t i = 0; i < length; i++) {
            value[i] = (char)(32 + random_below(224));
        }
        static const char *const names[] = {"x-user-id", "x-client", "origin", "forwarded", "cookie"};
        const char *name = names[random_below(5)];
        map_fill(map, buffer_of(name), (struct buffer){value, length});
    }
}

static void fill_request(struct stream *stream) {
    struct map *map = &stream->maps[REQUEST];
    add(map, ":method", chance(90) ? "GET" : "PUT");
    if (chance(95)) {
        add(map, ":path", chance(80) ? "/api/v1/wukongs?limit=2" : "/%2e%2e/%zz//?token=&token=x");
    }
    add(map, ":authority", "api.novasphere.io");
    add(map, ":scheme", "https");
    add_token(stream);
    if (chance(30)) {
        add(map, "content-type", chance(50) ? "application/grpc" : "application/grpc-web-text");
    }
    if (chance(30)) {
        add(map, "origin", chance(50) ? "https://app.novasphere.io" : "https://foreign.example");
    }
    if (chance(70)) {
        add(map, "x-client", "c");
    }
    add_noise(map);
}

static void on_request(struct stream *stream) {
    fill_request(stream);
    uint32_t status = hooks.http_filter_request_headers(stream, stream->module, chance(50));
    if (status == CONTINUE) {
        CHECK(!stream->is_over && !stream->replies && !stream->is_calling, "continues after a stop");
        CHECK(stream->is_allowed || stream->config->is_open, "a request without a token continues");
        stream->is_continued = true;
        reached[CONTINUED]++;
        return;
    }
    CHECK(status == STOP_ALL_AND_WATERMARK, "status %u", status);
    stream->is_stopped = true;
    reached[stream->replies ? REPLIED : stream->is_calling ? CALLED : WAITED]++;
}

static void on_response(struct stream *stream) {
    struct map *map = &stream->maps[RESPONSE];
    if (chance(90)) {
        add(map, ":status", chance(90) ? "200" : "x");
        add(map, "server", "envoy");
        add(map, "vary", chance(50) ? "Accept" : "*");
    }
    add_noise(map);
    uint32_t status = hooks.http_filter_response_headers(stream, stream->module, chance(50));
    CHECK(status == CONTINUE, "status %u", status);
}

/* The pieces of a body, split at random places, and the end of a call. */
static void send_end(
    struct stream *stream, struct config *config, uint64_t id, struct buffer body, bool is_failed
) {
    struct buffer pieces[4] = {body};
    size_t size = body.length ? 1 : 0;
    if (body.length > 4 && chance(50)) {
        size_t cut = random_below(body.length);
        pieces[0].length = cut;
        pieces[1] = (struct buffer){NULL, 0};
        pieces[2] = (struct buffer){body.bytes + cut, body.length - cut};
        size = 3;
    }
    static const char *const statuses[] = {"503", "401", "", "9999999999"};
    const char *status = chance(90) ? "200" : statuses[random_below(4)];
    struct line lines[] = {
        {buffer_of(":status"), buffer_of(status)},
        {buffer_of("content-type"), {NULL, 0}},
    };
    size_t lines_size = chance(95) ? 2 : 0;
    const struct line *sent_lines = lines_size ? lines : NULL;
    const struct buffer *sent_body = size ? pieces : NULL;
    uint32_t result = is_failed ? 1 + (uint32_t)random_below(3) : 0;
    if (stream) {
        hooks.http_filter_http_callout_done(
            stream, stream->module, id, result, sent_lines, lines_size, sent_body, size);
    } else {
        hooks.http_filter_config_http_callout_done(
            config, config->module, id, result, sent_lines, lines_size, sent_body, size);
    }
}

/* Ends the stream's call, or a call that the module never made. */
static void on_callout_end(struct stream *stream) {
    bool is_right = stream->is_calling && chance(80);
    uint64_t id = is_right ? stream->last_callout : random_below(1000) + 5000;
    if (is_right) {
        stream->is_calling = false;
    }
    char body[600];
    snprintf(body, sizeof body, "{\"result\": [\"%s\", 1, 1, 1]}", chance(80) ? stream->nonce : "no");
    size_t length = chance(20) ? random_below(strlen(body)) : strlen(body);
    struct text lent = text_new(body, length, stream->is_guarded);
    bool was_continued = stream->is_continued;
    send_end(stream, NULL, id, text_buffer(&lent), chance(20));
    text_drop(&lent);
    reached[ANSWERED] += stream->is_continued && !was_continued;
}

static void on_other(struct stream *stream) {
    void *module = (void *)stream->module;
    bool passes = true;
    switch (random_below(8)) {
    case 0: passes = hooks.http_filter_request_body(stream, module, chance(50)) == CONTINUE; break;
    case 1: passes = hooks.http_filter_request_trailers(stream, module) == CONTINUE; break;
    case 2: passes = hooks.http_filter_response_body(stream, module, chance(50)) == CONTINUE; break;
    case 3: passes = hooks.http_filter_response_trailers(stream, module) == CONTINUE; break;
    case 4: hooks.http_filter_downstream_above_write_buffer_high_watermark(stream, module); break;
    case 5: hooks.http_filter_downstream_below_write_buffer_low_watermark(stream, module); break;
    case 6: hooks.http_filter_http_stream_headers(stream, module, 7, NULL, 0, true); break;
    default: hooks.http_filter_http_stream_reset(stream, module, 7, 1); break;
    }
    CHECK(passes, "a body or trailers stop");
}

static bool is_waiting(const struct stream *stream) {
    return stream->is_stopped && !stream->is_continued && !stream->replies && !stream->is_over;
}

static void step(struct stream *stream) {
    switch (random_below(6)) {
    case 0: on_callout_end(stream); return;
    case 1: on_other(stream); return;
    default:
        if (mailbox_take(stream->mailbox) || chance(10)) {
            bool was_waiting = is_waiting(stream);
            hooks.http_filter_scheduled(stream, stream->module, 0);
            /* Rejected streams count too: the fetch may fail. */
            reached[WOKEN] += was_waiting && !is_waiting(stream);
        }
    }
}

struct stream *walk_begin(struct config *config) {
    struct stream *stream = stream_new(config);
    stream->ends_in_reply = chance(10);
    stream->ends_in_continue = chance(10);
    if (chance(95)) {
        on_request(stream);
    }
    return stream;
}

static void walk_end(struct stream *stream) {
    if (!stream->is_over) {
        reached[GONE] += is_waiting(stream);
        if (chance(70)) {
            hooks.http_filter_stream_complete(stream, stream->module);
        }
        stream_end(stream);
    }
    stream_drop(stream);
}

bool walk_on(struct stream *stream) {
    if (is_waiting(stream) && chance(20)) {
        /* Gives the main thread time for its work. */
        nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL);
    }
    if (stream->is_over || (is_waiting(stream) ? random_below(1000) == 0 : chance(20))) {
        walk_end(stream);
        return false;
    }
    step(stream);
    if (!stream->is_over && !stream->has_response && chance(stream->is_continued ? 20 : 1)) {
        stream->has_response = true;
        on_response(stream);
    }
    return true;
}

void work(struct config *config) {
    if (mailbox_take(config->mailbox) || chance(1)) {
        hooks.http_filter_config_scheduled(config, config->module, 0);
    }
    while (config->fetch_count && chance(70)) {
        uint64_t id = config->fetches[--config->fetch_count];
        const char *body = chance(90) ? key_set : chance(50) ? "[" : "";
        struct text lent = text_of(buffer_of(body), true);
        send_end(NULL, config, id, text_buffer(&lent), chance(5));
        text_drop(&lent);
        /* A fetch that has ended, or one that the module never made. */
        send_end(NULL, config, chance(50) ? id : 12345, (struct buffer){NULL, 0}, chance(50));
    }
}
