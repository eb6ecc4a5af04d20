/* Streams with hooks in random order. */
#ifndef WALK_H
#define WALK_H

#include "envoy.h"

/* Starts a stream of the configuration. */
struct stream *walk_begin(struct config *config);
/* Calls some hooks of a stream. Returns false if that was the end of the stream. */
bool walk_on(struct stream *stream);
/* Runs the events and fetches of the configuration on the main thread. */
void work(struct config *config);

/* What the walks reached. */
enum reached { CONTINUED, REPLIED, WAITED, WOKEN, CALLED, ANSWERED, GONE, REACHED };
extern atomic_uint reached[REACHED];

#endif
