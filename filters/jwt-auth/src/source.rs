//! Where tokens come from: headers, query and cookies, all pooled.

use std::borrow::Cow;

use novasphere_core::{ConfigErrors, HeaderName, RequestHead, target};

use crate::{config::Config, refusal::Refusal};

/// Names of query parameters, cookies and headers that carry tokens.
#[derive(Debug)]
pub(crate) struct TokenSources {
    params: Vec<String>,
    cookies: Vec<String>,
    headers: Vec<HeaderName>,
}

impl TokenSources {
    pub fn new(config: &Config, errors: &mut ConfigErrors) -> Self {
        for (i, name) in config.uri_param_names.iter().enumerate() {
            if name.is_empty() {
                errors.add(format!("uri_param_names[{i}]"), "is empty");
            }
        }
        for (i, name) in config.cookie_names.iter().enumerate() {
            // Both are tokens of RFC 9110 section 5.6.2.
            if HeaderName::parse(name).is_err() {
                let message = format!("{name:?} is not a cookie name (RFC 6265 4.1.1)");
                errors.add(format!("cookie_names[{i}]"), message);
            }
        }
        let mut headers = Vec::new();
        for (i, name) in config.header_names.iter().enumerate() {
            match HeaderName::parse(name) {
                Ok(name) => headers.push(name),
                Err(error) => errors.add(format!("header_names[{i}]"), error.to_string()),
            }
        }
        let (params, cookies) = (config.uri_param_names.clone(), config.cookie_names.clone());
        if params.is_empty() && cookies.is_empty() && config.header_names.is_empty() {
            errors.add("header_names", "is empty, as are all other places a token could be in");
        }
        Self { params, cookies, headers }
    }

    /// The request target without the parameters that carry tokens; `None` when it has none.
    pub fn strip(&self, head: &RequestHead<'_>) -> Option<Vec<u8>> {
        target::without_params(head.target(), &self.params)
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
            let is_source =
                |name: &[u8]| self.cookies.iter().any(|cookie| cookie.as_bytes() == name);
            for token in cookies(head).filter(|(name, _)| is_source(name)).map(|(_, value)| value) {
                pool.add(Cow::Borrowed(token))?;
            }
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

/// Names and values of all cookies (RFC 6265 section 4.2.1), quotes around values taken off. HTTP/2
/// may send them on several lines (RFC 9113 section 8.2.3).
fn cookies<'h>(head: &'h RequestHead<'_>) -> impl Iterator<Item = (&'h [u8], &'h [u8])> {
    head.headers.get_all("cookie").flat_map(|line| line.split(|b| *b == b';')).filter_map(|pair| {
        let equals = pair.iter().position(|b| *b == b'=')?;
        let (name, value) = (pair.get(..equals)?, pair.get(equals.checked_add(1)?..)?.trim_ascii());
        let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        Some((name.trim_ascii(), quoted.unwrap_or(value)))
    })
}
