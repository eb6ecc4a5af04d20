/* The interface of Envoy's dynamic modules, as far as the module uses it. */
#ifndef ABI_H
#define ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    const char *bytes;
    size_t length;
};

struct line {
    struct buffer name, value;
};

enum { CONTINUE = 0, STOP_ALL_AND_WATERMARK = 4 };

/* The hooks: result, name and parameters. The first pointer of most is Envoy's object, the second the
   module's. */
#define HOOKS(HOOK) \
    HOOK(const char *, program_init, (void)) \
    HOOK(const void *, http_filter_config_new, (void *, struct buffer, struct buffer)) \
    HOOK(void, http_filter_config_destroy, (const void *)) \
    HOOK(void, http_filter_config_scheduled, (void *, const void *, uint64_t)) \
    HOOK(void, http_filter_config_http_callout_done, (void *, const void *, uint64_t, uint32_t, \
        const struct line *, size_t, const struct buffer *, size_t)) \
    HOOK(const void *, http_filter_new, (const void *, void *)) \
    HOOK(void, http_filter_destroy, (const void *)) \
    HOOK(uint32_t, http_filter_request_headers, (void *, const void *, bool)) \
    HOOK(uint32_t, http_filter_request_body, (void *, const void *, bool)) \
    HOOK(uint32_t, http_filter_request_trailers, (void *, const void *)) \
    HOOK(uint32_t, http_filter_response_headers, (void *, const void *, bool)) \
    HOOK(uint32_t, http_filter_response_body, (void *, const void *, bool)) \
    HOOK(uint32_t, http_filter_response_trailers, (void *, const void *)) \
    HOOK(void, http_filter_stream_complete, (void *, const void *)) \
    HOOK(void, http_filter_scheduled, (void *, const void *, uint64_t)) \
    HOOK(void, http_filter_http_callout_done, (void *, const void *, uint64_t, uint32_t, \
        const struct line *, size_t, const struct buffer *, size_t)) \
    HOOK(void, http_filter_http_stream_headers, \
        (void *, const void *, uint64_t, const struct line *, size_t, bool)) \
    HOOK(void, http_filter_http_stream_data, \
        (void *, const void *, uint64_t, const struct buffer *, size_t, bool)) \
    HOOK(void, http_filter_http_stream_trailers, \
        (void *, const void *, uint64_t, const struct line *, size_t)) \
    HOOK(void, http_filter_http_stream_complete, (void *, const void *, uint64_t)) \
    HOOK(void, http_filter_http_stream_reset, (void *, const void *, uint64_t, uint32_t)) \
    HOOK(void, http_filter_downstream_above_write_buffer_high_watermark, (void *, const void *)) \
    HOOK(void, http_filter_downstream_below_write_buffer_low_watermark, (void *, const void *))

#define DECLARE_HOOK(result, name, parameters) result (*name) parameters;

struct hooks {
    HOOKS(DECLARE_HOOK)
};

/* The hooks of the loaded module. */
extern struct hooks hooks;

/* Whether this is Envoy 1.37, which lacks the newer callbacks. */
#ifdef ENVOY_1_37
enum { IS_1_37 = 1 };
#else
enum { IS_1_37 = 0 };
#endif

#define CALLBACK(name) envoy_dynamic_module_callback_##name

#endif
