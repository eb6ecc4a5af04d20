#define _GNU_SOURCE
#include "text.h"

#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, BLOCKED = 256 };

/* Mappings of dropped texts. An address is not used again soon. */
static _Thread_local struct {
    void *mapping;
    size_t mapped;
} blocked[BLOCKED];
static _Thread_local size_t next_blocked;

struct text text_new(const char *bytes, size_t length, bool is_guarded) {
    struct text text = {.length = length};
    if (!is_guarded) {
        text.bytes = malloc(length ? length : 1);
    } else {
        size_t pages = (length + PAGE - 1) / PAGE * PAGE;
        text.mapped = pages + PAGE;
        text.mapping =
            mmap(NULL, text.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(text.mapping != MAP_FAILED, "no memory for %zu bytes", length);
        CHECK(!mprotect((char *)text.mapping + pages, PAGE, PROT_NONE), "no guard");
        text.bytes = (char *)text.mapping + pages - length;
    }
    if (length) {
        memcpy(text.bytes, bytes, length);
    }
    return text;
}

struct text text_of(struct buffer buffer, bool is_guarded) {
    return text_new(buffer.bytes, buffer.length, is_guarded);
}

struct buffer text_buffer(const struct text *text) {
    /* Envoy passes both forms of an empty buffer. */
    bool is_null = text->length == 0 && chance(50);
    return (struct buffer){is_null ? NULL : text->bytes, text->length};
}

bool text_is(const struct text *text, struct buffer other) {
    return text->length == other.length
        && (other.length == 0 || memcmp(text->bytes, other.bytes, other.length) == 0);
}

void text_drop(struct text *text) {
    if (!text->mapping) {
        free(text->bytes);
    } else {
        CHECK(!mprotect(text->mapping, text->mapped, PROT_NONE), "cannot block");
        size_t at = next_blocked++ % BLOCKED;
        if (blocked[at].mapping) {
            munmap(blocked[at].mapping, blocked[at].mapped);
        }
        blocked[at].mapping = text->mapping;
        blocked[at].mapped = text->mapped;
    }
    *text = (struct text){0};
}

void text_end_thread(void) {
    for (size_t at = 0; at < BLOCKED; at++) {
        if (blocked[at].mapping) {
            munmap(blocked[at].mapping, blocked[at].mapped);
            blocked[at].mapping = NULL;
        }
    }
}

struct buffer buffer_of(const char *text) {
    return (struct buffer){text, strlen(text)};
}

static _Thread_local uint64_t random_state = 1;

void seed_random(uint64_t seed) {
    random_state = seed * 0x9e3779b97f4a7c15 + 1;
    random_below(1);
}

/* xorshift64* */
uint64_t random_below(uint64_t end) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1d >> 11) % end;
}

bool chance(unsigned percent) {
    return random_below(100) < percent;
}
