//! Reading configurations: every fault at once, each with its path, the value and a remedy.
//!
//! The wire structs of the filters are ordinary serde types; [`decode`] reads one with a
//! deserializer that goes on after a fault. Checks that serde cannot express follow in the filter's
//! `configure`, which adds its faults with [`ConfigErrors::add`].

mod cursor;
mod decode;
mod key_text;
mod mismatch;
mod node;
mod one_or_many;
#[cfg(test)]
mod tests;

use std::fmt;

pub use decode::{Sensitive, decode};
pub use key_text::KeyText;
pub use one_or_many::OneOrMany;

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `credentials[0].secret`; empty for the configuration as a whole.
    pub path: String,
    /// What is wrong, with the value unless it may be a secret, and what to do about it.
    pub message: String,
}

/// All faults of a configuration, in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors {
    faults: Vec<Fault>,
    /// How many of the faults are about the form; they come first.
    formal: usize,
    /// What was left out because of its form: at and around these places, checks of the meaning
    /// would only report what follows from that.
    left_out: Vec<String>,
}

impl ConfigErrors {
    /// Adds a fault, unless it is at, above or below a place that was left out because of its form,
    /// or in a list that such an item was taken from: the items behind it have moved up.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add_text(path.into(), message.into());
    }

    /// Apart from [`add`](Self::add), and cold, so that its code is in a module once and not with
    /// each of the many faults.
    #[cold]
    fn add_text(&mut self, path: String, message: String) {
        let follows = self
            .left_out
            .iter()
            .any(|left_out| is_within(&path, list_of_item(left_out)) || is_within(left_out, &path));
        if !follows {
            self.faults.push(Fault { path, message });
        }
    }

    /// Adds a fault of the form, because of which `left_out` was.
    fn add_formal(&mut self, path: String, message: String, left_out: String) {
        self.left_out.push(left_out);
        // A required field of the wrong type is missing in the next round.
        if self.faults.iter().take(self.formal).any(|fault| fault.path == path) {
            return;
        }
        self.faults.insert(self.formal, Fault { path, message });
        self.formal = self.formal.saturating_add(1);
    }

    /// Adds the faults of a part of the configuration, which is at `at`.
    pub fn add_part(&mut self, at: &str, part: Self) {
        for Fault { path, message } in part.faults {
            let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            self.faults.push(Fault { path: format!("{at}{dot}{path}"), message });
        }
    }

    /// The faults found so far.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// `value` if there is no fault.
    ///
    /// # Errors
    /// The faults.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.faults.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// The list that the item at `path` was in; `path` itself when it is no item.
fn list_of_item(path: &str) -> &str {
    match path.rsplit_once('[') {
        Some((list, _)) if path.ends_with(']') => list,
        _ => path,
    }
}

/// Whether `path` is `outer` or inside it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

/// One fault a line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            let path = if fault.path.is_empty() { "configuration" } else { &fault.path };
            write!(f, "{end}{path}: {}", fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
