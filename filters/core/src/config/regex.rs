//! Regular expressions from the configuration. They run on a machine without backtracking: the time
//! is bounded by the length of the text times the size of the machine, and both are limited.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

/// The longest expression, in bytes.
const MAX_BYTES: usize = 256;

/// The largest machine, in bytes: an expression may repeat a part many times.
const MAX_MACHINE_BYTES: usize = 32 * 1024;

/// A regular expression for texts as a whole.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a text is no pattern. The remedy is for the filter to add: it knows what else can be written
/// in this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidPattern {
    /// There is nothing in it.
    Empty,
    /// It has that many bytes, which are too many.
    TooLong(usize),
    /// It is not written as a regular expression, or its machine is too large.
    Syntax {
        /// The expression.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong(bytes) => write!(f, "must be at most {MAX_BYTES} bytes, not {bytes}"),
            Self::Syntax { text, reason } => {
                write!(f, "{text:?} is not taken as a regular expression: {reason}")
            }
        }
    }
}

impl Pattern {
    /// # Errors
    /// When `text` is empty, too long or no regular expression.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        if text.is_empty() {
            return Err(InvalidPattern::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(InvalidPattern::TooLong(text.len()));
        }
        // By itself first: "a)|(b" is none, though it would be one between the parentheses.
        compile(text).and_then(|_| compile(&format!("^(?:{text})$"))).map(Self).map_err(|error| {
            InvalidPattern::Syntax { text: text.to_owned(), reason: error.to_string() }
        })
    }

    /// Whether all of `text` is of this form.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn compile(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(MAX_MACHINE_BYTES).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_the_whole_text() {
        let pattern = Pattern::new("a|bc").unwrap();
        for text in ["a", "bc"] {
            assert!(pattern.is_match(text), "{text}");
        }
        for text in ["", "ab", "xa", "abc", "a\n", "\na"] {
            assert!(!pattern.is_match(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        assert_eq!(Pattern::new("").unwrap_err(), InvalidPattern::Empty);
        assert!(Pattern::new(&"a".repeat(256)).is_ok());
        assert_eq!(Pattern::new(&"a".repeat(257)).unwrap_err(), InvalidPattern::TooLong(257));
        for bad in ["(", "a)|(b", "(?=a)", "(.{1000}){1000}"] {
            assert!(matches!(Pattern::new(bad), Err(InvalidPattern::Syntax { .. })), "{bad}");
        }
    }
}
