//! Checks configurations and explains requests without a proxy, with the filters' own code.
//!
//! The crate does no I/O and reads no clock: environment, time and requests are arguments. It also
//! compiles for browsers.
//!
//! - `filter_kind`: the filters by name;
//! - `proxy`: the proxy that a configuration is for;
//! - `verdict`: the filter's verdict on a configuration;
//! - `message`: requests and responses;
//! - `chain`: the filters of a route, and a request's way through them;
//! - `token`: tokens in requests;
//! - `jwt`: tokens and keys: their content, and the verdict of jwt-auth.

mod assumed_key;
mod chain;
mod filter_kind;
pub mod jwt;
mod message;
mod proxy;
mod token;
mod verdict;

pub use chain::{
    Action, Chain, Change, Configured, Explanation, Facts, Input, KeySets, Rejected, ResponseStep,
    Setup, Step,
};
pub use filter_kind::{FilterKind, decision_names, event_names};
pub use message::{Line, Request, Response};
pub use novasphere_core::trace::{Note, Outcome};
pub use proxy::{Environment, Proxy, ProxyKind, public_key_variables};
pub use verdict::{Verdict, check};
