//! Requests of one worker that wait.

use std::{any::Any, cell::RefCell, rc::Rc};

use novasphere_core::{PendingQueues, UnixTime};

use crate::config::Waiter;

/// The numbers of paused requests of one worker, for each of the filter's queues.
#[derive(Default)]
pub(crate) struct Queues(RefCell<Vec<(usize, usize)>>);

/// A place in a queue. Free again when it is dropped.
pub(super) struct Place {
    queue: usize,
    queues: Rc<Queues>,
}

impl Queues {
    fn has_capacity(&self, queue: usize, max: usize) -> bool {
        let counts = self.0.borrow();
        counts.iter().find(|(known, _)| *known == queue).map_or(0, |(_, count)| *count) < max
    }

    pub(super) fn take_place(self: &Rc<Self>, queue: usize) -> Place {
        let mut counts = self.0.borrow_mut();
        match counts.iter_mut().find(|(known, _)| *known == queue) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counts.push((queue, 1)),
        }
        Place { queue, queues: Rc::clone(self) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.queues.0.borrow_mut();
        if let Some((_, count)) = counts.iter_mut().find(|(queue, _)| *queue == self.queue) {
            *count = count.saturating_sub(1);
        }
    }
}

/// A paused request.
pub(super) struct Paused {
    pub(super) _place: Place,
    /// The time of the last attempt.
    pub(super) until: UnixTime,
    /// The filter's ticket from the last pause.
    pub(super) ticket: Rc<dyn Any>,
    /// Wakes the request.
    pub(super) _waiter: Waiter,
}

/// The options of a request for a pause.
pub(super) enum Waiting<'q> {
    /// In a queue with capacity.
    InQueue(&'q Queues),
    /// In the place that it already has, until its time limit.
    InPlace {
        /// Whether the time limit is still ahead.
        in_time: bool,
    },
}

impl PendingQueues for Waiting<'_> {
    fn has_capacity(&self, queue: usize, max: usize) -> bool {
        match self {
            Self::InQueue(queues) => queues.has_capacity(queue, max),
            Self::InPlace { in_time } => *in_time,
        }
    }
}

/// Queues without capacity, for calls that belong to no request.
pub(crate) struct NoQueues;

impl PendingQueues for NoQueues {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_free_after_its_request() {
        let queues = Rc::new(Queues::default());
        let waiting = Waiting::InQueue(&queues);
        let first = queues.take_place(3);
        assert!(waiting.has_capacity(3, 2) && !waiting.has_capacity(3, 1));
        assert!(waiting.has_capacity(4, 1) && !waiting.has_capacity(4, 0));
        drop(first);
        assert!(waiting.has_capacity(3, 1));
        assert!(!Waiting::InPlace { in_time: false }.has_capacity(3, 9));
    }
}
