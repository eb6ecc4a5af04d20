//! A stream: a request and its response.

use super::{
    abi::{self, Buffer, Line, Map, Object, Status},
    newer::newer,
    scheduler::StreamScheduler,
};

/// The ABI's number of the attribute `source.address`: address and port.
const SOURCE_ADDRESS: u32 = 24;
/// The ABI's number of the attribute `xds.route_name`.
const ROUTE_NAME: u32 = 61;

/// Envoy's stream during one event. Shared access reads, exclusive access changes the head.
pub(crate) struct StreamHandle(Object);

/// A response from the filter in the ABI's terms.
pub(crate) struct LocalReply<'r> {
    pub(crate) status: u16,
    pub(crate) headers: &'r [(&'r [u8], &'r [u8])],
    pub(crate) body: &'r [u8],
    /// Envoy's `%RESPONSE_CODE_DETAILS%`.
    pub(crate) details: &'r str,
}

impl StreamHandle {
    /// A handle for the duration of an event.
    ///
    /// # Safety
    /// `object` must be the stream that Envoy passed to the current event, and the only handle of
    /// it. The handle must not outlive the event.
    pub(crate) unsafe fn new(object: Object) -> Self {
        Self(object)
    }

    /// A second handle of the same stream.
    ///
    /// # Safety
    /// It must not be used before this one is dropped, nor after the end of the stream.
    pub(crate) unsafe fn again(&self) -> Self {
        Self(self.0)
    }

    pub(super) fn object(&self) -> Object {
        self.0
    }

    /// Adds a line. Envoy cannot add an empty value. Returns whether it did.
    pub(crate) fn add_header(&mut self, map: Map, name: &[u8], value: &[u8]) -> bool {
        let (name, value) = (Buffer::of(name), Buffer::of(value));
        // SAFETY: the stream is alive. Envoy copies the text.
        unsafe {
            abi::envoy_dynamic_module_callback_http_add_header(self.0, map as u32, name, value)
        }
    }

    /// Replaces all lines of a name. An empty value removes them.
    pub(crate) fn set_header(&mut self, map: Map, name: &[u8], value: &[u8]) -> bool {
        let (name, value) = (Buffer::of(name), Buffer::of(value));
        // SAFETY: the stream is alive. Envoy copies the text.
        unsafe {
            abi::envoy_dynamic_module_callback_http_set_header(self.0, map as u32, name, value)
        }
    }

    /// Removes all lines of a name.
    pub(crate) fn remove_header(&mut self, map: Map, name: &[u8]) -> bool {
        let name = Buffer::of(name);
        // SAFETY: the stream is alive. A null value removes the header.
        unsafe {
            abi::envoy_dynamic_module_callback_http_set_header(
                self.0,
                map as u32,
                name,
                Buffer::EMPTY,
            )
        }
    }

    /// Lets Envoy select the route again, by the changed head.
    pub(crate) fn clear_route_cache(&mut self) {
        // SAFETY: the stream is alive.
        unsafe { abi::envoy_dynamic_module_callback_http_clear_route_cache(self.0) }
    }

    /// Sends a response. Takes the handle: the stream may end during the call.
    pub(crate) fn respond(self, reply: &LocalReply<'_>) {
        let headers: Vec<Line> =
            reply.headers.iter().map(|(name, value)| Line::of(name, value)).collect();
        let (body, details) = (Buffer::of(reply.body), Buffer::of(reply.details.as_bytes()));
        // SAFETY: the stream is alive. Envoy copies the headers and the body during the call.
        unsafe {
            abi::envoy_dynamic_module_callback_http_send_response(
                self.0,
                reply.status.into(),
                headers.as_ptr(),
                headers.len(),
                body,
                details,
            )
        }
    }

    /// Resumes the request. Takes the handle: the stream may end during the call.
    pub(crate) fn continue_request(self) {
        // SAFETY: the stream is alive.
        unsafe { abi::envoy_dynamic_module_callback_http_filter_continue_decoding(self.0) }
    }

    /// The address and the port of the client.
    pub(crate) fn source_address(&self) -> Option<&[u8]> {
        self.attribute(SOURCE_ADDRESS)
    }

    /// The name of the route. `None` if it has none.
    pub(crate) fn route_name(&self) -> Option<&[u8]> {
        self.attribute(ROUTE_NAME).filter(|name| !name.is_empty())
    }

    fn attribute(&self, attribute: u32) -> Option<&[u8]> {
        let mut value = Buffer::EMPTY;
        // SAFETY: the stream is alive. The value lives as long as the stream's current route and
        // connection, and nothing changes them while the handle is borrowed.
        unsafe {
            abi::envoy_dynamic_module_callback_http_filter_get_attribute_string(
                self.0,
                attribute,
                &raw mut value,
            )
            .then(|| value.bytes())
        }
    }

    /// The name of the cluster of the route. `None` on Envoy 1.37.
    pub(crate) fn cluster_name(&self) -> Option<&[u8]> {
        let cluster_name = newer().cluster_name?;
        let mut name = Buffer::EMPTY;
        // SAFETY: as for `attribute`.
        let name = unsafe { cluster_name(self.0, &raw mut name).then(|| name.bytes()) };
        name.filter(|name| !name.is_empty())
    }

    /// Sets an object of the filter state. Later filters and the access log can read it.
    pub(crate) fn set_filter_state(&self, key: &[u8], value: &[u8]) {
        let (key, value) = (Buffer::of(key), Buffer::of(value));
        // SAFETY: the stream is alive. Envoy copies the text. Filter state is not part of a head, so
        // borrowed lines stay valid.
        let _ = unsafe {
            abi::envoy_dynamic_module_callback_http_set_filter_state_bytes(self.0, key, value)
        };
    }

    /// A copy of an object of the filter state.
    pub(crate) fn filter_state(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut value = Buffer::EMPTY;
        // SAFETY: the stream is alive. The value is copied before anything can change it.
        unsafe {
            abi::envoy_dynamic_module_callback_http_get_filter_state_bytes(
                self.0,
                Buffer::of(key),
                &raw mut value,
            )
            .then(|| value.bytes().to_vec())
        }
    }

    /// Sends a request, which ends with the stream. Returns the number of the callout.
    pub(crate) fn callout(
        &mut self,
        cluster: &str,
        headers: &[Line],
        body: &[u8],
        timeout_ms: u32,
    ) -> Result<u64, Status> {
        let mut id = 0;
        // SAFETY: the stream is alive. Envoy copies the request.
        let status = unsafe {
            abi::envoy_dynamic_module_callback_http_filter_http_callout(
                self.0,
                &raw mut id,
                Buffer::of(cluster.as_bytes()),
                headers.as_ptr(),
                headers.len(),
                Buffer::of(body),
                timeout_ms.into(),
            )
        };
        Status::check(status).map(|()| id)
    }

    /// Adds to a counter.
    pub(crate) fn increment(&self, counter: usize, value: u64) {
        // SAFETY: the stream is alive, and the counter has no labels.
        let _ = unsafe {
            abi::envoy_dynamic_module_callback_http_filter_increment_counter(
                self.0,
                counter,
                std::ptr::null(),
                0,
                value,
            )
        };
    }

    /// Sets a gauge.
    pub(crate) fn set_gauge(&self, gauge: usize, value: u64) {
        // SAFETY: the stream is alive, and the gauge has no labels.
        let _ = unsafe {
            abi::envoy_dynamic_module_callback_http_filter_set_gauge(
                self.0,
                gauge,
                std::ptr::null(),
                0,
                value,
            )
        };
    }

    /// A scheduler that calls the stream from any thread.
    pub(crate) fn scheduler(&self) -> StreamScheduler {
        // SAFETY: the stream is alive.
        unsafe { StreamScheduler::new(self.0) }
    }
}
