#include "configs.h"

#include <string.h>

#define SECRET "only-for-this-test-0123456789abcdef"
#define STORE "only-for-this-store-0123456789"

const char *const secrets[] = {SECRET, STORE, "eyJpc3MiOi", NULL};

const char *const good_tokens[2] = {
    /* HS256 with SECRET: {"iss":"novasphere-user","sub":"ada","exp":4102444800} */
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJub3Zhc3BoZXJlLXVzZXIiLCJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDB9."
    "IU45SUt0wOZarbt1514_2xhACDyjy9Sxr4eYDLyyNr0",
    /* ES256 of tests/vectors: {"iss":"k","sub":"alice","exp":4102444800} */
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJrIiwic3ViIjoiYWxpY2UiLCJleHAiOjQxMDI0NDQ4MDB9."
    "NjQes4YfiHKGox6i6bIDF3UZzoAtIrNXOuoK4eJ6VNErXhNZUIYFOciXdy-Ikf8zg5VYlwGVl9FdOgGadXFdzA",
};

#define KEY \
    "{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"iv74TtiT7qfO05HWtLj1sSr9h3P9zikGCEailxa7Z0g\", " \
    "\"y\": \"uvpgGYvBwxuj-8YruR_SrfSpEZunmKRWcrwGbB8wzps\"}"
#define CREDENTIALS \
    "\"credentials\": [{\"key\": \"novasphere-user\", \"algorithm\": \"HS256\", \"secret\": \"" SECRET "\"}"

const char key_set[] = "{\"keys\": [" KEY "]}";

#define CLAIMS "\"claims_to_headers\": [{\"claim\": \"sub\", \"header\": \"X-User-Id\"}]"
#define OTHERS \
    "\"cors\": {\"origins\": [\"https://app.novasphere.io\"], \"methods\": [\"GET\", \"PUT\"], " \
    "\"credentials\": true}, \"header_transform\": {\"request\": {\"add\": {\"headers\": " \
    "[\"X-Forwarded-By:novasphere\", \"X-Of:$(headers.x-user-id)\"]}}, \"response\": {\"remove\": " \
    "{\"headers\": [\"Server\"]}, \"security_headers\": true}}"
#define LOCAL "\"rate_limit\": {\"minute\": 1000000, \"policy\": \"local\", \"limit_by\": \"ip\"}"

const struct form forms[] = {
    {"gateway/local",
     "{\"jwt_auth\": {" CREDENTIALS ", {\"key\": \"k\", \"algorithm\": \"ES256\", \"jwk\": " KEY "}], "
     CLAIMS "}, " OTHERS ", " LOCAL "}",
     false},
    {"gateway/keys",
     "{\"jwt_auth\": {" CREDENTIALS "], \"jwks\": [{\"issuer\": \"k\", \"cluster\": \"keys\", "
     "\"path\": \"/jwks\", \"refresh\": 1, \"timeout\": 1, \"cooldown\": 1, \"max_waiting\": 20, "
     "\"algorithms\": [\"ES256\"]}], " CLAIMS "}, " OTHERS ", " LOCAL "}",
     true},
    {"gateway/store",
     "{\"jwt_auth\": {" CREDENTIALS ", {\"key\": \"k\", \"algorithm\": \"ES256\", \"jwk\": " KEY "}]}, "
     OTHERS ", \"rate_limit\": {\"minute\": 1000000, \"policy\": \"redis\", \"limit_by\": \"header\", "
     "\"header_name\": \"x-client\", \"redis\": {\"on_error\": \"allow\", "
     "\"uri\": \"http://redis.test/\", \"cluster\": \"redis\", \"token\": \"" STORE "\", "
     "\"secret\": \"" STORE "\"}}}",
     true},
    {NULL, NULL, false},
};

/* Creates and ends a configuration. Returns whether the module accepted it. */
static bool is_accepted(const char *name, const char *text, size_t length) {
    struct config *config = config_new(name, (struct buffer){text, length});
    bool is_accepted = !config->is_refused;
    config_release(config);
    return is_accepted;
}

static void check_refused(const char *name, const char *text, size_t length) {
    CHECK(!is_accepted(name, text, length), "accepted: %.*s", (int)length, text);
}

/* Parts of a configuration, and copies with changed bytes. */
static void check_damaged(const struct form *form) {
    size_t length = strlen(form->text);
    for (size_t cut = 0; cut < length; cut += 1 + random_below(40)) {
        check_refused(form->name, form->text, cut);
    }
    char *damaged = malloc(length);
    CHECK(damaged, "no memory");
    for (int round = 0; round < 100; round++) {
        memcpy(damaged, form->text, length);
        for (uint64_t changes = 1 + random_below(4); changes; changes--) {
            damaged[random_below(length)] = (char)random_below(256);
        }
        /* A changed value may be accepted. The process must survive. */
        is_accepted(form->name, damaged, length);
    }
    free(damaged);
}

static void check_garbage(void) {
    check_refused("gateway", NULL, 0);
    check_refused("", "{}", 2);
    check_refused("gatewa", "{}", 2);
    check_refused("gateway\xff", "{}", 2);
    check_refused("gateway", "{\"jwt_auth\": null}", 18);
    check_refused("gateway", "{\"unknown\": {}}", 15);
    enum { DEEP = 200000 };
    char *deep = malloc(DEEP);
    CHECK(deep, "no memory");
    for (const char *open = "[{"; *open; open++) {
        memset(deep, *open, DEEP);
        check_refused("gateway", deep, DEEP);
    }
    for (int round = 0; round < 50; round++) {
        size_t length = random_below(300);
        for (size_t i = 0; i < length; i++) {
            deep[i] = (char)random_below(256);
        }
        check_refused("gateway", deep, length);
    }
    free(deep);
}

void check_configs(void) {
    check_garbage();
    for (const struct form *form = forms; form->name; form++) {
        bool is_expected = !(IS_1_37 && form->needs_requests);
        size_t length = strlen(form->text);
        for (int validating = 0; validating < 2; validating++) {
            is_validating = validating;
            bool is_right = is_accepted(form->name, form->text, length) == is_expected;
            CHECK(is_right, "%s: %s", form->name, last_error);
        }
        is_validating = false;
        check_damaged(form);
    }
    CHECK(schedulers == 0, "%d schedulers are left", schedulers);
}
