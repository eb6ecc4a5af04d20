//! The contract of a counter.

use novasphere_core::{Callout, CalloutResult, Env};

use super::fingerprint::Fingerprint;
use crate::{client::ClientKey, window::Counts};

/// Counts requests: each in all windows of its client, or in none.
pub(crate) trait Counter {
    /// The memory of one worker.
    type State: Default;

    /// Counts a request, or starts a callout that does.
    fn count<'f>(
        &'f self,
        request: CountRequest,
        state: &mut Self::State,
        env: &Env<'_>,
    ) -> Count<'f>;

    /// Completes a count with the result of its callout. `None` if this counter does not use callouts.
    fn complete<'f>(
        &'f self,
        _result: CalloutResult<'_>,
        _state: &mut Self::State,
        _env: &Env<'_>,
    ) -> Option<Completed<'f>> {
        None
    }

    /// Uses the result of a callout whose request is gone.
    fn learn(&self, _result: CalloutResult<'_>, _state: &mut Self::State, _env: &Env<'_>) {}
}

/// A request to count.
#[derive(Debug)]
pub(crate) struct CountRequest {
    /// The index of the rule that matches the request.
    pub(crate) rule: Option<usize>,
    /// The index of the limiter.
    pub(crate) limiter: usize,
    /// At least 1.
    pub(crate) cost: u32,
    pub(crate) client: ClientKey,
}

/// The result of counting a request.
pub(crate) enum Count<'f> {
    Done(Counted),
    /// The callout counts the request. [`Counter::complete`] gets its result.
    Call(Box<Callout<'f>>),
    Failed(Failed),
}

/// The counts after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Unused leases are not included.
    pub(crate) counts: Counts,
    /// Whether this proxy counted because Redis failed.
    pub(crate) fallback: bool,
    /// The keyed hash of the client, for operators. Only if the request was not counted, because a
    /// window has no capacity left for its cost.
    pub(crate) refused: Option<Fingerprint>,
}

/// The action for a request that could not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Let the request pass.
    Allow,
    /// Reject the request, because the proxy's shared data failed.
    SharedData,
    /// Reject the request, because Redis failed.
    Redis {
        /// Seconds until calls resume.
        retry_after: u32,
    },
}

/// A count that a callout completed.
pub(crate) struct Completed<'f> {
    pub(crate) rule: Option<usize>,
    pub(crate) limiter: usize,
    pub(crate) cost: u32,
    pub(crate) count: Count<'f>,
}
