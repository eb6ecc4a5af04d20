//! Entries that remove a request header that the host cannot remove.

use super::{
    entry_list::EntryList,
    parsed_rules::{ParsedRule, ParsedRules},
};
use crate::{name_pattern::NamePattern, rules::Scope, template::ValueText};

impl EntryList<'_, '_> {
    /// Warns about entries that remove such a header, unless a later entry always sets it.
    #[cold]
    pub(super) fn warn_of_unremovable(&mut self, all: &ParsedRules) {
        let ParsedRules { remove, rename, .. } = all;
        for entry in &remove.entries {
            self.warn_of_removal((remove.name, &remove.scope), entry.index, &entry.argument, all);
        }
        for entry in &rename.entries {
            let name = NamePattern::exact(&entry.name);
            self.warn_of_removal((rename.name, &rename.scope), entry.index, &name, all);
        }
    }

    #[cold]
    fn warn_of_removal(
        &mut self,
        (rule, scope): (&str, &Scope),
        index: usize,
        pattern: &NamePattern,
        all: &ParsedRules,
    ) {
        let headers = self.cx.unremovable_headers().iter();
        for header in headers.filter(|name| pattern.matches(name.as_bytes(), self.fold)) {
            if [&all.add, &all.append].into_iter().any(|setting| sets(setting, header, scope)) {
                continue;
            }
            let message = match pattern.name() {
                Some(_) => format!(
                    "\"{header}\" cannot be removed on this proxy, so a request that has it gets \
                     500: remove the entry. The proxy sets the header for its upstreams itself"
                ),
                None => format!(
                    "\"{}\" also matches \"{header}\", which cannot be removed on this proxy, so a \
                     request that has it gets 500: list the headers to remove by name",
                    pattern.as_str()
                ),
            };
            let path = format!("{}.{rule}.{}[{index}]", self.message.as_str(), self.list);
            self.cx.warn(&path, &message);
        }
    }
}

/// Whether `rule` gives `header` a value in every message to which a rule with `scope` applies.
fn sets(rule: &ParsedRule<ValueText>, header: &str, scope: &Scope) -> bool {
    let is_fixed = |value: &ValueText| matches!(value, ValueText::Fixed(_));
    rule.scope.covers(scope)
        && rule.entries.iter().any(|entry| entry.name == header && is_fixed(&entry.argument))
}
