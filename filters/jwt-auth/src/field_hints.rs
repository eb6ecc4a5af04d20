//! Names that other products give to the settings of JWT authentication, and the bounds of numbers.

use novasphere_core::{FieldHints, ListEntry, ListField, NumberField, NumberUnit};

use crate::config::{
    CLAIM_HEADER_BYTES, MAX_CACHE_TOKENS, MAX_EXPIRATION, MAX_LEEWAY, TOKEN_BYTES,
};

/// The hints for faults in this filter's configuration.
pub const FIELD_HINTS: FieldHints = FieldHints {
    foreign_names: &[
        (
            "jwks_uri jwks_url jwk_url jwks_endpoint remote_jwks http_uri auth_jwt_key_request \
             openid_connect_url",
            r#"use uri in an entry of jwks: [{"issuer": "…", "uri": "…"}]"#,
        ),
        (
            "local_jwks inline_jwk inline_jwks inline_string jwks_file auth_jwt_key_file",
            r#"use jwk in an entry of credentials for each key: [{"key": "<iss>", "jwk": {…}}]"#,
        ),
        (
            "providers jwt_rules",
            "use an entry of jwks for each issuer with a key set, and of credentials for each key",
        ),
        (
            "from_headers jwt_headers header token_header extract_from",
            r#"use header_names: ["x-token"], or [{"name": "x-token", "scheme": "JWT"}]"#,
        ),
        (
            "value_prefix header_prefix",
            r#"use scheme in an entry of header_names, without a space"#,
        ),
        (
            "from_params query query_param query_params jwt_query_params token_query_key",
            r#"use uri_param_names: ["jwt"]"#,
        ),
        ("from_cookies cookie cookies", r#"use cookie_names: ["jwt"]"#),
        (
            "iss issuer allowed_issuers trusted_issuers",
            "use issuers for the accepted values, or issuer in an entry of jwks",
        ),
        ("aud allowed_audiences", "use audiences for the accepted values"),
        ("sub", "use subjects for the accepted values"),
        (
            "forward forward_original_token keep_token hide_credentials",
            "use forward_token: true or false",
        ),
        (
            "forward_payload_header output_payload_to_header pad_forward_payload_header \
             forward_headers auth_jwt_claim_set output_claim_to_headers",
            r#"use claims_to_headers: [{"claim": "sub", "header": "X-User"}]"#,
        ),
        (
            "payload_in_metadata header_in_metadata normalize_payload_in_metadata",
            r#"use claims_to_attributes: [{"claim": "sub", "attribute": "user"}]"#,
        ),
        (
            "clock_skew clock_skew_seconds lifetime_grace_period auth_jwt_leeway",
            "use leeway, in seconds",
        ),
        ("require_expiration", r#"use claims_to_verify: ["exp"]"#),
        ("max_lifetime", "use maximum_expiration, in seconds"),
        ("allow_missing", "use optional: true"),
        ("allow_missing_or_failed", "use anonymous, for requests without a valid token"),
        (
            "requires requires_any requires_all requirement provider_name requirement_map \
             requirement_rules",
            "remove it: a valid token of any entry of credentials and jwks is accepted; in rules, \
             issuers narrows this",
        ),
        ("match prefix safe_regex", "use path, path_prefix or path_template in rules or skip"),
        (
            "excluded_paths exclude_paths skip_paths public_paths trigger_rules",
            r#"use skip: [{"path": "/health"}]"#,
        ),
        ("bypass_cors_preflight", "use run_on_preflight: false"),
        ("rsa_public_key public_keys", "use public_key in an entry of credentials"),
        ("private_key", "remove it: public_key is enough to verify a signature"),
        ("signing_secret hmac_secret", "use secret in an entry of credentials"),
        ("base64_secret signing_secret_base64_encoded", "use secret_is_base64: true"),
        ("cache_duration cache_ttl", "use refresh in an entry of jwks, in seconds"),
        (
            "async_fetch fast_listener retry_policy failed_refetch_duration num_retries",
            "remove it: keys are fetched in advance, and again after a failure",
        ),
        ("jwt_cache_config jwt_cache_size enable_cache", "use cache_tokens: 1000"),
        (
            "claims auth_jwt_require required_claim claim_matchers",
            r#"use required_claims: [{"claim": "…", "one_of": ["…"]}]"#,
        ),
        ("required_scopes scopes_required", r#"use scopes: {"all_of": ["…"]}"#),
        ("auth_jwt", "use realm"),
        ("well_known discovery_url oidc", "use discovery: true in an entry of jwks"),
        ("failed_status_in_metadata", "remove it: the attribute jwt_auth_detail has the reason"),
        ("claims_to_verify=aud", "use audiences"),
        ("claims_to_verify=iss", "use issuers"),
        ("claims_to_verify=sub", "use subjects"),
    ],
    numbers: &[
        NumberField { names: "leeway", min: 0, max: MAX_LEEWAY, unit: NumberUnit::Seconds },
        NumberField {
            names: "maximum_expiration",
            min: 0,
            max: MAX_EXPIRATION,
            unit: NumberUnit::Seconds,
        },
        NumberField { names: "refresh", min: 1, max: 86_400, unit: NumberUnit::Seconds },
        NumberField { names: "timeout", min: 1, max: 60, unit: NumberUnit::Seconds },
        NumberField { names: "cooldown", min: 1, max: 3_600, unit: NumberUnit::Seconds },
        NumberField { names: "max_waiting", min: 0, max: 10_000, unit: NumberUnit::Count },
        NumberField {
            names: "cache_tokens",
            min: 0,
            max: MAX_CACHE_TOKENS,
            unit: NumberUnit::Count,
        },
        NumberField {
            names: "max_token_bytes",
            min: *TOKEN_BYTES.start(),
            max: *TOKEN_BYTES.end(),
            unit: NumberUnit::Count,
        },
        NumberField {
            names: "max_claim_header_bytes",
            min: *CLAIM_HEADER_BYTES.start(),
            max: *CLAIM_HEADER_BYTES.end(),
            unit: NumberUnit::Count,
        },
    ],
    lists: &[
        ListField {
            names: "credentials",
            entry: ListEntry::Object(r#"{"key": "<iss>", "secret": {"env": "NAME"}}"#),
        },
        ListField {
            names: "jwks",
            entry: ListEntry::Object(r#"{"issuer": "https://id.example", "discovery": true}"#),
        },
        ListField {
            names: "header_names",
            entry: ListEntry::TextOrObject(r#"{"name": "x-token", "scheme": "JWT"}"#),
        },
        ListField {
            names: "required_claims[].one_of required_claims[].contains_any",
            entry: ListEntry::Scalar,
        },
        ListField {
            names: "required_claims",
            entry: ListEntry::Object(r#"{"claim": "role", "one_of": ["admin"]}"#),
        },
        ListField { names: "skip", entry: ListEntry::Object(r#"{"path": "/health"}"#) },
        ListField {
            names: "rules",
            entry: ListEntry::Object(
                r#"{"path_prefix": "/admin", "scopes": {"all_of": ["admin"]}}"#,
            ),
        },
        ListField {
            names: "claims_to_headers",
            entry: ListEntry::Object(r#"{"claim": "sub", "header": "X-User"}"#),
        },
        ListField {
            names: "claims_to_attributes",
            entry: ListEntry::Object(r#"{"claim": "sub", "attribute": "user"}"#),
        },
    ],
};
