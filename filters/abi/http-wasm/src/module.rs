//! An instance of a module.

use std::cell::{Cell, OnceCell, RefCell};

use novasphere_core::{Decision, Filter, RequestHead};

use crate::{
    capabilities::Proxy,
    configuration::Configuration,
    decision::{self, NEXT},
    head::{Head, Unreadable},
    hostcalls::{self, Level},
};

/// An instance of a module with the filter `F`.
pub struct Module<F: Filter> {
    configured: OnceCell<(F, Proxy)>,
    /// `None` while a request is handled. After a trap the next request starts with an empty state
    /// instead of an inconsistent one.
    state: Cell<Option<F::State>>,
    head: Cell<Head>,
}

impl<F: Filter> Module<F> {
    /// An instance without a configuration.
    #[must_use]
    pub const fn new() -> Self {
        Self { configured: OnceCell::new(), state: Cell::new(None), head: Cell::new(Head::new()) }
    }

    /// Configures the filter. Exits if the configuration is invalid: the host then has no such
    /// middleware and responds to requests for its routes with 404.
    #[cold]
    pub fn initialize(&self) {
        std::panic::set_hook(Box::new(|panic| {
            hostcalls::log(Level::Error, F::NAME, panic);
        }));
        if self.configure().is_none() {
            std::process::exit(1);
        }
    }

    fn configure(&self) -> Option<()> {
        let mut settings = Vec::new();
        hostcalls::config(&mut settings)?;
        let Configuration { json, values_are_text } = Configuration::new(settings);
        let logs_warnings = hostcalls::is_first_instance();
        let proxy = Proxy {
            filter: F::NAME,
            values_are_text,
            logs_warnings,
            attributes: RefCell::default(),
        };
        match F::from_json(&json, &proxy) {
            Ok(filter) => self.configured.set((filter, proxy)).ok(),
            Err(errors) => {
                // Operators see the faults only in the log. Write one line per fault.
                for line in errors.to_string().lines() {
                    let line = format_args!("configuration refused: {line}");
                    hostcalls::log(Level::Error, F::NAME, line);
                }
                None
            }
        }
    }

    /// Decides about the current request and applies the decision. Returns the value that tells the
    /// host how to continue.
    pub fn handle_request(&self) -> u64 {
        let mut head = self.head.take();
        let result = self.decide(&mut head);
        self.head.set(head);
        result.unwrap_or_else(|fault| {
            // Fail closed.
            hostcalls::log(Level::Error, F::NAME, fault);
            decision::send_status(500)
        })
    }

    fn decide(&self, head: &mut Head) -> Result<u64, &'static str> {
        let (filter, proxy) = self.configured.get().ok_or("not configured")?;
        match head.read(filter.request_headers()) {
            Ok(()) => {}
            // Request Header Fields Too Large (RFC 6585 section 5).
            Err(Unreadable::TooLarge) => return Ok(decision::send_status(431)),
            Err(Unreadable::Host) => return Err("failed to read the request head"),
        }
        let mut state = self.state.take().unwrap_or_default();
        let request = RequestHead { headers: head.headers() };
        let decision = filter.on_request(&request, &mut state, &proxy.env());
        self.state.set(Some(state));
        match decision {
            Decision::Continue { mutations, .. } => {
                proxy.log_decision(None);
                decision::mutate_request(&mutations)?;
                Ok(NEXT)
            }
            Decision::Respond { mutations, response, reason } => {
                proxy.log_decision(Some(reason));
                decision::mutate_request(&mutations)?;
                Ok(decision::send(&response))
            }
            Decision::Pause { .. } | Decision::Call(_) => {
                Err("the filter paused a request, which this host does not support")
            }
        }
    }
}

impl<F: Filter> Default for Module<F> {
    fn default() -> Self {
        Self::new()
    }
}
