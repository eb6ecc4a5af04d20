//! A request that waits for keys or for a callout. It resumes at the filter that made it wait. The
//! ticket keeps the results of the earlier filters, which do not decide again.

use std::{any::Any, borrow::Cow, cell::RefCell, rc::Rc};

use novasphere_core::{CalloutResult, Env, HeaderMutation, HeaderName};

use crate::{attribute_cache::Values, entry::Continued, names::Names};

/// The chain's ticket of a pause or a callout.
struct Ticket {
    /// The filter that made the request wait.
    entry: usize,
    /// The filter's own ticket.
    inner: Rc<dyn Any>,
    /// `None` after the request resumed.
    earlier: RefCell<Option<Earlier>>,
}

/// The results of the filters before the one that made the request wait, about as large as the head
/// of the request. The filter's queue or its limit of callouts bounds the number of such requests.
pub(crate) struct Earlier {
    continued: Vec<Continued>,
    mutations: Vec<KeptMutation>,
    attributes: Values,
}

/// A [`HeaderMutation`] that borrows nothing from the filter.
enum KeptMutation {
    Set(HeaderName, Vec<u8>),
    Add(HeaderName, Vec<u8>),
    Remove(HeaderName),
    Target(Vec<u8>),
}

impl Earlier {
    pub(crate) fn new(
        continued: Vec<Continued>,
        mutations: Vec<HeaderMutation<'_>>,
        attributes: Values,
    ) -> Self {
        let mutations = mutations.into_iter().map(KeptMutation::new).collect();
        Self { continued, mutations, attributes }
    }

    /// The ticket of a request that waits at the filter after these. `inner` is that filter's own
    /// ticket.
    pub(crate) fn into_ticket(self, inner: Rc<dyn Any>) -> Rc<dyn Any> {
        let entry = self.continued.len();
        Rc::new(Ticket { entry, inner, earlier: RefCell::new(Some(self)) })
    }

    /// The results in the chain's form.
    pub(crate) fn restore(
        self,
        names: &Names,
    ) -> (Vec<Continued>, Vec<HeaderMutation<'_>>, Values) {
        let mutations = self.mutations.into_iter().map(|kept| kept.restore(names)).collect();
        (self.continued, mutations, self.attributes)
    }
}

impl KeptMutation {
    fn new(mutation: HeaderMutation<'_>) -> Self {
        match mutation {
            HeaderMutation::Set(name, value) => Self::Set(name.clone(), value.into_owned()),
            HeaderMutation::Add(name, value) => Self::Add(name.clone(), value.into_owned()),
            HeaderMutation::Remove(name) => Self::Remove(name.into_owned()),
            HeaderMutation::Target(target) => Self::Target(target),
        }
    }

    fn restore(self, names: &Names) -> HeaderMutation<'_> {
        match self {
            Self::Set(name, value) => HeaderMutation::Set(names.keep(&name), value.into()),
            Self::Add(name, value) => HeaderMutation::Add(names.keep(&name), value.into()),
            Self::Remove(name) => HeaderMutation::Remove(Cow::Owned(name)),
            Self::Target(target) => HeaderMutation::Target(target),
        }
    }
}

/// The results of the filters before the one at which the request waited. `None` for a new request.
pub(crate) fn resume(env: &Env<'_>) -> Option<Earlier> {
    let ticket = env.ticket.or(env.callout.map(|result| result.ticket))?;
    ticket.downcast_ref::<Ticket>()?.earlier.take()
}

/// The callout result for the filter at `entry`, if it made the callout.
pub(crate) fn callout_for<'a>(entry: usize, env: &Env<'a>) -> Option<CalloutResult<'a>> {
    let (caller, result) = unwrap(env.callout?)?;
    (caller == entry).then_some(result)
}

/// The ticket of the filter at `entry`, if it paused the request.
pub(crate) fn pause_for<'a>(entry: usize, env: &Env<'a>) -> Option<&'a Rc<dyn Any>> {
    let ticket = env.ticket?.downcast_ref::<Ticket>()?;
    (ticket.entry == entry).then_some(&ticket.inner)
}

/// The filter that made the callout, and the result with its own ticket.
pub(crate) fn unwrap(result: CalloutResult<'_>) -> Option<(usize, CalloutResult<'_>)> {
    let ticket = result.ticket.downcast_ref::<Ticket>()?;
    Some((ticket.entry, CalloutResult { ticket: &ticket.inner, ..result }))
}
