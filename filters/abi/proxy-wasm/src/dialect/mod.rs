//! The differences between hosts. Each host is one [`Dialect`], chosen once per configured root
//! context. All other modules are the same for every host.

use std::sync::atomic::{AtomicU8, Ordering};

use novasphere_core::{Clock, Hash, HeaderInterest, HeaderMutation, Headers};

use crate::{
    fault::Fault,
    hostcalls::{self, Status},
};

mod envoy;
mod head;
mod kong;

pub(crate) use head::{Head, Lines};

/// A header line: name and value.
pub(crate) type Line<'m> = (&'m [u8], &'m [u8]);

/// A host's version of the ABI.
pub(crate) trait Dialect: Sync {
    /// The host's constant traits.
    fn traits(&self) -> &'static Traits;

    /// The part of the dialect that keeps state for one root context of `filter`.
    fn root(&self, filter: &'static str) -> Box<dyn RootDialect>;

    /// How to pass an environment variable on to a filter, for error messages.
    fn variable_remedy(&self, name: &str) -> String;

    /// Reads the head of the current request, which has `lines` header lines.
    fn read_request<'f>(
        &self,
        interest: &'f HeaderInterest,
        lines: usize,
    ) -> Result<Head<'f>, Fault>;

    /// The headers of a request as a filter sees them.
    fn request_headers<'h>(&self, head: &'h Head<'_>) -> Headers<'h>;

    /// Applies the mutations of a request that the filter continued. `headers` is parsed from
    /// `head`. Calls `count` once when the decision is certain.
    fn continue_request(
        &self,
        head: &Head<'_>,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
        count: &dyn Fn(),
    ) -> Result<(), Fault>;

    /// Applies the mutations of a request that the filter responded to. Only the access log shows
    /// them.
    fn redact_request(
        &self,
        head: &Head<'_>,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault>;

    /// Reads the head of the current response, which has `lines` header lines.
    fn read_response<'f>(
        &self,
        interest: &'f HeaderInterest,
        lines: usize,
    ) -> Result<Head<'f>, Fault>;

    /// Applies the mutations of a response. `headers` is parsed from `head`.
    fn mutate_response(
        &self,
        head: &Head<'_>,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault>;

    /// Whether the head of a response to a callout or a fetch can be read. It has `lines` lines.
    fn can_read_callout_head(&self, lines: usize) -> bool;

    /// Sends a local response to the current request.
    fn send_local_response(&self, response: &ResponseParts<'_>) -> Result<(), Status>;

    /// 16 bytes, different at each call.
    fn random_bytes(&self) -> [u8; 16];

    /// Verifies a signature. `None` if the host cannot.
    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool>;
}

/// The constant traits of a host.
pub(crate) struct Traits {
    /// The action code that pauses a request with all its data.
    pub(crate) pause: u32,
    /// Whether a paused request can be resumed from another context than its own callout.
    pub(crate) resumes_paused_requests: bool,
    /// Whether the end of a callout is reported after its stream ended.
    pub(crate) reports_orphaned_callouts: bool,
    /// Whether the host skips a filter that refuses its configuration, so that requests pass
    /// unchecked.
    pub(crate) skips_refused_filters: bool,
    /// Whether later filters can read properties that a filter sets.
    pub(crate) passes_attributes: bool,
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
    fn start(&self, needs: Needs, define_metrics: &dyn Fn());

    /// A request arrived, or the filter is asked about it again.
    fn on_request(&self, needs: Needs);

    /// Reads shared data: the value and its CAS token.
    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Status>;

    /// Whether the timer's work is due, at a call of the timer.
    fn timer_is_due(&self, clock: &dyn Clock) -> bool;

    /// Schedules the timer after its work: when the filter wants it again, and whether requests are
    /// paused.
    fn schedule_timer(&self, again_in_ms: Option<u32>, has_paused: bool);

    /// A request was paused.
    fn on_pause(&self);
}

/// The services that a filter uses.
#[derive(Clone, Copy)]
pub(crate) struct Needs {
    pub(crate) timer: bool,
    pub(crate) shared_data: bool,
}

/// A local response in the ABI's terms.
pub(crate) struct ResponseParts<'r> {
    pub(crate) status: u16,
    /// The reason for the access log: Envoy's `%RESPONSE_CODE_DETAILS%`.
    pub(crate) details: &'r str,
    pub(crate) headers: &'r [Line<'r>],
    pub(crate) body: &'r [u8],
    /// The status for gRPC clients. `None` leaves it to the host.
    pub(crate) grpc_status: Option<i32>,
    /// Whether the request's callout failed. nginx then cannot send a body.
    pub(crate) after_failed_callout: bool,
}

const UNKNOWN: u8 = 0;
const ENVOY: u8 = 1;
const KONG: u8 = 2;

static HOST: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Detects the host, in a root context. nginx has its own variables as properties: even if it
/// cannot read one, its status is not "not found".
///
/// Called at each configuration: nginx configures a new instance after a trap without starting it.
pub(crate) fn detect() -> &'static dyn Dialect {
    if HOST.load(Ordering::Relaxed) == UNKNOWN {
        let is_kong = hostcalls::property(b"ngx\0nginx_version") != Err(Status::NOT_FOUND);
        HOST.store(if is_kong { KONG } else { ENVOY }, Ordering::Relaxed);
    }
    current()
}

/// The detected host. Envoy before the first detection.
pub(crate) fn current() -> &'static dyn Dialect {
    if HOST.load(Ordering::Relaxed) == KONG { &kong::Kong } else { &envoy::Envoy }
}

/// Sets the timer's period. 0 stops the timer.
fn set_timer(filter: &str, period_ms: u32) {
    if let Err(Status(status)) = hostcalls::set_tick_period(period_ms) {
        log::error!(target: filter, "no timer: host status {status}");
    }
}

/// The fault for a failed host call.
fn failed(purpose: &'static str) -> impl Fn(Status) -> Fault {
    move |status| Fault::Host(purpose, status)
}
