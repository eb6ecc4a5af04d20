//! A filter in the chain, of any kind.

use novasphere_core::{
    CalloutResult, Decision, Env, FetchError, FetchResponse, Filter, HeaderInterest,
    HeaderMutation, LocalResponse, MetricDefinition, RequestHead, ResponseHead, TimerActions,
};
use novasphere_cors::Cors;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;

use crate::config::FilterKind;

/// A configured filter.
#[derive(Debug)]
pub(crate) enum ChainEntry {
    Cors(Cors),
    JwtAuth(Box<JwtAuth>),
    RateLimit(Box<RateLimit>),
    HeaderTransform(Box<HeaderTransform>),
}

/// The states of all filters in one worker.
#[derive(Default)]
pub struct States {
    cors: <Cors as Filter>::State,
    jwt_auth: <JwtAuth as Filter>::State,
    rate_limit: <RateLimit as Filter>::State,
    header_transform: <HeaderTransform as Filter>::State,
    /// The filter that made the last local response.
    pub(crate) responder: &'static str,
}

/// The data a filter hands to its response.
pub(crate) enum EntryCarry {
    Cors(<Cors as Filter>::Carry),
    JwtAuth(<JwtAuth as Filter>::Carry),
    RateLimit(<RateLimit as Filter>::Carry),
    HeaderTransform(<HeaderTransform as Filter>::Carry),
}

/// A filter's decision to continue.
pub(crate) struct Continued {
    pub(crate) reason: &'static str,
    pub(crate) carry: EntryCarry,
}

/// Evaluates `$call` with the filter as `$filter`.
macro_rules! with_filter {
    ($entry:expr, |$filter:ident| $call:expr) => {
        match $entry {
            ChainEntry::Cors($filter) => $call,
            ChainEntry::JwtAuth($filter) => $call,
            ChainEntry::RateLimit($filter) => $call,
            ChainEntry::HeaderTransform($filter) => $call,
        }
    };
}

/// Evaluates `$call` with the filter as `$filter`, its state as `$state` and the constructor of its
/// [`EntryCarry`] as `$carry`.
macro_rules! with_state {
    ($entry:expr, $states:expr, |$filter:ident, $state:ident, $carry:ident| $call:expr) => {
        match $entry {
            ChainEntry::Cors($filter) => {
                let ($state, $carry) = (&mut $states.cors, EntryCarry::Cors);
                $call
            }
            ChainEntry::JwtAuth($filter) => {
                let ($state, $carry) = (&mut $states.jwt_auth, EntryCarry::JwtAuth);
                $call
            }
            ChainEntry::RateLimit($filter) => {
                let ($state, $carry) = (&mut $states.rate_limit, EntryCarry::RateLimit);
                $call
            }
            ChainEntry::HeaderTransform($filter) => {
                let ($state, $carry) = (&mut $states.header_transform, EntryCarry::HeaderTransform);
                $call
            }
        }
    };
}

impl FilterKind {
    /// The filter's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FilterKind::Cors => Cors::NAME,
            FilterKind::JwtAuth => JwtAuth::NAME,
            FilterKind::RateLimit => RateLimit::NAME,
            FilterKind::HeaderTransform => HeaderTransform::NAME,
        }
    }

    /// The filter's reasons.
    pub(crate) const fn reasons(self) -> &'static [&'static str] {
        match self {
            FilterKind::Cors => Cors::REASONS,
            FilterKind::JwtAuth => JwtAuth::REASONS,
            FilterKind::RateLimit => RateLimit::REASONS,
            FilterKind::HeaderTransform => HeaderTransform::REASONS,
        }
    }

    /// The filter's events.
    pub(crate) const fn events(self) -> &'static [&'static str] {
        match self {
            FilterKind::Cors => Cors::EVENTS,
            FilterKind::JwtAuth => JwtAuth::EVENTS,
            FilterKind::RateLimit => RateLimit::EVENTS,
            FilterKind::HeaderTransform => HeaderTransform::EVENTS,
        }
    }
}

impl ChainEntry {
    pub(crate) fn kind(&self) -> FilterKind {
        match self {
            ChainEntry::Cors(_) => FilterKind::Cors,
            ChainEntry::JwtAuth(_) => FilterKind::JwtAuth,
            ChainEntry::RateLimit(_) => FilterKind::RateLimit,
            ChainEntry::HeaderTransform(_) => FilterKind::HeaderTransform,
        }
    }

    pub(crate) fn request_headers(&self) -> &HeaderInterest {
        with_filter!(self, |filter| filter.request_headers())
    }

    pub(crate) fn response_headers(&self) -> &HeaderInterest {
        with_filter!(self, |filter| filter.response_headers())
    }

    pub(crate) fn uses_timer(&self) -> bool {
        with_filter!(self, |filter| filter.uses_timer())
    }

    pub(crate) fn timer_is_optional(&self) -> bool {
        with_filter!(self, |filter| filter.timer_is_optional())
    }

    pub(crate) fn uses_shared_data(&self) -> bool {
        with_filter!(self, |filter| filter.uses_shared_data())
    }

    pub(crate) fn metric_definitions(&self) -> Vec<MetricDefinition> {
        with_filter!(self, |filter| filter.metric_definitions())
    }

    pub(crate) fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Decision<'f, EntryCarry> {
        with_state!(self, states, |filter, state, carry| map_carry(
            filter.on_request(head, state, env),
            carry
        ))
    }

    pub(crate) fn on_response<'f>(
        &'f self,
        carry: EntryCarry,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        match (self, carry) {
            (ChainEntry::Cors(filter), EntryCarry::Cors(carry)) => filter.on_response(carry, head),
            (ChainEntry::JwtAuth(filter), EntryCarry::JwtAuth(carry)) => {
                filter.on_response(carry, head)
            }
            (ChainEntry::RateLimit(filter), EntryCarry::RateLimit(carry)) => {
                filter.on_response(carry, head)
            }
            (ChainEntry::HeaderTransform(filter), EntryCarry::HeaderTransform(carry)) => {
                filter.on_response(carry, head)
            }
            // A carry returns to the filter that made it.
            _ => Vec::new(),
        }
    }

    pub(crate) fn on_local_response<'f>(
        &'f self,
        carry: Option<EntryCarry>,
        request: &RequestHead<'_>,
        env: &Env<'_>,
        response: &mut LocalResponse<'f>,
    ) {
        // A carry returns to the filter that made it.
        macro_rules! pass {
            ($filter:expr, $kind:ident) => {{
                let carry = match carry {
                    Some(EntryCarry::$kind(carry)) => Some(carry),
                    _ => None,
                };
                $filter.on_local_response(carry, request, env, response);
            }};
        }
        match self {
            ChainEntry::Cors(filter) => pass!(filter, Cors),
            ChainEntry::JwtAuth(filter) => pass!(filter, JwtAuth),
            ChainEntry::RateLimit(filter) => pass!(filter, RateLimit),
            ChainEntry::HeaderTransform(filter) => pass!(filter, HeaderTransform),
        }
    }

    pub(crate) fn on_orphaned_callout(
        &self,
        result: CalloutResult<'_>,
        states: &mut States,
        env: &Env<'_>,
    ) {
        with_state!(self, states, |filter, state, _carry| {
            filter.on_orphaned_callout(result, state, env);
        });
    }

    pub(crate) fn on_timer(&self, states: &mut States, env: &Env<'_>) -> TimerActions {
        with_state!(self, states, |filter, state, _carry| filter.on_timer(state, env))
    }

    pub(crate) fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        states: &mut States,
        env: &Env<'_>,
    ) -> TimerActions {
        with_state!(self, states, |filter, state, _carry| {
            filter.on_fetch(purpose, response, state, env)
        })
    }

    pub(crate) fn abandon_fetches(&self, states: &mut States, env: &Env<'_>) {
        with_state!(self, states, |filter, state, _carry| filter.abandon_fetches(state, env));
    }
}

fn map_carry<'f, C>(
    decision: Decision<'f, C>,
    map: fn(C) -> EntryCarry,
) -> Decision<'f, EntryCarry> {
    match decision {
        Decision::Continue { mutations, carry, reason } => {
            Decision::Continue { mutations, carry: map(carry), reason }
        }
        Decision::Pause { queue, until, ticket } => Decision::Pause { queue, until, ticket },
        Decision::Call(callout) => Decision::Call(callout),
        Decision::Respond { mutations, response, reason } => {
            Decision::Respond { mutations, response, reason }
        }
    }
}
