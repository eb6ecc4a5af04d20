//! One request and its response. Bodies are not touched.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::{Policy, ResponseHead};

use crate::{
    exports::Action,
    held::{Held, Room},
    hostcalls::Map,
    lines::Lines,
    nginx,
    request::{self, Fault, Outcome},
    root::Configured,
};

/// The state of one request.
pub(crate) struct Stream<P: Policy> {
    configured: Option<Rc<Configured<P>>>,
    left: Left<P::Carry>,
}

/// What the policy left for the response.
pub(crate) enum Left<C> {
    /// It has not continued, or the response has been there.
    Nothing,
    /// From its `Continue` until the response's head.
    Carry(C),
    /// The same for a request that was held; the end of it tells that the client has gone.
    Held(Rc<RefCell<Option<C>>>),
    /// Nothing, and it was answered.
    Reply,
}

impl<C> Left<C> {
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Nothing | Self::Carry(_) => Action::Continue,
            Self::Held(_) | Self::Reply => Action::Pause,
        }
    }
}

impl<P: Policy> Stream<P> {
    pub(crate) fn new(configured: Option<Rc<Configured<P>>>) -> Self {
        Self { configured, left: Left::Nothing }
    }

    pub(crate) fn configured(&self) -> Option<Rc<Configured<P>>> {
        self.configured.clone()
    }

    /// Decides about the request of stream `id`, whose head has so many lines.
    pub(crate) fn decide(
        id: u32,
        configured: &Rc<Configured<P>>,
        lines: usize,
    ) -> Result<Left<P::Carry>, Fault> {
        Ok(match request::decide(configured, &Room(configured), lines)? {
            Outcome::Continue(carry) => Left::Carry(carry),
            Outcome::Replied => Left::Reply,
            Outcome::Wait { queue, until } => {
                let carry = Rc::new(RefCell::new(None));
                configured.held.push(Held::new(id, queue, until, &carry));
                configured.tick_soon();
                Left::Held(carry)
            }
        })
    }

    /// Keeps that for the response. What was kept before.
    pub(crate) fn keep(&mut self, left: Left<P::Carry>) -> Left<P::Carry> {
        std::mem::replace(&mut self.left, left)
    }

    /// What the response is to be handled with. None after this filter's own reply, and on hosts
    /// that show it a later filter's.
    pub(crate) fn take(&mut self) -> Option<(Rc<Configured<P>>, P::Carry)> {
        let carry = match std::mem::replace(&mut self.left, Left::Nothing) {
            Left::Nothing | Left::Reply => None,
            Left::Carry(carry) => Some(carry),
            Left::Held(carry) => carry.take(),
        };
        Some((self.configured()?, carry?))
    }

    /// Edits a response whose head has so many lines.
    pub(crate) fn respond(
        configured: &Configured<P>,
        carry: P::Carry,
        lines: usize,
    ) -> Result<(), Fault> {
        if configured.proxy.is_nginx {
            return nginx::response::respond(configured, carry, lines);
        }
        let lines = Lines::read(Map::Response, configured.policy.needs().response)?;
        let head = ResponseHead { headers: lines.headers() };
        request::apply(Map::Response, &configured.policy.on_response(carry, &head))
    }
}
