//! The callbacks of ABI 0.2.1: those the filters use, and those a host calls even if the module
//! does not export them.
//!
//! nginx calls the body and log callbacks unconditionally, and a missing one crashes its worker.
//! Envoy skips missing callbacks.
#![allow(unsafe_code)] // the names are the ABI's, and only this crate exports them

use std::cell::Cell;

use crate::{dialect::Dialect, hostcalls};

/// A module's response to the host's callbacks. Implementations must not panic: hosts may call in
/// any order, and with IDs of contexts that were never created.
pub(crate) trait Callbacks {
    /// A context was created: a root context if `root` is 0, otherwise a stream context.
    fn on_context_create(&self, id: u32, root: u32);

    /// A root context got a configuration of `size` bytes. Returns whether it is accepted.
    fn on_configure(&self, root: u32, size: usize) -> bool;

    /// The timer of a root context fired.
    fn on_tick(&self, root: u32);

    /// A callout or a fetch ended. Its response has `lines` header lines and `body` bytes. No lines
    /// mean that it failed.
    fn on_call_ended(&self, token: u32, lines: usize, body: usize);

    /// A request head with `lines` header lines arrived. Returns whether the request continues.
    fn on_request(&self, id: u32, lines: usize) -> bool;

    /// A response head with `lines` header lines arrived.
    fn on_response(&self, id: u32, lines: usize);

    /// A context ended.
    fn on_delete(&self, id: u32);
}

/// The ABI's action code for "continue". The code for "pause" depends on the host.
const CONTINUE: u32 = 0;

thread_local! {
    static MODULE: Cell<Option<&'static dyn Callbacks>> = const { Cell::new(None) };
}

/// Sets the module that gets the callbacks.
pub(crate) fn serve(module: &'static dyn Callbacks) {
    MODULE.set(Some(module));
}

fn module() -> Option<&'static dyn Callbacks> {
    MODULE.get()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// Allocates memory for the result of a host call. `hostcalls` takes ownership of it.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    hostcalls::allocate(size)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(id: u32, root: u32) {
    if let Some(module) = module() {
        module.on_context_create(id, root);
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _size: usize) -> u32 {
    u32::from(module().is_some())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
    u32::from(module().is_some_and(|module| module.on_configure(root, size)))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    if let Some(module) = module() {
        module.on_tick(root);
    }
}

/// The token identifies the call. The context is not reliable: Envoy passes the root context, nginx
/// the stream context.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    _context: u32,
    token: u32,
    lines: usize,
    body: usize,
    _trailers: usize,
) {
    if let Some(module) = module() {
        module.on_call_ended(token, lines, body);
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(id: u32, lines: usize, _end: u32) -> u32 {
    if module().is_some_and(|module| module.on_request(id, lines)) {
        CONTINUE
    } else {
        Dialect::current().traits().pause
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(id: u32, lines: usize, _end: u32) -> u32 {
    if let Some(module) = module() {
        module.on_response(id, lines);
    }
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(id: u32) {
    if let Some(module) = module() {
        module.on_delete(id);
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(_id: u32, _size: usize, _end: u32) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(_id: u32, _size: usize, _end: u32) -> u32 {
    CONTINUE
}

/// Returns whether the context may be deleted.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(_id: u32) -> u32 {
    1
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(_id: u32) {}
