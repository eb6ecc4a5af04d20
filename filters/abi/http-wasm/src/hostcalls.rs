//! The functions of the http-wasm HTTP handler ABI that the filters use, and the wall clock of
//! WASI. This is the adapter's only `unsafe` code: pointers into the module's memory that the host
//! uses only during the call.
//!
//! A function that returns data always returns its size, and writes it only if it fits.
#![allow(unsafe_code)] // See above.

use std::fmt;

mod abi {
    #[link(wasm_import_module = "http_handler")]
    unsafe extern "C" {
        pub(super) safe fn enable_features(features: u32) -> u32;
        pub(super) fn get_config(buffer: *mut u8, limit: usize) -> usize;
        pub(super) fn log(level: i32, message: *const u8, size: usize);
        pub(super) fn get_method(buffer: *mut u8, limit: usize) -> usize;
        pub(super) fn get_uri(buffer: *mut u8, limit: usize) -> usize;
        pub(super) fn set_uri(uri: *const u8, size: usize);
        pub(super) fn get_source_addr(buffer: *mut u8, limit: usize) -> usize;
        pub(super) fn get_header_names(kind: u32, buffer: *mut u8, limit: usize) -> u64;
        pub(super) fn get_header_values(
            kind: u32,
            name: *const u8,
            name_size: usize,
            buffer: *mut u8,
            limit: usize,
        ) -> u64;
        pub(super) fn set_header_value(
            kind: u32,
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        );
        pub(super) fn add_header_value(
            kind: u32,
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        );
        pub(super) fn remove_header(kind: u32, name: *const u8, name_size: usize);
        pub(super) safe fn set_status_code(status: u32);
        pub(super) fn write_body(kind: u32, body: *const u8, size: usize);
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    }
}

/// Kinds of headers and bodies in the ABI.
const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;

/// Initial capacity of a buffer.
const INITIAL_CAPACITY: usize = 1024;

/// Log levels of the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Debug = -1,
    Info = 0,
    Warn = 1,
    Error = 2,
}

/// Maximum length of a log line, in bytes.
const MAX_LOG_LINE: usize = 1000;

/// Logs a line, cut to the maximum length.
pub(crate) fn log(level: Level, filter: &str, message: impl fmt::Display) {
    let message = format!("novasphere {filter}: {message}");
    let size = message.floor_char_boundary(MAX_LOG_LINE);
    // SAFETY: `message` is at least `size` bytes long.
    unsafe { abi::log(level as i32, message.as_ptr(), size) }
}

/// A feature of the ABI. It has no effect on this host.
const TRAILERS: u32 = 4;

/// Whether this is the first instance with its configuration. The host remembers the features that
/// any instance enabled.
pub(crate) fn is_first_instance() -> bool {
    let before = abi::enable_features(0);
    abi::enable_features(TRAILERS);
    before & TRAILERS == 0
}

/// Nanoseconds since the Unix epoch. The maximum if the host has no clock, so that everything that
/// can expire has expired.
pub(crate) fn now() -> u64 {
    const REALTIME: u32 = 0;
    let mut time = 0;
    // SAFETY: the host writes 8 bytes to `time`.
    let errno = unsafe { abi::clock_time_get(REALTIME, 1_000_000, &raw mut time) };
    if errno == 0 { time } else { u64::MAX }
}

/// The configuration as JSON text.
pub(crate) fn config(buffer: &mut Vec<u8>) -> Option<()> {
    // SAFETY: see `fill`.
    fill(buffer, |buffer, limit| unsafe { abi::get_config(buffer, limit) })
}

/// The request's method.
pub(crate) fn method(buffer: &mut Vec<u8>) -> Option<()> {
    // SAFETY: see `fill`.
    fill(buffer, |buffer, limit| unsafe { abi::get_method(buffer, limit) })
}

/// The request's target.
pub(crate) fn uri(buffer: &mut Vec<u8>) -> Option<()> {
    // SAFETY: see `fill`.
    fill(buffer, |buffer, limit| unsafe { abi::get_uri(buffer, limit) })
}

/// The client's address and port.
pub(crate) fn source_addr(buffer: &mut Vec<u8>) -> Option<()> {
    // SAFETY: see `fill`.
    fill(buffer, |buffer, limit| unsafe { abi::get_source_addr(buffer, limit) })
}

/// The names of all request headers, each followed by a NUL.
pub(crate) fn header_names(buffer: &mut Vec<u8>) -> Option<()> {
    // SAFETY: see `fill`.
    fill(buffer, |buffer, limit| size(unsafe { abi::get_header_names(REQUEST, buffer, limit) }))
}

/// The values of the request headers with this name, each followed by a NUL.
pub(crate) fn header_values(name: &[u8], buffer: &mut Vec<u8>) -> Option<()> {
    if name.is_empty() {
        return None; // The host would trap.
    }
    fill(buffer, |buffer, limit| {
        // SAFETY: the host reads `name`; see `fill` for the rest.
        size(unsafe { abi::get_header_values(REQUEST, name.as_ptr(), name.len(), buffer, limit) })
    })
}

/// The size of a list. The upper half is the number of its items.
fn size(count_and_size: u64) -> usize {
    usize::try_from(count_and_size & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}

/// Sets a request header to a single value.
pub(crate) fn set_header(name: &str, value: &[u8]) {
    set(REQUEST, name, value);
}

/// Sets a response header to a single value.
pub(crate) fn set_response_header(name: &str, value: &[u8]) {
    set(RESPONSE, name, value);
}

fn set(kind: u32, name: &str, value: &[u8]) {
    // SAFETY: the host reads both.
    unsafe {
        abi::set_header_value(kind, name.as_ptr(), name.len(), value.as_ptr(), value.len());
    }
}

/// Adds a request header.
pub(crate) fn add_header(name: &str, value: &[u8]) {
    // SAFETY: the host reads both.
    unsafe {
        abi::add_header_value(REQUEST, name.as_ptr(), name.len(), value.as_ptr(), value.len());
    }
}

/// Removes all request headers with this name.
pub(crate) fn remove_header(name: &str) {
    // SAFETY: the host reads it.
    unsafe { abi::remove_header(REQUEST, name.as_ptr(), name.len()) }
}

/// Sets the request target. The host traps if it cannot parse it.
pub(crate) fn set_uri(uri: &[u8]) {
    // SAFETY: the host reads it.
    unsafe { abi::set_uri(uri.as_ptr(), uri.len()) }
}

/// Sends the response's head.
pub(crate) fn set_status(status: u16) {
    abi::set_status_code(u32::from(status));
}

/// Sends the response's body. The host traps if the response must not have one, or if the write
/// fails.
pub(crate) fn write_body(body: &[u8]) {
    // SAFETY: the host reads it.
    unsafe { abi::write_body(RESPONSE, body.as_ptr(), body.len()) }
}

/// Fills the buffer with the result of `call` and grows it as needed. `None` if the result does not
/// fit after three calls.
fn fill(buffer: &mut Vec<u8>, call: impl Fn(*mut u8, usize) -> usize) -> Option<()> {
    buffer.clear();
    buffer.reserve(INITIAL_CAPACITY);
    for _ in 0..3 {
        let size = call(buffer.as_mut_ptr(), buffer.capacity());
        if size <= buffer.capacity() {
            // SAFETY: the host wrote `size` bytes, which is within the capacity.
            unsafe { buffer.set_len(size) };
            return Some(());
        }
        buffer.reserve(size);
    }
    None
}
