//! Tokens among the WebSocket subprotocols a client offers (RFC 6455 section 11.3.4), as the
//! Kubernetes API server takes them: `base64url.bearer.authorization.k8s.io.` and the token in
//! base64url. A browser's WebSocket can set no other header.

use std::borrow::Cow;

use novasphere_core::{BuildContext, HeaderMutation, HeaderName, RequestHead, header_value};

use crate::{decision::Refusal, token::base64url};

static HEADER: HeaderName = HeaderName::from_static("sec-websocket-protocol");

/// What subprotocols that carry tokens start with.
#[derive(Debug)]
pub(crate) struct Subprotocols {
    prefixes: Vec<String>,
}

impl Subprotocols {
    pub fn new(prefixes: &[String], cx: &mut BuildContext<'_>) -> Self {
        for (i, prefix) in prefixes.iter().enumerate() {
            let message = if prefix.is_empty() {
                "is empty".to_owned()
            } else if HeaderName::parse(prefix).is_err() {
                // Both are tokens of RFC 9110 section 5.6.2.
                format!("{prefix:?} is not the start of a subprotocol (RFC 6455 4.1)")
            } else if !prefix.ends_with('.') {
                format!("{prefix:?} must end in \".\", which no base64url has: the token follows")
            } else if prefixes.iter().take(i).any(|other| other == prefix) {
                format!("{prefix:?} is listed twice")
            } else {
                continue;
            };
            cx.fault(format!("websocket_protocols[{i}]"), message);
        }
        Self { prefixes: prefixes.to_vec() }
    }

    /// The tokens offered, decoded.
    pub fn tokens(&self, head: &RequestHead<'_>) -> impl Iterator<Item = Result<Vec<u8>, Refusal>> {
        self.offered(head).filter_map(|item| self.encoded_token(item)).map(base64url)
    }

    /// Takes the subprotocols that carry tokens from all lines; the rest goes into one line.
    pub fn strip<'f>(&self, head: &RequestHead<'_>) -> Option<HeaderMutation<'f>> {
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

    /// What the client offers, on any number of lines; nothing where no prefix is configured.
    fn offered<'h>(&self, head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
        let lines = (!self.prefixes.is_empty()).then(|| head.headers.get_all(HEADER.as_str()));
        lines
            .into_iter()
            .flatten()
            .flat_map(|line| line.split(|b| *b == b','))
            .map(<[u8]>::trim_ascii)
    }

    /// What follows the prefix: the longest, where one is the start of another.
    fn encoded_token<'h>(&self, item: &'h [u8]) -> Option<&'h [u8]> {
        let rests = self.prefixes.iter().filter_map(|prefix| item.strip_prefix(prefix.as_bytes()));
        rests.min_by_key(|rest| rest.len())
    }
}
