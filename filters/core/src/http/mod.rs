//! HTTP facts that several filters use.

mod bytes;
mod error_body;
mod head;
mod header_name;
mod methods;
mod params;
pub mod target;

pub use bytes::{position, same_bytes};
pub use error_body::{ErrorBody, ErrorFormat, Problem};
pub use head::{Headers, RequestHead, ResponseHead};
pub use header_name::{HeaderName, InvalidHeaderName, InvalidHeaderValue, header_value};
pub use methods::methods;
pub use params::{Params, encode_param};
