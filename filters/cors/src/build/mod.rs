//! From a configuration to the settings of the filter.

mod names;
mod origins;
mod patterns;
mod policy;

use novasphere_core::BuildContext;

use crate::{
    config::{Config, PolicyConfig},
    policy::Policy,
    preflight::PreflightMode,
};

/// A checked configuration.
pub(crate) struct Settings {
    /// In order of precedence.
    pub(crate) policies: Vec<Policy>,
    pub(crate) preflight_mode: PreflightMode,
    pub(crate) block_disallowed: bool,
    /// Whether responses to requests without `Origin` say `*` too.
    pub(crate) allow_origin_absent: bool,
}

/// Checks `config`. The result is usable only if `cx` has no faults.
#[cold]
pub(crate) fn build(mut config: Config, cx: &mut BuildContext<'_>) -> Settings {
    let entries = config.policies.take();
    if entries.as_ref().is_some_and(Vec::is_empty) {
        cx.fault("policies", "must not be empty: list a policy, or omit the field");
    }
    let defaults = defaults(&mut config, entries.is_some(), cx);
    let entries = entries.unwrap_or_default();
    policy::check(&defaults, "", &defaults, cx);
    if config.preflight_continue {
        check_forwarding(&config, &defaults, &entries, cx);
    }
    let mut policies: Vec<Policy> = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        let prefix = format!("policies[{i}].");
        policy::check(&entry, &prefix, &defaults, cx);
        let policy = policy::build(policy::inherit(entry, &defaults), &prefix, &policies, cx);
        policies.push(policy);
    }
    if !defaults.origins.is_empty() {
        let last = policy::build(defaults, "", &policies, cx);
        policies.push(last);
    }
    check_any_origin(&config, &policies, cx);
    Settings {
        policies,
        preflight_mode: preflight_mode(&config, cx),
        block_disallowed: config.block_disallowed,
        allow_origin_absent: config.allow_origin_absent.unwrap_or(true),
    }
}

/// The fields beside `policies`, as a policy. It has no origins if only `policies` has some.
#[cold]
fn defaults(config: &mut Config, has_policies: bool, cx: &mut BuildContext<'_>) -> PolicyConfig {
    let origins = config.origins.take();
    if origins.is_none() && has_policies && config.reflect_any_origin {
        cx.fault("reflect_any_origin", "has no effect unless origins is [\"*\"]");
    }
    if origins.as_ref().is_some_and(Vec::is_empty) {
        cx.fault(
            "origins",
            "must not be empty: list the origins, or omit the field for the default",
        );
    }
    let default = if has_policies { Vec::new() } else { vec!["*".to_owned()] };
    PolicyConfig {
        origins: origins.unwrap_or(default),
        methods: config.methods.take(),
        headers: config.headers.take(),
        exposed_headers: config.exposed_headers.take(),
        credentials: config.credentials,
        max_age: config.max_age,
        private_network: config.private_network,
        reflect_any_origin: config.reflect_any_origin,
    }
}

/// Rejects fields that have no effect with `preflight_continue`.
#[cold]
fn check_forwarding(
    config: &Config,
    defaults: &PolicyConfig,
    entries: &[PolicyConfig],
    cx: &mut BuildContext<'_>,
) {
    let mut fault = |path: String| {
        cx.fault(path, "has no effect with preflight_continue: the upstream decides it");
    };
    if config.preflight_status.is_some() {
        fault("preflight_status".to_owned());
    }
    for field in policy::preflight_fields(defaults) {
        fault(field.to_owned());
    }
    for (i, entry) in entries.iter().enumerate() {
        for field in policy::preflight_fields(entry) {
            fault(format!("policies[{i}].{field}"));
        }
    }
}

/// Rejects fields whose effect depends on a constant `*`.
#[cold]
fn check_any_origin(config: &Config, policies: &[Policy], cx: &mut BuildContext<'_>) {
    if config.block_disallowed && policies.iter().any(|policy| policy.allow_origin.is_any()) {
        cx.fault(
            "block_disallowed",
            "has no effect with \"*\" in origins, which allows every origin: list the origins",
        );
    }
    let is_constant = matches!(policies, [only] if only.allow_origin.is_any());
    if config.allow_origin_absent == Some(false) && !is_constant {
        cx.fault(
            "allow_origin_absent",
            "false has no effect unless origins is [\"*\"], without policies and \
             reflect_any_origin",
        );
    }
}

/// Browsers accept any status from 200 to 299. Of these, proxies accept only 200 and 204 for a response
/// without a body.
#[cold]
fn preflight_mode(config: &Config, cx: &mut BuildContext<'_>) -> PreflightMode {
    let status = config.preflight_status.unwrap_or(204);
    if !matches!(status, 200 | 204) {
        cx.fault("preflight_status", format!("must be 200 or 204, got {status}"));
    }
    match config.preflight_continue {
        true => PreflightMode::Forward,
        false => PreflightMode::Respond { status },
    }
}
