//! Counts in this proxy, in a table that all its workers share.

mod counter;
mod limits;
mod slots;
mod table;

pub(crate) use self::{
    counter::{LocalCounter, LocalState},
    limits::LocalLimits,
    slots::Slots,
};
