//! The contexts of one module: what each call of the host is about.
//!
//! Nothing is borrowed while a policy or the host is being called, so that a host that calls into a
//! call finds all in order.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::Filter;

use crate::{
    calls::{Call, Calls},
    exports::{self, Action, Callbacks},
    fetches::{Fetches, Root},
    held::NoRoom,
    hostcalls, log, nginx,
    request::{self, Fault},
    root::{self, Configured},
    stream::{Left, Stream},
    table::Table,
};

/// Starts a module whose filter is `P`.
pub fn start<P: Filter + 'static>() {
    log::start();
    exports::serve(Box::leak(Box::new(Module::<P>::new())));
}

/// Configurations, by their root contexts: few, in the order of their numbers. `None` where none
/// has been accepted.
type Roots<P> = Vec<(u32, Option<Rc<Configured<P>>>)>;

/// All that one virtual machine holds of a filter.
struct Module<P: Filter> {
    roots: RefCell<Roots<P>>,
    streams: RefCell<Table<Stream<P>>>,
    fetches: Fetches,
    calls: Calls,
}

impl<P: Filter + 'static> Module<P> {
    fn new() -> Self {
        Self {
            roots: RefCell::default(),
            streams: RefCell::new(Table::new()),
            fetches: Fetches::default(),
            calls: Calls::new(),
        }
    }

    fn configured(&self, root: u32) -> Option<Rc<Configured<P>>> {
        let roots = self.roots.borrow();
        let at = roots.binary_search_by_key(&root, |(id, _)| *id).ok()?;
        roots.get(at)?.1.clone()
    }

    /// Gives a root context its configuration, or takes it away. What the one before had asked for
    /// means nothing to it.
    fn set_root(&self, root: u32, configured: Option<Rc<Configured<P>>>) {
        self.fetches.forget(root);
        let mut roots = self.roots.borrow_mut();
        let old = match roots.binary_search_by_key(&root, |(id, _)| *id) {
            Ok(at) => roots.get_mut(at).and_then(|(_, old)| std::mem::replace(old, configured)),
            Err(at) => {
                roots.insert(at, (root, configured));
                None
            }
        };
        drop((roots, old));
        self.calls.forget_orphans();
    }

    fn root(&self, root: u32) -> Option<Root<'_, P>> {
        Some(Root { id: root, configured: self.configured(root)?, fetches: &self.fetches })
    }

    /// Something brief about a stream; `None` if there is no such stream.
    fn stream<T>(&self, id: u32, with: impl FnOnce(&mut Stream<P>) -> T) -> Option<T> {
        self.streams.borrow_mut().get_mut(id).map(with)
    }

    fn decide(&self, id: u32, lines: usize) -> Result<Action, Fault> {
        let configured = self.stream(id, |stream| stream.configured()).flatten();
        let decided = Stream::decide(id, &configured.ok_or(Fault::NotConfigured)?, lines)?;
        let action = decided.action();
        let left = self.stream(id, |stream| stream.keep(decided));
        drop(left);
        Ok(action)
    }

    /// A call of a stream ended: its request is decided about again, and goes on or is answered. If
    /// the client has left, the policy learns of the answer all the same.
    fn call_ended(&self, call: &Call, token: u32, lines: usize, body: usize) {
        let Some(configured) = call.configured::<P>() else { return };
        let id = call.stream;
        let Some(of_request) = self.stream(id, |stream| stream.call(token)).flatten() else {
            call.ended(lines, body, |answer| {
                configured.with_env(&NoRoom, None, |policy, state, env| {
                    policy.on_orphaned_callout(answer, state, env);
                })
            });
            return;
        };
        // Envoy tells the root of it. On nginx it is the stream, and this does nothing.
        let _ = hostcalls::set_effective_context(id);
        let decided = call
            .ended(lines, body, |answer| Stream::decide_with(id, &configured, of_request, answer));
        let result = decided.and_then(|left| {
            let goes_on = matches!(left, Left::Carry(_));
            drop(self.stream(id, |stream| stream.keep(left)));
            if goes_on { request::go_on() } else { Ok(()) }
        });
        if let Err(fault) = result {
            fault.refuse::<P>();
        }
    }
}

impl<P: Filter + 'static> Callbacks for Module<P> {
    fn on_context_create(&self, id: u32, root: u32) {
        if root == 0 {
            if self.configured(id).is_none() {
                self.set_root(id, None);
            }
        } else {
            let stream = Stream::new(self.configured(root));
            self.streams.borrow_mut().insert(id, stream);
        }
    }

    fn on_configure(&self, root: u32, size: usize) -> bool {
        if let Some(configured) = root::configure(size, &self.calls) {
            self.set_root(root, Some(configured));
            return true;
        }
        if !nginx::is_host() {
            return false;
        }
        // A filter that refuses is left out there, and requests pass without it. Without a policy
        // each of them is answered with 500.
        self.set_root(root, None);
        log::error(P::NAME, format_args!("every request of this filter is answered with 500"));
        true
    }

    fn on_tick(&self, root: u32) {
        if let Some(root) = self.root(root) {
            root.tick();
        }
    }

    fn on_call_ended(&self, token: u32, lines: usize, body: usize) {
        if let Some(call) = self.fetches.take(token)
            && let Some(root) = self.root(call.root)
        {
            root.fetch_ended(&call, lines, body);
        } else if let Some(call) = self.calls.take(token) {
            self.call_ended(&call, token, lines, body);
        }
    }

    fn on_request(&self, id: u32, lines: usize) -> Action {
        self.decide(id, lines).unwrap_or_else(|fault| {
            fault.refuse::<P>();
            Action::Pause
        })
    }

    fn on_response(&self, id: u32, lines: usize) {
        let Some((configured, carry)) = self.stream(id, Stream::take).flatten() else { return };
        if let Err(fault) = Stream::respond(&configured, carry, lines) {
            fault.log::<P>("response");
        }
    }

    fn on_delete(&self, id: u32) {
        let stream = self.streams.borrow_mut().remove(id);
        if stream.is_none() {
            self.fetches.forget(id);
            self.roots.borrow_mut().retain(|(root, _)| *root != id);
            self.calls.forget_orphans();
        }
    }
}
