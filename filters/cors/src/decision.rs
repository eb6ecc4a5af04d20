//! The reasons of the filter's decisions.

novasphere_core::metric_names! {
    /// Why a request continued or not.
    pub(crate) enum Reason {
        /// The request has no `Origin`, so no page of another site sent it.
        NoOrigin => "no_origin",
        /// The origin is allowed.
        Allowed => "allowed",
        /// The origin is not allowed, but it is the request's own.
        SameOrigin => "same_origin",
        /// The origin is not allowed. The request continues; the page cannot read the response.
        NotAllowed => "not_allowed",
        /// `block_disallowed` rejected the request.
        Blocked => "blocked",
        /// Preflight: the request that follows is allowed.
        PreflightAllowed => "preflight_allowed",
        /// Preflight: the origin is not allowed.
        PreflightRefused => "preflight_refused",
        /// Preflight: the requested method is not listed.
        PreflightMethod => "preflight_method",
        /// Preflight: a requested header is not listed.
        PreflightHeaders => "preflight_headers",
        /// Preflight: the origin is allowed and the upstream responds.
        PreflightForwarded => "preflight_forwarded",
    }
}
