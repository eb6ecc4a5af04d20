//! [`decode`]: from JSON text to a configuration, with all decoding faults.

use serde::de::DeserializeOwned;

use super::{
    ConfigErrors, FieldHints,
    cursor::deserialize,
    explain::Explainer,
    homes::homes,
    mismatch::{Details, Mismatch},
    node::{Node, Rejected, Rejection},
};
use crate::{Host, Json};

/// Decodes a configuration from JSON text. Empty text means `{}`.
///
/// A missing or rejected value gets its field's default, and a rejected list item is left out.
/// Their faults are returned with the value, so that the filter's own checks still run on the rest.
///
/// A whole number may be written as `5.0`, which protobuf hosts do. If [`Host::values_are_text`], a
/// number may be written as `"5"`, a boolean as `"true"`, and an empty list or object as `""`.
///
/// `hints` improve the faults. Each is for a member of the configuration, or with an empty name for
/// the whole.
///
/// ```
/// use novasphere_core::{decode, testing::TestHost};
///
/// #[derive(Default, serde::Deserialize)]
/// #[serde(default, deny_unknown_fields)]
/// struct Config {
///     origins: Vec<String>,
///     max_age: u32,
/// }
///
/// let config = br#"{"origin": ["https://a.example"], "max_age": "5m"}"#;
/// let (_, errors) = decode::<Config>(config, &[], &TestHost::default())?;
/// assert_eq!(
///     errors.to_string(),
///     "origin: unknown field; did you mean \"origins\"?\n\
///      max_age: expected a whole number from 0 to 4,294,967,295, got \"5m\""
/// );
/// # Ok::<(), novasphere_core::ConfigErrors>(())
/// ```
///
/// # Errors
/// The faults, if no value can be decoded.
#[cold]
pub fn decode<T: DeserializeOwned>(
    config: &[u8],
    hints: &[(&'static str, FieldHints)],
    host: &dyn Host,
) -> Result<(T, ConfigErrors), ConfigErrors> {
    let values_are_text = host.values_are_text();
    let mut errors = ConfigErrors::default();
    let text = if config.trim_ascii().is_empty() { b"{}" } else { config };
    let json = match Json::parse(text) {
        Ok(json) => json,
        Err(error) => {
            errors.add_formal(String::new(), format!("is not JSON: {error}"), String::new());
            return Err(errors);
        }
    };
    let mut root = Node::from(json);
    let mut explainer = Explainer::new(hints, homes::<T>);
    // Each round succeeds or removes at least one node.
    loop {
        let result = deserialize::<T>(&root, values_are_text);
        for rejected in root.take_rejected_members() {
            add_rejected(&mut errors, &mut explainer, &rejected);
        }
        match result {
            Ok(value) => return Ok((value, errors)),
            Err(Mismatch(details)) => {
                let Details { steps, field, message, problem } = *details;
                let path = root.describe(&steps, field);
                let message = explainer.message(&path, problem, message);
                errors.add_formal(path, message, root.describe(&steps, None));
                if steps.is_empty() || !root.remove(&steps) {
                    return Err(errors);
                }
            }
        }
    }
}

#[cold]
fn add_rejected(errors: &mut ConfigErrors, explainer: &mut Explainer<'_>, rejected: &Rejected) {
    let object = rejected.object.trim_start_matches('.');
    let separator = if object.is_empty() { "" } else { "." };
    let path = format!("{object}{separator}{}", rejected.name);
    let message = match rejected.reason {
        Rejection::Null => {
            "expected a value, got null; remove the field to get its default".to_owned()
        }
        Rejection::Unknown(known) => {
            let hint = explainer.unknown_field(object, &rejected.name, known);
            format!("unknown field; {hint}")
        }
    };
    errors.add_formal(path.clone(), message, path);
}
