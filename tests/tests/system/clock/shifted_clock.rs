//! A wall clock that a test sets for Envoy alone.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{clock::unix_seconds, envoy::EnvoyConfig, paths::repository};
use tempfile::TempDir;

const SOURCE: &str = "tests/tests/system/clock/shifted_clock.c";

/// A library that shifts the clock, and the file that it reads.
pub(super) struct ShiftedClock {
    dir: TempDir,
    shift: File,
}

impl ShiftedClock {
    /// Compiles the library. The clock shows `now`, in seconds since 1970.
    pub(super) fn start(now: u64) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let compiled = Command::new("gcc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(library(dir.path()))
            .arg(repository().join(SOURCE))
            .status()
            .context("install the packages gcc and libc6-dev (Debian's names)")?;
        ensure!(compiled.success(), "{SOURCE} does not compile");
        let file = dir.path().join("shift");
        fs::write(&file, 0_i64.to_ne_bytes())?;
        let clock = Self { dir, shift: File::options().write(true).open(file)? };
        clock.set(now)?;
        Ok(clock)
    }

    /// Sets the clock.
    pub(super) fn set(&self, now: u64) -> Result<()> {
        let shift = i64::try_from(now)? - i64::try_from(unix_seconds())?;
        Ok(self.shift.write_all_at(&shift.to_ne_bytes(), 0)?)
    }

    /// Makes an Envoy use this clock.
    pub(super) fn add_to(&self, config: &mut EnvoyConfig) {
        let variables = [
            ("LD_PRELOAD", library(self.dir.path())),
            ("SHIFTED_CLOCK_FILE", self.dir.path().join("shift")),
        ];
        let variables = variables.map(|(name, path)| (name.to_owned(), path.display().to_string()));
        config.environment.extend(variables);
    }
}

fn library(dir: &Path) -> std::path::PathBuf {
    dir.join("shifted_clock.so")
}
