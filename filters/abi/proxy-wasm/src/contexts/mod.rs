//! The contexts of one VM.
//!
//! Nothing is borrowed while a filter or the host is called, so the host may call back at any time.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::Filter;

use self::{http::HttpContext, root::RootContext, tasks::Tasks};
use crate::{
    calls::{Calls, PendingCall},
    dialect::Dialect,
    exports::{self, Callbacks},
    fault::Fault,
    fetches::Fetches,
    hostcalls,
    id_map::IdMap,
    logger,
    pending::Waiting,
    state::StreamState,
};

mod http;
mod root;
mod tasks;

/// Starts the module of a filter.
pub fn start<F: Filter + 'static>() {
    logger::start();
    exports::serve(Box::leak(Box::new(Contexts::<F>::new())));
}

/// Root contexts, sorted by ID. There are few. `None` until a configuration is accepted.
type Roots<F> = Vec<(u32, Option<Rc<RootContext<F>>>)>;

/// The contexts and the calls of one VM.
struct Contexts<F: Filter> {
    roots: RefCell<Roots<F>>,
    streams: RefCell<IdMap<HttpContext<F>>>,
    fetches: Fetches,
    calls: Calls,
}

impl<F: Filter + 'static> Contexts<F> {
    fn new() -> Self {
        Self {
            roots: RefCell::default(),
            streams: RefCell::default(),
            fetches: Fetches::default(),
            calls: Calls::default(),
        }
    }

    fn root(&self, id: u32) -> Option<Rc<RootContext<F>>> {
        let roots = self.roots.borrow();
        let index = roots.binary_search_by_key(&id, |(root, _)| *root).ok()?;
        roots.get(index)?.1.clone()
    }

    /// Sets or removes the configuration of a root context. The calls of the old configuration are
    /// forgotten.
    fn set_root(&self, id: u32, root: Option<Rc<RootContext<F>>>) {
        self.abandon_fetches(id);
        let mut roots = self.roots.borrow_mut();
        let old = match roots.binary_search_by_key(&id, |(root, _)| *root) {
            Ok(index) => roots.get_mut(index).and_then(|(_, old)| std::mem::replace(old, root)),
            Err(index) => {
                roots.insert(index, (id, root));
                None
            }
        };
        drop((roots, old));
        self.calls.forget_orphans();
    }

    fn abandon_fetches(&self, id: u32) {
        if let Some(tasks) = self.tasks(id) {
            tasks.abandon_fetches();
        }
    }

    fn tasks(&self, id: u32) -> Option<Tasks<'_, F>> {
        Some(Tasks { id, root: self.root(id)?, fetches: &self.fetches })
    }

    /// Accesses a stream context briefly. `None` if it does not exist.
    fn stream<T>(&self, id: u32, access: impl FnOnce(&mut HttpContext<F>) -> T) -> Option<T> {
        self.streams.borrow_mut().get_mut(id).map(access)
    }

    fn set_state(&self, id: u32, state: StreamState<F::Carry>) {
        let old = self.stream(id, |stream| stream.replace_state(state));
        drop(old);
    }

    /// Decides about a request. Returns whether it continues.
    fn decide(&self, id: u32, lines: usize) -> Result<bool, Fault> {
        let root = self.stream(id, |stream| stream.root()).flatten();
        let root = root.ok_or(Fault::NotConfigured)?;
        let state = http::on_request(id, &root, lines)?;
        let continues = state.continues();
        self.set_state(id, state);
        Ok(continues)
    }

    /// A callout ended. The filter decides about its request again, or gets the result without one
    /// if the client is gone.
    fn callout_ended(&self, call: &PendingCall, token: u32, lines: usize, body: usize) {
        let Some(root) = call.root::<RootContext<F>>() else { return };
        let id = call.stream;
        let Some(request_lines) = self.stream(id, |stream| stream.end_call(token)).flatten() else {
            call.end(lines, body, |result| {
                root.with_env(&Waiting::<()>::Nowhere, None, None, |filter, state, env| {
                    filter.on_orphaned_callout(result, state, env);
                })
            });
            return;
        };
        // Envoy reports the end to the root context. nginx reports it to the stream, where this has
        // no effect.
        let _ = hostcalls::set_effective_context(id);
        let decided = call
            .end(lines, body, |result| http::on_callout_result(id, &root, request_lines, result));
        let resumed = decided.and_then(|state| {
            let continues = state.continues();
            self.set_state(id, state);
            if continues { http::resume() } else { Ok(()) }
        });
        if let Err(fault) = resumed {
            http::refuse::<F>(&fault);
        }
    }
}

impl<F: Filter + 'static> Callbacks for Contexts<F> {
    fn on_context_create(&self, id: u32, root: u32) {
        if root == 0 {
            if self.root(id).is_none() {
                self.set_root(id, None);
            }
        } else {
            let stream = HttpContext::new(self.root(root));
            self.streams.borrow_mut().insert(id, stream);
        }
    }

    fn on_configure(&self, root: u32, size: usize) -> bool {
        let dialect = Dialect::detect();
        let configured = RootContext::configure(dialect, size, &self.calls);
        if configured.is_none() {
            if !dialect.traits().skips_refused_filters {
                return false;
            }
            // Accepted without a filter, so that every request gets 500.
            log::error!(target: F::NAME, "every request of this filter is answered with 500");
        }
        self.set_root(root, configured);
        true
    }

    fn on_tick(&self, root: u32) {
        if let Some(tasks) = self.tasks(root) {
            tasks.on_tick();
        }
    }

    fn on_call_ended(&self, token: u32, lines: usize, body: usize) {
        if let Some(fetch) = self.fetches.take(token)
            && let Some(tasks) = self.tasks(fetch.root)
        {
            tasks.on_fetch(&fetch, lines, body);
        } else if let Some(call) = self.calls.take(token) {
            self.callout_ended(&call, token, lines, body);
        }
    }

    fn on_request(&self, id: u32, lines: usize) -> bool {
        self.decide(id, lines).unwrap_or_else(|fault| {
            http::refuse::<F>(&fault);
            false
        })
    }

    fn on_response(&self, id: u32, lines: usize) {
        let Some((root, carry)) = self.stream(id, HttpContext::take_carry).flatten() else {
            return;
        };
        if let Err(fault) = http::on_response(&root, carry, lines) {
            http::log_fault::<F>(&fault, "response");
        }
    }

    fn on_delete(&self, id: u32) {
        let stream = self.streams.borrow_mut().remove(id);
        if stream.is_none() {
            self.abandon_fetches(id);
            let mut roots = self.roots.borrow_mut();
            let index = roots.binary_search_by_key(&id, |(root, _)| *root).ok();
            let old = index.map(|index| roots.remove(index));
            // Passes its metrics to the host.
            drop((roots, old));
            self.calls.forget_orphans();
        }
    }
}
