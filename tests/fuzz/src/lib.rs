//! Sends mutated request heads to the real proxies with the shipped configurations, over HTTP/1.1 and
//! HTTP/2. For each request:
//!
//! - it reaches a protected path only with a valid token where the configuration accepts one;
//! - the upstream gets only the identity headers of this token, in any spelling;
//! - the response allows no origin but the request's own, and only if it is allowed;
//! - a client gets no more requests through than its limit;
//! - no response has a status of 500 or more, or a header that the filters remove;
//!
//! and at the end no filter has failed, and neither memory nor statistics have grown.
//!
//! Reading order: `head`, `corpus`, `dictionary`, `mutate` and `generate` (the requests); `identities`,
//! `upstream`, `gateway` (what surrounds the proxy); `http1`, `http2`, `outcome` (the clients);
//! `invariants`, `minimise`, `run`.

mod corpus;
mod dictionary;
mod gateway;
mod generate;
mod head;
mod http1;
mod http2;
mod identities;
mod invariants;
mod minimise;
mod mutate;
mod outcome;
mod run;
mod upstream;

pub use gateway::{ALL, Gateway};
pub use run::{Outcomes, Plan, run};
