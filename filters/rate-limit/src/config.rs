//! The configuration as users write it, and how it becomes a [`RateLimit`].

use novasphere_core::{ConfigErrors, HeaderName, Host, decode};
use serde::Deserialize;

use crate::{
    headers::Headers,
    identity::Identity,
    policy::{Limit, RateLimit, Refusal},
    window::Period,
};

/// Configuration of the rate-limit filter. Fields and defaults are those of Kong's
/// rate-limiting plugin unless said otherwise.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Requests a second, 1 or more. At least one period is needed; several hold at once.
    second: Option<u32>,
    /// Requests a minute, 1 or more.
    minute: Option<u32>,
    /// Requests an hour, 1 or more.
    hour: Option<u32>,
    /// Requests a day (UTC), 1 or more.
    day: Option<u32>,
    /// Requests a calendar month (UTC), 1 or more.
    month: Option<u32>,
    /// Requests a calendar year (UTC), 1 or more.
    year: Option<u32>,
    /// Whose requests are counted together. Unlike Kong's, the default is `ip`: an identity taken
    /// from headers is only as good as what sets them.
    limit_by: LimitBy,
    /// The header that identifies a client; with `limit_by: header`.
    header_name: Option<String>,
    /// The path that is limited, exactly, without query; with `limit_by: path`.
    path: Option<String>,
    /// Where counts are kept: `local`, in this proxy, shared by its workers.
    policy: CountPolicy,
    /// Whether requests pass, uncounted, when the proxy's shared data fails; otherwise 500.
    fault_tolerant: bool,
    /// Leave out the `X-RateLimit-*` and `RateLimit-*` headers.
    hide_client_headers: bool,
    /// Status of a refusal, 400 to 599.
    error_code: u16,
    /// `message` of the refusal's JSON body.
    error_message: String,
    /// Limiters with the same limits, `limit_by` and name share their counts.
    name: String,
    /// Clients that are counted exactly at the same time, 1,024 to 16,777,216, of all limiters
    /// with this value: they share one table. Full, it takes 260 to 520 bytes a client.
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
            limit_by: LimitBy::Ip,
            header_name: None,
            path: None,
            policy: CountPolicy::Local,
            fault_tolerant: true,
            hide_client_headers: false,
            error_code: 429,
            error_message: "API rate limit exceeded".to_owned(),
            name: String::new(),
            max_clients: 65_536,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum LimitBy {
    Ip,
    Header,
    Consumer,
    Path,
    Service,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CountPolicy {
    Local,
}

/// Checks `config` and computes the policy.
pub(crate) fn configure(config: &[u8], _: &dyn Host) -> Result<RateLimit, ConfigErrors> {
    let (config, mut errors) = decode::<Config>(config)?;
    let CountPolicy::Local = config.policy;
    let limits = limits(&config, &mut errors);
    let identity = identity(&config, &mut errors);
    if !(400..=599).contains(&config.error_code) {
        errors.add("error_code", format!("must be 400 to 599, not {}", config.error_code));
    }
    let slots = slots(config.max_clients, &mut errors);
    let policy = RateLimit {
        namespace: namespace(&config.name, &limits, &identity),
        headers: Headers::new(&limits, config.hide_client_headers),
        refusal: Refusal { status: config.error_code, body: body(&config.error_message) },
        limits,
        identity,
        slots,
        fault_tolerant: config.fault_tolerant,
    };
    errors.into_result(policy)
}

fn limits(config: &Config, errors: &mut ConfigErrors) -> Vec<Limit> {
    let written =
        [config.second, config.minute, config.hour, config.day, config.month, config.year];
    let limits: Vec<Limit> = Period::ALL
        .into_iter()
        .zip(written)
        .filter_map(|(period, requests)| Some(Limit { period, requests: requests? }))
        .collect();
    if limits.is_empty() {
        errors
            .add("", "limits nothing: give at least one of second, minute, hour, day, month, year");
    }
    for limit in limits.iter().filter(|limit| limit.requests == 0) {
        errors.add(limit.period.name(), "must be 1 or more, not 0");
    }
    for (i, longer) in limits.iter().enumerate() {
        let shorter = limits.iter().take(i).max_by_key(|limit| limit.requests);
        if let Some(shorter) = shorter.filter(|shorter| longer.requests < shorter.requests) {
            errors.add(
                longer.period.name(),
                format!(
                    "may not be lower than {}: {} < {}; {0} could never be reached",
                    shorter.period.name(),
                    longer.requests,
                    shorter.requests
                ),
            );
        }
    }
    limits
}

fn identity(config: &Config, errors: &mut ConfigErrors) -> Identity {
    let belongs = [
        ("header_name", config.header_name.is_some(), LimitBy::Header, "header"),
        ("path", config.path.is_some(), LimitBy::Path, "path"),
    ];
    for (field, given, limit_by, name) in belongs {
        if given && config.limit_by != limit_by {
            errors.add(field, format!("has no effect without limit_by: {name}"));
        }
        if !given && config.limit_by == limit_by {
            errors.add(field, format!("is required with limit_by: {name}"));
        }
    }
    match config.limit_by {
        LimitBy::Ip => Identity::Ip,
        LimitBy::Consumer => Identity::Consumer,
        LimitBy::Service => Identity::Service,
        LimitBy::Header => match config.header_name.as_deref().map(HeaderName::parse) {
            Some(Ok(name)) => Identity::Header(name),
            Some(Err(error)) => {
                errors.add("header_name", error.to_string());
                Identity::Ip
            }
            None => Identity::Ip,
        },
        LimitBy::Path => {
            let path = config.path.clone().unwrap_or_default();
            if config.path.is_some() && (!path.starts_with('/') || path.contains(['?', '#'])) {
                errors.add("path", format!("must start with / and hold no query, not {path:?}"));
            }
            Identity::Path(path.into_bytes())
        }
    }
}

/// Slots for so many clients: at 2.4 clients a slot on average at most, fewer than 0.1% of the slots
/// have more clients than places (Poisson).
fn slots(max_clients: u32, errors: &mut ConfigErrors) -> u32 {
    if !(1_024..=16_777_216).contains(&max_clients) {
        errors.add("max_clients", format!("must be 1024 to 16777216, not {max_clients}"));
        return 1;
    }
    (u64::from(max_clients) * 5).div_ceil(12).next_power_of_two().try_into().unwrap_or(1)
}

/// Everything that gives a count its meaning, so that counts made under other limits are not taken
/// for this limiter's.
fn namespace(name: &str, limits: &[Limit], identity: &Identity) -> Vec<u8> {
    format!("{name:?} {limits:?} {identity:?}").into_bytes()
}

fn body(message: &str) -> Vec<u8> {
    serde_json::json!({ "message": message }).to_string().into_bytes()
}
