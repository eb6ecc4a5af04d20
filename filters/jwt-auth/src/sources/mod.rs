//! Where tokens come from: headers, query, cookies and WebSocket subprotocols, all pooled.

pub(crate) mod header;
pub(crate) mod subprotocol;

use std::borrow::Cow;

use novasphere_core::{
    HeaderMutation, HeaderName, RequestHead, target,
    trace::{self, Note},
};

use self::{header::TokenHeader, subprotocol::Subprotocols};
use crate::{decision::Refusal, rejection::Rejection};

static COOKIE: HeaderName = HeaderName::from_static("cookie");

/// The names of all token sources.
#[derive(Debug)]
pub(crate) struct TokenSources {
    /// Query parameters.
    pub(crate) params: Vec<String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) headers: Vec<TokenHeader>,
    pub(crate) subprotocols: Subprotocols,
    /// Whether the upstream gets tokens in headers and cookies.
    pub(crate) forward: bool,
}

impl TokenSources {
    /// Adds the mutations that remove tokens from a request.
    ///
    /// - Query: always removed, because request lines are logged.
    /// - Subprotocols: always removed, because no upstream supports them.
    /// - Headers and cookies: removed unless tokens are forwarded.
    pub(crate) fn remove_tokens<'f>(
        &'f self,
        head: &RequestHead<'_>,
        mutations: &mut Vec<HeaderMutation<'f>>,
    ) {
        if !self.forward {
            let has_token = |header: &&TokenHeader| {
                head.headers.get_all(header.name.as_str()).any(|line| header.token(line).is_some())
            };
            for header in self.headers.iter().filter(has_token) {
                let removal = HeaderMutation::remove(&header.name);
                // Several entries may name one header.
                if !mutations.contains(&removal) {
                    mutations.push(removal);
                }
            }
            mutations.extend(self.remove_cookies(head));
        }
        if !self.subprotocols.is_empty() {
            mutations.extend(self.subprotocols.remove_tokens(head));
        }
        if !self.params.is_empty()
            && let Some(target) = target::without_params(head.target(), &self.params)
        {
            mutations.push(HeaderMutation::Target(target));
        }
    }

    /// Removes the cookies that carry tokens from all cookie lines and joins the others into one
    /// line (RFC 9113 section 8.2.3).
    fn remove_cookies<'f>(&self, head: &RequestHead<'_>) -> Option<HeaderMutation<'f>> {
        let is_source = |pair: &&[u8]| cookie(pair).is_some_and(|(name, _)| self.is_cookie(name));
        if self.cookies.is_empty() || !cookie_pairs(head).any(|pair| is_source(&pair)) {
            return None;
        }
        let rest: Vec<&[u8]> = cookie_pairs(head)
            .filter(|pair| !is_source(pair))
            .map(<[u8]>::trim_ascii)
            .filter(|pair| !pair.is_empty())
            .collect();
        if rest.is_empty() {
            return Some(HeaderMutation::remove(&COOKIE));
        }
        Some(HeaderMutation::Set(&COOKIE, Cow::Owned(rest.join(&b"; "[..]))))
    }

    fn is_cookie(&self, name: &[u8]) -> bool {
        self.cookies.iter().any(|cookie| cookie.as_bytes() == name)
    }

    /// The one token of a request.
    pub(crate) fn find<'h>(&'h self, head: &'h RequestHead<'_>) -> Result<Cow<'h, [u8]>, Refusal> {
        let mut token = UniqueToken(None);
        for header in &self.headers {
            let mut lines = head.headers.get_all(header.name.as_str());
            let line = lines.next();
            // The header is not a list: some readers take the first line, others the last (RFC 9110
            // section 5.3).
            if lines.next().is_some() {
                trace::note(|| {
                    let note = Note::new(format!("header {}", header.name.as_str()));
                    note.expected("one line").found("several lines").matches(false).decides(true)
                });
                return Err(Refusal::RepeatedHeader);
            }
            let found = line.and_then(|line| header.token(line));
            trace::note(|| header.note(line, found));
            if let Some(found) = found {
                token.add(Cow::Borrowed(found))?;
            }
        }
        for name in &self.params {
            for found in target::query_values(head.target(), name) {
                trace::note(|| token_note(&format!("query parameter {name}"), &found));
                token.add(found)?;
            }
        }
        if !self.cookies.is_empty() {
            let cookies = cookie_pairs(head).filter_map(cookie);
            for (name, found) in cookies.filter(|(name, _)| self.is_cookie(name)) {
                let name = || format!("cookie {}", String::from_utf8_lossy(name));
                trace::note(|| token_note(&name(), found));
                token.add(Cow::Borrowed(found))?;
            }
        }
        if !self.subprotocols.is_empty() {
            for found in self.subprotocols.tokens(head) {
                trace::note(|| match &found {
                    Ok(found) => token_note("WebSocket subprotocol", found),
                    Err(refusal) => Rejection::from(*refusal).note("WebSocket subprotocol"),
                });
                token.add(Cow::Owned(found?))?;
            }
        }
        trace::note(|| self.note(token.0.is_some()));
        token.0.ok_or(Refusal::NoToken)
    }
}

impl TokenSources {
    /// The note about all sources.
    fn note(&self, is_found: bool) -> Note {
        let headers = self.headers.iter().map(|header| format!("header {}", header.name.as_str()));
        let params = self.params.iter().map(|name| format!("query parameter {name}"));
        let cookies = self.cookies.iter().map(|name| format!("cookie {name}"));
        let mut sources: Vec<String> = headers.chain(params).chain(cookies).collect();
        if !self.subprotocols.is_empty() {
            sources.push("WebSocket subprotocol".to_owned());
        }
        let found = if is_found { "one token" } else { "no token" };
        let note = Note::new("token").expected(format!("in {}", sources.join(" or ")));
        note.found(found).matches(is_found).decides(!is_found)
    }
}

/// The note about a token, without the token.
fn token_note(source: &str, token: &[u8]) -> Note {
    let found = if token.is_empty() { "empty" } else { "a token" };
    Note::new(source).found(format!("{found}, {} bytes", token.len())).matches(!token.is_empty())
}

/// Collects tokens, at most one distinct. Ignores empty ones.
struct UniqueToken<'h>(Option<Cow<'h, [u8]>>);

impl<'h> UniqueToken<'h> {
    fn add(&mut self, token: Cow<'h, [u8]>) -> Result<(), Refusal> {
        match &self.0 {
            Some(other) if !token.is_empty() && *other != token => {
                trace::note(|| {
                    let note = Note::new("token").expected("one token").found("different tokens");
                    note.matches(false).decides(true)
                });
                Err(Refusal::MultipleTokens)
            }
            None if !token.is_empty() => {
                self.0 = Some(token);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The text between the `;` of all cookie lines. HTTP/2 clients may send several lines (RFC 9113
/// section 8.2.3).
fn cookie_pairs<'h>(head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
    head.headers.get_all("cookie").flat_map(|line| line.split(|b| *b == b';'))
}

/// Name and value of a cookie (RFC 6265 section 4.2.1), the value without its optional quotes.
fn cookie(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = pair.iter().position(|b| *b == b'=')?;
    let (name, value) = (pair.get(..equals)?, pair.get(equals.checked_add(1)?..)?.trim_ascii());
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some((name.trim_ascii(), quoted.unwrap_or(value)))
}
