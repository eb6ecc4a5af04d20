//! Origins, and the entries of `origins` that match them.

mod invalid_origin;
mod matcher;
mod request_origin;
mod rule;
mod serialized;

pub(crate) use self::{
    invalid_origin::InvalidOrigin,
    request_origin::RequestOrigin,
    rule::{OriginRule, origins_in},
    serialized::Origin,
};
