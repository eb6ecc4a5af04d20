//! Runs one request through all filters of a worker.

use anyhow::{Result, bail};
use novasphere_harness::{client::Request, latin1};

use crate::{
    Action, Callout, CalloutResponse, Kind, Outcome, Trap, Worker,
    exchange::{Exchange, LocalResponse, Phase},
    lines::Lines,
    worker::Loaded,
};

/// The response of the upstream.
#[derive(Clone, Debug, Default)]
pub struct UpstreamResponse {
    /// The status.
    pub status: u16,
    /// The header lines.
    pub lines: Vec<(Vec<u8>, Vec<u8>)>,
}

impl UpstreamResponse {
    /// Returns a 200 without header lines.
    pub fn ok() -> Self {
        Self { status: 200, lines: Vec::new() }
    }
}

/// Kong and nginx add nine header lines to the upstream's. The number was measured, the names are
/// assumptions. An [`Outcome`] omits them.
const KONG_RESPONSE_LINES: [&str; 9] = [
    "Connection",
    "Date",
    "Keep-Alive",
    "Transfer-Encoding",
    "Via",
    "X-Kong-Proxy-Latency",
    "X-Kong-Request-Id",
    "X-Kong-Response-Latency",
    "X-Kong-Upstream-Latency",
];

fn is_kongs(name: &[u8]) -> bool {
    KONG_RESPONSE_LINES.iter().any(|own| own.as_bytes() == name)
}

type Calls<'c> = dyn Fn(&Callout) -> Option<CalloutResponse> + 'c;

impl Worker {
    /// Sends a request through the filters to an upstream that responds with 200.
    ///
    /// # Errors
    /// Fails if a filter pauses the request and nothing continues it.
    pub fn send(&mut self, request: &Request) -> Result<Outcome> {
        self.exchange(request, &UpstreamResponse::ok(), &|_| None)
    }

    /// Sends a request to an upstream with the given response. `calls` returns the response to each
    /// callout of a paused request, or `None` for a failure.
    ///
    /// # Errors
    /// Fails if a filter pauses the request and nothing continues it.
    pub fn exchange(
        &mut self,
        request: &Request,
        upstream: &UpstreamResponse,
        calls: &Calls<'_>,
    ) -> Result<Outcome> {
        let kind = self.proxy.kind;
        let proxy = std::sync::Arc::clone(&self.proxy);
        let mut lines = request.headers.clone();
        if let Some(status) = proxy.lua.as_ref().and_then(|lua| lua(&mut lines)) {
            return Ok(Outcome { status, ..Outcome::default() }); // before all filters
        }
        let (method, target) = (&request.method, &request.target);
        let mut exchange = Exchange::new(kind, method, target, lines, &proxy.strip_path);
        exchange.request_id = self.host.random(16).iter().map(|b| format!("{b:02x}")).collect();
        let original = exchange.request.clone();
        self.host.state().exchange = Some(exchange);
        let ids: Vec<u32> = (0..self.chain.len()).map(|_| self.next()).collect();
        let outcome = self.both_ways(&ids, &original, upstream, calls);
        for (at, id) in ids.iter().enumerate() {
            if let Some(loaded) = self.chain.get(at).cloned() {
                let _ = self.call(&loaded.module, *id, Phase::Response, |guest, host| {
                    guest.on_delete(host, *id)
                });
            }
            self.host.state().parents.remove(id);
        }
        self.host.state().exchange = None;
        outcome
    }

    fn both_ways(
        &mut self,
        ids: &[u32],
        original: &Lines,
        upstream: &UpstreamResponse,
        calls: &Calls<'_>,
    ) -> Result<Outcome> {
        let kind = self.proxy.kind;
        let passed = match self.request_phase(ids, calls) {
            Ok(passed) => passed?,
            Err(_) => {
                let status = if kind == Kind::Nginx { 500 } else { 503 };
                return Ok(Outcome { status, ..Outcome::default() });
            }
        };
        let mut outcome = Outcome::default();
        let local = self.with_exchange(|exchange| exchange.local_response.clone());
        match &local {
            Some(local) => self.respond_locally(local, &mut outcome),
            None => {
                outcome.upstream =
                    self.with_exchange(|exchange| Some(exchange.seen(kind, original)));
                self.with_exchange(|exchange| {
                    exchange.status = upstream.status;
                    exchange.response = response_lines(kind, upstream);
                });
            }
        }
        // Envoy runs the filters that saw the request in reverse order; nginx runs all in request order.
        let order: Vec<usize> = match kind {
            Kind::Envoy => (0..passed).rev().collect(),
            Kind::Nginx => (0..ids.len()).collect(),
        };
        let before = self.with_exchange(|exchange| exchange.response.clone());
        if self.response_phase(ids, passed, &order).is_err() {
            match kind {
                Kind::Envoy => return Ok(Outcome { status: 503, ..outcome }),
                Kind::Nginx => self.with_exchange(|exchange| exchange.response = before),
            }
        }
        self.with_exchange(|exchange| {
            outcome.status = exchange.status;
            outcome.hangs = exchange.hangs;
            let mut lines = exchange.response.visible();
            lines.retain(|(name, _)| kind == Kind::Envoy || !is_kongs(name));
            let text =
                |(name, value): &(Vec<u8>, Vec<u8>)| (latin1::text(name), latin1::text(value));
            outcome.headers = lines.iter().map(text).collect();
            outcome.closed = kind == Kind::Nginx && exchange.timed_out && !outcome.body.is_empty();
        });
        Ok(outcome)
    }

    /// Ends a root context and its timer.
    pub(crate) fn delete_root(&mut self, loaded: &Loaded) {
        let Loaded { module, root, .. } = loaded;
        let _ = self.call(module, *root, Phase::Root, |guest, host| guest.on_delete(host, *root));
        self.loaded.remove(root);
        let mut state = self.host.state();
        state.timers.retain(|timer| *timer != (module.clone(), *root));
        state.periods.remove(&(module.clone(), *root));
    }

    /// Returns the number of filters that saw the request.
    fn request_phase(&mut self, ids: &[u32], calls: &Calls<'_>) -> Result<Result<usize>, Trap> {
        for (at, id) in ids.iter().enumerate() {
            let Some(loaded) = self.chain.get(at).cloned() else { break };
            self.create_stream(&loaded, *id)?;
            let lines = self.with_exchange(|exchange| exchange.request.count());
            let lines = u32::try_from(lines).unwrap_or(u32::MAX);
            let action = self.call(&loaded.module, *id, Phase::Request, |guest, host| {
                guest.on_request(host, *id, lines)
            })?;
            if self.has_local_response() {
                return Ok(Ok(at + 1));
            }
            if action == Action::Pause && !self.wait(*id, calls) {
                return Ok(bail_paused());
            }
            if self.has_local_response() {
                return Ok(Ok(self.run_later_filters(ids, at + 1)));
            }
        }
        Ok(Ok(ids.len()))
    }

    /// Completes the callouts of a paused request. Returns whether the request continues.
    fn wait(&mut self, id: u32, calls: &Calls<'_>) -> bool {
        let mut had_calls = false;
        loop {
            let mine = {
                let mut state = self.host.state();
                let place = state.calls.iter().position(|call| call.context == id);
                place.map(|place| state.calls.remove(place))
            };
            let Some(call) = mine else { break };
            had_calls = true;
            self.respond_to_callout(&call, calls(&call));
            let resumed = std::mem::take(&mut self.host.state().resumed);
            if resumed || self.has_local_response() {
                return true;
            }
        }
        // nginx continues a request when its last callout ends, even if the filter does not.
        self.proxy.kind == Kind::Nginx && had_calls
    }

    /// Continues after a local response from a callout, which does not end nginx's filter chain: later
    /// filters still get the request. A second local response traps, and the client gets the first.
    /// Returns the number of filters that saw the request.
    fn run_later_filters(&mut self, ids: &[u32], start: usize) -> usize {
        if self.proxy.kind == Kind::Envoy {
            return start;
        }
        for index in start..ids.len() {
            let (Some(id), Some(loaded)) = (ids.get(index), self.chain.get(index).cloned()) else {
                break;
            };
            let lines = self.with_exchange(|exchange| exchange.request.count());
            let lines = u32::try_from(lines).unwrap_or(u32::MAX);
            let result = self.create_stream(&loaded, *id).and_then(|()| {
                self.call(&loaded.module, *id, Phase::Request, |guest, host| {
                    guest.on_request(host, *id, lines)
                })
            });
            if result.is_err() {
                return index;
            }
        }
        ids.len()
    }

    fn response_phase(&mut self, ids: &[u32], passed: usize, order: &[usize]) -> Result<(), Trap> {
        for at in order {
            let (Some(id), Some(loaded)) = (ids.get(*at), self.chain.get(*at).cloned()) else {
                continue;
            };
            if *at >= passed {
                self.create_stream(&loaded, *id)?;
            }
            let lines = self.with_exchange(|exchange| exchange.response.count());
            let lines = u32::try_from(lines).unwrap_or(u32::MAX);
            self.call(&loaded.module, *id, Phase::Response, |guest, host| {
                guest.on_response(host, *id, lines)
            })?;
        }
        Ok(())
    }

    fn respond_locally(&self, local: &LocalResponse, outcome: &mut Outcome) {
        let kind = self.proxy.kind;
        let mut lines = Lines::default();
        for (name, value) in &local.lines {
            match kind {
                Kind::Envoy => lines.add(kind, false, name, value),
                // nginx keeps the last line of a name.
                Kind::Nginx => lines.replace(kind, false, name, value),
            }
        }
        outcome.body.clone_from(&local.body);
        if kind == Kind::Nginx {
            outcome.reason = latin1::text(&local.details);
            outcome.added_newline = !outcome.body.is_empty();
            outcome.body.extend(outcome.added_newline.then_some(b'\n'));
        }
        self.with_exchange(|exchange| {
            exchange.status = u16::try_from(local.status).unwrap_or(0);
            exchange.response = lines;
        });
    }

    fn has_local_response(&self) -> bool {
        self.with_exchange(|exchange| exchange.local_response.is_some())
    }

    fn with_exchange<T: Default>(&self, with: impl FnOnce(&mut Exchange) -> T) -> T {
        self.host.state().exchange.as_mut().map(with).unwrap_or_default()
    }
}

/// The lines of the upstream's response, as the filters get them.
fn response_lines(kind: Kind, upstream: &UpstreamResponse) -> Lines {
    let lines = upstream.lines.iter().cloned();
    match kind {
        // Envoy's codecs pass names in lower case.
        Kind::Envoy => Lines::new(lines.map(|(n, v)| (n.to_ascii_lowercase(), v))),
        Kind::Nginx => {
            let own = KONG_RESPONSE_LINES.iter();
            let own = own.map(|name| (name.as_bytes().to_vec(), b"kong".to_vec()));
            Lines::from_upstream(own.chain(lines))
        }
    }
}

fn bail_paused() -> Result<usize> {
    bail!("the request is paused and nothing continues it")
}
