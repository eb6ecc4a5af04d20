//! Why an entry of a rule is refused.

use std::fmt;

use novasphere_core::{HeaderName, InvalidHeaderValue};

use crate::template::InvalidTemplate;

/// Why an entry of a rule is refused. Values are not quoted: they may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidEntry {
    /// Not quoted: somebody may have written a value where a name belongs.
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
    /// A pattern.
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
                "\"{name}\" is about the connection, not the message, and left to the proxy \
                 (RFC 9110 7.6.1)"
            ),
            Self::Framing(name) => write!(
                f,
                "\"{name}\" is about the framing of the message and left to the proxy (RFC 9112 6)"
            ),
            Self::Handshake(name) => write!(
                f,
                "\"{name}\" is part of the WebSocket handshake and left to its two ends (RFC 6455 4)"
            ),
            Self::NoNewName(name) => {
                write!(f, "has no new name for \"{name}\": write \"old:new\"")
            }
            Self::ToItself(name) => write!(f, "renames \"{name}\" to itself: give another name"),
            Self::Spared(pattern) => write!(
                f,
                "\"{pattern}\" has no effect: what is known by such names goes by its full name \
                 only, or not at all"
            ),
            Self::Value(name, error) => write!(f, "the value of \"{name}\" {error}"),
            Self::Empty(name) => write!(
                f,
                "the value of \"{name}\" is empty, which some proxies take for its removal: give \
                 a value, or use remove"
            ),
            Self::Template(name, error) => write!(f, "the value of \"{name}\" {error}"),
            Self::NoAttributes(name) => write!(
                f,
                "the value of \"{name}\" has a template with claims, which this proxy does not \
                 pass from jwt-auth to other filters: let jwt-auth write the header itself \
                 (claims_to_headers)"
            ),
            nameless => f.write_str(nameless.fixed_text()),
        }
    }
}

impl InvalidEntry {
    /// What does not name anything.
    fn fixed_text(&self) -> &'static str {
        match self {
            Self::LineName => {
                "does not start with a header name (RFC 9110 5.1): write \"name:value\""
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
                "\"host\" is part of the request's target (RFC 9110 7.2): rewrite it in the \
                 proxy's route"
            }
            Self::Scheme => {
                "\"x-forwarded-proto\" must stay, in this spelling: Envoy answers requests without \
                 it with 404; replace sets another value"
            }
            Self::SecondScheme => {
                "\"x-forwarded-proto\" is there already, and two of them are no scheme: replace \
                 sets another value"
            }
            Self::EveryName => {
                "would be every name: say what the names start with, as in \"x-internal-*\""
            }
            Self::InnerStar => {
                "has a \"*\" that is not its last character: only the end can be open"
            }
            Self::NoColon => "has no \":\" after the name",
            _ => "is not a header name: write letters, digits and hyphens only (RFC 9110 5.1)",
        }
    }
}
