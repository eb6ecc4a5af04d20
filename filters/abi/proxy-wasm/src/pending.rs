//! Paused requests.

use std::{
    any::Any,
    cell::RefCell,
    rc::{Rc, Weak},
};

use novasphere_core::{PendingQueues, TimeLimit};

use crate::state::StreamState;

/// A paused request.
pub(crate) struct PendingRequest<C> {
    /// The stream context.
    pub(crate) stream: u32,
    queue: usize,
    /// The last attempt is made when it is over.
    pub(crate) limit: TimeLimit,
    /// The filter's ticket from the last pause.
    ticket: RefCell<Rc<dyn Any>>,
    state: Weak<RefCell<StreamState<C>>>,
}

impl<C> PendingRequest<C> {
    /// The state the stream reads. `None` if the client is gone.
    pub(crate) fn state(&self) -> Option<Rc<RefCell<StreamState<C>>>> {
        self.state.upgrade()
    }

    pub(crate) fn ticket(&self) -> Rc<dyn Any> {
        Rc::clone(&self.ticket.borrow())
    }
}

/// The paused requests of one root context, of all the filter's queues.
pub(crate) struct PendingQueue<C>(RefCell<Vec<PendingRequest<C>>>);

impl<C> Default for PendingQueue<C> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<C> PendingQueue<C> {
    /// Whether `queue` holds fewer than `max` requests whose clients still wait.
    fn has_capacity(&self, queue: usize, max: usize) -> bool {
        let mut requests = self.0.borrow_mut();
        requests.retain(|request| request.state.strong_count() > 0);
        requests.iter().filter(|request| request.queue == queue).count() < max
    }

    fn push(&self, stream: u32, pause: Pause) -> StreamState<C> {
        let Pause { queue, limit, ticket } = pause;
        let state = Rc::new(RefCell::new(StreamState::Idle));
        let (ticket, reader) = (RefCell::new(ticket), Rc::downgrade(&state));
        let request = PendingRequest { stream, queue, limit, ticket, state: reader };
        self.0.borrow_mut().push(request);
        StreamState::Paused(state)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Takes all requests, to ask the filter about them again.
    pub(crate) fn take(&self) -> Vec<PendingRequest<C>> {
        self.0.take()
    }

    /// Puts back the requests that stay paused.
    pub(crate) fn put_back(&self, mut requests: Vec<PendingRequest<C>>) {
        self.0.borrow_mut().append(&mut requests);
    }
}

/// A filter's decision to pause a request.
pub(crate) struct Pause {
    pub(crate) queue: usize,
    pub(crate) limit: TimeLimit,
    pub(crate) ticket: Rc<dyn Any>,
}

/// The options of a request for a pause.
pub(crate) enum Waiting<'q, C> {
    /// In a queue with capacity.
    InQueue(&'q PendingQueue<C>),
    /// In the entry that it already has, until its time limit.
    InEntry {
        /// The request's entry.
        request: &'q PendingRequest<C>,
        /// Whether the time limit is still ahead.
        in_time: bool,
    },
    /// Not at all: the host cannot resume the request, or the call concerns none.
    Nowhere,
}

impl<C> Clone for Waiting<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Waiting<'_, C> {}

impl<C> Waiting<'_, C> {
    /// Pauses a request. `None` if it may not wait.
    pub(crate) fn pause(&self, stream: u32, pause: Pause) -> Option<StreamState<C>> {
        match self {
            Self::InQueue(pending) => Some(pending.push(stream, pause)),
            Self::InEntry { request, in_time: true } => {
                request.ticket.replace(pause.ticket);
                Some(StreamState::Idle)
            }
            Self::InEntry { in_time: false, .. } | Self::Nowhere => None,
        }
    }
}

impl<C> PendingQueues for Waiting<'_, C> {
    fn has_capacity(&self, queue: usize, max: usize) -> bool {
        match self {
            Self::InQueue(pending) => pending.has_capacity(queue, max),
            Self::InEntry { in_time, .. } => *in_time,
            Self::Nowhere => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use novasphere_core::UnixTime;

    use super::*;

    fn pause(ticket: u8) -> Pause {
        let limit = TimeLimit::new(UnixTime { millis: 0 }, UnixTime { millis: 1_000 });
        Pause { queue: 0, limit, ticket: Rc::new(ticket) }
    }

    #[test]
    fn requests_of_gone_clients_free_their_queue() {
        let pending = PendingQueue::<()>::default();
        let waiting = Waiting::InQueue(&pending);
        let first = waiting.pause(1, pause(0));
        assert!(waiting.has_capacity(0, 2) && !waiting.has_capacity(0, 1));
        assert!(waiting.has_capacity(1, 1));
        drop(first);
        assert!(waiting.has_capacity(0, 1));
    }

    #[test]
    fn paused_request_waits_again_until_its_time_limit() {
        let pending = PendingQueue::<()>::default();
        let _state = Waiting::InQueue(&pending).pause(1, pause(0));
        let request = &pending.take()[0];
        let again = Waiting::InEntry { request, in_time: true };
        assert!(matches!(again.pause(1, pause(0)), Some(StreamState::Idle)));
        let late = Waiting::InEntry { request, in_time: false };
        assert!(late.pause(1, pause(0)).is_none() && !late.has_capacity(0, 1));
        let nowhere: Waiting<'_, ()> = Waiting::Nowhere;
        assert!(nowhere.pause(1, pause(0)).is_none());
    }

    #[test]
    fn paused_request_keeps_the_ticket_of_its_last_pause() {
        let ticket = |request: &PendingRequest<()>| request.ticket().downcast_ref::<u8>().copied();
        let pending = PendingQueue::<()>::default();
        let _state = Waiting::InQueue(&pending).pause(1, pause(1));
        let request = &pending.take()[0];
        assert_eq!(ticket(request), Some(1));
        Waiting::InEntry { request, in_time: true }.pause(1, pause(2));
        assert_eq!(ticket(request), Some(2));
    }
}
