//! Requests that never pause, so that a change of the fault meets some of them in progress.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use anyhow::{Result, anyhow};

use super::{Outcome, Traffic, harm::Kind, traffic::outcome};

/// The number of requests with each outcome.
pub type Counts = BTreeMap<Outcome, usize>;

/// The outcomes of all requests.
#[derive(Clone, Debug)]
pub struct Storm {
    /// Requests with valid tokens, each from a new client.
    pub within: Counts,
    /// One client's requests with valid tokens, most of them beyond its limit.
    pub one_client: Counts,
    /// Requests without a valid token.
    pub invalid: Counts,
}

impl Traffic<'_> {
    /// Sends requests of each kind until `change` returns. The names of their clients start with
    /// `storm`. `change` gets the number of finished requests of the one client.
    ///
    /// # Errors
    /// If `change` fails, or if no token can be signed.
    pub fn storm(&self, change: impl FnOnce(&dyn Fn() -> usize) -> Result<()>) -> Result<Storm> {
        let (is_over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
        let send = |kind, one: Option<&str>| -> Result<Counts> {
            let mut counts = Counts::new();
            for n in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let client = one.map_or_else(|| format!("storm-{kind:?}-{n}"), str::to_owned);
                let (outcome, _) = outcome(self.addr, &self.request(kind, &client, n)?);
                *counts.entry(outcome).or_default() += 1;
                sent.fetch_add(usize::from(one.is_some()), Ordering::Relaxed);
            }
            Ok(counts)
        };
        thread::scope(|scope| {
            let within = scope.spawn(|| send(Kind::Within, None));
            let one_client = scope.spawn(|| send(Kind::Within, Some("storm-one")));
            let invalid = scope.spawn(|| send(Kind::Invalid, None));
            let changed = change(&|| sent.load(Ordering::Relaxed));
            is_over.store(true, Ordering::Relaxed);
            let [within, one_client, invalid] = [within, one_client, invalid]
                .map(|sender| sender.join().map_err(|_| anyhow!("a client panicked"))?);
            changed?;
            Ok(Storm { within: within?, one_client: one_client?, invalid: invalid? })
        })
    }
}

/// The number of requests whose outcome satisfies `wanted`.
pub fn number(counts: &Counts, wanted: impl Fn(Outcome) -> bool) -> usize {
    counts.iter().filter(|(outcome, _)| wanted(**outcome)).map(|(_, count)| count).sum()
}
