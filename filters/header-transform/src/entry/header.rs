//! Entries for headers.

use std::borrow::Cow;

use novasphere_core::HeaderName;

use super::{invalid_entry::InvalidEntry, value::parse_value};
use crate::{
    message::Message,
    name_pattern::NamePattern,
    protected_headers::{is_connection, is_framing, is_handshake, is_spared_prefix},
    template::ValueText,
};

/// Envoy has no route for a request without it.
const SCHEME: &str = "x-forwarded-proto";

/// Parses the name of a header that rules may set.
fn parse_name(text: &str, message: Message) -> Result<HeaderName, InvalidEntry> {
    if text.starts_with(':') {
        return Err(InvalidEntry::Pseudo);
    }
    let name = HeaderName::parse(text).map_err(|_| InvalidEntry::Name)?;
    let spelling = canonical_spelling(&name, message);
    match &*spelling {
        text if is_connection(text) => Err(InvalidEntry::Connection(name)),
        text if is_framing(text) => Err(InvalidEntry::Framing(name)),
        text if message == Message::Response && is_handshake(text) => {
            Err(InvalidEntry::Handshake(name))
        }
        "host" => Err(InvalidEntry::Host),
        // Rules for another spelling would also change this one.
        SCHEME if message == Message::Request && name.as_str() != SCHEME => {
            Err(InvalidEntry::Scheme)
        }
        _ => Ok(name),
    }
}

/// The spelling of a request header's name with `-` for all other characters except letters and
/// digits. Upstreams that follow CGI treat these as one header, and so do rules.
fn canonical_spelling(name: &HeaderName, message: Message) -> Cow<'_, str> {
    match message {
        Message::Request => {
            Cow::Owned(name.as_str().replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
        }
        Message::Response => Cow::Borrowed(name.as_str()),
    }
}

/// Parses the name of a header that rules may remove.
fn parse_removable(text: &str, message: Message) -> Result<HeaderName, InvalidEntry> {
    match parse_name(text, message)? {
        name if message == Message::Request && name.as_str() == SCHEME => Err(InvalidEntry::Scheme),
        name => Ok(name),
    }
}

/// Parses an entry of `remove`: `name` or `start*`.
pub(crate) fn parse_removal(text: &str, message: Message) -> Result<NamePattern, InvalidEntry> {
    let pattern = parse_allowed(text, message)?;
    let prefix = text.strip_suffix('*').and_then(|prefix| HeaderName::parse(prefix).ok());
    match prefix.filter(|prefix| is_spared_prefix(&canonical_spelling(prefix, message))) {
        Some(_) => Err(InvalidEntry::Spared(pattern.as_str().to_owned())),
        None => Ok(pattern),
    }
}

/// Parses an entry of `allow`: `name` or `start*`.
pub(crate) fn parse_allowed(text: &str, message: Message) -> Result<NamePattern, InvalidEntry> {
    match text.strip_suffix('*') {
        Some("") => Err(InvalidEntry::EveryName),
        Some(prefix) if prefix.starts_with(':') => Err(InvalidEntry::Pseudo),
        prefix if prefix.unwrap_or(text).contains('*') => Err(InvalidEntry::InnerStar),
        Some(prefix) => HeaderName::parse(prefix)
            .map(|prefix| NamePattern::starting_with(prefix.as_str()))
            .map_err(|_| InvalidEntry::Name),
        None => parse_removable(text, message).map(|name| NamePattern::exact(name.as_str())),
    }
}

/// Parses `old:new`, split at the first colon.
pub(crate) fn parse_renaming(
    entry: &str,
    message: Message,
) -> Result<(HeaderName, HeaderName), InvalidEntry> {
    let (old, new) = split(entry)?;
    let old = parse_removable(old, message)?;
    if new.is_empty() {
        return Err(InvalidEntry::NoNewName(old.to_string()));
    }
    let new = parse_name(new, message)?;
    if old == new {
        return Err(InvalidEntry::ToItself(old.to_string()));
    }
    Ok((old, new))
}

/// Parses `name:value`, split at the first colon.
pub(crate) fn parse_line(
    entry: &str,
    message: Message,
    claims: bool,
) -> Result<(HeaderName, ValueText), InvalidEntry> {
    let (name, value) = split(entry)?;
    let name = parse_name(name, message).map_err(|error| match error {
        InvalidEntry::Name => InvalidEntry::LineName,
        other => other,
    })?;
    match parse_value(name.as_str(), value, claims)? {
        ValueText::Fixed(value) if value.is_empty() => Err(InvalidEntry::Empty(name)),
        value => Ok((name, value)),
    }
}

/// Parses an entry of `append`: `name:value`.
pub(crate) fn parse_appended_line(
    entry: &str,
    message: Message,
    claims: bool,
) -> Result<(HeaderName, ValueText), InvalidEntry> {
    match parse_line(entry, message, claims)? {
        (name, _) if message == Message::Request && name.as_str() == SCHEME => {
            Err(InvalidEntry::SecondScheme)
        }
        line => Ok(line),
    }
}

fn split(entry: &str) -> Result<(&str, &str), InvalidEntry> {
    if entry.starts_with(':') {
        return Err(InvalidEntry::Pseudo);
    }
    let (name, rest) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    Ok((name, rest.trim_ascii()))
}
