//! The contract and the HTTP types of all Novasphere filters, independent of any host.
//!
//! A [`Filter`] is plain data, computed once from its configuration ([`Filter::build`]) and applied
//! to each request ([`Filter::on_request`]) and to the response of each request it continued
//! ([`Filter::on_response`]). Time, shared counters and connection facts come in through [`Env`].
//! Effects go out as data: [`Decision`], [`HeaderMutation`], [`LocalResponse`]. The crates under
//! `filters/abi` translate both for one host each.
//!
//! In reading order:
//!
//! - `filter`: the contract;
//! - `decision`, `local_response`: the decision about a request;
//! - `header_mutation`, `header_interest`: the headers a filter changes and reads;
//! - `host`, `shared_data`, `callout`: the capabilities of a host;
//! - `config`: decoding and checking a configuration;
//! - `http`, `path`, `client_ip`, `cidr`: HTTP facts that several filters use;
//! - `rules`: the rule that applies to a request;
//! - `metric_names`: closed sets of metric label values;
//! - `trace`: notes for tools that explain a decision;
//! - `json`, `schema`, `testing`.

mod callout;
mod cidr;
mod client_ip;
mod config;
mod decision;
mod filter;
mod header_interest;
mod header_mutation;
mod host;
mod http;
mod json;
mod local_response;
mod metric_names;
mod path;
mod rules;
#[cfg(feature = "schema")]
pub mod schema;
mod shared_data;
#[cfg(any(feature = "testing", test))]
pub mod testing;
pub mod trace;

pub use callout::{Callout, CalloutResult, Fetch, FetchError, FetchResponse, TimerActions};
pub use cidr::{Cidr, InvalidCidr};
pub use client_ip::{ClientIp, nat64_ipv4, parse_source_address};
pub use config::{
    BuildContext, ConfigErrors, Fault, FieldHints, InvalidPattern, JwtAuthPlace, KeySource,
    ListEntry, ListField, NumberField, NumberUnit, OneOrMany, Pattern, Sensitive, UsedClaim,
    decode, object, with_separators,
};
pub use decision::Decision;
pub use filter::{Filter, MetricDefinition, MetricKind};
pub use header_interest::{HeaderInterest, Names};
pub use header_mutation::HeaderMutation;
pub use host::{
    Attributes, Capability, Clock, Connection, Env, Hash, Host, Metrics, PendingQueues, Random,
    TimeLimit, UnixTime, VERSION, Verify,
};
pub use http::{
    Endpoint, ErrorBody, ErrorFormat, HeaderName, Headers, InvalidHeaderName, InvalidHeaderValue,
    ProblemDetails, QueryParams, RequestHead, ResponseHead, Spellings, bytes_eq, encode_non_ascii,
    encode_query_param, header_value, host_name, may_have_secrets, parse_methods, target,
};
pub use json::Json;
pub use local_response::LocalResponse;
pub use novasphere_derive::ConfigObject;
pub use path::{PathMatch, PathPattern, UnambiguousPath};
pub use rules::{
    AmbiguousPath, ConditionFields, ExpectedFields, ExpectedValue, RequestCondition, RequestRule,
    RequiredVariants, covers, find_rule,
};
pub use shared_data::{Cas, Change, SharedData, SharedDataError, Written};
