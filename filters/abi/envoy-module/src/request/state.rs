//! The state of a request.

use super::{pending_callout::PendingCallout, waiting::Paused};

/// The state of a request, from the filter's decision to the response head.
pub(super) enum State<C> {
    /// No decision yet, or the response head has passed.
    Idle,
    /// The filter continued the request. Its data waits for the response head.
    Continued(C),
    /// The filter paused the request.
    Paused(Paused),
    /// The request waits for a callout.
    Calling(PendingCallout),
    /// The filter responded.
    Responded,
}
