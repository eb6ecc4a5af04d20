//! `filterctl version` and `filterctl verify`: built modules.
//!
//! - `module`: facts about a module;
//! - `version`, `verify`: the commands.

mod module;
#[cfg(test)]
mod tests;
pub mod verify;
pub mod version;

use sha2::{Digest, Sha256};

/// The SHA-256 digest in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
