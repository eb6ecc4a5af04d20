//! The way to the proxy's log. Filters log when they are configured, and what should not happen; per
//! request nothing but a client's mistakes on nginx, as nginx does.

use std::fmt::Arguments;

use crate::hostcalls;

const INFO: u32 = 2;
const WARN: u32 = 3;
const ERROR: u32 = 4;
const CRITICAL: u32 = 5;

/// Sends panics to the proxy's log.
pub(crate) fn start() {
    std::panic::set_hook(Box::new(|panic| hostcalls::log(CRITICAL, &panic.to_string())));
}

/// What an operator may want to know of a filter.
pub(crate) fn info(filter: &str, what: Arguments<'_>) {
    write(INFO, filter, what);
}

/// What an operator should look at.
pub(crate) fn warn(filter: &str, what: Arguments<'_>) {
    write(WARN, filter, what);
}

/// Why something does not work.
pub(crate) fn error(filter: &str, what: Arguments<'_>) {
    write(ERROR, filter, what);
}

fn write(level: u32, filter: &str, what: Arguments<'_>) {
    hostcalls::log(level, &format!("novasphere {filter}: {what}"));
}
