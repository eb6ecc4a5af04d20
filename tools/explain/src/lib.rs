//! Checks configurations and explains requests without a proxy, with the filters' own code.
//!
//! The crate does no I/O and reads no clock: environment, time and requests are arguments. It also
//! compiles for browsers.
//!
//! - `filter_kind`: the filters by name;
//! - `proxy`: the proxy that a configuration is for;
//! - `verdict`: the filter's verdict on a configuration.

mod filter_kind;
mod proxy;
mod verdict;

pub use filter_kind::FilterKind;
pub use proxy::{Environment, Proxy, ProxyKind};
pub use verdict::{Verdict, check};
