//! The host calls of proxy-wasm ABI 0.2.1 that the filters use.
//!
//! Each call returns the host's status as a number. None panics.
#![allow(unsafe_code)] // pointers

use novasphere_core::MetricKind;

mod abi;

/// A host status other than 0 ("Ok").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u32);

impl Status {
    pub(crate) const NOT_FOUND: Self = Self(1);
    pub(crate) const BAD_ARGUMENT: Self = Self(2);
    pub(crate) const CAS_MISMATCH: Self = Self(8);

    fn check(status: u32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self(status)) }
    }
}

/// A header map. The values are the ABI's.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
    /// The response to the call that just ended.
    CallResponse = 6,
}

// The ABI's numbers of buffers.
const CALL_RESPONSE_BODY: u32 = 4;
const PLUGIN_CONFIGURATION: u32 = 7;
// The ABI's number of a stream.
const REQUEST_STREAM: u32 = 0;

/// Writes a line to the proxy's log. `level` is 0 (trace) to 5 (critical).
pub(crate) fn log(level: u32, message: &str) {
    // A failure cannot be logged.
    // SAFETY: the host reads `message` during the call only.
    let _ = unsafe { abi::proxy_log(level, message.as_ptr(), message.len()) };
}

/// Nanoseconds since the Unix epoch. The maximum if the host has no clock, so that everything
/// counts as expired.
pub(crate) fn now() -> u64 {
    let mut time = 0;
    // SAFETY: the host writes 8 bytes to `time`.
    let status = unsafe { abi::proxy_get_current_time_nanoseconds(&raw mut time) };
    if status == 0 { time } else { u64::MAX }
}

/// The plugin's configuration of `size` bytes.
pub(crate) fn plugin_configuration(size: usize) -> Result<Vec<u8>, Status> {
    returned(|data, len| {
        // SAFETY: the host writes a pointer and a length.
        unsafe { abi::proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, data, len) }
    })
}

/// All lines of a header map, serialised. See `codec::header_map`.
pub(crate) fn header_map(map: Map) -> Result<Vec<u8>, Status> {
    returned(|data, len| {
        // SAFETY: the host writes a pointer and a length.
        unsafe { abi::proxy_get_header_map_pairs(map as u32, data, len) }
    })
}

/// The value of the first line of a name. `None` if there is none.
pub(crate) fn header(map: Map, name: &[u8]) -> Result<Option<Vec<u8>>, Status> {
    let value = returned(|data, len| {
        // SAFETY: the host reads `name` during the call, and writes a pointer and a length.
        unsafe { abi::proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, len) }
    });
    match value {
        Ok(value) => Ok(Some(value)),
        Err(Status::NOT_FOUND) => Ok(None),
        Err(status) => Err(status),
    }
}

/// Replaces the lines of a header by one line.
pub(crate) fn replace_header(map: Map, name: &[u8], value: &[u8]) -> Result<(), Status> {
    // SAFETY: the host reads both during the call only.
    Status::check(unsafe {
        abi::proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Adds a header line.
pub(crate) fn add_header(map: Map, name: &[u8], value: &[u8]) -> Result<(), Status> {
    // SAFETY: the host reads both during the call only.
    Status::check(unsafe {
        abi::proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Removes all lines of a header.
pub(crate) fn remove_header(map: Map, name: &[u8]) -> Result<(), Status> {
    // SAFETY: the host reads `name` during the call only.
    Status::check(unsafe {
        abi::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len())
    })
}

/// A property of the host. The segments of `path` are joined by NUL.
pub(crate) fn property(path: &[u8]) -> Result<Vec<u8>, Status> {
    returned(|data, len| {
        // SAFETY: the host reads `path` during the call, and writes a pointer and a length.
        unsafe { abi::proxy_get_property(path.as_ptr(), path.len(), data, len) }
    })
}

/// Sets a property of the host. The segments of `path` are joined by NUL.
pub(crate) fn set_property(path: &[u8], value: &[u8]) -> Result<(), Status> {
    // SAFETY: the host reads both during the call only.
    Status::check(unsafe {
        abi::proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len())
    })
}

/// A shared value and its CAS token.
pub(crate) fn shared_data(key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
    let mut cas = 0;
    let value = returned(|data, len| {
        // SAFETY: the host reads `key` during the call, and writes a pointer, a length, a token.
        unsafe { abi::proxy_get_shared_data(key.as_ptr(), key.len(), data, len, &raw mut cas) }
    })?;
    Ok((value, cas))
}

/// Writes a shared value if its CAS token is `cas`.
pub(crate) fn set_shared_data(key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
    // SAFETY: the host reads both during the call only.
    Status::check(unsafe {
        abi::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas)
    })
}

/// Sends a local response. `headers` is serialised, `details` is for the proxy's log. Without a
/// `grpc_status` the host chooses one for gRPC clients.
pub(crate) fn send_local_response(
    status: u16,
    details: &[u8],
    headers: &[u8],
    body: &[u8],
    grpc_status: Option<i32>,
) -> Result<(), Status> {
    const HOST_CHOOSES: i32 = -1;
    // SAFETY: the host reads all of them during the call only.
    Status::check(unsafe {
        abi::proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status.unwrap_or(HOST_CHOOSES),
        )
    })
}

/// The first `size` bytes of the body of the call that just ended.
pub(crate) fn call_response_body(size: usize) -> Result<Vec<u8>, Status> {
    returned(|data, len| {
        // SAFETY: the host writes a pointer and a length.
        unsafe { abi::proxy_get_buffer_bytes(CALL_RESPONSE_BODY, 0, size, data, len) }
    })
}

/// Sends a request to an upstream. `headers` is serialised. Returns the token of the call, which
/// ends within `timeout_ms`.
pub(crate) fn http_call(
    upstream: &str,
    headers: &[u8],
    body: &[u8],
    timeout_ms: u32,
) -> Result<u32, Status> {
    const NO_TRAILERS: [u8; 4] = [0; 4];
    let mut token = 0;
    // SAFETY: the host reads all of them during the call only, and writes 4 bytes to `token`.
    Status::check(unsafe {
        abi::proxy_http_call(
            upstream.as_ptr(),
            upstream.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            NO_TRAILERS.as_ptr(),
            NO_TRAILERS.len(),
            timeout_ms,
            &raw mut token,
        )
    })?;
    Ok(token)
}

/// Sets the timer's period in milliseconds. 0 stops the timer.
pub(crate) fn set_tick_period(millis: u32) -> Result<(), Status> {
    // SAFETY: no memory is involved.
    Status::check(unsafe { abi::proxy_set_tick_period_milliseconds(millis) })
}

/// Makes the following calls apply to a stream context or a root context.
pub(crate) fn set_effective_context(context: u32) -> Result<(), Status> {
    // SAFETY: no memory is involved.
    Status::check(unsafe { abi::proxy_set_effective_context(context) })
}

/// Resumes the paused request of the effective context.
pub(crate) fn continue_request() -> Result<(), Status> {
    // SAFETY: no memory is involved.
    Status::check(unsafe { abi::proxy_continue_stream(REQUEST_STREAM) })
}

/// Creates a metric or finds it. Returns its ID.
pub(crate) fn define_metric(kind: MetricKind, name: &str) -> Result<u32, Status> {
    let kind = match kind {
        MetricKind::Counter => 0,
        MetricKind::Gauge => 1,
    };
    let mut id = 0;
    // SAFETY: the host reads `name` during the call and writes 4 bytes to `id`.
    Status::check(unsafe {
        abi::proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id)
    })?;
    Ok(id)
}

/// Increments a counter.
pub(crate) fn increment(counter: u32, by: u64) {
    let by = i64::try_from(by).unwrap_or(i64::MAX);
    // A failing counter must not fail the request.
    // SAFETY: no memory is involved.
    let _ = unsafe { abi::proxy_increment_metric(counter, by) };
}

/// Sets a gauge.
pub(crate) fn set_gauge(gauge: u32, value: u64) {
    // SAFETY: no memory is involved.
    let _ = unsafe { abi::proxy_record_metric(gauge, value) };
}

/// Calls a function that is not part of the ABI. nginx traps.
pub(crate) fn foreign_function(name: &str, arguments: &[u8]) -> Result<Vec<u8>, Status> {
    returned(|data, len| {
        // SAFETY: the host reads both during the call, and writes a pointer and a length.
        unsafe {
            abi::proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                len,
            )
        }
    })
}

/// Allocates memory for the result of a host call.
pub(crate) fn allocate(size: usize) -> *mut u8 {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

/// Runs a call that returns data, and takes ownership of the data.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, Status> {
    let mut data = std::ptr::null_mut();
    let mut size = 0;
    Status::check(call(&raw mut data, &raw mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: `data` is from `allocate(size)`, a boxed slice of exactly `size` bytes. The host
    // filled it and passes it on with this return.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}
