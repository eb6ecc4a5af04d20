//! One decision about a request, carried out.

use std::fmt;

use novasphere_core::{Edit, Env, Metrics, Policy, Reply, RequestHead, Step, UnixTime, Waiting};

use crate::{
    hostcalls::{self, Map, Status},
    lines::Lines,
    local_reply, log, nginx,
    root::Configured,
};

/// What became of the request.
pub(crate) enum Outcome<C> {
    /// It goes on; that is for its response.
    Continue(C),
    /// It was answered.
    Replied,
    /// It is to be held in that queue, until then at the latest.
    Wait { queue: usize, until: UnixTime },
}

/// Asks the policy about the request of the current stream, which has so many header lines, and does
/// what it says.
pub(crate) fn decide<P: Policy>(
    configured: &Configured<P>,
    waiting: &dyn Waiting,
    lines: usize,
) -> Result<Outcome<P::Carry>, Fault> {
    if configured.proxy.is_nginx {
        return nginx::request::decide(configured, lines);
    }
    let lines = Lines::read(Map::Request, configured.policy.needs().request)?;
    let head = RequestHead { headers: lines.headers() };
    let step = configured
        .with_env(waiting, |policy, state, env| policy.on_request(&head, state, env))
        .ok_or(Fault::Reentered)?;
    match step {
        Step::Continue { edits, carry, decision } => {
            configured.counters().count(decision);
            apply(Map::Request, &edits)?;
            Ok(Outcome::Continue(carry))
        }
        Step::Reply { edits, reply, decision } => {
            configured.counters().count(decision);
            apply(Map::Request, &edits)?;
            let replier = configured.replier().ok_or(Fault::Reentered)?;
            send(&reply, replier, decision)?;
            Ok(Outcome::Replied)
        }
        Step::Wait { queue, until } => Ok(Outcome::Wait { queue, until }),
    }
}

impl<P: Policy> Configured<P> {
    pub(crate) fn replier(&self) -> Option<&'static str> {
        self.state.try_borrow().ok().map(|state| P::replier(&state))
    }

    /// Calls the policy with its state and the host's ports; `None` if it is being called already.
    pub(crate) fn with_env<'p, T>(
        &'p self,
        waiting: &dyn Waiting,
        call: impl FnOnce(&'p P, &mut P::State, &Env<'_>) -> T,
    ) -> Option<T> {
        let proxy = &self.proxy;
        let env = Env {
            host: proxy,
            clock: proxy,
            store: proxy,
            connection: proxy,
            random: proxy,
            metrics: self.counters(),
            attributes: proxy,
            verify: proxy,
            waiting,
        };
        let mut state = self.state.try_borrow_mut().ok()?;
        Some(call(&self.policy, &mut state, &env))
    }
}

/// What should not happen, and must not end in a panic either.
pub(crate) enum Fault {
    /// A request came before a configuration was accepted.
    NotConfigured,
    /// The host called into a call, or a policy waits where it may not.
    Reentered,
    /// A host call failed: what it should have done, and the host's status.
    Host(&'static str, Status),
    /// What the policy wants, this host cannot do.
    Unable(String),
}

impl Fault {
    /// Closed: what could not be checked does not pass.
    pub(crate) fn refuse<P: Policy>(&self) {
        self.log::<P>("request");
        let _ = local_reply::send(500, "novasphere_fault", &[], b"", INTERNAL);
    }

    pub(crate) fn log<P: Policy>(&self, phase: &str) {
        log::error(P::NAME, format_args!("{self} in the {phase} phase"));
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotConfigured => f.write_str("not configured: the log says why, further up"),
            Fault::Reentered => f.write_str("called by the host inside a call"),
            Fault::Host(what, Status(status)) => {
                write!(f, "could not {what}: host status {status}")
            }
            Fault::Unable(what) => write!(f, "cannot {what}"),
        }
    }
}

/// Carries out edits.
pub(crate) fn apply(map: Map, edits: &[Edit<'_>]) -> Result<(), Fault> {
    for edit in edits {
        let result = match edit {
            Edit::Set(name, value) => {
                hostcalls::replace_header(map, name.as_str().as_bytes(), value)
            }
            Edit::Add(name, value) => hostcalls::add_header(map, name.as_str().as_bytes(), value),
            Edit::Remove(name) => hostcalls::remove_header(map, name.as_str().as_bytes()),
            Edit::RemoveFound(name) => hostcalls::remove_header(map, name.as_str().as_bytes()),
            Edit::Target(target) => hostcalls::replace_header(map, b":path", target),
        };
        result.map_err(|status| Fault::Host("edit headers", status))?;
    }
    Ok(())
}

pub(crate) fn send(reply: &Reply<'_>, replier: &str, decision: &str) -> Result<(), Fault> {
    let lines: Vec<(&[u8], &[u8])> =
        reply.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value)).collect();
    // Shown by the access log as %RESPONSE_CODE_DETAILS%.
    let details = format!("novasphere_{replier}:{decision}");
    let grpc_status = reply.grpc_status.map_or_else(|| grpc_status(reply.status), i32::from);
    local_reply::send(reply.status, &details, &lines, &reply.body, grpc_status)
}

const INTERNAL: i32 = 13;

/// What a gRPC client is told instead of an HTTP status; -1 leaves it to the host. A client over
/// its limit gets RESOURCE_EXHAUSTED, which hosts would make UNAVAILABLE, and clients retry that.
fn grpc_status(status: u16) -> i32 {
    match status {
        401 => 16,
        403 => 7,
        429 => 8,
        _ => -1,
    }
}
