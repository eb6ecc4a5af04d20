//! When the filter's work is due.

/// When the filter's work is due.
#[derive(Clone, Copy)]
pub(super) enum Work {
    Never,
    /// At each call of the timer.
    EachCall,
    /// At a time in milliseconds, which was `in_ms` milliseconds away.
    Later {
        at: u64,
        in_ms: u32,
    },
}

impl Work {
    pub(super) fn later(now: u64, in_ms: u32) -> Self {
        Self::Later { at: now.saturating_add(in_ms.into()), in_ms }
    }

    /// Milliseconds until the work is due. `None` for never.
    pub(super) fn due_in(self, now: u64) -> Option<u32> {
        match self {
            Self::Never => None,
            Self::EachCall => Some(0),
            // A remaining time longer than requested means that the wall clock was set back.
            Self::Later { at, in_ms } => {
                let left = u32::try_from(at.saturating_sub(now)).ok();
                Some(left.filter(|left| *left <= in_ms).unwrap_or(0))
            }
        }
    }
}
