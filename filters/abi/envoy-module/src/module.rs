//! The hooks of one filter, and the objects behind Envoy's pointers.
#![allow(unsafe_code)] // pointers

use std::{
    cell::Cell,
    ffi::c_char,
    marker::PhantomData,
    mem::{self, ManuallyDrop},
    panic::{self, AssertUnwindSafe},
    rc::Rc,
    sync::Arc,
    thread,
};

use novasphere_core::Filter;

use crate::{
    config::Config,
    exports::{self, CallEnd, Hooks, ModuleObject},
    host::{self, ConfigHandle, Level, StreamHandle},
    request::{Stream, refuse},
    tasks::Tasks,
    worker::Worker,
};

/// Starts the module of a filter. Returns the version of the interface.
pub fn start<F: Filter + Send + Sync + 'static>() -> *const c_char {
    panic::set_hook(Box::new(|panic| {
        // Only the place: the message may quote the request.
        let place = panic.location().map_or_else(|| "?".to_owned(), ToString::to_string);
        host::log(Level::Error, F::NAME, format_args!("panicked at {place}"));
    }));
    serve::<F>();
    host::abi_version(host::newer()).as_ptr()
}

/// Lets the filter get Envoy's hooks.
pub(crate) fn serve<F: Filter + Send + Sync + 'static>() {
    exports::serve(const { &Module::<F>(PhantomData) });
}

/// The hooks of a filter.
struct Module<F>(PhantomData<fn() -> F>);

/// A stream as Envoy keeps it.
struct Object<F: Filter> {
    stream: Stream<F>,
    /// Whether Envoy ended it. Its handles are then invalid.
    is_over: Cell<bool>,
}

/// The pointer to a stream that could not be created. Its request gets 500. Older Envoys use even a
/// null pointer.
static FAILED: u8 = 0;

fn is_failed(stream: ModuleObject) -> bool {
    stream == (&raw const FAILED).cast()
}

/// Runs a hook. `None` if it panicked. A panic must not cross the boundary.
fn caught<T>(hook: impl FnOnce() -> T) -> Option<T> {
    match panic::catch_unwind(AssertUnwindSafe(hook)) {
        Ok(result) => Some(result),
        Err(payload) => {
            // Its drop could panic again.
            mem::forget(payload);
            None
        }
    }
}

impl<F: Filter + Send + Sync + 'static> Module<F> {
    /// The configuration behind a pointer, without ownership.
    ///
    /// # Safety
    /// `config` must be from `configure`, and alive.
    unsafe fn config(config: ModuleObject) -> ManuallyDrop<Arc<Config<F>>> {
        // SAFETY: `configure` made the pointer with `Arc::into_raw`, and Envoy keeps the reference.
        ManuallyDrop::new(unsafe { Arc::from_raw(config.cast()) })
    }

    /// A reference to the stream behind a pointer. It stays alive if Envoy ends the stream meanwhile.
    ///
    /// # Safety
    /// `stream` must be from `new_stream`, alive, and not [`FAILED`].
    unsafe fn object(stream: ModuleObject) -> Rc<Object<F>> {
        let object: *const Object<F> = stream.cast();
        // SAFETY: `new_stream` made the pointer with `Rc::into_raw`, and Envoy keeps the reference.
        unsafe {
            Rc::increment_strong_count(object);
            Rc::from_raw(object)
        }
    }

    /// Runs a hook of a stream. Its request gets 500 if the hook panics, and if the stream could not
    /// be created.
    ///
    /// # Safety
    /// `stream` must be from `new_stream`, and alive.
    unsafe fn with_stream<T>(
        handle: StreamHandle,
        stream: ModuleObject,
        hook: impl FnOnce(&Stream<F>, StreamHandle) -> T,
    ) -> Option<T> {
        if is_failed(stream) {
            caught(|| refuse(handle));
            return None;
        }
        // SAFETY: the caller vouches for the pointer.
        let object = unsafe { Self::object(stream) };
        // SAFETY: it is used only after the hook has dropped its handle.
        let spare = unsafe { handle.again() };
        let result = caught(|| hook(&object.stream, handle));
        if result.is_none() && !object.is_over.get() {
            caught(|| object.stream.refuse_after_panic(spare));
        }
        result
    }
}

impl<F: Filter + Send + Sync + 'static> Hooks for Module<F> {
    fn configure(&self, handle: &ConfigHandle, name: &[u8], text: &[u8]) -> Option<ModuleObject> {
        let config = caught(|| Config::<F>::new(handle, name, text, thread::Builder::new()));
        let config = config.flatten()?;
        Some(Arc::into_raw(config).cast())
    }

    unsafe fn end_config(&self, config: ModuleObject) {
        // SAFETY: the caller vouches for the pointer, and ends its use.
        let config: Arc<Config<F>> = unsafe { Arc::from_raw(config.cast()) };
        caught(|| Tasks::abandon_fetches(&config));
        caught(|| config.end());
        caught(|| drop(config));
    }

    unsafe fn on_config_scheduled(&self, handle: ConfigHandle, config: ModuleObject) {
        // SAFETY: the caller vouches for the pointer.
        let config = unsafe { Self::config(config) };
        if caught(|| Tasks::new(&config, &handle).on_timer()).is_none() {
            caught(|| Tasks::retry_after_panic(&config));
        }
    }

    unsafe fn on_fetched(
        &self,
        handle: ConfigHandle,
        config: ModuleObject,
        callout: u64,
        end: CallEnd<'_>,
    ) {
        // SAFETY: the caller vouches for the pointer.
        let config = unsafe { Self::config(config) };
        if caught(|| Tasks::new(&config, &handle).on_fetched(callout, &end)).is_none() {
            caught(|| Tasks::retry_after_panic(&config));
        }
    }

    unsafe fn new_stream(&self, config: ModuleObject) -> ModuleObject {
        // SAFETY: the caller vouches for the pointer.
        let config = unsafe { Self::config(config) };
        let object = caught(|| {
            let stream = Stream::new(Worker::current(&config));
            Rc::into_raw(Rc::new(Object { stream, is_over: Cell::new(false) })).cast()
        });
        object.unwrap_or((&raw const FAILED).cast())
    }

    unsafe fn end_stream(&self, stream: ModuleObject) {
        if is_failed(stream) {
            return;
        }
        // SAFETY: the caller vouches for the pointer, and ends its use.
        let object: Rc<Object<F>> = unsafe { Rc::from_raw(stream.cast()) };
        object.is_over.set(true);
        if caught(|| object.stream.end()).is_none() {
            caught(|| object.stream.worker.reset_state());
        }
        caught(|| drop(object));
    }

    unsafe fn on_request(&self, handle: StreamHandle, stream: ModuleObject) -> bool {
        // SAFETY: the caller vouches for the pointer.
        unsafe { Self::with_stream(handle, stream, Stream::on_request) }.unwrap_or(false)
    }

    unsafe fn on_response(&self, handle: StreamHandle, stream: ModuleObject) -> bool {
        if is_failed(stream) {
            return true;
        }
        // SAFETY: the caller vouches for the pointer.
        unsafe { Self::with_stream(handle, stream, Stream::on_response) }.is_some()
    }

    unsafe fn on_scheduled(&self, handle: StreamHandle, stream: ModuleObject) {
        // SAFETY: the caller vouches for the pointer.
        unsafe { Self::with_stream(handle, stream, Stream::on_scheduled) };
    }

    unsafe fn on_callout_end(
        &self,
        handle: StreamHandle,
        stream: ModuleObject,
        callout: u64,
        end: CallEnd<'_>,
    ) {
        let hook = |stream: &Stream<F>, handle| stream.on_callout_end(handle, callout, &end);
        // SAFETY: the caller vouches for the pointer.
        unsafe { Self::with_stream(handle, stream, hook) };
    }
}
