//! HTTP facts that several filters use.

mod bytes;
mod endpoint;
mod error_body;
mod head;
mod header_name;
mod host_name;
mod methods;
pub(crate) mod name_tag;
mod params;
pub mod target;

pub use bytes::bytes_eq;
pub use endpoint::{Endpoint, may_have_secrets};
pub use error_body::{ErrorBody, ErrorFormat, ProblemDetails};
pub use head::{Headers, RequestHead, ResponseHead};
pub use header_name::{HeaderName, InvalidHeaderName, InvalidHeaderValue, Spellings, header_value};
pub use host_name::host_name;
pub use methods::parse_methods;
pub use params::{QueryParams, encode_non_ascii, encode_query_param};
