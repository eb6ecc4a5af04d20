//! Decisions of filters, as data. The host adapter carries them out.
//!
//! Most requests continue, so the large data of other decisions is boxed: a decision passes through
//! several functions, and each copies it.

use std::{any::Any, rc::Rc};

use crate::{Callout, HeaderMutation, LocalResponse, UnixTime};

/// The result of [`Filter::on_request`](crate::Filter::on_request).
#[derive(Debug)]
pub enum Decision<'f, C> {
    /// The request continues to the next filter or the upstream.
    Continue {
        /// Changes to the request head, applied in order.
        mutations: Vec<HeaderMutation<'f>>,
        /// Passed to `on_response`.
        carry: C,
        /// A name from the filter's `REASONS`.
        reason: &'static str,
    },
    /// The request is held. The host calls `on_request` again when a
    /// [`TimerActions`](crate::TimerActions) wakes it. Allowed only if
    /// [`PendingQueues::has_capacity`](crate::PendingQueues::has_capacity) returned true.
    Pause {
        /// The queue that had capacity.
        queue: usize,
        /// The deadline. The filter must not pause the request after it.
        until: UnixTime,
        /// Returned in [`Env::ticket`](crate::Env::ticket). Dropped with the request.
        ticket: Rc<dyn Any>,
    },
    /// The request is held until a callout ends. The host then calls `on_request` with the result.
    /// A second callout for the same request is a fault.
    Call(Box<Callout<'f>>),
    /// The filter responds. The request does not reach the upstream.
    Respond {
        /// Changes to the request head, to hide values from access logs.
        mutations: Vec<HeaderMutation<'f>>,
        /// The response.
        response: Box<LocalResponse<'f>>,
        /// A name from the filter's `REASONS`.
        reason: &'static str,
    },
}
