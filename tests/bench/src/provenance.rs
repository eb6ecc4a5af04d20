//! The date, commit, machine and versions of a report.

use std::{fs, process::Command};

use anyhow::{Context, Result};
use novasphere_harness::paths;

/// The date and the commit: `2026-11-23, at commit 65d5b68b096b`.
///
/// # Errors
/// If date or git is missing.
pub(crate) fn date() -> Result<String> {
    let date = output("date", &["-u", "+%Y-%m-%d"])?;
    Ok(format!("{date}, at commit {}", output("git", &["rev-parse", "--short=12", "HEAD"])?))
}

/// The processors and the kernel.
///
/// # Errors
/// If the machine does not report them.
pub(crate) fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let names: Vec<_> =
        cpus.lines().filter_map(|line| line.strip_prefix("model name\t: ")).collect();
    let name = names.first().copied().unwrap_or("unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let major: Vec<_> = kernel.split('.').take(2).collect();
    Ok(format!("{} x {name}, Linux {}", names.len(), major.join(".")))
}

/// Envoy's version: `Envoy 1.40.0`.
///
/// # Errors
/// If Envoy is missing.
pub(crate) fn envoy() -> Result<String> {
    let program = paths::envoy()?;
    let text = output(&program.display().to_string(), &["--version"])?;
    // `<program>  version: <commit>/<version>/<state>/<build>/<library>`
    let (_, build) = text.split_once("version: ").context("Envoy's version")?;
    let version = build.split('/').nth(1).context("Envoy's version")?;
    Ok(format!("Envoy {version}"))
}

/// The standard output of a program, without white space around it.
///
/// # Errors
/// If the program is missing.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(paths::repository()).output();
    let text = String::from_utf8(output.with_context(|| program.to_owned())?.stdout)?;
    Ok(text.trim().to_owned())
}
