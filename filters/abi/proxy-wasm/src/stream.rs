//! One request and its response. Bodies are not touched.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::{CalloutResult, Filter, ResponseHead};

use crate::{
    calls::UnderWay,
    exports::Action,
    held::{Held, NoRoom, Room},
    hostcalls::Map,
    lines::Lines,
    nginx,
    request::{self, Fault, Outcome, Request},
    root::Configured,
};

/// The state of one request.
pub(crate) struct Stream<P: Filter> {
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
    Held(Rc<RefCell<Left<C>>>),
    /// Nothing yet: a call is under way, for a request with so many lines.
    Call(UnderWay, usize),
    /// Nothing, and it was answered.
    LocalResponse,
}

impl<C> Left<C> {
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Nothing | Self::Carry(_) => Action::Continue,
            Self::Held(_) | Self::Call(..) | Self::LocalResponse => Action::Pause,
        }
    }

    fn carry(self) -> Option<C> {
        match self {
            Self::Nothing | Self::Call(..) | Self::LocalResponse => None,
            Self::Carry(carry) => Some(carry),
            Self::Held(left) => left.replace(Self::Nothing).carry(),
        }
    }

    /// Takes the call with that token: the lines of the request that waits for it.
    fn call(&mut self, token: u32) -> Option<usize> {
        match self {
            Self::Held(left) => left.borrow_mut().call(token),
            Self::Call(call, lines) if call.is(token) => {
                let lines = *lines;
                *self = Self::Nothing;
                Some(lines)
            }
            _ => None,
        }
    }
}

impl<P: Filter + 'static> Stream<P> {
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
        let request = Request { stream: id, lines, pending: &Room(configured), callout: None };
        Ok(match request::decide(configured, request)? {
            Outcome::Continue(carry) => Left::Carry(carry),
            Outcome::Replied => Left::LocalResponse,
            Outcome::Wait { queue, until } => {
                let left = Rc::new(RefCell::new(Left::Nothing));
                configured.held.push(Held::new(id, queue, until, &left));
                configured.tick_soon();
                Left::Held(left)
            }
            Outcome::Call(call) => Left::Call(call, lines),
        })
    }

    /// Takes the call with that token, which has ended: the lines of the request that waits for it.
    pub(crate) fn call(&mut self, token: u32) -> Option<usize> {
        self.left.call(token)
    }

    /// Decides about the request of stream `id` with the answer to its call.
    pub(crate) fn decide_with(
        id: u32,
        configured: &Configured<P>,
        lines: usize,
        answer: CalloutResult<'_>,
    ) -> Result<Left<P::Carry>, Fault> {
        let request = Request { stream: id, lines, pending: &NoRoom, callout: Some(answer) };
        match request::decide(configured, request)? {
            Outcome::Continue(carry) => Ok(Left::Carry(carry)),
            Outcome::Replied => Ok(Left::LocalResponse),
            Outcome::Wait { .. } | Outcome::Call(_) => Err(Fault::Reentered),
        }
    }

    /// Keeps that for the response. What was kept before.
    pub(crate) fn keep(&mut self, left: Left<P::Carry>) -> Left<P::Carry> {
        std::mem::replace(&mut self.left, left)
    }

    /// What the response is to be handled with. None after this filter's own reply, and on hosts
    /// that show it a later filter's.
    pub(crate) fn take(&mut self) -> Option<(Rc<Configured<P>>, P::Carry)> {
        let carry = std::mem::replace(&mut self.left, Left::Nothing).carry();
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
        let lines = Lines::read(Map::Response, configured.policy.response_headers())?;
        let head = ResponseHead { headers: lines.headers() };
        let lack = |name: &str| lines.lack(&head.headers, name);
        request::apply(Map::Response, lack, &configured.policy.on_response(carry, &head))
    }
}
