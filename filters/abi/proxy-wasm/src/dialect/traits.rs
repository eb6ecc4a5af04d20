//! What a host provides: its constants, and its services for one root context.

use novasphere_core::Clock;

use super::Line;
use crate::hostcalls::Status;

/// The constant traits of a host.
pub(crate) struct Traits {
    /// The action code that pauses a request with all its data.
    pub(crate) pause: u32,
    /// Whether a paused request can be resumed from another context than its own callout.
    pub(crate) resumes_paused_requests: bool,
    /// Whether the end of a callout is reported after its stream ended.
    pub(crate) reports_orphaned_callouts: bool,
    /// Whether the host skips a filter that rejects its configuration, so that requests pass
    /// unchecked.
    pub(crate) skips_refused_filters: bool,
    /// Whether later filters can read properties that a filter sets.
    pub(crate) passes_attributes: bool,
    /// See [`Host::single_line_headers`](novasphere_core::Host::single_line_headers).
    pub(crate) single_line_headers: &'static [&'static str],
    /// See [`Host::unremovable_headers`](novasphere_core::Host::unremovable_headers).
    pub(crate) unremovable_headers: &'static [&'static str],
    /// Whether a filter can use shared data when its configuration starts and ends.
    pub(crate) shares_data_at_load: bool,
    /// Whether the values of metrics wait for the timer, because a host call for each is too
    /// expensive.
    pub(crate) batches_metrics: bool,
    /// Whether the client gets the body of a local response unchanged.
    pub(crate) exact_bodies: bool,
    /// The header by which other proxies of this kind recognise a response to a client over its
    /// limit.
    pub(crate) rate_limited: Option<Line<'static>>,
    /// The CAS token that creates a key of shared data only if it is missing.
    pub(crate) create_cas: u32,
    /// The property with the name of the route's upstream service.
    pub(crate) service: &'static [u8],
    /// The property with the name of the route.
    pub(crate) route: &'static [u8],
}

/// A host's services for one root context.
pub(crate) trait RootDialect {
    /// Starts a filter whose configuration was just accepted. `define_metrics` defines its metrics.
    fn start(&self, required: RequiredServices, define_metrics: &dyn Fn());

    /// A request arrived, or the filter is asked about it again.
    fn on_request(&self);

    /// Reads shared data: the value and its CAS token.
    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Status>;

    /// 16 bytes, different at each call.
    fn random_bytes(&self) -> [u8; 16];

    /// Whether the timer's work is due, at a call of the timer.
    fn timer_is_due(&self, clock: &dyn Clock) -> bool;

    /// Schedules the timer after its work: when the filter wants it again, and whether requests are
    /// paused.
    fn schedule_timer(&self, again_in_ms: Option<u32>, has_paused: bool);

    /// Keeps the timer running after a call at which no work was due.
    fn keep_timer(&self);

    /// A request was paused.
    fn on_pause(&self);

    /// The first value of a metric since the last flush waits for the timer.
    fn on_waiting_metric(&self, clock: &dyn Clock);
}

/// The services that a filter uses.
#[derive(Clone, Copy, Default)]
pub(crate) struct RequiredServices {
    pub(crate) timer: bool,
    /// See [`Filter::timer_is_optional`](novasphere_core::Filter::timer_is_optional).
    pub(crate) timer_is_optional: bool,
    pub(crate) shared_data: bool,
}
