//! The decisions of cors.

use super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text(
        "no_origin",
        "The request has no Origin header. It passes.",
        "The client is not a browser, or the page is on the same origin.",
        NOTHING,
    ),
    text(
        "allowed",
        "The origin is allowed. The page can read the response.",
        "An entry of origins matches the Origin header.",
        NOTHING,
    ),
    text(
        "same_origin",
        "The origin is not in origins, but it is the request's own. The request passes.",
        "A page on the API's own host sends requests with Origin, such as a form.",
        NOTHING,
    ),
    text(
        "not_allowed",
        "The origin is not allowed. The request reaches the upstream, but the response has no CORS \
         headers, so the page cannot read it.",
        "The page's origin is missing in origins. Scheme, host and port must match, without a slash \
         at the end.",
        "Add the origin to origins if the page may use the API. Check http against https and the \
         port.",
    ),
    text(
        "blocked",
        "block_disallowed rejects the request with 403: its origin is not allowed, and it could \
         change something or open a WebSocket.",
        "A page on an origin that is missing in origins sends a POST, PUT, PATCH or DELETE.",
        "Add the origin to origins if the page may use the API.",
    ),
    text(
        "preflight_allowed",
        "The request is a preflight. The browser may send the actual request.",
        "A page on an allowed origin sends a request that needs a preflight.",
        NOTHING,
    ),
    text(
        "preflight_refused",
        "The request is a preflight from an origin that is not allowed. The browser does not send \
         the request.",
        "The page's origin is missing in origins.",
        "Add the origin to origins if the page may use the API.",
    ),
    text(
        "preflight_method",
        "The browser asks for a method that is not in methods. It does not send the request.",
        "The method is missing in methods. Names are case-sensitive: patch is not PATCH.",
        "Add the method to methods of the policy that allows the origin.",
    ),
    text(
        "preflight_headers",
        "The browser asks for a header that is not in headers. It does not send the request.",
        "The page sends a header of its own, such as X-Request-Id, that is missing in headers.",
        "Add the header to headers of the policy that allows the origin.",
    ),
    text(
        "preflight_forwarded",
        "The upstream responds to the preflight, because preflight_continue is set. The origin is \
         allowed.",
        "The upstream knows the methods and headers itself.",
        NOTHING,
    ),
];
