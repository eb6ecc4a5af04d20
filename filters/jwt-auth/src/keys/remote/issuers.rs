//! Issuers whose keys are fetched.

use novasphere_core::{BuildContext, Env, FetchError, FetchResponse, Json, TimerActions, UnixTime};

use crate::{
    config::Config,
    config::algorithm::Algorithm,
    decision::Refusal,
    identity::consumer::Consumer,
    keys::key::Key,
    keys::key_set,
    keys::remote::{Known, Prospect, Reader, Source, Sources},
    token::Token,
};

/// All of them.
#[derive(Debug)]
pub(crate) struct Issuers {
    sources: Sources<KeySets>,
    /// Whom each one's tokens are from.
    consumers: Vec<Consumer>,
}

/// Reads key sets: the algorithms each source's keys may be used with.
#[derive(Debug)]
pub(crate) struct KeySets(Vec<Vec<Algorithm>>);

impl Reader for KeySets {
    type Key = Key;

    fn read(&self, index: usize, text: &[u8], env: &Env<'_>) -> Result<Vec<Key>, String> {
        let algorithms = self.0.get(index).map(Vec::as_slice).unwrap_or_default();
        key_set::parse(text, algorithms, &mut |why| env.host.warn(&format!("jwks[{index}]: {why}")))
            .map_err(|error| error.to_string())
    }
}

/// Who signed a token, or that this will be known later.
pub(crate) enum Signer<'f> {
    Known(&'f Consumer),
    /// Then, at the latest; each issuer has a queue of its own.
    Later {
        queue: usize,
        until: UnixTime,
    },
}

impl Issuers {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let (mut sources, mut algorithms, mut consumers) = (Vec::new(), Vec::new(), Vec::new());
        for (i, wire) in config.jwks.iter().enumerate() {
            let at = format!("jwks[{i}]");
            let allowed = wire.algorithms(&at, cx);
            let Some(source) = wire.source(&at, &allowed, cx) else { continue };
            if sources.iter().any(|other: &Source| other.issuer == source.issuer) {
                let message = format!("{:?} has an entry already", source.issuer);
                cx.fault(format!("{at}.issuer"), message);
            }
            consumers.push(
                Consumer::new(&wire.consumer, &format!("{at}.consumer"), cx).identified_by(
                    &source.issuer,
                    &format!("{at}.issuer"),
                    cx,
                ),
            );
            algorithms.push(allowed);
            sources.push(source);
        }
        Self { sources: Sources { sources, reader: KeySets(algorithms) }, consumers }
    }

    pub fn is_empty(&self) -> bool {
        self.consumers.is_empty()
    }

    /// Looks after the keys.
    pub fn on_timer(&self, known: &mut Vec<Known<Key>>, env: &Env<'_>) -> TimerActions {
        self.sources.on_timer(known, env)
    }

    /// A fetch ended.
    pub fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        known: &mut [Known<Key>],
        env: &Env<'_>,
    ) -> TimerActions {
        self.sources.on_fetch(purpose, response, known, env)
    }

    /// The signer of a token of one of these issuers; `None` when it is of none of them.
    pub fn signer_of(
        &self,
        token: &Token<'_>,
        known: &mut Vec<Known<Key>>,
        env: &Env<'_>,
    ) -> Option<Result<Signer<'_>, Refusal>> {
        let issuer = token.claims.get("iss").and_then(Json::as_str)?;
        let index = self.sources.sources.iter().position(|source| source.issuer == issuer)?;
        let (source, consumer) = (self.sources.sources.get(index)?, self.consumers.get(index)?);
        // Again only after newer keys were loaded, so twice at most.
        for _ in 0..2 {
            let keys = known.get(index).and_then(|known| known.keys.as_deref());
            let found = keys.map(|keys| key_set::signer_of(keys, token, env));
            let refusal = match found {
                Some(Ok(_)) => return Some(Ok(Signer::Known(consumer))),
                // A key that is not there yet.
                Some(Err(Refusal::UnknownKey)) => Some(Refusal::UnknownKey),
                Some(Err(refusal)) => return Some(Err(refusal)),
                None => None,
            };
            match (self.sources.prospect(index, known, env), refusal) {
                (Prospect::Newer, _) => {}
                (Prospect::None, Some(refusal)) => return Some(Err(refusal)),
                // Without any key, there is nothing but to wait, even for a later try.
                _ if env.pending.has_capacity(index, source.max_waiting) => {
                    let now = env.clock.now().millis;
                    let millis = now.saturating_add(u64::from(source.timeout_ms));
                    let until = UnixTime { millis };
                    return Some(Ok(Signer::Later { queue: index, until }));
                }
                _ => return Some(Err(Refusal::KeysUnavailable)),
            }
        }
        Some(Err(Refusal::UnknownKey))
    }
}
