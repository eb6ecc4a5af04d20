//! `if_method` and `if_status`.

use novasphere_core::BuildContext;

use super::wire::{RequestEntries, ResponseEntries};
use crate::condition::{Condition, Statuses, method};

/// When a rule for requests is carried out.
pub(super) fn of_request(
    rule: &str,
    RequestEntries { headers, querystring, if_method }: &RequestEntries,
    cx: &mut BuildContext<'_>,
) -> Condition {
    let at = format!("request.{rule}.if_method");
    let mut methods = Vec::new();
    for (i, text) in if_method.iter().enumerate() {
        match method(text) {
            Ok(method) if methods.contains(&method) => {
                cx.fault(format!("{at}[{i}]"), format!("\"{method}\" is named twice"));
            }
            Ok(method) => methods.push(method),
            Err(error) => cx.fault(format!("{at}[{i}]"), error.to_string()),
        }
    }
    if if_method.is_empty() {
        return Condition::Always;
    }
    refuse_idle(at, headers.is_empty() && querystring.is_empty(), cx);
    Condition::Methods(methods)
}

/// When a rule for responses is carried out.
pub(super) fn of_response(
    rule: &str,
    ResponseEntries { headers, if_status }: &ResponseEntries,
    cx: &mut BuildContext<'_>,
) -> Condition {
    let at = format!("response.{rule}.if_status");
    let mut ranges: Vec<Statuses> = Vec::new();
    for (i, text) in if_status.iter().enumerate() {
        match Statuses::parse(&text.0) {
            Ok(range) if ranges.iter().any(|earlier| earlier.covers(range)) => {
                cx.fault(format!("{at}[{i}]"), "is in an entry before it".to_owned());
            }
            Ok(range) => ranges.push(range),
            Err(error) => cx.fault(format!("{at}[{i}]"), error.to_string()),
        }
    }
    if if_status.is_empty() {
        return Condition::Always;
    }
    refuse_idle(at, headers.is_empty(), cx);
    Condition::Statuses(ranges)
}

fn refuse_idle(at: String, idle: bool, cx: &mut BuildContext<'_>) {
    if idle {
        cx.fault(at, "has no effect: the rule has no entries");
    }
}
