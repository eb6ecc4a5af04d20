//! What a filter decides: data, carried out by the host adapter.

use std::borrow::Cow;

use crate::{Callout, HeaderName, UnixTime};

/// The result of [`Filter::on_request`](crate::Filter::on_request).
#[derive(Debug)]
pub enum Decision<'f, C> {
    /// The request continues to the next filter or the upstream.
    Continue {
        /// Changes to the request head, applied in order.
        mutations: Vec<HeaderMutation<'f>>,
        /// Handed to `on_response`.
        carry: C,
        /// One of the filter's `REASONS`.
        reason: &'static str,
    },
    /// The request is held. The filter is asked again when a
    /// [`TimerActions`](crate::TimerActions) wakes it. Allowed only if
    /// [`PendingQueues::has_capacity`](crate::PendingQueues::has_capacity) returned true.
    Pause {
        /// The queue that had capacity.
        queue: usize,
        /// The time of the last attempt. The filter must not pause the request after it.
        until: UnixTime,
    },
    /// The request is held until a callout ends, then the filter is asked again with its result.
    /// A second callout for the same request is a fault.
    Call(Callout<'f>),
    /// The filter responds. The request does not reach the upstream.
    Respond {
        /// Changes to the request head, for what an access log must not show.
        mutations: Vec<HeaderMutation<'f>>,
        /// The response.
        response: LocalResponse<'f>,
        /// One of the filter's `REASONS`.
        reason: &'static str,
    },
}

/// One change to the head of a request or a response. The filter guarantees that names and values
/// are valid: external values pass [`header_value`](crate::header_value) first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderMutation<'f> {
    /// Replaces all lines of that name by one line.
    Set(&'f HeaderName, Cow<'f, [u8]>),
    /// Adds a line.
    Add(&'f HeaderName, Cow<'f, [u8]>),
    /// Removes all lines of that name. The name is owned if it was found in the message.
    Remove(Cow<'f, HeaderName>),
    /// Replaces the request target (path and query). Requests only.
    Target(Vec<u8>),
}

impl<'f> HeaderMutation<'f> {
    /// Removes all lines of a name the filter owns.
    pub const fn remove(name: &'f HeaderName) -> Self {
        Self::Remove(Cow::Borrowed(name))
    }

    /// The name of the header it changes.
    pub fn name(&self) -> &str {
        match self {
            Self::Set(name, _) | Self::Add(name, _) => name.as_str(),
            Self::Remove(name) => name.as_str(),
            Self::Target(_) => ":path",
        }
    }

    /// The same mutation, borrowing its values.
    pub(crate) fn as_borrowed(&self) -> HeaderMutation<'_> {
        match self {
            Self::Set(name, value) => HeaderMutation::Set(name, Cow::Borrowed(value)),
            Self::Add(name, value) => HeaderMutation::Add(name, Cow::Borrowed(value)),
            Self::Remove(name) => HeaderMutation::Remove(Cow::Borrowed(name)),
            Self::Target(target) => HeaderMutation::Target(target.clone()),
        }
    }
}

/// A response made by a filter instead of the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalResponse<'f> {
    /// The status code, 200..=599.
    pub status: u16,
    /// Header lines. No name occurs twice, since one host keeps only the last line.
    pub headers: Vec<(&'f HeaderName, Cow<'f, [u8]>)>,
    /// The body, empty for none. Its `content-type` is among the headers.
    pub body: Cow<'f, [u8]>,
    /// The gRPC status, where the HTTP status does not imply it.
    pub grpc_status: Option<u8>,
}
