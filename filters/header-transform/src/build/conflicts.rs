//! Entries that contradict an earlier one, or have no effect.

use super::{
    entry_list::EntryList,
    parsed_rules::{ParsedEntry, ParsedRule, ParsedRules},
};
use crate::{
    name_pattern::NamePattern,
    protected_headers::{is_spared_by_allow, is_spared_by_patterns},
};

impl EntryList<'_, '_> {
    /// Rejects entries that contradict an earlier one, or have no effect.
    #[cold]
    pub(super) fn check_conflicts(&mut self, rules: &ParsedRules) {
        self.refuse_covered(&rules.remove);
        self.refuse_covered(&rules.allow);
        self.refuse_repeated(&rules.rename, "the first rename leaves nothing to rename");
        self.refuse_crossed(&rules.rename);
        self.refuse_repeated(&rules.replace, "give it one value");
        self.refuse_repeated(&rules.add, "only the first add has an effect; use append");
        self.refuse_removed(&rules.rename, rules);
        self.refuse_removed(&rules.replace, rules);
        self.refuse_not_allowed(rules);
    }

    #[cold]
    fn refuse_covered(&mut self, rule: &ParsedRule<NamePattern>) {
        for (i, ParsedEntry { index, argument: name, .. }) in rule.entries.iter().enumerate() {
            let covers = |other: &NamePattern| {
                other.covers(name, self.fold)
                    && !(rule.name == "remove" && self.spares(other, name))
            };
            let earlier = rule.entries.iter().take(i).find(|other| covers(&other.argument));
            let later = rule.entries.iter().skip(i.saturating_add(1));
            // Of two entries that cover each other, the second gets the fault.
            let wider = later.filter(|other| !name.covers(&other.argument, self.fold));
            if let Some(other) = earlier.or(wider.clone().find(|other| covers(&other.argument))) {
                let (name, other) = (name.as_str(), other.argument.as_str());
                let fault = match name == other {
                    true => format!("\"{name}\" is listed twice"),
                    false => format!("\"{name}\" is already covered by \"{other}\": remove one"),
                };
                self.fault(rule.name, *index, fault);
            }
        }
    }

    /// Whether the header `name` stays although `pattern` matches it.
    pub(super) fn spares(&self, pattern: &NamePattern, name: &NamePattern) -> bool {
        let is_spared = |name: &str| is_spared_by_patterns(name.as_bytes());
        self.list == "headers" && pattern.name().is_none() && name.name().is_some_and(is_spared)
    }

    #[cold]
    fn refuse_repeated<T>(&mut self, rule: &ParsedRule<T>, reason: &str) {
        for (i, ParsedEntry { index, name, .. }) in rule.entries.iter().enumerate() {
            if rule.entries.iter().take(i).any(|earlier| earlier.name == *name) {
                self.fault(rule.name, *index, format!("\"{name}\" is listed twice: {reason}"));
            }
        }
    }

    /// Rejects to rename back, or to rename two names to one.
    #[cold]
    fn refuse_crossed(&mut self, rename: &ParsedRule<String>) {
        for (i, ParsedEntry { index, name: old, argument: new }) in
            rename.entries.iter().enumerate()
        {
            let mut earlier = rename.entries.iter().take(i);
            let is_crossed = |e: &&ParsedEntry<String>| {
                (e.name == *new && e.argument == *old) || (e.argument == *new && e.name != *old)
            };
            let fault = match earlier.find(is_crossed) {
                Some(ParsedEntry { name, .. }) if name == new => format!(
                    "\"{old}\" is the new name of \"{new}\" in an earlier entry: remove one of the \
                     two"
                ),
                Some(ParsedEntry { name, .. }) => format!(
                    "\"{new}\" is also the new name of \"{name}\", which would be lost: use a \
                     different name"
                ),
                None => continue,
            };
            self.fault(rename.name, *index, fault);
        }
    }

    /// Rejects entries for a name that an earlier rule removes and no `rename` restores.
    #[cold]
    fn refuse_removed<T>(&mut self, rule: &ParsedRule<T>, all: &ParsedRules) {
        let is_removed_by = |removing: &ParsedRule<NamePattern>, name: &str| {
            let applies = removing.scope.covers(&rule.scope);
            let is_allow = removing.name == "allow";
            let name = NamePattern::exact(name);
            let matches = |ParsedEntry { argument: pattern, .. }: &ParsedEntry<NamePattern>| {
                pattern.covers(&name, self.fold) && (is_allow || !self.spares(pattern, &name))
            };
            let is_listed = removing.entries.iter().any(matches);
            applies && !removing.entries.is_empty() && is_listed != is_allow
        };
        let rename = &all.rename;
        let is_renamed = |name: &str| {
            let applies = rename.scope.covers(&rule.scope);
            rule.name != "rename" && applies && rename.entries.iter().any(|e| e.name == name)
        };
        let mut faults = Vec::new();
        for ParsedEntry { index, name, .. } in &rule.entries {
            let restores =
                |entry: &ParsedEntry<String>| entry.argument == *name && entry.name != *name;
            if rename.entries.iter().any(restores) {
                continue;
            }
            let reason = if is_renamed(name) {
                "is renamed earlier"
            } else if is_removed_by(&all.remove, name) {
                "is removed earlier"
            } else if is_removed_by(&all.allow, name) && !is_spared_by_allow(name.as_bytes()) {
                "is not in allow"
            } else {
                continue;
            };
            faults.push((
                *index,
                format!("\"{name}\" {reason}, so nothing is left to {}", rule.name),
            ));
        }
        for (index, fault) in faults {
            self.fault(rule.name, index, fault);
        }
    }

    /// Rejects to remove a header that `allow` removes.
    #[cold]
    fn refuse_not_allowed(&mut self, all: &ParsedRules) {
        let (remove, allow) = (&all.remove, &all.allow);
        let applies = allow.scope.covers(&remove.scope);
        if allow.entries.is_empty() || !applies {
            return;
        }
        for ParsedEntry { index, argument: name, .. } in &remove.entries {
            let overlaps = |entry: &ParsedEntry<NamePattern>| {
                entry.argument.covers(name, self.fold) || name.covers(&entry.argument, self.fold)
            };
            let is_spared = name.name().is_some_and(|name| is_spared_by_allow(name.as_bytes()));
            if !is_spared && !allow.entries.iter().any(overlaps) {
                let fault = format!("\"{}\" is not in allow, which removes it", name.as_str());
                self.fault(remove.name, *index, fault);
            }
        }
    }

    /// Rejects two names that differ only in characters such as `_` and `-`: to a rule that removes
    /// lines, they are one name.
    #[cold]
    pub(super) fn check_spellings(&mut self, all: &ParsedRules) {
        let removed = all
            .remove
            .entries
            .iter()
            .filter_map(|entry| Some((all.remove.name, entry.index, entry.argument.name()?)));
        let renamed = all.rename.entries.iter().flat_map(|entry| {
            [&entry.name, &entry.argument].map(|name| (all.rename.name, entry.index, name.as_str()))
        });
        let set = [&all.replace, &all.add, &all.append].into_iter().flat_map(|rule| {
            let entries = rule.entries.iter();
            entries.map(|entry| (rule.name, entry.index, entry.name.as_str()))
        });
        let names: Vec<_> = removed.chain(renamed).chain(set).collect();
        for (i, (rule, index, name)) in names.iter().enumerate() {
            let pattern = NamePattern::exact(name);
            let is_same_header = |(other_rule, _, other): &&(&str, usize, &str)| {
                // `refuse_covered` reports two entries of `remove`.
                let is_reported = [*rule, *other_rule] == [all.remove.name; 2];
                !is_reported && other != name && pattern.matches(other.as_bytes(), self.fold)
            };
            if let Some((.., other)) = names.iter().take(i).find(is_same_header) {
                let fault = format!(
                    "\"{name}\" is another spelling of \"{other}\", and upstreams that follow CGI \
                     treat both as one header: use one of them"
                );
                self.fault(rule, *index, fault);
            }
        }
    }
}
