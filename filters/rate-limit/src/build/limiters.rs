//! The limiters of the filter and its rules.

use novasphere_core::BuildContext;

use super::{
    identity::{IdentityFields, identity, refuse_unused},
    limits::{LimitFields, has_limits, limits},
};
use crate::{
    client::Identity,
    config::{Config, HeaderForm, LimitBy, RuleConfig},
    headers::{Headers, Ietf, Kong},
    limiter::Limiter,
    rules::Effect,
    window::Limit,
};

/// Collects limiters.
pub(super) struct Limiters {
    limiters: Vec<Limiter>,
    form: HeaderForm,
    /// Whether the filter has limits. Their limiter is the first.
    filter_has_limits: bool,
}

impl Limiters {
    /// The limiter of the filter's limits, if any.
    #[cold]
    pub(super) fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let own = limits(&LimitFields::from(config), "", cx);
        let form = header_form(config, cx);
        let is_quotable = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        if !config.name.chars().all(is_quotable) {
            let message =
                format!("must be printable ASCII without \" and \\, got {:?}", config.name);
            cx.fault("name", message);
        }
        let filter_has_limits = !own.is_empty();
        let mut limiters = Self { limiters: Vec::new(), form, filter_has_limits };
        let fields = IdentityFields::of_filter(config);
        refuse_unused(&fields, "", cx);
        let inherits = |rule: &RuleConfig| has_limits(rule) && rule.limit_by.is_none();
        let is_default = fields.limit_by == [LimitBy::Ip];
        if !filter_has_limits && !is_default && !config.rules.iter().any(inherits) {
            let message = "has no effect: the filter has no limits, and every rule with limits has \
                           its own limit_by";
            cx.fault("limit_by", message);
        }
        if filter_has_limits {
            let identity = identity(&fields, config, "", cx);
            limiters.add(own, identity, &config.name);
        }
        limiters
    }

    /// Adds a limiter. Returns its index.
    #[cold]
    pub(super) fn add(&mut self, limits: Vec<Limit>, identity: Identity, name: &str) -> usize {
        let headers = match self.form {
            HeaderForm::None => Headers::None,
            HeaderForm::Kong => Headers::Kong(Kong::new(&limits)),
            HeaderForm::Ietf => Headers::Ietf(Ietf::new(&limits, name)),
        };
        self.limiters.push(Limiter { limits, identity, headers, name: name.to_owned() });
        self.limiters.len() - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.limiters.is_empty()
    }

    pub(super) fn filter_has_limits(&self) -> bool {
        self.filter_has_limits
    }

    /// The lowest limit of a limiter.
    pub(super) fn lowest(&self, limiter: usize) -> Option<u32> {
        self.limiters.get(limiter)?.limits.iter().map(|limit| limit.requests).min()
    }

    /// The effect on requests without a rule.
    pub(super) fn default_effect(&self) -> Effect {
        if self.filter_has_limits {
            Effect::Counts { limiter: 0, cost: 1 }
        } else {
            Effect::Unlimited
        }
    }

    pub(super) fn into_vec(self) -> Vec<Limiter> {
        self.limiters
    }
}

#[cold]
fn header_form(config: &Config, cx: &mut BuildContext<'_>) -> HeaderForm {
    match (config.hide_client_headers, config.headers) {
        (true, Some(HeaderForm::Kong | HeaderForm::Ietf)) => {
            cx.fault("hide_client_headers", "contradicts headers: remove one of the two");
            HeaderForm::None
        }
        (true, _) => HeaderForm::None,
        (false, form) => form.unwrap_or(HeaderForm::Kong),
    }
}
