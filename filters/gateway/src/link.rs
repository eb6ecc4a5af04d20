//! One filter of the chain, whichever it is.

use novasphere_core::{
    Answer, ConfigErrors, Duty, Edit, Env, FetchError, FetchReply, Host, Needs, OwnMetric, Policy,
    RequestHead, ResponseHead, Step,
};
use novasphere_cors::Cors;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use serde::Deserialize;

use crate::reads::seen_by;

/// The filters a chain can have.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    #[default]
    Cors,
    JwtAuth,
    RateLimit,
    HeaderTransform,
}

/// A filter, configured.
#[derive(Debug)]
pub(crate) enum Link {
    Cors(Cors),
    JwtAuth(Box<JwtAuth>),
    RateLimit(Box<RateLimit>),
    HeaderTransform(Box<HeaderTransform>),
}

/// What one worker remembers of all filters.
#[derive(Default)]
pub struct States {
    cors: <Cors as Policy>::State,
    jwt_auth: <JwtAuth as Policy>::State,
    rate_limit: <RateLimit as Policy>::State,
    header_transform: <HeaderTransform as Policy>::State,
    /// Who replied last.
    pub(crate) replier: &'static str,
}

/// What one filter hands to its response.
pub(crate) enum LinkCarry {
    Cors(<Cors as Policy>::Carry),
    JwtAuth(<JwtAuth as Policy>::Carry),
    RateLimit(<RateLimit as Policy>::Carry),
    HeaderTransform(<HeaderTransform as Policy>::Carry),
}

/// Calls `$call` with the policy as `$policy` and its state as `$state`, whichever it is.
macro_rules! with_state {
    ($link:expr, $states:expr, |$policy:ident, $state:ident, $carry:ident| $call:expr) => {
        match $link {
            Link::Cors($policy) => {
                let ($state, $carry) = (&mut $states.cors, LinkCarry::Cors);
                $call
            }
            Link::JwtAuth($policy) => {
                let ($state, $carry) = (&mut $states.jwt_auth, LinkCarry::JwtAuth);
                $call
            }
            Link::RateLimit($policy) => {
                let ($state, $carry) = (&mut $states.rate_limit, LinkCarry::RateLimit);
                $call
            }
            Link::HeaderTransform($policy) => {
                let ($state, $carry) = (&mut $states.header_transform, LinkCarry::HeaderTransform);
                $call
            }
        }
    };
}

impl Kind {
    /// All, in the order of a chain that says no other.
    pub(crate) const ALL: [Kind; 4] =
        [Kind::Cors, Kind::JwtAuth, Kind::RateLimit, Kind::HeaderTransform];

    /// The member of the configuration that it has.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Kind::Cors => "cors",
            Kind::JwtAuth => "jwt_auth",
            Kind::RateLimit => "rate_limit",
            Kind::HeaderTransform => "header_transform",
        }
    }

    /// The filter of a configuration.
    pub(crate) fn configure(self, config: &[u8], host: &dyn Host) -> Result<Link, ConfigErrors> {
        Ok(match self {
            Kind::Cors => Link::Cors(Cors::configure(config, host)?),
            Kind::JwtAuth => Link::JwtAuth(Box::new(JwtAuth::configure(config, host)?)),
            Kind::RateLimit => Link::RateLimit(Box::new(RateLimit::configure(config, host)?)),
            Kind::HeaderTransform => {
                Link::HeaderTransform(Box::new(HeaderTransform::configure(config, host)?))
            }
        })
    }

    /// The filter's own name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Cors => Cors::NAME,
            Kind::JwtAuth => JwtAuth::NAME,
            Kind::RateLimit => RateLimit::NAME,
            Kind::HeaderTransform => HeaderTransform::NAME,
        }
    }

    /// The filter's decisions.
    pub(crate) const fn decisions(self) -> &'static [&'static str] {
        match self {
            Kind::Cors => Cors::DECISIONS,
            Kind::JwtAuth => JwtAuth::DECISIONS,
            Kind::RateLimit => RateLimit::DECISIONS,
            Kind::HeaderTransform => HeaderTransform::DECISIONS,
        }
    }

    /// The filter's events.
    pub(crate) const fn events(self) -> &'static [&'static str] {
        match self {
            Kind::Cors => Cors::EVENTS,
            Kind::JwtAuth => JwtAuth::EVENTS,
            Kind::RateLimit => RateLimit::EVENTS,
            Kind::HeaderTransform => HeaderTransform::EVENTS,
        }
    }
}

impl Link {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Link::Cors(_) => Kind::Cors,
            Link::JwtAuth(_) => Kind::JwtAuth,
            Link::RateLimit(_) => Kind::RateLimit,
            Link::HeaderTransform(_) => Kind::HeaderTransform,
        }
    }

    pub(crate) fn needs(&self) -> Needs<'_> {
        match self {
            Link::Cors(policy) => policy.needs(),
            Link::JwtAuth(policy) => policy.needs(),
            Link::RateLimit(policy) => policy.needs(),
            Link::HeaderTransform(policy) => policy.needs(),
        }
    }

    pub(crate) fn own_metrics(&self) -> Vec<OwnMetric> {
        match self {
            Link::Cors(policy) => policy.own_metrics(),
            Link::JwtAuth(policy) => policy.own_metrics(),
            Link::RateLimit(policy) => policy.own_metrics(),
            Link::HeaderTransform(policy) => policy.own_metrics(),
        }
    }

    pub(crate) fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Step<'p, LinkCarry> {
        with_state!(self, states, |policy, state, carry| carried(
            policy.on_request(head, state, env),
            carry
        ))
    }

    pub(crate) fn on_response<'p>(
        &'p self,
        carry: LinkCarry,
        head: &ResponseHead<'_>,
    ) -> Vec<Edit<'p>> {
        match (self, carry) {
            (Link::Cors(policy), LinkCarry::Cors(carry)) => policy.on_response(carry, head),
            (Link::JwtAuth(policy), LinkCarry::JwtAuth(carry)) => policy.on_response(carry, head),
            (Link::RateLimit(policy), LinkCarry::RateLimit(carry)) => {
                policy.on_response(carry, head)
            }
            (Link::HeaderTransform(policy), LinkCarry::HeaderTransform(carry)) => {
                policy.on_response(carry, head)
            }
            // A carry goes back to where it came from.
            _ => Vec::new(),
        }
    }

    pub(crate) fn on_unclaimed(&self, answer: Answer<'_>, states: &mut States, env: &Env<'_>) {
        with_state!(self, states, |policy, state, _carry| policy.on_unclaimed(answer, state, env));
    }

    /// Whether it makes a difference to the filter that the head of a response was edited so.
    pub(crate) fn sees_response_edits(&self, edits: &[Edit<'_>], head: &ResponseHead<'_>) -> bool {
        match self {
            Link::Cors(_) => edits.iter().any(|edit| novasphere_cors::looks_at(edit.name())),
            _ => seen_by(self.needs().response, edits, &head.headers),
        }
    }

    pub(crate) fn on_timer(&self, states: &mut States, env: &Env<'_>) -> Duty {
        with_state!(self, states, |policy, state, _carry| policy.on_timer(state, env))
    }

    pub(crate) fn on_fetched(
        &self,
        purpose: usize,
        reply: Result<FetchReply<'_>, FetchError>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Duty {
        with_state!(self, states, |policy, state, _carry| {
            policy.on_fetched(purpose, reply, state, env)
        })
    }
}

fn carried<'p, C>(step: Step<'p, C>, carried: fn(C) -> LinkCarry) -> Step<'p, LinkCarry> {
    match step {
        Step::Continue { edits, carry, decision } => {
            Step::Continue { edits, carry: carried(carry), decision }
        }
        Step::Wait { queue, until } => Step::Wait { queue, until },
        Step::Call(call) => Step::Call(call),
        Step::Reply { edits, reply, decision } => Step::Reply { edits, reply, decision },
    }
}
