//! Names that other products give to the settings of CORS, and the bounds of numbers.

use novasphere_core::{FieldHints, ListEntry, ListField, NumberField, NumberUnit};

/// The hints for faults in this filter's configuration.
pub const FIELD_HINTS: FieldHints = FieldHints {
    foreign_names: &[
        (
            "allow_origin allow_origins allowed_origin allowed_origins access_control_allow_origin \
             access_control_allow_origin_list allow_origin_list cors_allow_origin",
            r#"use origins: ["https://app.example"]"#,
        ),
        (
            "allow_origin_string_match allow_origin_regex allow_origins_by_regex \
             allowed_origin_patterns access_control_allow_origin_list_regex origin_regex",
            r#"use origins: a regular expression starts with ~, and a subdomain may be *, as in "https://*.app.example""#,
        ),
        ("allow_origins_by_metadata", "use origins: the filter reads no metadata"),
        (
            "allow_methods allowed_methods access_control_allow_methods cors_allow_methods",
            r#"use methods: ["GET", "POST"]"#,
        ),
        (
            "allow_headers allowed_headers access_control_allow_headers cors_allow_headers",
            r#"use headers: ["Authorization"]"#,
        ),
        (
            "expose_headers access_control_expose_headers expose_header",
            r#"use exposed_headers: ["X-Request-Id"]"#,
        ),
        (
            "allow_credential allow_credentials access_control_allow_credentials \
             supports_credentials",
            "use credentials: true",
        ),
        ("access_control_max_age max_age_seconds preflight_max_age", "use max_age, in seconds"),
        ("allow_private_network allow_private_network_access", "use private_network: true"),
        (
            "forward_not_matching_preflights unmatched_preflights options_passthrough \
             forward_preflight",
            "use preflight_continue, which forwards all preflights",
        ),
        ("options_success_status", "use preflight_status: 200 or 204"),
        ("add_vary_header", "remove it: the filter always sends Vary where it is needed"),
        (
            "shadow_enabled filter_enabled",
            "remove it: the filter applies to every request that reaches it",
        ),
        (
            "timing_allow_origins timing_allow_origins_by_regex",
            "use header-transform to set Timing-Allow-Origin",
        ),
    ],
    numbers: &[NumberField { names: "max_age", min: 0, max: u32::MAX, unit: NumberUnit::Seconds }],
    lists: &[ListField {
        names: "policies",
        entry: ListEntry::Object(r#"{"origins": ["https://app.example"]}"#),
    }],
};
