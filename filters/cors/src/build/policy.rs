//! Policies: inheritance and checks. `origins` has its own file.

use novasphere_core::{BuildContext, trace::Label};

use super::{
    names::{self, check_exposed_headers, check_headers, check_methods},
    origins,
};
use crate::{
    config::PolicyConfig,
    policy::{AllowHeaders, AllowMethods, NameList, Policy},
};

/// The longest time that any browser caches a preflight response, in seconds.
const LONGEST_MAX_AGE: u32 = 86_400;

/// Kong's default without TRACE and CONNECT, which browsers never send for a page.
const DEFAULT_METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"];

/// Checks the fields of `config`. Paths start with `prefix`.
#[cold]
pub(super) fn check(
    config: &PolicyConfig,
    prefix: &str,
    defaults: &PolicyConfig,
    cx: &mut BuildContext<'_>,
) {
    let credentials = config.credentials.or(defaults.credentials).unwrap_or(false);
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    if config.methods.as_ref().is_some_and(Vec::is_empty) {
        let fault = "must not be empty: list the methods, or omit the field for the default";
        cx.fault(format!("{prefix}methods"), fault);
    }
    check_methods(&format!("{prefix}methods"), &list(&config.methods), credentials, cx);
    check_headers(&format!("{prefix}headers"), &list(&config.headers), credentials, cx);
    let exposed = list(&config.exposed_headers);
    check_exposed_headers(&format!("{prefix}exposed_headers"), &exposed, credentials, cx);
    if config.credentials == Some(true) && defaults.credentials != Some(true) {
        check_inherited_wildcards(config, prefix, defaults, cx);
    }
    if let Some(seconds) = config.max_age.filter(|seconds| *seconds > LONGEST_MAX_AGE) {
        let message = format!(
            "no browser caches a preflight response for {seconds} seconds: \
             Firefox caps it at {LONGEST_MAX_AGE}, Chromium at 7200, Safari at 600"
        );
        cx.warn(&format!("{prefix}max_age"), &message);
    }
}

/// Rejects to inherit a wildcard that the credentials of `config` turn into a name.
#[cold]
fn check_inherited_wildcards(
    config: &PolicyConfig,
    prefix: &str,
    defaults: &PolicyConfig,
    cx: &mut BuildContext<'_>,
) {
    for (field, own, inherited) in [
        ("methods", &config.methods, &defaults.methods),
        ("headers", &config.headers, &defaults.headers),
        ("exposed_headers", &config.exposed_headers, &defaults.exposed_headers),
    ] {
        let is_wild = inherited.as_ref().is_some_and(|names| names.iter().any(|name| name == "*"));
        if own.is_none() && is_wild {
            cx.fault(format!("{prefix}{field}"), names::LITERAL_WILDCARD);
        }
    }
}

/// The fields of `config` that apply only to preflight responses made by the filter.
pub(super) fn preflight_fields(config: &PolicyConfig) -> impl Iterator<Item = &'static str> {
    [
        (config.methods.is_some(), "methods"),
        (config.headers.is_some(), "headers"),
        (config.max_age.is_some(), "max_age"),
    ]
    .into_iter()
    .filter_map(|(is_set, name)| is_set.then_some(name))
}

/// Fills the missing fields of `config`, except for `reflect_any_origin`.
pub(super) fn inherit(config: PolicyConfig, defaults: &PolicyConfig) -> PolicyConfig {
    PolicyConfig {
        methods: config.methods.or_else(|| defaults.methods.clone()),
        headers: config.headers.or_else(|| defaults.headers.clone()),
        exposed_headers: config.exposed_headers.or_else(|| defaults.exposed_headers.clone()),
        credentials: config.credentials.or(defaults.credentials),
        max_age: config.max_age.or(defaults.max_age),
        private_network: config.private_network.or(defaults.private_network),
        ..config
    }
}

/// Builds a policy that comes after the policies in `earlier`.
#[cold]
pub(super) fn build(
    config: PolicyConfig,
    prefix: &str,
    earlier: &[Policy],
    cx: &mut BuildContext<'_>,
) -> Policy {
    let allow_origin = origins::build(&config, prefix, earlier, cx);
    let credentials = config.credentials.unwrap_or(false);
    let origins = Label::new(|| config.origins.join(", "));
    let methods = config.methods.unwrap_or_else(|| DEFAULT_METHODS.map(str::to_owned).into());
    Policy {
        allow_origin,
        allow_credentials: credentials,
        expose_headers: config.exposed_headers.unwrap_or_default().join(", "),
        allow_methods: AllowMethods::new(NameList::new(methods, credentials)),
        allow_headers: match config.headers {
            Some(names) => AllowHeaders::listed(names, credentials),
            None => AllowHeaders::Requested,
        },
        max_age: config.max_age.map(|seconds| seconds.to_string()),
        allow_private_network: config.private_network.unwrap_or(false),
        place: Label::new(|| format!("{prefix}origins")),
        origins,
    }
}
