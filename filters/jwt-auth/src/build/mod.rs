//! From a configuration to the settings of the filter.

mod claim_values;
mod claims;
mod credentials;
mod field;
mod identity;
mod issuers;
mod rules;
mod sources;

use novasphere_core::{BuildContext, Capability, ErrorBody, UsedClaim, with_separators};

use crate::{
    config::{CLAIM_HEADER_BYTES, Config, MAX_CACHE_TOKENS, TOKEN_BYTES},
    identity::{attributes::ClaimAttributes, headers::IdentityHeaders},
    keys::{credential::Credentials, remote::issuers::Issuers},
    local_response::{MAX_REASON_BYTES, MAX_TITLE_BYTES, RefusalResponses, check_realm},
    rules::{claims::ClaimRules, requests::RequestRules},
    sources::TokenSources,
};

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) credentials: Credentials,
    pub(crate) issuers: Issuers,
    /// Maximum number of verified tokens that a worker remembers.
    pub(crate) cache_tokens: usize,
    /// Maximum size of the cache in bytes.
    pub(crate) cache_bytes: usize,
    /// Maximum size of a token in bytes.
    pub(crate) max_token_bytes: usize,
    /// Whether the parts of a token may have base64 padding.
    pub(crate) accept_padding: bool,
    pub(crate) sources: TokenSources,
    pub(crate) claims: ClaimRules,
    pub(crate) responses: RefusalResponses,
    pub(crate) identity: IdentityHeaders,
    pub(crate) attributes: ClaimAttributes,
    pub(crate) rules: RequestRules,
    pub(crate) run_on_preflight: bool,
}

/// Checks `config`. The result is usable only if `cx` has no faults.
#[cold]
pub(crate) fn build(config: Config, cx: &mut BuildContext<'_>) -> Settings {
    check_combinations(&config, cx);
    check_capabilities(&config, cx);
    warn_about_openness(&config, cx);
    let credentials = credentials::build(&config, cx);
    let sources = sources::build(&config, cx);
    let claims = claims::build(&config, cx);
    let responses = responses(&config, cx);
    Settings {
        credentials,
        issuers: issuers::build(&config, cx),
        cache_tokens: size(config.cache_tokens),
        cache_bytes: cx.cache_bytes(),
        max_token_bytes: size(config.max_token_bytes),
        accept_padding: config.accept_padding,
        sources,
        claims,
        responses,
        identity: identity::headers(&config, cx),
        attributes: identity::attributes(&config, cx),
        rules: rules::build(&config, cx),
        run_on_preflight: config.run_on_preflight,
    }
}

/// Lets the filter pass on the claims that the later filters of its chain use.
pub(crate) fn pass_on(settings: &mut Settings, claims: &[UsedClaim], cx: &mut BuildContext<'_>) {
    identity::pass_on(claims, &mut settings.attributes, cx);
}

/// A number of the configuration as a size.
fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cold]
fn check_combinations(config: &Config, cx: &mut BuildContext<'_>) {
    if config.optional && config.anonymous.is_some() {
        let message = "has no effect with anonymous, which also covers requests without a token: \
                       remove one of the two";
        cx.fault("optional", message);
    }
    for (field, value, bounds, unit) in [
        ("cache_tokens", config.cache_tokens, 0..=MAX_CACHE_TOKENS, ""),
        ("max_token_bytes", config.max_token_bytes, TOKEN_BYTES, " bytes"),
        ("max_claim_header_bytes", config.max_claim_header_bytes, CLAIM_HEADER_BYTES, " bytes"),
    ] {
        if !bounds.contains(&value) {
            let (min, max) = bounds.into_inner();
            let (min, max) = (with_separators(min), with_separators(max));
            cx.fault(field, format!("must be {min} to {max}{unit}, got {value}"));
        }
    }
    if !config.jwks.is_empty() && config.key_claim_name != "iss" {
        let message = "must be iss when jwks is set: a credential found by another claim could \
                       impersonate an issuer in jwks";
        cx.fault("key_claim_name", message);
    }
}

/// Warns about settings that let requests pass, or are for development.
#[cold]
fn warn_about_openness(config: &Config, cx: &mut BuildContext<'_>) {
    if config.report_only {
        let message =
            "rejects nothing: a request without a valid token passes, without an identity";
        cx.warn("report_only", message);
    }
    if config.verbose_errors {
        let message = "tells clients why a token is rejected, which helps attackers too";
        cx.warn("verbose_errors", message);
    }
    for (i, skip) in config.skip.iter().enumerate() {
        if skip.path_prefix.as_deref() == Some("/") {
            let message = "\"/\" exempts every path; name the paths that need no token";
            cx.warn(&format!("skip[{i}].path_prefix"), message);
        }
    }
    for (i, rule) in config.rules.iter().enumerate() {
        let path = format!("rules[{i}]");
        if rule.report_only {
            let message = "rejects nothing: a request of this rule without a valid token passes, \
                           without an identity";
            cx.warn(&format!("{path}.report_only"), message);
        }
        if (rule.skip || rule.optional) && rule.path_prefix.as_deref() == Some("/") {
            let message = "\"/\" covers every path; name the paths that need no token";
            cx.warn(&format!("{path}.path_prefix"), message);
        }
    }
}

#[cold]
fn check_capabilities(config: &Config, cx: &mut BuildContext<'_>) {
    for (is_used, field, capability) in [
        (!config.jwks.is_empty(), "jwks", Capability::Fetch),
        (!config.claims_to_attributes.is_empty(), "claims_to_attributes", Capability::Attribute),
    ] {
        if let (true, Some(remedy)) = (is_used, cx.unsupported(capability)) {
            cx.fault(field, format!("cannot be used here: {remedy}"));
        }
    }
}

#[cold]
fn responses(config: &Config, cx: &mut BuildContext<'_>) -> RefusalResponses {
    if let Some(realm) = &config.realm
        && let Err(invalid) = check_realm(realm)
    {
        cx.fault("realm", field::invalid_text(&invalid, realm));
    }
    let max_message = if config.verbose_errors { MAX_REASON_BYTES } else { MAX_TITLE_BYTES };
    let template = config.error_template.as_deref();
    RefusalResponses {
        realm: config.realm.clone(),
        body: ErrorBody::new(config.error_format, template, max_message, cx),
        verbose: config.verbose_errors,
        key_claim_name: config.key_claim_name.clone(),
    }
}
