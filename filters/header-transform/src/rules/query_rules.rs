//! [`QueryRules`]: rules for query parameters.

use std::borrow::Cow;

use novasphere_core::{
    QueryParams,
    trace::{self, Note},
};

use super::condition::Condition;
use crate::{
    name_pattern::{EXACT, NamePattern},
    template::{Template, Value},
};

/// Rules for the query parameters of requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryRules {
    /// In the order they run.
    rules: Vec<(Condition, QueryRule)>,
    pub(crate) templates: Vec<Template>,
}

/// One rule. Names are decoded, values encoded.
#[derive(Clone, Debug)]
pub(crate) enum QueryRule {
    Remove(NamePattern),
    Rename { old: String, new: String },
    Replace(String, Value),
    Add(String, Value),
    Append(String, Value),
}

impl QueryRules {
    pub(crate) fn push(&mut self, condition: &Condition, rule: QueryRule) {
        self.rules.push((condition.clone(), rule));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The pseudo-headers that the conditions read. A name may occur twice.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|(condition, _)| condition.pseudo_header())
    }

    /// The request target after the rules. `None` if they change nothing.
    ///
    /// Only the query changes, because the host chose the route and its filters by the path.
    /// `applies` evaluates conditions. `value` returns a value if it can be rendered.
    pub(crate) fn target<'f>(
        &'f self,
        target: &[u8],
        applies: impl Fn(&Condition) -> bool,
        value: impl Fn(&'f Value) -> Option<Cow<'f, [u8]>>,
    ) -> Option<Vec<u8>> {
        let mut rules = self.rules.iter().filter(|(condition, _)| applies(condition)).peekable();
        rules.peek()?;
        let mut params = QueryParams::new(target)?;
        for (_, rule) in rules {
            trace::note(|| rule.note(&params));
            match rule {
                QueryRule::Remove(pattern) => params.remove(|name| pattern.matches(name, EXACT)),
                QueryRule::Rename { old, new } => params.rename(old, new),
                QueryRule::Replace(name, new) if params.contains(name) => {
                    if let Some(value) = value(new) {
                        params.replace(name, &value);
                    }
                }
                QueryRule::Add(name, new) if !params.contains(name) => {
                    if let Some(value) = value(new) {
                        params.append(name, &value);
                    }
                }
                QueryRule::Replace(..) | QueryRule::Add(..) => {}
                QueryRule::Append(name, new) => {
                    if let Some(value) = value(new) {
                        params.append(name, &value);
                    }
                }
            }
        }
        params.into_target()
    }
}

impl QueryRule {
    /// The rule, before it changes `params`.
    fn note(&self, params: &QueryParams<'_>) -> Note {
        let (kind, name, expected) = match self {
            Self::Remove(pattern) => ("remove", pattern.as_str(), ""),
            Self::Rename { old, .. } => ("rename", old.as_str(), "present"),
            Self::Replace(name, _) => ("replace", name.as_str(), "present"),
            Self::Add(name, _) => ("add", name.as_str(), "absent"),
            Self::Append(name, _) => ("append", name.as_str(), ""),
        };
        let found = if params.contains(name) { "present" } else { "absent" };
        let note = Note::new(format!("request.{kind} query parameter {name}")).expected(expected);
        note.found(found).matches(expected.is_empty() || expected == found)
    }
}
