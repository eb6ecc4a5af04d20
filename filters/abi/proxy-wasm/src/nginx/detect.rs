//! Telling the hosts apart, once.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::hostcalls::{self, Status};

const UNKNOWN: u8 = 0;
const NGINX: u8 = 1;
const OTHER: u8 = 2;

static HOST: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Finds out, in a root context, whether the host is on nginx: it answers for nginx's variables,
/// if only with another failure than that there is no such property.
///
/// Called when a filter is configured: an instance that is made anew after a trap, for a request
/// under way, is configured but not started.
pub(crate) fn detect() -> bool {
    if HOST.load(Ordering::Relaxed) == UNKNOWN {
        let found = hostcalls::property(b"ngx\0nginx_version") != Err(Status::NOT_FOUND);
        HOST.store(if found { NGINX } else { OTHER }, Ordering::Relaxed);
    }
    is_host()
}

/// What was found out.
pub(crate) fn is_host() -> bool {
    HOST.load(Ordering::Relaxed) == NGINX
}
