//! The connection to the upstream.

use super::super::{Decision, text};

pub(super) const TEXTS: &[Decision] = &[
    text(
        "upstream_reset_before_response_started",
        "The connection to the upstream ended before its response. The response is 503.",
        "The upstream refused the connection, closed an idle connection just then, or crashed. The \
         text in braces says which.",
        "Look into the application's log. Its idle timeout must exceed Envoy's: \
         common_http_protocol_options.idle_timeout of the cluster. Retry with retry_on: reset.",
    ),
    text(
        "upstream_reset_after_response_started",
        "The upstream ended the connection during its response. The client gets only part of it.",
        "The application crashed or aborted the response.",
        "Look into the application's log at this time.",
    ),
    text(
        "response_timeout",
        "The upstream did not respond in time. The response is 504.",
        "The application is slow, or the route's timeout is too short for this request.",
        "Look into the application's log at this time. Raise the route's timeout for long requests.",
    ),
    text(
        "upstream_response_timeout",
        "The upstream did not respond in time. The response is 504.",
        "The application is slow, or the route's timeout is too short for this request.",
        "Look into the application's log at this time. Raise the route's timeout for long requests.",
    ),
    text(
        "upstream_per_try_timeout",
        "The last attempt of several exceeded its own timeout. The response is 504.",
        "The application is slow, or per_try_timeout is too short.",
        "Look into the application's log. Compare per_try_timeout with the route's timeout.",
    ),
    text(
        "upstream_per_try_idle_timeout",
        "The last attempt of several was idle for too long. The response is 504.",
        "The application paused during its response.",
        "Raise per_try_idle_timeout of the retry policy for streams.",
    ),
    text(
        "upstream_max_stream_duration_reached",
        "The request exceeded the maximum duration of a stream. The response is 504.",
        "A stream or a long download exceeded max_stream_duration of the route or the cluster.",
        "Raise max_stream_duration on the route of streams, or let clients reconnect.",
    ),
    text(
        "request_payload_exceeded_retry_buffer_limit",
        "The body is too large to keep for a retry, so the request was not retried.",
        "The route retries requests with large bodies.",
        "Retry requests without a body only, or raise per_request_buffer_limit_bytes.",
    ),
    text(
        "response_payload_too_large",
        "A filter that needs the whole response got one that is too large. The response is 500.",
        "A filter that is not of this project buffers bodies.",
        "Raise per_connection_buffer_limit_bytes, or remove the buffering filter from the route.",
    ),
    text(
        "drop_overload",
        "The control plane lets Envoy drop requests to this cluster. The response is 503.",
        "The cluster's load assignment has drop_overloads.",
        "Look at the load reports of the control plane.",
    ),
];
