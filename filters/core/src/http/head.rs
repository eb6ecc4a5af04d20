//! The heads of requests and responses.

use std::borrow::Cow;

use super::bytes::name_eq;
use crate::HeaderMutation;

/// Header lines in the order they arrived. Values are bytes and may not be UTF-8. Names are compared
/// ignoring case. A name may occur on several lines.
///
/// ```
/// use novasphere_core::Headers;
/// let headers = Headers::borrowed([(&b"Accept"[..], &b"a"[..]), (b"accept", b"b")]);
/// assert_eq!(headers.get("accept"), Some(&b"a"[..]));
/// assert_eq!(headers.get_all("accept").count(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Headers<'a> {
    lines: Vec<Line<'a>>,
}

/// The maximum capacity reserved in advance. Most heads have fewer lines.
const USUAL_LINES: usize = 64;

/// A name and a value.
type Line<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl<'a> Headers<'a> {
    /// Borrows lines from the host's buffer.
    pub fn borrowed(lines: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let lines = lines.into_iter();
        let (min, max) = lines.size_hint();
        let mut all = Vec::with_capacity(max.unwrap_or(min).min(USUAL_LINES));
        all.extend(lines.map(|(n, v)| (Cow::Borrowed(n), Cow::Borrowed(v))));
        Self { lines: all }
    }

    /// The value of the first line with this name. Use [`get_all`](Self::get_all) if a second line
    /// would be an attack.
    pub fn get<'s>(&'s self, name: &str) -> Option<&'s [u8]> {
        self.lines().find(|(n, _)| name_eq(n, name.as_bytes())).map(|(_, v)| v)
    }

    /// The values of all lines with this name, in order.
    pub fn get_all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.lines().filter(|(n, _)| name_eq(n, name.as_bytes())).map(|(_, v)| v)
    }

    /// Whether there is a line with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All lines in order, including pseudo-headers such as `:path`.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|(n, v)| (&**n, &**v))
    }

    /// Applies `mutations`.
    pub fn apply(&mut self, mutations: impl IntoIterator<Item = HeaderMutation<'a>>) {
        for mutation in mutations {
            match mutation {
                HeaderMutation::Set(name, value) => {
                    self.lines.retain(|(n, _)| !name.matches(n));
                    self.lines.push((Cow::Borrowed(name.as_str().as_bytes()), value));
                }
                HeaderMutation::Add(name, value) => {
                    self.lines.push((Cow::Borrowed(name.as_str().as_bytes()), value));
                }
                HeaderMutation::Remove(name) => self.lines.retain(|(n, _)| !name.matches(n)),
                HeaderMutation::Target(target) => {
                    for (_, value) in self.lines.iter_mut().filter(|(n, _)| **n == *b":path") {
                        *value = Cow::Owned(target.clone());
                    }
                }
            }
        }
    }

    /// These headers after `mutations`, for the next filter of a chain. Copies no text.
    pub fn with_mutations<'s>(&'s self, mutations: &'s [HeaderMutation<'_>]) -> Headers<'s> {
        let mut lines = Vec::with_capacity(self.lines.len().saturating_add(mutations.len()));
        lines.extend(self.lines().map(|(n, v)| (Cow::Borrowed(n), Cow::Borrowed(v))));
        let mut changed = Headers { lines };
        changed.apply(mutations.iter().map(HeaderMutation::as_borrowed));
        changed
    }
}

/// The head of a request. Its lines include the pseudo-headers of HTTP/2 (RFC 9113 section 8.3.1).
#[derive(Clone, Debug, Default)]
pub struct RequestHead<'a> {
    /// Header lines.
    pub headers: Headers<'a>,
}

impl RequestHead<'_> {
    /// The method, case-sensitive (RFC 9110 section 9.1). Empty if the host passed none.
    pub fn method(&self) -> &[u8] {
        self.headers.get(":method").unwrap_or_default()
    }

    /// The request target: path and query as received. Empty if the host passed none.
    pub fn target(&self) -> &[u8] {
        self.headers.get(":path").unwrap_or_default()
    }

    /// The authority, host and port, as received (RFC 9110 section 7.2). Empty if the host passed
    /// none.
    pub fn authority(&self) -> &[u8] {
        self.headers.get(":authority").unwrap_or_default()
    }

    /// Whether this is a CORS preflight: `OPTIONS` with `Origin` and
    /// `Access-Control-Request-Method` (Fetch standard, "CORS-preflight request").
    pub fn is_preflight(&self) -> bool {
        self.method() == b"OPTIONS"
            && self.headers.contains("origin")
            && self.headers.contains("access-control-request-method")
    }
}

/// The head of a response.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead<'a> {
    /// Header lines.
    pub headers: Headers<'a>,
}
