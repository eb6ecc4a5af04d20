//! [`decode`]: from JSON text to a configuration, with all decoding faults.

use serde::de::DeserializeOwned;

use super::{ConfigErrors, cursor::Cursor, mismatch::Mismatch, node::Node};
use crate::{Host, Json};

/// Decodes a configuration from JSON text. Empty text means `{}`.
///
/// A missing or rejected value gets its field's default, and a rejected list item is left out.
/// Their faults are returned with the value, so that the filter's own checks still run on the rest.
///
/// A whole number may be written as `5.0`, which protobuf hosts do. If [`Host::values_are_text`], a
/// number may be written as `"5"`, a boolean as `"true"`, and an empty list or object as `""`.
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
/// let (_, errors) = decode::<Config>(config, &TestHost::default())?;
/// assert_eq!(
///     errors.to_string(),
///     "origin: unknown field; did you mean \"origins\"?\n\
///      max_age: expected a whole number from 0, got \"5m\""
/// );
/// # Ok::<(), novasphere_core::ConfigErrors>(())
/// ```
///
/// # Errors
/// The faults, if no value can be decoded.
pub fn decode<T: DeserializeOwned>(
    config: &[u8],
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
    // Each round succeeds or removes at least one node.
    loop {
        let result = T::deserialize(Cursor::root(&root, values_are_text));
        for (path, message) in root.take_rejected_members() {
            let path = path.trim_start_matches('.').to_owned();
            errors.add_formal(path.clone(), message, path);
        }
        match result {
            Ok(value) => return Ok((value, errors)),
            Err(Mismatch { steps, field, message }) => {
                let path = root.describe(&steps, field);
                errors.add_formal(path, message, root.describe(&steps, None));
                if steps.is_empty() || !root.remove(&steps) {
                    return Err(errors);
                }
            }
        }
    }
}
