//! Decisions of filters, as data. The host adapter carries them out.

use std::{any::Any, borrow::Cow, rc::Rc};

use crate::{Callout, HeaderMutation, HeaderName, UnixTime};

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
    Call(Callout<'f>),
    /// The filter responds. The request does not reach the upstream.
    Respond {
        /// Changes to the request head, to hide values from access logs.
        mutations: Vec<HeaderMutation<'f>>,
        /// The response.
        response: LocalResponse<'f>,
        /// A name from the filter's `REASONS`.
        reason: &'static str,
    },
}

/// A response from a filter instead of the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalResponse<'f> {
    /// The status code, 200..=599.
    pub status: u16,
    /// Header lines. No name occurs twice, because one host keeps only the last line.
    pub headers: Vec<(&'f HeaderName, Cow<'f, [u8]>)>,
    /// The body, empty for none. Its `content-type` is among the headers.
    pub body: Cow<'f, [u8]>,
    /// The gRPC status, where the HTTP status does not imply it.
    pub grpc_status: Option<u8>,
    /// The `grpc-message` for gRPC clients, which do not get the body. Empty for none.
    pub message: Cow<'f, str>,
    /// Whether the request was over a rate limit. Some hosts mark such responses for the proxy in
    /// front of them.
    pub rate_limited: bool,
}
