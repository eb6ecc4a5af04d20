//! Assumptions about the state of a proxy that a tool cannot know.

use std::cell::RefCell;

thread_local! {
    /// The requests that count as used before the next one, by the name of a window or a limit.
    static USED: RefCell<Vec<(String, u32)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` as if requests had been counted before. `used` has the number for each name: of a
/// window (`minute`), of a rule or limit (`login`), or of both (`login.minute`).
pub fn with_used<T>(used: Vec<(String, u32)>, work: impl FnOnce() -> T) -> T {
    /// Restores the outer assumptions, also after a panic.
    struct Outer(Vec<(String, u32)>);

    impl Drop for Outer {
        fn drop(&mut self) {
            USED.set(std::mem::take(&mut self.0));
        }
    }

    let outer = Outer(USED.replace(used));
    let result = work();
    drop(outer);
    result
}

/// The number of requests assumed for a name.
pub fn used(name: &str) -> Option<u32> {
    USED.with_borrow(|used| used.iter().find(|(own, _)| own == name).map(|(_, number)| *number))
}
