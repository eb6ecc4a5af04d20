//! The rate limit of the shipped files, which is Traefik's own.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::{client::Response, clock::instant};

/// Maximum time until the limit is reached. Requests slower than the refill never reach it.
const SLOWEST: Duration = Duration::from_secs(600);

/// The requests of one client to its token bucket: 100 tokens, and one more every 0.6 s.
#[derive(Debug)]
pub struct Bucket {
    full: Instant,
    passed: u128,
}

impl Bucket {
    /// A full bucket, before the first request.
    pub fn full() -> Self {
        Self { full: instant(), passed: 0 }
    }

    /// The number of requests that passed.
    pub fn passed(&self) -> u128 {
        self.passed
    }

    /// Sends requests until one does not get 200. `send` gets the number of requests that passed.
    ///
    /// # Errors
    /// If a request fails, if more requests pass than the bucket had tokens, or if none is rejected in
    /// time.
    pub fn first_rejection(
        &mut self,
        mut send: impl FnMut(u128) -> Result<Response>,
    ) -> Result<Response> {
        loop {
            let response = send(self.passed)?;
            if response.head.status != 200 {
                return Ok(response);
            }
            self.passed = self.passed.saturating_add(1);
            let (passed, elapsed) = (self.passed, self.full.elapsed());
            // One request may wait for its token.
            let most = (elapsed.as_millis() / 600).saturating_add(101);
            ensure!(passed <= most, "{passed} requests passed, expected at most {most}");
            ensure!(elapsed < SLOWEST, "no 429 in {SLOWEST:?} ({passed} requests passed)");
        }
    }
}
