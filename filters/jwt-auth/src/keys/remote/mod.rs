//! Fetched keys: key sets (RFC 7517), fetched directly or through OpenID Connect discovery.
//!
//! A single worker of the proxy fetches, and all workers use the keys:
//!
//! 1. A worker whose timer finds a due fetch takes the lease in the shared record. A worker that
//!    loses the race does not fetch. A lease expires, in case its worker dies.
//! 2. A complete key set with a usable key is stored for all workers. The next fetch is due when the
//!    set expires. An unchanged set has no effect.
//! 3. After a failed fetch the last good keys stay in use. The next try follows after a growing
//!    delay. The log has the reason.
//! 4. A token with an unknown `kid` makes a fetch due at once, but not within the cooldown after the
//!    last one, so random `kid` values cause no storm.
//! 5. A request waits while a fetch that it needs is in progress.
//! 6. A worker whose timer paused, as on nginx, first loads the keys that other workers stored. If
//!    the keys expired because all workers paused, or the host lost the record, the keys are not
//!    used until a fetch ends. If that fetch fails, rule 3 applies. If the host lost the newer keys,
//!    the worker continues as before its first keys.

mod fetch_failure;
pub(crate) mod issuer;
pub(crate) mod issuers;
mod key_cache;
mod key_set_sources;
mod record;
pub(crate) mod source;
#[cfg(test)]
mod tests;

pub(crate) use self::{key_cache::KeyCache, record::SLOTS};
