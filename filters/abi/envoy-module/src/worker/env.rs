//! The capabilities of the host during one call of a filter.

use std::{
    any::Any,
    cell::Cell,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    rc::Rc,
    time::{SystemTime, UNIX_EPOCH},
};

use novasphere_core::{
    Attributes, CalloutResult, Cas, Clock, Connection, Env, Filter, Hash, Metrics, PendingQueues,
    Random, SharedData, SharedDataError, UnixTime, Verify, Written, parse_source_address,
};

use super::{Worker, verify};
use crate::{config::MetricSink, host::StreamHandle};

/// The prefix of attributes in the filter state. The WebAssembly modules have the same, so formats of
/// access logs work with both.
const ATTRIBUTE_PREFIX: &str = "wasm.";

/// One call of a filter. Time does not advance during it.
pub(crate) struct Call<'a, F: Filter> {
    worker: &'a Worker<F>,
    metrics: &'a dyn MetricSink,
    /// `None` for calls that belong to no request.
    stream: Option<&'a StreamHandle>,
    now: Cell<Option<UnixTime>>,
}

/// Takes no metrics, so that they wait.
struct NoSink;

impl MetricSink for NoSink {
    fn increment(&self, _: usize, _: u64) -> bool {
        false
    }

    fn set_gauge(&self, _: usize, _: u64) -> bool {
        false
    }
}

impl<'a, F: Filter> Call<'a, F> {
    pub(crate) fn new(
        worker: &'a Worker<F>,
        metrics: &'a dyn MetricSink,
        stream: Option<&'a StreamHandle>,
    ) -> Self {
        worker.config.metrics.flush(metrics);
        Self { worker, metrics, stream, now: Cell::new(None) }
    }

    /// A call for which Envoy takes no metrics.
    pub(super) fn at_end(worker: &'a Worker<F>) -> Self {
        Self { worker, metrics: &NoSink, stream: None, now: Cell::new(None) }
    }

    /// The filter's view of this call.
    pub(crate) fn env<'e>(
        &'e self,
        pending: &'e dyn PendingQueues,
        callout: Option<CalloutResult<'e>>,
        ticket: Option<&'e Rc<dyn Any>>,
    ) -> Env<'e> {
        Env {
            host: &self.worker.envoy,
            clock: self,
            shared_data: self,
            connection: self,
            random: self,
            metrics: self,
            attributes: self,
            verify: self,
            pending,
            callout,
            ticket,
        }
    }
}

/// Milliseconds since the epoch. The maximum before the epoch, so that everything counts as expired.
#[allow(clippy::disallowed_methods)] // this is the adapter's clock
fn wall_clock() -> UnixTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since_epoch.ok().and_then(|time| u64::try_from(time.as_millis()).ok());
    UnixTime { millis: millis.unwrap_or(u64::MAX) }
}

impl<F: Filter> Clock for Call<'_, F> {
    fn now(&self) -> UnixTime {
        let now = self.now.get().unwrap_or_else(wall_clock);
        self.now.set(Some(now));
        now
    }
}

impl<F: Filter> Random for Call<'_, F> {
    /// `RandomState` is keyed by the operating system, once for each thread, and then counts up. The
    /// hash hides the counter.
    fn bytes(&self) -> [u8; 16] {
        let half = |n: u8| u128::from(RandomState::new().hash_one(n));
        (half(0) | (half(1) << 64)).to_le_bytes()
    }
}

impl<F: Filter> Connection for Call<'_, F> {
    fn client_address(&self) -> Option<IpAddr> {
        parse_source_address(self.stream?.source_address()?)
    }

    fn service(&self) -> Option<Vec<u8>> {
        self.stream?.cluster_name().map(<[u8]>::to_vec)
    }

    fn route(&self) -> Option<Vec<u8>> {
        self.stream?.route_name().map(<[u8]>::to_vec)
    }
}

impl<F: Filter> Metrics for Call<'_, F> {
    fn add(&self, event: &'static str, times: u32) {
        self.worker.config.metrics.add(self.metrics, event, times);
    }

    fn record(&self, index: usize, value: u32) {
        self.worker.config.metrics.record(self.metrics, index, value);
    }
}

impl<F: Filter> Attributes for Call<'_, F> {
    fn set(&self, name: &str, value: &[u8]) {
        if let Some(stream) = self.stream {
            stream.set_filter_state(format!("{ATTRIBUTE_PREFIX}{name}").as_bytes(), value);
        }
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.stream?.filter_state(format!("{ATTRIBUTE_PREFIX}{name}").as_bytes())
    }
}

impl<F: Filter> SharedData for Call<'_, F> {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.worker.config.shared_values.read(key)
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        self.worker.config.shared_values.write(key, value, seen)
    }
}

impl<F: Filter> Verify for Call<'_, F> {
    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        verify::verify(hash, public_key, signature, message)
    }
}
