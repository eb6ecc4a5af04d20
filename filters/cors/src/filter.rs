//! The policy: who is allowed, and what a response says about it.

use std::borrow::Cow;

use novasphere_core::{
    BuildContext, Decision, Env, Filter, HeaderInterest, HeaderMutation, RequestHead, ResponseHead,
};

use crate::{
    config::Config,
    cross_site,
    group::{AllowOrigin, Group, Sender},
    preflight::{self, Preflights},
    response,
    vary::{self, Dependence},
};

/// The cors filter, configured.
#[derive(Clone, Debug)]
pub struct Cors {
    /// The first that names an origin decides.
    groups: Vec<Group>,
    /// Whether every answer is the same, whatever the request.
    constant: bool,
    preflights: Preflights,
    /// What the answer to a preflight depends on.
    preflight_vary: Dependence,
    block_disallowed: bool,
}

/// What a request hands to its response.
#[derive(Clone, Debug)]
pub struct Carried {
    granted: Option<Granted>,
    /// Whether the response is the upstream's answer to a preflight.
    is_preflight: bool,
}

/// The place of the group that names the origin, and what the origin is told.
#[derive(Clone, Debug)]
struct Granted {
    group: usize,
    allow_origin: AllowOrigin,
}

impl Cors {
    pub(crate) fn new(
        groups: Vec<Group>,
        preflights: Preflights,
        block_disallowed: bool,
        allow_origin_absent: bool,
    ) -> Self {
        let is_any = matches!(groups.as_slice(), [only] if only.origins.is_any());
        let is_private = groups.iter().any(|group| group.preflight.private_network);
        let preflight_vary = if is_private { vary::PRIVATE_PREFLIGHT } else { vary::PREFLIGHT };
        Self {
            groups,
            constant: is_any && allow_origin_absent,
            preflights,
            preflight_vary,
            block_disallowed,
        }
    }

    fn grant(&self, sender: &Sender<'_>) -> Option<Granted> {
        if self.constant {
            return Some(Granted { group: 0, allow_origin: Cow::Borrowed(b"*") });
        }
        self.groups.iter().enumerate().find_map(|(group, rules)| {
            rules.origins.allow(sender).map(|allow_origin| Granted { group, allow_origin })
        })
    }

    fn group_of(&self, granted: Option<Granted>) -> Option<(&Group, AllowOrigin)> {
        let granted = granted?;
        self.groups.get(granted.group).map(|group| (group, granted.allow_origin))
    }

    fn on_preflight(
        &self,
        granted: Option<Granted>,
        head: &RequestHead<'_>,
    ) -> Decision<'_, Carried> {
        match self.preflights {
            Preflights::CalloutResult(status) => {
                let granted = self.group_of(granted);
                let (response, reason) =
                    preflight::answer(granted, status, self.preflight_vary, head);
                Decision::Respond { mutations: Vec::new(), response, reason }
            }
            Preflights::Forward => {
                let reason =
                    if granted.is_some() { "preflight_forwarded" } else { "preflight_refused" };
                let carry = Carried { granted, is_preflight: true };
                Decision::Continue { mutations: Vec::new(), carry, reason }
            }
        }
    }
}

impl Filter for Cors {
    const NAME: &'static str = "cors";
    const REASONS: &'static [&'static str] = &[
        "no_origin",
        "allowed",
        "same_origin",
        "not_allowed",
        "blocked",
        "preflight_allowed",
        "preflight_refused",
        "preflight_method",
        "preflight_headers",
        "preflight_forwarded",
    ];
    type Config = Config;
    type State = ();
    type Carry = Carried;

    fn build(config: Self::Config, cx: &mut BuildContext<'_>) -> Self {
        config.into_filter(cx)
    }

    fn request_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    /// `tests/reads.rs` checks which response headers are read.
    fn response_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        (): &mut (),
        _: &Env<'_>,
    ) -> Decision<'f, Carried> {
        let sender = Sender::of(head);
        let granted = self.grant(&sender);
        let reason = match (&sender, &granted) {
            (Sender::Nobody, _) => "no_origin",
            _ if head.is_preflight() => return self.on_preflight(granted, head),
            (_, Some(_)) => "allowed",
            _ if cross_site::is_same_origin(&sender, head) => "same_origin",
            _ if self.block_disallowed && cross_site::can_act(head) => {
                let response = cross_site::refusal();
                return Decision::Respond { mutations: Vec::new(), response, reason: "blocked" };
            }
            _ => "not_allowed",
        };
        let carry = Carried { granted, is_preflight: false };
        Decision::Continue { mutations: Vec::new(), carry, reason }
    }

    fn on_response<'f>(
        &'f self,
        carried: Carried,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let granted = self.group_of(carried.granted);
        let mut mutations = Vec::new();
        if carried.is_preflight {
            response::restrict(granted, head, &mut mutations);
            mutations.extend(self.preflight_vary.merge(head));
        } else {
            response::replace(granted, head, &mut mutations);
            if !self.constant {
                mutations.extend(vary::ORIGIN.merge(head));
            }
        }
        mutations
    }
}
