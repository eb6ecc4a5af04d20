//! The time that `filterctl check` takes for a large configuration.

use std::{
    fmt::Write,
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{clock::unix_millis, paths::repository};

use crate::say;

const ROUTES: usize = 400;

/// Routes with a filter of their own. Their settings make most of the lines.
const OWN_FILTERS: usize = 130;

const ROUNDS: usize = 11;

/// A save in an editor or a hook of a commit should not wait noticeably.
const LIMIT: Duration = Duration::from_millis(200);

/// Checks a file of 5,000 lines and 400 routes several times, and prints the median.
///
/// # Errors
/// If the median exceeds the limit, or `filterctl` has findings.
pub fn run() -> Result<()> {
    let text = configuration()?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("envoy.yaml");
    fs::write(&file, &text)?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let started = unix_millis();
        let status = Command::new(repository().join("dist/filterctl"))
            .args(["check", "--assume-env", "--fail-on", "error"])
            .arg(&file)
            .stdout(Stdio::null())
            .status()
            .context("dist/filterctl: run make filterctl")?;
        times.push(Duration::from_millis(unix_millis().saturating_sub(started)));
        ensure!(status.success(), "filterctl check: {status}");
    }
    times.sort();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    let lines = text.lines().count();
    say(&format!(
        "filterctl check, {lines} lines, {ROUTES} routes: {} ms (median of {ROUNDS})",
        median.as_millis()
    ))?;
    ensure!(median < LIMIT, "more than {} ms", LIMIT.as_millis());
    Ok(())
}

/// host-config/envoy/per-route.yaml with more routes.
fn configuration() -> Result<String> {
    let shipped = fs::read_to_string(repository().join("host-config/envoy/per-route.yaml"))?;
    let start = shipped
        .find("              - match: {safe_regex: {regex: \"/api/v1/wukongs/[^/]+/console/ws\"}}");
    let (before, rest) = shipped.split_at(start.context("no route of the console")?);
    let end = rest.find("              # Server-sent events").context("no route of the events")?;
    let (route, after) = rest.split_at(end);
    let mut text = before.to_owned();
    for n in 0..ROUTES {
        if n < OWN_FILTERS {
            text.push_str(&route.replace("/console/ws", &format!("/console/{n}")));
        } else {
            writeln!(text, "              - match: {{path_separated_prefix: /api/v1/r{n}}}")?;
            writeln!(text, "                route: {{cluster: novasphere-api, timeout: 60s}}")?;
        }
    }
    Ok(text + after)
}
