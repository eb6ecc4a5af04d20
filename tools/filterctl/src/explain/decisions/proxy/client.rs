//! The client's connection.

use super::super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text(
        "downstream_remote_disconnect",
        "The client closed the connection before the response was complete.",
        "The client gave up, for example after its own timeout.",
        NOTHING,
    ),
    text(
        "downstream_local_disconnect",
        "Envoy closed the client's connection. The text in braces gives the reason.",
        "Envoy drained the listener, or the connection exceeded a limit.",
        "Compare the time with restarts and with changes of the configuration.",
    ),
    text(
        "stream_idle_timeout",
        "Nothing was sent in either direction for too long. The response is 408, or 504 if the whole \
         request had arrived.",
        "The default of stream_idle_timeout is 5 minutes. Event streams and WebSockets without \
         keepalive reach it.",
        "Set idle_timeout on the route of streams, or let the application send keepalives.",
    ),
    text(
        "request_overall_timeout",
        "The request did not arrive completely in time. The response is 408.",
        "The client is slow, or sends a slow-request attack.",
        "For large uploads, raise request_timeout of the connection manager.",
    ),
    text(
        "request_header_timeout",
        "The headers did not arrive completely in time. The response is 408.",
        "The client is slow, or sends a slow-header attack.",
        NOTHING,
    ),
    text(
        "duration_timeout",
        "The connection exceeded its maximum duration, so Envoy closed it.",
        "The connection is older than max_connection_duration.",
        "Nothing, if clients reconnect. Otherwise raise max_connection_duration.",
    ),
    text(
        "max_duration_timeout",
        "The stream exceeded its maximum duration. The response is 408, or 504 if the whole request \
         had arrived.",
        "The stream is older than max_stream_duration of the connection manager or the route.",
        "Raise max_stream_duration on the route of streams, or let clients reconnect.",
    ),
    text(
        "request_payload_too_large",
        "The body is larger than a filter's limit. The response is 413.",
        "The client sends a large body to a route with the buffer filter or a request limit.",
        "Raise max_request_bytes for the route of uploads.",
    ),
    text(
        "overload",
        "Envoy is overloaded, so it rejected the request with 503.",
        "The overload manager reached a limit, such as the maximum heap size.",
        "Add replicas or memory. Look at the gauge overload.envoy.overload_actions.*.active.",
    ),
    text(
        "http1.codec_error",
        "The message is not valid HTTP/1.1. The response is 400.",
        "The client sends another protocol to this port, such as TLS, or is faulty.",
        "Compare the client's URL with the listener: http or https.",
    ),
    text(
        "http1.headers_too_large",
        "The request headers are larger than the limit. The response is 431.",
        "Cookies or tokens are too large. The default limit is 60 KiB.",
        "Reduce cookies and tokens, or raise max_request_headers_kb.",
    ),
    text(
        "http1.too_many_headers",
        "The request has too many header lines. The response is 431.",
        "The default limit is 100 lines.",
        "Raise common_http_protocol_options.max_headers_count, if the client needs them.",
    ),
    text(
        "http2.too_many_headers",
        "The request has too many header lines. The response is 431, or Envoy reset the stream.",
        "The default limit is 100 lines.",
        "Raise common_http_protocol_options.max_headers_count, if the client needs them.",
    ),
    text(
        "http1.unexpected_underscore",
        "A header name has an underscore. The response is 400.",
        "headers_with_underscores_action is REJECT_REQUEST: an upstream could read _ as -.",
        "Let the client use - in header names.",
    ),
    text(
        "http2.unexpected_underscore",
        "A header name has an underscore, so Envoy reset the stream.",
        "headers_with_underscores_action is REJECT_REQUEST: an upstream could read _ as -.",
        "Let the client use - in header names.",
    ),
];
