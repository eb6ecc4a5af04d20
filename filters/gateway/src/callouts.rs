//! Callouts of the chain's filters. When one ends, the request passes the chain again from its
//! start.

use std::{any::Any, rc::Rc};

use novasphere_core::{Callout, CalloutResult, Env};

/// The chain's ticket of a callout: the filter that made it, and its own ticket.
struct Ticket {
    entry: usize,
    inner: Rc<dyn Any>,
}

/// Turns a filter's callout into a callout of the chain.
pub(crate) fn wrap(entry: usize, callout: Callout<'_>) -> Callout<'_> {
    Callout { ticket: Rc::new(Ticket { entry, inner: callout.ticket }), ..callout }
}

/// The filter that made the callout, and the result with its own ticket.
pub(crate) fn unwrap(result: CalloutResult<'_>) -> Option<(usize, CalloutResult<'_>)> {
    let ticket = result.ticket.downcast_ref::<Ticket>()?;
    Some((ticket.entry, CalloutResult { ticket: &ticket.inner, ..result }))
}

/// The callout result for the filter at `entry`, if it made the callout.
pub(crate) fn result_for<'a>(entry: usize, env: &Env<'a>) -> Option<CalloutResult<'a>> {
    let (caller, result) = unwrap(env.callout?)?;
    (caller == entry).then_some(result)
}

/// Whether the filter at `entry` has decided about this request before and counted its events: true
/// for the filters before the one that made the callout.
pub(crate) fn is_repeated(entry: usize, env: &Env<'_>) -> bool {
    env.callout.and_then(unwrap).is_some_and(|(caller, _)| entry < caller)
}
