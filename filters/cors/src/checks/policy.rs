//! Checks of the fields that policies share, except for `origins`.

use novasphere_core::BuildContext;

use super::names::{self, check_exposed_headers, check_headers, check_methods};
use crate::config::PolicyConfig;

/// The longest time that any browser caches a preflight response, in seconds.
const LONGEST_MAX_AGE: u32 = 86_400;

/// Checks the fields of `config`. Paths start with `prefix`.
pub(crate) fn check(
    config: &PolicyConfig,
    prefix: &str,
    defaults: &PolicyConfig,
    cx: &mut BuildContext<'_>,
) {
    let credentials = config.credentials.or(defaults.credentials).unwrap_or(false);
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    if config.methods.as_ref().is_some_and(Vec::is_empty) {
        let fault = "must not be empty: list the methods, or leave the field out for the default";
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
        cx.warn(&format!(
            "{prefix}max_age: no browser caches a preflight response for {seconds} seconds: \
             Firefox caps it at {LONGEST_MAX_AGE}, Chromium at 7200, Safari at 600"
        ));
    }
}

/// Refuses to inherit a wildcard that the credentials of `config` turn into a name.
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
pub(crate) fn preflight_fields(config: &PolicyConfig) -> impl Iterator<Item = &'static str> {
    [
        (config.methods.is_some(), "methods"),
        (config.headers.is_some(), "headers"),
        (config.max_age.is_some(), "max_age"),
    ]
    .into_iter()
    .filter_map(|(is_set, name)| is_set.then_some(name))
}
