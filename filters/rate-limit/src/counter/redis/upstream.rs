//! Calls to the HTTP front end for Redis.

use std::{any::Any, rc::Rc};

use novasphere_core::{Callout, Endpoint, HeaderName};

/// The maximum size of a response. Seven counts need far less.
const MAX_RESPONSE_BYTES: usize = 4_096;

/// The upstream that runs commands, and how to call it.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// The upstream as the host knows it.
    pub(crate) name: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) timeout_ms: u32,
}

impl Upstream {
    pub(super) fn call(&self, ticket: Rc<dyn Any>, body: Vec<u8>) -> Callout<'_> {
        Callout {
            ticket,
            upstream: &self.name,
            endpoint: &self.endpoint,
            headers: &self.headers,
            body,
            timeout_ms: self.timeout_ms,
            max_body: MAX_RESPONSE_BYTES,
        }
    }
}
