//! Keys in variables whose values were assumed.

use novasphere_core::Fault;
use serde_json::Value;

/// The variable whose assumed value caused a fault: an assumed value is a secret, but not a public
/// key. `json` is the configuration.
pub(crate) fn cause<'a>(fault: &Fault, json: &[u8], assumed: &'a [String]) -> Option<&'a str> {
    let entry = fault.path.strip_suffix(".public_key").filter(|_| !assumed.is_empty())?;
    let config: Value = serde_json::from_slice(json).ok()?;
    let pointer = format!("/{}", entry.replace('[', "/").replace(']', "").replace('.', "/"));
    let variable = config.pointer(&pointer)?.get("public_key")?.get("env")?.as_str()?;
    assumed.iter().find(|name| *name == variable).map(String::as_str)
}
