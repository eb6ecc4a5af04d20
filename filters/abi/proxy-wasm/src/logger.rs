//! The logger behind the `log` facade. The target of a record is the filter's name.
//!
//! Filters log while they are configured, and faults. They log nothing per request, except client
//! errors on nginx, as nginx itself does.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::hostcalls;

/// The ABI's highest level. The `log` crate has no equivalent.
const CRITICAL: u32 = 5;

/// Sends log records and panics to the proxy's log.
pub(crate) fn start() {
    std::panic::set_hook(Box::new(|panic| hostcalls::log(CRITICAL, &panic.to_string())));
    // Fails only if the host calls `_initialize` twice.
    if log::set_logger(&ProxyLog).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

struct ProxyLog;

impl Log for ProxyLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("novasphere {}: {}", record.target(), record.args());
        hostcalls::log(number(record.level()), &line);
    }

    fn flush(&self) {}
}

/// The ABI's number of a level.
const fn number(level: Level) -> u32 {
    match level {
        Level::Trace => 0,
        Level::Debug => 1,
        Level::Info => 2,
        Level::Warn => 3,
        Level::Error => 4,
    }
}
