//! The requests of one client: within its limit, beyond it, and without a valid token.

use std::{net::SocketAddr, thread};

use anyhow::{Result, anyhow};
use novasphere_harness::client::{Connection, Request};
use serde_json::json;

use super::{Harm, Outcome, harm::Kind};
use crate::test_key::TestKey;

/// The limit of a client.
pub const LIMIT: usize = 20;
/// The requests of a client beyond its limit.
pub const BEYOND: usize = 10;
/// The requests of a client without a valid token.
pub const INVALID: usize = 30;

/// The number of requests at a time.
const SENDERS: usize = 4;
/// An origin that cors must allow.
pub(super) const ORIGIN: &str = "https://app.novasphere.io";

/// A sender of requests: the gateway's address, and the keys of the tokens.
#[derive(Clone, Copy, Debug)]
pub struct Traffic<'a> {
    /// The address of the gateway.
    pub addr: SocketAddr,
    /// The issuer.
    pub issuer: &'a str,
    /// The issuer's key.
    pub key: &'a TestKey,
    /// A key with the same `kid` that the gateway must not accept.
    pub foreign: &'a TestKey,
}

impl Traffic<'_> {
    /// Sends the requests of a new client: [`LIMIT`], then [`BEYOND`], then [`INVALID`]. `passed` is the
    /// outcome of a request that passes the filters. The gateway must limit by the header `x-client`.
    ///
    /// # Errors
    /// If no token can be signed.
    pub fn harm(&self, client: &str, passed: Outcome) -> Result<Harm> {
        let mut harm = Harm::default();
        for (kind, count) in
            [(Kind::Within, LIMIT), (Kind::Beyond, BEYOND), (Kind::Invalid, INVALID)]
        {
            let requests = (0..count).map(|n| self.request(kind, client, n));
            for (outcome, is_readable) in self.send_all(&requests.collect::<Result<Vec<_>>>()?)? {
                harm.count(kind, outcome, passed);
                harm.unreadable += usize::from(!is_readable);
            }
        }
        Ok(harm)
    }

    /// Sends `count` requests of a client with valid tokens. Returns how many got a complete 200.
    ///
    /// # Errors
    /// If no token can be signed.
    pub fn passed(&self, client: &str, count: usize) -> Result<usize> {
        let outcomes = self.outcomes(client, count)?;
        Ok(outcomes.iter().filter(|outcome| **outcome == Outcome::Complete(200)).count())
    }

    /// Sends `count` requests of a client with valid tokens. Returns the outcomes.
    ///
    /// # Errors
    /// If no token can be signed.
    pub fn outcomes(&self, client: &str, count: usize) -> Result<Vec<Outcome>> {
        let requests = (0..count).map(|n| self.request(Kind::Within, client, n));
        let outcomes = self.send_all(&requests.collect::<Result<Vec<_>>>()?)?;
        Ok(outcomes.into_iter().map(|(outcome, _)| outcome).collect())
    }

    /// A request. `n` makes its token unique, so that no cache knows it.
    pub(super) fn request(&self, kind: Kind, client: &str, n: usize) -> Result<Request> {
        let request =
            Request::get("/api/v1/wukongs").header("x-client", client).header("origin", ORIGIN);
        let (key, expiry) = match (kind, n % 3) {
            (Kind::Invalid, 0) => return Ok(request),
            (Kind::Invalid, 1) => (self.key, "now-600"),
            (Kind::Invalid, _) => (self.foreign, "now+600"),
            _ => (self.key, "now+600"),
        };
        let jti = format!("{client}-{kind:?}-{n}");
        let claims = json!({"iss": self.issuer, "sub": "alice", "exp": expiry, "jti": jti});
        Ok(request.header("authorization", format!("Bearer {}", key.token(&claims)?)))
    }

    /// Sends requests, each over a new connection. Returns the outcomes, and whether a page could read
    /// each response.
    fn send_all(&self, requests: &[Request]) -> Result<Vec<(Outcome, bool)>> {
        let send_each = |requests: &[Request]| -> Vec<_> {
            requests.iter().map(|request| outcome(self.addr, request)).collect()
        };
        thread::scope(|scope| {
            let parts = requests.chunks(requests.len().div_ceil(SENDERS).max(1));
            let senders: Vec<_> = parts.map(|part| scope.spawn(move || send_each(part))).collect();
            let mut outcomes = Vec::new();
            for sender in senders {
                outcomes.extend(sender.join().map_err(|_| anyhow!("a client panicked"))?);
            }
            Ok(outcomes)
        })
    }
}

/// Sends a request. A response that did not arrive counts as readable.
pub(super) fn outcome(addr: SocketAddr, request: &Request) -> (Outcome, bool) {
    let Ok(mut connection) = Connection::open(addr) else { return (Outcome::NoResponse, true) };
    if connection.write(&request.to_bytes()).is_err() {
        return (Outcome::NoResponse, true);
    }
    let Ok(head) = connection.read_head() else { return (Outcome::NoResponse, true) };
    let allowed = head.first("access-control-allow-origin");
    let is_readable = allowed.as_deref() == Some(ORIGIN);
    let status = head.status;
    let body = (|| {
        let mut framing = head.framing(&request.method)?;
        while connection.next_piece(&mut framing)?.is_some() {}
        anyhow::Ok(())
    })();
    let outcome = match body {
        Ok(()) => Outcome::Complete(status),
        Err(_) => Outcome::BrokenOff(status),
    };
    (outcome, is_readable)
}
