//! The version of the Envoy under test.

use std::{fmt, process::Command, str::FromStr, sync::OnceLock};

use anyhow::{Context, Error, Result};

use crate::paths;

/// A minor version of a proxy, such as 1.40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// Returns a version.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Returns the version of the Envoy that the tests start.
    ///
    /// # Errors
    /// Fails if Envoy does not exist or does not print its version.
    pub fn of_envoy() -> Result<Self> {
        static VERSION: OnceLock<Version> = OnceLock::new();
        if let Some(version) = VERSION.get() {
            return Ok(*version);
        }
        let program = paths::envoy()?;
        let output = Command::new(&program).arg("--version").output();
        let output = output.with_context(|| program.display().to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        // "… version: <commit>/1.40.0/Clean/RELEASE/BoringSSL"
        let version = text.rsplit('/').find_map(|part| part.parse().ok());
        let version = version.with_context(|| format!("no version in {text:?}"))?;
        Ok(*VERSION.get_or_init(|| version))
    }
}

impl FromStr for Version {
    type Err = Error;

    /// Reads `1.40` or `1.40.0`.
    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = text.split('.').map(str::parse);
        let mut next = || numbers.next().context("expected a version such as 1.40");
        Ok(Self { major: next()??, minor: next()?? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
