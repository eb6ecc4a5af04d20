//! Which query parameters a rule may name, and which values it may give them.

use crate::{field::text, invalid_entry::InvalidEntry, pattern::NamePattern, template::Text};

/// The name of a query parameter, decoded.
fn name(text: &str) -> Result<String, InvalidEntry> {
    if text.is_empty() || text.contains(|c: char| c.is_ascii_control()) {
        return Err(InvalidEntry::ParamName);
    }
    Ok(text.to_owned())
}

/// A name, or what names start with.
pub(crate) fn removal(text: &str) -> Result<NamePattern, InvalidEntry> {
    match text.strip_suffix('*') {
        Some("") => Err(InvalidEntry::EveryName),
        stem if stem.unwrap_or(text).contains('*') => Err(InvalidEntry::InnerStar),
        Some(stem) => name(stem).map(|stem| NamePattern::starting_with(&stem)),
        None => name(text).map(|name| NamePattern::exact(&name)),
    }
}

/// `old:new`, split at the first colon.
pub(crate) fn renaming(entry: &str) -> Result<(String, String), InvalidEntry> {
    let (old, new) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    let old = name(old)?;
    if new.is_empty() {
        return Err(InvalidEntry::NoNewName(old));
    }
    let new = name(new)?;
    if old == new {
        return Err(InvalidEntry::ToItself(old));
    }
    Ok((old, new))
}

/// `name:value`, split at the first colon; the value may be empty.
pub(crate) fn line(entry: &str, claims: bool) -> Result<(String, Text), InvalidEntry> {
    let (param, value) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    let param = name(param)?;
    let text = text(&param, value, claims)?;
    Ok((param, text))
}
