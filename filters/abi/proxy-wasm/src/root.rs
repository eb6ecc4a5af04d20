//! One configuration of a filter.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use novasphere_core::{ConfigErrors, Duty, Fetch, FetchError, FetchReply, Headers, Policy};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

use crate::{
    configuration, header_map,
    held::{AllHeld, NoRoom},
    hostcalls::{self, Map, Status},
    metrics::Counters,
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
    pub(crate) counters: Counters,
    pub(crate) held: AllHeld<P::Carry>,
    /// How often the host calls `on_tick`, in milliseconds; 0 for never.
    tick: Cell<u32>,
    pub(crate) proxy: Proxy,
}

impl<P: Policy> Configured<P> {
    /// Has the policy asked about its duties, and about what is held, at once.
    pub(crate) fn tick_soon(&self) {
        self.set_tick(SOON_MS);
    }

    fn set_tick(&self, millis: u32) {
        let old = self.tick.replace(millis);
        if old == millis {
            return;
        }
        // One host takes no second period before the first is ended.
        let ended = if old == 0 { Ok(()) } else { hostcalls::set_tick_period(0) };
        if let Err(Status(status)) = ended.and_then(|()| hostcalls::set_tick_period(millis)) {
            log::error!("novasphere {}: no timer: host status {status}", P::NAME);
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
                let timer = policy.needs().timer;
                let counters = Counters::define(&policy);
                let configured = Rc::new(Configured {
                    policy,
                    state: RefCell::default(),
                    counters,
                    proxy,
                    held: AllHeld::default(),
                    tick: Cell::new(0),
                });
                if timer {
                    configured.tick_soon();
                }
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
        let duty = configured.with_env(&NoRoom, |policy, state, env| policy.on_timer(state, env));
        let duty = duty.unwrap_or_default();
        let wake = self.fetch(configured, duty.fetches) || duty.wake;
        configured.held.wake(configured, wake, self.id);
        let soon = if configured.held.is_empty() { u32::MAX } else { SOON_MS };
        configured.set_tick(match duty.again_in_ms {
            Some(again) => again.clamp(1, soon),
            None if soon == SOON_MS => soon,
            None => 0,
        });
    }

    /// Sends fetches, and tells the policy of those that cannot be sent; bounded, should it answer
    /// each with another. Whether the requests that wait are to be woken.
    fn fetch(&mut self, configured: &Configured<P>, mut fetches: Vec<Fetch>) -> bool {
        const MOST: usize = 64;
        let mut wake = false;
        for _ in 0..MOST {
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
    if headers == 0 {
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
        self.configure(size)
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
