//! [`Pattern`]: regular expressions from the configuration.
//!
//! The matcher does not backtrack. Its time is bounded by the length of the text times the size of
//! the compiled expression, and both are limited.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

/// Maximum length of an expression, in bytes.
const MAX_BYTES: usize = 256;

/// Maximum size of a compiled expression, in bytes. Repetitions multiply it.
const MAX_COMPILED_BYTES: usize = 32 * 1024;

/// A regular expression that matches whole texts.
///
/// ```
/// use novasphere_core::Pattern;
/// let pattern = Pattern::new("a|bc")?;
/// assert!(pattern.is_match("bc"));
/// assert!(!pattern.is_match("abc"));
/// # Ok::<(), novasphere_core::InvalidPattern>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a string is not a pattern. The filter adds the remedy, because it knows the other forms that
/// the field accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidPattern {
    /// The text is empty.
    Empty,
    /// The text is too long: its size in bytes.
    TooLong(usize),
    /// The text is not a regular expression, or its compiled form is too large.
    Syntax {
        /// The text.
        text: String,
        /// The problem.
        reason: String,
    },
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong(bytes) => write!(f, "must be at most {MAX_BYTES} bytes, got {bytes}"),
            Self::Syntax { text, reason } => {
                write!(f, "expected a regular expression, got {text:?}: {reason}")
            }
        }
    }
}

impl std::error::Error for InvalidPattern {}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// If `text` is empty, too long or not a regular expression.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        if text.is_empty() {
            return Err(InvalidPattern::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(InvalidPattern::TooLong(text.len()));
        }
        // First on its own: "a)|(b" is invalid, but would be valid between the parentheses.
        compile(text).and_then(|_| compile(&format!("^(?:{text})$"))).map(Self).map_err(|error| {
            InvalidPattern::Syntax { text: text.to_owned(), reason: error.to_string() }
        })
    }

    /// Whether the whole `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn compile(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_whole_text() {
        let pattern = Pattern::new("a|bc").unwrap();
        for text in ["a", "bc"] {
            assert!(pattern.is_match(text), "{text}");
        }
        for text in ["", "ab", "xa", "abc", "a\n", "\na"] {
            assert!(!pattern.is_match(text), "{text:?}");
        }
    }

    #[test]
    fn rejects_invalid_and_oversized_expressions() {
        assert_eq!(Pattern::new("").unwrap_err(), InvalidPattern::Empty);
        assert!(Pattern::new(&"a".repeat(256)).is_ok());
        assert_eq!(Pattern::new(&"a".repeat(257)).unwrap_err(), InvalidPattern::TooLong(257));
        for bad in ["(", "a)|(b", "(?=a)", "(.{1000}){1000}"] {
            assert!(matches!(Pattern::new(bad), Err(InvalidPattern::Syntax { .. })), "{bad}");
        }
    }
}
