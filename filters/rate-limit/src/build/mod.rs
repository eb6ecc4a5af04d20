//! From a configuration to a filter.

mod clients;
mod counter;
mod identity;
mod limiters;
mod limits;
mod range;
mod rules;

use novasphere_core::{BuildContext, ErrorBody};

use self::{limiters::Limiters, range::within};
use crate::{
    client::{ClientAddress, ClientList},
    config::Config,
    counter::CounterKind,
    limiter::Limiter,
    local_response::{LocalResponses, MAX_TITLE_BYTES},
    metrics::Metrics,
    rules::{Effect, Rule},
    window::Limit,
};

/// The checked configuration, as the filter uses it.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The limiter of the filter's own limits, if any, then the limiters of rules.
    pub(crate) limiters: Vec<Limiter>,
    /// The first match applies.
    pub(crate) rules: Vec<Rule>,
    /// The effect on requests without a matching rule.
    pub(crate) default_effect: Effect,
    pub(crate) address: ClientAddress,
    pub(crate) allow: ClientList,
    pub(crate) deny: ClientList,
    pub(crate) counter: CounterKind,
    pub(crate) responses: LocalResponses,
    pub(crate) report_only: bool,
    pub(crate) metrics: Metrics,
    /// The name that separates counts. Empty for none.
    pub(crate) name: String,
}

/// Checks `config` and computes the settings.
#[cold]
pub(crate) fn build(config: Config, cx: &mut BuildContext<'_>) -> Settings {
    let mut limiters = Limiters::new(&config, cx);
    let (names, rules) = rules::rules(&config, &mut limiters, cx);
    check(&config, &limiters, cx);
    let address = clients::address(&config.client_ip, cx);
    let allow = clients::list(&config.allow, "allow", cx);
    let deny = clients::list(&config.deny, "deny", cx).looking_through_nat64();
    let escaped_message = escaped(&config.error_message);
    let max_message = escaped_message.len().max(MAX_TITLE_BYTES);
    let template = config.error_template.as_deref();
    let body = ErrorBody::new(config.error_format, template, max_message, cx);
    let default_effect = limiters.default_effect();
    let limiters = limiters.into_vec();
    let table = counter::uses_table(&config).then_some(config.max_clients);
    let windows = windows(&rules, default_effect, &limiters);
    let metrics = Metrics::new(names, windows, config.redis.is_some(), table);
    let counter = counter::counter(&config, &limiters, &rules, &metrics, cx);
    Settings {
        limiters,
        rules,
        default_effect,
        address,
        allow,
        deny,
        counter,
        responses: LocalResponses {
            error_code: config.error_code,
            escaped_message,
            error_message: config.error_message,
            body,
        },
        report_only: config.report_only,
        metrics,
        name: config.name,
    }
}

/// The windows for the requests of each rule, then for requests without a rule.
fn windows(rules: &[Rule], default_effect: Effect, limiters: &[Limiter]) -> Vec<Vec<Limit>> {
    let effects = rules.iter().map(|rule| rule.effect).chain([default_effect]);
    let limits = effects.map(|effect| match effect {
        Effect::Unlimited => Vec::new(),
        Effect::Counts { limiter, .. } => {
            limiters.get(limiter).map(|limiter| limiter.limits.clone()).unwrap_or_default()
        }
    });
    limits.collect()
}

#[cold]
fn check(config: &Config, limiters: &Limiters, cx: &mut BuildContext<'_>) {
    if limiters.is_empty() && !config.rules.iter().any(limits::has_limits) {
        let fields = "second, minute, hour, day, month, year, window";
        cx.fault("", format!("has no limit: set at least one of {fields}, here or in a rule"));
    }
    if config.report_only {
        cx.warn("report_only", "rejects nothing: requests pass beyond every limit");
    }
    for (i, rule) in config.rules.iter().enumerate() {
        if rule.unlimited && rule.path_prefix.as_deref() == Some("/") {
            let message = "\"/\" with unlimited exempts every path; name the paths without limit";
            cx.warn(&format!("rules[{i}].path_prefix"), message);
        }
    }
    within("error_code", config.error_code.into(), (400, 599), "", cx);
    within("max_clients", config.max_clients, (1_024, 16_777_216), "", cx);
}

/// `text` as the content of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let content = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    content.unwrap_or_default().to_owned()
}
