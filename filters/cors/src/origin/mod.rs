//! Origins, and the entries of `origins` that match them.

mod invalid_origin;
mod matcher;
mod request_origin;
mod rule;
mod serialized;

pub(crate) use self::{request_origin::RequestOrigin, rule::OriginRule, serialized::Origin};
