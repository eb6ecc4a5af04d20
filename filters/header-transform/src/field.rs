//! Which headers a rule may name, and which values it may give them.

use std::borrow::Cow;

use novasphere_core::{HeaderName, header_value};

use crate::{
    input::Input,
    invalid_entry::InvalidEntry,
    kept,
    message::Message,
    pattern::NamePattern,
    template::{self, Piece, Text},
};

/// The name of a header that rules may write.
pub(crate) fn name(text: &str, message: Message) -> Result<HeaderName, InvalidEntry> {
    if text.starts_with(':') {
        return Err(InvalidEntry::Pseudo);
    }
    let name = HeaderName::parse(text).map_err(|_| InvalidEntry::Name)?;
    let spelling = plain_spelling(&name, message);
    match &*spelling {
        text if kept::is_of_connection(text) => Err(InvalidEntry::Connection(name)),
        text if kept::is_framing(text) => Err(InvalidEntry::Framing(name)),
        text if message == Message::Response && kept::is_handshake(text) => {
            Err(InvalidEntry::Handshake(name))
        }
        "host" => Err(InvalidEntry::Host),
        // In another spelling it would take the place of this one.
        SCHEME if message == Message::Request && name.as_str() != SCHEME => {
            Err(InvalidEntry::Scheme)
        }
        _ => Ok(name),
    }
}

/// Without it, Envoy has no route.
const SCHEME: &str = "x-forwarded-proto";

/// The spelling that upstreams which follow CGI take a name in a request for, as rules do.
fn plain_spelling(name: &HeaderName, message: Message) -> Cow<'_, str> {
    match message {
        Message::Request => Cow::Owned(name.as_str().replace('_', "-")),
        Message::Response => Cow::Borrowed(name.as_str()),
    }
}

/// The name of a header that rules may take away.
fn removable(text: &str, message: Message) -> Result<HeaderName, InvalidEntry> {
    match name(text, message)? {
        name if message == Message::Request && name.as_str() == SCHEME => Err(InvalidEntry::Scheme),
        name => Ok(name),
    }
}

/// The name of a header that is to go, or what the names of such headers start with.
pub(crate) fn removal(text: &str, message: Message) -> Result<NamePattern, InvalidEntry> {
    let pattern = names(text, message)?;
    let stem = text.strip_suffix('*').and_then(|stem| HeaderName::parse(stem).ok());
    match stem.filter(|stem| kept::stay_all(&plain_spelling(stem, message))) {
        Some(_) => Err(InvalidEntry::Spared(pattern.as_str().to_owned())),
        None => Ok(pattern),
    }
}

/// The name of a header that may go, or what the names of such headers start with.
pub(crate) fn names(text: &str, message: Message) -> Result<NamePattern, InvalidEntry> {
    match text.strip_suffix('*') {
        Some("") => Err(InvalidEntry::EveryName),
        Some(stem) if stem.starts_with(':') => Err(InvalidEntry::Pseudo),
        stem if stem.unwrap_or(text).contains('*') => Err(InvalidEntry::InnerStar),
        Some(stem) => HeaderName::parse(stem)
            .map(|stem| NamePattern::starting_with(stem.as_str()))
            .map_err(|_| InvalidEntry::Name),
        None => removable(text, message).map(|name| NamePattern::exact(name.as_str())),
    }
}

/// `old:new`, split at the first colon.
pub(crate) fn renaming(
    entry: &str,
    message: Message,
) -> Result<(HeaderName, HeaderName), InvalidEntry> {
    let (old, new) = split_header(entry)?;
    let old = removable(old, message)?;
    if new.is_empty() {
        return Err(InvalidEntry::NoNewName(old.to_string()));
    }
    let new = name(new, message)?;
    if old == new {
        return Err(InvalidEntry::ToItself(old.to_string()));
    }
    Ok((old, new))
}

/// `name:value`, split at the first colon.
pub(crate) fn line(
    entry: &str,
    message: Message,
    claims: bool,
) -> Result<(HeaderName, Text), InvalidEntry> {
    let (field, value) = split_header(entry)?;
    let field = name(field, message).map_err(|error| match error {
        InvalidEntry::Name => InvalidEntry::LineName,
        other => other,
    })?;
    match text(field.as_str(), value, claims)? {
        Text::Fixed(value) if value.is_empty() => Err(InvalidEntry::Empty(field)),
        value => Ok((field, value)),
    }
}

/// `name:value` for one more line.
pub(crate) fn another_line(
    entry: &str,
    message: Message,
    claims: bool,
) -> Result<(HeaderName, Text), InvalidEntry> {
    match line(entry, message, claims)? {
        (name, _) if message == Message::Request && name.as_str() == SCHEME => {
            Err(InvalidEntry::SecondScheme)
        }
        line => Ok(line),
    }
}

/// The value of `name`.
pub(crate) fn text(name: &str, value: &str, claims: bool) -> Result<Text, InvalidEntry> {
    let value = header_value(value.as_bytes())
        .map_err(|error| InvalidEntry::Value(name.to_owned(), error))
        .map(|trimmed| str::from_utf8(trimmed).unwrap_or(value))?;
    let text =
        template::parse(value).map_err(|error| InvalidEntry::Template(name.to_owned(), error))?;
    let is_claim = |piece: &Piece| matches!(piece, Piece::Input { input: Input::Claim(_), .. });
    match &text {
        Text::Made(pieces) if pieces.iter().any(is_claim) && !claims => {
            Err(InvalidEntry::NoAttributes(name.to_owned()))
        }
        _ => Ok(text),
    }
}

fn split_header(entry: &str) -> Result<(&str, &str), InvalidEntry> {
    if entry.starts_with(':') {
        return Err(InvalidEntry::Pseudo);
    }
    let (name, rest) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    Ok((name, rest.trim_ascii()))
}
