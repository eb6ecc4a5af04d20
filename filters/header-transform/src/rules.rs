//! The rules for one kind of message, and the edits that carry them out.

use std::{borrow::Cow, mem};

use novasphere_core::{Edit, HeaderName, Headers, header_value};

/// Rules in the order they are carried out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Every name some rule is about, once.
    names: Vec<HeaderName>,
    rules: Vec<Rule>,
}

/// The place of a name in `Rules::names`.
type Place = usize;

#[derive(Clone, Debug)]
enum Rule {
    Remove(Place),
    Rename { old: Place, new: Place },
    Replace(Place, Vec<u8>),
    Add(Place, Vec<u8>),
    Append(Place, Vec<u8>),
}

impl Rules {
    pub(crate) fn remove(&mut self, name: HeaderName) {
        let place = self.place(name);
        self.rules.push(Rule::Remove(place));
    }

    /// A header renamed to itself stays as it is.
    pub(crate) fn rename(&mut self, old: HeaderName, new: HeaderName) {
        if old != new {
            let (old, new) = (self.place(old), self.place(new));
            self.rules.push(Rule::Rename { old, new });
        }
    }

    pub(crate) fn replace(&mut self, name: HeaderName, value: Vec<u8>) {
        let place = self.place(name);
        self.rules.push(Rule::Replace(place, value));
    }

    pub(crate) fn add(&mut self, name: HeaderName, value: Vec<u8>) {
        let place = self.place(name);
        self.rules.push(Rule::Add(place, value));
    }

    pub(crate) fn append(&mut self, name: HeaderName, value: Vec<u8>) {
        let place = self.place(name);
        self.rules.push(Rule::Append(place, value));
    }

    fn place(&mut self, name: HeaderName) -> Place {
        self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len().saturating_sub(1)
        })
    }

    /// Whether the edits depend on the message. To take away a header that is not there costs a
    /// tenth of reading the message to see that, so `remove` and `append` alone do not look.
    pub(crate) fn look(&self) -> bool {
        !self.rules.iter().all(|rule| matches!(rule, Rule::Remove(_) | Rule::Append(..)))
    }

    /// The edits that carry the rules out on a message with these headers: as few as possible.
    pub(crate) fn edits<'p>(&'p self, headers: &Headers<'_>) -> Vec<Edit<'p>> {
        if !self.look() {
            return self.rules.iter().filter_map(|rule| self.unseen(rule)).collect();
        }
        let mut fields: Vec<Vec<Line<'p, '_>>> = self
            .names
            .iter()
            .map(|name| headers.get_all(name.as_str()).map(Line::Arrived).collect())
            .collect();
        for rule in &self.rules {
            rule.carry_out(&mut fields);
        }
        let fields = self.names.iter().zip(fields);
        fields.flat_map(|(name, lines)| difference(name, &lines, headers)).collect()
    }

    /// The edit for a rule that does not look.
    fn unseen<'p>(&'p self, rule: &'p Rule) -> Option<Edit<'p>> {
        match rule {
            Rule::Remove(place) => self.names.get(*place).map(Edit::Remove),
            Rule::Append(place, value) => {
                self.names.get(*place).map(|name| Edit::Add(name, Cow::Borrowed(value)))
            }
            Rule::Rename { .. } | Rule::Replace(..) | Rule::Add(..) => None,
        }
    }
}

/// The value of a line.
#[derive(Clone, Copy, Debug)]
enum Line<'p, 'm> {
    /// From the message.
    Arrived(&'m [u8]),
    /// From a rule.
    Given(&'p [u8]),
}

impl Line<'_, '_> {
    fn value(&self) -> &[u8] {
        match self {
            Line::Arrived(value) | Line::Given(value) => value,
        }
    }
}

impl Rule {
    /// Changes the lines of the named fields, each at its place.
    fn carry_out<'p>(&'p self, fields: &mut [Vec<Line<'p, '_>>]) {
        let (Rule::Remove(place)
        | Rule::Rename { old: place, .. }
        | Rule::Replace(place, _)
        | Rule::Add(place, _)
        | Rule::Append(place, _)) = self;
        let Some(lines) = fields.get_mut(*place) else { return };
        match self {
            Rule::Remove(_) => lines.clear(),
            Rule::Rename { new, .. } => {
                let mut moved = mem::take(lines);
                // What the host let through but must not be sent anew.
                moved.retain(|line| header_value(line.value()).is_ok());
                if let Some(target) = fields.get_mut(*new).filter(|_| !moved.is_empty()) {
                    *target = moved;
                }
            }
            Rule::Replace(_, value) if !lines.is_empty() => *lines = vec![Line::Given(value)],
            Rule::Add(_, value) if lines.is_empty() => lines.push(Line::Given(value)),
            Rule::Replace(..) | Rule::Add(..) => {}
            Rule::Append(_, value) => lines.push(Line::Given(value)),
        }
    }
}

/// The edits that turn the lines called `name` of a message into `lines`.
fn difference<'p>(
    name: &'p HeaderName,
    lines: &[Line<'p, '_>],
    headers: &Headers<'_>,
) -> Vec<Edit<'p>> {
    let mut arrived = headers.get_all(name.as_str());
    let present = headers.contains(name.as_str());
    if lines.is_empty() {
        return if present { vec![Edit::Remove(name)] } else { Vec::new() };
    }
    // Lines that only follow those that arrived are added; otherwise all are written anew.
    let mut rest = lines.iter();
    let follow = arrived.all(|before| rest.next().is_some_and(|line| line.value() == before));
    if !follow {
        rest = lines.iter();
    }
    rest.enumerate()
        .map(|(i, line)| {
            let value = match *line {
                Line::Given(value) => Cow::Borrowed(value),
                Line::Arrived(value) => Cow::Owned(value.to_vec()),
            };
            if i == 0 && !follow { Edit::Set(name, value) } else { Edit::Add(name, value) }
        })
        .collect()
}
