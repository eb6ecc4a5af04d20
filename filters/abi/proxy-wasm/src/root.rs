//! One configuration of a filter.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::{ConfigErrors, Policy};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

use crate::{configuration, hostcalls, metrics::Counters, ports::Proxy, stream::Stream};

/// Starts a module whose filter is `P`.
pub fn start<P: Policy + 'static>() {
    crate::log::start();
    proxy_wasm::set_root_context(|_| Box::new(Root::<P> { configured: None }));
}

/// A configured policy, with what one worker remembers of it.
pub(crate) struct Configured<P: Policy> {
    pub(crate) policy: P,
    pub(crate) state: RefCell<P::State>,
    pub(crate) counters: Counters,
    pub(crate) proxy: Proxy,
}

struct Root<P: Policy> {
    configured: Option<Rc<Configured<P>>>,
}

impl<P: Policy + 'static> Root<P> {
    fn configure(&mut self, size: usize) -> bool {
        let proxy = Proxy::identify(P::NAME);
        let config = match hostcalls::plugin_configuration(size) {
            Ok(config) => config,
            Err(status) if size == 0 && status == hostcalls::Status::NOT_FOUND => Vec::new(),
            Err(status) => {
                log::error!(
                    "novasphere {}: configuration unreadable: host status {}",
                    P::NAME,
                    status.0
                );
                return false;
            }
        };
        match P::configure(&configuration::json(config), &proxy) {
            Ok(policy) => {
                let (state, counters) = (RefCell::default(), Counters::define::<P>());
                self.configured = Some(Rc::new(Configured { policy, state, counters, proxy }));
                true
            }
            Err(errors) => {
                refuse::<P>(&errors);
                false
            }
        }
    }
}

/// The log is the only place where an operator sees why: one line a fault.
fn refuse<P: Policy>(errors: &ConfigErrors) {
    for line in errors.to_string().lines() {
        log::error!("novasphere {}: configuration refused: {line}", P::NAME);
    }
}

impl<P: Policy + 'static> Context for Root<P> {}

impl<P: Policy + 'static> RootContext for Root<P> {
    fn on_configure(&mut self, size: usize) -> bool {
        self.configure(size)
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.configured.clone())))
    }
}
