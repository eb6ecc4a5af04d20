//! [`Code`]: the kinds of findings, for `explain-code`.

use super::codes;

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `NS` and three digits. Never reused.
    pub id: &'static str,
    /// The severity.
    pub severity: Severity,
    /// A title of a few words.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The remedy.
    pub remedy: &'static str,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing. Needs no action.
    Note,
    /// The proxy accepts it, but it is probably not intended, or unsafe.
    Warning,
    /// The proxy or the filter rejects it, or requests are not protected.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// All codes by id.
pub fn all() -> Vec<&'static Code> {
    let mut all: Vec<&Code> = codes::all().collect();
    all.sort_by_key(|code| code.id);
    all
}

/// The code with this id, in any case.
pub fn find(id: &str) -> Option<&'static Code> {
    all().into_iter().find(|code| code.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_well_formed() {
        let ids: Vec<&str> = all().iter().map(|code| code.id).collect();
        let mut unique = ids.clone();
        unique.dedup();
        assert_eq!(ids, unique);
        for code in all() {
            let digits = code.id.strip_prefix("NS").unwrap();
            assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()), "{code:?}");
            for text in [code.why, code.remedy] {
                assert!(text.ends_with('.'), "{text}");
            }
            assert!(!code.title.ends_with('.'), "{}", code.title);
        }
    }

    #[test]
    fn finds_codes_in_any_case() {
        assert_eq!(find("ns010").map(|code| code.id), Some("NS010"));
        assert_eq!(find("NS999"), None);
    }
}
