//! One request and its response. Bodies are not touched.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::{Policy, ResponseHead};
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{
    held::{Held, Room},
    hostcalls::Map,
    lines::Lines,
    nginx,
    request::{self, Fault, Outcome},
    root::Configured,
};

/// The state of one request.
pub(crate) struct Stream<P: Policy> {
    id: u32,
    configured: Option<Rc<Configured<P>>>,
    /// From the policy's `Continue` until the response's head.
    carry: Option<P::Carry>,
    /// The same for a request that was held; the end of it tells that the client has gone.
    held: Option<Rc<RefCell<Option<P::Carry>>>>,
}

impl<P: Policy> Stream<P> {
    pub(crate) fn new(id: u32, configured: Option<Rc<Configured<P>>>) -> Self {
        Self { id, configured, carry: None, held: None }
    }

    fn on_request(&mut self, lines: usize) -> Result<Action, Fault> {
        let configured = self.configured.clone().ok_or(Fault::NotConfigured)?;
        match request::decide(&configured, &Room(&configured), lines)? {
            Outcome::Continue(carry) => {
                self.carry = Some(carry);
                Ok(Action::Continue)
            }
            Outcome::Replied => Ok(Action::Pause),
            Outcome::Wait { queue, until } => {
                let carry = Rc::new(RefCell::new(None));
                configured.held.push(Held::new(self.id, queue, until, &carry));
                self.held = Some(carry);
                configured.tick_soon();
                Ok(Action::Pause)
            }
        }
    }

    fn on_response(&mut self, lines: usize) -> Result<(), Fault> {
        let held = self.held.take().and_then(|carry| carry.take());
        // None after this filter's own reply, and on hosts that show it a later filter's.
        let (Some(carry), Some(configured)) = (self.carry.take().or(held), &self.configured) else {
            return Ok(());
        };
        if configured.proxy.is_nginx {
            return nginx::response::respond(configured, carry, lines);
        }
        let lines = Lines::read(Map::Response, configured.policy.needs().response)?;
        let head = ResponseHead { headers: lines.headers() };
        request::apply(Map::Response, &configured.policy.on_response(carry, &head))
    }
}

impl<P: Policy> Context for Stream<P> {}

impl<P: Policy> HttpContext for Stream<P> {
    fn on_http_request_headers(&mut self, lines: usize, _: bool) -> Action {
        self.on_request(lines).unwrap_or_else(|fault| {
            fault.refuse::<P>();
            Action::Pause
        })
    }

    fn on_http_response_headers(&mut self, lines: usize, _: bool) -> Action {
        if let Err(fault) = self.on_response(lines) {
            fault.log::<P>("response");
        }
        Action::Continue
    }
}
