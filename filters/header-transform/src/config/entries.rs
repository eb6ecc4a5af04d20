//! Entries of rules, taken apart, and what contradicts one another among them.

use novasphere_core::BuildContext;

use crate::{
    condition::Condition,
    invalid_entry::InvalidEntry,
    message::Message,
    pattern::{Fold, NamePattern},
    template::Text,
};

/// The rules of one kind, about headers or about query parameters.
pub(super) struct Rules {
    pub remove: Rule<NamePattern>,
    /// With the new names.
    pub rename: Rule<String>,
    pub replace: Rule<Text>,
    pub add: Rule<Text>,
    pub append: Rule<Text>,
    /// Empty for no such rule.
    pub allow: Rule<NamePattern>,
}

/// One rule.
pub(super) struct Rule<T> {
    /// Its name in the configuration.
    pub name: &'static str,
    pub when: Condition,
    pub entries: Vec<Entry<T>>,
}

/// One entry.
pub(super) struct Entry<T> {
    /// Its place in the list.
    pub index: usize,
    /// A header's in lower case.
    pub name: String,
    /// What the name stands for, the new name or the value.
    pub argument: T,
}

/// Reads an entry: its name and the rest.
type Parse<'f, T> = &'f dyn Fn(&str) -> Result<(String, T), InvalidEntry>;

/// Where faults are.
pub(super) struct Place<'e, 'h> {
    pub message: Message,
    /// `headers` or `querystring`.
    pub list: &'static str,
    /// How names are compared that are to go.
    pub fold: Fold,
    pub cx: &'e mut BuildContext<'h>,
}

impl Place<'_, '_> {
    pub fn rule<T>(
        &mut self,
        name: &'static str,
        when: &Condition,
        texts: &[String],
        parse: Parse<'_, T>,
    ) -> Rule<T> {
        let mut entries = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match parse(text) {
                Ok((name, argument)) => entries.push(Entry { index, name, argument }),
                Err(error) => self.add(name, index, error.to_string()),
            }
        }
        Rule { name, when: when.clone(), entries }
    }

    /// Refuses what contradicts something before it, or has no effect.
    pub fn check(&mut self, rules: &Rules) {
        self.refuse_covered(&rules.remove);
        self.refuse_covered(&rules.allow);
        self.refuse_repeated(&rules.rename, "nothing is left after the first time");
        self.refuse_crossed(&rules.rename);
        self.refuse_repeated(&rules.replace, "give it one value");
        self.refuse_repeated(&rules.add, "it is present after the first time, use append");
        self.refuse_removed(&rules.rename, rules);
        self.refuse_removed(&rules.replace, rules);
        self.refuse_not_allowed(rules);
    }

    fn refuse_covered(&mut self, rule: &Rule<NamePattern>) {
        for (i, Entry { index, argument: name, .. }) in rule.entries.iter().enumerate() {
            let same = |other: &NamePattern| {
                other.covers(name, self.fold)
                    && !(rule.name == "remove" && self.spares(other, name))
            };
            let earlier = rule.entries.iter().take(i).find(|other| same(&other.argument));
            let later = rule.entries.iter().skip(i.saturating_add(1));
            // Of two that cover one another, the second is told.
            let wider = later.filter(|other| !name.covers(&other.argument, self.fold));
            if let Some(other) = earlier.or(wider.clone().find(|other| same(&other.argument))) {
                let (name, other) = (name.as_str(), other.argument.as_str());
                let fault = match name == other {
                    true => format!("\"{name}\" is named twice: once is enough"),
                    false => format!("\"{name}\" is meant by \"{other}\" too: once is enough"),
                };
                self.add(rule.name, *index, fault);
            }
        }
    }

    /// Whether what `name` stands for stays though `pattern` matches it.
    fn spares(&self, pattern: &NamePattern, name: &NamePattern) -> bool {
        let stays = |name: &str| crate::kept::stays_unless_named(name.as_bytes());
        self.list == "headers" && pattern.name().is_none() && name.name().is_some_and(stays)
    }

    fn refuse_repeated<T>(&mut self, rule: &Rule<T>, reason: &str) {
        for (i, Entry { index, name, .. }) in rule.entries.iter().enumerate() {
            if rule.entries.iter().take(i).any(|earlier| earlier.name == *name) {
                self.add(rule.name, *index, format!("\"{name}\" is named twice: {reason}"));
            }
        }
    }

    /// Refuses to rename back, and two names to one.
    fn refuse_crossed(&mut self, rename: &Rule<String>) {
        for (i, Entry { index, name: old, argument: new }) in rename.entries.iter().enumerate() {
            let mut earlier = rename.entries.iter().take(i);
            let crossed = |e: &&Entry<String>| {
                (e.name == *new && e.argument == *old) || (e.argument == *new && e.name != *old)
            };
            let fault = match earlier.find(crossed) {
                Some(Entry { name, .. }) if name == new => {
                    format!("\"{old}\" is what \"{new}\" is renamed to: keep one of the two")
                }
                Some(Entry { name, .. }) => format!(
                    "\"{new}\" is the new name of \"{name}\" too, which would go: give \
                     another name"
                ),
                None => continue,
            };
            self.add(rename.name, *index, fault);
        }
    }

    /// Refuses entries about a name that is taken away before and no renaming brings back.
    fn refuse_removed<T>(&mut self, rule: &Rule<T>, all: &Rules) {
        let goes = |taking: &Rule<NamePattern>, name: &str| {
            let in_time = taking.when == Condition::Always || taking.when == rule.when;
            let is_allow = taking.name == "allow";
            let name = NamePattern::exact(name);
            let goes = |Entry { argument: pattern, .. }: &Entry<NamePattern>| {
                pattern.covers(&name, self.fold) && (is_allow || !self.spares(pattern, &name))
            };
            let listed = taking.entries.iter().any(goes);
            in_time && !taking.entries.is_empty() && listed != is_allow
        };
        let renamed_before = |name: &str| {
            let in_time = all.rename.when == Condition::Always || all.rename.when == rule.when;
            rule.name != "rename" && in_time && all.rename.entries.iter().any(|e| e.name == name)
        };
        let mut faults = Vec::new();
        for Entry { index, name, .. } in &rule.entries {
            let renamed = |entry: &Entry<String>| entry.argument == *name && entry.name != *name;
            if all.rename.entries.iter().any(renamed) {
                continue;
            }
            let (shown, rule) = (name.as_str(), rule.name);
            if renamed_before(shown) {
                let fault = format!("\"{shown}\" is renamed before, so nothing is left to {rule}");
                faults.push((*index, fault));
            } else if goes(&all.remove, shown) {
                let fault = format!("\"{shown}\" is removed before, so nothing is left to {rule}");
                faults.push((*index, fault));
            } else if goes(&all.allow, shown) && !is_kept(shown) {
                let fault = format!("\"{shown}\" is not in allow, so nothing is left to {rule}");
                faults.push((*index, fault));
            }
        }
        for (index, fault) in faults {
            self.add(rule.name, index, fault);
        }
    }

    /// Refuses to remove what may not pass anyway.
    fn refuse_not_allowed(&mut self, all: &Rules) {
        let (remove, allow) = (&all.remove, &all.allow);
        let in_force = allow.when == Condition::Always || allow.when == remove.when;
        if allow.entries.is_empty() || !in_force {
            return;
        }
        for Entry { index, argument: name, .. } in &remove.entries {
            let some_pass = |entry: &Entry<NamePattern>| {
                entry.argument.covers(name, self.fold) || name.covers(&entry.argument, self.fold)
            };
            let kept = name.name().is_some_and(is_kept);
            if !kept && !allow.entries.iter().any(some_pass) {
                let name = name.as_str();
                let fault = format!("\"{name}\" is not in allow, so it goes anyway");
                self.add(remove.name, *index, fault);
            }
        }
    }

    /// Refuses two names that differ only in `_` for `-`: where lines go, they are one.
    pub fn refuse_two_spellings(&mut self, all: &Rules) {
        let removed = all
            .remove
            .entries
            .iter()
            .filter_map(|entry| Some((all.remove.name, entry.index, entry.argument.name()?)));
        let renamed = all.rename.entries.iter().flat_map(|entry| {
            [&entry.name, &entry.argument].map(|name| (all.rename.name, entry.index, name.as_str()))
        });
        let given = [&all.replace, &all.add, &all.append].into_iter().flat_map(|rule| {
            let entries = rule.entries.iter();
            entries.map(|entry| (rule.name, entry.index, entry.name.as_str()))
        });
        let names: Vec<_> = removed.chain(renamed).chain(given).collect();
        for (i, (rule, index, name)) in names.iter().enumerate() {
            let pattern = NamePattern::exact(name);
            let is_same = |(other_rule, _, other): &&(&str, usize, &str)| {
                // Of `remove`, the second is told already.
                let told = [*rule, *other_rule] == [all.remove.name; 2];
                !told && other != name && pattern.matches(other.as_bytes(), self.fold)
            };
            if let Some((.., other)) = names.iter().take(i).find(is_same) {
                let fault = format!(
                    "\"{name}\" is another spelling of \"{other}\": upstreams that follow CGI take \
                     both for one, so use one of them"
                );
                self.add(rule, *index, fault);
            }
        }
    }

    pub fn add(&mut self, rule: &str, index: usize, fault: String) {
        let (message, list) = (self.message.as_str(), self.list);
        self.cx.fault(format!("{message}.{rule}.{list}[{index}]"), fault);
    }
}

fn is_kept(name: &str) -> bool {
    crate::kept::stays_unlisted(name.as_bytes())
}
