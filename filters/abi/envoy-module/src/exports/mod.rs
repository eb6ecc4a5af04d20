//! The hooks that Envoy calls. All but those marked as optional must exist: Envoy refuses a module
//! without them.
#![allow(unsafe_code)] // the names are the ABI's, and only this crate exports them

use std::{ffi::c_void, sync::OnceLock};

use crate::host::{Buffer, ConfigHandle, Line, StreamHandle};

#[cfg(test)]
mod tests;
mod unused;

/// A configuration or a stream of this module, as Envoy keeps it.
pub(crate) type ModuleObject = *const c_void;
/// An object of Envoy.
type EnvoyObject = *mut c_void;

/// The status of a hook for headers: go on.
const CONTINUE: u32 = 0;
/// The status of a hook for headers: hold the headers and everything after them. With the plain
/// status for "stop", 1, the first piece of a body releases the headers.
const STOP_ALL_AND_WATERMARK: u32 = 4;

/// The result of a request that this module sent.
pub(crate) struct CallEnd<'a> {
    /// The header lines of the response.
    pub(crate) lines: Vec<(&'a [u8], &'a [u8])>,
    /// The pieces of the body.
    pub(crate) body: Vec<&'a [u8]>,
    /// Whether there is a whole response.
    pub(crate) is_success: bool,
}

/// A module's response to Envoy's hooks. Implementations must not panic.
pub(crate) trait Hooks: Sync {
    /// Creates a configuration, on the main thread. `None` if it is refused.
    fn configure(&self, config: &ConfigHandle, name: &[u8], text: &[u8]) -> Option<ModuleObject>;

    /// Ends a configuration.
    ///
    /// # Safety
    /// `config` must be from [`configure`](Self::configure), and not be used again.
    unsafe fn end_config(&self, config: ModuleObject);

    /// An event of the configuration's scheduler, on the main thread.
    ///
    /// # Safety
    /// `config` must be from [`configure`](Self::configure).
    unsafe fn on_config_scheduled(&self, handle: ConfigHandle, config: ModuleObject);

    /// A request of the configuration ended, on the main thread.
    ///
    /// # Safety
    /// `config` must be from [`configure`](Self::configure).
    unsafe fn on_fetched(
        &self,
        handle: ConfigHandle,
        config: ModuleObject,
        callout: u64,
        end: CallEnd<'_>,
    );

    /// Creates a stream, on its worker. Never null.
    ///
    /// # Safety
    /// `config` must be from [`configure`](Self::configure).
    unsafe fn new_stream(&self, config: ModuleObject) -> ModuleObject;

    /// Ends a stream. May be called during another hook of the stream.
    ///
    /// # Safety
    /// `stream` must be from [`new_stream`](Self::new_stream), and not be used again.
    unsafe fn end_stream(&self, stream: ModuleObject);

    /// The head of a request arrived. Returns whether the request continues.
    ///
    /// # Safety
    /// `stream` must be from [`new_stream`](Self::new_stream).
    unsafe fn on_request(&self, handle: StreamHandle, stream: ModuleObject) -> bool;

    /// The head of a response arrived. Returns whether it continues.
    ///
    /// # Safety
    /// `stream` must be from [`new_stream`](Self::new_stream).
    unsafe fn on_response(&self, handle: StreamHandle, stream: ModuleObject) -> bool;

    /// An event of the stream's scheduler.
    ///
    /// # Safety
    /// `stream` must be from [`new_stream`](Self::new_stream).
    unsafe fn on_scheduled(&self, handle: StreamHandle, stream: ModuleObject);

    /// A request of the stream ended.
    ///
    /// # Safety
    /// `stream` must be from [`new_stream`](Self::new_stream).
    unsafe fn on_callout_end(
        &self,
        handle: StreamHandle,
        stream: ModuleObject,
        callout: u64,
        end: CallEnd<'_>,
    );
}

static HOOKS: OnceLock<&'static dyn Hooks> = OnceLock::new();

/// Sets the module that gets the hooks. The first call counts.
pub(crate) fn serve(hooks: &'static dyn Hooks) {
    let _ = HOOKS.set(hooks);
}

/// The module. `None` only before Envoy's first call.
fn hooks() -> Option<&'static dyn Hooks> {
    HOOKS.get().copied()
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_new(
    config: EnvoyObject,
    name: Buffer,
    text: Buffer,
) -> ModuleObject {
    // SAFETY: Envoy passes the new configuration, and text that lives during the call.
    let (handle, name, text) = unsafe { (ConfigHandle::new(config), name.bytes(), text.bytes()) };
    let config = hooks().and_then(|hooks| hooks.configure(&handle, name, text));
    config.unwrap_or(std::ptr::null())
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_destroy(config: ModuleObject) {
    if let Some(hooks) = hooks() {
        // SAFETY: Envoy ends each configuration once.
        unsafe { hooks.end_config(config) }
    }
}

/// Optional, from 1.37 on.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_scheduled(
    envoy: EnvoyObject,
    config: ModuleObject,
    _event: u64,
) {
    if let Some(hooks) = hooks() {
        // SAFETY: Envoy passes its configuration with the module's own.
        unsafe { hooks.on_config_scheduled(ConfigHandle::new(envoy), config) }
    }
}

/// Optional, from 1.38 on.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_http_callout_done(
    envoy: EnvoyObject,
    config: ModuleObject,
    callout: u64,
    result: u32,
    lines: *const Line,
    lines_size: usize,
    body: *const Buffer,
    body_size: usize,
) {
    if let Some(hooks) = hooks() {
        // SAFETY: Envoy passes its configuration with the module's own, and a response that lives
        // during the call.
        unsafe {
            let end = call_end(result, (lines, lines_size), (body, body_size));
            hooks.on_fetched(ConfigHandle::new(envoy), config, callout, end);
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_new(
    config: ModuleObject,
    _stream: EnvoyObject,
) -> ModuleObject {
    // SAFETY: Envoy passes the module's own configuration.
    hooks().map_or(std::ptr::null(), |hooks| unsafe { hooks.new_stream(config) })
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_destroy(stream: ModuleObject) {
    if let Some(hooks) = hooks() {
        // SAFETY: Envoy ends each stream once.
        unsafe { hooks.end_stream(stream) }
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_headers(
    envoy: EnvoyObject,
    stream: ModuleObject,
    _end_of_stream: bool,
) -> u32 {
    // SAFETY: Envoy passes its stream with the module's own.
    let continues =
        hooks().is_some_and(|hooks| unsafe { hooks.on_request(StreamHandle::new(envoy), stream) });
    if continues { CONTINUE } else { STOP_ALL_AND_WATERMARK }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_headers(
    envoy: EnvoyObject,
    stream: ModuleObject,
    _end_of_stream: bool,
) -> u32 {
    // SAFETY: Envoy passes its stream with the module's own.
    let continues =
        hooks().is_some_and(|hooks| unsafe { hooks.on_response(StreamHandle::new(envoy), stream) });
    if continues { CONTINUE } else { STOP_ALL_AND_WATERMARK }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_scheduled(
    envoy: EnvoyObject,
    stream: ModuleObject,
    _event: u64,
) {
    if let Some(hooks) = hooks() {
        // SAFETY: Envoy passes its stream with the module's own.
        unsafe { hooks.on_scheduled(StreamHandle::new(envoy), stream) }
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_http_callout_done(
    envoy: EnvoyObject,
    stream: ModuleObject,
    callout: u64,
    result: u32,
    lines: *const Line,
    lines_size: usize,
    body: *const Buffer,
    body_size: usize,
) {
    if let Some(hooks) = hooks() {
        // SAFETY: Envoy passes its stream with the module's own, and a response that lives during
        // the call.
        unsafe {
            let end = call_end(result, (lines, lines_size), (body, body_size));
            hooks.on_callout_end(StreamHandle::new(envoy), stream, callout, end);
        }
    }
}

/// The ABI's result of a call that got a whole response.
const SUCCESS: u32 = 0;

/// # Safety
/// The arrays and the text in them must live during `'a`. Envoy passes null for an empty array.
unsafe fn call_end<'a>(
    result: u32,
    lines: (*const Line, usize),
    body: (*const Buffer, usize),
) -> CallEnd<'a> {
    // SAFETY: the caller vouches for the arrays.
    let (lines, body): (&[Line], &[Buffer]) = unsafe { (array(lines), array(body)) };
    // SAFETY: the caller vouches for the text.
    let lines = lines.iter().map(|line| unsafe { (line.name.bytes(), line.value.bytes()) });
    // SAFETY: as above.
    let body = body.iter().map(|piece| unsafe { piece.bytes() });
    CallEnd { lines: lines.collect(), body: body.collect(), is_success: result == SUCCESS }
}

/// # Safety
/// The array must live during `'a`.
unsafe fn array<'a, T>((start, size): (*const T, usize)) -> &'a [T] {
    if start.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: the caller vouches for the array.
    unsafe { std::slice::from_raw_parts(start, size) }
}
