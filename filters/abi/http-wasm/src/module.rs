//! One instance of a filter.

use std::cell::{Cell, OnceCell};

use novasphere_core::{Decision, Filter, RequestHead};

use crate::{
    configuration::Configuration,
    head::{Head, Unreadable},
    hostcalls::{self, Level},
    outcome::{self, NEXT},
    ports::Proxy,
};

/// A module whose filter is `P`.
pub struct Module<P: Filter> {
    configured: OnceCell<(P, Proxy)>,
    /// Taken while a request is handled: should one trap, the next starts with nothing instead of
    /// what is half done.
    state: Cell<Option<P::State>>,
    head: Cell<Head>,
}

impl<P: Filter> Module<P> {
    /// One that is not configured yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { configured: OnceCell::new(), state: Cell::new(None), head: Cell::new(Head::new()) }
    }

    /// Configures it, or ends it: then the host has no such middleware, and answers requests for
    /// its routes with 404.
    pub fn initialize(&self) {
        std::panic::set_hook(Box::new(|panic| {
            hostcalls::log(Level::Error, &format!("novasphere {}: {panic}", P::NAME));
        }));
        if self.configure().is_none() {
            std::process::exit(1);
        }
    }

    fn configure(&self) -> Option<()> {
        let mut given = Vec::new();
        hostcalls::config(&mut given)?;
        let Configuration { json, values_are_text } = Configuration::of(given);
        let warns = hostcalls::is_first_instance();
        let proxy = Proxy { filter: P::NAME, values_are_text, warns };
        match P::from_json(&json, &proxy) {
            Ok(policy) => self.configured.set((policy, proxy)).ok(),
            Err(errors) => {
                // The log is the only place where an operator sees why: one line a fault.
                for line in errors.to_string().lines() {
                    let line = format!("novasphere {}: configuration refused: {line}", P::NAME);
                    hostcalls::log(Level::Error, &line);
                }
                None
            }
        }
    }

    /// Decides about the current request, and does what the policy says: what the host is to do.
    pub fn handle_request(&self) -> u64 {
        let mut head = self.head.take();
        let result = self.decide(&mut head);
        self.head.set(head);
        result.unwrap_or_else(|fault| {
            // Closed: what could not be checked does not pass.
            hostcalls::log(Level::Error, &format!("novasphere {}: {fault}", P::NAME));
            outcome::send_status(500)
        })
    }

    fn decide(&self, head: &mut Head) -> Result<u64, &'static str> {
        let (policy, proxy) = self.configured.get().ok_or("not configured")?;
        match head.read(policy.request_headers()) {
            Ok(()) => {}
            // Request Header Fields Too Large (RFC 6585 section 5).
            Err(Unreadable::TooLarge) => return Ok(outcome::send_status(431)),
            Err(Unreadable::Host) => return Err("could not read the request's head"),
        }
        let mut state = self.state.take().unwrap_or_default();
        let request = RequestHead { headers: head.headers() };
        let step = policy.on_request(&request, &mut state, &proxy.env());
        self.state.set(Some(state));
        const UNEDITED: &str = "could not edit the request's head";
        match step {
            Decision::Continue { mutations, .. } => {
                outcome::edit_request(&mutations).ok_or(UNEDITED)?;
                Ok(NEXT)
            }
            Decision::Respond { mutations, response, .. } => {
                outcome::edit_request(&mutations).ok_or(UNEDITED)?;
                Ok(outcome::send(&response))
            }
            Decision::Pause { .. } | Decision::Call(_) => Err("the policy waits where it may not"),
        }
    }
}

impl<P: Filter> Default for Module<P> {
    fn default() -> Self {
        Self::new()
    }
}
