//! Schedulers: they post an event to the thread of a stream or a configuration. An event for one
//! that has ended is dropped by Envoy.
//!
//! An event must not be posted after the scheduler was deleted. So a scheduler has one owner, which
//! deletes it.

use super::abi::{self, Object};

/// Posts events to a stream, on the worker that runs it.
pub(crate) struct StreamScheduler(Object);

/// Posts events to a configuration, on the main thread.
pub(crate) struct ConfigScheduler(Object);

// SAFETY: Envoy's schedulers may be used and deleted on any thread.
unsafe impl Send for StreamScheduler {}
// SAFETY: as above.
unsafe impl Send for ConfigScheduler {}

impl StreamScheduler {
    /// # Safety
    /// `stream` must be alive.
    pub(super) unsafe fn new(stream: Object) -> Self {
        // SAFETY: the caller vouches for the stream.
        Self(unsafe { abi::envoy_dynamic_module_callback_http_filter_scheduler_new(stream) })
    }

    /// Posts an event, and deletes the scheduler.
    pub(crate) fn commit(self) {
        // SAFETY: the scheduler is alive until it is dropped. The event does not refer to it.
        unsafe { abi::envoy_dynamic_module_callback_http_filter_scheduler_commit(self.0, 0) }
    }
}

impl Drop for StreamScheduler {
    fn drop(&mut self) {
        // SAFETY: this is the only owner.
        unsafe { abi::envoy_dynamic_module_callback_http_filter_scheduler_delete(self.0) }
    }
}

impl ConfigScheduler {
    /// # Safety
    /// `config` must be alive.
    pub(super) unsafe fn new(config: Object) -> Self {
        // SAFETY: the caller vouches for the configuration.
        Self(unsafe { abi::envoy_dynamic_module_callback_http_filter_config_scheduler_new(config) })
    }

    /// Posts an event.
    pub(crate) fn commit(&self) {
        // SAFETY: the scheduler is alive until it is dropped.
        unsafe { abi::envoy_dynamic_module_callback_http_filter_config_scheduler_commit(self.0, 0) }
    }
}

impl Drop for ConfigScheduler {
    fn drop(&mut self) {
        // SAFETY: this is the only owner.
        unsafe { abi::envoy_dynamic_module_callback_http_filter_config_scheduler_delete(self.0) }
    }
}
