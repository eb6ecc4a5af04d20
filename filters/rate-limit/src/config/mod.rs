//! The configuration as users write it, and how it becomes a [`RateLimit`].

mod clients;
mod identity;
mod limits;
mod redis;
mod rule;
mod rules;
#[cfg(feature = "schema")]
pub(crate) mod schema;

#[cfg(feature = "schema")]
use novasphere_core::schema::{ATTRIBUTE, QUOTABLE, TOKEN};
use novasphere_core::{BuildContext, ErrorBody, ErrorFormat, HeaderInterest, OneOrMany};
use serde::Deserialize;

use self::{
    limits::{WindowConfig, Written, limits},
    redis::{LeaseConfig, RedisConfig},
    rule::Limiters,
    rules::{ClientIpConfig, ClientsConfig, RuleConfig},
};
use crate::{
    client::lists::Clients, counter::local::slots::Slots, filter::RateLimit, limiter::Limiter,
    local_response::Answers, rules::Rule,
};

/// Configuration of the rate-limit filter. Fields and defaults are those of Kong's
/// rate-limiting plugin unless said otherwise.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = schema::limits_something())))]
pub struct Config {
    /// Requests a second, 1 or more. At least one limit is needed, here or in a rule; several hold
    /// at once.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    second: Option<u32>,
    /// Requests a minute, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    minute: Option<u32>,
    /// Requests an hour, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    hour: Option<u32>,
    /// Requests a day (UTC), 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    day: Option<u32>,
    /// Requests a calendar month (UTC), 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    month: Option<u32>,
    /// Requests a calendar year (UTC), 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    year: Option<u32>,
    /// Requests in a window of any length.
    window: Option<WindowConfig>,
    /// Whose requests are counted together. Unlike Kong's, the default is `ip`: an identity taken
    /// from headers is only as good as what sets them.
    limit_by: OneOrMany<LimitBy>,
    /// The header that identifies a client; with `limit_by: header`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    header_name: Option<String>,
    /// The path that is limited, exactly, without query; with `limit_by: path`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^/[^?#]*$")))]
    path: Option<String>,
    /// The claim that identifies a client; with `limit_by: claim`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ATTRIBUTE)))]
    claim_name: Option<String>,
    /// What becomes of a request whose identity cannot be resolved.
    on_unresolved: OnUnresolved,
    /// Where the client's address comes from.
    client_ip: ClientIpConfig,
    /// Requests with limits, or a cost, of their own. The first rule that is for a request decides.
    rules: Vec<RuleConfig>,
    /// Clients that are never limited.
    allow: ClientsConfig,
    /// Clients that are always refused, 403.
    deny: ClientsConfig,
    /// Where counts are kept: `local`, in this proxy, shared by its workers; `redis`, shared by all
    /// proxies that use the same Redis.
    policy: CountPolicy,
    /// Redis, with `policy: redis`.
    redis: Option<RedisConfig>,
    /// Lets a worker take part of what a client has left, so that most requests need not ask where
    /// counts are kept. Default: every request asks.
    lease: Option<LeaseConfig>,
    /// Whether requests pass, uncounted, when the proxy's shared data fails; otherwise 500.
    fault_tolerant: bool,
    /// The form of the header fields.
    headers: Option<HeaderForm>,
    /// Leave the header fields out: the same as `headers: none`.
    hide_client_headers: bool,
    /// Status of a refusal, 400 to 599.
    #[cfg_attr(feature = "schema", schemars(range(min = 400, max = 599)))]
    error_code: u16,
    /// `message` of the refusal's body.
    error_message: String,
    /// The form of the body.
    error_format: ErrorFormat,
    /// The body, JSON, with `$status` and `$message`; with `error_format: template`.
    error_template: Option<String>,
    /// Refuses nothing, only counts.
    report_only: bool,
    /// Limiters with the same limits, `limit_by` and name share their counts.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = QUOTABLE)))]
    name: String,
    /// Clients that are counted exactly at the same time, 1,024 to 16,777,216, of all limiters
    /// with this value: they share one table. Full, it takes 280 to 550 bytes a client.
    #[cfg_attr(feature = "schema", schemars(range(min = 1_024, max = 16_777_216)))]
    max_clients: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            second: None,
            minute: None,
            hour: None,
            day: None,
            month: None,
            year: None,
            window: None,
            limit_by: OneOrMany(vec![LimitBy::Ip]),
            header_name: None,
            path: None,
            claim_name: None,
            on_unresolved: OnUnresolved::Ip,
            client_ip: ClientIpConfig::default(),
            rules: Vec::new(),
            allow: ClientsConfig::default(),
            deny: ClientsConfig::default(),
            policy: CountPolicy::Local,
            redis: None,
            lease: None,
            fault_tolerant: true,
            headers: None,
            hide_client_headers: false,
            error_code: 429,
            error_message: "API rate limit exceeded".to_owned(),
            error_format: ErrorFormat::default(),
            error_template: None,
            report_only: false,
            name: String::new(),
            max_clients: MAX_CLIENTS,
        }
    }
}

/// What identifies a client.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum LimitBy {
    Ip,
    Header,
    Path,
    Consumer,
    Credential,
    Claim,
    Service,
    Constant,
}

/// What becomes of a request whose identity cannot be resolved.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
enum OnUnresolved {
    Ip,
    Constant,
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
enum CountPolicy {
    Local,
    Redis,
}

/// The default of `max_clients`.
const MAX_CLIENTS: u32 = 65_536;

/// The form of the header fields.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
enum HeaderForm {
    Kong,
    Ietf,
    None,
}

pub(crate) fn into_filter(config: Config, cx: &mut BuildContext<'_>) -> RateLimit {
    let written = Written { named: config.named(), window: config.window };
    let own = limits(&written, "", cx);
    let mut limiters = Limiters::new(&config, own, cx);
    let rules = rule::rules(&config, &mut limiters, cx);
    if limiters.is_empty() && config.rules.iter().all(|rule| !rule.has_limits()) {
        let fields = "second, minute, hour, day, month, year, window";
        cx.fault("", format!("limits nothing: give at least one of {fields}, here or in a rule"));
    }
    if !(400..=599).contains(&config.error_code) {
        cx.fault("error_code", format!("must be 400 to 599, not {}", config.error_code));
    }
    if !(1_024..=16_777_216).contains(&config.max_clients) {
        let max_clients = config.max_clients;
        cx.fault("max_clients", format!("must be 1024 to 16777216, not {max_clients}"));
    }
    let address = clients::address(&config.client_ip, cx);
    let allow = clients::list(&config.allow, "allow", cx);
    let deny = clients::list(&config.deny, "deny", cx);
    let body = ErrorBody::new(config.error_format, config.error_template.as_deref(), cx);
    let otherwise = limiters.otherwise();
    let mut limiters = limiters.into_vec();
    let redis = redis::redis(&config, &mut limiters, &rules, cx);
    let lease = redis::lease(config.lease, cx);
    RateLimit {
        request_headers: if address.reads_forwarded_for() {
            HeaderInterest::All
        } else {
            request_headers(&limiters, &rules, [&allow, &deny])
        },
        response_headers: HeaderInterest::all_if_any(
            limiters.iter().flat_map(|limiter| limiter.headers.reads()),
        ),
        limiters,
        rules,
        otherwise,
        address,
        allow,
        deny,
        slots: Slots::hold(config.max_clients.clamp(1_024, 16_777_216)),
        max_clients: config.max_clients,
        fault_tolerant: config.fault_tolerant,
        report_only: config.report_only,
        redis,
        lease,
        answers: Answers {
            error_code: config.error_code,
            error_message: inside_of_string(&config.error_message),
            body,
        },
    }
}

impl Config {
    fn named(&self) -> [Option<u32>; 6] {
        [self.second, self.minute, self.hour, self.day, self.month, self.year]
    }

    /// The form, from the two fields that say it.
    fn header_form(&self, cx: &mut BuildContext<'_>) -> HeaderForm {
        match (self.hide_client_headers, self.headers) {
            (true, Some(HeaderForm::Kong | HeaderForm::Ietf)) => {
                cx.fault("hide_client_headers", "contradicts headers: leave one of the two out");
                HeaderForm::None
            }
            (true, _) => HeaderForm::None,
            (false, form) => form.unwrap_or(HeaderForm::Kong),
        }
    }
}

fn request_headers(limiters: &[Limiter], rules: &[Rule], lists: [&Clients; 2]) -> HeaderInterest {
    let by_lists = lists.into_iter().flat_map(|list| list.reads().iter().copied());
    let by_rules = rules.iter().flat_map(Rule::reads);
    let by_identity = limiters.iter().flat_map(|limiter| limiter.identity.reads());
    HeaderInterest::named(by_lists.chain(by_rules).chain(by_identity))
}

fn inside_of_string(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}
