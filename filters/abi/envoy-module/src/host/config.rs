//! A configuration of the filter in Envoy.

use novasphere_core::MetricKind;

use super::{
    abi::{self, Buffer, Line, Object, Status, TOO_OLD},
    newer::newer,
    scheduler::ConfigScheduler,
};

/// Envoy's configuration of a filter, on the main thread, during one event.
pub(crate) struct ConfigHandle(Object);

impl ConfigHandle {
    /// A handle for the duration of an event.
    ///
    /// # Safety
    /// `object` must be the configuration that Envoy passed to the current event. The handle must
    /// not outlive the event.
    pub(crate) unsafe fn new(object: Object) -> Self {
        Self(object)
    }

    /// Defines a metric without labels. Possible while the configuration is created.
    pub(crate) fn define_metric(&self, kind: MetricKind, name: &str) -> Result<usize, Status> {
        let define = match kind {
            MetricKind::Counter => {
                abi::envoy_dynamic_module_callback_http_filter_config_define_counter
            }
            MetricKind::Gauge => abi::envoy_dynamic_module_callback_http_filter_config_define_gauge,
        };
        let mut id = 0;
        let name = Buffer::of(name.as_bytes());
        // SAFETY: the configuration is alive. Envoy copies the name.
        let status = unsafe { define(self.0, name, std::ptr::null(), 0, &raw mut id) };
        Status::check(status).map(|()| id)
    }

    /// Adds to a counter. Returns whether the running Envoy can outside of a request.
    pub(crate) fn increment(&self, counter: usize, value: u64) -> bool {
        let Some(increment) = newer().config_increment else { return false };
        // SAFETY: the configuration is alive, and the counter has no labels.
        Status::check(unsafe { increment(self.0, counter, std::ptr::null(), 0, value) }).is_ok()
    }

    /// Sets a gauge. Returns whether the running Envoy can outside of a request.
    pub(crate) fn set_gauge(&self, gauge: usize, value: u64) -> bool {
        let Some(set_gauge) = newer().config_set_gauge else { return false };
        // SAFETY: the configuration is alive, and the gauge has no labels.
        Status::check(unsafe { set_gauge(self.0, gauge, std::ptr::null(), 0, value) }).is_ok()
    }

    /// Sends a request without a body. Returns the number of the callout.
    pub(crate) fn callout(
        &self,
        cluster: &str,
        headers: &[Line],
        timeout_ms: u32,
    ) -> Result<u64, Status> {
        let callout = newer().config_callout.ok_or(TOO_OLD)?;
        let mut id = 0;
        // SAFETY: the configuration is alive. Envoy copies the request.
        let status = unsafe {
            callout(
                self.0,
                &raw mut id,
                Buffer::of(cluster.as_bytes()),
                headers.as_ptr(),
                headers.len(),
                Buffer::EMPTY,
                timeout_ms.into(),
            )
        };
        Status::check(status).map(|()| id)
    }

    /// A scheduler that calls the configuration on the main thread, from any thread.
    pub(crate) fn scheduler(&self) -> ConfigScheduler {
        // SAFETY: the configuration is alive.
        unsafe { ConfigScheduler::new(self.0) }
    }
}

/// Whether the running Envoy can send the requests of a configuration.
pub(crate) fn sends_requests() -> bool {
    newer().config_callout.is_some()
}
