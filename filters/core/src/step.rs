//! What a policy decided: data, carried out by the host adapter.

use std::borrow::Cow;

use crate::{Call, HeaderName, UnixTime};

/// The outcome of [`Policy::on_request`](crate::Policy::on_request).
#[derive(Debug)]
pub enum Step<'p, C> {
    /// The request goes on to the next filter or the upstream.
    Continue {
        /// Changes to the request's head, carried out in order.
        edits: Vec<Edit<'p>>,
        /// Handed to `on_response`.
        carry: C,
        /// One of the policy's `DECISIONS`.
        decision: &'static str,
    },
    /// The request is held, and the policy asked again when a [`Duty`](crate::Duty) says so. Only
    /// where [`Waiting::has_room`](crate::Waiting::has_room) said that there is room.
    Wait {
        /// The queue asked about.
        queue: usize,
        /// When it is asked for the last time, and may not wait any more.
        until: UnixTime,
    },
    /// The request is held for the answer to a call, and then decided about anew: once, since a
    /// call for a request that has its answer is a fault.
    Call(Call<'p>),
    /// The request is answered here.
    Reply {
        /// Changes to the request's head all the same: what an access log must not show.
        edits: Vec<Edit<'p>>,
        /// The answer.
        reply: Reply<'p>,
        /// One of the policy's `DECISIONS`.
        decision: &'static str,
    },
}

/// One change to the head of a request or a response. Names and values are valid by construction
/// of the policy that made them: a value from outside passes [`header_value`](crate::header_value).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<'p> {
    /// Exactly one line of that name, with this value, whatever was there before.
    Set(&'p HeaderName, Cow<'p, [u8]>),
    /// One more line of that name.
    Add(&'p HeaderName, Cow<'p, [u8]>),
    /// No line of that name.
    Remove(&'p HeaderName),
    /// The same of a name that was found in the message and is none of the policy's own.
    RemoveFound(HeaderName),
    /// A new request target (path and query). Requests only.
    Target(Vec<u8>),
}

impl Edit<'_> {
    /// The name of the lines it is about.
    pub fn name(&self) -> &str {
        match self {
            Edit::Set(name, _) | Edit::Add(name, _) | Edit::Remove(name) => name.as_str(),
            Edit::RemoveFound(name) => name.as_str(),
            Edit::Target(_) => ":path",
        }
    }

    /// The same, with the values of this one.
    pub(crate) fn as_borrowed(&self) -> Edit<'_> {
        match self {
            Edit::Set(name, value) => Edit::Set(name, Cow::Borrowed(value)),
            Edit::Add(name, value) => Edit::Add(name, Cow::Borrowed(value)),
            Edit::Remove(name) => Edit::Remove(name),
            Edit::RemoveFound(name) => Edit::Remove(name),
            Edit::Target(target) => Edit::Target(target.clone()),
        }
    }
}

/// An answer made by a filter instead of the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<'p> {
    /// The status code, 200..=599.
    pub status: u16,
    /// Header lines; no name occurs twice (one host keeps only the last).
    pub headers: Vec<(&'p HeaderName, Cow<'p, [u8]>)>,
    /// The body, with its `content-type` among the headers; empty for none.
    pub body: Cow<'p, [u8]>,
    /// What a gRPC client is told, where the status alone does not say it.
    pub grpc_status: Option<u8>,
}
