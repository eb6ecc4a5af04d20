//! One request.

use std::{fmt, rc::Rc};

use novasphere_core::{
    Edit, Env, Headers, Metrics, Policy, Read, Reply, RequestHead, ResponseHead, Step,
};
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{
    header_map,
    hostcalls::{self, Map, Status},
    root::Configured,
};

/// A request and its response. Bodies are not touched.
pub(crate) struct Stream<P: Policy> {
    configured: Option<Rc<Configured<P>>>,
    /// From the policy's `Continue` until the response's head.
    carry: Option<P::Carry>,
}

impl<P: Policy> Stream<P> {
    pub(crate) fn new(configured: Option<Rc<Configured<P>>>) -> Self {
        Self { configured, carry: None }
    }

    fn on_request(&mut self) -> Result<Action, Fault> {
        let configured = self.configured.clone().ok_or(Fault::NotConfigured)?;
        let proxy = &configured.proxy;
        let env = Env {
            clock: proxy,
            store: proxy,
            connection: proxy,
            random: proxy,
            metrics: &configured.counters,
            verify: proxy,
        };
        let map = read(Map::Request, configured.policy.needs().request)?;
        let head = RequestHead { headers: Headers::borrowed(header_map::lines(&map)) };
        let step = {
            let mut state = configured.state.try_borrow_mut().map_err(|_| Fault::Reentered)?;
            configured.policy.on_request(&head, &mut state, &env)
        };
        match step {
            Step::Continue { edits, carry, decision } => {
                configured.counters.count(decision);
                apply(Map::Request, &edits)?;
                self.carry = Some(carry);
                Ok(Action::Continue)
            }
            Step::Reply { edits, reply, decision } => {
                configured.counters.count(decision);
                apply(Map::Request, &edits)?;
                send::<P>(&reply, decision)?;
                Ok(Action::Pause)
            }
        }
    }

    fn on_response(&mut self) -> Result<(), Fault> {
        // None after this filter's own reply, and on hosts that show it a later filter's.
        let (Some(carry), Some(configured)) = (self.carry.take(), &self.configured) else {
            return Ok(());
        };
        let map = read(Map::Response, configured.policy.needs().response)?;
        let head = ResponseHead { headers: Headers::borrowed(header_map::lines(&map)) };
        apply(Map::Response, &configured.policy.on_response(carry, &head))
    }
}

impl<P: Policy> Context for Stream<P> {}

impl<P: Policy> HttpContext for Stream<P> {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        self.on_request().unwrap_or_else(|fault| {
            fault.log::<P>("request");
            // Closed: what could not be checked does not pass.
            let _ = hostcalls::send_local_response(500, b"novasphere_fault", &[], b"", INTERNAL);
            Action::Pause
        })
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        if let Err(fault) = self.on_response() {
            fault.log::<P>("response");
        }
        Action::Continue
    }
}

/// What should not happen, and must not end in a panic either.
enum Fault {
    /// A request came before a configuration was accepted.
    NotConfigured,
    /// The host called into a call.
    Reentered,
    /// A host call failed: what it should have done, and the host's status.
    Host(&'static str, Status),
}

impl Fault {
    fn log<P: Policy>(&self, phase: &str) {
        log::error!("novasphere {}: {self} in the {phase} phase", P::NAME);
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotConfigured => f.write_str("not configured"),
            Fault::Reentered => f.write_str("called by the host inside a call"),
            Fault::Host(what, Status(status)) => {
                write!(f, "could not {what}: host status {status}")
            }
        }
    }
}

fn read(map: Map, read: Read) -> Result<Vec<u8>, Fault> {
    match read {
        Read::Nothing => Ok(Vec::new()),
        Read::Whole => hostcalls::header_map(map).map_err(|s| Fault::Host("read headers", s)),
    }
}

fn apply(map: Map, edits: &[Edit<'_>]) -> Result<(), Fault> {
    for edit in edits {
        let result = match edit {
            Edit::Set(name, value) => {
                hostcalls::replace_header(map, name.as_str().as_bytes(), value)
            }
            Edit::Add(name, value) => hostcalls::add_header(map, name.as_str().as_bytes(), value),
            Edit::Remove(name) => hostcalls::remove_header(map, name.as_str().as_bytes()),
            Edit::Target(target) => hostcalls::replace_header(map, b":path", target),
        };
        result.map_err(|status| Fault::Host("edit headers", status))?;
    }
    Ok(())
}

fn send<P: Policy>(reply: &Reply<'_>, decision: &str) -> Result<(), Fault> {
    let lines: Vec<(&[u8], &[u8])> =
        reply.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value)).collect();
    // Shown by the access log as %RESPONSE_CODE_DETAILS%.
    let details = format!("novasphere_{}:{decision}", P::NAME);
    hostcalls::send_local_response(
        reply.status,
        details.as_bytes(),
        &header_map::serialise(&lines),
        &reply.body,
        grpc_status(reply.status),
    )
    .map_err(|status| Fault::Host("send a reply", status))
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
