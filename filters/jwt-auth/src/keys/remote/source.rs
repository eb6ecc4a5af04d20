//! A source of keys, as configured.

use novasphere_core::{Endpoint, Fetch, FetchResponse, Json};

use super::{
    issuer::Issuer,
    record::{MAX_KEY_SET_BYTES, Record, SourceId, source_id},
};
use crate::{config::Algorithm, keys::document, rejection::excerpt};

/// The location of the keys of one issuer. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeySetSource {
    pub(crate) id: SourceId,
    /// The issuer of the tokens.
    pub(crate) issuer: Issuer,
    /// The upstream as the proxy knows it.
    pub(crate) upstream: String,
    pub(crate) endpoint: Endpoint,
    /// Whether the endpoint serves the OpenID Connect configuration, which names the key set.
    pub(crate) discovery: bool,
    /// Maximum lifetime of a key set.
    pub(crate) refresh_ms: u64,
    pub(crate) timeout_ms: u32,
    /// Minimum time between two fetches caused by an unknown `kid`.
    pub(crate) cooldown_ms: u64,
    /// Maximum number of requests that wait for keys in one worker.
    pub(crate) max_waiting: usize,
}

/// The media types of key sets (RFC 7517 section 8.5.1) and discovery documents. The Kubernetes API
/// server responds with 406 to a client that does not accept its own type.
const ACCEPT: &str = "application/json, application/jwk-set+json";
/// Maximum time limit of one request of a fetch, in seconds.
pub(crate) const MAX_TIMEOUT_S: u32 = 60;
const MAX_TIMEOUT_MS: u32 = MAX_TIMEOUT_S * 1_000;
/// Maximum number of requests of a fetch.
const MAX_STAGES: u64 = 2;

/// The stage of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchStage {
    Discovery,
    KeySet,
}

impl KeySetSource {
    /// The id of a source. It covers the algorithms too, because they decide whether a key set is
    /// usable.
    pub(crate) fn id(
        issuer: &str,
        upstream: &str,
        endpoint: &Endpoint,
        discovery: bool,
        algorithms: &[Algorithm],
    ) -> SourceId {
        let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
        source_id(&[
            issuer,
            upstream,
            &endpoint.authority,
            &endpoint.path,
            if endpoint.https { "https" } else { "http" },
            if discovery { "discovery" } else { "key set" },
            &names.join(","),
        ])
    }

    /// The first request of a fetch.
    pub(super) fn first_stage(&self) -> (FetchStage, Endpoint) {
        let stage = if self.discovery { FetchStage::Discovery } else { FetchStage::KeySet };
        (stage, self.endpoint.clone())
    }

    pub(super) fn fetch(&self, purpose: usize, endpoint: Endpoint) -> Fetch {
        Fetch {
            purpose,
            upstream: self.upstream.clone(),
            https: endpoint.https,
            authority: endpoint.authority,
            path: endpoint.path,
            accept: ACCEPT,
            timeout_ms: self.timeout_ms,
            max_body: MAX_KEY_SET_BYTES,
        }
    }

    /// Whether a fetch is due. A due time beyond any that a worker writes results from a clock that
    /// was ahead.
    pub(super) fn is_due(&self, record: &Record, now: u64) -> bool {
        const MAX_RETRY_MS: u64 = 75_000;
        let latest = now.saturating_add(self.refresh_ms.max(MAX_RETRY_MS));
        record.due_at <= now || record.due_at > latest
    }

    /// Whether a fetch is due and has not failed yet. After a failure the last good keys stay in use.
    pub(super) fn is_first_try_due(&self, record: &Record, now: u64) -> bool {
        record.failures == 0 && self.is_due(record, now)
    }

    /// Whether the fetch is so late that all timers must have been paused. A fetch that began in time
    /// does not count as late while its lease lasts. The lease may be longer than this source's, as
    /// in [`is_leased`](Self::is_leased).
    pub(super) fn is_overdue(&self, record: &Record, now: u64) -> bool {
        const START_MS: u64 = 2_000;
        let latest_start = record.due_at.saturating_add(START_MS);
        let began_in_time = Self::is_leased(record, now) && record.fetched_at <= latest_start;
        !began_in_time && latest_start.saturating_add(self.lease_ms()) <= now
    }

    /// Whether a worker holds the lease. An end beyond any that a worker writes results from a clock
    /// that was ahead. The bound does not depend on this source's time limit, because the lease may
    /// be that of another configuration with the same source.
    pub(super) fn is_leased(record: &Record, now: u64) -> bool {
        let latest = now.saturating_add(lease_ms(MAX_STAGES, MAX_TIMEOUT_MS));
        record.leased_until > now && record.leased_until <= latest
    }

    /// Whether an unknown `kid` may cause a fetch.
    pub(super) fn has_cooled_down(&self, record: &Record, now: u64) -> bool {
        record.fetched_at > now || record.fetched_at.saturating_add(self.cooldown_ms) <= now
    }

    /// The duration of a lease: the time limit of all stages. No other worker fetches meanwhile.
    pub(super) fn lease_ms(&self) -> u64 {
        lease_ms(if self.discovery { MAX_STAGES } else { 1 }, self.timeout_ms)
    }

    /// The location of the key set (OpenID Connect Discovery 1.0 section 3). The document's issuer
    /// must be the configured one (section 4.3). Otherwise the keys of another issuer would count
    /// as its keys. The message quotes no URL but the issuers.
    pub(super) fn key_set_endpoint(
        &self,
        response: &FetchResponse<'_>,
    ) -> Result<Endpoint, String> {
        let document = document::parse(response.body).map_err(|error| error.to_string())?;
        let text = |name| document.get(name).and_then(Json::as_str);
        let issuer = text("issuer").ok_or("has no issuer")?;
        if !self.issuer.is_named(issuer) {
            let expected = excerpt(self.issuer.text());
            return Err(format!("is of another issuer: {}, expected {expected}", excerpt(issuer)));
        }
        let uri = text("jwks_uri").ok_or("has no jwks_uri")?;
        let endpoint =
            Endpoint::parse(uri).ok_or("has a jwks_uri that is not an http or https URL")?;
        if self.endpoint.https && !endpoint.https {
            return Err("has a jwks_uri without TLS, but was itself fetched with TLS".to_owned());
        }
        Ok(endpoint)
    }

    /// The time until the next fetch: `Cache-Control: max-age` (RFC 9111 section 5.2.2.1), but at
    /// least the cooldown and at most `refresh_ms`. Up to a tenth less, so that many proxies do not
    /// fetch at the same moment.
    pub(super) fn lifetime_ms(&self, response: &FetchResponse<'_>, random: u64) -> u64 {
        let max_age = response
            .headers
            .get_all("cache-control")
            .flat_map(|line| line.split(|b| *b == b','))
            .filter_map(max_age_ms)
            .min();
        let min = self.cooldown_ms.min(self.refresh_ms);
        let lifetime = max_age.unwrap_or(self.refresh_ms).clamp(min, self.refresh_ms);
        lifetime - random % (lifetime / 10 + 1)
    }

    /// The time until the next try after this many failures in a row: 1 s, 2 s, 4 s and so on, at
    /// most a minute, or the refresh time if that is shorter. Up to a quarter more.
    pub(super) fn retry_in_ms(&self, failures: u32, random: u64) -> u64 {
        let delay = 1_000_u64 << failures.saturating_sub(1).min(6);
        let delay = delay.min(60_000).min(self.refresh_ms.max(1_000));
        delay + random % (delay / 4 + 1)
    }
}

fn lease_ms(stages: u64, timeout_ms: u32) -> u64 {
    const MARGIN_MS: u64 = 1_000;
    u64::from(timeout_ms) * stages + MARGIN_MS
}

fn max_age_ms(directive: &[u8]) -> Option<u64> {
    let text = str::from_utf8(directive).ok()?.trim().to_ascii_lowercase();
    if text == "no-store" || text == "no-cache" {
        return Some(0);
    }
    let seconds: u64 = text.strip_prefix("max-age=")?.trim_matches('"').parse().ok()?;
    seconds.checked_mul(1_000)
}
