//! [`InvalidEntry`].

use std::fmt;

use novasphere_core::{HeaderName, InvalidHeaderValue};

use crate::template::InvalidTemplate;

/// Why an entry of a rule is rejected. Messages do not quote values, which may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidEntry {
    /// Not quoted, since the text may be a value in the wrong position.
    Name,
    LineName,
    ParamName,
    Pseudo,
    Host,
    Scheme,
    SecondScheme,
    EveryName,
    InnerStar,
    NoColon,
    Connection(HeaderName),
    Framing(HeaderName),
    Handshake(HeaderName),
    NoNewName(String),
    ToItself(String),
    /// A pattern without effect.
    Spared(String),
    Value(String, InvalidHeaderValue),
    Empty(HeaderName),
    Template(String, InvalidTemplate),
    NoAttributes(String),
}

impl fmt::Display for InvalidEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(name) => write!(
                f,
                "\"{name}\" belongs to the connection, so only the proxy can set it (RFC 9110 \
                 7.6.1): remove the entry"
            ),
            Self::Framing(name) => write!(
                f,
                "\"{name}\" belongs to the framing of the message, so only the proxy can set it \
                 (RFC 9112 6): remove the entry"
            ),
            Self::Handshake(name) => write!(
                f,
                "\"{name}\" belongs to the WebSocket handshake of client and upstream (RFC 6455 \
                 4): remove the entry"
            ),
            Self::NoNewName(name) => {
                write!(f, "has no new name for \"{name}\": expected \"old:new\"")
            }
            Self::ToItself(name) => write!(f, "renames \"{name}\" to itself: use a different name"),
            Self::Spared(pattern) => write!(
                f,
                "\"{pattern}\" has no effect: a pattern never removes the protected headers with \
                 this start; list a header's full name if rules may remove it"
            ),
            Self::Value(name, error) => write!(f, "the value of \"{name}\" {error}"),
            Self::Empty(name) => write!(
                f,
                "the value of \"{name}\" is empty, which some proxies treat as a removal: give a \
                 value, or use remove"
            ),
            Self::Template(name, error) => write!(f, "the value of \"{name}\" {error}"),
            Self::NoAttributes(name) => write!(
                f,
                "the value of \"{name}\" uses claims, but this proxy does not pass attributes from \
                 jwt-auth to other filters: use the gateway with jwt_auth, or set the header in \
                 jwt-auth (claims_to_headers)"
            ),
            other => f.write_str(other.fixed_text()),
        }
    }
}

impl std::error::Error for InvalidEntry {}

impl InvalidEntry {
    /// The message of the variants without fields.
    fn fixed_text(&self) -> &'static str {
        match self {
            Self::LineName => {
                "does not start with a header name (RFC 9110 5.1): expected \"name:value\""
            }
            Self::ParamName => {
                "does not start with the name of a query parameter: write it decoded, without \
                 control characters"
            }
            Self::Pseudo => {
                "starts with \":\": pseudo-headers such as :path are not headers, and no rule can \
                 change them (RFC 9113 8.3)"
            }
            Self::Host => {
                "\"host\" is part of the request target (RFC 9110 7.2): rewrite it in the proxy's \
                 route"
            }
            Self::Scheme => {
                "\"x-forwarded-proto\" must keep its name and spelling: Envoy responds with 404 \
                 to requests without it; use replace to change its value"
            }
            Self::SecondScheme => {
                "\"x-forwarded-proto\" exists on every request and must have one line: use replace \
                 to change its value"
            }
            Self::EveryName => {
                "would match every name: write the start of the names, such as \"x-internal-*\""
            }
            Self::InnerStar => {
                "has a \"*\" that is not its last character: expected a name or \"start*\""
            }
            Self::NoColon => {
                "has no \":\" after the name: expected \"name:value\", or \"old:new\" in rename"
            }
            _ => "is not a header name (RFC 9110 5.1): use letters, digits and hyphens",
        }
    }
}
