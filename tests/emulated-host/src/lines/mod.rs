//! Lists of header lines, and how each host mutates them.

mod response;

use crate::{Kind, Trap};

/// A header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
    /// nginx marks a removed line. Lists omit marked lines, but the upstream request includes them.
    hidden: bool,
    /// nginx keeps a pointer to one line of some response headers, see [`response`].
    is_linked: bool,
}

/// A list of lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<Line>,
}

/// Request headers of which nginx keeps only the first line.
const REQUEST_SINGLES: &[&str] = &[
    "host",
    "connection",
    "if-modified-since",
    "if-unmodified-since",
    "if-match",
    "if-none-match",
    "user-agent",
    "referer",
    "content-length",
    "content-type",
    "range",
    "if-range",
    "transfer-encoding",
    "expect",
    "upgrade",
    "accept-encoding",
    "via",
    "authorization",
    "keep-alive",
    "x-real-ip",
    "depth",
    "destination",
    "overwrite",
    "date",
];

impl Lines {
    pub(crate) fn new(lines: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let line = |(name, value)| Line { name, value, hidden: false, is_linked: false };
        Self { lines: lines.into_iter().map(line).collect() }
    }

    /// Returns the lines that filters see.
    pub(crate) fn visible(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let visible = self.lines.iter().filter(|line| !line.hidden);
        visible.map(|line| (line.name.clone(), line.value.clone())).collect()
    }

    /// Returns all lines, marked ones included.
    pub(crate) fn all(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.lines.iter().map(|line| (line.name.clone(), line.value.clone())).collect()
    }

    /// Returns the host's count, marked lines included.
    pub(crate) fn count(&self) -> usize {
        self.lines.len()
    }

    /// Returns the first value of a name, marked or not.
    pub(crate) fn first(&self, name: &[u8]) -> Option<&[u8]> {
        let line = self.lines.iter().find(|line| line.name.eq_ignore_ascii_case(name));
        line.map(|line| line.value.as_slice())
    }

    pub(crate) fn replace(&mut self, kind: Kind, is_request: bool, name: &[u8], value: &[u8]) {
        if kind == Kind::Nginx && !is_request {
            return self.replace_in_response(name, value);
        }
        let places = self.places(name);
        let Some(first) = places.first().copied() else {
            return self.push(name, value);
        };
        for place in places.iter().skip(1).filter(|_| kind == Kind::Envoy).rev() {
            self.lines.remove(*place);
        }
        if let Some(line) = self.lines.get_mut(first) {
            line.value = value.to_vec();
            line.hidden = false;
        }
        // nginx changes the first of several lines, then marks all of them.
        if kind == Kind::Nginx && places.len() > 1 && !is_single(name) {
            self.hide(&places);
        }
    }

    pub(crate) fn add(&mut self, kind: Kind, is_request: bool, name: &[u8], value: &[u8]) {
        if kind == Kind::Nginx && !is_request {
            return self.add_to_response(name, value);
        }
        let is_there = !self.places(name).is_empty();
        if kind == Kind::Nginx && is_there && is_single(name) {
            return; // nginx logs this and returns Ok
        }
        self.push(name, value);
    }

    pub(crate) fn remove(&mut self, kind: Kind, is_request: bool, name: &[u8]) -> Result<(), Trap> {
        if kind == Kind::Nginx && !is_request {
            return self.remove_from_response(name);
        }
        let places = self.places(name);
        match kind {
            Kind::Envoy => self.lines.retain(|line| !line.name.eq_ignore_ascii_case(name)),
            Kind::Nginx if is_single(name) => self.hide(places.get(..1).unwrap_or_default()),
            Kind::Nginx => self.hide(&places),
        }
        Ok(())
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        let (name, value) = (name.to_vec(), value.to_vec());
        self.lines.push(Line { name, value, hidden: false, is_linked: false });
    }

    fn hide(&mut self, places: &[usize]) {
        for (i, line) in self.lines.iter_mut().enumerate() {
            line.hidden |= places.contains(&i);
        }
    }

    fn places(&self, name: &[u8]) -> Vec<usize> {
        let is_it = |(i, line): (usize, &Line)| line.name.eq_ignore_ascii_case(name).then_some(i);
        self.lines.iter().enumerate().filter_map(is_it).collect()
    }
}

fn is_single(name: &[u8]) -> bool {
    is_one_of(REQUEST_SINGLES, name)
}

fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
}
