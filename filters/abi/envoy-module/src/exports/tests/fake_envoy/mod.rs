//! Envoy's callbacks for tests, with the facts that are traps in the real one: a response may end the
//! stream during the call, and a deleted scheduler must not be used.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ffi::c_void,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize},
};

use crate::{
    exports::{self, ModuleObject},
    host::{Buffer, Line},
};

mod metrics;
mod schedulers;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A header map.
pub(super) type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// A stream of the fake Envoy.
#[derive(Default)]
pub(super) struct FakeStream {
    pub(super) request: RefCell<Headers>,
    pub(super) response: RefCell<Headers>,
    pub(super) filter_state: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(super) replies: RefCell<Vec<Reply>>,
    pub(super) counts: RefCell<BTreeMap<String, u64>>,
    pub(super) route_clears: Cell<usize>,
    pub(super) continues: Cell<usize>,
    /// The status of the next callout.
    pub(super) callout_status: Cell<u32>,
    pub(super) callouts: RefCell<Vec<Headers>>,
    /// Whether a scheduler has posted an event.
    pub(super) is_scheduled: AtomicBool,
    /// The number of schedulers that were not deleted.
    pub(super) schedulers: AtomicUsize,
    /// The module's configuration, if Envoy ends it while it posts the next event to it.
    pub(super) ends_at_event: AtomicPtr<c_void>,
    /// The module's stream, if Envoy ends it while it sends a response.
    pub(super) ends_at_reply: Cell<Option<ModuleObject>>,
}

/// A local response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u32,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    pub(super) details: String,
}

impl FakeStream {
    pub(super) fn new(request: &[(&str, &str)]) -> Box<Self> {
        let lines =
            request.iter().map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into()));
        Box::new(Self { request: RefCell::new(lines.collect()), ..Self::default() })
    }

    pub(super) fn object(&self) -> *mut c_void {
        (&raw const *self).cast_mut().cast()
    }

    pub(super) fn count(&self, metric: &str) -> u64 {
        self.counts.borrow().get(metric).copied().unwrap_or(0)
    }

    fn map(&self, map: u32) -> &RefCell<Headers> {
        if map == 0 { &self.request } else { &self.response }
    }
}

/// The lines of the log since the last call, on this thread.
pub(super) fn log() -> Vec<String> {
    LOG.take()
}

fn stream<'s>(object: *mut c_void) -> &'s FakeStream {
    // SAFETY: tests pass streams that outlive their hooks.
    unsafe { &*object.cast::<FakeStream>() }
}

pub(super) fn owned(buffer: Buffer) -> Vec<u8> {
    // SAFETY: the module's buffers live during the call.
    unsafe { buffer.bytes() }.to_vec()
}

fn owned_lines(lines: *const Line, size: usize) -> Headers {
    // SAFETY: the module passes an array of this size.
    let lines = if size == 0 { &[] } else { unsafe { std::slice::from_raw_parts(lines, size) } };
    lines.iter().map(|line| (owned(line.name), owned(line.value))).collect()
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_log(_level: u32, message: Buffer) {
    let line = String::from_utf8(owned(message)).unwrap();
    LOG.with_borrow_mut(|log| log.push(line));
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_get_headers_size(
    object: *mut c_void,
    map: u32,
) -> usize {
    stream(object).map(map).borrow().len()
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_get_headers(
    object: *mut c_void,
    map: u32,
    lines: *mut Line,
) -> bool {
    for (index, (name, value)) in stream(object).map(map).borrow().iter().enumerate() {
        // SAFETY: the module provides space for all lines.
        unsafe { lines.add(index).write(Line::of(name, value)) }
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_add_header(
    object: *mut c_void,
    map: u32,
    name: Buffer,
    value: Buffer,
) -> bool {
    if value.length == 0 {
        return false;
    }
    stream(object).map(map).borrow_mut().push((owned(name), owned(value)));
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_set_header(
    object: *mut c_void,
    map: u32,
    name: Buffer,
    value: Buffer,
) -> bool {
    let (name, value) = (owned(name), owned(value));
    let mut lines = stream(object).map(map).borrow_mut();
    lines.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        lines.push((name, value));
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_send_response(
    object: *mut c_void,
    status: u32,
    headers: *const Line,
    headers_size: usize,
    body: Buffer,
    details: Buffer,
) {
    let stream = stream(object);
    let (headers, body) = (owned_lines(headers, headers_size), owned(body));
    let details = String::from_utf8(owned(details)).unwrap();
    stream.replies.borrow_mut().push(Reply { status, headers, body, details });
    if let Some(module) = stream.ends_at_reply.take() {
        exports::envoy_dynamic_module_on_http_filter_destroy(module);
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_continue_decoding(object: *mut c_void) {
    let stream = stream(object);
    stream.continues.set(stream.continues.get() + 1);
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_clear_route_cache(object: *mut c_void) {
    let stream = stream(object);
    stream.route_clears.set(stream.route_clears.get() + 1);
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_get_attribute_string(
    _object: *mut c_void,
    attribute: u32,
    value: *mut Buffer,
) -> bool {
    let found = match attribute {
        24 => Buffer::of(b"192.0.2.7:4711"),
        61 => Buffer::EMPTY,
        _ => return false,
    };
    // SAFETY: the module passes a place for the value.
    unsafe { value.write(found) }
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_set_filter_state_bytes(
    object: *mut c_void,
    key: Buffer,
    value: Buffer,
) -> bool {
    stream(object).filter_state.borrow_mut().insert(owned(key), owned(value));
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_get_filter_state_bytes(
    object: *mut c_void,
    key: Buffer,
    value: *mut Buffer,
) -> bool {
    let state = stream(object).filter_state.borrow();
    let Some(found) = state.get(&owned(key)) else { return false };
    // SAFETY: the module passes a place for the value.
    unsafe { value.write(Buffer::of(found)) }
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_http_callout(
    object: *mut c_void,
    id: *mut u64,
    _cluster: Buffer,
    headers: *const Line,
    headers_size: usize,
    _body: Buffer,
    _timeout_ms: u64,
) -> u32 {
    let stream = stream(object);
    stream.callouts.borrow_mut().push(owned_lines(headers, headers_size));
    // SAFETY: the module passes a place for the number.
    unsafe { id.write(stream.callouts.borrow().len() as u64) }
    stream.callout_status.get()
}
