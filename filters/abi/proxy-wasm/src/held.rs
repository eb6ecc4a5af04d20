//! Requests that wait for the policy's state to change.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use novasphere_core::{Clock, Policy, UnixTime};

use crate::{
    hostcalls,
    request::{self, Fault, Outcome},
    root::Configured,
};

/// A request that was paused.
pub(crate) struct Held<C> {
    context: u32,
    until: UnixTime,
    /// Where the stream looks for what its response needs; gone when the client is.
    carry: Weak<RefCell<Option<C>>>,
}

impl<C> Held<C> {
    pub(crate) fn new(context: u32, until: UnixTime, carry: &Rc<RefCell<Option<C>>>) -> Self {
        Self { context, until, carry: Rc::downgrade(carry) }
    }
}

/// All of one worker.
pub(crate) struct AllHeld<C>(RefCell<Vec<Held<C>>>);

impl<C> Default for AllHeld<C> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<C> AllHeld<C> {
    /// Whether one more may be held. Those whose client has gone do not count.
    pub(crate) fn has_room<P: Policy>(&self, policy: &P) -> bool {
        let most = policy.needs().waiting;
        let mut held = self.0.borrow_mut();
        if held.len() >= most {
            held.retain(|held| held.carry.strong_count() > 0);
        }
        held.len() < most
    }

    pub(crate) fn push(&self, held: Held<C>) {
        self.0.borrow_mut().push(held);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Asks the policy again about each of them; `root` is the context to come back to.
    pub(crate) fn wake<P: Policy<Carry = C>>(&self, configured: &Configured<P>, root: u32) {
        if self.is_empty() {
            return;
        }
        let now = configured.proxy.now();
        let mut waiting = Vec::new();
        for held in self.0.take() {
            if let Some(held) = ask_again(configured, held, now) {
                waiting.push(held);
            }
        }
        self.0.borrow_mut().append(&mut waiting);
        let _ = hostcalls::set_effective_context(root);
    }
}

/// Gives the request back when it goes on waiting.
fn ask_again<P: Policy>(
    configured: &Configured<P>,
    held: Held<P::Carry>,
    now: UnixTime,
) -> Option<Held<P::Carry>> {
    let slot = held.carry.upgrade()?;
    hostcalls::set_effective_context(held.context).ok()?;
    let outcome = request::decide(configured, now < held.until);
    let result = match outcome {
        Ok(Outcome::Wait(_)) if now < held.until => return Some(held),
        Ok(Outcome::Wait(_)) => Err(Fault::Reentered),
        Ok(Outcome::Continue(carry)) => {
            *slot.borrow_mut() = Some(carry);
            hostcalls::continue_request().map_err(|s| Fault::Host("let a request go on", s))
        }
        Ok(Outcome::Replied) => Ok(()),
        Err(fault) => Err(fault),
    };
    if let Err(fault) = result {
        fault.refuse::<P>();
    }
    None
}
