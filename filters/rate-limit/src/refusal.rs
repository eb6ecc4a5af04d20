//! The refusal of a request over a limit: the response, the full windows in metrics, and the detail
//! for operators.

use std::fmt;

use novasphere_core::Env;

use crate::{
    client::Identity,
    counter::Fingerprint,
    decision::{Outcome, Reason},
    filter::RateLimit,
    headers::{Headroom, Remaining, policy_name, remaining, retry_after, retry_after_line},
    metrics::NO_RULE,
    window::Limit,
};

/// The attribute with the detail.
const DETAIL_ATTRIBUTE: &str = "rate_limit_detail";

/// The detail of a refusal: `rule=login window=minute limit=5 reset=18 limit_by=ip
/// client=3f2a9c0011223344`. The client is a keyed hash, so that the detail does not reveal its
/// identity.
struct Detail<'f> {
    /// The name of the filter. Empty for none.
    name: &'f str,
    /// The name of the rule, if one matches.
    rule: Option<&'f str>,
    /// The full window that ends last.
    window: Option<(Limit, Remaining)>,
    identity: &'f Identity,
    client: Option<Fingerprint>,
}

impl RateLimit {
    /// Rejects a request over a limit.
    pub(crate) fn refuse<'f>(
        &'f self,
        reason: Reason,
        rule: Option<usize>,
        headroom: &Headroom,
        cost: u32,
        client: Fingerprint,
        env: &Env<'_>,
    ) -> Outcome<'f> {
        let Some(limiter) = self.settings.limiters.get(headroom.limiter) else {
            return Outcome::Pass(Reason::NotLimited, None);
        };
        let limits = &limiter.limits;
        let mut lines = limiter.headers.on_refusal(limits, headroom);
        lines.push(retry_after_line(retry_after(limits, headroom, cost)));
        let is_full = |window: &Remaining| window.requests < cost;
        let full: Vec<(Limit, Remaining)> = remaining(limits, headroom)
            .filter(is_full)
            .filter_map(|window| Some((*limits.get(window.limit)?, window)))
            .collect();
        for (_, window) in &full {
            self.settings.metrics.count_full_window(rule, window.limit, env);
        }
        let last = full.iter().max_by_key(|(_, window)| window.reset);
        self.set_detail(rule, &limiter.identity, last.copied(), Some(client), env);
        let exhausted: Vec<String> =
            full.iter().map(|(limit, _)| policy_name(&limiter.name, *limit)).collect();
        Outcome::Refuse(reason, self.settings.responses.limited(lines, &exhausted))
    }

    /// Shows operators which limit rejected a request.
    pub(crate) fn set_detail(
        &self,
        rule: Option<usize>,
        identity: &Identity,
        window: Option<(Limit, Remaining)>,
        client: Option<Fingerprint>,
        env: &Env<'_>,
    ) {
        let name = self.settings.name.as_str();
        let rule = rule.and_then(|rule| self.settings.metrics.rule(rule));
        let detail = Detail { name, rule, window, identity, client }.to_string();
        env.attributes.set(DETAIL_ATTRIBUTE, detail.as_bytes());
    }
}

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            write!(f, "name={} ", self.name)?;
        }
        write!(f, "rule={}", self.rule.unwrap_or(NO_RULE))?;
        if let Some((limit, remaining)) = self.window {
            let (window, reset) = (limit.period.name(), remaining.reset);
            write!(f, " window={window} limit={} reset={reset}", limit.requests)?;
        }
        f.write_str(" limit_by=")?;
        for (i, part) in self.identity.parts.iter().enumerate() {
            write!(f, "{}{}", if i > 0 { "+" } else { "" }, part.kind())?;
        }
        if let Some([a, b, c, d, e, g, h, i, ..]) = self.client {
            write!(f, " client={:016x}", u64::from_be_bytes([a, b, c, d, e, g, h, i]))?;
        }
        Ok(())
    }
}
