//! The lines of the names that rules are about, while the rules are carried out.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, Headers, header_value};

use crate::{message::Message, rules::Name};

/// The lines of one name: those that arrived, unless they are to go, and new ones behind them.
#[derive(Debug)]
pub(crate) struct Field<'f, 'm> {
    name: &'f Name,
    /// The spelling of each, which in requests may be another, and its value.
    arrived: Vec<(&'m [u8], &'m [u8])>,
    kept: bool,
    new: Vec<Cow<'f, [u8]>>,
}

impl<'f, 'm> Field<'f, 'm> {
    pub(crate) fn new(name: &'f Name, headers: &'m Headers<'_>, message: Message) -> Self {
        let loosely = name.guarded && message == Message::Request;
        let is_it = |line: &[u8]| match loosely {
            true => name.name.matches_loosely(line),
            false => name.name.matches(line),
        };
        let arrived = headers.lines().filter(|(line, _)| is_it(line)).collect();
        Self { name, arrived, kept: true, new: Vec::new() }
    }

    pub(crate) fn name(&self) -> &'f HeaderName {
        &self.name.name
    }

    fn has(&self, line: &[u8]) -> bool {
        self.arrived.iter().any(|(arrived, _)| *arrived == line)
    }

    pub(crate) fn is_present(&self) -> bool {
        (self.kept && !self.arrived.is_empty()) || !self.new.is_empty()
    }

    /// Takes all lines away.
    pub(crate) fn clear(&mut self) {
        self.kept = false;
        self.new.clear();
    }

    /// Takes all lines out. What the host let through and must not be sent anew is dropped.
    pub(crate) fn take(&mut self, dropped: &mut impl FnMut()) -> Vec<Cow<'f, [u8]>> {
        let arrived: &[_] = if self.kept { &self.arrived } else { &[] };
        let values =
            arrived.iter().filter_map(|(_, value)| header_value(value).map_err(|_| dropped()).ok());
        let mut lines: Vec<_> = values.map(|value| Cow::Owned(value.to_vec())).collect();
        lines.append(&mut self.new);
        self.kept = false;
        lines
    }

    /// Puts these in the place of all lines.
    pub(crate) fn become_lines(&mut self, lines: Vec<Cow<'f, [u8]>>) {
        self.kept = false;
        self.new = lines;
    }

    /// Puts lines behind the others.
    pub(crate) fn extend(&mut self, lines: impl IntoIterator<Item = Cow<'f, [u8]>>) {
        self.new.extend(lines);
    }

    /// Whether nothing is to be done, if all lines of the message were read.
    fn is_as_it_arrived(&self) -> bool {
        let mut lines = self.arrived.iter().zip(&self.new);
        self.arrived.len() == self.new.len()
            && lines.all(|((line, value), new)| self.name().matches(line) && *value == &**new)
    }

    /// The other spellings that arrived.
    fn spellings(&self) -> impl Iterator<Item = &'m [u8]> {
        let others = self.arrived.iter().filter(|(line, _)| !self.name().matches(line));
        others.map(|(line, _)| *line)
    }

    /// Adds the mutations that bring the lines about.
    fn add_edits(self, whole: bool, mutations: &mut Vec<HeaderMutation<'f>>) {
        if !self.kept && whole && self.is_as_it_arrived() {
            return;
        }
        if !self.kept {
            self.spellings().for_each(|line| remove_found(line, mutations));
        }
        let Self { name: Name { name, seen, .. }, arrived, kept, new } = self;
        if !kept && new.is_empty() {
            // What was not looked at may be there.
            let known = whole || *seen;
            if !known || arrived.iter().any(|(line, _)| name.matches(line)) {
                mutations.push(HeaderMutation::remove(name));
            }
        }
        let line = |(i, value)| match i == 0 && !kept {
            true => HeaderMutation::Set(name, value),
            false => HeaderMutation::Add(name, value),
        };
        mutations.extend(new.into_iter().enumerate().map(line));
    }
}

/// The mutations after which a message has the lines of `fields`, and of the others those that are not
/// `swept`; `whole` says whether all lines that arrived were read.
pub(crate) fn mutations<'f>(
    fields: Vec<Field<'f, '_>>,
    headers: &Headers<'_>,
    swept: impl Fn(&[u8]) -> bool,
    whole: bool,
) -> Vec<HeaderMutation<'f>> {
    let mut mutations = Vec::new();
    if whole {
        let is_known = |line: &[u8]| fields.iter().any(|field| field.has(line));
        let others = headers.lines().filter(|(line, _)| swept(line) && !is_known(line));
        others.for_each(|(line, _)| remove_found(line, &mut mutations));
    }
    for field in fields {
        field.add_edits(whole, &mut mutations);
    }
    mutations
}

/// Removes lines by a name from the message; what is no name is left to the host.
fn remove_found<'f>(name: &[u8], mutations: &mut Vec<HeaderMutation<'f>>) {
    let Some(name) = str::from_utf8(name).ok().and_then(|name| HeaderName::parse(name).ok()) else {
        return;
    };
    let mutation = HeaderMutation::Remove(Cow::Owned(name));
    if !mutations.contains(&mutation) {
        mutations.push(mutation);
    }
}
