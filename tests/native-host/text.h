/* Memory that Envoy lends to the module, a random generator, and checks. */
#ifndef TEXT_H
#define TEXT_H

#include <stdio.h>
#include <stdlib.h>

#include "abi.h"

/* Ends the program if a condition does not hold. */
#define CHECK(condition, ...) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__); \
            fprintf(stderr, "\n"); \
            abort(); \
        } \
    } while (0)

/* Bytes that end where an inaccessible page begins, and that become inaccessible when they are
   dropped. Text that is not guarded is on the heap. */
struct text {
    char *bytes;
    size_t length;
    void *mapping;
    size_t mapped;
};

struct text text_new(const char *bytes, size_t length, bool is_guarded);
struct text text_of(struct buffer buffer, bool is_guarded);
struct buffer text_buffer(const struct text *text);
bool text_is(const struct text *text, struct buffer other);
void text_drop(struct text *text);
/* Frees the pages that dropped texts of this thread still block. */
void text_end_thread(void);

struct buffer buffer_of(const char *text);

/* Random numbers of this thread. */
void seed_random(uint64_t seed);
uint64_t random_below(uint64_t end);
bool chance(unsigned percent);

#endif
