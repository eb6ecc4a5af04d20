//! Issuers with fetched keys, and the selection of an issuer by a token.

use std::borrow::Cow;

use novasphere_core::{
    Env, FetchError, FetchResponse, Json, TimerActions, UnixTime,
    trace::{self, Note},
};

use super::{
    issuer::Issuer,
    key_cache::KeyCache,
    key_set_sources::{KeyAvailability, KeySetReader, KeySetSources},
    source::KeySetSource,
};
use crate::{
    config::Algorithm,
    decision::Refusal,
    identity::consumer::Consumer,
    keys::{
        key::{self, Key},
        key_set,
        tries::Tries,
    },
    rejection::{Rejection, excerpt, excerpts},
    token::{Token, header_text},
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

    fn read(
        &self,
        index: usize,
        issuer: &Issuer,
        text: &[u8],
        env: &Env<'_>,
    ) -> Result<Vec<Key>, String> {
        let warn = &mut |reason| env.host.warn(&format!("jwks[{index}]: {reason}"));
        key_set::parse(text, issuer, self.algorithms(index), warn)
            .map_err(|error| error.to_string())
    }
}

impl KeySets {
    fn algorithms(&self, index: usize) -> &[Algorithm] {
        self.0.get(index).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The signer of a token.
pub(crate) enum Signer<'f> {
    /// The consumer whose key signed the token.
    Verified(Cow<'f, Consumer>),
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

    pub(crate) fn contains(&self, issuer: &Issuer) -> bool {
        self.sources.sources.iter().any(|source| source.issuer.is_same_as(issuer))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.consumers.is_empty()
    }

    /// Loads new keys and starts due fetches.
    pub(crate) fn on_timer(&self, caches: &mut Vec<KeyCache<Key>>, env: &Env<'_>) -> TimerActions {
        self.sources.on_timer(caches, env)
    }

    /// Loads the newest keys after a pause of the timer.
    pub(crate) fn catch_up(&self, caches: &mut [KeyCache<Key>], env: &Env<'_>) {
        self.sources.catch_up(caches, env);
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

    /// Releases the leases of this worker's fetches.
    pub(crate) fn abandon_fetches(&self, caches: &[KeyCache<Key>], env: &Env<'_>) {
        self.sources.abandon_fetches(caches, env);
    }

    /// The signer of a token of one of these issuers. `None` if its `iss` is another issuer.
    pub(crate) fn signer(
        &self,
        token: &Token<'_>,
        caches: &mut Vec<KeyCache<Key>>,
        tries: &mut Tries,
        env: &Env<'_>,
    ) -> Option<Result<Signer<'_>, Rejection>> {
        let iss = token.claims.get("iss").and_then(Json::as_str)?;
        let index = self.index(iss, &token.claims);
        if !self.is_empty() {
            trace::note(|| self.note(index, iss));
        }
        let index = index?;
        let (source, consumer) = (self.sources.sources.get(index)?, self.consumers.get(index)?);
        let (alg, algorithms) = (token.algorithm(), self.sources.reader.algorithms(index));
        if !algorithms.iter().any(|own| own.has_name(alg)) {
            return Some(Err(key::algorithm_rejection(algorithms.iter().copied(), token)));
        }
        // A second try follows only after newer keys were loaded.
        let mut rejection = None;
        for _ in 0..2 {
            let keys = caches.get(index).and_then(KeyCache::keys);
            trace::note(|| {
                let found = keys.map_or_else(|| "none yet".to_owned(), |k| k.len().to_string());
                Note::new("fetched keys").found(found).matches(keys.is_some())
            });
            rejection = match keys.map(|keys| key_set::signer(keys, iss, token, tries, env)) {
                Some(Ok(_)) => {
                    return Some(consumer_of(iss, source, consumer).map(Signer::Verified));
                }
                // A newer key set may have the key.
                Some(Err(rejection)) if rejection.refusal == Refusal::UnknownKid => Some(rejection),
                Some(Err(rejection)) => return Some(Err(rejection)),
                None => None,
            };
            match self.sources.availability(index, caches, env) {
                KeyAvailability::Updated => {}
                KeyAvailability::Unchanged if rejection.is_some() => break,
                // Without any keys the request waits in every case, even for a later try.
                _ if env.pending.has_capacity(index, source.max_waiting) => {
                    let now = env.clock.now().millis;
                    let millis = now.saturating_add(u64::from(source.timeout_ms));
                    return Some(Ok(Signer::Pending { queue: index, until: UnixTime { millis } }));
                }
                _ => {
                    let found = format!("iss is {}", excerpt(iss));
                    return Some(Err(Refusal::KeysUnavailable.found(found)));
                }
            }
        }
        Some(Err(rejection.unwrap_or_else(|| Refusal::UnknownKid.into())))
    }

    /// Each issuer as configured, with its allowed algorithms.
    #[cfg(feature = "inspect")]
    pub(crate) fn allowed(&self) -> impl Iterator<Item = (&str, &[Algorithm])> {
        let names = self.names().enumerate();
        names.map(|(index, name)| (name, self.sources.reader.algorithms(index)))
    }

    /// The index of the issuer of a token, and its fetched keys that may sign for the token's `iss`.
    #[cfg(feature = "inspect")]
    pub(crate) fn keys_for<'k>(
        &self,
        token: &Token<'_>,
        caches: &'k [KeyCache<Key>],
    ) -> Option<(usize, Vec<&'k Key>)> {
        let iss = token.claims.get("iss").and_then(Json::as_str)?;
        let index = self.index(iss, &token.claims)?;
        let keys = caches.get(index).and_then(KeyCache::keys).unwrap_or_default().iter();
        let signs_for = |key: &&Key| key.issuer.as_deref().is_none_or(|own| own == iss);
        Some((index, keys.filter(signs_for).collect()))
    }

    /// The issuers as configured.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.sources.iter().map(|source| source.issuer.text())
    }

    /// The note about the issuer of a token.
    fn note(&self, index: Option<usize>, iss: &str) -> Note {
        let subject = index.map_or_else(|| "jwks".to_owned(), |index| format!("jwks[{index}]"));
        let note = Note::new(subject).expected(excerpts(self.names()));
        note.found(format!("iss is {}", excerpt(iss))).matches(index.is_some())
    }

    /// The index of the issuer of a token. An exact `iss` takes precedence over a template.
    fn index(&self, iss: &str, claims: &Json) -> Option<usize> {
        let mut sources = self.sources.sources.iter();
        let exact = sources.position(|source| source.issuer.is(iss));
        let mut sources = self.sources.sources.iter();
        exact.or_else(|| sources.position(|source| source.issuer.is_template_of(iss, claims)))
    }
}

/// The consumer of a verified token. For a template, its identifier is the token's `iss`.
fn consumer_of<'f>(
    iss: &str,
    source: &KeySetSource,
    consumer: &'f Consumer,
) -> Result<Cow<'f, Consumer>, Rejection> {
    if !source.issuer.is_template() {
        return Ok(Cow::Borrowed(consumer));
    }
    let unusable = |_| Refusal::UnusableClaim.found(format!("iss is {}", excerpt(iss)));
    let identifier = header_text::from_text(iss).map_err(unusable)?;
    Ok(Cow::Owned(Consumer { identifier: Some(identifier), ..consumer.clone() }))
}
