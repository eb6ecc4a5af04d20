//! Schedulers of streams and configurations.

use std::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};

use super::stream;
use crate::exports;

/// A scheduler of a stream. It is leaked, so that a use after the deletion is a failure.
struct FakeScheduler {
    stream: *mut c_void,
    is_deleted: AtomicBool,
}

fn scheduler<'s>(object: *mut c_void) -> &'s FakeScheduler {
    // SAFETY: schedulers are never freed.
    let scheduler = unsafe { &*object.cast::<FakeScheduler>() };
    assert!(!scheduler.is_deleted.load(Ordering::SeqCst), "used after its deletion");
    scheduler
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_scheduler_new(
    stream: *mut c_void,
) -> *mut c_void {
    super::stream(stream).schedulers.fetch_add(1, Ordering::SeqCst);
    let scheduler = FakeScheduler { stream, is_deleted: AtomicBool::new(false) };
    Box::into_raw(Box::new(scheduler)).cast()
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_scheduler_commit(
    object: *mut c_void,
    _event: u64,
) {
    stream(scheduler(object).stream).is_scheduled.store(true, Ordering::SeqCst);
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_scheduler_delete(object: *mut c_void) {
    let scheduler = scheduler(object);
    scheduler.is_deleted.store(true, Ordering::SeqCst);
    stream(scheduler.stream).schedulers.fetch_sub(1, Ordering::SeqCst);
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_config_scheduler_new(
    config: *mut c_void,
) -> *mut c_void {
    envoy_dynamic_module_callback_http_filter_scheduler_new(config)
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_config_scheduler_commit(
    object: *mut c_void,
    event: u64,
) {
    // Before the event, because its test then sets the configuration for the next one.
    let config =
        stream(scheduler(object).stream).ends_at_event.swap(ptr::null_mut(), Ordering::SeqCst);
    envoy_dynamic_module_callback_http_filter_scheduler_commit(object, event);
    if !config.is_null() {
        exports::envoy_dynamic_module_on_http_filter_config_destroy(config);
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_config_scheduler_delete(
    object: *mut c_void,
) {
    envoy_dynamic_module_callback_http_filter_scheduler_delete(object);
}
