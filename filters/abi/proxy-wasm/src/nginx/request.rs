//! One decision about a request, carried out with the calls that have an effect here.

use std::borrow::Cow;

use novasphere_core::{
    CalloutResult, Decision, Filter, HeaderInterest, HeaderMutation, Headers, LocalResponse,
    Metrics, RequestHead,
};

use super::{
    head,
    mutations::{self, Call, Refused},
    target::{self, Unchangeable},
};
use crate::{
    header_map,
    held::NoRoom,
    hostcalls::{self, Map, Status},
    local_reply, log,
    request::{Fault, Outcome, Request, hold, send},
    root::Configured,
};

/// The variable whose value goes upstream, and the property that is what the client sent.
const UPSTREAM_URI: &[u8] = b"ngx\0upstream_uri";
const TARGET: &[u8] = b"request\0path";

/// Asks the policy about a request, and does what it says.
pub(crate) fn decide<P: Filter + 'static>(
    configured: &Configured<P>,
    request: Request<'_>,
) -> Result<Outcome<P::Carry>, Fault> {
    configured.ticking.used();
    if configured.policy.uses_timer() {
        // Its duties wait for that.
        configured.proxy.zone.look(P::NAME);
    }
    // After a call that came to nothing, a body makes the host close the connection.
    let has_body = !matches!(request.callout, Some(CalloutResult { response: Err(_), .. }));
    match try_to::<P>(configured, request, has_body) {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Client(status, why)) => {
            // As nginx tells of a client's mistakes.
            log::info(P::NAME, format_args!("{status}: {why}"));
            if has_body {
                local_reply::message(status, &why)?;
            } else {
                local_reply::send(status, "", &[], b"", -1)?;
            }
            Ok(Outcome::Replied)
        }
    }
}

/// Why the policy's decision is not what comes of the request.
enum Stop {
    Fault(Fault),
    Client(u16, String),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Unchangeable> for Stop {
    fn from(why: Unchangeable) -> Self {
        Self::Fault(Fault::Unable(format!("change the target: {}", why.as_str())))
    }
}

impl From<Refused<'_>> for Stop {
    fn from(refused: Refused<'_>) -> Self {
        let unable = |what: String| Self::Fault(Fault::Unable(what));
        match refused {
            Refused::Repeated(name) => {
                Self::Client(400, format!("The header {name} may be sent once only"))
            }
            Refused::Kept(name) => unable(format!("take {name} away: nginx goes by it")),
            Refused::Single(name) => unable(format!("add a line {name}: nginx takes one only")),
        }
    }
}

fn try_to<P: Filter + 'static>(
    configured: &Configured<P>,
    request: Request<'_>,
    has_body: bool,
) -> Result<Outcome<P::Carry>, Stop> {
    let lines = request.lines;
    let head = match configured.policy.request_headers() {
        HeaderInterest::None => None,
        _ => Some(Head::read(lines)?),
    };
    let seen = head.as_ref().map(Head::lines).unwrap_or_default();
    let seen = RequestHead { headers: Headers::borrowed(seen) };
    let step = configured
        .with_env(&NoRoom, request.callout, |policy, state, env| {
            policy.on_request(&seen, state, env)
        })
        .ok_or(Fault::Reentered)?;
    match step {
        Decision::Continue { mutations, carry, reason } => {
            edit(head.as_ref(), lines, &mutations)?;
            configured.counters().count(reason);
            Ok(Outcome::Continue(carry))
        }
        Decision::Respond { mutations, response, reason } => {
            configured.counters().count(reason);
            // For the access log only: what cannot be done changes nothing about the reply.
            let _ = edit(head.as_ref(), lines, &mutations);
            let responder = configured.responder().ok_or(Fault::Reentered)?;
            let response = if has_body { response } else { without_body(response) };
            send(&response, responder, reason)?;
            Ok(Outcome::Replied)
        }
        // There was no room.
        Decision::Pause { .. } => Err(Fault::Reentered.into()),
        Decision::Call(call) => Ok(hold(configured, request, &call)?),
    }
}

fn without_body(mut response: LocalResponse<'_>) -> LocalResponse<'_> {
    response.headers.retain(|(name, _)| name.as_str() != "content-type");
    LocalResponse { body: Cow::Borrowed(b""), ..response }
}

/// The head of a request: its lines as the host gave them, serialised, and the target as the client
/// sent it.
struct Head {
    map: Vec<u8>,
    target: Vec<u8>,
}

impl Head {
    fn read(lines: usize) -> Result<Self, Stop> {
        if !head::fits(lines, head::OF_REQUEST) {
            return Err(Stop::Client(431, format!("{lines} header lines are too many")));
        }
        let map = hostcalls::header_map(Map::Request).map_err(failed("read headers"))?;
        let target = hostcalls::property(TARGET).map_err(failed("read the target"))?;
        Ok(Self { map, target })
    }

    fn raw(&self) -> Vec<(&[u8], &[u8])> {
        header_map::lines(&self.map).collect()
    }

    fn lines(&self) -> Vec<(&[u8], &[u8])> {
        head::lines(&self.raw(), &self.target)
    }
}

fn failed(what: &'static str) -> impl Fn(Status) -> Fault {
    move |status| Fault::Host(what, status)
}

/// Carries out mutations, all or none: what cannot be done is found out before anything is.
fn edit(head: Option<&Head>, lines: usize, mutations: &[HeaderMutation<'_>]) -> Result<(), Stop> {
    if mutations.is_empty() {
        return Ok(());
    }
    let read;
    let head = match head {
        Some(head) => head,
        None => {
            read = Head::read(lines)?;
            &read
        }
    };
    let raw = head.raw();
    let calls = mutations::plan(&raw, mutations)?;
    let target = mutations.iter().rev().find_map(|edit| match edit {
        HeaderMutation::Target(target) => Some(target),
        _ => None,
    });
    let uri = target.map(|target| upstream_uri(&head.target, target)).transpose()?;
    for call in calls {
        match call {
            Call::Replace(name, value) => {
                hostcalls::replace_header(Map::Request, name.as_str().as_bytes(), value)
            }
            Call::Add(name, value) => {
                hostcalls::add_header(Map::Request, name.as_str().as_bytes(), value)
            }
        }
        .map_err(failed("edit headers"))?;
    }
    if let Some(uri) = uri {
        hostcalls::set_property(UPSTREAM_URI, &uri).map_err(failed("change the target"))?;
    }
    Ok(())
}

fn upstream_uri(old: &[u8], new: &[u8]) -> Result<Vec<u8>, Stop> {
    let upstream = hostcalls::property(UPSTREAM_URI).map_err(failed("read the upstream's URI"))?;
    Ok(target::rewrite(old, new, &upstream)?)
}
