//! `security_headers`.

use novasphere_core::{BuildContext, HeaderName};

use super::{
    entries::Rules as Parsed,
    wire::{SecurityHeaders, SecurityValue, SecurityValues},
};
use crate::{
    condition::Condition,
    field,
    rules::Rules,
    template::{Form, Text, compile},
};

/// The headers and the values they have by default.
const HEADERS: [(HeaderName, &str); 4] = [
    // A year, as browsers' lists ask for. Subdomains are not ours to decide about.
    (HeaderName::from_static("strict-transport-security"), "max-age=31536000"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
    (HeaderName::from_static("referrer-policy"), "strict-origin-when-cross-origin"),
];

/// The headers to be sent.
#[derive(Default)]
pub(super) struct Security {
    headers: Vec<(HeaderName, Text)>,
    overrides: bool,
}

impl SecurityHeaders {
    pub fn is_on(&self) -> bool {
        matches!(self, SecurityHeaders::On(_))
    }

    pub(super) fn into_rules(self, rules: &Parsed, cx: &mut BuildContext<'_>) -> Security {
        let SecurityHeaders::On(values) = self else { return Security::default() };
        let SecurityValues {
            strict_transport_security,
            x_content_type_options,
            x_frame_options,
            referrer_policy,
            overrides,
        } = values;
        let values =
            [strict_transport_security, x_content_type_options, x_frame_options, referrer_policy];
        let mut security = Security { headers: Vec::new(), overrides };
        for ((name, default), value) in HEADERS.into_iter().zip(values) {
            let value = match value {
                SecurityValue::Off => continue,
                SecurityValue::Default => default.to_owned(),
                SecurityValue::Text(value) => value,
            };
            let at = format!("response.security_headers.{}", name.as_str().replace('-', "_"));
            match field::text(name.as_str(), &value, cx.passes_attributes()) {
                Ok(Text::Fixed(value)) if value.is_empty() => {
                    cx.fault(&at, "is empty: give it a value, or false for none");
                }
                Ok(value) => security.headers.push((name.clone(), value)),
                Err(error) => cx.fault(&at, error.to_string()),
            }
            if overrides && is_given(rules, &name) {
                cx.fault(at, format!("overrides what another rule gives to \"{name}\""));
            }
        }
        if security.headers.is_empty() {
            cx.fault("response.security_headers", "has no effect: use false for none at all");
        }
        security
    }
}

/// Whether a rule gives that header a value.
fn is_given(rules: &Parsed, name: &HeaderName) -> bool {
    let given = [&rules.replace, &rules.add, &rules.append];
    given.iter().any(|rule| rule.entries.iter().any(|entry| entry.name == name.as_str()))
        || rules.rename.entries.iter().any(|entry| entry.argument == name.as_str())
}

impl Security {
    /// After all other rules: what is there stays.
    pub fn add_to(self, rules: &mut Rules) {
        for (name, value) in self.headers {
            let value = compile(value, Form::Field, &mut rules.templates);
            if self.overrides {
                rules.remove(&Condition::Always, name.clone());
            }
            rules.add(&Condition::Always, name, value);
        }
    }
}
