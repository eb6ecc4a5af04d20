//! The versions of the proxies under test.

use std::{fmt, path::Path, process::Command, str::FromStr, sync::OnceLock};

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
        // "… version: <commit>/1.40.0/Clean/RELEASE/BoringSSL"
        printed(&VERSION, &paths::envoy()?, "--version", '/')
    }

    /// Returns the version of the Traefik that the tests start.
    ///
    /// # Errors
    /// Fails if Traefik does not exist or does not print its version.
    pub fn of_traefik() -> Result<Self> {
        static VERSION: OnceLock<Version> = OnceLock::new();
        // "Version:      3.7.15"
        printed(&VERSION, &paths::traefik()?, "version", ' ')
    }
}

/// The version in the output of a program, which runs once.
fn printed(
    known: &OnceLock<Version>,
    program: &Path,
    argument: &str,
    separator: char,
) -> Result<Version> {
    if let Some(version) = known.get() {
        return Ok(*version);
    }
    let output = Command::new(program).arg(argument).output();
    let output = output.with_context(|| program.display().to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut parts = text.lines().flat_map(|line| line.rsplit(separator));
    let version = parts.find_map(|part| part.parse().ok());
    let version = version.with_context(|| format!("no version in {text:?}"))?;
    Ok(*known.get_or_init(|| version))
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
