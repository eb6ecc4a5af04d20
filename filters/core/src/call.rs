//! A call that a request waits for, and what comes of it.

use std::{any::Any, rc::Rc};

use crate::{Endpoint, FetchError, FetchReply, HeaderName};

/// A POST request to be made by the host. The request that causes it is held until the answer
/// comes, and then decided about from the start, with the answer in [`Env`](crate::Env).
#[derive(Debug)]
pub struct Call<'p> {
    /// Comes back with the answer. It is dropped without one when nobody hears of that.
    pub ticket: Rc<dyn Any>,
    /// The upstream as the host knows it: the name of a cluster, or `host:port`.
    pub upstream: &'p str,
    /// Where to.
    pub endpoint: &'p Endpoint,
    /// Header lines.
    pub headers: &'p [(HeaderName, String)],
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait for the whole reply, in milliseconds.
    pub timeout_ms: u32,
    /// The longest body that is read of the reply, in bytes.
    pub max_body: usize,
}

/// What came of a [`Call`].
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The call's.
    pub ticket: &'a Rc<dyn Any>,
    /// The reply, or why there is none.
    pub reply: &'a Result<FetchReply<'a>, FetchError>,
}
