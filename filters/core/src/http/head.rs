//! Heads of requests and responses, as policies see them.

use std::borrow::Cow;

use super::bytes::is_called;
use crate::HeaderMutation;

/// Header lines in the order they arrived. Values are bytes, never assumed to be UTF-8; names are
/// compared without regard to case. A name may occur on several lines.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a> {
    lines: Vec<Line<'a>>,
}

/// More lines than heads usually have: room for so many is made at once.
const USUAL_LINES: usize = 64;

/// A name and a value.
type Line<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl<'a> Headers<'a> {
    /// Lines borrowed from the host's answer.
    pub fn borrowed(lines: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let lines = lines.into_iter();
        let (least, most) = lines.size_hint();
        let mut all = Vec::with_capacity(most.unwrap_or(least).min(USUAL_LINES));
        all.extend(lines.map(|(n, v)| (Cow::Borrowed(n), Cow::Borrowed(v))));
        Self { lines: all }
    }

    /// The value of the first line called `name`. Where more than one line would be an attack, use
    /// [`get_all`](Self::get_all).
    pub fn get<'s>(&'s self, name: &str) -> Option<&'s [u8]> {
        self.lines().find(|(n, _)| is_called(n, name.as_bytes())).map(|(_, v)| v)
    }

    /// The values of all lines called `name`, in order.
    pub fn get_all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.lines().filter(|(n, _)| is_called(n, name.as_bytes())).map(|(_, v)| v)
    }

    /// Whether a line is called `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All lines, pseudo-headers such as `:path` among them, in order.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|(n, v)| (&**n, &**v))
    }

    /// Carries out `mutations`.
    pub fn apply(&mut self, mutations: impl IntoIterator<Item = HeaderMutation<'a>>) {
        for edit in mutations {
            match edit {
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

    /// What `mutations` make of it, for the next policy of a chain: no text is copied.
    pub fn with_mutations<'s>(&'s self, mutations: &'s [HeaderMutation<'_>]) -> Headers<'s> {
        let mut lines = Vec::with_capacity(self.lines.len().saturating_add(mutations.len()));
        lines.extend(self.lines().map(|(n, v)| (Cow::Borrowed(n), Cow::Borrowed(v))));
        let mut changed = Headers { lines };
        changed.apply(mutations.iter().map(HeaderMutation::as_borrowed));
        changed
    }
}

/// The head of a request. The pseudo-headers of HTTP/2 (RFC 9113 section 8.3.1) are lines of it.
#[derive(Clone, Debug, Default)]
pub struct RequestHead<'a> {
    /// Its header lines.
    pub headers: Headers<'a>,
}

impl RequestHead<'_> {
    /// The method, case-sensitive (RFC 9110 section 9.1); empty when the host gave none.
    pub fn method(&self) -> &[u8] {
        self.headers.get(":method").unwrap_or_default()
    }

    /// The request target: path and query as they came; empty when the host gave none.
    pub fn target(&self) -> &[u8] {
        self.headers.get(":path").unwrap_or_default()
    }

    /// The authority, host and port, as it came (RFC 9110 section 7.2); empty when the host gave
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
    /// Its header lines.
    pub headers: Headers<'a>,
}
