//! One source of keys, as configured.

use novasphere_core::{Endpoint, Fetch, FetchResponse, Json};

use super::record::{Identity, MAX_KEY_SET_BYTES, Record};

/// Where the keys of one issuer come from. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) identity: Identity,
    /// The `iss` of the tokens these keys are for.
    pub(crate) issuer: String,
    /// The upstream as the proxy knows it.
    pub(crate) upstream: String,
    pub(crate) endpoint: Endpoint,
    /// Whether the endpoint is OpenID Connect's configuration, which names the key set's.
    pub(crate) discovery: bool,
    /// How long a key set is good for, at most.
    pub(crate) refresh_ms: u64,
    pub(crate) timeout_ms: u32,
    /// The least time between two fetches that tokens with an unknown `kid` cause.
    pub(crate) cooldown_ms: u64,
    pub(crate) max_waiting: usize,
}

/// The step of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchStage {
    Discovery,
    KeySet,
}

impl Source {
    /// The first request of a fetch.
    pub(crate) fn first_stage(&self) -> (FetchStage, Endpoint) {
        let step = if self.discovery { FetchStage::Discovery } else { FetchStage::KeySet };
        (step, self.endpoint.clone())
    }

    pub(crate) fn fetch(&self, purpose: usize, endpoint: Endpoint) -> Fetch {
        Fetch {
            purpose,
            upstream: self.upstream.clone(),
            https: endpoint.https,
            authority: endpoint.authority,
            path: endpoint.path,
            timeout_ms: self.timeout_ms,
            max_body: MAX_KEY_SET_BYTES,
        }
    }

    /// Whether a fetch is due. A time further ahead than can have been written is a clock's fault.
    pub(crate) fn is_due(&self, record: &Record, now: u64) -> bool {
        const LONGEST_RETRY_MS: u64 = 75_000;
        let furthest = self.refresh_ms.max(LONGEST_RETRY_MS);
        record.due_at <= now || record.due_at > now.saturating_add(furthest)
    }

    /// Whether a worker has taken the fetch upon itself.
    pub(crate) fn is_leased(&self, record: &Record, now: u64) -> bool {
        let furthest = now.saturating_add(self.lease_ms());
        record.leased_until > now && record.leased_until <= furthest
    }

    /// Whether an unknown `kid` may cause a fetch.
    pub(crate) fn has_cooled_down(&self, record: &Record, now: u64) -> bool {
        record.fetched_at > now || record.fetched_at.saturating_add(self.cooldown_ms) <= now
    }

    /// How long a fetch may take as a whole: until then no other worker begins one.
    pub(crate) fn lease_ms(&self) -> u64 {
        let steps = if self.discovery { 2 } else { 1 };
        u64::from(self.timeout_ms) * steps + 1_000
    }

    /// Where the key set is, by OpenID Connect Discovery 1.0 section 3: the issuer must be the
    /// configured one (section 4.3), or another's keys would count as its.
    pub(crate) fn key_set_endpoint(
        &self,
        response: &FetchResponse<'_>,
    ) -> Result<Endpoint, String> {
        let document =
            Json::parse(response.body).map_err(|error| format!("is not JSON: {error}"))?;
        let text = |name| document.get(name).and_then(Json::as_str);
        if text("issuer") != Some(&self.issuer) {
            return Err("is of another issuer".to_owned());
        }
        let uri = text("jwks_uri").ok_or("names no jwks_uri")?;
        let endpoint = Endpoint::parse(uri)
            .ok_or_else(|| format!("names a jwks_uri that is no URL: {uri:?}"))?;
        // What came over TLS does not lead to what does not.
        if self.endpoint.https && !endpoint.https {
            return Err(format!("names a jwks_uri without TLS: {uri:?}"));
        }
        Ok(endpoint)
    }

    /// When the next fetch is due: when the reply's `Cache-Control: max-age` ends (RFC 9111 section
    /// 5.2.2.1), but not sooner than the cooldown and not later than `refresh_ms`. A tenth earlier
    /// at most, so that many proxies do not all come at once.
    pub(crate) fn good_for_ms(&self, response: &FetchResponse<'_>, random: u64) -> u64 {
        let max_age = response
            .headers
            .get_all("cache-control")
            .flat_map(|line| line.split(|b| *b == b','))
            .filter_map(max_age_ms)
            .min();
        let least = self.cooldown_ms.min(self.refresh_ms);
        let good_for = max_age.unwrap_or(self.refresh_ms).clamp(least, self.refresh_ms);
        good_for - random % (good_for / 10 + 1)
    }

    /// When to try again after so many failures in a row: 1 s, 2 s, 4 s, … at most a minute or the
    /// time between two fetches that succeed; up to a quarter more.
    pub(crate) fn retry_in_ms(&self, failures: u32, random: u64) -> u64 {
        let back_off = 1_000_u64 << failures.saturating_sub(1).min(6);
        let back_off = back_off.min(60_000).min(self.refresh_ms.max(1_000));
        back_off + random % (back_off / 4 + 1)
    }
}

fn max_age_ms(directive: &[u8]) -> Option<u64> {
    let text = str::from_utf8(directive).ok()?.trim().to_ascii_lowercase();
    if text == "no-store" || text == "no-cache" {
        return Some(0);
    }
    let seconds: u64 = text.strip_prefix("max-age=")?.trim_matches('"').parse().ok()?;
    seconds.checked_mul(1_000)
}
