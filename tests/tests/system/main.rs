//! Tests with a real Redis behind its HTTP front end (`make test-redis`).

mod faults;
mod fuzz;
mod redis_front;
mod shared_counts;
