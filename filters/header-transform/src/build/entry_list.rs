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
        for (rule, entry) in rules.iter().flat_map(|r| r.entries.iter().map(|e| (r.name, e))) {
            for claim in entry.argument.claims() {
                let path = self.path(rule, entry.index);
                self.cx.use_claim(&path, claim);
            }
        }
    }

    /// Warns about a second line of a request header of which the host keeps one.
    #[cold]
    pub(super) fn warn_of_second_lines(&mut self, all: &ParsedRules) {
        let single = self.cx.single_line_headers();
        for (i, entry) in all.append.entries.iter().enumerate() {
            let name = entry.name.as_str();
            if !single.contains(&name) {
                continue;
            }
            let problem = match (self.other_line(i, name, all), self.arrived_line(name, all)) {
                (Some(path), _) => format!(
                    "and {path} also gives it one, so a request to which both apply gets 500: remove \
                     one of the two"
                ),
                (None, Some(remedy)) => format!("so a request that has it gets 500: {remedy}"),
                (None, None) => continue,
            };
            let message =
                format!("\"{name}\" can have only one line and one value on this proxy, {problem}");
            self.cx.warn(&self.path(all.append.name, entry.index), &message);
        }
    }

    /// The path of another entry that adds a line of the header `name`, as entry `i` of `append`
    /// does.
    fn other_line(&self, i: usize, name: &str, all: &ParsedRules) -> Option<String> {
        let ParsedRules { rename, add, append, .. } = all;
        let of = |entries: &[ParsedEntry<ValueText>]| {
            entries.iter().find(|other| other.name == name).map(|other| other.index)
        };
        let added = of(&add.entries).map(|index| (add.name, &add.scope, index));
        let earlier = append.entries.get(..i).and_then(of);
        let earlier = earlier.map(|index| (append.name, &append.scope, index));
        let renamed = rename.entries.iter().find(|other| other.argument == name);
        let renamed = renamed.map(|other| (rename.name, &rename.scope, other.index));
        let mut lines = [added, earlier, renamed].into_iter().flatten();
        let (rule, _, index) = lines.find(|(_, scope, _)| scope.overlaps(&append.scope))?;
        Some(self.path(rule, index))
    }

    /// The remedy if a received line of the header `name` may remain when `append` runs.
    fn arrived_line(&self, name: &str, all: &ParsedRules) -> Option<&'static str> {
        let (remove, name) = (&all.remove, NamePattern::exact(name));
        let covers = |other: &&ParsedEntry<NamePattern>| other.argument.covers(&name, self.fold);
        let mut covering = remove.entries.iter().filter(covers).peekable();
        let has_pattern = covering.peek().is_some_and(|other| self.spares(&other.argument, &name));
        let is_removed = covering.any(|other| !self.spares(&other.argument, &name));
        match (is_removed && remove.scope.covers(&all.append.scope), has_pattern) {
            (true, _) => None,
            (false, true) => Some("patterns do not remove it, so list its full name in remove"),
            (false, false) => {
                Some("use add to keep the client's value, or remove and add to replace it")
            }
        }
    }

    /// The path of an entry in the configuration.
    fn path(&self, rule: &str, index: usize) -> String {
        format!("{}.{rule}.{}[{index}]", self.message.as_str(), self.list)
    }

    pub(super) fn fault(&mut self, rule: &str, index: usize, fault: String) {
        self.cx.fault(self.path(rule, index), fault);
    }
}
