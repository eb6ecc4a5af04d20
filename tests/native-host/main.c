/* Runs the native module without Envoy: configurations that are damaged, and streams whose hooks come in
   random order, on several threads. With AddressSanitizer or under memcheck, a fault of the memory that
   the module and its host share ends the program.

       native-host MODULE SEED STREAMS */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <time.h>

#include "configs.h"
#include "walk.h"

/* Workers, and the streams that each of them has at a time. */
enum { WORKERS = 2, OPEN = 12 };
/* The main thread updates the configuration every UPDATE_AFTER streams. It runs no events during the
   first WORK_AFTER of them, so that these streams wait for keys. */
enum { UPDATE_AFTER = 100, WORK_AFTER = 20 };

struct hooks hooks;
atomic_bool is_validating;
atomic_uint logged_errors;
atomic_int schedulers;

static uint64_t seed;
static struct config *current;
static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int streams_left, workers_left;

static void load(const char *path) {
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(module, "%s", dlerror());
#define LOAD_HOOK(result, name, parameters) \
    *(void **)&hooks.name = dlsym(module, "envoy_dynamic_module_on_" #name); \
    CHECK(hooks.name, "the hook is missing");
    HOOKS(LOAD_HOOK)
    const char *expected = IS_1_37 ? "4dae397a" : "v0.2.0";
    const char *version = hooks.program_init();
    CHECK(version && !strncmp(version, expected, strlen(expected)), "version %s", version);
}

/* The current configuration, with a share for the caller. */
static struct config *share(void) {
    pthread_mutex_lock(&current_lock);
    struct config *config = current;
    atomic_fetch_add(&config->owners, 1);
    pthread_mutex_unlock(&current_lock);
    return config;
}

static void update(const struct form *form) {
    static unsigned updates;
    /* In a scope of its own, a configuration has no keys yet. Two updates share each scope. */
    char name[64];
    snprintf(name, sizeof name, "%s-%u", form->name, updates++ / 2);
    struct config *new = config_new(name, buffer_of(form->text));
    CHECK(!new->is_refused, "%s: %s", name, last_error);
    pthread_mutex_lock(&current_lock);
    struct config *old = current;
    current = new;
    pthread_mutex_unlock(&current_lock);
    if (old) {
        config_release(old);
    }
}

static bool any_open(struct stream *const *open) {
    for (int i = 0; i < OPEN; i++) {
        if (open[i]) {
            return true;
        }
    }
    return false;
}

/* Takes turns between the streams of this worker. */
static void *run_worker(void *number) {
    struct stream *open[OPEN] = {NULL};
    seed_random(seed + (uintptr_t)number);
    while (streams_left > 0 || any_open(open)) {
        struct stream **stream = &open[random_below(OPEN)];
        if (*stream) {
            *stream = walk_on(*stream) ? *stream : NULL;
        } else if (streams_left > 0 && atomic_fetch_sub(&streams_left, 1) > 0) {
            struct config *config = share();
            *stream = walk_begin(config);
            config_release(config);
        }
    }
    text_end_thread();
    workers_left--;
    return NULL;
}

/* Workers run streams, while the main thread works and updates the configuration. */
static void run(const struct form *form, int streams) {
    pthread_t workers[WORKERS];
    update(form);
    streams_left = streams;
    workers_left = WORKERS;
    for (uintptr_t worker = 0; worker < WORKERS; worker++) {
        void *number = (void *)(worker + 1);
        CHECK(!pthread_create(&workers[worker], NULL, run_worker, number), "no thread");
    }
    int updated = streams;
    while (workers_left) {
        int left = streams_left;
        if (updated - left > UPDATE_AFTER) {
            updated = left;
            update(form);
        } else if (updated - left > WORK_AFTER || left <= 0) {
            work(current);
        }
        /* Leaves the processor to the threads with the streams. */
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    for (int worker = 0; worker < WORKERS; worker++) {
        pthread_join(workers[worker], NULL);
    }
    config_release(current);
    current = NULL;
    CHECK(schedulers == 0, "%d schedulers are left", schedulers);
}

int main(int count, char **arguments) {
    CHECK(count == 4, "expected MODULE SEED STREAMS");
    seed = strtoull(arguments[2], NULL, 10);
    int streams = atoi(arguments[3]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("native-host: Envoy %s, seed %s\n", IS_1_37 ? "1.37" : "1.40", arguments[2]);
    seed_random(seed);
    load(arguments[1]);
    check_configs();
    for (const struct form *form = forms; form->name; form++) {
        if (!(IS_1_37 && form->needs_requests)) {
            run(form, streams);
        }
    }
    static const char *const names[REACHED] = {
        "continued", "rejected", "paused", "woken", "called", "answered", "gone while it waited",
    };
    for (int kind = 0; kind < REACHED; kind++) {
        printf("%s: %u\n", names[kind], reached[kind]);
        /* Streams do not wait without requests of the module. */
        CHECK(reached[kind] || (IS_1_37 && kind >= WAITED), "no stream %s", names[kind]);
    }
    text_end_thread();
    return 0;
}
