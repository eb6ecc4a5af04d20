//! Which fields a rule may name, and which values it may give them.

use std::fmt;

use novasphere_core::{HeaderName, InvalidHeaderValue, header_value};

/// Which message a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Request,
    Response,
}

/// Why an entry of a rule is refused. Values are not quoted: they may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidEntry {
    /// Not quoted: somebody may have written a value where a name belongs.
    Name,
    LineName,
    Pseudo,
    Connection(HeaderName),
    Framing(HeaderName),
    Host,
    Scheme,
    NoColon,
    NoNewName(HeaderName),
    Value(HeaderName, InvalidHeaderValue),
    Empty(HeaderName),
    Template(HeaderName),
}

impl fmt::Display for InvalidEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str(
                "is not a header name: write letters, digits and hyphens only (RFC 9110 5.1)",
            ),
            Self::LineName => f.write_str(
                "does not start with a header name (RFC 9110 5.1): write \"name:value\"",
            ),
            Self::Pseudo => f.write_str(
                "starts with \":\": pseudo-headers such as :path are not headers, and no rule can \
                 change them (RFC 9113 8.3)",
            ),
            Self::Connection(name) => write!(
                f,
                "\"{name}\" is about the connection, not the message, and left to the proxy \
                 (RFC 9110 7.6.1)"
            ),
            Self::Framing(name) => write!(
                f,
                "\"{name}\" is about the framing of the message and left to the proxy (RFC 9112 6)"
            ),
            Self::Host => f.write_str(
                "\"host\" is part of the request's target (RFC 9110 7.2): rewrite it in the \
                 proxy's route",
            ),
            Self::Scheme => f.write_str(
                "\"x-forwarded-proto\" must stay: Envoy answers requests without it with 404; \
                 replace sets another value",
            ),
            Self::NoColon => f.write_str("has no \":\" after the name"),
            Self::NoNewName(name) => {
                write!(f, "has no new name for \"{name}\": write \"old:new\"")
            }
            Self::Value(name, error) => write!(f, "the value of \"{name}\" {error}"),
            Self::Empty(name) => write!(
                f,
                "the value of \"{name}\" is empty, which some proxies take for its removal: give \
                 a value, or use remove"
            ),
            Self::Template(name) => write!(
                f,
                "the value of \"{name}\" holds \"$(\": templates are not supported, only fixed \
                 values"
            ),
        }
    }
}

/// The name of a field that rules may write.
pub(crate) fn name(text: &str) -> Result<HeaderName, InvalidEntry> {
    if text.starts_with(':') {
        return Err(InvalidEntry::Pseudo);
    }
    let name = HeaderName::parse(text).map_err(|_| InvalidEntry::Name)?;
    match name.as_str() {
        "connection" | "keep-alive" | "proxy-connection" | "te" | "upgrade" => {
            Err(InvalidEntry::Connection(name))
        }
        "content-length" | "trailer" | "transfer-encoding" => Err(InvalidEntry::Framing(name)),
        "host" => Err(InvalidEntry::Host),
        _ => Ok(name),
    }
}

/// The name of a field that rules may take away.
pub(crate) fn removable(text: &str, message: Message) -> Result<HeaderName, InvalidEntry> {
    match name(text)? {
        name if message == Message::Request && name.as_str() == "x-forwarded-proto" => {
            Err(InvalidEntry::Scheme)
        }
        name => Ok(name),
    }
}

/// `old:new`, split at the first colon.
pub(crate) fn renaming(
    entry: &str,
    message: Message,
) -> Result<(HeaderName, HeaderName), InvalidEntry> {
    let (old, new) = split(entry)?;
    let old = name(old)?;
    if new.is_empty() {
        return Err(InvalidEntry::NoNewName(old));
    }
    let new = name(new)?;
    // To itself in other letters, which takes nothing away.
    if old != new {
        removable(old.as_str(), message)?;
    }
    Ok((old, new))
}

/// `name:value`, split at the first colon.
pub(crate) fn line(entry: &str) -> Result<(HeaderName, Vec<u8>), InvalidEntry> {
    let (field, value) = split(entry)?;
    let field = name(field).map_err(|error| match error {
        InvalidEntry::Name => InvalidEntry::LineName,
        other => other,
    })?;
    match header_value(value.as_bytes()) {
        Err(error) => Err(InvalidEntry::Value(field, error)),
        Ok(b"") => Err(InvalidEntry::Empty(field)),
        Ok(_) if value.contains("$(") => Err(InvalidEntry::Template(field)),
        Ok(value) => Ok((field, value.to_vec())),
    }
}

fn split(entry: &str) -> Result<(&str, &str), InvalidEntry> {
    if entry.starts_with(':') {
        return Err(InvalidEntry::Pseudo);
    }
    let (name, rest) = entry.split_once(':').ok_or(InvalidEntry::NoColon)?;
    Ok((name, rest.trim_ascii()))
}
