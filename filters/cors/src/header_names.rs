//! The response headers of the CORS protocol (Fetch standard, "HTTP responses").

use novasphere_core::HeaderName;

pub(crate) static ALLOW_ORIGIN: HeaderName = HeaderName::from_static("access-control-allow-origin");
pub(crate) static ALLOW_CREDENTIALS: HeaderName =
    HeaderName::from_static("access-control-allow-credentials");
pub(crate) static EXPOSE_HEADERS: HeaderName =
    HeaderName::from_static("access-control-expose-headers");
pub(crate) static ALLOW_METHODS: HeaderName =
    HeaderName::from_static("access-control-allow-methods");
pub(crate) static ALLOW_HEADERS: HeaderName =
    HeaderName::from_static("access-control-allow-headers");
pub(crate) static MAX_AGE: HeaderName = HeaderName::from_static("access-control-max-age");
/// Private Network Access (WICG), "CORS preflight".
pub(crate) static ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");
pub(crate) static VARY: HeaderName = HeaderName::from_static("vary");

/// Headers that apply to preflight responses only.
pub(crate) static PREFLIGHT_ONLY: [&HeaderName; 4] =
    [&ALLOW_METHODS, &ALLOW_HEADERS, &MAX_AGE, &ALLOW_PRIVATE_NETWORK];

/// All response headers of the protocol.
pub(crate) static ALL: [&HeaderName; 7] = [
    &ALLOW_ORIGIN,
    &ALLOW_CREDENTIALS,
    &EXPOSE_HEADERS,
    &ALLOW_METHODS,
    &ALLOW_HEADERS,
    &MAX_AGE,
    &ALLOW_PRIVATE_NETWORK,
];
