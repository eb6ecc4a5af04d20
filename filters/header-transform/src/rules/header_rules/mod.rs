//! [`HeaderRules`]: rules for the headers of requests or responses.

mod notes;
mod rule;

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, Headers, trace};

use self::rule::{NameIndex, Rule};
use super::{
    bulk_removal::BulkRemoval,
    condition::{Condition, Scope},
    header_lines::{HeaderLines, mutations, push_removal},
    tracked_name::TrackedName,
};
use crate::{
    message::Message,
    name_pattern::NamePattern,
    template::{Template, Value},
};

/// Rules for the headers of one kind of message.
#[derive(Clone, Debug)]
pub(crate) struct HeaderRules {
    message: Message,
    /// Each name of the rules, once.
    names: Vec<TrackedName>,
    /// In the order they run.
    rules: Vec<(Scope, Rule)>,
    pub(crate) templates: Vec<Template>,
    /// Whether the rules read all lines.
    reads_all: bool,
    /// Whether each rule removes, adds or appends, and names a header that no other rule names.
    is_independent: bool,
}

impl HeaderRules {
    pub(crate) fn new(message: Message) -> Self {
        let (names, rules, templates) = (Vec::new(), Vec::new(), Vec::new());
        Self { message, names, rules, templates, reads_all: false, is_independent: true }
    }

    /// The rules that also apply to refusals of other filters. They share the templates of all
    /// rules, and read all lines, because the lines of a refusal are at hand.
    pub(crate) fn on_refusals(&self) -> Self {
        let rules = self.rules.iter().filter(|(scope, _)| scope.on_refusals).cloned().collect();
        Self { rules, templates: Vec::new(), reads_all: true, ..self.clone() }
    }

    /// Removes all headers that match none of `allowed`.
    pub(crate) fn allow(&mut self, scope: &Scope, allowed: Vec<NamePattern>) {
        self.remove_bulk(scope, BulkRemoval::AllExcept(allowed));
    }

    /// Removes all headers that match `pattern`.
    pub(crate) fn remove_matching(&mut self, scope: &Scope, pattern: NamePattern) {
        self.remove_bulk(scope, BulkRemoval::Matching(pattern));
    }

    fn remove_bulk(&mut self, scope: &Scope, removal: BulkRemoval) {
        self.reads_all = true;
        self.is_independent = false;
        self.rules.push((scope.clone(), Rule::RemoveBulk(removal)));
    }

    pub(crate) fn remove(&mut self, scope: &Scope, name: HeaderName) {
        let index = self.index_of(name);
        // Envoy picks the route again after each mutation of a request, so reading first pays off.
        let reads = self.message == Message::Request;
        self.mark_removed(index, reads);
        self.mark_cleared(index, scope);
        self.rules.push((scope.clone(), Rule::Remove(index)));
    }

    pub(crate) fn rename(&mut self, scope: &Scope, old: HeaderName, new: HeaderName) {
        let (old, new) = (self.index_of(old), self.index_of(new));
        self.reads_all = true;
        self.is_independent = false;
        self.mark_removed(old, true);
        self.mark_removed(new, true);
        self.rules.push((scope.clone(), Rule::Rename { old, new }));
    }

    pub(crate) fn replace(&mut self, scope: &Scope, name: HeaderName, value: Value) {
        let index = self.index_of(name);
        let reads = self.may_have_arrived_lines(index);
        self.is_independent = false;
        self.mark_removed(index, reads);
        self.rules.push((scope.clone(), Rule::Replace(index, value)));
    }

    pub(crate) fn add(&mut self, scope: &Scope, name: HeaderName, value: Value) {
        let index = self.index_of(name);
        let reads = self.may_have_arrived_lines(index);
        self.mark_read(index, reads);
        self.rules.push((scope.clone(), Rule::Add(index, value)));
    }

    pub(crate) fn append(&mut self, scope: &Scope, name: HeaderName, value: Value) {
        let index = self.index_of(name);
        self.rules.push((scope.clone(), Rule::Append(index, value)));
    }

    fn index_of(&mut self, name: HeaderName) -> NameIndex {
        let known = self.names.iter().position(|known| known.name == name);
        self.is_independent &= known.is_none();
        known.unwrap_or_else(|| {
            self.names.push(TrackedName::new(name));
            self.names.len().saturating_sub(1)
        })
    }

    /// Whether lines that arrived may be left after the rules so far.
    fn may_have_arrived_lines(&self, index: NameIndex) -> bool {
        self.names.get(index).is_some_and(|name| !name.is_cleared)
    }

    fn mark_read(&mut self, index: NameIndex, reads: bool) {
        if let Some(name) = self.names.get_mut(index) {
            name.is_read |= reads;
        }
    }

    fn mark_removed(&mut self, index: NameIndex, reads: bool) {
        let is_request = self.message == Message::Request;
        if let Some(name) = self.names.get_mut(index) {
            name.is_removed = true;
            name.is_read |= reads;
            // Other spellings are found only by reading all lines.
            let has_spellings = |name: &str| !name.bytes().all(|b| b.is_ascii_alphanumeric());
            self.reads_all |= is_request && reads && has_spellings(name.name.as_str());
        }
    }

    fn mark_cleared(&mut self, index: NameIndex, scope: &Scope) {
        if let Some(name) = self.names.get_mut(index) {
            name.is_cleared |= scope.condition == Condition::Always;
        }
    }

    pub(crate) fn reads_all(&self) -> bool {
        self.reads_all
    }

    /// Whether the result depends on the message. It does not if the rules only remove names and
    /// append fixed values, without conditions.
    pub(crate) fn depends_on_message(&self) -> bool {
        let depends =
            |rule: &Rule| !matches!(rule, Rule::Remove(_) | Rule::Append(_, Value::Fixed(_)));
        self.names.iter().any(|name| name.is_read)
            || self
                .rules
                .iter()
                .any(|(scope, rule)| scope.condition != Condition::Always || depends(rule))
    }

    /// The headers that the rules read, unless they read all lines. A name may occur twice.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().filter(|name| name.is_read).map(|name| name.name.as_str());
        names.chain(self.rules.iter().filter_map(|(scope, _)| scope.condition.pseudo_header()))
    }

    /// The old names of `rename`.
    pub(crate) fn renamed(&self) -> impl Iterator<Item = &str> {
        let old = self.rules.iter().filter_map(|(_, rule)| match rule {
            Rule::Rename { old, .. } => self.names.get(*old),
            _ => None,
        });
        old.map(|name| name.name.as_str())
    }

    /// The mutations that carry the rules out on a message with these headers: as few as possible.
    /// `value` returns a value if it can be rendered. Calls `dropped` for each line that cannot be
    /// renamed.
    pub(crate) fn mutations<'f>(
        &'f self,
        headers: &Headers<'_>,
        mut value: impl FnMut(&'f Value) -> Option<Cow<'f, [u8]>>,
        mut dropped: impl FnMut(),
    ) -> Vec<HeaderMutation<'f>> {
        trace::notes(|| self.notes_on_conditions(headers));
        let rules = self.rules.iter().filter(|(scope, _)| scope.condition.applies(headers));
        if self.is_independent {
            let mut mutations = Vec::with_capacity(self.rules.len());
            for (_, rule) in rules {
                self.carry_out(rule, headers, &mut value, &mut mutations);
            }
            return mutations;
        }
        let mut rules = rules.peekable();
        if rules.peek().is_none() {
            return Vec::new();
        }
        let mut fields: Vec<HeaderLines<'_, '_>> =
            self.names.iter().map(|name| HeaderLines::new(name, headers, self.message)).collect();
        let fold = self.message.fold();
        let mut removals = Vec::new();
        for (_, rule) in rules {
            if let Rule::RemoveBulk(removal) = rule {
                let is_removed = |field: &&mut HeaderLines<'_, '_>| {
                    removal.removes(field.name().as_str().as_bytes(), fold)
                };
                trace::note(|| self.note_on_removal(removal, headers));
                fields.iter_mut().filter(is_removed).for_each(HeaderLines::clear);
                removals.push(removal);
            } else {
                trace::notes(|| self.notes_on_rule(rule, &fields));
                rule.apply(&mut fields, &mut value, &mut dropped);
            }
        }
        let is_removed = |line: &[u8]| removals.iter().any(|removal| removal.removes(line, fold));
        mutations(fields, headers, is_removed, self.reads_all)
    }

    /// Adds the mutations of a rule that shares its header with no other rule.
    fn carry_out<'f>(
        &'f self,
        rule: &'f Rule,
        headers: &Headers<'_>,
        value: &mut impl FnMut(&'f Value) -> Option<Cow<'f, [u8]>>,
        mutations: &mut Vec<HeaderMutation<'f>>,
    ) {
        let (Rule::Remove(index) | Rule::Add(index, _) | Rule::Append(index, _)) = rule else {
            return;
        };
        let Some(TrackedName { name, is_read, .. }) = self.names.get(*index) else { return };
        trace::note(|| {
            let is_known = self.message == Message::Request || self.reads_all || *is_read;
            let is_present = match self.message {
                Message::Request => headers.lines_spelled(name.as_str()).next().is_some(),
                Message::Response => headers.contains(name.as_str()),
            };
            rule.note(self.message, name, is_known.then_some(is_present))
        });
        match rule {
            Rule::Remove(_) if self.message == Message::Request => {
                for (line, _) in headers.lines_spelled(name.as_str()) {
                    push_removal(line, mutations);
                }
            }
            Rule::Remove(_) => {
                // A header that was not read may be present.
                let is_known = self.reads_all || *is_read;
                if !is_known || headers.contains(name.as_str()) {
                    mutations.push(HeaderMutation::remove(name));
                }
            }
            Rule::Add(..) if headers.contains(name.as_str()) => {}
            Rule::Add(_, new) | Rule::Append(_, new) => {
                mutations.extend(value(new).map(|value| HeaderMutation::Add(name, value)));
            }
            Rule::RemoveBulk(_) | Rule::Rename { .. } | Rule::Replace(..) => {}
        }
    }
}
