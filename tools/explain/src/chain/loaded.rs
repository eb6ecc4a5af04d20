//! A loaded filter of any kind.

use std::{any::Any, borrow::Cow, rc::Rc};

use novasphere_core::{
    CalloutResult, Decision, Env, FetchError, FetchResponse, Filter, HeaderInterest,
    HeaderMutation, HeaderName, Headers, Host, LocalResponse, RequestHead, ResponseHead,
    TimerActions, UnixTime, testing,
    trace::{self, TraceEvent, TracedMutation},
};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;

use super::world::World;
use crate::{FilterKind, Line, Response};

/// A loaded filter with its state and the data for its response.
pub(super) trait AnyFilter {
    /// Decides about a request.
    fn request(&mut self, lines: &[Line], world: &World, again: Again<'_>) -> Decided;

    /// Changes a response, if the filter continued the request.
    fn response(&mut self, response: &mut Response);

    fn uses_timer(&self) -> bool;

    fn on_timer(&mut self, world: &World) -> TimerActions;

    fn on_fetch(
        &mut self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        world: &World,
    ) -> TimerActions;
}

/// Why a filter is asked again.
#[derive(Clone, Copy, Default)]
pub(super) struct Again<'a> {
    pub(super) callout: Option<CalloutResult<'a>>,
    pub(super) ticket: Option<&'a Rc<dyn Any>>,
}

/// A decision that borrows nothing.
pub(super) enum Decided {
    /// The request continues with these lines.
    Continues {
        lines: Vec<Line>,
        mutations: Vec<TracedMutation>,
    },
    Responds {
        local: Local,
        /// The filter that made the response.
        filter: &'static str,
        reason: &'static str,
    },
    Waits {
        until: UnixTime,
        ticket: Rc<dyn Any>,
    },
    Calls {
        ticket: Rc<dyn Any>,
        body: Vec<u8>,
    },
}

/// A local response that borrows nothing. See [`novasphere_core::LocalResponse`].
pub(super) struct Local {
    pub(super) response: Response,
    pub(super) rate_limited: bool,
    pub(super) grpc_status: Option<u8>,
    pub(super) message: String,
}

/// Loads a configuration.
///
/// # Errors
/// The faults.
pub(super) fn load(
    kind: FilterKind,
    json: &[u8],
    host: &dyn Host,
) -> Result<Box<dyn AnyFilter>, novasphere_core::ConfigErrors> {
    Ok(match kind {
        FilterKind::Cors => Box::new(Loaded::<Cors>::new(json, host)?),
        FilterKind::JwtAuth => Box::new(Loaded::<JwtAuth>::new(json, host)?),
        FilterKind::RateLimit => Box::new(Loaded::<RateLimit>::new(json, host)?),
        FilterKind::HeaderTransform => Box::new(Loaded::<HeaderTransform>::new(json, host)?),
        FilterKind::Gateway => Box::new(Loaded::<Gateway>::new(json, host)?),
    })
}

impl From<LocalResponse<'_>> for Local {
    fn from(local: LocalResponse<'_>) -> Self {
        let line = |(name, value): &(&HeaderName, Cow<'_, [u8]>)| {
            (name.as_str().as_bytes().to_vec(), value.to_vec())
        };
        Self {
            response: Response {
                status: local.status,
                headers: local.headers.iter().map(line).collect(),
                body: local.body.into_owned(),
            },
            rate_limited: local.rate_limited,
            grpc_status: local.grpc_status,
            message: local.message.into_owned(),
        }
    }
}

struct Loaded<F: Filter> {
    filter: F,
    state: F::State,
    carry: Option<F::Carry>,
}

impl<F: Filter> Loaded<F> {
    fn new(json: &[u8], host: &dyn Host) -> Result<Self, novasphere_core::ConfigErrors> {
        let filter = F::from_json(json, host)?;
        Ok(Self { filter, state: F::State::default(), carry: None })
    }

    /// A chain reports the steps of its filters itself.
    const IS_CHAIN: bool = F::REASONS.is_empty();

    fn env<'w>(&self, world: &'w World) -> Env<'w> {
        world.env(F::NAME, self.filter.metric_definitions())
    }
}

impl<F: Filter> AnyFilter for Loaded<F> {
    fn request(&mut self, lines: &[Line], world: &World, again: Again<'_>) -> Decided {
        self.carry = None;
        if !Self::IS_CHAIN {
            trace::event(|| TraceEvent::Starts { filter: F::NAME });
        }
        let env = Env { callout: again.callout, ticket: again.ticket, ..self.env(world) };
        let head = RequestHead { headers: visible(lines, self.filter.request_headers()) };
        let decision = self.filter.on_request(&head, &mut self.state, &env);
        if !Self::IS_CHAIN {
            trace::event(|| TraceEvent::decision(F::NAME, &decision));
        }
        match decision {
            Decision::Continue { mutations, carry, .. } => {
                self.carry = Some(carry);
                let traced = TracedMutation::all(&mutations);
                Decided::Continues { lines: mutated(lines, &mutations), mutations: traced }
            }
            Decision::Pause { until, ticket, .. } => Decided::Waits { until, ticket },
            Decision::Call(callout) => {
                Decided::Calls { ticket: Rc::clone(&callout.ticket), body: callout.body }
            }
            Decision::Respond { response, reason, .. } => {
                let filter = F::responder(&self.state);
                Decided::Responds { local: Local::from(*response), filter, reason }
            }
        }
    }

    fn response(&mut self, response: &mut Response) {
        let Some(carry) = self.carry.take() else { return };
        let lines = response.lines();
        let head = ResponseHead { headers: visible(&lines, self.filter.response_headers()) };
        let mutations = self.filter.on_response(carry, &head);
        if !Self::IS_CHAIN {
            trace::event(|| TraceEvent::ChangesResponse {
                filter: F::NAME,
                mutations: TracedMutation::all(&mutations),
            });
        }
        let mut lines = mutated(&lines, &mutations);
        lines.retain(|(name, _)| !name.starts_with(b":"));
        response.headers = lines;
    }

    fn uses_timer(&self) -> bool {
        self.filter.uses_timer()
    }

    fn on_timer(&mut self, world: &World) -> TimerActions {
        let env = self.env(world);
        self.filter.on_timer(&mut self.state, &env)
    }

    fn on_fetch(
        &mut self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        world: &World,
    ) -> TimerActions {
        let env = self.env(world);
        self.filter.on_fetch(purpose, response, &mut self.state, &env)
    }
}

/// Only the lines the filter asked for.
fn visible<'l>(lines: &'l [Line], interest: &HeaderInterest) -> Headers<'l> {
    let lines: Vec<(&[u8], &[u8])> = lines.iter().map(|(n, v)| (&n[..], &v[..])).collect();
    testing::visible_headers(&lines, interest)
}

/// The lines after mutations.
fn mutated(lines: &[Line], mutations: &[HeaderMutation<'_>]) -> Vec<Line> {
    let mut headers = Headers::borrowed(lines.iter().map(|(n, v)| (&n[..], &v[..])));
    headers.apply(mutations);
    headers.lines().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}
