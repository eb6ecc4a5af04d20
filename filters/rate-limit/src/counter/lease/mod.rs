//! Leases of the table of this proxy: a worker takes a part of a client's remaining quota in advance,
//! and decides about the next requests in its own memory.
//!
//! 1. A lease is counted when it is taken, so an unused or lost lease never lets more requests pass
//!    than the limit.
//! 2. Leases only come from the first half of every window (`local::table`). In the second half, each
//!    request is counted.
//! 3. Only a client that keeps the worker busy gets leases. They are at most twice the requests that
//!    the worker had from the client within a second.
//! 4. A lease ends with the first window that ends. Its unused part returns to the windows that have
//!    not ended, with the client's next charge or by the timer, which runs about once a second.
//! 5. Without a timer, a worker takes no lease.

mod counter;
mod leases;

pub(crate) use self::counter::{LeasedCounter, LeasedState};
