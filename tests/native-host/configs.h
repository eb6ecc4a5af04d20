/* Configurations of the gateway, and tokens for them. */
#ifndef CONFIGS_H
#define CONFIGS_H

#include "envoy.h"

/* Valid for every configuration. */
extern const char *const good_tokens[2];
/* The key set with the key of the second token. */
extern const char key_set[];

struct form {
    const char *name, *text;
    /* Whether the module must refuse it on Envoy 1.37, which cannot send requests for it. */
    bool needs_requests;
};

/* Accepted configurations, ended by a null name. */
extern const struct form forms[];

/* Checks that the module refuses invalid configurations, and frees the accepted ones. */
void check_configs(void);

#endif
