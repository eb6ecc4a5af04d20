//! A token whose claim cannot become a header or an attribute.

use crate::{
    decision::Refusal,
    rejection::Rejection,
    token::{claim_path::ClaimPath, header_text::InvalidHeaderText},
};

/// The rejection of a token whose claim at `path` cannot be the value of the configured `entry`.
pub(super) fn rejection(entry: &str, path: &ClaimPath, invalid: InvalidHeaderText) -> Rejection {
    let (found, expected) = match invalid {
        InvalidHeaderText::Control => {
            ("has a control character", "to have none, or an entry with as: json".to_owned())
        }
        InvalidHeaderText::TooLong { max } => {
            ("is too long", format!("to have at most {max} bytes"))
        }
        InvalidHeaderText::Shape => {
            let kinds = "to be a string, whole number, boolean or a list of these";
            ("has no text", format!("{kinds}, or an entry with as: json"))
        }
    };
    let found = format!("the claim of {entry} {found}");
    Refusal::UnusableClaim.found(found).expected(format!("{path} {expected}"))
}
