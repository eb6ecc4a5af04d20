#define _GNU_SOURCE
#include "envoy.h"

#include <string.h>

static void field_drop(struct field *field) {
    text_drop(&field->name);
    text_drop(&field->value);
}

/* Invalidates borrowed fields. */
static void map_move(struct map *map) {
    for (size_t i = 0; i < map->count; i++) {
        struct field old = map->fields[i];
        map->fields[i].name = text_new(old.name.bytes, old.name.length, map->is_guarded);
        map->fields[i].value = text_new(old.value.bytes, old.value.length, map->is_guarded);
        field_drop(&old);
    }
}

static void append(struct map *map, struct text name, struct text value) {
    if (map->count == map->capacity) {
        map->capacity = map->capacity * 2 + 8;
        map->fields = realloc(map->fields, map->capacity * sizeof *map->fields);
        CHECK(map->fields, "no memory");
    }
    map->fields[map->count++] = (struct field){name, value};
}

void map_fill(struct map *map, struct buffer name, struct buffer value) {
    append(map, text_of(name, map->is_guarded), text_of(value, map->is_guarded));
}

void map_add(struct map *map, struct buffer name, struct buffer value) {
    /* The arguments may be borrowed from this map. */
    struct text new_name = text_of(name, map->is_guarded), new_value = text_of(value, map->is_guarded);
    map_move(map);
    append(map, new_name, new_value);
}

void map_set(struct map *map, struct buffer name, struct buffer value) {
    struct text new_name = text_of(name, map->is_guarded), new_value = text_of(value, map->is_guarded);
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (text_is(&map->fields[i].name, text_buffer(&new_name))) {
            field_drop(&map->fields[i]);
        } else {
            map->fields[kept++] = map->fields[i];
        }
    }
    map->count = kept;
    map_move(map);
    if (new_value.length) {
        append(map, new_name, new_value);
    } else {
        text_drop(&new_name);
        text_drop(&new_value);
    }
}

const struct text *map_get(const struct map *map, struct buffer name) {
    for (size_t i = 0; i < map->count; i++) {
        if (text_is(&map->fields[i].name, name)) {
            return &map->fields[i].value;
        }
    }
    return NULL;
}

void map_drop(struct map *map) {
    for (size_t i = 0; i < map->count; i++) {
        field_drop(&map->fields[i]);
    }
    free(map->fields);
    *map = (struct map){0};
}

struct mailbox *mailbox_new(void) {
    struct mailbox *mailbox = calloc(1, sizeof *mailbox);
    CHECK(mailbox, "no memory");
    mailbox->owners = 1;
    return mailbox;
}

void mailbox_release(struct mailbox *mailbox) {
    if (atomic_fetch_sub(&mailbox->owners, 1) == 1) {
        free(mailbox);
    }
}

bool mailbox_take(struct mailbox *mailbox) {
    return atomic_exchange(&mailbox->events, 0) > 0;
}

struct config *config_new(const char *name, struct buffer text) {
    struct config *config = calloc(1, sizeof *config);
    CHECK(config, "no memory");
    config->mailbox = mailbox_new();
    config->main_thread = pthread_self();
    config->owners = 1;
    config->is_new = true;
    struct text lent_name = text_of(buffer_of(name), false), lent = text_of(text, false);
    unsigned errors = logged_errors;
    config->module =
        hooks.http_filter_config_new(config, text_buffer(&lent_name), text_buffer(&lent));
    text_drop(&lent_name);
    text_drop(&lent);
    config->is_new = false;
    config->is_refused = !config->module;
    CHECK(!config->is_refused || logged_errors > errors, "refused without a reason in the log");
    return config;
}

void config_release(struct config *config) {
    if (atomic_fetch_sub(&config->owners, 1) != 1) {
        return;
    }
    if (config->module) {
        hooks.http_filter_config_destroy(config->module);
    }
    config->mailbox->is_closed = true;
    mailbox_release(config->mailbox);
    free(config);
}

struct stream *stream_new(struct config *config) {
    struct stream *stream = calloc(1, sizeof *stream);
    CHECK(stream, "no memory");
    atomic_fetch_add(&config->owners, 1);
    stream->config = config;
    stream->mailbox = mailbox_new();
    stream->thread = pthread_self();
    /* Guards need system calls, which are slow. */
    stream->is_guarded = chance(5);
    for (int kind = 0; kind < MAPS; kind++) {
        stream->maps[kind].is_guarded = stream->is_guarded;
    }
    stream->state.is_guarded = stream->is_guarded;
    static const char *const addresses[] = {
        "192.0.2.7:4711", "[2001:db8::7]:4711", "/run/envoy.sock", "", "192.0.2.7", ":", "[::1",
    };
    const char *address = addresses[random_below(sizeof addresses / sizeof *addresses)];
    stream->address = text_of(buffer_of(address), stream->is_guarded);
    stream->route = text_of(buffer_of(chance(50) ? "route" : ""), stream->is_guarded);
    stream->cluster = text_of(buffer_of("novasphere-api"), stream->is_guarded);
    stream->module = hooks.http_filter_new(config->module, stream);
    CHECK(stream->module, "null makes older Envoys crash");
    return stream;
}

void stream_end(struct stream *stream) {
    CHECK(!stream->is_over, "ends twice");
    stream->is_over = true;
    stream->mailbox->is_closed = true;
    hooks.http_filter_destroy(stream->module);
}

void stream_drop(struct stream *stream) {
    for (int kind = 0; kind < MAPS; kind++) {
        map_drop(&stream->maps[kind]);
    }
    map_drop(&stream->state);
    text_drop(&stream->address);
    text_drop(&stream->route);
    text_drop(&stream->cluster);
    mailbox_release(stream->mailbox);
    config_release(stream->config);
    free(stream);
}
