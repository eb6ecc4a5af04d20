//! `security_headers`.

use novasphere_core::{BuildContext, HeaderName};

use super::parsed_rules::ParsedRules;
use crate::{
    config::{SecurityHeaders, SecurityValue, SecurityValues},
    entry::parse_value,
    rules::{HeaderRules, Scope},
    template::{Destination, ValueText, compile},
};

/// The headers and their default values.
const HEADERS: [(HeaderName, &str); 4] = [
    // One year, as the preload lists of browsers require. Without `includeSubDomains`, which affects
    // every host below this one.
    (HeaderName::from_static("strict-transport-security"), "max-age=31536000"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
    (HeaderName::from_static("referrer-policy"), "strict-origin-when-cross-origin"),
];

/// The security headers to add.
#[derive(Default)]
pub(super) struct SecurityRules {
    headers: Vec<(HeaderName, ValueText)>,
    overrides: bool,
}

/// Checks `security_headers` against the other rules for responses.
#[cold]
pub(super) fn security_headers(
    config: SecurityHeaders,
    rules: &ParsedRules,
    cx: &mut BuildContext<'_>,
) -> SecurityRules {
    let SecurityHeaders::On(values) = config else { return SecurityRules::default() };
    let SecurityValues {
        strict_transport_security,
        x_content_type_options,
        x_frame_options,
        referrer_policy,
        overrides,
    } = values;
    let values =
        [strict_transport_security, x_content_type_options, x_frame_options, referrer_policy];
    let mut security = SecurityRules { headers: Vec::new(), overrides };
    for ((name, default), value) in HEADERS.into_iter().zip(values) {
        let value = match value {
            SecurityValue::Off => continue,
            SecurityValue::Default => default.to_owned(),
            SecurityValue::Text(value) => value,
        };
        let path = format!("response.security_headers.{}", name.as_str().replace('-', "_"));
        match parse_value(name.as_str(), &value, cx.has_claims_source()) {
            Ok(ValueText::Fixed(value)) if value.is_empty() => {
                cx.fault(&path, "is empty: give a value, or false for none");
            }
            Ok(value) => {
                value.claims().for_each(|claim| cx.use_claim(&path, claim));
                security.headers.push((name.clone(), value));
            }
            Err(error) => cx.fault(&path, error.to_string()),
        }
        if overrides && is_set_by(rules, &name) {
            let fault = format!("overrides the value that another rule gives to \"{name}\"");
            cx.fault(path, format!("{fault}: remove one of the two"));
        }
    }
    if security.headers.is_empty() {
        let fault = "has no effect: all four headers are false; write false instead";
        cx.fault("response.security_headers", fault);
    }
    security
}

/// Whether a rule sets the header.
fn is_set_by(rules: &ParsedRules, name: &HeaderName) -> bool {
    let rules_with_values = [&rules.replace, &rules.add, &rules.append];
    let mut entries = rules_with_values.into_iter().flat_map(|rule| &rule.entries);
    entries.any(|entry| entry.name == name.as_str())
        || rules.rename.entries.iter().any(|entry| entry.argument == name.as_str())
}

impl SecurityRules {
    /// Adds the rules after all other rules. Headers that are present stay, unless overridden.
    pub(super) fn add_to(self, rules: &mut HeaderRules) {
        let scope = Scope { on_refusals: true, ..Scope::default() };
        for (name, value) in self.headers {
            let value = compile(value, Destination::Header, &mut rules.templates);
            if self.overrides {
                rules.remove(&scope, name.clone());
            }
            rules.add(&scope, name, value);
        }
    }
}
