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

    /// Configures the filter. With an invalid configuration, every request gets 500. The module must
    /// not fail here: the host would leave out the route, and a broader one, perhaps without the
    /// filter, would serve its paths.
    #[cold]
    pub fn initialize(&self) {
        std::panic::set_hook(Box::new(|panic| {
            hostcalls::log(Level::Error, F::NAME, panic);
        }));
        let is_first = hostcalls::is_first_instance();
        if let (Err(faults), true) = (self.configure(is_first), is_first) {
            // Operators see the faults only in the log. Write one line per fault.
            for line in faults.lines() {
                let line = format_args!("configuration refused: {line}");
                hostcalls::log(Level::Error, F::NAME, line);
            }
            let effect = "every request of this filter is answered with 500";
            hostcalls::log(Level::Error, F::NAME, effect);
        }
    }

    /// Configures the filter.
    ///
    /// # Errors
    /// The faults of the configuration, one per line.
    fn configure(&self, logs_warnings: bool) -> Result<(), String> {
        let mut settings = Vec::new();
        hostcalls::config(&mut settings).ok_or("cannot be read")?;
        let Configuration { json, values_are_text } = Configuration::new(settings);
        let proxy = Proxy {
            filter: F::NAME,
            values_are_text,
            logs_warnings,
            attributes: RefCell::default(),
        };
        let filter = F::from_json(&json, &proxy).map_err(|faults| faults.to_string())?;
        self.configured.set((filter, proxy)).map_err(|_| "is already in effect".to_owned())
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
        let (filter, proxy) =
            self.configured.get().ok_or("not configured: an earlier line gives the reason")?;
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
