//! One decision about a request, carried out.

use std::fmt;

use novasphere_core::{
    CalloutResult, Decision, Env, Filter, HeaderMutation, LocalResponse, Metrics, PendingQueues,
    RequestHead, UnixTime,
};

use crate::{
    calls::UnderWay,
    hostcalls::{self, Map, Status},
    lines::Lines,
    local_reply, log,
    mutations::{self, Call},
    nginx,
    ports::Time,
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
    /// It is held until that call ends.
    Call(UnderWay),
}

/// The request of the stream that the host is being called about.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) stream: u32,
    /// Header lines.
    pub(crate) lines: usize,
    pub(crate) pending: &'a dyn PendingQueues,
    pub(crate) callout: Option<CalloutResult<'a>>,
}

/// Asks the policy about a request, and does what it says.
pub(crate) fn decide<P: Filter + 'static>(
    configured: &Configured<P>,
    request: Request<'_>,
) -> Result<Outcome<P::Carry>, Fault> {
    if configured.proxy.is_nginx {
        return nginx::request::decide(configured, request);
    }
    let lines = Lines::read(Map::Request, configured.policy.request_headers())?;
    let head = RequestHead { headers: lines.headers() };
    let lack = |name: &str| lines.lack(&head.headers, name);
    let step = configured
        .with_env(request.pending, request.callout, |policy, state, env| {
            policy.on_request(&head, state, env)
        })
        .ok_or(Fault::Reentered)?;
    match step {
        Decision::Continue { mutations, carry, reason } => {
            configured.counters().count(reason);
            apply(Map::Request, lack, &mutations)?;
            Ok(Outcome::Continue(carry))
        }
        Decision::Respond { mutations, response, reason } => {
            configured.counters().count(reason);
            apply(Map::Request, lack, &mutations)?;
            let responder = configured.responder().ok_or(Fault::Reentered)?;
            send(&response, responder, reason)?;
            Ok(Outcome::Replied)
        }
        Decision::Pause { queue, until } => Ok(Outcome::Wait { queue, until }),
        Decision::Call(call) => hold(configured, request, &call),
    }
}

/// Makes a call that a request waits for. One that cannot be made is answered at once.
pub(crate) fn hold<P: Filter + 'static>(
    configured: &Configured<P>,
    request: Request<'_>,
    call: &novasphere_core::Callout<'_>,
) -> Result<Outcome<P::Carry>, Fault> {
    if request.callout.is_some() {
        return Err(Fault::Unable("call twice for a request".to_owned()));
    }
    match configured.calls.send(request.stream, call, configured.me.clone()) {
        Ok(under_way) => Ok(Outcome::Call(under_way)),
        Err(error) => {
            let response = Err(error);
            let callout = Some(CalloutResult { ticket: &call.ticket, response: &response });
            decide(configured, Request { callout, ..request })
        }
    }
}

/// Lets the request go on that was held.
pub(crate) fn go_on() -> Result<(), Fault> {
    hostcalls::continue_request().map_err(|status| Fault::Host("let a request go on", status))
}

impl<P: Filter> Configured<P> {
    pub(crate) fn responder(&self) -> Option<&'static str> {
        self.state.try_borrow().ok().map(|state| P::responder(&state))
    }

    /// Calls the policy with its state and the host's ports; `None` if it is being called already.
    pub(crate) fn with_env<'f, T>(
        &'f self,
        pending: &dyn PendingQueues,
        callout: Option<CalloutResult<'_>>,
        call: impl FnOnce(&'f P, &mut P::State, &Env<'_>) -> T,
    ) -> Option<T> {
        let proxy = &self.proxy;
        let env = Env {
            host: proxy,
            clock: proxy,
            shared_data: proxy,
            connection: proxy,
            random: proxy,
            metrics: self.counters(),
            attributes: proxy,
            verify: proxy,
            pending,
            callout,
        };
        let mut state = self.state.try_borrow_mut().ok()?;
        proxy.time.set(Time::Stands(None));
        let result = call(&self.policy, &mut state, &env);
        proxy.time.set(Time::Runs);
        Some(result)
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
    pub(crate) fn refuse<P: Filter>(&self) {
        self.log::<P>("request");
        let _ = local_reply::send(500, "novasphere_fault", &[], b"", INTERNAL);
    }

    pub(crate) fn log<P: Filter>(&self, phase: &str) {
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

/// Carries out mutations of a head for which `lack` tells what is not in it.
pub(crate) fn apply(
    map: Map,
    lack: impl Fn(&str) -> bool,
    mutations: &[HeaderMutation<'_>],
) -> Result<(), Fault> {
    for call in mutations::calls(mutations, lack) {
        match call {
            Call::Replace(name, value) => hostcalls::replace_header(map, name, value),
            Call::Add(name, value) => hostcalls::add_header(map, name, value),
            Call::Remove(name) => hostcalls::remove_header(map, name),
        }
        .map_err(|status| Fault::Host("edit headers", status))?;
    }
    Ok(())
}

pub(crate) fn send(
    response: &LocalResponse<'_>,
    responder: &str,
    reason: &str,
) -> Result<(), Fault> {
    let lines: Vec<(&[u8], &[u8])> =
        response.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value)).collect();
    // Shown by the access log as %RESPONSE_CODE_DETAILS%.
    let details = format!("novasphere_{responder}:{reason}");
    let grpc_status = response.grpc_status.map_or_else(|| grpc_status(response.status), i32::from);
    local_reply::send(response.status, &details, &lines, &response.body, grpc_status)
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
