//! Fetches of a configuration.

use std::sync::{Mutex, MutexGuard, PoisonError};

use novasphere_core::{Fetch, FetchError};

use crate::host::{ConfigHandle, Line, Status};

/// The fetches that have not ended. Only the main thread uses them.
#[derive(Default)]
pub(crate) struct Fetches(Mutex<Vec<PendingFetch>>);

/// A fetch that has not ended.
pub(crate) struct PendingFetch {
    callout: u64,
    /// The purpose that the filter gave the fetch.
    pub(crate) purpose: usize,
    /// The maximum size of the response body, in bytes.
    pub(crate) max_body: usize,
}

impl Fetches {
    fn pending(&self) -> MutexGuard<'_, Vec<PendingFetch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the fetch with this number.
    pub(crate) fn take(&self, callout: u64) -> Option<PendingFetch> {
        let mut pending = self.pending();
        let index = pending.iter().position(|fetch| fetch.callout == callout)?;
        Some(pending.swap_remove(index))
    }

    /// Forgets all fetches. Returns whether there were any.
    pub(crate) fn forget(&self) -> bool {
        !std::mem::take(&mut *self.pending()).is_empty()
    }

    /// Sends a fetch.
    pub(crate) fn send(&self, handle: &ConfigHandle, fetch: &Fetch) -> Result<(), FetchError> {
        let scheme: &[u8] = if fetch.https { b"https" } else { b"http" };
        let lines = [
            Line::of(b":method", b"GET"),
            Line::of(b":path", fetch.path.as_bytes()),
            Line::of(b":authority", fetch.authority.as_bytes()),
            Line::of(b":scheme", scheme),
            Line::of(b"accept", fetch.accept.as_bytes()),
            Line::of(b"user-agent", Fetch::USER_AGENT.as_bytes()),
        ];
        let callout = handle
            .callout(&fetch.upstream, &lines, fetch.timeout_ms)
            .map_err(|Status(status)| FetchError::NotSent(status))?;
        self.add(callout, fetch);
        Ok(())
    }

    /// Adds a fetch that Envoy accepted under the number `callout`.
    pub(crate) fn add(&self, callout: u64, fetch: &Fetch) {
        let Fetch { purpose, max_body, .. } = *fetch;
        self.pending().push(PendingFetch { callout, purpose, max_body });
    }
}
