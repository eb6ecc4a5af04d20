//! Calls of the filters that a request waits for. It passes the chain from the start again when the
//! answer is there.

use std::{any::Any, rc::Rc};

use novasphere_core::{Answer, Call, Env};

/// What the host keeps of a call: whose it is, and that filter's own ticket.
struct Ticket {
    link: usize,
    own: Rc<dyn Any>,
}

/// A filter's call as the chain's.
pub(crate) fn of_link(link: usize, call: Call<'_>) -> Call<'_> {
    Call { ticket: Rc::new(Ticket { link, own: call.ticket }), ..call }
}

fn ticket<'a>(env: &Env<'a>) -> Option<(&'a Ticket, Answer<'a>)> {
    let answer = env.answer?;
    Some((answer.ticket.downcast_ref::<Ticket>()?, answer))
}

/// The answer to a filter's call, if it is the one that asked.
pub(crate) fn answer_of<'a>(link: usize, env: &Env<'a>) -> Option<Answer<'a>> {
    let (ticket, answer) = ticket(env).filter(|(ticket, _)| ticket.link == link)?;
    Some(Answer { ticket: &ticket.own, ..answer })
}

/// Whether the filter has been asked about this request before, and has counted its events: those
/// before the one that called have.
pub(crate) fn is_repeated(link: usize, env: &Env<'_>) -> bool {
    ticket(env).is_some_and(|(ticket, _)| link < ticket.link)
}

/// Whose call that was, and the answer to it.
pub(crate) fn unclaimed(answer: Answer<'_>) -> Option<(usize, Answer<'_>)> {
    let ticket = answer.ticket.downcast_ref::<Ticket>()?;
    Some((ticket.link, Answer { ticket: &ticket.own, ..answer }))
}
