//! The state of a request.

use std::{cell::RefCell, mem, rc::Rc};

use crate::calls::CallGuard;

/// The state of a request, from the filter's decision to the response head.
pub(crate) enum StreamState<C> {
    /// No decision yet, or the response head has passed.
    Idle,
    /// The filter continued the request. Its data waits for the response head.
    Continued(C),
    /// The filter paused the request. The root context writes the later decision here. Once this
    /// end is dropped, the client is gone.
    Paused(Rc<RefCell<StreamState<C>>>),
    /// The request waits for a callout.
    Calling {
        /// The callout.
        guard: CallGuard,
        /// The number of header lines of the request.
        lines: usize,
    },
    /// The filter responded.
    Responded,
}

impl<C> StreamState<C> {
    /// Whether the host sends the request on.
    pub(crate) fn continues(&self) -> bool {
        matches!(self, Self::Idle | Self::Continued(_))
    }

    /// Takes the filter's data for the response. `None` if the filter did not continue the request.
    pub(crate) fn take_carry(&mut self) -> Option<C> {
        match mem::replace(self, Self::Idle) {
            Self::Continued(carry) => Some(carry),
            Self::Paused(state) => state.borrow_mut().take_carry(),
            Self::Idle | Self::Calling { .. } | Self::Responded => None,
        }
    }

    /// Ends the callout with this token. Returns the number of header lines of the request that
    /// waits for it.
    pub(crate) fn end_call(&mut self, token: u32) -> Option<usize> {
        match self {
            Self::Paused(state) => state.borrow_mut().end_call(token),
            Self::Calling { guard, lines } if guard.token() == token => {
                let lines = *lines;
                *self = Self::Idle;
                Some(lines)
            }
            _ => None,
        }
    }
}
