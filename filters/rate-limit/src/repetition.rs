//! Detects a limiter that counts a request twice, because two filters of the chain contain it.
//!
//! The configurations do not show this: two routes may share counts on purpose, and from two equal
//! configurations a proxy creates one filter. So the filters of a chain list in an attribute of the
//! request the limiters that counted it.

use novasphere_core::Env;

use crate::{
    counter::CounterKind,
    limiter::{Limiter, namespace},
};

/// The attribute with the limiters that counted a request.
const ATTRIBUTE: &str = "rate_limit_counted";

/// The number of requests that a worker checks. More than one, because both filters of a chain may
/// share this memory.
const REQUESTS: u8 = 8;

/// The progress of one worker.
#[derive(Default)]
pub(crate) struct RepetitionCheck {
    requests: u8,
}

impl RepetitionCheck {
    /// Checks one of the first requests, which `limiter` counts in `counter`.
    pub(crate) fn check(&mut self, limiter: &Limiter, counter: &CounterKind, env: &Env<'_>) {
        if self.requests >= REQUESTS || !env.host.passes_attributes() {
            return;
        }
        self.requests = self.requests.saturating_add(1);
        let Limiter { name, limits, identity, .. } = limiter;
        // The scope is part of each client's key, so it separates counts too.
        let place = format!(" {:?} {}", identity.scope, counter.store());
        let own = [namespace(name, limits, identity), place.into_bytes()].concat();
        let mut counted = env.attributes.get(ATTRIBUTE).unwrap_or_default();
        if counted.split(|b| *b == b'\n').any(|other| other == own) {
            self.requests = REQUESTS;
            env.host.warn(&format!(
                "a request counts twice, because two filters of its chain have the same limits, \
                 identity and name ({name:?}). Remove one of them, or give it another name"
            ));
            return;
        }
        counted.extend(own);
        counted.push(b'\n');
        env.attributes.set(ATTRIBUTE, &counted);
    }
}
