//! Values of entries.

use novasphere_core::header_value;

use super::invalid_entry::InvalidEntry;
use crate::template::ValueText;

/// Parses the value of `name`. `claims` says whether a jwt-auth can pass claims to this
/// filter.
pub(crate) fn parse_value(
    name: &str,
    value: &str,
    claims: bool,
) -> Result<ValueText, InvalidEntry> {
    let value = header_value(value.as_bytes())
        .map_err(|error| InvalidEntry::Value(name.to_owned(), error))
        .map(|trimmed| str::from_utf8(trimmed).unwrap_or(value))?;
    let text =
        ValueText::parse(value).map_err(|error| InvalidEntry::Template(name.to_owned(), error))?;
    match text.claims().next().is_some() && !claims {
        true => Err(InvalidEntry::NoAttributes(name.to_owned())),
        false => Ok(text),
    }
}
