//! Paused requests.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use novasphere_core::{PendingQueues, UnixTime};

use crate::state::StreamState;

/// A paused request.
pub(crate) struct PendingRequest<C> {
    /// The stream context.
    pub(crate) stream: u32,
    queue: usize,
    /// The time of the last attempt.
    pub(crate) until: UnixTime,
    state: Weak<RefCell<StreamState<C>>>,
}

impl<C> PendingRequest<C> {
    /// The state the stream reads. `None` if the client is gone.
    pub(crate) fn state(&self) -> Option<Rc<RefCell<StreamState<C>>>> {
        self.state.upgrade()
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

    fn push(&self, stream: u32, queue: usize, until: UnixTime) -> StreamState<C> {
        let state = Rc::new(RefCell::new(StreamState::Idle));
        let request = PendingRequest { stream, queue, until, state: Rc::downgrade(&state) };
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

/// The options of a request for a pause.
pub(crate) enum Waiting<'q, C> {
    /// In a queue with capacity.
    InQueue(&'q PendingQueue<C>),
    /// In the entry that it already has, until its time limit.
    InEntry {
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
    pub(crate) fn pause(
        &self,
        stream: u32,
        queue: usize,
        until: UnixTime,
    ) -> Option<StreamState<C>> {
        match self {
            Self::InQueue(pending) => Some(pending.push(stream, queue, until)),
            Self::InEntry { in_time: true } => Some(StreamState::Idle),
            Self::InEntry { in_time: false } | Self::Nowhere => None,
        }
    }
}

impl<C> PendingQueues for Waiting<'_, C> {
    fn has_capacity(&self, queue: usize, max: usize) -> bool {
        match self {
            Self::InQueue(pending) => pending.has_capacity(queue, max),
            Self::InEntry { in_time } => *in_time,
            Self::Nowhere => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: UnixTime = UnixTime { millis: 1_000 };

    #[test]
    fn requests_of_gone_clients_free_their_queue() {
        let pending = PendingQueue::<()>::default();
        let waiting = Waiting::InQueue(&pending);
        let first = waiting.pause(1, 0, UNTIL);
        assert!(waiting.has_capacity(0, 2) && !waiting.has_capacity(0, 1));
        assert!(waiting.has_capacity(1, 1));
        drop(first);
        assert!(waiting.has_capacity(0, 1));
    }

    #[test]
    fn paused_request_waits_again_until_its_time_limit() {
        let again: Waiting<'_, ()> = Waiting::InEntry { in_time: true };
        assert!(matches!(again.pause(1, 0, UNTIL), Some(StreamState::Idle)));
        let late: Waiting<'_, ()> = Waiting::InEntry { in_time: false };
        assert!(late.pause(1, 0, UNTIL).is_none() && !late.has_capacity(0, 1));
        let nowhere: Waiting<'_, ()> = Waiting::Nowhere;
        assert!(nowhere.pause(1, 0, UNTIL).is_none());
    }
}
