//! A rejection: the refusal with the actual and the expected value.
//!
//! Operators get both as an attribute. With `verbose_errors`, clients get the actual value. It
//! comes from their request and can name entries of the configuration, but quotes no configured
//! value.

mod excerpt;

use std::borrow::Cow;

use novasphere_core::trace::{self, Note};

pub(crate) use self::excerpt::{MORE, claim_excerpt, excerpt, excerpts};
use crate::decision::Refusal;

/// Maximum size of a detail in bytes.
const MAX_DETAIL_BYTES: usize = 256;

/// A refusal with its detail. Both texts are printable ASCII without `"` and `\`, so that they need
/// no escape in a log or in a quoted string. They contain no secret and no whole token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) refusal: Refusal,
    found: Cow<'static, str>,
    expected: String,
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, found: Cow::Borrowed(""), expected: String::new() }
    }
}

impl Refusal {
    /// A rejection with the actual value `found`, which must not quote the configuration.
    pub(crate) fn found(self, found: impl Into<Cow<'static, str>>) -> Rejection {
        Rejection { found: found.into(), ..Rejection::from(self) }
    }
}

impl Rejection {
    /// Adds the configured value, for operators only.
    pub(crate) fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), ..self }
    }

    /// The actual value in the request or token. Empty if the refusal says it all.
    pub(crate) fn found(&self) -> &str {
        &self.found
    }

    /// The detail for operators: at most [`MAX_DETAIL_BYTES`] bytes. Empty if the refusal says it
    /// all.
    pub(crate) fn detail(&self) -> String {
        let mut detail = match (self.found(), self.expected.as_str()) {
            (found, "") => found.to_owned(),
            ("", expected) => format!("expected {expected}"),
            (found, expected) => format!("{found}; expected {expected}"),
        };
        if detail.len() > MAX_DETAIL_BYTES {
            let end = detail.floor_char_boundary(MAX_DETAIL_BYTES - MORE.len());
            detail.truncate(end);
            detail.push_str(MORE);
        }
        detail
    }
}

impl Rejection {
    /// The note about the check of `subject` that decided.
    pub(crate) fn note(&self, subject: impl Into<String>) -> Note {
        let found = if self.found().is_empty() { self.refusal.name() } else { self.found() };
        let note = Note::new(subject).expected(self.expected.as_str()).found(found);
        note.matches(false).decides(true)
    }
}

/// Notes the result of a check of `subject`. `passed` is the note if it passed.
#[inline(always)]
pub(crate) fn note_check<T>(
    subject: &str,
    result: &Result<T, Rejection>,
    passed: impl FnOnce(Note) -> Note,
) {
    trace::note(|| match result {
        Ok(_) => passed(Note::new(subject)).matches(true),
        Err(rejection) => rejection.note(subject),
    });
}

/// Notes the failure of a check of `subject`.
#[inline(always)]
pub(crate) fn note_failure<T>(subject: &str, result: &Result<T, Rejection>) {
    trace::notes(|| result.as_ref().err().map(|r| r.note(subject)).into_iter().collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_has_the_actual_and_the_expected_value() {
        let rejection = Refusal::WrongAudience.found("aud is 'x'");
        assert_eq!(rejection.detail(), "aud is 'x'");
        let rejection = rejection.expected("'api'");
        assert_eq!((rejection.found(), rejection.refusal), ("aud is 'x'", Refusal::WrongAudience));
        assert_eq!(rejection.detail(), "aud is 'x'; expected 'api'");
        assert_eq!(Rejection::from(Refusal::Expired).detail(), "");
        assert_eq!(Rejection::from(Refusal::Expired).expected("x").detail(), "expected x");
    }

    #[test]
    fn detail_is_bounded() {
        let long = Refusal::Denied.found("a".repeat(300)).expected("b");
        assert_eq!(long.detail().len(), MAX_DETAIL_BYTES);
        assert!(long.detail().ends_with("a..."));
    }
}
