//! Tests that need system packages: a real Redis behind its HTTP front end, and a clock that the tests set
//! (`make test-redis`).

mod clock;
mod faults;
mod fuzz;
mod redis_front;
mod shared_counts;
