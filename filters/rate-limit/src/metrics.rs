//! Events, and the metrics of a configuration: decisions per rule, calls to Redis, and the number
//! of clients in the table.

use novasphere_core::{Env, MetricDefinition, MetricKind, metric_names};

use crate::{decision::Reason, window::Limit};

/// The filter's name in metrics.
pub(crate) const FILTER: &str = "rate-limit";

/// The name that requests without a rule are counted under.
pub(crate) const NO_RULE: &str = "default";

metric_names! {
    /// Countable events other than decisions.
    pub(crate) enum Event {
        /// A part of the identity was missing. The client address replaced it.
        FellBackToIp => "fell_back_to_ip",
        /// A part of the identity was missing. A constant replaced it.
        FellBackToConstant => "fell_back_to_constant",
        /// `X-Forwarded-For` did not contain the entry that `client_ip` names.
        ForwardedForUnusable => "forwarded_for_unusable",
        /// A client's counts were dropped to make room for another client.
        Evicted => "evicted",
        /// A client was counted in the shared overflow entry of its slot.
        Overflowed => "overflowed",
        /// Another worker changed the slot first.
        Raced => "raced",
        /// `report_only` let a request pass that would have been rejected.
        Reported => "reported",
        /// A request passed on a lease.
        LeaseHit => "lease_hit",
        /// A request was rejected without a call, because its window was full.
        RefusedAsKnown => "refused_as_known",
        /// A call to Redis started.
        RedisCalled => "redis_called",
        /// The circuit breaker opened.
        BreakerOpened => "breaker_opened",
        /// The circuit breaker closed.
        BreakerClosed => "breaker_closed",
    }
}

metric_names! {
    /// Why Redis did not count a request. The name is also used in the log.
    pub(crate) enum RedisFailure {
        /// The proxy did not send the call.
        NotSent => "not_sent",
        /// No response in time. Some proxies report this as 504.
        NoReply => "no_reply",
        /// 502 or 503: the proxy or the HTTP service cannot reach Redis.
        Unavailable => "unavailable",
        /// 401 or 403: the token is wrong.
        Unauthorized => "unauthorized",
        /// Redis rejected the command, or the response has another status.
        Status => "status",
        /// The response is not one of the script.
        Unreadable => "unreadable",
        /// The response belongs to another request.
        WrongAnswer => "wrong_answer",
        /// `max_in_flight` calls are pending.
        TooMany => "too_many",
        /// The circuit breaker is open.
        BreakerOpen => "breaker_open",
    }
}

/// The decisions that are also counted per rule.
const PER_RULE: [Reason; 3] = [Reason::Allowed, Reason::Limited, Reason::NotLimited];

/// Upper bounds of the latency classes, in milliseconds. Slower calls are in one more class.
const WITHIN_MS: [u64; 8] = [1, 3, 10, 30, 100, 300, 1_000, 3_000];

const REDIS_METRICS: usize = RedisFailure::NAMES.len() + WITHIN_MS.len() + 1;

/// The metrics of one configuration.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// The names of the rules and [`NO_RULE`]. Empty without rules.
    rules: Vec<String>,
    /// The names of the windows that apply to the requests of each rule, then of requests without a
    /// rule.
    windows: Vec<Vec<String>>,
    redis: bool,
    /// `max_clients` of the table. `None` if nothing is counted in this proxy.
    table: Option<u32>,
}

impl Metrics {
    /// `windows` has the limits of each rule, then the limits of requests without a rule.
    pub(crate) fn new(
        mut rules: Vec<String>,
        windows: Vec<Vec<Limit>>,
        redis: bool,
        table: Option<u32>,
    ) -> Self {
        if !rules.is_empty() {
            rules.push(NO_RULE.to_owned());
        }
        let names = |limits: Vec<Limit>| {
            limits.iter().map(|limit| limit.period.name().into_owned()).collect()
        };
        Self { rules, windows: windows.into_iter().map(names).collect(), redis, table }
    }

    /// The name of the rule with index `rule`.
    pub(crate) fn rule(&self, rule: usize) -> Option<&str> {
        self.rules.get(rule).map(String::as_str)
    }

    /// The definitions: three metrics for each rule, one for each window of a rule, then the
    /// metrics for Redis and the table.
    pub(crate) fn definitions(&self) -> Vec<MetricDefinition> {
        let per_rule = self.rules.iter().flat_map(|rule| {
            PER_RULE.map(|reason| {
                let labels = format!("rule={rule}.decision={}", reason.name());
                definition(labels, "rule_decisions", MetricKind::Counter)
            })
        });
        let per_window = self.windows.iter().enumerate().flat_map(|(index, windows)| {
            let rule = self.rule(index).unwrap_or(NO_RULE);
            windows.iter().map(move |window| {
                let labels = format!("rule={rule}.window={window}");
                definition(labels, "full_windows", MetricKind::Counter)
            })
        });
        let redis = self.redis.then(redis_definitions).into_iter().flatten();
        let table = self.table.map(|max_clients| {
            definition(format!("max_clients={max_clients}"), "table_clients", MetricKind::Gauge)
        });
        per_rule.chain(per_window).chain(redis).chain(table).collect()
    }

    /// Counts a decision about a request to which the rule with index `rule` applies, or none.
    pub(crate) fn count_decision(&self, rule: Option<usize>, reason: Reason, env: &Env<'_>) {
        let Some(no_rule) = self.rules.len().checked_sub(1) else { return };
        if let Some(index) = PER_RULE.iter().position(|counted| *counted == reason) {
            env.metrics.record(rule.unwrap_or(no_rule) * PER_RULE.len() + index, 1);
        }
    }

    /// Counts a request of the rule with index `rule`, or of none, that was rejected because its
    /// window with this index was full.
    pub(crate) fn count_full_window(&self, rule: Option<usize>, window: usize, env: &Env<'_>) {
        let Some(no_rule) = self.windows.len().checked_sub(1) else { return };
        let earlier = self.windows.iter().take(rule.unwrap_or(no_rule)).map(Vec::len);
        let index = self.rules.len() * PER_RULE.len() + earlier.sum::<usize>() + window;
        env.metrics.record(index, 1);
    }

    /// The number of metrics for rules and their windows.
    fn of_rules(&self) -> usize {
        let windows = self.windows.iter().map(Vec::len);
        self.rules.len() * PER_RULE.len() + windows.sum::<usize>()
    }

    /// Records the number of clients in the table.
    pub(crate) fn record_clients(&self, clients: u32, env: &Env<'_>) {
        let redis = if self.redis { REDIS_METRICS } else { 0 };
        env.metrics.record(self.of_rules() + redis, clients);
    }

    /// The metrics for Redis of this configuration.
    pub(crate) fn redis(&self) -> RedisMetrics {
        RedisMetrics { first: self.of_rules() }
    }
}

/// The metrics for Redis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RedisMetrics {
    /// The index of the first one.
    first: usize,
}

impl RedisMetrics {
    pub(crate) fn count_failure(self, failure: RedisFailure, env: &Env<'_>) {
        env.metrics.record(self.first.saturating_add(failure as usize), 1);
    }

    /// Counts a response in the class of its latency.
    pub(crate) fn count_response(self, millis: u64, env: &Env<'_>) {
        let class = WITHIN_MS.iter().position(|bound| millis < *bound).unwrap_or(WITHIN_MS.len());
        let index = self.first.saturating_add(RedisFailure::NAMES.len()).saturating_add(class);
        env.metrics.record(index, 1);
    }
}

/// A counter per failure, then a counter per latency class.
fn redis_definitions() -> impl Iterator<Item = MetricDefinition> {
    let failures = RedisFailure::NAMES
        .iter()
        .map(|kind| definition(format!("kind={kind}"), "redis_failures", MetricKind::Counter));
    let classes = WITHIN_MS.iter().map(|ms| format!("within_ms={ms}"));
    let classes = classes.chain(["within_ms=longer".to_owned()]);
    failures.chain(classes.map(|labels| definition(labels, "redis_answers", MetricKind::Counter)))
}

fn definition(labels: String, name: &'static str, kind: MetricKind) -> MetricDefinition {
    MetricDefinition { filter: FILTER, labels, name, kind }
}
