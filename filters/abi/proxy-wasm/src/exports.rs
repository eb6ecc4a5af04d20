//! The callbacks of ABI 0.2.1, as hosts find them in a module: all that a filter wants to be called
//! for, and those that a host calls without asking whether they are there.
//!
//! nginx does so with the body's and the log's, and a missing one takes its worker down; Envoy is
//! content without.
#![allow(unsafe_code)] // the names are the ABI's; no other crate exports them

use std::cell::Cell;

use crate::nginx;

/// What the module of a filter does when the host calls. No call ever panics: hosts may call in
/// any order, and about contexts that were never made.
pub(crate) trait Callbacks {
    /// A context was made: a root when `root` is 0, else that of a stream.
    fn on_context_create(&self, id: u32, root: u32);

    /// A root context got its configuration, of so many bytes. Whether it is accepted.
    fn on_configure(&self, root: u32, size: usize) -> bool;

    /// The timer of a root context.
    fn on_tick(&self, root: u32);

    /// A call ended, whose reply has so many lines and bytes; no lines mean that it failed.
    fn on_call_ended(&self, token: u32, lines: usize, body: usize);

    /// The head of a request came, with so many lines.
    fn on_request(&self, id: u32, lines: usize) -> Action;

    /// The head of a response came.
    fn on_response(&self, id: u32, lines: usize);

    /// A context is to be forgotten.
    fn on_delete(&self, id: u32);
}

/// What the host is to do with a stream.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    Continue,
    Pause,
}

impl Action {
    /// Its number. The ABI's own for a pause, 1, may mean the head alone to Envoy, as its
    /// `allow_on_headers_stop_iteration` says; the first piece of a body then takes the head along.
    /// Envoy's 4 holds back all there is. nginx knows 1 only, and means all.
    fn number(self) -> u32 {
        match self {
            Self::Continue => CONTINUE,
            Self::Pause if nginx::is_host() => 1,
            Self::Pause => 4,
        }
    }
}

const CONTINUE: u32 = 0;

thread_local! {
    static MODULE: Cell<Option<&'static dyn Callbacks>> = const { Cell::new(None) };
}

/// Hands the callbacks over, before the first of them.
pub(crate) fn serve(module: &'static dyn Callbacks) {
    MODULE.set(Some(module));
}

fn module() -> Option<&'static dyn Callbacks> {
    MODULE.get()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// Memory for what a call of the host returns: `hostcalls` takes it over.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    crate::hostcalls::allocate(size)
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

/// Told by its token alone: the context is another on each host.
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
    module().map_or(Action::Pause, |module| module.on_request(id, lines)).number()
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

/// Whether the context may be forgotten.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(_id: u32) -> u32 {
    1
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(_id: u32) {}
