//! [`HeaderLines`]: the lines of a header while the rules run.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, Headers, header_value};

use super::tracked_name::TrackedName;
use crate::message::Message;

/// The lines of a header that rules name: the lines that arrived, unless a rule removed them, then
/// the added lines.
#[derive(Debug)]
pub(super) struct HeaderLines<'f, 'm> {
    tracked: &'f TrackedName,
    /// Name and value of each line. In requests the name may have another spelling.
    arrived: Vec<(&'m [u8], &'m [u8])>,
    keeps_arrived: bool,
    added: Vec<Cow<'f, [u8]>>,
}

impl<'f, 'm> HeaderLines<'f, 'm> {
    pub(super) fn new(
        tracked: &'f TrackedName,
        headers: &'m Headers<'_>,
        message: Message,
    ) -> Self {
        let ignores_spelling = tracked.is_removed && message == Message::Request;
        let name = &tracked.name;
        let arrived = match ignores_spelling {
            true => headers.lines_spelled(name.as_str()).collect(),
            false => headers.lines_called(name.as_str()).collect(),
        };
        Self { tracked, arrived, keeps_arrived: true, added: Vec::new() }
    }

    pub(super) fn name(&self) -> &'f HeaderName {
        &self.tracked.name
    }

    fn arrived_as(&self, line: &[u8]) -> bool {
        self.arrived.iter().any(|(arrived, _)| *arrived == line)
    }

    pub(super) fn is_present(&self) -> bool {
        (self.keeps_arrived && !self.arrived.is_empty()) || !self.added.is_empty()
    }

    /// Removes all lines.
    pub(super) fn clear(&mut self) {
        self.keeps_arrived = false;
        self.added.clear();
    }

    /// Removes all lines and returns their values. Drops a value that the host accepted but that
    /// must not be sent under a new name, and calls `dropped` for it.
    pub(super) fn take(&mut self, dropped: &mut impl FnMut()) -> Vec<Cow<'f, [u8]>> {
        let arrived: &[_] = if self.keeps_arrived { &self.arrived } else { &[] };
        let values =
            arrived.iter().filter_map(|(_, value)| header_value(value).map_err(|_| dropped()).ok());
        let mut lines: Vec<_> = values.map(|value| Cow::Owned(value.to_vec())).collect();
        lines.append(&mut self.added);
        self.keeps_arrived = false;
        lines
    }

    /// Replaces all lines.
    pub(super) fn replace(&mut self, lines: Vec<Cow<'f, [u8]>>) {
        self.keeps_arrived = false;
        self.added = lines;
    }

    /// Adds lines at the end.
    pub(super) fn extend(&mut self, lines: impl IntoIterator<Item = Cow<'f, [u8]>>) {
        self.added.extend(lines);
    }

    /// Whether the added lines equal the lines that arrived.
    fn is_unchanged(&self) -> bool {
        let mut lines = self.arrived.iter().zip(&self.added);
        self.arrived.len() == self.added.len()
            && lines.all(|((line, value), added)| self.name().matches(line) && *value == &**added)
    }

    /// The other spellings that arrived.
    fn other_spellings(&self) -> impl Iterator<Item = &'m [u8]> {
        let others = self.arrived.iter().filter(|(line, _)| !self.name().matches(line));
        others.map(|(line, _)| *line)
    }

    /// Adds the mutations from the lines that arrived to the current lines. `reads_all` says whether
    /// all lines of the message were read.
    fn push_mutations(self, reads_all: bool, mutations: &mut Vec<HeaderMutation<'f>>) {
        if !self.keeps_arrived && reads_all && self.is_unchanged() {
            return;
        }
        if !self.keeps_arrived {
            self.other_spellings().for_each(|line| push_removal(line, mutations));
        }
        let Self { tracked: TrackedName { name, is_read, .. }, arrived, keeps_arrived, added } =
            self;
        if !keeps_arrived && added.is_empty() {
            // A header that was not read may be present.
            let is_known = reads_all || *is_read;
            if !is_known || arrived.iter().any(|(line, _)| name.matches(line)) {
                mutations.push(HeaderMutation::remove(name));
            }
        }
        let mutation = |(i, value)| match i == 0 && !keeps_arrived {
            true => HeaderMutation::Set(name, value),
            false => HeaderMutation::Add(name, value),
        };
        mutations.extend(added.into_iter().enumerate().map(mutation));
    }
}

/// The mutations that leave the lines of `fields` in a message, and the other lines except those
/// that `is_removed` selects. `reads_all` says whether all lines of the message were read.
pub(super) fn mutations<'f>(
    fields: Vec<HeaderLines<'f, '_>>,
    headers: &Headers<'_>,
    is_removed: impl Fn(&[u8]) -> bool,
    reads_all: bool,
) -> Vec<HeaderMutation<'f>> {
    let mut mutations = Vec::new();
    if reads_all {
        let is_tracked = |line: &[u8]| fields.iter().any(|field| field.arrived_as(line));
        let others = headers.lines().filter(|(line, _)| is_removed(line) && !is_tracked(line));
        others.for_each(|(line, _)| push_removal(line, &mut mutations));
    }
    for field in fields {
        field.push_mutations(reads_all, &mut mutations);
    }
    mutations
}

/// Removes the lines of a name found in the message, once. Leaves malformed names to the host.
pub(super) fn push_removal<'f>(name: &[u8], mutations: &mut Vec<HeaderMutation<'f>>) {
    let Some(name) = str::from_utf8(name).ok().and_then(|name| HeaderName::parse(name).ok()) else {
        return;
    };
    let mutation = HeaderMutation::Remove(Cow::Owned(name));
    if !mutations.contains(&mutation) {
        mutations.push(mutation);
    }
}
