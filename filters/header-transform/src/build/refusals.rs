//! Entries of rules that also apply to refusals of other filters.

use super::{
    entry_list::EntryList,
    parsed_rules::{ParsedEntry, ParsedRule, ParsedRules},
};
use crate::protected_headers::{belongs_to_refusal, may_be_added_to_refusal};

impl EntryList<'_, '_> {
    /// Refuses entries for headers that belong to the filter that refuses a request.
    #[cold]
    pub(super) fn check_refusals(&mut self, rules: &ParsedRules) {
        self.refuse_owned(&rules.remove, |entry| [entry.argument.name(), None]);
        self.refuse_owned(&rules.rename, |entry| [Some(&entry.name), Some(&entry.argument)]);
        self.refuse_owned(&rules.replace, |entry| [Some(&entry.name), None]);
        for rule in [&rules.add, &rules.append] {
            let name = |name: &str| !may_be_added_to_refusal(name);
            self.refuse_owned(rule, |entry| [Some(&*entry.name).filter(|n| name(n)), None]);
        }
    }

    #[cold]
    fn refuse_owned<T>(
        &mut self,
        rule: &ParsedRule<T>,
        names: impl Fn(&ParsedEntry<T>) -> [Option<&str>; 2],
    ) {
        if !rule.scope.on_refusals {
            return;
        }
        for entry in &rule.entries {
            let owned = names(entry).into_iter().flatten().find(|name| belongs_to_refusal(name));
            if let Some(name) = owned {
                let fault = format!(
                    "\"{name}\" belongs to the filter that rejects the request, so a rule with \
                     on_refusals cannot change it: remove the entry or on_refusals"
                );
                self.fault(rule.name, entry.index, fault);
            }
        }
    }
}
