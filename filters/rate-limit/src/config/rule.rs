//! From `rules` to rules, and the limiters they share.

use novasphere_core::{BuildContext, HeaderName, PathMatch, PathPattern, parse_methods};

use super::{
    Config, HeaderForm, LimitBy,
    identity::{Names, identity, line, refuse_claim, refuse_unused},
    limits::{Written, limits},
    rules::{ExpectedConfig, RuleConfig},
};
use crate::{
    client::identity::Identity,
    headers::{Headers, Ietf, Kong},
    limiter::{Limit, Limiter},
    metrics::NO_RULE,
    rules::{Condition, Effect, Expected, Rule},
};

/// The limiters, as they are found.
pub(super) struct Limiters {
    found: Vec<Limiter>,
    form: HeaderForm,
    /// Whether the filter has limits of its own: they are the first.
    own: bool,
}

impl Limiters {
    pub(super) fn new(config: &Config, own: Vec<Limit>, cx: &mut BuildContext<'_>) -> Self {
        let form = config.header_form(cx);
        let is_plain = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        if !config.name.chars().all(is_plain) {
            let message = format!("{:?} must be printable ASCII without \" and \\", config.name);
            cx.fault("name", message);
        }
        let mut limiters = Self { found: Vec::new(), form, own: !own.is_empty() };
        let names = Names::of_filter(config);
        refuse_unused(&names, "", cx);
        let inherits = |rule: &RuleConfig| rule.has_limits() && rule.limit_by.is_none();
        let is_default = names.limit_by == [LimitBy::Ip];
        if !limiters.own && !is_default && !config.rules.iter().any(inherits) {
            let message = "has no effect: the filter has no limits of its own, and every rule that \
                           has says by whom";
            cx.fault("limit_by", message);
        }
        if limiters.own {
            let identity = identity(&names, config.on_unresolved, "", cx);
            limiters.add(own, identity, &config.name);
        }
        limiters
    }

    /// Its place. `name` is what tells it apart.
    fn add(&mut self, limits: Vec<Limit>, identity: Identity, name: &str) -> usize {
        let headers = match self.form {
            HeaderForm::None => Headers::None,
            HeaderForm::Kong => Headers::Kong(Kong::new(&limits)),
            HeaderForm::Ietf => Headers::Ietf(Ietf::new(&limits, name)),
        };
        self.found.push(Limiter {
            namespace: format!("{name:?} {limits:?} {identity:?}").into_bytes(),
            headers,
            name: name.to_owned(),
            limits,
            identity,
            shared: None,
            fallback: Vec::new(),
        });
        self.found.len() - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// For requests that no rule is for.
    pub(super) fn otherwise(&self) -> Effect {
        if self.own { Effect::Counts { limiter: 0, cost: 1 } } else { Effect::Unlimited }
    }

    pub(super) fn into_vec(self) -> Vec<Limiter> {
        self.found
    }
}

impl RuleConfig {
    pub(super) fn has_limits(&self) -> bool {
        self.window.is_some() || self.named().iter().any(Option::is_some)
    }

    fn named(&self) -> [Option<u32>; 6] {
        [self.second, self.minute, self.hour, self.day, self.month, self.year]
    }
}

/// All rules; their limiters join the others.
pub(super) fn rules(
    config: &Config,
    limiters: &mut Limiters,
    cx: &mut BuildContext<'_>,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::with_capacity(config.rules.len());
    for (i, wire) in config.rules.iter().enumerate() {
        let at = format!("rules[{i}]");
        let name = name(wire, &rules, &at, cx);
        let condition = condition(wire, &at, cx);
        let effect = effect(wire, config, &name, limiters, &at, cx);
        rules.push(Rule { name, condition, effect });
    }
    rules
}

fn name(wire: &RuleConfig, before: &[Rule], at: &str, cx: &mut BuildContext<'_>) -> String {
    let at = format!("{at}.name");
    let Some(name) = wire.name.clone() else {
        cx.fault(at, "is required: metrics are counted under it");
        return String::new();
    };
    let is_label = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !is_label || !(1..=64).contains(&name.len()) {
        let message = format!("{name:?} must be 1 to 64 letters, digits, _ and -");
        cx.fault(at, message);
    } else if name == NO_RULE {
        cx.fault(at, "\"default\" is what requests that no rule is for are counted as");
    } else if before.iter().any(|rule| rule.name == name) {
        cx.fault(at, format!("{name:?} is the name of an earlier rule"));
    }
    name
}

fn condition(wire: &RuleConfig, at: &str, cx: &mut BuildContext<'_>) -> Condition {
    let fields = PathMatch {
        path: wire.path.as_deref(),
        path_prefix: wire.path_prefix.as_deref(),
        path_template: wire.path_template.as_deref(),
        ignore_case: wire.ignore_case,
    };
    if wire.ignore_case && fields.is_empty() {
        cx.fault(format!("{at}.ignore_case"), "has no effect without a path");
    }
    let path = if fields.is_empty() { None } else { PathPattern::new(fields, at, cx) };
    let claim = wire.claim.as_ref().and_then(|claim| {
        let at = format!("{at}.claim");
        let expected = expected(claim, &at, cx)?;
        refuse_claim(&expected.name, &format!("{at}.name"), cx).then_some(expected)
    });
    let header = wire.header.as_ref().and_then(|header| {
        let at = format!("{at}.header");
        let expected = expected(header, &at, cx)?;
        match HeaderName::parse(&expected.name) {
            Ok(name) => Some(Expected { name: line(&name), ..expected }),
            Err(error) => {
                cx.fault(format!("{at}.name"), error.to_string());
                None
            }
        }
    });
    if wire.route.as_deref() == Some("") {
        cx.fault(format!("{at}.route"), "is empty; leave it out for any");
    }
    let methods = parse_methods(wire.methods.as_deref(), &format!("{at}.methods"), cx);
    let condition = Condition { methods, path, route: wire.route.clone(), claim, header };
    let given = [
        wire.methods.is_some(),
        !fields.is_empty(),
        wire.route.is_some(),
        wire.claim.is_some(),
        wire.header.is_some(),
    ];
    if !given.contains(&true) {
        let message = "is for every request: give it a methods, path, path_prefix, path_template, \
                       route, claim or header, or give its limits to the filter";
        cx.fault(at, message);
    }
    condition
}

fn expected(wire: &ExpectedConfig, at: &str, cx: &mut BuildContext<'_>) -> Option<Expected> {
    let name = wire.name.clone().filter(|name| !name.is_empty());
    if name.is_none() {
        cx.fault(format!("{at}.name"), "is required");
    }
    if wire.one_of.is_empty() {
        cx.fault(format!("{at}.one_of"), "is required: the values it may have");
    }
    Some(Expected { name: name?, one_of: wire.one_of.clone() })
}

/// What it does, if no fault says otherwise.
fn effect(
    wire: &RuleConfig,
    config: &Config,
    name: &str,
    limiters: &mut Limiters,
    at: &str,
    cx: &mut BuildContext<'_>,
) -> Effect {
    let dot = format!("{at}.");
    let written = Written { named: wire.named(), window: wire.window };
    let limits = limits(&written, &dot, cx);
    let cost = wire.cost.unwrap_or(1);
    if wire.unlimited {
        let says_who =
            wire.limit_by.is_some() || wire.header_name.is_some() || wire.claim_name.is_some();
        if wire.has_limits() || wire.cost.is_some() || says_who {
            cx.fault(format!("{at}.unlimited"), "contradicts its limits, cost or limit_by");
        }
        return Effect::Unlimited;
    }
    let place = if limits.is_empty() {
        if wire.limit_by.is_some() || wire.header_name.is_some() || wire.claim_name.is_some() {
            cx.fault(format!("{at}.limit_by"), "needs limits of the rule's own");
        }
        if limiters.own && config.limit_by.0.contains(&LimitBy::Path) {
            let message = "has no effect: limit_by: path counts that one path only; give the rule \
                           limits and a limit_by of its own";
            cx.fault(format!("{at}.cost"), message);
        }
        if !limiters.own || wire.cost.is_none() {
            let message = "does nothing: give it limits of its own, unlimited: true, or a cost \
                           under limits of the filter";
            cx.fault(at, message);
        }
        0
    } else {
        let names = names(wire, config, &dot, cx);
        let identity = identity(&names, config.on_unresolved, &dot, cx);
        let name = if config.name.is_empty() {
            name.to_owned()
        } else {
            format!("{}-{name}", config.name)
        };
        limiters.add(limits, identity, &name)
    };
    let lowest = limiters.found.get(place).and_then(|l| l.limits.iter().map(|l| l.requests).min());
    if cost == 0 || lowest.is_some_and(|lowest| cost > lowest) {
        let lowest = lowest.unwrap_or(u32::MAX);
        let message = format!("must be 1 to {lowest}, the lowest of its limits, not {cost}");
        cx.fault(format!("{at}.cost"), message);
    }
    Effect::Counts { limiter: place, cost }
}

/// The rule's own `limit_by` with its fields, or the filter's with its.
fn names<'c>(
    wire: &'c RuleConfig,
    config: &'c Config,
    at: &str,
    cx: &mut BuildContext<'_>,
) -> Names<'c> {
    let filter = Names::of_filter(config);
    let is_by_path = wire.limit_by.as_ref().is_some_and(|by| by.0.contains(&LimitBy::Path));
    let own = Names {
        limit_by: wire.limit_by.as_ref().map_or(&[], |by| &by.0),
        header_name: wire.header_name.as_deref(),
        // Refused below, and nothing else said of it.
        path: Some("/").filter(|_| is_by_path),
        claim_name: wire.claim_name.as_deref(),
    };
    refuse_unused(&own, at, cx);
    if is_by_path || wire.limit_by.is_none() && filter.limit_by.contains(&LimitBy::Path) {
        let message = "cannot be path in a rule, nor come from the filter: use constant, and the \
                       rule's own path";
        cx.fault(format!("{at}limit_by"), message);
    }
    if wire.limit_by.is_none() { filter } else { own }
}
