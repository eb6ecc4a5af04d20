//! [`Finding`]: something to change in a file.

mod code;
pub mod codes;

use serde::Serialize;

pub use self::code::{Code, Severity, all, find};
use crate::found::Place;

/// Something to change in a file, or to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The kind of finding.
    pub code: &'static Code,
    /// The problem, in one line. Never contains a secret.
    pub message: String,
    /// The place in a file.
    pub place: Option<Place>,
    /// More lines: what else to know, or the remedy.
    pub notes: Vec<String>,
    /// A change of the file that removes the finding, if it is certain.
    pub fix: Option<Fix>,
}

/// A change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The text to replace.
    pub place: Place,
    /// The new text.
    pub text: String,
}

impl Finding {
    /// A finding without notes.
    pub fn new(code: &'static Code, place: Option<Place>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), place, notes: Vec::new(), fix: None }
    }

    /// With another note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The lowest severity that makes a command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
pub enum FailOn {
    /// Fail on errors and warnings.
    Warning,
    /// Fail on errors only.
    Error,
}

impl FailOn {
    /// Whether a command with these findings fails.
    pub fn is_met(self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| match finding.code.severity {
            Severity::Error => true,
            Severity::Warning => self == Self::Warning,
            Severity::Note => false,
        })
    }
}
