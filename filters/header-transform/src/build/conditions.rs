//! `if_method` and `if_status`.

use novasphere_core::BuildContext;

use crate::{
    config::{RequestEntries, ResponseEntries},
    rules::{Condition, StatusRange, parse_method},
};

/// The condition of a rule for requests.
pub(super) fn if_method(
    rule: &str,
    RequestEntries { headers, querystring, if_method }: &RequestEntries,
    cx: &mut BuildContext<'_>,
) -> Condition {
    let path = format!("request.{rule}.if_method");
    let mut methods = Vec::new();
    for (i, text) in if_method.iter().enumerate() {
        match parse_method(text) {
            Ok(method) if methods.contains(&method) => {
                cx.fault(format!("{path}[{i}]"), format!("\"{method}\" is listed twice"));
            }
            Ok(method) => methods.push(method),
            Err(error) => cx.fault(format!("{path}[{i}]"), error.to_string()),
        }
    }
    if if_method.is_empty() {
        return Condition::Always;
    }
    check_has_entries(path, !headers.is_empty() || !querystring.is_empty(), cx);
    Condition::Methods(methods)
}

/// The condition of a rule for responses.
pub(super) fn if_status(
    rule: &str,
    ResponseEntries { headers, if_status }: &ResponseEntries,
    cx: &mut BuildContext<'_>,
) -> Condition {
    let path = format!("response.{rule}.if_status");
    let mut ranges: Vec<StatusRange> = Vec::new();
    for (i, text) in if_status.iter().enumerate() {
        match StatusRange::parse(&text.0) {
            Ok(range) if ranges.iter().any(|earlier| earlier.covers(range)) => {
                cx.fault(format!("{path}[{i}]"), "is already covered by an earlier entry");
            }
            Ok(range) => ranges.push(range),
            Err(error) => cx.fault(format!("{path}[{i}]"), error.to_string()),
        }
    }
    if if_status.is_empty() {
        return Condition::Always;
    }
    check_has_entries(path, !headers.is_empty(), cx);
    Condition::Statuses(ranges)
}

fn check_has_entries(path: String, has_entries: bool, cx: &mut BuildContext<'_>) {
    if !has_entries {
        cx.fault(path, "has no effect: the rule has no entries");
    }
}
