//! Changes of a response's header lines, as nginx makes them.
//!
//! nginx keeps a pointer to the line of some headers. A change of such a header changes this line
//! only. Without a pointer, replacing searches all lines, and removing does nothing.

use super::{Lines, is_one_of};
use crate::Trap;

/// Headers with a pointer to one line.
const SINGLES: &[&str] = &[
    "server",
    "date",
    "content-length",
    "content-encoding",
    "location",
    "refresh",
    "last-modified",
    "content-range",
    "accept-ranges",
    "www-authenticate",
    "expires",
    "e-tag",
    "etag",
    "content-type",
    "connection",
];

/// Headers with a pointer to a chain of lines.
const CHAINS: &[&str] = &["cache-control", "link"];

impl Lines {
    /// The lines of an upstream's response. nginx links the line of a single header, except
    /// `WWW-Authenticate` and a `Location` without a host.
    pub(crate) fn from_upstream(lines: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let mut lines = Self::new(lines);
        for name in SINGLES.iter().filter(|name| **name != "www-authenticate") {
            if let Some(first) = lines.places(name.as_bytes()).first() {
                lines.link(*first);
            }
        }
        lines
    }

    pub(super) fn replace_in_response(&mut self, name: &[u8], value: &[u8]) {
        let place = match self.linked(name) {
            Some(place) => Some(place),
            None => self.only_visible(name, value),
        };
        if let Some(line) = place.and_then(|place| self.lines.get_mut(place)) {
            (line.name, line.value, line.hidden) = (name.to_vec(), value.to_vec(), false);
        }
        if let Some(place) = place {
            self.link(place);
        }
    }

    pub(super) fn add_to_response(&mut self, name: &[u8], value: &[u8]) {
        if name.eq_ignore_ascii_case(b"content-type") {
            return self.replace_in_response(name, value);
        }
        if self.linked(name).is_none() {
            self.push(name, value);
            self.link(self.lines.len() - 1);
        } // Otherwise nginx logs that it cannot add the header, and returns Ok.
    }

    pub(super) fn remove_from_response(&mut self, name: &[u8]) -> Result<(), Trap> {
        let visible = self.visible_places(name);
        if is_one_of(SINGLES, name) {
            self.hide(self.linked(name).as_slice());
        } else if visible.is_empty() && is_one_of(CHAINS, name) {
            // nginx writes through a pointer that it has not initialised.
            let name = String::from_utf8_lossy(name);
            return Err(Trap::crash(format!("segmentation fault: no line {name} to remove")));
        } else {
            self.hide(&visible);
        }
        Ok(())
    }

    /// The only visible line of a name, added if there is none. nginx changes the first of several
    /// lines, then removes all of them.
    fn only_visible(&mut self, name: &[u8], value: &[u8]) -> Option<usize> {
        let visible = self.visible_places(name);
        match visible.as_slice() {
            [] => {
                self.push(name, b"");
                Some(self.lines.len() - 1)
            }
            [only] => Some(*only),
            [first, ..] => {
                if let Some(line) = self.lines.get_mut(*first) {
                    (line.name, line.value) = (name.to_vec(), value.to_vec());
                }
                self.hide(&visible);
                None
            }
        }
    }

    fn visible_places(&self, name: &[u8]) -> Vec<usize> {
        let is_visible = |i: &usize| self.lines.get(*i).is_some_and(|line| !line.hidden);
        self.places(name).into_iter().filter(is_visible).collect()
    }

    fn linked(&self, name: &[u8]) -> Option<usize> {
        let is_it = |line: &super::Line| line.is_linked && line.name.eq_ignore_ascii_case(name);
        self.lines.iter().position(is_it)
    }

    /// Points to a line of a single header. nginx completes a `Location` that it points to with a
    /// host, so it does not point to one without a host.
    fn link(&mut self, place: usize) {
        if let Some(line) = self.lines.get_mut(place) {
            let is_relative =
                line.name.eq_ignore_ascii_case(b"location") && line.value.starts_with(b"/");
            line.is_linked = is_one_of(SINGLES, &line.name) && !is_relative;
        }
    }
}
