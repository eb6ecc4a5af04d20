/* Envoy's callbacks for configurations and schedulers. */
#include "envoy.h"

/* The configuration of a callback, on the main thread. */
static struct config *live(void *object) {
    struct config *config = object;
    CHECK(pthread_equal(config->main_thread, pthread_self()), "use on another thread");
    return config;
}

static uint32_t define(void *object, struct buffer name, size_t labels, bool is_gauge, size_t *id) {
    struct config *config = live(object);
    CHECK(config->is_new, "defined too late");
    CHECK(name.length > 0 && labels == 0, "no name, or labels");
    CHECK(config->metrics < sizeof config->is_gauge, "too many metrics");
    config->is_gauge[config->metrics] = is_gauge;
    *id = config->metrics++;
    return 0;
}

uint32_t CALLBACK(http_filter_config_define_counter)(
    void *config, struct buffer name, const struct buffer *labels, size_t labels_size, size_t *id
) {
    (void)labels;
    return define(config, name, labels_size, false, id);
}

uint32_t CALLBACK(http_filter_config_define_gauge)(
    void *config, struct buffer name, const struct buffer *labels, size_t labels_size, size_t *id
) {
    (void)labels;
    return define(config, name, labels_size, true, id);
}

/* On the heap, so that the sanitizer finds a use after the deletion. */
struct scheduler {
    struct mailbox *mailbox;
};

static void *scheduler_new(struct mailbox *mailbox) {
    struct scheduler *scheduler = malloc(sizeof *scheduler);
    CHECK(scheduler, "no memory");
    atomic_fetch_add(&mailbox->owners, 1);
    scheduler->mailbox = mailbox;
    schedulers++;
    return scheduler;
}

static void scheduler_commit(struct scheduler *scheduler) {
    if (!scheduler->mailbox->is_closed) {
        scheduler->mailbox->events++;
    }
}

static void scheduler_delete(struct scheduler *scheduler) {
    mailbox_release(scheduler->mailbox);
    free(scheduler);
    schedulers--;
}

void *CALLBACK(http_filter_scheduler_new)(void *stream) {
    return scheduler_new(((struct stream *)stream)->mailbox);
}

void CALLBACK(http_filter_scheduler_commit)(void *scheduler, uint64_t event) {
    (void)event;
    scheduler_commit(scheduler);
}

void CALLBACK(http_filter_scheduler_delete)(void *scheduler) {
    scheduler_delete(scheduler);
}

void *CALLBACK(http_filter_config_scheduler_new)(void *config) {
    CHECK(IS_1_37 || !is_validating, "a timer for a validation");
    return scheduler_new(live(config)->mailbox);
}

void CALLBACK(http_filter_config_scheduler_commit)(void *scheduler, uint64_t event) {
    (void)event;
    scheduler_commit(scheduler);
}

void CALLBACK(http_filter_config_scheduler_delete)(void *scheduler) {
    scheduler_delete(scheduler);
}

#ifndef ENVOY_1_37

bool CALLBACK(is_validation_mode)(void) {
    return is_validating;
}

uint32_t CALLBACK(http_filter_config_http_callout)(
    void *object, uint64_t *id, struct buffer cluster, const struct line *headers,
    size_t headers_size, struct buffer body, uint64_t timeout_ms
) {
    struct config *config = live(object);
    CHECK(cluster.length > 0 && headers_size > 0 && timeout_ms > 0, "an incomplete fetch");
    CHECK(headers && body.length == 0, "a fetch with a body");
    if (config->fetch_count == sizeof config->fetches / sizeof *config->fetches || chance(10)) {
        return 1 + (uint32_t)random_below(4);
    }
    *id = ++config->last_fetch;
    config->fetches[config->fetch_count++] = *id;
    return 0;
}

uint32_t CALLBACK(http_filter_config_increment_counter)(
    void *object, size_t id, const struct buffer *labels, size_t labels_size, uint64_t value
) {
    struct config *config = live(object);
    CHECK(id < config->metrics && !config->is_gauge[id], "no counter %zu", id);
    CHECK(!labels && labels_size == 0 && value > 0, "labels, or no value");
    return 0;
}

uint32_t CALLBACK(http_filter_config_set_gauge)(
    void *object, size_t id, const struct buffer *labels, size_t labels_size, uint64_t value
) {
    struct config *config = live(object);
    (void)value;
    CHECK(id < config->metrics && config->is_gauge[id], "no gauge %zu", id);
    CHECK(!labels && labels_size == 0, "labels");
    return 0;
}

/* The module recognises 1.40 by this function. */
void CALLBACK(log_v2)(void) {
}

#endif
