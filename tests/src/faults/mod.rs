//! Faults of a server, and their effect on the requests of a client.

mod chain;
mod harm;
mod link;
mod storm;
mod traffic;
mod wire;

pub use chain::{chain, provider};
pub use harm::{Harm, Outcome};
pub use link::{Link, LinkFault, Part};
pub use storm::{Counts, Storm, number};
pub use traffic::{BEYOND, INVALID, LIMIT, Traffic};
