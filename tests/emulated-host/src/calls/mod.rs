//! The host calls as the ABI defines them, without an SDK.

use std::{
    cell::{RefCell, RefMut},
    collections::HashMap,
    rc::Rc,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    Called, Callout, Kind, Proxy, Trap, Work,
    exchange::{Exchange, LocalResponse, Phase},
    proxy::{CalloutResponse, lock},
    status,
};

mod headers;
pub mod metrics;
mod properties;
pub mod shared_data;

/// The state of a worker.
pub(crate) struct State {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) phase: Phase,
    /// The effective context.
    pub(crate) context: u32,
    /// The module and context that the host called.
    pub(crate) current: (String, u32),
    /// The configuration of the root context that is being configured.
    pub(crate) config: Vec<u8>,
    pub(crate) exchange: Option<Exchange>,
    pub(crate) callout_response: Option<CalloutResponse>,
    pub(crate) calls: Vec<Callout>,
    /// Tick periods by module and root context.
    pub(crate) periods: HashMap<(String, u32), u32>,
    /// Pending timers by module and root context. On nginx one root context can have several.
    pub(crate) timers: Vec<(String, u32)>,
    pub(crate) log: Vec<(u32, String)>,
    pub(crate) random: u64,
    pub(crate) resumed: bool,
    pub(crate) work: Vec<Work>,
    /// A callback, and the number of instructions after which it ends.
    pub(crate) ends: Option<(&'static str, u64)>,
    /// The call stack at that point, innermost function first.
    pub(crate) ended_in: Vec<String>,
    /// The root context of each stream context.
    pub(crate) parents: HashMap<u32, u32>,
}

impl State {
    /// Returns the root context of the context that the host called.
    pub(crate) fn root(&self) -> u32 {
        let context = self.current.1;
        self.parents.get(&context).copied().unwrap_or(context)
    }
}

/// The host calls of a worker.
#[derive(Clone)]
pub struct Host(Rc<RefCell<State>>);

impl Host {
    pub(crate) fn new(proxy: Arc<Proxy>) -> Self {
        let random = proxy.random_seed;
        Self(Rc::new(RefCell::new(State {
            proxy,
            phase: Phase::Root,
            context: 0,
            current: (String::new(), 0),
            config: Vec::new(),
            exchange: None,
            callout_response: None,
            calls: Vec::new(),
            periods: HashMap::new(),
            timers: Vec::new(),
            log: Vec::new(),
            random,
            resumed: false,
            work: Vec::new(),
            ends: None,
            ended_in: Vec::new(),
            parents: HashMap::new(),
        })))
    }

    pub(crate) fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    pub(crate) fn proxy(&self) -> Arc<Proxy> {
        Arc::clone(&self.state().proxy)
    }

    fn is_nginx(&self) -> bool {
        self.state().proxy.kind == Kind::Nginx
    }

    /// `proxy_log`
    pub fn log(&self, level: u32, message: impl Into<String>) {
        self.state().log.push((level, message.into()));
    }

    /// `proxy_get_current_time_nanoseconds`
    pub fn now_ns(&self) -> u64 {
        self.proxy().now_ns()
    }

    /// `proxy_get_buffer_bytes`
    pub fn buffer(&self, buffer: u32, start: usize, size: usize) -> Called<Vec<u8>> {
        const CALLOUT_RESPONSE_BODY: u32 = 4;
        const PLUGIN_CONFIGURATION: u32 = 7;
        let state = self.state();
        let bytes = match (buffer, &state.callout_response) {
            (PLUGIN_CONFIGURATION, _) => state.config.clone(),
            (CALLOUT_RESPONSE_BODY, Some(response)) => response.body.clone(),
            _ => return Ok(Err(status::BAD_ARGUMENT)),
        };
        Ok(Ok(bytes.into_iter().skip(start).take(size).collect()))
    }

    /// `proxy_get_property`
    pub fn property(&self, path: &str) -> Called<Vec<u8>> {
        properties::get(&mut self.state(), &path.replace('\0', "."))
    }

    /// `proxy_set_property`
    pub fn set_property(&self, path: &str, value: &[u8]) -> Called<()> {
        properties::set(&mut self.state(), &path.replace('\0', "."), value)
    }

    /// `proxy_get_shared_data`
    pub fn shared_data(&self, key: &[u8]) -> Called<(Vec<u8>, u32)> {
        let proxy = self.proxy();
        lock(&proxy.shared).get(proxy.kind, proxy.zone, key)
    }

    /// `proxy_set_shared_data`
    pub fn set_shared_data(&self, key: &[u8], value: &[u8], cas: u32) -> Called<()> {
        let proxy = self.proxy();
        lock(&proxy.shared).set(proxy.kind, proxy.zone, key, value, cas)
    }

    /// `proxy_define_metric`
    pub fn define_metric(&self, kind: u32, name: &str) -> Called<u32> {
        let (proxy, filter) = (self.proxy(), self.state().current.0.clone());
        let kind = metrics::Kind::of(kind).ok_or_else(|| Trap::new("unknown metric type"))?;
        lock(&proxy.metrics).define(proxy.kind, &filter, kind, name)
    }

    /// `proxy_increment_metric`
    pub fn increment_metric(&self, id: u32, by: i64) -> Called<()> {
        let proxy = self.proxy();
        lock(&proxy.metrics).increment(proxy.kind, id, by)
    }

    /// `proxy_record_metric`
    pub fn record_metric(&self, id: u32, value: i64) -> Called<()> {
        let proxy = self.proxy();
        lock(&proxy.metrics).record(proxy.kind, id, value)
    }

    /// `proxy_set_tick_period_milliseconds`
    pub fn set_tick_period(&self, millis: u32) -> Called<()> {
        let is_nginx = self.is_nginx();
        let mut state = self.state();
        let root = match state.phase {
            Phase::Root | Phase::Tick => state.current.clone(),
            _ if !is_nginx => (state.current.0.clone(), state.root()),
            Phase::CalloutResponse if state.exchange.is_none() => state.current.clone(),
            _ => return Err(Trap::new("can only set tick_period in root context")),
        };
        let old = state.periods.insert(root.clone(), millis).unwrap_or(0);
        if is_nginx {
            if millis != 0 && old != 0 {
                return Err(Trap::new("tick_period already set"));
            }
            if millis != 0 {
                state.timers.push(root);
            }
        } else {
            state.timers.retain(|timer| *timer != root);
            if millis != 0 {
                state.timers.push(root);
            }
        }
        Ok(Ok(()))
    }

    /// `proxy_set_effective_context`
    pub fn set_effective_context(&self, context: u32) -> Called<()> {
        // nginx returns Ok and does nothing.
        if !self.is_nginx() {
            // No context has this ID: IDs start at 1.
            if context == u32::MAX {
                return Ok(Err(status::BAD_ARGUMENT));
            }
            self.state().context = context;
        }
        Ok(Ok(()))
    }

    /// `proxy_continue_stream`
    pub fn continue_stream(&self, _stream: u32) -> Called<()> {
        let is_nginx = self.is_nginx();
        let mut state = self.state();
        if is_nginx && (state.phase == Phase::Tick || state.exchange.is_none()) {
            return Err(Trap::crash("segmentation fault: no request to continue"));
        }
        state.resumed = true;
        Ok(Ok(()))
    }

    /// `proxy_send_local_response`
    pub fn send_local_response(
        &self,
        status: u32,
        details: &[u8],
        body: &[u8],
        lines: Vec<(Vec<u8>, Vec<u8>)>,
        grpc_status: i32,
    ) -> Called<()> {
        let is_nginx = self.is_nginx();
        let mut state = self.state();
        let phase = state.phase;
        let Some(exchange) = &mut state.exchange else {
            return Ok(Err(status::BAD_ARGUMENT));
        };
        if is_nginx && phase == Phase::Response {
            // The upstream's Content-Length stays, so the client waits for more bytes.
            exchange.hangs = true;
        } else if exchange.local_response.is_some() && is_nginx {
            return Err(Trap::new("local response already stashed"));
        }
        let local = LocalResponse { status, details: details.to_vec(), lines, body: body.to_vec() };
        exchange.local_response = Some(local);
        exchange.grpc_status = grpc_status;
        Ok(Ok(()))
    }

    /// `proxy_http_call`
    pub fn dispatch(
        &self,
        upstream: &str,
        lines: Vec<(Vec<u8>, Vec<u8>)>,
        body: Vec<u8>,
    ) -> Called<u32> {
        let is_nginx = self.is_nginx();
        let mut state = self.state();
        if is_nginx && state.phase == Phase::Response {
            return Err(Trap::new("can only send HTTP dispatch during \"on_request_headers\", …"));
        }
        let has_port = upstream.rsplit_once(':').is_some_and(|(_, p)| p.parse::<u16>().is_ok());
        if is_nginx && !has_port {
            return Ok(Err(status::INTERNAL_FAILURE));
        }
        let token = state.proxy.next_token.fetch_add(1, Ordering::SeqCst);
        let (module, context) = state.current.clone();
        let upstream = upstream.to_owned();
        state.calls.push(Callout { upstream, lines, body, token, context, module });
        Ok(Ok(token))
    }

    /// `proxy_call_foreign_function`
    pub fn foreign_function(&self, name: &str) -> Called<Vec<u8>> {
        if self.is_nginx() {
            return Err(Trap::new(format!("unknown foreign function {name}")));
        }
        Ok(Err(status::NOT_FOUND))
    }

    /// `proxy_grpc_call`, `proxy_get_status` and others that nginx does not implement.
    pub fn unsupported(&self, name: &str) -> Called<()> {
        if self.is_nginx() {
            return Err(Trap::new(format!("host trap (NYI): {name}")));
        }
        Ok(Err(status::BAD_ARGUMENT))
    }

    /// WASI's `random_get`. nginx calls the C library's `random()`.
    pub fn random(&self, size: usize) -> Vec<u8> {
        use std::hash::{BuildHasher, RandomState};
        let is_nginx = self.is_nginx();
        let mut state = self.state();
        let repeats = is_nginx || state.proxy.counted_at.is_some();
        let byte = |_| {
            if !repeats {
                return (RandomState::new().hash_one(0) & 0xff) as u8;
            }
            state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state.random >> 56) as u8
        };
        (0..size).map(byte).collect()
    }
}
