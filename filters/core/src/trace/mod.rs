//! Notes about a decision, for tools that explain it.
//!
//! With the feature `trace`, [`record`] collects the notes of the filters on this thread. Without it,
//! [`note()`] and [`event()`] are empty and never call their closures, so the modules contain nothing of
//! them. Values that only notes need belong into the closure.
//!
//! A note never contains a token, a signature, a secret or the value of a header with credentials.

#[cfg(feature = "trace")]
mod assumed;
mod label;
mod note;
#[cfg(feature = "trace")]
mod recorder;

#[cfg(feature = "trace")]
pub use self::{
    assumed::{used, with_used},
    recorder::{event, record},
};
pub use self::{
    label::Label,
    note::{Note, Outcome, TraceEvent, TracedMutation, TracedResponse},
};

/// Whether the feature is on. A branch on it is not in the modules.
pub const ENABLED: bool = cfg!(feature = "trace");

/// The number of requests assumed for a name: none.
#[cfg(not(feature = "trace"))]
#[inline(always)]
pub fn used(_: &str) -> Option<u32> {
    None
}

/// Records an event, if a recorder is installed on this thread.
#[cfg(not(feature = "trace"))]
#[inline(always)]
pub fn event(_: impl FnOnce() -> TraceEvent) {}

/// Records a note, if a recorder is installed on this thread.
///
/// ```
/// use novasphere_core::trace::{self, Note};
/// trace::note(|| Note::new("header origin").expected("one line").found("none"));
/// ```
#[inline(always)]
pub fn note(make: impl FnOnce() -> Note) {
    event(|| TraceEvent::Note(make()));
}

/// Records several notes, if a recorder is installed on this thread.
#[cfg(feature = "trace")]
pub fn notes(make: impl FnOnce() -> Vec<Note>) {
    recorder::events(|| make().into_iter().map(TraceEvent::Note).collect());
}

/// Records several notes, if a recorder is installed on this thread.
#[cfg(not(feature = "trace"))]
#[inline(always)]
pub fn notes(_: impl FnOnce() -> Vec<Note>) {}
