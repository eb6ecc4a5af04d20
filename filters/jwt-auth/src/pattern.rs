//! Regular expressions from the configuration. They run on a machine without backtracking: the time
//! is bounded by the length of the text times the size of the machine, and both are limited.

use regex_lite::{Regex, RegexBuilder};

/// The longest expression, in bytes.
const MAX_BYTES: usize = 256;

/// The largest machine, in bytes: an expression may repeat a part many times.
const MAX_MACHINE_BYTES: usize = 32 * 1024;

/// A regular expression for texts as a whole.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// The fault when `text` is none.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty; leave it out to accept any value".to_owned());
        }
        if text.len() > MAX_BYTES {
            let bytes = text.len();
            return Err(format!(
                "must be at most {MAX_BYTES} bytes, not {bytes}; shorten it, or list values in one_of"
            ));
        }
        // By itself first: "a)|(b" is none, though it would be one between the parentheses.
        compile(text)
            .and_then(|_| compile(&format!("^(?:{text})$")))
            .map(Self)
            .map_err(|error| format!("{text:?} is not taken as a regular expression: {error}; mend it, or list values in one_of"))
    }

    /// Whether all of `text` is of this form.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn compile(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(MAX_MACHINE_BYTES).build()
}
