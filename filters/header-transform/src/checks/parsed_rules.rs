//! [`ParsedRules`]: the parsed entries of all rules.

use crate::{name_pattern::NamePattern, rules::Condition, template::ValueText};

/// A rule as written: its condition and the texts of its entries.
pub(crate) type RuleTexts<'c> = (Condition, &'c [String]);

/// The rules for headers, or the rules for query parameters.
pub(crate) struct ParsedRules {
    pub(crate) remove: ParsedRule<NamePattern>,
    /// The arguments are the new names.
    pub(crate) rename: ParsedRule<String>,
    pub(crate) replace: ParsedRule<ValueText>,
    pub(crate) add: ParsedRule<ValueText>,
    pub(crate) append: ParsedRule<ValueText>,
    /// Without entries if the configuration lacks it.
    pub(crate) allow: ParsedRule<NamePattern>,
}

pub(crate) struct ParsedRule<T> {
    /// The name in the configuration.
    pub(crate) name: &'static str,
    pub(crate) condition: Condition,
    pub(crate) entries: Vec<ParsedEntry<T>>,
}

pub(crate) struct ParsedEntry<T> {
    /// The index in the list.
    pub(crate) index: usize,
    /// Names of headers are in lower case.
    pub(crate) name: String,
    /// The pattern, the new name or the value.
    pub(crate) argument: T,
}
