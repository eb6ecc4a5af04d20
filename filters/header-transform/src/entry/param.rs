//! Entries for query parameters.

use super::{invalid_entry::InvalidEntry, value::parse_value};
use crate::{name_pattern::NamePattern, template::ValueText};

/// Parses the name of a query parameter, written decoded.
fn parse_name(text: &str) -> Result<String, InvalidEntry> {
    if text.is_empty() || text.contains(|c: char| c.is_ascii_control()) {
        return Err(InvalidEntry::ParamName);
    }
    Ok(text.to_owned())
}

/// Parses `name` or `start*`.
pub(crate) fn parse_param_removal(text: &str) -> Result<NamePattern, InvalidEntry> {
    match text.strip_suffix('*') {
        Some("") => Err(InvalidEntry::EveryName),
        prefix if prefix.unwrap_or(text).contains('*') => Err(InvalidEntry::InnerStar),
        Some(prefix) => parse_name(prefix).map(|prefix| NamePattern::starting_with(&prefix)),
        None => parse_name(text).map(|name| NamePattern::exact(&name)),
    }
}

/// Parses `old:new`, split at the first colon.
pub(crate) fn parse_param_renaming(entry: &str) -> Result<(String, String), InvalidEntry> {
    let (old, new) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    let old = parse_name(old)?;
    if new.is_empty() {
        return Err(InvalidEntry::NoNewName(old));
    }
    let new = parse_name(new)?;
    if old == new {
        return Err(InvalidEntry::ToItself(old));
    }
    Ok((old, new))
}

/// Parses `name:value`, split at the first colon. The value may be empty.
pub(crate) fn parse_param(entry: &str, claims: bool) -> Result<(String, ValueText), InvalidEntry> {
    let (name, value) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    let name = parse_name(name)?;
    let value = parse_value(&name, value, claims)?;
    Ok((name, value))
}
