//! Envoy's callbacks as safe functions. None panics.
#![allow(unsafe_code)] // pointers

use std::fmt;

mod abi;
mod config;
mod lines;
mod newer;
mod scheduler;
mod stream;

pub(crate) use self::{
    abi::{Buffer, Line, Map, Status},
    config::{ConfigHandle, sends_requests},
    lines::Lines,
    newer::{abi_version, newer},
    scheduler::{ConfigScheduler, StreamScheduler},
    stream::{LocalReply, StreamHandle},
};

/// A log level. The values are the ABI's.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// Writes a line to Envoy's log. The message must not contain a secret.
pub(crate) fn log(level: Level, filter: &str, message: impl fmt::Display) {
    let line = format!("novasphere {filter}: {message}");
    // SAFETY: Envoy reads the message during the call only.
    unsafe { abi::envoy_dynamic_module_callback_log(level as u32, Buffer::of(line.as_bytes())) }
}

/// Whether Envoy only validates its configuration. Then no event follows, so a thread would wait for
/// nothing. Envoy 1.37 does not tell.
pub(crate) fn is_validation_mode() -> bool {
    // SAFETY: the callback has no preconditions.
    newer().is_validation_mode.is_some_and(|is_validation_mode| unsafe { is_validation_mode() })
}
