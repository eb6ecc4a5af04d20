//! A server that the gateway uses is killed, stalls, drips, resets connections or sends garbage, and
//! comes back. The tests count the requests that the fault harms.

mod flapping;
mod issuer;
mod link;
mod upstream;

use std::time::Duration;

use novasphere_tests::faults::LinkFault;

/// Slower than the timeout of any fetch of keys.
const SLOW_DRIP: LinkFault = LinkFault::Drip { bytes: 1, pause: Duration::from_millis(100) };
