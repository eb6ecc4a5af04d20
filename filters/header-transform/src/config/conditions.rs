//! `if_method` and `if_status`.

use novasphere_core::ConfigErrors;

use super::wire::{RequestEntries, ResponseEntries};
use crate::condition::{Condition, Statuses, method};

/// When a rule for requests is carried out.
pub(super) fn of_request(
    rule: &str,
    RequestEntries { headers, querystring, if_method }: &RequestEntries,
    errors: &mut ConfigErrors,
) -> Condition {
    let at = format!("request.{rule}.if_method");
    let mut methods = Vec::new();
    for (i, text) in if_method.iter().enumerate() {
        match method(text) {
            Ok(method) if methods.contains(&method) => {
                errors.add(format!("{at}[{i}]"), format!("\"{method}\" is named twice"));
            }
            Ok(method) => methods.push(method),
            Err(error) => errors.add(format!("{at}[{i}]"), error.to_string()),
        }
    }
    if if_method.is_empty() {
        return Condition::Always;
    }
    refuse_idle(at, headers.is_empty() && querystring.is_empty(), errors);
    Condition::Methods(methods)
}

/// When a rule for responses is carried out.
pub(super) fn of_response(
    rule: &str,
    ResponseEntries { headers, if_status }: &ResponseEntries,
    errors: &mut ConfigErrors,
) -> Condition {
    let at = format!("response.{rule}.if_status");
    let mut ranges: Vec<Statuses> = Vec::new();
    for (i, text) in if_status.iter().enumerate() {
        match Statuses::parse(&text.0) {
            Ok(range) if ranges.iter().any(|earlier| earlier.covers(range)) => {
                errors.add(format!("{at}[{i}]"), "is in an entry before it".to_owned());
            }
            Ok(range) => ranges.push(range),
            Err(error) => errors.add(format!("{at}[{i}]"), error.to_string()),
        }
    }
    if if_status.is_empty() {
        return Condition::Always;
    }
    refuse_idle(at, headers.is_empty(), errors);
    Condition::Statuses(ranges)
}

fn refuse_idle(at: String, idle: bool, errors: &mut ConfigErrors) {
    if idle {
        errors.add(at, "has no effect: the rule has no entries");
    }
}
