//! [`ParsedRules`]: the parsed entries of all rules.

use crate::{name_pattern::NamePattern, rules::Scope, template::ValueText};

/// A rule as written: its scope and the texts of its entries.
pub(super) type RuleTexts<'c> = (Scope, &'c [String]);

/// The rules for headers, or the rules for query parameters.
pub(super) struct ParsedRules {
    pub(super) remove: ParsedRule<NamePattern>,
    /// The arguments are the new names.
    pub(super) rename: ParsedRule<String>,
    pub(super) replace: ParsedRule<ValueText>,
    pub(super) add: ParsedRule<ValueText>,
    pub(super) append: ParsedRule<ValueText>,
    /// Without entries if the configuration lacks it.
    pub(super) allow: ParsedRule<NamePattern>,
}

pub(super) struct ParsedRule<T> {
    /// The name in the configuration.
    pub(super) name: &'static str,
    pub(super) scope: Scope,
    pub(super) entries: Vec<ParsedEntry<T>>,
}

pub(super) struct ParsedEntry<T> {
    /// The index in the list.
    pub(super) index: usize,
    /// Names of headers are in lower case.
    pub(super) name: String,
    /// The pattern, the new name or the value.
    pub(super) argument: T,
}
