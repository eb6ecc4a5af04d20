//! `docs/benchmarks.md`: the tables, how they came about, on what machine and when.

use std::{fs, process::Command};

use anyhow::{Context, Result};
use novasphere_tests::paths;

use super::{Effort, latency::RATE, load::CONNECTIONS, rounds::SAME};

/// The whole file.
///
/// # Errors
/// When the machine does not say what it is.
pub(crate) fn text(tables: &str, effort: Effort) -> Result<String> {
    let Effort { rounds, seconds } = effort;
    Ok(format!(
        "\
# Benchmarks

Written by `make bench ROUNDS={rounds} SECONDS={seconds}`; tests/bench says what it needs. Compare within one run: \
another machine, or another hour, moves all numbers together. What matters is the last column.

![Added processor time](benchmarks.svg)

- When: {date}, at commit {commit}.
- Machine: {machine}.
- Proxy: {envoy}, one worker unless it says otherwise.

## Method

Each chain of filters runs in an Envoy of its own, with the settings of host-config/envoy and no access \
log, before an upstream cluster that always gives the same answer of five header fields and 160 bytes. \
Requests have eight header fields and a token of about 300 bytes, 600 with RS256.

Cost: wrk sends as many requests as one worker takes, over {CONNECTIONS} connections, for {seconds} s; \
the processor time of all threads of that Envoy (`/proc/<pid>/task/*/schedstat`) is divided by the \
number of requests. All cases take their turn in each of {rounds} rounds, each round starting with \
another one. What a case adds is its cost less that without filters in the same round; the table shows \
medians. Every {SAME} rounds all proxies are started afresh, because how a process happens to lie in memory \
makes a difference that stays with it; then every case runs for a second before it counts, so that V8 has \
optimised the modules.

Warm tokens: 100 in turn, which all caches hold. Cold tokens: 2,500 in turn, more than the 1,000 that a \
cache holds, so that each has been forgotten when it comes again.

Latency: {RATE} requests in a second at fixed times over {CONNECTIONS} connections; a request that has \
to wait for the one before counts from when it was due.

Memory: resident, after one second of load. Start-up: from the start of the process until Envoy is \
ready, on one worker; it is looked at every 20 ms.

The native four are cors, jwt_authn with local keys, local_ratelimit and header_mutation. They do less: \
local_ratelimit counts all clients as one, in one window. \"One limit for all\" is the same job; the \
other lines count each client's address, a minute's and an hour's. Four filters in one VM are the \
gateway's module four times with one filter each: modules in files of their own cannot share a VM.

{tables}",
        date = output("date", &["-u", "+%Y-%m-%d"])?,
        commit = output("git", &["rev-parse", "--short=12", "HEAD"])?,
        machine = machine()?,
        envoy = envoy()?,
    ))
}

fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let names: Vec<_> =
        cpus.lines().filter_map(|line| line.strip_prefix("model name\t: ")).collect();
    let name = names.first().copied().unwrap_or("unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let major: Vec<_> = kernel.split('.').take(2).collect();
    Ok(format!("{} x {name}, Linux {}", names.len(), major.join(".")))
}

/// Envoy's version: `Envoy 1.40.0`.
fn envoy() -> Result<String> {
    let program = paths::envoy()?;
    let text = output(&program.display().to_string(), &["--version"])?;
    // `<program>  version: <commit>/<version>/<state>/<build>/<library>`
    let (_, build) = text.split_once("version: ").context("Envoy's version")?;
    let version = build.split('/').nth(1).context("Envoy's version")?;
    Ok(format!("Envoy {version}"))
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(paths::repository()).output();
    let text = String::from_utf8(output.with_context(|| program.to_owned())?.stdout)?;
    Ok(text.trim().to_owned())
}
