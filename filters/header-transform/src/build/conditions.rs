//! `if_method`, `if_status` and `on_refusals`.

use novasphere_core::BuildContext;

use crate::{
    config::{RequestEntries, ResponseEntries},
    rules::{Condition, Scope, StatusRange, parse_method},
};

/// The scope of a rule for requests.
pub(super) fn request_scope(
    rule: &str,
    entries: &RequestEntries,
    cx: &mut BuildContext<'_>,
) -> Scope {
    Scope { condition: if_method(rule, entries, cx), on_refusals: false }
}

/// The scope of a rule for responses.
#[cold]
pub(super) fn response_scope(
    rule: &str,
    entries: &ResponseEntries,
    cx: &mut BuildContext<'_>,
) -> Scope {
    let condition = if_status(rule, entries, cx);
    if entries.on_refusals {
        check_on_refusals(rule, entries, &condition, cx);
    }
    Scope { condition, on_refusals: entries.on_refusals }
}

#[cold]
fn check_on_refusals(
    rule: &str,
    entries: &ResponseEntries,
    condition: &Condition,
    cx: &mut BuildContext<'_>,
) {
    let path = format!("response.{rule}.on_refusals");
    check_has_entries(path.clone(), !entries.headers.is_empty(), cx);
    if condition.excludes_refusals() {
        let fault = "has no effect: if_status lists no status of a rejection, 400 to 599";
        cx.fault(path.clone(), fault);
    }
    if !cx.is_in_chain() {
        let fault = "works in the gateway only, which passes the other filters' rejections to this \
                     filter: use the gateway, or remove on_refusals and put this filter before the \
                     filters that reject";
        cx.fault(path, fault);
    }
}

#[cold]
fn if_method(
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

#[cold]
fn if_status(
    rule: &str,
    ResponseEntries { headers, if_status, on_refusals: _ }: &ResponseEntries,
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
