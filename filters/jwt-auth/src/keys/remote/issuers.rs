//! Issuers with fetched keys, and the selection of an issuer by a token.

use novasphere_core::{Env, FetchError, FetchResponse, Json, TimerActions, UnixTime};

use super::{
    key_cache::KeyCache,
    key_set_sources::{KeyAvailability, KeySetReader, KeySetSources},
    source::KeySetSource,
};
use crate::{
    config::Algorithm,
    decision::Refusal,
    identity::consumer::Consumer,
    keys::{key::Key, key_set},
    token::Token,
};

/// All issuers.
#[derive(Debug, Default)]
pub(crate) struct Issuers {
    sources: KeySetSources<KeySets>,
    /// The consumer of each issuer's tokens.
    consumers: Vec<Consumer>,
}

/// Reads key sets. Holds the allowed algorithms of each source.
#[derive(Debug, Default)]
struct KeySets(Vec<Vec<Algorithm>>);

impl KeySetReader for KeySets {
    type Key = Key;

    fn read(&self, index: usize, text: &[u8], env: &Env<'_>) -> Result<Vec<Key>, String> {
        let algorithms = self.0.get(index).map(Vec::as_slice).unwrap_or_default();
        let warn = &mut |reason| env.host.warn(&format!("jwks[{index}]: {reason}"));
        key_set::parse(text, algorithms, warn).map_err(|error| error.to_string())
    }
}

/// The signer of a token.
pub(crate) enum Signer<'f> {
    /// The consumer whose key signed the token.
    Verified(&'f Consumer),
    /// The keys are being fetched. Each issuer has its own queue of waiting requests.
    Pending {
        queue: usize,
        /// The time of the last attempt.
        until: UnixTime,
    },
}

impl Issuers {
    pub(crate) fn add(
        &mut self,
        source: KeySetSource,
        algorithms: Vec<Algorithm>,
        consumer: Consumer,
    ) {
        self.sources.sources.push(source);
        self.sources.reader.0.push(algorithms);
        self.consumers.push(consumer);
    }

    pub(crate) fn contains(&self, issuer: &str) -> bool {
        self.sources.sources.iter().any(|source| source.issuer == issuer)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.consumers.is_empty()
    }

    /// Loads new keys and starts due fetches.
    pub(crate) fn on_timer(&self, caches: &mut Vec<KeyCache<Key>>, env: &Env<'_>) -> TimerActions {
        self.sources.on_timer(caches, env)
    }

    /// Handles the response of a fetch.
    pub(crate) fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        caches: &mut [KeyCache<Key>],
        env: &Env<'_>,
    ) -> TimerActions {
        self.sources.on_fetch(purpose, response, caches, env)
    }

    /// The signer of a token of one of these issuers. `None` if its `iss` is another issuer.
    pub(crate) fn signer(
        &self,
        token: &Token<'_>,
        caches: &mut Vec<KeyCache<Key>>,
        env: &Env<'_>,
    ) -> Option<Result<Signer<'_>, Refusal>> {
        let issuer = token.claims.get("iss").and_then(Json::as_str)?;
        let index = self.sources.sources.iter().position(|source| source.issuer == issuer)?;
        let (source, consumer) = (self.sources.sources.get(index)?, self.consumers.get(index)?);
        // A second try follows only after newer keys were loaded.
        for _ in 0..2 {
            let keys = caches.get(index).and_then(KeyCache::keys);
            let signer = keys.map(|keys| key_set::signer(keys, token, env));
            let refusal = match signer {
                Some(Ok(_)) => return Some(Ok(Signer::Verified(consumer))),
                // A newer key set may have the key.
                Some(Err(Refusal::UnknownKey)) => Some(Refusal::UnknownKey),
                Some(Err(refusal)) => return Some(Err(refusal)),
                None => None,
            };
            match (self.sources.availability(index, caches, env), refusal) {
                (KeyAvailability::Updated, _) => {}
                (KeyAvailability::Unchanged, Some(refusal)) => return Some(Err(refusal)),
                // Without any keys the request waits in every case, even for a later try.
                _ if env.pending.has_capacity(index, source.max_waiting) => {
                    let now = env.clock.now().millis;
                    let millis = now.saturating_add(u64::from(source.timeout_ms));
                    return Some(Ok(Signer::Pending { queue: index, until: UnixTime { millis } }));
                }
                _ => return Some(Err(Refusal::KeysUnavailable)),
            }
        }
        Some(Err(Refusal::UnknownKey))
    }
}
