//! The entries of all rules.

use novasphere_core::BuildContext;

use super::{
    entry_list::EntryList,
    parsed_rules::{ParsedRules, RuleTexts},
};
use crate::{
    entry::{
        parse_allowed, parse_appended_line, parse_line, parse_param, parse_param_removal,
        parse_param_renaming, parse_removal, parse_renaming,
    },
    message::Message,
    name_pattern::{EXACT, NamePattern},
    rules::Scope,
};

/// Parses and checks the entries for headers.
#[cold]
pub(super) fn header_entries(
    message: Message,
    [remove, rename, replace, add, append, allow]: [RuleTexts<'_>; 6],
    cx: &mut BuildContext<'_>,
) -> ParsedRules {
    let claims = cx.has_claims_source();
    let mut list = EntryList { message, list: "headers", fold: message.fold(), cx };
    let removal = |entry: &str| parse_removal(entry, message).map(with_name);
    let allowed = |entry: &str| parse_allowed(entry, message).map(with_name);
    let renaming = |entry: &str| {
        parse_renaming(entry, message).map(|(old, new)| (old.to_string(), new.to_string()))
    };
    let line = |entry: &str| {
        parse_line(entry, message, claims).map(|(name, value)| (name.to_string(), value))
    };
    let appended = |entry: &str| {
        parse_appended_line(entry, message, claims).map(|(name, value)| (name.to_string(), value))
    };
    let parsed = ParsedRules {
        allow: list.parse_rule("allow", allow, &allowed),
        remove: list.parse_rule("remove", remove, &removal),
        rename: list.parse_rule("rename", rename, &renaming),
        replace: list.parse_rule("replace", replace, &line),
        add: list.parse_rule("add", add, &line),
        append: list.parse_rule("append", append, &appended),
    };
    list.use_claims(&[&parsed.replace, &parsed.add, &parsed.append]);
    list.check_conflicts(&parsed);
    match message {
        Message::Request => {
            list.check_spellings(&parsed);
            list.warn_of_second_lines(&parsed);
            list.warn_of_unremovable(&parsed);
        }
        Message::Response => list.check_refusals(&parsed),
    }
    parsed
}

/// Parses and checks the entries for query parameters.
#[cold]
pub(super) fn param_entries(
    [remove, rename, replace, add, append]: [RuleTexts<'_>; 5],
    cx: &mut BuildContext<'_>,
) -> ParsedRules {
    let claims = cx.has_claims_source();
    let mut list = EntryList { message: Message::Request, list: "querystring", fold: EXACT, cx };
    let removal = |entry: &str| parse_param_removal(entry).map(with_name);
    let param = |entry: &str| parse_param(entry, claims);
    let parsed = ParsedRules {
        allow: list.parse_rule("allow", (Scope::default(), &[]), &removal),
        remove: list.parse_rule("remove", remove, &removal),
        rename: list.parse_rule("rename", rename, &parse_param_renaming),
        replace: list.parse_rule("replace", replace, &param),
        add: list.parse_rule("add", add, &param),
        append: list.parse_rule("append", append, &param),
    };
    list.use_claims(&[&parsed.replace, &parsed.add, &parsed.append]);
    list.check_conflicts(&parsed);
    parsed
}

fn with_name(pattern: NamePattern) -> (String, NamePattern) {
    (pattern.as_str().to_owned(), pattern)
}
