//! The rules about query parameters, and the target they make.

use std::borrow::Cow;

use novasphere_core::QueryParams;

use crate::{
    condition::Condition,
    pattern::{EXACTLY, NamePattern},
    template::{Template, Value},
};

/// Rules in the order they are carried out.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryRules {
    rules: Vec<(Condition, Rule)>,
    pub(crate) templates: Vec<Template>,
}

/// Names are decoded, values encoded.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Remove(NamePattern),
    Rename { old: String, new: String },
    Replace(String, Value),
    Add(String, Value),
    Append(String, Value),
}

impl QueryRules {
    pub(crate) fn push(&mut self, when: &Condition, rule: Rule) {
        self.rules.push((when.clone(), rule));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The pseudo-headers of the conditions.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|(when, _)| when.reads())
    }

    /// The target with the rules carried out; `None` if they change nothing. Only the query
    /// changes: the host has picked a route and its filters by the path. `applies` tells which
    /// conditions hold, `value` makes a value ready, if it can be made.
    pub(crate) fn target<'f>(
        &'f self,
        target: &[u8],
        applies: impl Fn(&Condition) -> bool,
        value: impl Fn(&'f Value) -> Option<Cow<'f, [u8]>>,
    ) -> Option<Vec<u8>> {
        let mut due = self.rules.iter().filter(|(when, _)| applies(when)).peekable();
        due.peek()?;
        let mut params = QueryParams::new(target)?;
        for (_, rule) in due {
            match rule {
                Rule::Remove(pattern) => params.remove(|name| pattern.matches(name, EXACTLY)),
                Rule::Rename { old, new } => params.rename(old, new),
                Rule::Replace(name, new) if params.contains(name) => {
                    if let Some(value) = value(new) {
                        params.replace(name, &value);
                    }
                }
                Rule::Add(name, new) if !params.contains(name) => {
                    if let Some(value) = value(new) {
                        params.append(name, &value);
                    }
                }
                Rule::Replace(..) | Rule::Add(..) => {}
                Rule::Append(name, new) => {
                    if let Some(value) = value(new) {
                        params.append(name, &value);
                    }
                }
            }
        }
        params.into_target()
    }
}
