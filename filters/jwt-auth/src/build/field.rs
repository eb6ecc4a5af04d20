//! Checks of single fields.

use std::error::Error;

use novasphere_core::BuildContext;

use crate::token::claim_path::ClaimPath;

/// The text of a required field. `None` after a fault: the text is missing or empty.
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
pub(super) fn claim_path(
    claim: Option<&str>,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<ClaimPath> {
    required(claim, &format!("{path}.claim"), cx).map(ClaimPath::new)
}

/// Checks that every item of a list is not empty.
pub(super) fn check_items(items: &[String], path: &str, cx: &mut BuildContext<'_>) {
    for (i, _) in items.iter().enumerate().filter(|(_, item)| item.is_empty()) {
        cx.fault(format!("{path}[{i}]"), "must not be empty");
    }
}

/// A message about a text that is not a secret.
pub(super) fn invalid_text(invalid: &impl Error, text: &str) -> String {
    if text.is_empty() { invalid.to_string() } else { format!("{invalid}, got {text:?}") }
}
