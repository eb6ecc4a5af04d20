//! The configuration as users write it, and how it becomes a policy. Names and defaults are those
//! of Kong's jwt plugin where that has the thing.

pub(crate) mod algorithm;
mod jwks;
mod rules;
#[cfg(feature = "schema")]
pub(crate) mod schema;

#[cfg(feature = "schema")]
use novasphere_core::schema::{QUOTABLE, TOKEN, each_required};
use novasphere_core::{BuildContext, Capability, ErrorFormat, Json, KeySource, Sensitive};
use serde::Deserialize;

pub(crate) use self::jwks::JwksConfig;
pub(crate) use self::rules::{
    ClaimToAttribute, DeniedTokensConfig, RequiredClaimConfig, ScopesConfig, SkipConfig,
};
use crate::{
    JwtAuth, config::algorithm::Algorithm, identity::attributes::ClaimAttributes,
    identity::headers::IdentityHeaders, keys::credential::Credentials,
    keys::remote::issuers::Issuers, local_response::Answers, rules::claims::ClaimRules,
    rules::skip::SkipRules, sources::TokenSources,
};

/// The configuration of the jwt-auth filter.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = each_required(&["credentials", "jwks"]))))]
pub struct Config {
    /// Who may sign tokens. At least one here or in `jwks`.
    pub credentials: Sensitive<Vec<CredentialConfig>>,
    /// Issuers whose keys are fetched. Default none.
    pub jwks: Vec<JwksConfig>,
    /// How many verified tokens a worker remembers, 0 to 100000. Default 1000.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_CACHE_TOKENS)))]
    pub cache_tokens: u32,
    /// Whether secrets are written in base64: standard or URL alphabet, padded or not. Default
    /// false.
    pub secret_is_base64: bool,
    /// Whether secrets shorter than the algorithm's hash (32, 48, 64 bytes) are taken, against RFC
    /// 7518 section 3.2. Default false.
    pub allow_weak_secret: bool,
    /// The claim that names the credential, a string; looked for in the payload, then in the JOSE
    /// header. Default `iss`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub key_claim_name: String,
    /// Headers that carry a token as `Bearer <token>`. Default `[authorization]`.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    pub header_names: Vec<String>,
    /// Query parameters that carry a token; always removed before the upstream. Default `[jwt]`.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub uri_param_names: Vec<String>,
    /// Cookies that carry a token. Default none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    pub cookie_names: Vec<String>,
    /// What WebSocket subprotocols start with that carry a token, in base64url; always removed
    /// before the upstream. Default none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    pub websocket_protocols: Vec<String>,
    /// Whether the upstream gets the token's header and cookie too. Default true.
    pub forward_token: bool,
    /// Time claims a token must have: `exp`, `nbf`, `iat`. An `exp` or `nbf` that it has is honoured
    /// even when not listed. Default `[exp]`.
    pub claims_to_verify: Vec<TimeClaim>,
    /// How far clocks may differ, in seconds, 0 to 3600. Default 0.
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub leeway: u32,
    /// How far ahead `exp` may be, in seconds, 0 to 31536000; 0 is no bound. Needs `exp` in
    /// `claims_to_verify`. Default 0.
    #[cfg_attr(feature = "schema", schemars(range(max = 31_536_000)))]
    pub maximum_expiration: u32,
    /// The `typ` values accepted, at least one; case and `application/` do not matter. Default: any
    /// or none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub typ: Option<Vec<String>>,
    /// The `iss` values accepted, at least one. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub issuers: Option<Vec<String>>,
    /// The `aud` values accepted, at least one; a token needs one of them. Default: any or none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub audiences: Option<Vec<String>>,
    /// The `sub` values accepted, at least one. Default: any or none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub subjects: Option<Vec<String>>,
    /// Claims a token must have; without one it is a 403. Default none.
    pub required_claims: Vec<RequiredClaimConfig>,
    /// Scopes a token must have; without them it is a 403. Default none.
    pub scopes: Option<ScopesConfig>,
    /// Tokens that are refused although they are good. Default none.
    pub denied_tokens: DeniedTokensConfig,
    /// Whether a request without a token passes, with no identity; one with a bad token does not.
    /// Default false.
    pub optional: bool,
    /// The consumer of every request without a good token, which passes then. Default: it is
    /// refused.
    pub anonymous: Option<ConsumerConfig>,
    /// Requests that need no token. Default none.
    pub skip: Vec<SkipConfig>,
    /// Whether nothing is refused, only counted. Default false.
    pub report_only: bool,
    /// Whether a CORS preflight needs a token too. Default true: the cors filter answers preflights
    /// before they come here.
    pub run_on_preflight: bool,
    /// The protection space named in `WWW-Authenticate` (RFC 9110 section 11.5). Default none.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = QUOTABLE), length(min = 1)))]
    pub realm: Option<String>,
    /// The form of a refusal's body: `kong`, `problem+json` or `template`. Default `kong`.
    pub error_format: ErrorFormat,
    /// JSON text with `$status` and `$message` in it. Needs `error_format: template`.
    pub error_template: Option<String>,
    /// Whether a refusal tells its reason. Default false.
    pub verbose_errors: bool,
    /// Claims that become headers for the upstream. Default none.
    pub claims_to_headers: Vec<ClaimToHeader>,
    /// Claims that later filters and the access log can read. Default none.
    pub claims_to_attributes: Vec<ClaimToAttribute>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            credentials: Sensitive::default(),
            jwks: Vec::new(),
            cache_tokens: 1_000,
            secret_is_base64: false,
            allow_weak_secret: false,
            key_claim_name: "iss".to_owned(),
            header_names: vec!["authorization".to_owned()],
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
            report_only: false,
            run_on_preflight: true,
            realm: None,
            error_format: ErrorFormat::default(),
            error_template: None,
            verbose_errors: false,
            claims_to_headers: Vec::new(),
            claims_to_attributes: Vec::new(),
        }
    }
}

/// One key somebody signs tokens with. Several may have the same `key`: an old and a new secret.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = each_required(&["secret", "public_key", "jwk"]))))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["key"])))]
pub struct CredentialConfig {
    /// The value of the claim `key_claim_name`. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub key: Option<String>,
    /// Tokens whose `kid` is another one are not tried with this credential. Default: the JWK's, or
    /// else any.
    pub kid: Option<String>,
    /// The one algorithm this key is for. Default: the JWK's `alg`, or else the one of its type:
    /// `HS256` for secrets, `RS256` for RSA keys, the curve's for the others.
    pub algorithm: Option<Algorithm>,
    /// An HMAC secret. A credential has either this or a public key or a JWK.
    pub secret: Option<KeySource>,
    /// A public key as PEM text: SubjectPublicKeyInfo, PKCS#1 or an X.509 certificate.
    pub public_key: Option<KeySource>,
    /// A key as JSON Web Key (RFC 7517): a public one, or `oct`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::jwk"))]
    pub jwk: Option<Json>,
    /// Whom the upstream is told the token is from. Default nobody.
    pub consumer: ConsumerConfig,
}

/// Kong's consumer, as the upstream sees it.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConsumerConfig {
    /// Sent as `X-Consumer-ID`.
    pub id: Option<String>,
    /// Sent as `X-Consumer-Username`.
    pub username: Option<String>,
    /// Sent as `X-Consumer-Custom-ID`.
    pub custom_id: Option<String>,
}

/// A claim about time.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum TimeClaim {
    /// Expiration (RFC 7519 section 4.1.4).
    Exp,
    /// Not before (RFC 7519 section 4.1.5).
    Nbf,
    /// Issued at (RFC 7519 section 4.1.6).
    Iat,
}

/// A claim that becomes a header.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["claim", "header"])))]
pub struct ClaimToHeader {
    /// The claim's name, or a path with dots into objects: `realm_access.roles`. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub claim: Option<String>,
    /// The header for the upstream. Required.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    pub header: Option<String>,
    /// Whether the client's own header stays when the token lacks the claim. For headers that
    /// clients send too; nothing that grants something. Default false.
    pub keep_inbound: bool,
}

pub(crate) fn into_filter(config: Config, cx: &mut BuildContext<'_>) -> JwtAuth {
    if config.optional && config.anonymous.is_some() {
        let message = "excludes anonymous: there, requests without a token pass as that consumer";
        cx.fault("optional", message);
    }
    if config.cache_tokens > MAX_CACHE_TOKENS {
        let message = format!("must be 0 to {MAX_CACHE_TOKENS}, not {}", config.cache_tokens);
        cx.fault("cache_tokens", message);
    }
    if !config.jwks.is_empty() && config.key_claim_name != "iss" {
        // Its tokens could say they are from an issuer in jwks.
        let message = "must be iss beside jwks: a credential found by another claim could speak for \
                       an issuer there";
        cx.fault("key_claim_name", message);
    }
    refuse_what_is_lacking(&config, cx);
    let credentials = Credentials::new(&config, cx);
    let sources = TokenSources::new(&config, cx);
    let claims = ClaimRules::new(&config, cx);
    let answers = Answers::new(&config, claims.scope_attribute(), cx);
    JwtAuth {
        credentials,
        issuers: Issuers::new(&config, cx),
        cache_tokens: usize::try_from(config.cache_tokens).unwrap_or(usize::MAX),
        cache_bytes: cx.cache_bytes(),
        sources,
        claims,
        answers,
        identity: IdentityHeaders::new(&config, cx),
        attributes: ClaimAttributes::new(&config, cx),
        skip: SkipRules::new(&config, cx),
        run_on_preflight: config.run_on_preflight,
        optional: config.optional,
        report_only: config.report_only,
    }
}

const MAX_CACHE_TOKENS: u32 = 100_000;

fn refuse_what_is_lacking(config: &Config, cx: &mut BuildContext<'_>) {
    for (is_used, field, capability) in [
        (!config.jwks.is_empty(), "jwks", Capability::Fetch),
        (!config.claims_to_attributes.is_empty(), "claims_to_attributes", Capability::Attribute),
    ] {
        if let (true, Some(remedy)) = (is_used, cx.unsupported(capability)) {
            cx.fault(field, format!("cannot be used here: {remedy}"));
        }
    }
}

/// The text of a required field; none and a fault when it is missing or empty.
pub(crate) fn required<'c>(
    field: Option<&'c str>,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<&'c str> {
    match field {
        None => cx.fault(path, "is required"),
        Some("") => cx.fault(path, "is empty"),
        Some(_) => return field,
    }
    None
}
