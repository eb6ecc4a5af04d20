//! The heads of requests and responses.

use super::{
    bytes::name_eq,
    header_name::{Spellings, loosely_eq},
    name_tag::{NameTag, TagSet},
};
use crate::{HeaderMutation, HeaderName};

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
    /// The tags of all lines, and maybe of removed ones. Most lookups are for absent headers.
    tags: TagSet,
}

/// The maximum capacity reserved in advance. Most heads have fewer lines.
const USUAL_LINES: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    tag: NameTag,
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Line<'a> {
    #[inline(always)]
    fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self { tag: NameTag::of(name), name, value }
    }

    fn of(name: &'a HeaderName, value: &'a [u8]) -> Self {
        Self { tag: name.tag(), name: name.as_str().as_bytes(), value }
    }

    /// Whether the line has this name. `tag` is the tag of `name`.
    #[inline(always)]
    fn is_called(&self, tag: NameTag, name: &[u8]) -> bool {
        self.tag == tag && name_eq(self.name, name)
    }
}

impl<'a> Headers<'a> {
    /// Borrows lines from the host's buffer.
    pub fn borrowed(lines: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let lines = lines.into_iter();
        let (min, max) = lines.size_hint();
        let mut all = Vec::with_capacity(max.unwrap_or(min).min(USUAL_LINES));
        let mut tags = TagSet::default();
        for (name, value) in lines {
            let line = Line::new(name, value);
            tags.insert(line.tag);
            all.push(line);
        }
        Self { lines: all, tags }
    }

    fn with_capacity(lines: usize) -> Self {
        Self { lines: Vec::with_capacity(lines), tags: TagSet::default() }
    }

    #[inline]
    fn push(&mut self, line: Line<'a>) {
        self.tags.insert(line.tag);
        self.lines.push(line);
    }

    /// The value of the first line with this name. Use [`get_all`](Self::get_all) if a second line
    /// would be an attack.
    #[inline]
    pub fn get<'s>(&'s self, name: &str) -> Option<&'s [u8]> {
        let tag = NameTag::of(name.as_bytes());
        if self.tags.may_contain(tag) { self.find(tag, name.as_bytes()) } else { None }
    }

    fn find(&self, tag: NameTag, name: &[u8]) -> Option<&[u8]> {
        self.lines.iter().find(|line| line.is_called(tag, name)).map(|line| line.value)
    }

    /// The values of all lines with this name, in order.
    #[inline]
    pub fn get_all<'s>(&'s self, name: &str) -> impl DoubleEndedIterator<Item = &'s [u8]> {
        self.lines_called(name).map(|(_, value)| value)
    }

    /// All lines with this name, in order. Their names may differ in case.
    #[inline]
    pub fn lines_called<'s, 'n>(
        &'s self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = (&'s [u8], &'s [u8])> + use<'s, 'n, 'a> {
        let tag = NameTag::of(name.as_bytes());
        let lines = if self.tags.may_contain(tag) { self.lines.as_slice() } else { &[] };
        let lines = lines.iter().filter(move |line| line.is_called(tag, name.as_bytes()));
        lines.map(|line| (line.name, line.value))
    }

    /// Whether there is a line with this name.
    #[inline]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All lines with this name in any spelling, in order. See
    /// [`HeaderName::matches_loosely`](crate::HeaderName::matches_loosely).
    #[inline]
    pub fn lines_spelled<'s, 'n>(
        &'s self,
        name: &'n str,
    ) -> impl Iterator<Item = (&'s [u8], &'s [u8])> + use<'s, 'n, 'a> {
        let name = name.as_bytes();
        let tag = NameTag::of_spellings(name);
        let may_be_present = tag.is_none_or(|tag| self.tags.may_contain(tag));
        let lines = if may_be_present { self.lines.as_slice() } else { &[] };
        let is_spelled = move |line: &&Line<'_>| {
            tag.is_none_or(|tag| line.tag == tag) && loosely_eq(line.name, name)
        };
        lines.iter().filter(is_spelled).map(|line| (line.name, line.value))
    }

    /// Whether there may be a line with one of these names, in any spelling. False only if there is
    /// none.
    #[inline]
    pub fn may_contain_any(&self, names: &Spellings) -> bool {
        self.tags.may_intersect(names.tags)
    }

    /// All lines in order, including pseudo-headers such as `:path`.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|line| (line.name, line.value))
    }

    /// Applies `mutations`. Copies no text.
    pub fn apply(&mut self, mutations: &'a [HeaderMutation<'_>]) {
        for mutation in mutations {
            match mutation {
                HeaderMutation::Set(name, value) => {
                    self.remove(name);
                    self.push(Line::of(name, value));
                }
                HeaderMutation::Add(name, value) => self.push(Line::of(name, value)),
                HeaderMutation::Remove(name) => self.remove(name),
                HeaderMutation::Target(target) => {
                    for line in self.lines.iter_mut().filter(|line| line.name == b":path") {
                        line.value = target;
                    }
                }
            }
        }
    }

    fn remove(&mut self, name: &HeaderName) {
        if self.tags.may_contain(name.tag()) {
            self.lines.retain(|line| !line.is_called(name.tag(), name.as_str().as_bytes()));
        }
    }

    /// These headers after `mutations`, for the next filter of a chain. Copies no text.
    pub fn with_mutations<'s>(&'s self, mutations: &'s [HeaderMutation<'_>]) -> Headers<'s> {
        let mut changed = Headers::with_capacity(self.lines.len().saturating_add(mutations.len()));
        changed.lines.extend_from_slice(&self.lines);
        changed.tags = self.tags;
        changed.apply(mutations);
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

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 10] = [
        "x-user-id",
        "X-USER-ID",
        "x_user_id",
        "x-user-ie",
        "-a",
        "_a",
        ":path",
        "accept",
        "a",
        "",
    ];

    /// Every list of up to three of the names.
    fn heads() -> impl Iterator<Item = Vec<(&'static [u8], &'static [u8])>> {
        let some = || NAMES.iter().map(Some).chain([None]);
        some().flat_map(move |a| some().flat_map(move |b| some().map(move |c| [a, b, c]))).map(
            |names| {
                let values = [&b"1"[..], b"2", b"3"];
                let lines = names.into_iter().zip(values);
                lines.filter_map(|(name, value)| Some((name?.as_bytes(), value))).collect()
            },
        )
    }

    #[test]
    fn lookups_find_what_a_comparison_of_all_lines_finds() {
        for lines in heads() {
            let headers = Headers::borrowed(lines.iter().copied());
            for name in NAMES {
                let exact = |line: &[u8]| line.eq_ignore_ascii_case(name.as_bytes());
                let loose = |line: &[u8]| loosely_eq(line, name.as_bytes());
                let all = || lines.iter().copied();
                assert!(
                    headers.lines_called(name).eq(all().filter(|(n, _)| exact(n))),
                    "{lines:?}"
                );
                assert!(
                    headers.lines_spelled(name).eq(all().filter(|(n, _)| loose(n))),
                    "{lines:?}"
                );
                assert_eq!(headers.get(name), headers.get_all(name).next());
                assert_eq!(headers.contains(name), all().any(|(n, _)| exact(n)));
                let is_spelled = all().any(|(n, _)| loose(n));
                if let Ok(name) = HeaderName::parse(name) {
                    let spellings = Spellings::from_iter([&name]);
                    assert!(headers.may_contain_any(&spellings) || !is_spelled, "{lines:?}");
                }
            }
        }
    }

    #[test]
    fn lookups_see_mutations() {
        let user = HeaderName::from_static("x-user-id");
        for lines in heads() {
            let headers = Headers::borrowed(lines.iter().copied());
            let set = [HeaderMutation::Set(&user, b"4".into())];
            let changed = headers.with_mutations(&set);
            assert!(changed.get_all("x-user-id").eq([b"4"]), "{lines:?}");
            let removed = [HeaderMutation::remove(&user)];
            assert!(!headers.with_mutations(&removed).contains("x-user-id"), "{lines:?}");
        }
    }
}
