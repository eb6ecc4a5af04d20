//! The zone of shared data. By default there is none, and reading or writing then traps: the
//! request gets 500, which is the safe failure.
//!
//! Only Kong's configuration shows a zone without a trap, and only in a request. Other hosts may
//! have a zone that they do not show.

use std::cell::Cell;

use crate::hostcalls::{self, Status};

/// The setting in kong.conf that creates the zone.
pub(super) const SETTING: &str = "nginx_wasm_shm_kv";

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Knowledge {
    #[default]
    Unknown,
    SeemsMissing,
    Exists,
}

/// The knowledge of one configuration about the zone.
#[derive(Default)]
pub(super) struct Zone(Cell<Knowledge>);

impl Zone {
    /// Whether shared data can be used without a trap.
    pub(super) fn exists(&self) -> bool {
        self.0.get() == Knowledge::Exists
    }

    /// A call to shared data returned without a trap.
    pub(super) fn set_exists(&self) {
        self.0.set(Knowledge::Exists);
    }

    /// Looks for the zone once. Warns if it seems to be missing.
    pub(super) fn look(&self, filter: &str) {
        if self.0.get() != Knowledge::Unknown {
            return;
        }
        let path = format!("kong\0configuration\0{SETTING}");
        match hostcalls::property(path.as_bytes()) {
            Ok(_) => self.set_exists(),
            Err(Status::NOT_FOUND) => {
                self.0.set(Knowledge::SeemsMissing);
                log::warn!(
                    target: filter,
                    "shared memory seems to be missing: if this request fails, set {SETTING} = 64m \
                     in kong.conf"
                );
            }
            // Outside of a request the property cannot be read.
            Err(_) => {}
        }
    }
}
