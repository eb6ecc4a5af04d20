//! The recorder of a thread.

use std::cell::RefCell;

use super::TraceEvent;

thread_local! {
    /// `None` while nothing is recorded.
    static EVENTS: RefCell<Option<Vec<TraceEvent>>> = const { RefCell::new(None) };
}

/// Records an event, if a recorder is installed on this thread.
#[inline]
pub fn event(make: impl FnOnce() -> TraceEvent) {
    events(|| vec![make()]);
}

/// Records events, if a recorder is installed on this thread.
#[inline]
pub(super) fn events(make: impl FnOnce() -> Vec<TraceEvent>) {
    if EVENTS.with_borrow(Option::is_none) {
        return;
    }
    let made = make();
    EVENTS.with_borrow_mut(|events| events.as_mut().map(|events| events.extend(made)));
}

/// Runs `work`, and returns its result with the events that it recorded on this thread. An inner
/// recording keeps its events to itself.
pub fn record<T>(work: impl FnOnce() -> T) -> (T, Vec<TraceEvent>) {
    /// Restores the outer recording, also after a panic.
    struct Outer(Option<Vec<TraceEvent>>);

    impl Drop for Outer {
        fn drop(&mut self) {
            EVENTS.set(self.0.take());
        }
    }

    let outer = Outer(EVENTS.replace(Some(Vec::new())));
    let result = work();
    let events = EVENTS.take().unwrap_or_default();
    drop(outer);
    (result, events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Note, note};

    fn subjects(events: &[TraceEvent]) -> Vec<&str> {
        let subject = |event| match event {
            &TraceEvent::Note(Note { ref subject, .. }) => subject.as_str(),
            other => panic!("{other:?}"),
        };
        events.iter().map(subject).collect()
    }

    #[test]
    fn records_only_while_installed() {
        note(|| panic!("made without a recorder"));
        let ((), events) = record(|| note(|| Note::new("a")));
        assert_eq!(subjects(&events), ["a"]);
        note(|| panic!("made without a recorder"));
    }

    #[test]
    fn inner_recording_keeps_its_events() {
        let (inner, outer) = record(|| {
            note(|| Note::new("before"));
            let ((), inner) = record(|| note(|| Note::new("inner")));
            note(|| Note::new("after"));
            inner
        });
        assert_eq!(subjects(&inner), ["inner"]);
        assert_eq!(subjects(&outer), ["before", "after"]);
    }

    #[test]
    fn panic_ends_the_recording() {
        let result = std::panic::catch_unwind(|| record(|| panic!("in a filter")));
        assert!(result.is_err());
        note(|| panic!("made without a recorder"));
    }
}
