//! One configuration of a filter.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::Duration,
};

use novasphere_core::{Clock, ConfigErrors, Duty, Fetch, FetchError, FetchReply, Headers, Policy};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

use crate::{
    configuration, header_map,
    held::{AllHeld, NoRoom},
    hostcalls::{self, Map, Status},
    metrics::Counters,
    nginx::{
        self, head,
        ticking::{PERIOD_MS, Ticking},
        zone,
    },
    ports::Proxy,
    stream::Stream,
};

/// Starts a module whose filter is `P`.
pub fn start<P: Policy + 'static>() {
    crate::log::start();
    proxy_wasm::set_root_context(|id| {
        Box::new(Root::<P> { id, configured: None, calls: Vec::new() })
    });
}

/// A configured policy, with what one worker remembers of it.
pub(crate) struct Configured<P: Policy> {
    pub(crate) policy: P,
    pub(crate) state: RefCell<P::State>,
    counters: OnceCell<Counters>,
    pub(crate) held: AllHeld<P::Carry>,
    /// How often the host calls `on_tick`, in milliseconds; 0 for never.
    tick: Cell<u32>,
    /// What takes its place on nginx.
    pub(crate) ticking: Ticking,
    pub(crate) proxy: Proxy,
}

impl<P: Policy> Configured<P> {
    /// Defined by the first that asks: a host that cannot make one more may trap, which must not
    /// happen on nginx while it configures the filter.
    pub(crate) fn counters(&self) -> &Counters {
        self.counters.get_or_init(|| Counters::define(&self.policy))
    }

    /// Has the policy asked about its duties, and about what is held, at once.
    pub(crate) fn tick_soon(&self) {
        self.set_tick(SOON_MS);
    }

    fn set_tick(&self, millis: u32) {
        if self.tick.replace(millis) != millis {
            set_period::<P>(millis);
        }
    }
}

/// While requests wait: short against the time a fetch takes.
const SOON_MS: u32 = 20;

struct Root<P: Policy> {
    id: u32,
    configured: Option<Rc<Configured<P>>>,
    /// Fetches under way.
    calls: Vec<Call>,
}

struct Call {
    token: u32,
    purpose: usize,
    max_body: usize,
}

impl<P: Policy + 'static> Root<P> {
    fn configure(&mut self, size: usize) -> bool {
        let proxy = Proxy::identify(P::NAME);
        let config = match hostcalls::plugin_configuration(size) {
            Ok(config) => config,
            Err(Status::NOT_FOUND) if size == 0 => Vec::new(),
            Err(Status(status)) => {
                log::error!(
                    "novasphere {}: configuration unreadable: host status {status}",
                    P::NAME
                );
                return false;
            }
        };
        match P::configure(&configuration::json(config), &proxy) {
            Ok(policy) => {
                let configured = Rc::new(Configured {
                    policy,
                    state: RefCell::default(),
                    counters: OnceCell::new(),
                    proxy,
                    held: AllHeld::default(),
                    tick: Cell::new(0),
                    ticking: Ticking::default(),
                });
                start_up(&configured);
                // Of another configuration: its purposes mean nothing here.
                self.calls.clear();
                self.configured = Some(configured);
                true
            }
            Err(errors) => {
                refuse::<P>(&errors);
                false
            }
        }
    }

    fn tick(&mut self, configured: &Configured<P>) {
        if configured.proxy.is_nginx {
            return self.tick_on_nginx(configured);
        }
        let duty = due(configured);
        let wake = self.fetch(configured, duty.fetches) || duty.wake;
        configured.held.wake(configured, wake, self.id);
        let soon = if configured.held.is_empty() { u32::MAX } else { SOON_MS };
        configured.set_tick(match duty.again_in_ms {
            Some(again) => again.clamp(1, soon),
            None if soon == SOON_MS => soon,
            None => 0,
        });
    }

    /// Nothing is held there, and the period stays as it is.
    fn tick_on_nginx(&mut self, configured: &Configured<P>) {
        let now = configured.proxy.now().millis;
        if configured.proxy.zone.is_there() && configured.ticking.is_due(now) {
            let duty = due(configured);
            self.fetch(configured, duty.fetches);
            configured.ticking.again(now, duty.again_in_ms);
        }
    }

    /// Sends fetches, and tells the policy of those that cannot be sent; bounded, should it answer
    /// each with another. Whether the requests that wait are to be woken.
    fn fetch(&mut self, configured: &Configured<P>, mut fetches: Vec<Fetch>) -> bool {
        const MOST: usize = 64;
        let mut wake = false;
        for _ in 0..MOST.saturating_add(fetches.len()) {
            let Some(fetch) = fetches.pop() else { break };
            match send(&fetch) {
                Ok(token) => {
                    let Fetch { purpose, max_body, .. } = fetch;
                    self.calls.push(Call { token, purpose, max_body });
                }
                Err(error) => {
                    let duty = fetched(configured, fetch.purpose, Err(error));
                    wake |= duty.wake;
                    fetches.extend(duty.fetches);
                }
            }
        }
        wake
    }

    fn call_ended(&mut self, token: u32, headers: usize, body: usize) {
        let Some(configured) = self.configured.clone() else { return };
        let Some(at) = self.calls.iter().position(|call| call.token == token) else { return };
        let call = self.calls.swap_remove(at);
        let duty = match reply(&call, headers, body) {
            Ok((map, body)) => {
                let headers = Headers::borrowed(header_map::lines(&map));
                let status =
                    headers.get(":status").and_then(|s| str::from_utf8(s).ok()?.parse().ok());
                let reply = FetchReply { status: status.unwrap_or(0), headers, body: &body };
                fetched(&configured, call.purpose, Ok(reply))
            }
            Err(error) => fetched(&configured, call.purpose, Err(error)),
        };
        let wake = self.fetch(&configured, duty.fetches) || duty.wake;
        configured.held.wake(&configured, wake, self.id);
    }
}

/// What there is to do for a policy that was just accepted.
fn start_up<P: Policy>(configured: &Configured<P>) {
    let needs = configured.policy.needs();
    if !configured.proxy.is_nginx {
        configured.counters();
        if needs.timer {
            configured.tick_soon();
        }
        return;
    }
    if needs.store {
        let setting = zone::SETTING;
        log::info!("novasphere {}: shares data: {setting} in kong.conf makes the zone", P::NAME);
    }
    if needs.timer {
        set_period::<P>(PERIOD_MS);
    }
}

fn set_period<P: Policy>(millis: u32) {
    if let Err(Status(status)) = hostcalls::set_tick_period(millis) {
        log::error!("novasphere {}: no timer: host status {status}", P::NAME);
    }
}

/// What the policy has to do now.
fn due<P: Policy>(configured: &Configured<P>) -> Duty {
    configured
        .with_env(&NoRoom, |policy, state, env| policy.on_timer(state, env))
        .unwrap_or_default()
}

fn fetched<P: Policy>(
    configured: &Configured<P>,
    purpose: usize,
    reply: Result<FetchReply<'_>, FetchError>,
) -> Duty {
    configured
        .with_env(&NoRoom, |policy, state, env| policy.on_fetched(purpose, reply, state, env))
        .unwrap_or_default()
}

/// Sends one. Through the SDK, which has to know to whom the reply belongs; its call returns the
/// statuses that hosts answer this with, and panics on others only.
fn send(fetch: &Fetch) -> Result<u32, FetchError> {
    let headers = vec![
        (":method", "GET"),
        (":path", &fetch.path),
        (":authority", &fetch.authority),
        (":scheme", if fetch.https { "https" } else { "http" }),
        ("accept", "application/json"),
    ];
    let timeout = Duration::from_millis(u64::from(fetch.timeout_ms));
    proxy_wasm::hostcalls::dispatch_http_call(&fetch.upstream, headers, None, Vec::new(), timeout)
        .map_err(|status| FetchError::NotSent(status as u32))
}

/// The head, serialised, and the body of the reply to a call that just ended.
fn reply(call: &Call, headers: usize, body: usize) -> Result<(Vec<u8>, Vec<u8>), FetchError> {
    if headers == 0 || (nginx::is_host() && !head::fits(headers, head::OF_REPLY)) {
        return Err(FetchError::NoReply);
    }
    if body > call.max_body {
        return Err(FetchError::TooLarge(body));
    }
    let map = hostcalls::header_map(Map::Fetched).map_err(|_| FetchError::NoReply)?;
    let body = if body == 0 { Ok(Vec::new()) } else { hostcalls::fetched_body(body) };
    Ok((map, body.map_err(|_| FetchError::NoReply)?))
}

/// The log is the only place where an operator sees why: one line a fault.
fn refuse<P: Policy>(errors: &ConfigErrors) {
    for line in errors.to_string().lines() {
        log::error!("novasphere {}: configuration refused: {line}", P::NAME);
    }
}

impl<P: Policy + 'static> Context for Root<P> {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, _: usize) {
        self.call_ended(token, headers, body);
    }
}

impl<P: Policy + 'static> RootContext for Root<P> {
    fn on_configure(&mut self, size: usize) -> bool {
        if self.configure(size) {
            return true;
        }
        if !nginx::is_host() {
            return false;
        }
        // A filter that refuses is left out there, and requests pass without it. Without a policy
        // each of them is answered with 500.
        self.configured = None;
        log::error!("novasphere {}: every request of this filter is answered with 500", P::NAME);
        true
    }

    fn on_tick(&mut self) {
        if let Some(configured) = self.configured.clone() {
            self.tick(&configured);
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(id, self.configured.clone())))
    }
}
