//! Tokens among the WebSocket subprotocols that a client offers (RFC 6455 section 11.3.4).
//!
//! The form is that of the Kubernetes API server: `base64url.bearer.authorization.k8s.io.` and the
//! token in base64url. A browser's WebSocket cannot set any other header.

use std::{borrow::Cow, fmt};

use novasphere_core::{HeaderMutation, HeaderName, RequestHead, header_value};

use crate::{decision::Refusal, token::decode_part};

static HEADER: HeaderName = HeaderName::from_static("sec-websocket-protocol");

/// Prefixes of subprotocols that carry tokens.
#[derive(Debug)]
pub(crate) struct Subprotocols {
    prefixes: Vec<String>,
}

/// Why a string cannot be a prefix of subprotocols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidPrefix {
    Empty,
    /// Contains a character that no subprotocol has.
    Characters,
    /// Does not end in `.`, which separates it from the token: base64url has no `.`.
    NoDot,
}

impl fmt::Display for InvalidPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "must not be empty",
            Self::Characters => "must start a WebSocket subprotocol (RFC 6455 4.1)",
            Self::NoDot => "must end in \".\", which separates the prefix from the token",
        })
    }
}

impl std::error::Error for InvalidPrefix {}

/// Checks one prefix.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), InvalidPrefix> {
    if prefix.is_empty() {
        Err(InvalidPrefix::Empty)
    } else if HeaderName::parse(prefix).is_err() {
        // Subprotocols and header names have the same characters (RFC 9110 section 5.6.2).
        Err(InvalidPrefix::Characters)
    } else if !prefix.ends_with('.') {
        Err(InvalidPrefix::NoDot)
    } else {
        Ok(())
    }
}

impl Subprotocols {
    pub(crate) fn new(prefixes: Vec<String>) -> Self {
        Self { prefixes }
    }

    /// Whether no subprotocol carries a token.
    pub(crate) fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// The offered tokens, decoded.
    pub(crate) fn tokens(
        &self,
        head: &RequestHead<'_>,
    ) -> impl Iterator<Item = Result<Vec<u8>, Refusal>> {
        self.offered(head).filter_map(|item| self.encoded_token(item)).map(decode_part)
    }

    /// Removes the subprotocols that carry tokens from all lines and joins the others into one line.
    pub(crate) fn remove_tokens<'f>(&self, head: &RequestHead<'_>) -> Option<HeaderMutation<'f>> {
        if !self.offered(head).any(|item| self.encoded_token(item).is_some()) {
            return None;
        }
        let rest: Vec<&[u8]> = self
            .offered(head)
            .filter(|item| self.encoded_token(item).is_none())
            .filter_map(|item| header_value(item).ok())
            .filter(|item| !item.is_empty())
            .collect();
        if rest.is_empty() {
            return Some(HeaderMutation::remove(&HEADER));
        }
        Some(HeaderMutation::Set(&HEADER, Cow::Owned(rest.join(&b", "[..]))))
    }

    /// The offered subprotocols of all lines.
    fn offered<'h>(&self, head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
        let lines = head.headers.get_all(HEADER.as_str());
        lines.flat_map(|line| line.split(|b| *b == b',')).map(<[u8]>::trim_ascii)
    }

    /// The text after the longest matching prefix. Prefixes may overlap.
    fn encoded_token<'h>(&self, item: &'h [u8]) -> Option<&'h [u8]> {
        let rests = self.prefixes.iter().filter_map(|prefix| item.strip_prefix(prefix.as_bytes()));
        rests.min_by_key(|rest| rest.len())
    }
}
