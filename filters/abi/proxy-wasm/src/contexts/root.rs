//! A root context: a configured filter.

use std::{
    any::Any,
    cell::{OnceCell, RefCell},
    rc::{Rc, Weak},
};

use novasphere_core::{CalloutResult, Env, Filter, Metrics, PendingQueues};

use crate::{
    calls::Calls,
    codec::configuration::Configuration,
    dialect::{Dialect, RequiredServices},
    hostcalls::{self, Status},
    load_record::LoadRecord,
    metrics::{HostMetrics, IsFirst},
    pending::PendingQueue,
    proxy::Proxy,
};

/// A configured filter with the memory of one worker.
pub(crate) struct RootContext<F: Filter> {
    pub(crate) filter: F,
    state: RefCell<F::State>,
    metrics: OnceCell<HostMetrics>,
    pub(crate) pending: PendingQueue<F::Carry>,
    pub(crate) calls: Calls,
    /// A reference to this context, for its callouts.
    pub(crate) this: Weak<Self>,
    pub(crate) proxy: Proxy,
}

impl<F: Filter + 'static> RootContext<F> {
    /// Reads a configuration of `size` bytes and starts the filter. `None` if the filter rejects
    /// it. The log has the reasons.
    #[cold]
    pub(crate) fn configure(dialect: Dialect, size: usize, calls: &Calls) -> Option<Rc<Self>> {
        let bytes = match hostcalls::plugin_configuration(size) {
            Ok(bytes) => bytes,
            Err(Status::NOT_FOUND) if size == 0 => Vec::new(),
            Err(Status(status)) => {
                log::error!(target: F::NAME, "configuration unreadable: host status {status}");
                return None;
            }
        };
        let load = LoadRecord::of(F::NAME, &bytes);
        let Configuration { json, from_yaml } = Configuration::new(bytes);
        let proxy = Proxy::new(dialect, F::NAME, load, from_yaml);
        let filter = match F::from_json(&json, &proxy) {
            Ok(filter) => filter,
            Err(errors) => {
                for line in errors.to_string().lines() {
                    log::error!(target: F::NAME, "configuration refused: {line}");
                }
                return None;
            }
        };
        let root = Rc::new_cyclic(|this| Self {
            filter,
            state: RefCell::default(),
            metrics: OnceCell::new(),
            pending: PendingQueue::default(),
            calls: calls.clone(),
            this: this.clone(),
            proxy,
        });
        root.proxy.root.start(root.required(), &|| {
            root.metrics();
        });
        Some(root)
    }
}

impl<F: Filter> RootContext<F> {
    pub(crate) fn required(&self) -> RequiredServices {
        RequiredServices {
            timer: self.filter.uses_timer(),
            timer_is_optional: self.filter.timer_is_optional(),
            shared_data: self.filter.uses_shared_data(),
        }
    }

    /// The filter's metrics. The first use defines them.
    fn metrics(&self) -> &HostMetrics {
        let is_batched = self.proxy.dialect.traits().batches_metrics;
        self.metrics.get_or_init(|| HostMetrics::define(&self.filter, is_batched))
    }

    /// Counts a decision by its reason, one of the filter's `REASONS`.
    pub(crate) fn count_decision(&self, reason: &str) {
        self.flush_later(self.metrics().count_decision(reason));
    }

    /// Passes the waiting values of the metrics to the host.
    pub(crate) fn flush_metrics(&self) {
        if let Some(metrics) = self.metrics.get() {
            metrics.flush();
        }
    }

    fn flush_later(&self, is_first: IsFirst) {
        if is_first.0 {
            self.proxy.root.on_waiting_metric(&self.proxy);
        }
    }

    /// See [`Filter::responder`]. `None` during a call of the filter.
    pub(crate) fn responder(&self) -> Option<&'static str> {
        self.state.try_borrow().ok().map(|state| F::responder(&state))
    }

    /// Calls the filter with its state and the host. `callout` and `ticket` belong to
    /// a request that waited. `None` for all other calls of the filter.
    pub(crate) fn with_env<'f, T>(
        &'f self,
        pending: &dyn PendingQueues,
        callout: Option<CalloutResult<'_>>,
        ticket: Option<&Rc<dyn Any>>,
        call: impl FnOnce(&'f F, &mut F::State, &Env<'_>) -> T,
    ) -> Option<T> {
        let proxy = &self.proxy;
        let env = Env {
            host: proxy,
            clock: proxy,
            shared_data: proxy,
            connection: proxy,
            random: proxy,
            metrics: self,
            attributes: proxy,
            verify: proxy,
            pending,
            callout,
            ticket,
        };
        let mut state = self.state.try_borrow_mut().ok()?;
        proxy.freeze_time();
        let result = call(&self.filter, &mut state, &env);
        proxy.release_time();
        Some(result)
    }
}

impl<F: Filter> Metrics for RootContext<F> {
    fn add(&self, event: &'static str, times: u32) {
        self.flush_later(self.metrics().add(event, times));
    }

    fn record(&self, index: usize, value: u32) {
        self.flush_later(self.metrics().record(index, value));
    }
}
