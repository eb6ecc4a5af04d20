//! A configuration: the filter, and what its workers share.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use novasphere_core::Filter;

use self::{fetches::Fetches, metrics::HostMetrics, timer::Timer};
use crate::{
    host::{self, ConfigHandle, Level},
    shared_values::SharedValues,
};

mod envoy;
mod fetches;
mod metrics;
mod timer;

pub(crate) use self::{
    envoy::Envoy,
    metrics::{MetricSink, PANICKED},
    timer::{Waiter, Waiters, monotonic_now},
};

/// A configured filter. All workers use it.
pub(crate) struct Config<F: Filter> {
    /// Identifies the configuration in the process.
    pub(crate) id: u64,
    pub(crate) filter: F,
    pub(crate) metrics: HostMetrics,
    pub(crate) shared_values: &'static SharedValues,
    /// The requests that wait, of all workers.
    pub(crate) waiters: Arc<Waiters>,
    /// Whether the filter has work apart from requests.
    pub(crate) uses_timer: bool,
    /// Changes when the main thread found something new for the workers.
    news: AtomicU64,
    pub(crate) fetches: Fetches,
    /// `None` without work apart from requests, and after the end.
    timer: Mutex<Option<Timer>>,
    is_over: AtomicBool,
}

/// The separator in `filter_name` between the filter and the scope of its shared values.
const SCOPE_SEPARATOR: char = '/';

impl<F: Filter + 'static> Config<F> {
    /// Builds the filter from Envoy's `filter_name` and `filter_config`. `None` if either is
    /// refused, or if `threads` cannot start the timer. The log has the reasons, because Envoy gives
    /// none.
    #[cold]
    pub(crate) fn new(
        handle: &ConfigHandle,
        name: &[u8],
        text: &[u8],
        threads: thread::Builder,
    ) -> Option<Arc<Self>> {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        let scope = scope::<F>(name)?;
        let filter = match F::from_json(text, &Envoy::main(F::NAME)) {
            Ok(filter) => filter,
            Err(errors) => {
                for line in errors.to_string().lines() {
                    let line = format_args!("configuration refused: {line}");
                    host::log(Level::Error, F::NAME, line);
                }
                return None;
            }
        };
        let waiters = Arc::new(Waiters::default());
        let uses_timer = filter.uses_timer();
        let has_timer = uses_timer && !host::is_validation_mode();
        let timer = if has_timer { start_timer(&filter, threads, handle, &waiters)? } else { None };
        Some(Arc::new(Self {
            id: LAST_ID.fetch_add(1, Ordering::Relaxed),
            metrics: HostMetrics::define(&filter, handle),
            filter,
            shared_values: SharedValues::of_scope(scope),
            timer: Mutex::new(timer),
            is_over: AtomicBool::new(false),
            waiters,
            uses_timer,
            news: AtomicU64::default(),
            fetches: Fetches::default(),
        }))
    }
}

impl<F: Filter> Config<F> {
    /// A number that changes when the main thread found something new for the workers.
    pub(crate) fn news(&self) -> u64 {
        self.news.load(Ordering::Acquire)
    }

    /// Whether Envoy ended the configuration. Its workers may forget it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Envoy ended the configuration. Workers may keep it until they get another one, so the timer
    /// ends here.
    #[cold]
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        let timer = self.timer.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(timer);
    }

    /// Lets all workers look for something new, and wakes the requests that wait for it.
    pub(crate) fn announce_news(&self) {
        self.news.fetch_add(1, Ordering::Release);
        self.waiters.wake_all();
    }
}

/// Starts the timer. Without it, no keys would be fetched, and waiting requests would hang. So `None`
/// if it cannot start, and the configuration is refused, unless the filter works without a timer.
#[cold]
fn start_timer<F: Filter>(
    filter: &F,
    threads: thread::Builder,
    handle: &ConfigHandle,
    waiters: &Arc<Waiters>,
) -> Option<Option<Timer>> {
    let error = match Timer::start(threads, handle.scheduler(), waiters) {
        Ok(timer) => return Some(Some(timer)),
        Err(error) => error,
    };
    let (level, effect) = match filter.timer_is_optional() {
        true => (Level::Warn, "metrics of the filter's state do not change"),
        false => (Level::Error, "configuration refused"),
    };
    let message = format_args!(
        "{effect}: cannot start a thread for the filter's timer: {error}; raise Envoy's limit of \
         threads (pids limit of the container, TasksMax of the service, ulimit -u), then load the \
         configuration again"
    );
    host::log(level, F::NAME, message);
    filter.timer_is_optional().then_some(None)
}

/// The scope in `filter_name`: the part after the filter's name. Configurations with one scope share
/// their counts.
#[cold]
fn scope<F: Filter>(name: &[u8]) -> Option<&str> {
    let name = str::from_utf8(name).unwrap_or_default();
    let rest = name.strip_prefix(F::NAME);
    let scope = rest.filter(|rest| rest.is_empty() || rest.starts_with(SCOPE_SEPARATOR));
    if scope.is_none() {
        let filter = F::NAME;
        let message = format!(
            "configuration refused: filter_name: expected \"{filter}\", or \"{filter}/\" and a name \
             for separate counts, got {name:?}"
        );
        host::log(Level::Error, filter, message);
    }
    scope
}
