//! Checks that need more than the type of a field: `build` calls them.

mod names;
mod origins;
mod patterns;
mod policy;

pub(crate) use self::{
    origins::allow_origin,
    policy::{check as check_policy, preflight_fields},
};
