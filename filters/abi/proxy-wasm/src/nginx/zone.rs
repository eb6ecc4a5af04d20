//! The zone of shared data. None is configured by default, and to read or write without one traps:
//! the request gets 500, which is closed. No call asks without a trap; what can be asked, in a
//! request, is Kong's configuration. It only tells that there is a zone: a host that does not show
//! its configuration may have one too.

use std::cell::Cell;

use crate::{
    hostcalls::{self, Status},
    log,
};

/// What an operator has to set.
pub(crate) const SETTING: &str = "nginx_wasm_shm_kv";

/// What is known of it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Known {
    #[default]
    Nothing,
    SeemsMissing,
    IsThere,
}

/// The zone, as one configuration of a filter knows it.
#[derive(Default)]
pub(crate) struct Zone(Cell<Known>);

impl Zone {
    /// Whether shared data can be used without a trap.
    pub(crate) fn is_there(&self) -> bool {
        self.0.get() == Known::IsThere
    }

    /// A call came back from shared data.
    pub(crate) fn found(&self) {
        self.0.set(Known::IsThere);
    }

    /// Looks for it, once, and tells the operator if there seems to be none.
    pub(crate) fn look(&self, filter: &str) {
        if self.0.get() != Known::Nothing {
            return;
        }
        let path = format!("kong\0configuration\0{SETTING}");
        match hostcalls::property(path.as_bytes()) {
            Ok(_) => self.found(),
            Err(Status::NOT_FOUND) => {
                self.0.set(Known::SeemsMissing);
                log::warn(
                    filter,
                    format_args!(
                        "shared data is needed and no zone seems to be configured: if this request \
                         fails, set {SETTING} = 64m in kong.conf"
                    ),
                );
            }
            // Outside of a request, where it cannot be read.
            Err(_) => {}
        }
    }
}
