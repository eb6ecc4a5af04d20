//! Fetches of root contexts.

use std::cell::RefCell;

use novasphere_core::{Fetch, FetchError};

use crate::{
    codec::header_map,
    hostcalls::{self, Status},
};

/// The fetches of one VM that have not ended.
#[derive(Default)]
pub(crate) struct Fetches(RefCell<Vec<PendingFetch>>);

/// A fetch that has not ended.
pub(crate) struct PendingFetch {
    token: u32,
    /// The root context.
    pub(crate) root: u32,
    /// The purpose that the filter gave the fetch.
    pub(crate) purpose: usize,
    /// The maximum size of the response body, in bytes.
    pub(crate) max_body: usize,
}

impl Fetches {
    /// Removes the fetch with this token.
    pub(crate) fn take(&self, token: u32) -> Option<PendingFetch> {
        let mut pending = self.0.borrow_mut();
        let index = pending.iter().position(|fetch| fetch.token == token)?;
        Some(pending.swap_remove(index))
    }

    /// Forgets the fetches of a root context. Returns whether there were any.
    pub(crate) fn forget(&self, root: u32) -> bool {
        let mut pending = self.0.borrow_mut();
        let before = pending.len();
        pending.retain(|fetch| fetch.root != root);
        pending.len() < before
    }

    /// Sends a fetch of a root context.
    pub(crate) fn send(&self, root: u32, fetch: &Fetch) -> Result<(), FetchError> {
        let scheme: &[u8] = if fetch.https { b"https" } else { b"http" };
        let lines = header_map::serialise(&[
            (b":method", b"GET"),
            (b":path", fetch.path.as_bytes()),
            (b":authority", fetch.authority.as_bytes()),
            (b":scheme", scheme),
            (b"accept", fetch.accept.as_bytes()),
            (b"user-agent", Fetch::USER_AGENT.as_bytes()),
        ]);
        let token = hostcalls::http_call(&fetch.upstream, &lines, &[], fetch.timeout_ms)
            .map_err(|Status(status)| FetchError::NotSent(status))?;
        let Fetch { purpose, max_body, .. } = *fetch;
        self.0.borrow_mut().push(PendingFetch { token, root, purpose, max_body });
        Ok(())
    }
}
