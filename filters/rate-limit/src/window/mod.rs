//! Fixed windows, the limits on them, and the counts in them.

mod limit;
mod period;

pub(crate) use self::{
    limit::{Counts, Limit, MAX_WINDOWS, seconds},
    period::{DAY, Period, Window},
};
