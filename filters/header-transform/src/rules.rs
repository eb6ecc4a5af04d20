//! The rules about headers for one kind of message, and the mutations that carry them out.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, Headers};

use crate::{
    condition::Condition,
    fields::{Field, mutations},
    message::Message,
    pattern::NamePattern,
    sweep::Sweep,
    template::{Template, Value},
};

/// Rules in the order they are carried out.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) message: Message,
    /// Every name some rule is about, once.
    names: Vec<Name>,
    rules: Vec<(Condition, Rule)>,
    pub(crate) templates: Vec<Template>,
    /// Whether all lines are looked at.
    pub(crate) whole: bool,
}

/// The place of a name in `Rules::names`.
type Place = usize;

/// A name some rule is about.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) name: HeaderName,
    /// Whether some rule takes its lines away. In requests it then stands for all its spellings with
    /// `_` for `-`.
    pub(crate) guarded: bool,
    /// Whether its presence matters.
    pub(crate) seen: bool,
    /// Whether all rules before the one being added leave no line that arrived.
    cleared: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    Sweep(Sweep),
    Remove(Place),
    Rename { old: Place, new: Place },
    Replace(Place, Value),
    Add(Place, Value),
    Append(Place, Value),
}

impl Rules {
    pub(crate) fn new(message: Message) -> Self {
        let (names, rules, templates) = (Vec::new(), Vec::new(), Vec::new());
        Self { message, names, rules, templates, whole: false }
    }

    /// Only these names may pass.
    pub(crate) fn allow(&mut self, when: &Condition, allowed: Vec<NamePattern>) {
        self.sweep(when, Sweep::AllBut(allowed));
    }

    /// Takes away all names that `pattern` matches.
    pub(crate) fn remove_matching(&mut self, when: &Condition, pattern: NamePattern) {
        self.sweep(when, Sweep::Matching(pattern));
    }

    fn sweep(&mut self, when: &Condition, sweep: Sweep) {
        self.whole = true;
        self.rules.push((when.clone(), Rule::Sweep(sweep)));
    }

    pub(crate) fn remove(&mut self, when: &Condition, name: HeaderName) {
        let place = self.place(name);
        // On requests every edit makes Envoy pick the route again, so that it pays to look first.
        let looks = self.message == Message::Request;
        self.takes_away(place, looks);
        self.clears(place, when);
        self.rules.push((when.clone(), Rule::Remove(place)));
    }

    pub(crate) fn rename(&mut self, when: &Condition, old: HeaderName, new: HeaderName) {
        let (old, new) = (self.place(old), self.place(new));
        self.whole = true;
        self.takes_away(old, true);
        self.takes_away(new, true);
        self.rules.push((when.clone(), Rule::Rename { old, new }));
    }

    pub(crate) fn replace(&mut self, when: &Condition, name: HeaderName, value: Value) {
        let place = self.place(name);
        let looks = self.looks(place);
        self.takes_away(place, looks);
        self.rules.push((when.clone(), Rule::Replace(place, value)));
    }

    pub(crate) fn add(&mut self, when: &Condition, name: HeaderName, value: Value) {
        let place = self.place(name);
        let looks = self.looks(place);
        self.see(place, looks);
        self.rules.push((when.clone(), Rule::Add(place, value)));
    }

    pub(crate) fn append(&mut self, when: &Condition, name: HeaderName, value: Value) {
        let place = self.place(name);
        self.rules.push((when.clone(), Rule::Append(place, value)));
    }

    fn place(&mut self, name: HeaderName) -> Place {
        self.names.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.names.push(Name { name, guarded: false, seen: false, cleared: false });
            self.names.len().saturating_sub(1)
        })
    }

    /// Whether what is left of the name depends on what arrived.
    fn looks(&self, place: Place) -> bool {
        self.names.get(place).is_some_and(|name| !name.cleared)
    }

    fn see(&mut self, place: Place, looks: bool) {
        if let Some(name) = self.names.get_mut(place) {
            name.seen |= looks;
        }
    }

    fn takes_away(&mut self, place: Place, looks: bool) {
        let is_request = self.message == Message::Request;
        if let Some(name) = self.names.get_mut(place) {
            name.guarded = true;
            name.seen |= looks;
            // Its other spellings are seen among all lines only.
            self.whole |= is_request && looks && name.name.as_str().contains(['-', '_']);
        }
    }

    fn clears(&mut self, place: Place, when: &Condition) {
        if let Some(name) = self.names.get_mut(place) {
            name.cleared |= *when == Condition::Always;
        }
    }

    /// Whether it matters what message it is: unless they only remove names and append what is
    /// fixed.
    pub(crate) fn look(&self) -> bool {
        let looks =
            |rule: &Rule| !matches!(rule, Rule::Remove(_) | Rule::Append(_, Value::Fixed(_)));
        self.names.iter().any(|name| name.seen)
            || self.rules.iter().any(|(when, rule)| *when != Condition::Always || looks(rule))
    }

    /// The lines they look at, unless at all; a name may occur twice.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().filter(|name| name.seen).map(|name| name.name.as_str());
        names.chain(self.rules.iter().filter_map(|(when, _)| when.reads()))
    }

    /// The mutations that carry the rules out on a message with these headers: as few as possible.
    /// `value` makes a value ready, if it can be made; `dropped` is told of each that cannot be
    /// moved.
    pub(crate) fn mutations<'f>(
        &'f self,
        headers: &Headers<'_>,
        mut value: impl FnMut(&'f Value) -> Option<Cow<'f, [u8]>>,
        mut dropped: impl FnMut(),
    ) -> Vec<HeaderMutation<'f>> {
        let mut due = self.rules.iter().filter(|(when, _)| when.applies(headers)).peekable();
        if due.peek().is_none() {
            return Vec::new();
        }
        let mut fields: Vec<Field<'_, '_>> =
            self.names.iter().map(|name| Field::new(name, headers, self.message)).collect();
        let fold = self.message.fold();
        let mut swept = Vec::new();
        for (_, rule) in due {
            if let Rule::Sweep(sweep) = rule {
                let taken = |field: &&mut Field<'_, '_>| {
                    sweep.takes(field.name().as_str().as_bytes(), fold)
                };
                fields.iter_mut().filter(taken).for_each(Field::clear);
                swept.push(sweep);
            } else {
                rule.carry_out(&mut fields, &mut value, &mut dropped);
            }
        }
        let swept = |line: &[u8]| swept.iter().any(|sweep| sweep.takes(line, fold));
        mutations(fields, headers, swept, self.whole)
    }
}

impl Rule {
    /// Changes the lines of the named fields, each at its place.
    fn carry_out<'f>(
        &'f self,
        fields: &mut [Field<'f, '_>],
        value: &mut impl FnMut(&'f Value) -> Option<Cow<'f, [u8]>>,
        dropped: &mut impl FnMut(),
    ) {
        let (Rule::Remove(place)
        | Rule::Rename { old: place, .. }
        | Rule::Replace(place, _)
        | Rule::Add(place, _)
        | Rule::Append(place, _)) = self
        else {
            return;
        };
        let Some(field) = fields.get_mut(*place) else { return };
        match self {
            Rule::Sweep(_) => {}
            Rule::Remove(_) => field.clear(),
            Rule::Rename { new, .. } => {
                let moved = field.take(dropped);
                if let Some(target) = fields.get_mut(*new).filter(|_| !moved.is_empty()) {
                    target.become_lines(moved);
                }
            }
            Rule::Replace(_, new) if field.is_present() => {
                if let Some(value) = value(new) {
                    field.become_lines(vec![value]);
                }
            }
            Rule::Add(_, new) if !field.is_present() => field.extend(value(new)),
            Rule::Replace(..) | Rule::Add(..) => {}
            Rule::Append(_, new) => field.extend(value(new)),
        }
    }
}
