//! The queues of waiting requests of one worker.

use std::{cell::RefCell, rc::Rc};

use novasphere_core::PendingQueues;

/// The numbers of paused requests of one worker, for each of the filter's queues.
#[derive(Default)]
pub(crate) struct Queues(RefCell<Vec<(usize, usize)>>);

/// A place in a queue. Free again when it is dropped.
pub(crate) struct Place {
    queue: usize,
    queues: Rc<Queues>,
}

impl Queues {
    /// Whether `queue` has fewer than `max` requests.
    pub(crate) fn has_capacity(&self, queue: usize, max: usize) -> bool {
        let counts = self.0.borrow();
        counts.iter().find(|(known, _)| *known == queue).map_or(0, |(_, count)| *count) < max
    }

    /// Takes a place in `queue`.
    pub(crate) fn take_place(self: &Rc<Self>, queue: usize) -> Place {
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

/// Queues without capacity, for calls that belong to no request.
pub(crate) struct NoQueues;

impl PendingQueues for NoQueues {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}
