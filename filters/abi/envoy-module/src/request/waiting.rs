//! Requests of one worker that wait.

use std::{any::Any, rc::Rc};

use novasphere_core::{PendingQueues, TimeLimit};

use crate::{
    config::Waiter,
    worker::{Place, Queues},
};

/// A paused request.
pub(super) struct Paused {
    pub(super) _place: Place,
    /// The last attempt is made when it is over.
    pub(super) limit: TimeLimit,
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
