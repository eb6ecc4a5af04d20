//! Checks of single fields.

use std::error::Error;

use novasphere_core::BuildContext;

use crate::{config::ClaimName, token::claim_path::ClaimPath};

/// The text of a required field. `None` after a fault: the text is missing or empty.
#[cold]
pub(super) fn required<'c>(
    field: Option<&'c str>,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<&'c str> {
    match field {
        None => cx.fault(path, "is required"),
        Some("") => cx.fault(path, "must not be empty"),
        Some(_) => return field,
    }
    None
}

/// The path in the required field `claim` of the entry at `path`. `None` after a fault.
#[cold]
pub(super) fn claim_path(
    claim: Option<&ClaimName>,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<ClaimPath> {
    let path = format!("{path}.claim");
    match claim {
        Some(ClaimName::Names(names)) if names.is_empty() => {
            cx.fault(path, "must not be empty");
            None
        }
        Some(ClaimName::Names(names)) => {
            check_items(names, &path, cx);
            Some(ClaimPath::Names(names.clone()))
        }
        Some(ClaimName::Text(text)) => dotted_path(required(Some(text), &path, cx)?, &path, cx),
        None => {
            required(None, &path, cx);
            None
        }
    }
}

/// The path of a string that is not empty. `None` after a fault.
#[cold]
fn dotted_path(text: &str, path: &str, cx: &mut BuildContext<'_>) -> Option<ClaimPath> {
    match ClaimPath::parse(text) {
        Ok(claim) => {
            // The names of many claims are URLs.
            if text.contains('/') && !text.contains("://") {
                let dotted = text.trim_matches('/').replace('/', ".");
                let message = format!(
                    "{text:?} is the name of one claim, because / does not separate names; for a \
                     path, write {dotted:?}"
                );
                cx.warn(path, &message);
            }
            Some(claim)
        }
        Err(invalid) => {
            cx.fault(path, format!("{text:?} {invalid}"));
            None
        }
    }
}

/// Checks that every item of a list is not empty.
pub(super) fn check_items(items: &[String], path: &str, cx: &mut BuildContext<'_>) {
    for (i, _) in items.iter().enumerate().filter(|(_, item)| item.is_empty()) {
        cx.fault(format!("{path}[{i}]"), "must not be empty");
    }
}

/// A message about a string that is not a secret.
pub(super) fn invalid_text(invalid: &impl Error, text: &str) -> String {
    if text.is_empty() { invalid.to_string() } else { format!("{invalid}, got {text:?}") }
}
