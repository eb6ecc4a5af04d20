//! Where tokens come from: headers, query, cookies and WebSocket subprotocols, all pooled.

pub(crate) mod subprotocol;

use std::borrow::Cow;

use novasphere_core::{BuildContext, HeaderMutation, HeaderName, RequestHead, target};

use crate::{config::Config, decision::Refusal, sources::subprotocol::Subprotocols};

static COOKIE: HeaderName = HeaderName::from_static("cookie");

/// Names of query parameters, cookies and headers that carry tokens.
#[derive(Debug)]
pub(crate) struct TokenSources {
    params: Vec<String>,
    cookies: Vec<String>,
    headers: Vec<HeaderName>,
    subprotocols: Subprotocols,
    /// Whether the upstream gets tokens in headers and cookies.
    forward: bool,
}

impl TokenSources {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        for (i, name) in config.uri_param_names.iter().enumerate() {
            if name.is_empty() {
                cx.fault(format!("uri_param_names[{i}]"), "is empty");
            }
        }
        for (i, name) in config.cookie_names.iter().enumerate() {
            // Both are tokens of RFC 9110 section 5.6.2.
            if HeaderName::parse(name).is_err() {
                let message = format!("{name:?} is not a cookie name (RFC 6265 4.1.1)");
                cx.fault(format!("cookie_names[{i}]"), message);
            }
        }
        let mut headers = Vec::new();
        for (i, name) in config.header_names.iter().enumerate() {
            match HeaderName::parse(name) {
                Ok(name) => headers.push(name),
                Err(error) => cx.fault(format!("header_names[{i}]"), error.to_string()),
            }
        }
        let (params, cookies) = (config.uri_param_names.clone(), config.cookie_names.clone());
        let subprotocols = Subprotocols::new(&config.websocket_protocols, cx);
        if params.is_empty()
            && cookies.is_empty()
            && config.header_names.is_empty()
            && config.websocket_protocols.is_empty()
        {
            cx.fault("header_names", "is empty, as are all other places a token could be in");
        }
        Self { params, cookies, headers, subprotocols, forward: config.forward_token }
    }

    /// The mutations that take tokens from a request: from the query always, since it gets into logs,
    /// and from the subprotocols, since no server speaks these; from elsewhere unless they are
    /// forwarded.
    pub fn strip<'f>(&'f self, head: &RequestHead<'_>) -> Vec<HeaderMutation<'f>> {
        let mut mutations = Vec::new();
        if !self.forward {
            let carries = |name: &&HeaderName| {
                head.headers.get_all(name.as_str()).any(|line| bearer(line).is_some())
            };
            mutations.extend(self.headers.iter().filter(carries).map(HeaderMutation::remove));
            mutations.extend(self.strip_cookies(head));
        }
        mutations.extend(self.subprotocols.strip(head));
        mutations.extend(
            target::without_params(head.target(), &self.params).map(HeaderMutation::Target),
        );
        mutations
    }

    /// Takes the cookies that carry tokens from all cookie lines; the rest goes into one line (RFC
    /// 9113 section 8.2.3).
    fn strip_cookies<'f>(&self, head: &RequestHead<'_>) -> Option<HeaderMutation<'f>> {
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
    pub fn find<'h>(&'h self, head: &'h RequestHead<'_>) -> Result<Cow<'h, [u8]>, Refusal> {
        let mut pool = Pool(None);
        for name in &self.headers {
            let mut lines = head.headers.get_all(name.as_str());
            let line = lines.next();
            // No list: one reader takes the first line, another the last (RFC 9110 section 5.3).
            if lines.next().is_some() {
                return Err(Refusal::RepeatedHeader);
            }
            if let Some(token) = line.and_then(bearer) {
                pool.add(Cow::Borrowed(token))?;
            }
        }
        for name in &self.params {
            for token in target::query_values(head.target(), name) {
                pool.add(token)?;
            }
        }
        if !self.cookies.is_empty() {
            let cookies = cookie_pairs(head).filter_map(cookie);
            for (_, token) in cookies.filter(|(name, _)| self.is_cookie(name)) {
                pool.add(Cow::Borrowed(token))?;
            }
        }
        for token in self.subprotocols.tokens(head) {
            pool.add(Cow::Owned(token?))?;
        }
        pool.0.ok_or(Refusal::NoToken)
    }
}

/// At most one distinct token.
struct Pool<'h>(Option<Cow<'h, [u8]>>);

impl<'h> Pool<'h> {
    fn add(&mut self, token: Cow<'h, [u8]>) -> Result<(), Refusal> {
        match &self.0 {
            Some(other) if !token.is_empty() && *other != token => Err(Refusal::MultipleTokens),
            None if !token.is_empty() => {
                self.0 = Some(token);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The credentials of the scheme `Bearer` (RFC 6750 section 2.1), whose name has any case (RFC 9110
/// section 11.1); none for another scheme.
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let end = line.iter().position(|b| matches!(b, b' ' | b'\t'))?;
    let (scheme, token) = line.split_at_checked(end)?;
    scheme.eq_ignore_ascii_case(b"bearer").then(|| token.trim_ascii())
}

/// What stands between the `;` of all cookie lines: HTTP/2 may send several (RFC 9113 section
/// 8.2.3).
fn cookie_pairs<'h>(head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
    head.headers.get_all("cookie").flat_map(|line| line.split(|b| *b == b';'))
}

/// Name and value of a cookie (RFC 6265 section 4.2.1), quotes around the value taken off.
fn cookie(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = pair.iter().position(|b| *b == b'=')?;
    let (name, value) = (pair.get(..equals)?, pair.get(equals.checked_add(1)?..)?.trim_ascii());
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some((name.trim_ascii(), quoted.unwrap_or(value)))
}
