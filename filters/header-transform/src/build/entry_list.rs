//! [`EntryList`]: parses entries and reports their faults.

use novasphere_core::BuildContext;

use super::parsed_rules::{ParsedEntry, ParsedRule, ParsedRules, RuleTexts};
use crate::{
    entry::InvalidEntry,
    message::Message,
    name_pattern::{Fold, NamePattern},
    template::ValueText,
};

/// The `headers` or `querystring` lists of the rules for one message.
pub(super) struct EntryList<'e, 'h> {
    pub(super) message: Message,
    /// `headers` or `querystring`.
    pub(super) list: &'static str,
    /// Compares names to remove.
    pub(super) fold: Fold,
    pub(super) cx: &'e mut BuildContext<'h>,
}

/// Parses an entry into its name and its argument.
pub(super) type Parse<'f, T> = &'f dyn Fn(&str) -> Result<(String, T), InvalidEntry>;

impl EntryList<'_, '_> {
    /// Parses the entries of one rule. Leaves out invalid entries.
    #[cold]
    pub(super) fn parse_rule<T>(
        &mut self,
        name: &'static str,
        (scope, texts): RuleTexts<'_>,
        parse: Parse<'_, T>,
    ) -> ParsedRule<T> {
        let mut entries = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match parse(text) {
                Ok((name, argument)) => entries.push(ParsedEntry { index, name, argument }),
                Err(error) => self.fault(name, index, error.to_string()),
            }
        }
        ParsedRule { name, scope, entries }
    }

    /// Records the claims in the values of `rules`.
    #[cold]
    pub(super) fn use_claims(&mut self, rules: &[&ParsedRule<ValueText>]) {
        let (message, list) = (self.message.as_str(), self.list);
        for (rule, entry) in rules.iter().flat_map(|r| r.entries.iter().map(|e| (r.name, e))) {
            for claim in entry.argument.claims() {
                let path = format!("{message}.{rule}.{list}[{}]", entry.index);
                self.cx.use_claim(&path, claim);
            }
        }
    }

    /// Warns about a second line of a request header of which the host keeps one.
    #[cold]
    pub(super) fn warn_of_second_lines(&mut self, all: &ParsedRules) {
        let (append, remove) = (&all.append, &all.remove);
        let single = self.cx.single_line_headers();
        for entry in append.entries.iter().filter(|entry| single.contains(&entry.name.as_str())) {
            let name = NamePattern::exact(&entry.name);
            let is_removed = remove.scope.covers(&append.scope)
                && remove.entries.iter().any(|other| other.argument.covers(&name, self.fold));
            if !is_removed {
                let path = format!(
                    "{}.{}.{}[{}]",
                    self.message.as_str(),
                    append.name,
                    self.list,
                    entry.index
                );
                let message = format!(
                    "\"{}\" can have only one line and one value on this proxy, so a request that \
                     has it gets 500: use add to keep the client's value, or remove and add to \
                     replace it",
                    entry.name
                );
                self.cx.warn(&path, &message);
            }
        }
    }

    pub(super) fn fault(&mut self, rule: &str, index: usize, fault: String) {
        let (message, list) = (self.message.as_str(), self.list);
        self.cx.fault(format!("{message}.{rule}.{list}[{index}]"), fault);
    }
}
