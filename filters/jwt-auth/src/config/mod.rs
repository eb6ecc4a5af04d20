//! The configuration as users write it. Names and defaults follow Kong's jwt plugin where it has
//! the same field, except that `claims_to_verify` is `[exp]`.

mod algorithm;
mod claim_name;
mod claim_rules;
mod credential;
mod identity;
mod jwks;
mod request_rules;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod token_header;

use std::ops::RangeInclusive;

#[cfg(feature = "schema")]
use novasphere_core::schema::{QUOTABLE, TOKEN, each_required};
use novasphere_core::{ConfigObject, ErrorFormat, Sensitive};

pub(crate) use self::algorithm::Algorithm;
pub(crate) use self::claim_name::ClaimName;
pub(crate) use self::claim_rules::{
    DeniedTokensConfig, RequiredClaimConfig, ScopesConfig, TimeClaim,
};
pub(crate) use self::credential::{ConsumerConfig, CredentialConfig};
pub(crate) use self::identity::{ClaimFormat, ClaimToAttribute, ClaimToHeader};
pub(crate) use self::jwks::JwksConfig;
pub(crate) use self::request_rules::{RuleConfig, SkipConfig};
pub(crate) use self::token_header::TokenHeaderConfig;

/// Maximum of `cache_tokens`.
pub(crate) const MAX_CACHE_TOKENS: u32 = 100_000;
/// Bounds of `max_token_bytes`.
pub(crate) const TOKEN_BYTES: RangeInclusive<u32> = 1_024..=65_536;
/// Bounds of `max_claim_header_bytes`.
pub(crate) const CLAIM_HEADER_BYTES: RangeInclusive<u32> = 256..=32_768;
/// Maximum number of `rules`.
pub(crate) const MAX_RULES: usize = 63;
/// Maximum of `leeway`, in seconds.
pub(crate) const MAX_LEEWAY: u32 = 3_600;
/// Maximum of `maximum_expiration`, in seconds: a year, as in Kong.
pub(crate) const MAX_EXPIRATION: u32 = 31_536_000;

/// The configuration of the jwt-auth filter.
#[derive(ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = each_required(&["credentials", "jwks"]))))]
pub struct Config {
    /// Keys that sign tokens. At least one entry here or in `jwks` is required. Default: none.
    pub credentials: Sensitive<Vec<CredentialConfig>>,
    /// Issuers whose keys the proxy fetches. Default: none.
    pub jwks: Vec<JwksConfig>,
    /// Maximum number of verified tokens that each worker remembers, 0 to 100000. Default: 1000.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_CACHE_TOKENS)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10000])))]
    pub cache_tokens: u32,
    /// Maximum size of a token in bytes, 1024 to 65536. Default: 16384.
    #[cfg_attr(feature = "schema", schemars(range(min = *TOKEN_BYTES.start(), max = *TOKEN_BYTES.end())))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [8192])))]
    pub max_token_bytes: u32,
    /// Maximum size of a claim as header or attribute value in bytes, 256 to 32768. A token with a
    /// larger value is rejected. Default: 4096.
    #[cfg_attr(feature = "schema", schemars(range(min = *CLAIM_HEADER_BYTES.start(), max = *CLAIM_HEADER_BYTES.end())))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [8192])))]
    pub max_claim_header_bytes: u32,
    /// Whether secrets are base64: standard or URL alphabet, padded or not. Default: false.
    pub secret_is_base64: bool,
    /// Whether to accept secrets shorter than the algorithm's hash (32, 48, 64 bytes), against RFC
    /// 7518 section 3.2. Default: false.
    pub allow_weak_secret: bool,
    /// The claim that names the credential, a string. The payload is searched first, then the JOSE
    /// header. Default: `iss`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["kid"])))]
    pub key_claim_name: String,
    /// Headers that carry a token as `Bearer <token>`. Those other than Authorization and
    /// Proxy-Authorization also accept it without a scheme. `{name, scheme}` sets another scheme.
    /// Default: `[authorization]`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["authorization", {"name": "x-api-token", "scheme": ""}]])))]
    pub header_names: Vec<TokenHeaderConfig>,
    /// Whether to accept tokens whose parts have base64 padding (`=`), which RFC 7515 section 2
    /// forbids. Default: false.
    pub accept_padding: bool,
    /// Query parameters that carry a token. Always removed before the upstream. Default: `[jwt]`.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["access_token"]])))]
    pub uri_param_names: Vec<String>,
    /// Cookies that carry a token. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["session"]])))]
    pub cookie_names: Vec<String>,
    /// Prefixes of WebSocket subprotocols that carry a token in base64url. Always removed before
    /// the upstream. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["bearer."]])))]
    pub websocket_protocols: Vec<String>,
    /// Whether the upstream gets the token's header and cookie. Default: true.
    pub forward_token: bool,
    /// Time claims that a token must have: `exp`, `nbf`, `iat`. An `exp` or `nbf` that is present
    /// is honoured even if it is not listed. Default: `[exp]`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["exp", "nbf"]])))]
    pub claims_to_verify: Vec<TimeClaim>,
    /// Tolerated clock difference in seconds, 0 to 3600. Default: 0.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_LEEWAY)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [30])))]
    pub leeway: u32,
    /// How far `exp` may be in the future, in seconds, 0 to 31536000, plus `leeway`. 0 sets no
    /// limit. Needs `exp` in `claims_to_verify`. Default: 0.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_EXPIRATION)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [3600])))]
    pub maximum_expiration: u32,
    /// Accepted `typ` headers, at least one. Case and a leading `application/` do not matter.
    /// Default: any or none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["at+jwt"]])))]
    pub typ: Option<Vec<String>>,
    /// Accepted `iss` values, at least one. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["https://id.example.com"]])))]
    pub issuers: Option<Vec<String>>,
    /// Accepted `aud` values, at least one. A token needs one of them. Default: any or none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["orders-api"]])))]
    pub audiences: Option<Vec<String>>,
    /// Accepted `sub` values, at least one. Default: any or none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["service-a"]])))]
    pub subjects: Option<Vec<String>>,
    /// Claims that a token must have, else the response is a 403. Default: none.
    pub required_claims: Vec<RequiredClaimConfig>,
    /// Scopes that a token must have, else the response is a 403. Default: none.
    pub scopes: Option<ScopesConfig>,
    /// Revoked tokens: rejected even if valid. Default: none.
    pub denied_tokens: DeniedTokensConfig,
    /// Whether a request without a token passes, without an identity. An invalid token is still
    /// rejected. Default: false.
    pub optional: bool,
    /// The consumer of requests without a valid token, which then pass. Default: they are rejected.
    pub anonymous: Option<ConsumerConfig>,
    /// Requests that need no token. Evaluated before all `rules`. Default: none.
    pub skip: Vec<SkipConfig>,
    /// Different checks for some requests, at most 63 entries. The first match applies. Default:
    /// none.
    pub rules: Vec<RuleConfig>,
    /// Whether the filter only counts rejections and lets the requests pass. Default: false.
    pub report_only: bool,
    /// Whether CORS preflights need a token. Default: true, because the cors filter responds to
    /// preflights before they reach this filter.
    pub run_on_preflight: bool,
    /// The protection space in `WWW-Authenticate` (RFC 9110 section 11.5). Default: none.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = QUOTABLE), length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["api"])))]
    pub realm: Option<String>,
    /// The format of a rejection's body: `kong`, `problem+json` or `template`. Default: `kong`.
    pub error_format: ErrorFormat,
    /// JSON text with the variables `$status` and `$message`. Needs `error_format: template`. On
    /// Traefik, the body may have at most 2,048 bytes with the longest message. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["{\"status\": $status, \"error\": \"$message\"}"])))]
    pub error_template: Option<String>,
    /// Whether a rejection gives its reason to the client. Default: false.
    pub verbose_errors: bool,
    /// Whether the upstream gets the name of the credential, the token's `key_claim_name`, as
    /// X-Credential-Identifier. For a token of `jwks`, its `iss`. Default: false, except in a
    /// gateway whose `rate_limit` reads the header.
    pub credential_header: bool,
    /// Claims that become request headers for the upstream. Default: none.
    pub claims_to_headers: Vec<ClaimToHeader>,
    /// Claims that later filters and the access log can read. Default: none.
    pub claims_to_attributes: Vec<ClaimToAttribute>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            credentials: Sensitive::default(),
            jwks: Vec::new(),
            cache_tokens: 1_000,
            max_token_bytes: 16_384,
            max_claim_header_bytes: 4_096,
            secret_is_base64: false,
            allow_weak_secret: false,
            key_claim_name: "iss".to_owned(),
            header_names: vec![TokenHeaderConfig {
                name: "authorization".to_owned(),
                scheme: None,
            }],
            accept_padding: false,
            uri_param_names: vec!["jwt".to_owned()],
            cookie_names: Vec::new(),
            websocket_protocols: Vec::new(),
            forward_token: true,
            claims_to_verify: vec![TimeClaim::Exp],
            leeway: 0,
            maximum_expiration: 0,
            typ: None,
            issuers: None,
            audiences: None,
            subjects: None,
            required_claims: Vec::new(),
            scopes: None,
            denied_tokens: DeniedTokensConfig::default(),
            optional: false,
            anonymous: None,
            skip: Vec::new(),
            rules: Vec::new(),
            report_only: false,
            run_on_preflight: true,
            realm: None,
            error_format: ErrorFormat::default(),
            error_template: None,
            verbose_errors: false,
            credential_header: false,
            claims_to_headers: Vec::new(),
            claims_to_attributes: Vec::new(),
        }
    }
}
