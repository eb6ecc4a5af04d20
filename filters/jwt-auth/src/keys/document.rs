//! JSON documents of an issuer: its key set and its OpenID Connect configuration.

use std::fmt;

use novasphere_core::Json;

/// Why a document is not JSON (RFC 8259). The messages do not quote it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotJson {
    Empty,
    /// RFC 1952 section 2.3.1.
    Gzip,
    /// RFC 8259 section 8.1.
    ByteOrderMark,
    /// HTML or XML.
    Markup,
    /// The parser's error.
    Syntax(String),
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Gzip => {
                "is compressed with gzip; the server must send it without Content-Encoding, since \
                 the request asks for none"
            }
            Self::ByteOrderMark => {
                "starts with a byte order mark, which RFC 8259 section 8.1 forbids; save it as \
                 UTF-8 without one"
            }
            Self::Markup => {
                "is HTML or XML, not JSON; check uri or path, and whether a login or error page \
                 takes its place"
            }
            Self::Syntax(error) => return write!(f, "is not JSON: {error}"),
        })
    }
}

impl std::error::Error for NotJson {}

/// Parses a document.
pub(crate) fn parse(text: &[u8]) -> Result<Json, NotJson> {
    match text.trim_ascii_start() {
        [] => Err(NotJson::Empty),
        [0x1f, 0x8b, ..] => Err(NotJson::Gzip),
        [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(NotJson::ByteOrderMark),
        [b'<', ..] => Err(NotJson::Markup),
        _ => Json::parse(text).map_err(|error| NotJson::Syntax(error.to_string())),
    }
}
