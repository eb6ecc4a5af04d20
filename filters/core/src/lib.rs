//! The vocabulary all Novasphere filters speak. Names no host.
//!
//! A filter is a [`Policy`]: plain data computed once from its configuration ([`Policy::configure`]),
//! then applied to each request ([`Policy::on_request`]) and to the response of the requests it let
//! pass ([`Policy::on_response`]). Time, shared counters and facts about the connection come in as
//! ports ([`Env`]); what should happen goes out as data ([`Step`], [`Edit`], [`Reply`]). The crates
//! under `filters/abi` translate both for one host each.

mod bytes;
mod call;
mod cidr;
mod client_ip;
mod config;
mod endpoint;
mod error_body;
mod fetch;
mod header_name;
mod http;
mod json;
mod methods;
mod params;
mod path_pattern;
mod pattern;
mod plain_path;
mod policy;
mod ports;
#[cfg(feature = "schema")]
pub mod schema;
mod step;
pub mod target;
#[cfg(any(feature = "testing", test))]
pub mod testing;

pub use bytes::{position, same_bytes};
pub use call::{Answer, Call};
pub use cidr::Cidr;
pub use client_ip::{ClientIp, parse_source_address};
pub use config::{ConfigErrors, Fault, KeyText, OneOrMany, Sensitive, decode};
pub use endpoint::Endpoint;
pub use error_body::{ErrorBody, ErrorFormat, Problem};
pub use fetch::{Duty, Fetch, FetchError, FetchReply};
pub use header_name::{HeaderName, InvalidHeaderName, InvalidHeaderValue, header_value};
pub use http::{Headers, RequestHead, ResponseHead};
pub use json::Json;
pub use methods::methods;
pub use params::{Params, encode_param};
pub use path_pattern::{PathFields, PathPattern};
pub use pattern::{InvalidPattern, Pattern};
pub use plain_path::PlainPath;
pub use policy::{MetricKind, Needs, OwnMetric, Policy, Read};
pub use ports::{
    Attributes, Capability, Change, Clock, Connection, Env, Hash, Host, Metrics, Random, Store,
    StoreError, UnixTime, Verify, Version, Waiting, Written,
};
pub use step::{Edit, Reply, Step};
