//! The way to the proxy's log.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::hostcalls;

struct ProxyLog;

impl Log for ProxyLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Trace => 0,
            Level::Debug => 1,
            Level::Info => 2,
            Level::Warn => 3,
            Level::Error => 4,
        };
        hostcalls::log(level, &record.args().to_string());
    }

    fn flush(&self) {}
}

const CRITICAL: u32 = 5;

/// Sends `log` records and panics to the proxy's log. Filters log when they are configured, not
/// per request, so `info` costs nothing there.
pub(crate) fn start() {
    if log::set_logger(&ProxyLog).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
    std::panic::set_hook(Box::new(|panic| hostcalls::log(CRITICAL, &panic.to_string())));
}
