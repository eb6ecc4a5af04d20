//! Notes for tools that explain a decision. Nothing of this is in the modules.

use novasphere_core::{HeaderName, Headers, trace::Note};

use super::{HeaderRules, Rule};
use crate::{
    message::Message,
    rules::{bulk_removal::BulkRemoval, header_lines::HeaderLines},
};

impl HeaderRules {
    /// The rules whose condition does not hold.
    pub(super) fn notes_on_conditions(&self, headers: &Headers<'_>) -> Vec<Note> {
        let others = self.rules.iter().filter(|(scope, _)| !scope.condition.applies(headers));
        let note = |(scope, rule): &(_, Rule)| {
            let subject = self.subject(rule);
            let scope: &crate::rules::Scope = scope;
            let found = scope.condition.found(headers);
            Note::new(subject).expected(scope.condition.to_string()).found(found).matches(false)
        };
        others.map(note).collect()
    }

    /// A removal of many names.
    pub(super) fn note_on_removal(&self, removal: &BulkRemoval, headers: &Headers<'_>) -> Note {
        let fold = self.message.fold();
        let is_removed = |name: &&[u8]| removal.removes(name, fold);
        let names = headers.lines().map(|(name, _)| name).filter(is_removed);
        let mut removed: Vec<_> = names.map(String::from_utf8_lossy).collect();
        removed.dedup();
        let found = if removed.is_empty() { "none".into() } else { removed.join(", ") };
        let subject = format!("{}.{removal}", self.message.as_str());
        Note::new(subject).found(found).matches(!removed.is_empty())
    }

    /// A rule, before it changes the lines in `fields`.
    pub(super) fn notes_on_rule(&self, rule: &Rule, fields: &[HeaderLines<'_, '_>]) -> Vec<Note> {
        let field = rule.index().and_then(|index| fields.get(index));
        let note = |field: &HeaderLines<'_, '_>| {
            rule.note(self.message, field.name(), Some(field.is_present()))
        };
        field.map(note).into_iter().collect()
    }

    fn subject(&self, rule: &Rule) -> String {
        let name = rule.index().and_then(|index| self.names.get(index));
        match (rule, name) {
            (Rule::RemoveBulk(removal), _) => format!("{}.{removal}", self.message.as_str()),
            (rule, Some(name)) => rule.subject(self.message, &name.name),
            (rule, None) => format!("{}.{}", self.message.as_str(), rule.kind()),
        }
    }
}

impl Rule {
    /// The rule, and whether its header is present. `is_present` is `None` for a header that was not read.
    pub(super) fn note(
        &self,
        message: Message,
        name: &HeaderName,
        is_present: Option<bool>,
    ) -> Note {
        let (expected, found) = match (self, is_present) {
            (_, None) => ("", "in any case, without reading it"),
            (Rule::Append(..), Some(true)) => ("", "present"),
            (Rule::Append(..), Some(false)) => ("", "absent"),
            (Rule::Add(..), Some(true)) => ("absent", "present"),
            (Rule::Add(..), Some(false)) => ("absent", "absent"),
            (_, Some(true)) => ("present", "present"),
            (_, Some(false)) => ("present", "absent"),
        };
        let applies = expected.is_empty() || expected == found;
        Note::new(self.subject(message, name)).expected(expected).found(found).matches(applies)
    }

    fn subject(&self, message: Message, name: &HeaderName) -> String {
        format!("{}.{} {}", message.as_str(), self.kind(), name.as_str())
    }

    fn kind(&self) -> &'static str {
        match self {
            Rule::RemoveBulk(_) | Rule::Remove(_) => "remove",
            Rule::Rename { .. } => "rename",
            Rule::Replace(..) => "replace",
            Rule::Add(..) => "add",
            Rule::Append(..) => "append",
        }
    }

    fn index(&self) -> Option<usize> {
        match self {
            Rule::RemoveBulk(_) => None,
            Rule::Remove(index)
            | Rule::Rename { old: index, .. }
            | Rule::Replace(index, _)
            | Rule::Add(index, _)
            | Rule::Append(index, _) => Some(*index),
        }
    }
}
