//! Names that other products give to a setting lead to the setting here.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use novasphere_core::{Filter, testing::TestHost};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_schema::{self as schema, FILTERS};
use serde_json::{Value, json};

/// Maximum size of a filter's names and remedies in its module, in bytes.
const MAX_BYTES: usize = 6_000;

/// The names of all fields of a filter.
fn fields(filter: &str) -> Result<BTreeSet<String>> {
    fn collect(schema: &Value, names: &mut BTreeSet<String>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        names.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
        match schema {
            Value::Object(members) => members.values().for_each(|inner| collect(inner, names)),
            Value::Array(items) => items.iter().for_each(|inner| collect(inner, names)),
            _ => {}
        }
    }
    let generate = FILTERS.iter().find(|(name, _)| *name == filter).context("filter")?.1;
    let mut names = BTreeSet::new();
    collect(schema::for_editors(filter, generate).as_value(), &mut names);
    Ok(names)
}

/// The fault about the field of this name.
fn fault<F: Filter>(config: &Value, path: &str) -> Result<String> {
    let host = TestHost::default();
    let errors = F::from_json(config.to_string().as_bytes(), &host).err().context("accepted")?;
    let found = errors.faults().iter().find(|fault| fault.path == path);
    Ok(found.with_context(|| format!("{path}: no fault in {errors}"))?.message.clone())
}

/// Each listed name gives its remedy, and the remedy names a field, another filter, or says to remove
/// the name.
fn check<F: Filter>(other_filter: &str) -> Result<usize> {
    let fields = fields(F::NAME)?;
    let (_, hints) = F::FIELD_HINTS.iter().find(|(part, _)| part.is_empty()).context("hints")?;
    let mut count = 0;
    let mut bytes = 0;
    for (names, remedy) in hints.foreign_names {
        bytes += names.len() + remedy.len();
        let words: BTreeSet<&str> =
            remedy.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').collect();
        // The remedy for a word is another word, which the field's own fault lists.
        let names_a_field = names.contains('=') || words.iter().any(|word| fields.contains(*word));
        let is_clear = names_a_field || remedy.starts_with("remove it: ");
        ensure!(is_clear || words.contains(other_filter), "{}: {remedy} names no field", F::NAME);
        for name in names.split(' ') {
            let got = match name.split_once('=') {
                // These fields accept a list.
                Some((field @ ("limit_by" | "claims_to_verify"), word)) => {
                    fault::<F>(&json!({field: [word]}), &format!("{field}[0]"))
                }
                Some((field, word)) => fault::<F>(&json!({field: word}), field),
                None => fault::<F>(&json!({name: 1}), name),
            };
            let got = got.with_context(|| format!("{}: {name}", F::NAME))?;
            let is_told = got == format!("unknown field; {remedy}")
                || name.contains('=') && got.ends_with(&format!("; {remedy}"));
            ensure!(is_told, "{}: {name}: {got}", F::NAME);
            count += 1;
        }
    }
    ensure!(bytes <= MAX_BYTES, "{}: {bytes} bytes of names and remedies", F::NAME);
    Ok(count)
}

#[test]
fn every_listed_name_leads_to_a_field() -> Result<()> {
    let count = check::<Cors>("header-transform")?
        + check::<JwtAuth>("-")?
        + check::<RateLimit>("-")?
        + check::<HeaderTransform>("cors")?
        + check::<Gateway>("-")?;
    ensure!(count >= 81, "{count} names");
    Ok(())
}

/// A name as a product writes it, and the field that its fault must name.
const CORS: &[(&str, &str)] = &[
    ("allow_origin", "origins"),
    ("allow_origins", "origins"),
    ("allowOrigins", "origins"),
    ("allowedOrigins", "origins"),
    ("accessControlAllowOriginList", "origins"),
    ("accessControlAllowOriginListRegex", "origins"),
    ("allow_origin_string_match", "origins"),
    ("allow_origins_by_regex", "origins"),
    ("allow_methods", "methods"),
    ("allowMethods", "methods"),
    ("allowedMethods", "methods"),
    ("accessControlAllowMethods", "methods"),
    ("allow_headers", "headers"),
    ("allowHeaders", "headers"),
    ("allowedHeaders", "headers"),
    ("accessControlAllowHeaders", "headers"),
    ("expose_headers", "exposed_headers"),
    ("exposeHeaders", "exposed_headers"),
    ("accessControlExposeHeaders", "exposed_headers"),
    ("maxAge", "max_age"),
    ("accessControlMaxAge", "max_age"),
    ("allow_credentials", "credentials"),
    ("allow_credential", "credentials"),
    ("allowCredentials", "credentials"),
    ("accessControlAllowCredentials", "credentials"),
    ("allow_private_network_access", "private_network"),
    ("forward_not_matching_preflights", "preflight_continue"),
    ("unmatchedPreflights", "preflight_continue"),
];

const JWT_AUTH: &[(&str, &str)] = &[
    ("jwksUri", "jwks"),
    ("jwks_uri", "jwks"),
    ("remote_jwks", "jwks"),
    ("remoteJWKS", "jwks"),
    ("local_jwks", "credentials"),
    ("fromHeaders", "header_names"),
    ("from_headers", "header_names"),
    ("fromParams", "uri_param_names"),
    ("from_params", "uri_param_names"),
    ("fromCookies", "cookie_names"),
    ("from_cookies", "cookie_names"),
    ("issuer", "issuers"),
    ("iss", "issuers"),
    ("aud", "audiences"),
    ("forward", "forward_token"),
    ("forwardOriginalToken", "forward_token"),
    ("outputPayloadToHeader", "claims_to_headers"),
    ("outputClaimToHeaders", "claims_to_headers"),
    ("claim_to_headers", "claims_to_headers"),
    ("claimToHeaders", "claims_to_headers"),
    ("payload_in_metadata", "claims_to_attributes"),
    ("clock_skew_seconds", "leeway"),
    ("require_expiration", "claims_to_verify"),
    ("max_lifetime", "maximum_expiration"),
    ("allow_missing", "optional"),
    ("allow_missing_or_failed", "anonymous"),
    ("bypass_cors_preflight", "run_on_preflight"),
    ("rsa_public_key", "credentials"),
    ("public_key", "credentials"),
    ("secret", "credentials"),
    ("algorithm", "credentials"),
    ("base64_secret", "secret_is_base64"),
    ("cache_duration", "refresh"),
    ("jwt_cache_config", "cache_tokens"),
    ("providers", "jwks"),
    ("auth_jwt_key_request", "jwks"),
    ("trigger_rules", "skip"),
    ("provider_name", "credentials"),
];

const RATE_LIMIT: &[(&str, &str)] = &[
    ("requests_per_unit", "minute"),
    ("requestsPerUnit", "minute"),
    ("unit", "minute"),
    ("average", "window"),
    ("burst", "second"),
    ("period", "window"),
    ("tokenBucket", "window"),
    ("token_bucket", "window"),
    ("fill_interval", "window"),
    ("max_tokens", "window"),
    ("count", "window"),
    ("time_window", "window"),
    ("window_size", "window"),
    ("key", "limit_by"),
    ("key_type", "limit_by"),
    ("descriptors", "limit_by"),
    ("sourceCriterion", "limit_by"),
    ("clientSelectors", "limit_by"),
    ("requestHeaderName", "header_name"),
    ("ipStrategy", "client_ip"),
    ("rejected_code", "error_code"),
    ("rejected_msg", "error_message"),
    ("show_limit_quota_header", "headers"),
    ("enable_x_ratelimit_headers", "headers"),
    ("allow_degradation", "fault_tolerant"),
    ("failure_mode_deny", "fault_tolerant"),
    ("sync_rate", "lease"),
    ("redis_host", "redis"),
    ("redis_port", "redis"),
    ("redis_password", "redis"),
    ("redis_timeout", "redis"),
    ("namespace", "name"),
    ("domain", "name"),
    ("filter_enforced", "report_only"),
    ("trusted_hops", "client_ip"),
    ("cidrs", "allow"),
];

const HEADER_TRANSFORM: &[(&str, &str)] = &[
    ("customRequestHeaders", "request"),
    ("customResponseHeaders", "response"),
    ("request_headers_to_add", "request"),
    ("response_headers_to_add", "response"),
    ("request_headers_to_remove", "request"),
    ("response_headers_to_remove", "response"),
    ("requestHeaderModifier", "request"),
    ("proxy_set_header", "request"),
    ("add_header", "response"),
    ("set", "remove"),
    ("remove", "request"),
    ("add", "response"),
    ("headers", "request"),
    ("http_method", "if_method"),
    ("stsSeconds", "security_headers"),
    ("frameDeny", "security_headers"),
    ("contentTypeNosniff", "security_headers"),
    ("referrerPolicy", "security_headers"),
    ("body", "bodies"),
];

const GATEWAY: &[(&str, &str)] = &[
    ("minute", "rate_limit"),
    ("origins", "cors"),
    ("jwksUri", "jwt_auth"),
    ("allowOrigins", "cors"),
    ("jwt", "jwt_auth"),
    ("rateLimit", "rate_limit"),
    ("request_transformer", "header_transform"),
    ("plugins", "order"),
];

fn names_the_field<F: Filter>(names: &[(&str, &str)]) -> Result<()> {
    for (name, field) in names {
        let got = fault::<F>(&json!({*name: 1}), name)?;
        ensure!(got.contains(field), "{}: {name}: {got}", F::NAME);
        ensure!(!got.contains("known fields"), "{}: {name}: {got}", F::NAME);
        ensure!(got.len() <= 160, "{}: {name}: {} bytes: {got}", F::NAME, got.len());
    }
    Ok(())
}

#[test]
fn names_of_other_products_lead_to_the_field() -> Result<()> {
    names_the_field::<Cors>(CORS)?;
    names_the_field::<JwtAuth>(JWT_AUTH)?;
    names_the_field::<RateLimit>(RATE_LIMIT)?;
    names_the_field::<HeaderTransform>(HEADER_TRANSFORM)?;
    names_the_field::<Gateway>(GATEWAY)
}
