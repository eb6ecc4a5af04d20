//! What a configuration does apart from requests: its timer and its fetches.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::{Clock, Fetch, FetchError, FetchResponse, Filter, TimerActions};

use crate::{
    calls, header_map,
    held::NoRoom,
    hostcalls::{self, Status},
    root::{Configured, SOON_MS},
};

/// Fetches under way, of all root contexts.
#[derive(Default)]
pub(crate) struct Fetches(RefCell<Vec<Call>>);

/// One of them.
pub(crate) struct Call {
    token: u32,
    pub(crate) root: u32,
    purpose: usize,
    max_body: usize,
}

impl Fetches {
    /// The one whose call ended.
    pub(crate) fn take(&self, token: u32) -> Option<Call> {
        let mut calls = self.0.borrow_mut();
        let at = calls.iter().position(|call| call.token == token)?;
        Some(calls.swap_remove(at))
    }

    /// Those of a root context mean nothing any more.
    pub(crate) fn forget(&self, root: u32) {
        self.0.borrow_mut().retain(|call| call.root != root);
    }
}

/// A root context that is being called.
pub(crate) struct Root<'m, P: Filter> {
    pub(crate) id: u32,
    pub(crate) configured: Rc<Configured<P>>,
    pub(crate) fetches: &'m Fetches,
}

impl<P: Filter + 'static> Root<'_, P> {
    pub(crate) fn tick(&self) {
        let configured = &*self.configured;
        if configured.proxy.is_nginx {
            return self.tick_on_nginx();
        }
        let duty = due(configured);
        let wake = self.fetch(duty.fetches) || duty.wake;
        configured.held.wake(configured, wake, self.id);
        let soon = if configured.held.is_empty() { u32::MAX } else { SOON_MS };
        configured.set_tick(match duty.again_in_ms {
            Some(again) => again.clamp(1, soon),
            None if soon == SOON_MS => soon,
            None => 0,
        });
    }

    /// Nothing is held there, and the period stays as it is.
    fn tick_on_nginx(&self) {
        let configured = &*self.configured;
        let now = configured.proxy.now().millis;
        if configured.proxy.zone.is_there() && configured.ticking.is_due(now) {
            let duty = due(configured);
            self.fetch(duty.fetches);
            configured.ticking.again(now, duty.again_in_ms);
        }
    }

    /// Sends fetches, and tells the policy of those that cannot be sent; bounded, should it answer
    /// each with another. Whether the requests that wait are to be woken.
    fn fetch(&self, mut fetches: Vec<Fetch>) -> bool {
        const MOST: usize = 64;
        let mut wake = false;
        for _ in 0..MOST.saturating_add(fetches.len()) {
            let Some(fetch) = fetches.pop() else { break };
            match send(&fetch) {
                Ok(token) => {
                    let Fetch { purpose, max_body, .. } = fetch;
                    let call = Call { token, root: self.id, purpose, max_body };
                    self.fetches.0.borrow_mut().push(call);
                }
                Err(error) => {
                    let duty = fetched(&self.configured, fetch.purpose, Err(error));
                    wake |= duty.wake;
                    fetches.extend(duty.fetches);
                }
            }
        }
        wake
    }

    pub(crate) fn fetch_ended(&self, call: &Call, lines: usize, body: usize) {
        let configured = &*self.configured;
        let duty = match calls::read(lines, body, call.max_body) {
            Ok((map, body)) => fetched(configured, call.purpose, Ok(calls::response(&map, &body))),
            Err(error) => fetched(configured, call.purpose, Err(error)),
        };
        let wake = self.fetch(duty.fetches) || duty.wake;
        configured.held.wake(configured, wake, self.id);
    }
}

/// What the policy has to do now.
fn due<P: Filter>(configured: &Configured<P>) -> TimerActions {
    configured
        .with_env(&NoRoom, None, |policy, state, env| policy.on_timer(state, env))
        .unwrap_or_default()
}

fn fetched<P: Filter>(
    configured: &Configured<P>,
    purpose: usize,
    response: Result<FetchResponse<'_>, FetchError>,
) -> TimerActions {
    configured
        .with_env(&NoRoom, None, |policy, state, env| {
            policy.on_fetch(purpose, response, state, env)
        })
        .unwrap_or_default()
}

/// Sends one: its token.
fn send(fetch: &Fetch) -> Result<u32, FetchError> {
    let scheme: &[u8] = if fetch.https { b"https" } else { b"http" };
    let lines = header_map::serialise(&[
        (b":method", b"GET"),
        (b":path", fetch.path.as_bytes()),
        (b":authority", fetch.authority.as_bytes()),
        (b":scheme", scheme),
        (b"accept", b"application/json"),
    ]);
    hostcalls::http_call(&fetch.upstream, &lines, &[], fetch.timeout_ms)
        .map_err(|Status(status)| FetchError::NotSent(status))
}
