//! The filter: which origins are allowed, and how a response shows it.

use novasphere_core::{
    BuildContext, Decision, Env, FieldHints, Filter, HeaderInterest, HeaderMutation, RequestHead,
    ResponseHead,
    trace::{self, Note},
};

use crate::{
    block,
    build::{self, Settings},
    config::Config,
    decision::Reason,
    field_hints::FIELD_HINTS,
    origin::RequestOrigin,
    policy::{AllowOriginValue, AllowedOrigin, Policy},
    preflight::{self, PreflightMode},
    response,
    vary::{self, VaryFields},
};

/// The configured cors filter.
#[derive(Clone, Debug)]
pub struct Cors {
    /// The first policy that allows an origin decides.
    policies: Vec<Policy>,
    /// Whether every response is the same, whatever the request.
    is_constant: bool,
    preflight_mode: PreflightMode,
    /// The request headers that a preflight response depends on.
    preflight_vary: VaryFields,
    block_disallowed: bool,
}

/// The data a request hands to its response.
#[derive(Clone, Debug)]
pub struct CorsCarry {
    grant: Option<Grant>,
    /// Whether the upstream responds to a preflight.
    is_preflight: bool,
}

/// The permission of an allowed origin.
#[derive(Clone, Debug)]
struct Grant {
    /// The index of the policy that allows the origin.
    policy: usize,
    origin: AllowedOrigin,
}

/// The attribute with the decision about a request from a disallowed origin that goes to the
/// upstream. Otherwise the access log would not show it.
const DECISION_ATTRIBUTE: &str = "cors_decision";

/// The three headers for an allowed origin, and `Vary`.
const USUAL_MUTATIONS: usize = 4;

impl Filter for Cors {
    const NAME: &'static str = "cors";
    const REASONS: &'static [&'static str] = Reason::NAMES;
    const FIELD_HINTS: &'static [(&'static str, FieldHints)] = &[("", FIELD_HINTS)];
    type Config = Config;
    type State = ();
    type Carry = CorsCarry;

    #[cold]
    fn build(config: Config, cx: &mut BuildContext<'_>) -> Self {
        Self::new(build::build(config, cx))
    }

    fn request_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    /// The whole head. Only it shows all lines of `Vary`, and probing for the CORS headers by name
    /// costs more. `tests/header_interest.rs` checks which response headers are read.
    fn response_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        (): &mut (),
        env: &Env<'_>,
    ) -> Decision<'f, CorsCarry> {
        let origin = RequestOrigin::of(head);
        trace::note(|| {
            let is_absent = matches!(origin, RequestOrigin::Absent);
            Note::new("header origin").found(origin.to_string()).decides(is_absent)
        });
        let grant = self.grant(&origin);
        let reason = match (&origin, &grant) {
            (RequestOrigin::Absent, _) => Reason::NoOrigin,
            _ if head.is_preflight() => return self.on_preflight(grant, head, env),
            (_, Some(_)) => Reason::Allowed,
            _ if block::is_same_origin(&origin, head) => {
                trace::note(|| Note::new("the request's own origin").matches(true).decides(true));
                Reason::SameOrigin
            }
            _ if self.block_disallowed && block::can_change_something(head) => {
                trace::note(|| block::note(head));
                return Decision::Respond {
                    mutations: Vec::new(),
                    response: Box::new(block::response()),
                    reason: Reason::Blocked.name(),
                };
            }
            _ => {
                trace::note(not_allowed);
                env.attributes.set(DECISION_ATTRIBUTE, Reason::NotAllowed.name().as_bytes());
                Reason::NotAllowed
            }
        };
        let carry = CorsCarry { grant, is_preflight: false };
        Decision::Continue { mutations: Vec::new(), carry, reason: reason.name() }
    }

    fn on_response<'f>(
        &'f self,
        carry: CorsCarry,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let granted = self.granted_policy(carry.grant);
        let mut mutations = Vec::with_capacity(USUAL_MUTATIONS);
        if carry.is_preflight {
            response::restrict(granted, head, &mut mutations);
            mutations.extend(self.preflight_vary.merge(head));
        } else {
            response::replace(granted, head, &mut mutations);
            if !self.is_constant {
                mutations.extend(vary::ORIGIN.merge(head));
            }
        }
        mutations
    }
}

impl Cors {
    #[cold]
    fn new(settings: Settings) -> Self {
        let Settings { policies, preflight_mode, block_disallowed, allow_origin_absent } = settings;
        let is_any = matches!(policies.as_slice(), [only] if only.allow_origin.is_any());
        let is_private = policies.iter().any(|policy| policy.allow_private_network);
        Self {
            is_constant: is_any && allow_origin_absent,
            preflight_vary: if is_private { vary::PRIVATE_PREFLIGHT } else { vary::PREFLIGHT },
            policies,
            preflight_mode,
            block_disallowed,
        }
    }

    fn grant(&self, origin: &RequestOrigin<'_>) -> Option<Grant> {
        if self.is_constant {
            trace::note(|| Note::new("origins").expected("*").matches(true).decides(true));
            return Some(Grant { policy: 0, origin: AllowedOrigin::Any });
        }
        self.policies.iter().enumerate().find_map(|(index, policy)| {
            let allowed = policy.allow_origin.allowed(origin);
            trace::notes(|| policy.notes(origin, allowed.is_some()));
            Some(Grant { policy: index, origin: allowed? })
        })
    }

    fn granted_policy(&self, grant: Option<Grant>) -> Option<(&Policy, AllowOriginValue<'_>)> {
        let Grant { policy, origin } = grant?;
        let policy = self.policies.get(policy)?;
        Some((policy, policy.allow_origin.value(origin)?))
    }

    fn on_preflight(
        &self,
        grant: Option<Grant>,
        head: &RequestHead<'_>,
        env: &Env<'_>,
    ) -> Decision<'_, CorsCarry> {
        match self.preflight_mode {
            PreflightMode::Respond { status } => {
                if grant.is_none() {
                    trace::note(not_allowed);
                }
                let granted = self.granted_policy(grant);
                let (response, reason) =
                    preflight::response(granted, status, self.preflight_vary, head);
                let (mutations, response) = (Vec::new(), Box::new(response));
                Decision::Respond { mutations, response, reason: reason.name() }
            }
            PreflightMode::Forward => {
                let reason = match grant {
                    Some(_) => Reason::PreflightForwarded,
                    None => Reason::PreflightRefused,
                };
                if grant.is_none() {
                    env.attributes.set(DECISION_ATTRIBUTE, reason.name().as_bytes());
                }
                let carry = CorsCarry { grant, is_preflight: true };
                Decision::Continue { mutations: Vec::new(), carry, reason: reason.name() }
            }
        }
    }
}

fn not_allowed() -> Note {
    Note::new("origin").expected("an allowed origin").found("no match").matches(false).decides(true)
}
