//! Leases: a worker takes part of a client's remaining quota in advance, and then decides about
//! requests without the counter.

mod cache;
mod counter;

pub(crate) use self::{
    cache::{CachedVerdict, LeaseCache},
    counter::{LeasedCounter, LeasedState},
};
