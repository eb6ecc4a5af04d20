//! [`InvalidOrigin`].

use std::fmt;

/// The maximum length of an origin in bytes. A host has at most 253 bytes (RFC 1035 section 2.3.4).
pub(super) const MAX_BYTES: usize = 300;

/// Why a string is not an origin, or not an entry of `origins`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidOrigin {
    Length,
    Scheme,
    Excess,
    Host,
    Port,
    Wildcard,
    /// The text is probably a regular expression.
    Pattern,
    /// The text contains more than one origin.
    Several,
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => return write!(f, "is longer than {MAX_BYTES} bytes"),
            Self::Scheme => {
                "has no scheme: expected scheme://host or scheme://host:port (RFC 6454 6.2)"
            }
            Self::Excess => {
                "has more than scheme, host and port: remove the path (a final / too), the query \
                 and the user (RFC 6454 6.2)"
            }
            Self::Host => {
                "has an invalid host: write it as browsers send it, in ASCII (xn--… for other \
                 letters), IP addresses in their usual form, without a dot at the end"
            }
            Self::Port => {
                "has an invalid port: expected 1 to 65535 without leading zeros, or * for any port"
            }
            Self::Wildcard => {
                "has a misplaced *: use it as the whole port, or before a domain as in \
                 https://*.novasphere.io (one label) or https://**.novasphere.io (one or more); \
                 \"*\" alone allows every origin; anywhere else, write a regular expression after ~"
            }
            Self::Several => "holds several origins: give each its own list entry",
            Self::Pattern => "looks like a regular expression: if it is one, put ~ before it",
        })
    }
}

impl std::error::Error for InvalidOrigin {}
