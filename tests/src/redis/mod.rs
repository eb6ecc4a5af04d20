//! The real Redis and its HTTP form from Debian's packages, with the files of `host-config/redis`, and a
//! form that fails on demand:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use novasphere_tests::redis::{Fault, FaultyFront, Front, Redis};
//! use serde_json::json;
//!
//! let mut redis = Redis::start()?;
//! let mut front = Front::start(&redis)?;
//! // For filters: `front.addr` as cluster or host:port, and `front.token()`.
//! let answer = front.command(&json!(["EVAL", "return ARGV[1]", 1, "novasphere:a", "n1"]))?;
//! assert_eq!(answer.json()?, json!({"result": "n1"}));
//!
//! redis.pause()?; // requests run into timeouts
//! redis.resume()?;
//! redis.kill()?; // connections are refused
//! redis.restart_empty()?;
//! assert_eq!(redis.size()?, 0);
//! front.kill()?;
//! front.restart()?; // at the same address
//!
//! // Between a filter and the front:
//! let faulty = FaultyFront::start(front.addr)?;
//! faulty.fail(Fault::OthersAnswer);
//! assert_eq!(faulty.requests(), 0);
//! # Ok(())
//! # }
//! ```

mod faulty;
mod front;
mod group;
mod packages;
mod server;

pub use faulty::{Fault, FaultyFront};
pub use front::{Front, FrontOptions};
pub use server::Redis;
