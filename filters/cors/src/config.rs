//! What a user writes, and how it becomes the policy. Names and defaults are those of Kong's cors
//! plugin where it has the field.

mod group;
mod names;
mod origins;
mod patterns;
#[cfg(feature = "schema")]
pub(crate) mod schema;

use novasphere_core::BuildContext;
#[cfg(feature = "schema")]
use novasphere_core::schema::TOKEN;
use serde::Deserialize;

use crate::{filter::Cors, group::Group, preflight::Preflights};

/// Configuration of the cors filter.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who may read responses: origins (`https://app.novasphere.io`, `http://localhost:3000`), those
    /// of a domain's subdomains (`https://*.novasphere.io` for one label, `https://**.novasphere.io`
    /// for one or more, neither for the domain itself), any port (`http://localhost:*`), regular
    /// expressions for a whole origin (`~https://pr-[0-9]+\.novasphere\.io`), `null`, or `*` for
    /// everyone. Without a port, the scheme's default port is meant. Default: `["*"]`, or nobody
    /// besides those of `policies`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(length(min = 1))))]
    origins: Option<Vec<String>>,

    /// Methods a page may use (`Access-Control-Allow-Methods`), case-sensitive; GET, HEAD and POST
    /// are always allowed by browsers. Default: GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = TOKEN))))]
    methods: Option<Vec<String>>,

    /// Request headers a page may send (`Access-Control-Allow-Headers`); an empty list allows the
    /// safelisted ones only. Default: whatever the preflight asks for.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    headers: Option<Vec<String>>,

    /// Response headers a page may read (`Access-Control-Expose-Headers`) besides the safelisted
    /// ones. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    exposed_headers: Option<Vec<String>>,

    /// Whether pages may send cookies and HTTP authentication and read the answers
    /// (`Access-Control-Allow-Credentials`). Default: false.
    credentials: Option<bool>,

    /// Seconds a browser may keep the answer to a preflight (`Access-Control-Max-Age`), from 0;
    /// browsers cap it, at 600, 7200 or 86400. Default: not sent, which browsers take for 5.
    max_age: Option<u32>,

    /// Whether pages of public sites may reach into a private network
    /// (`Access-Control-Allow-Private-Network`, where the preflight asks for it, or with
    /// `preflight_continue` where the upstream says so). Default: false.
    private_network: Option<bool>,

    /// With `*` in `origins`: echo the request's origin instead of sending `*`. Together with
    /// `credentials` this lets every site act as the user. Default: false.
    reflect_any_origin: bool,

    /// Other rules for some origins, before those above; the first entry that names an origin
    /// decides. Default: none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    policies: Option<Vec<PolicyConfig>>,

    /// Whether preflights go to the upstream, whose answer names methods, headers and lifetime.
    /// Default: false.
    preflight_continue: bool,

    /// Status of the answer to a preflight: 200 or 204. Default: 204.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [200, 204])))]
    preflight_status: Option<u16>,

    /// Whether requests of other origins are refused with 403 when they could change something:
    /// unsafe methods (RFC 9110 section 9.2.1) and WebSockets. Default: false.
    block_disallowed: bool,

    /// With `origins` `["*"]`: whether responses to requests without `Origin` say so too. Default:
    /// true.
    allow_origin_absent: Option<bool>,
}

/// An entry of `policies`. What it leaves out is as above it, `reflect_any_origin` apart.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// Whom it is for, as `origins` above. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(length(min = 1))))]
    origins: Vec<String>,
    /// As `methods` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = TOKEN))))]
    methods: Option<Vec<String>>,
    /// As `headers` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    headers: Option<Vec<String>>,
    /// As `exposed_headers` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    exposed_headers: Option<Vec<String>>,
    /// As `credentials` above.
    #[serde(default)]
    credentials: Option<bool>,
    /// As `max_age` above.
    #[serde(default)]
    max_age: Option<u32>,
    /// As `private_network` above.
    #[serde(default)]
    private_network: Option<bool>,
    /// As `reflect_any_origin` above. Default: false.
    #[serde(default)]
    reflect_any_origin: bool,
}

impl Config {
    /// The policy, which is to be used only if no fault was added.
    pub(crate) fn into_filter(mut self, cx: &mut BuildContext<'_>) -> Cors {
        let policies = self.policies.take();
        if policies.as_ref().is_some_and(Vec::is_empty) {
            cx.fault("policies", "must not be empty: leave it out if there are none");
        }
        let common = self.common(policies.is_some(), cx);
        common.check("", &common, cx);
        if self.preflight_continue {
            self.check_forwarding(&common, policies.as_deref().unwrap_or_default(), cx);
        }
        let mut groups: Vec<Group> = Vec::new();
        for (i, policy) in policies.unwrap_or_default().into_iter().enumerate() {
            let at = format!("policies[{i}].");
            policy.check(&at, &common, cx);
            let group = policy.or(&common).into_group(&at, &groups, cx);
            groups.push(group);
        }
        if !common.origins.is_empty() {
            groups.push(common.into_group("", &groups, cx));
        }
        let absent = self.allow_origin_absent.unwrap_or(true);
        if self.block_disallowed && groups.iter().any(|group| group.origins.is_any()) {
            let fault =
                "has no effect with \"*\" in origins, which allows everyone: name the origins";
            cx.fault("block_disallowed", fault);
        }
        if !absent && !matches!(groups.as_slice(), [only] if only.origins.is_any()) {
            let fault = "has no effect unless origins is [\"*\"] and nothing else: origins are \
                         told to those that have one";
            cx.fault("allow_origin_absent", fault);
        }
        Cors::new(groups, self.preflights(cx), self.block_disallowed, absent)
    }

    /// The fields that entries of `policies` have too; without origins where only those have them.
    fn common(&mut self, has_policies: bool, cx: &mut BuildContext<'_>) -> PolicyConfig {
        let origins = self.origins.take();
        if origins.is_none() && has_policies && self.reflect_any_origin {
            cx.fault("reflect_any_origin", "has no effect unless origins is [\"*\"]");
        }
        if origins.as_ref().is_some_and(Vec::is_empty) {
            cx.fault("origins", "must not be empty: name the origins, or leave it out for all");
        }
        let everyone = if has_policies { Vec::new() } else { vec!["*".to_owned()] };
        PolicyConfig {
            origins: origins.unwrap_or(everyone),
            methods: self.methods.take(),
            headers: self.headers.take(),
            exposed_headers: self.exposed_headers.take(),
            credentials: self.credentials,
            max_age: self.max_age,
            private_network: self.private_network,
            reflect_any_origin: self.reflect_any_origin,
        }
    }

    /// What has no effect since the upstream answers preflights.
    fn check_forwarding(
        &self,
        common: &PolicyConfig,
        policies: &[PolicyConfig],
        cx: &mut BuildContext<'_>,
    ) {
        let mut fault = |path: String| {
            cx.fault(path, "has no effect with preflight_continue: the upstream's answer says it");
        };
        if self.preflight_status.is_some() {
            fault("preflight_status".to_owned());
        }
        for field in common.preflight_fields() {
            fault(field.to_owned());
        }
        for (i, policy) in policies.iter().enumerate() {
            for field in policy.preflight_fields() {
                fault(format!("policies[{i}].{field}"));
            }
        }
    }

    fn preflights(&self, cx: &mut BuildContext<'_>) -> Preflights {
        let status = self.preflight_status.unwrap_or(204);
        if !matches!(status, 200 | 204) {
            let fault = format!(
                "must be 200 or 204, not {status}: browsers take 200 to 299, and proxies no other \
                 for an answer without a body"
            );
            cx.fault("preflight_status", fault);
        }
        if self.preflight_continue {
            Preflights::Forward
        } else {
            Preflights::CalloutResult(status)
        }
    }
}
