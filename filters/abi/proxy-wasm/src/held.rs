//! Requests that wait for the policy's state to change.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use novasphere_core::{Clock, Filter, PendingQueues, UnixTime};

use crate::{
    hostcalls,
    request::{self, Fault, Outcome, Request},
    root::Configured,
    stream::Left,
};

/// A request that was paused.
pub(crate) struct Held<C> {
    context: u32,
    queue: usize,
    until: UnixTime,
    /// Where the stream looks for what becomes of the request; gone when the client is.
    left: Weak<RefCell<Left<C>>>,
}

impl<C> Held<C> {
    pub(crate) fn new(
        context: u32,
        queue: usize,
        until: UnixTime,
        left: &Rc<RefCell<Left<C>>>,
    ) -> Self {
        Self { context, queue, until, left: Rc::downgrade(left) }
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
    /// Whether the queue holds fewer than that. Those whose client has gone do not count.
    fn has_capacity(&self, queue: usize, most: usize) -> bool {
        let mut held = self.0.borrow_mut();
        held.retain(|held| held.left.strong_count() > 0);
        held.iter().filter(|held| held.queue == queue).count() < most
    }

    pub(crate) fn push(&self, held: Held<C>) {
        self.0.borrow_mut().push(held);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Asks the policy again about each of them, or only those whose time is over; `root` is the
    /// context to come back to.
    pub(crate) fn wake<P: Filter<Carry = C> + 'static>(
        &self,
        configured: &Configured<P>,
        all: bool,
        root: u32,
    ) {
        if self.is_empty() {
            return;
        }
        let now = configured.proxy.now();
        let mut waiting = Vec::new();
        for held in self.0.take() {
            let due = all || held.until <= now;
            waiting.extend(if due { ask_again(configured, held, now) } else { Some(held) });
        }
        self.0.borrow_mut().append(&mut waiting);
        let _ = hostcalls::set_effective_context(root);
    }
}

/// Gives the request back when it goes on waiting.
fn ask_again<P: Filter + 'static>(
    configured: &Configured<P>,
    held: Held<P::Carry>,
    now: UnixTime,
) -> Option<Held<P::Carry>> {
    let slot = held.left.upgrade()?;
    hostcalls::set_effective_context(held.context).ok()?;
    let in_time = now < held.until;
    let waiting = OwnPlace(in_time);
    let request = Request { stream: held.context, lines: 0, pending: &waiting, callout: None };
    let result = match request::decide(configured, request) {
        Ok(Outcome::Wait { .. }) if in_time => return Some(held),
        Ok(Outcome::Wait { .. }) => Err(Fault::Reentered),
        Ok(Outcome::Continue(carry)) => {
            *slot.borrow_mut() = Left::Carry(carry);
            request::go_on()
        }
        Ok(Outcome::Call(call)) => {
            *slot.borrow_mut() = Left::Call(call, 0);
            Ok(())
        }
        Ok(Outcome::Replied) => Ok(()),
        Err(fault) => Err(fault),
    };
    if let Err(fault) = result {
        fault.refuse::<P>();
    }
    None
}

/// The room for a new request. None on nginx, where a request can be resumed by its own call only.
pub(crate) struct Room<'c, P: Filter>(pub(crate) &'c Configured<P>);

impl<P: Filter> PendingQueues for Room<'_, P> {
    fn has_capacity(&self, queue: usize, most: usize) -> bool {
        !self.0.proxy.is_nginx && self.0.held.has_capacity(queue, most)
    }
}

/// The room for a request that waits already: its own place, while its time is not over.
struct OwnPlace(bool);

impl PendingQueues for OwnPlace {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        self.0
    }
}

/// Where nothing can wait.
pub(crate) struct NoRoom;

impl PendingQueues for NoRoom {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}
