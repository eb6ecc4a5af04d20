//! The zone of shared data. None is configured by default, and to read or write without one traps:
//! the request gets 500, which is closed. There is no call that would ask without a trap; what can
//! be asked, in a request, is Kong's configuration.

use std::cell::Cell;

use crate::hostcalls::{self, Status};

/// What an operator has to set.
pub(crate) const SETTING: &str = "nginx_wasm_shm_kv";

/// Whether the absence of a zone was looked for.
#[derive(Default)]
pub(crate) struct Zone(Cell<bool>);

impl Zone {
    /// Tells the operator, before the first use, if there seems to be no zone. Only tells: a host
    /// that does not show its configuration may have one.
    pub(crate) fn look_once(&self, filter: &str) {
        if self.0.get() {
            return;
        }
        let path = format!("kong\0configuration\0{SETTING}");
        match hostcalls::property(path.as_bytes()) {
            Ok(_) => self.0.set(true),
            Err(Status::NOT_FOUND) => {
                self.0.set(true);
                log::warn!(
                    "novasphere {filter}: shared data is needed and no zone seems to be configured: \
                     if this request fails, set {SETTING} = 10m in kong.conf"
                );
            }
            // Outside of a request, where it cannot be read.
            Err(_) => {}
        }
    }
}
