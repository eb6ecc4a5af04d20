//! Cases: a filter's configuration with requests and their expected outcomes.
//!
//! `tests/cases/README.md` describes the format. The tests run cases natively and in every proxy,
//! and `filterctl test` runs them through a chain of filters without a proxy. This crate reads no
//! files and signs no tokens.
//!
//! - `format`: cases as data; `lines`: header lines;
//! - `token`: the contents of tokens; `expand`: puts signed tokens into a case;
//! - `time`: the time of a request;
//! - `observed`: the outcome of a request, and its differences from the expected one;
//! - `latin1`: header values as text.

mod expand;
mod format;
pub mod latin1;
mod lines;
mod observed;
mod time;
mod token;

pub use expand::Expansion;
pub use format::{
    Case, Exchange, Expectation, HOST, Place, Received, Sent, Upstream, UpstreamExpectation,
};
pub use lines::Lines;
pub use observed::{Observed, Seen};
pub use time::Time;
pub use token::{Key, PrivateKey, PrivateKeyFile, TokenSpec, Variable, signing_input};
