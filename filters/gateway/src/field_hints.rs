//! Names that other products give to the filters of the chain, and the hints of each filter.

use novasphere_core::FieldHints;

/// The hints for faults in each filter's part, and last those for the chain.
pub(crate) const FIELD_HINTS: &[(&str, FieldHints)] = &[
    ("cors", novasphere_cors::FIELD_HINTS),
    ("jwt_auth", novasphere_jwt_auth::FIELD_HINTS),
    ("rate_limit", novasphere_rate_limit::FIELD_HINTS),
    ("header_transform", novasphere_header_transform::FIELD_HINTS),
    ("", CHAIN),
];

const CHAIN: FieldHints = FieldHints {
    foreign_names: &[
        ("jwt jwt_authn authentication openid_connect", "use jwt_auth"),
        (
            "rate_limiting rate_limiting_advanced local_ratelimit limit_count limit_req",
            "use rate_limit",
        ),
        (
            "request_transformer response_transformer header_mutation headers proxy_rewrite",
            "use header_transform",
        ),
        ("cors_policy", "use cors"),
        (
            "plugins filters http_filters middlewares",
            "use cors, jwt_auth, rate_limit and header_transform, and order for their order",
        ),
    ],
    numbers: &[],
    lists: &[],
};
