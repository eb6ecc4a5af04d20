//! `bench soak`: millions of requests of all kinds through the gateway in the real Envoy. Memory must
//! not grow once its caches and tables are full.

mod memory;

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{chain::ensure_no_trap, envoy::Envoy};
use serde_json::json;

use self::memory::Memory;
use crate::{
    filters,
    proxy::{
        bootstrap::bootstrap,
        chain::Chain,
        token_files::{Pool, TokenFiles},
        upstream,
        wasm::wasm,
    },
    say,
    tokens::Issuer,
};

const SCRIPT: &str = include_str!("soak.lua");
const CONNECTIONS: &str = "32";

/// Number of memory samples in a run.
const LOOKS: u64 = 20;
/// Duration of one run of wrk, in seconds. Several runs send the requests between two samples.
const SECONDS: &str = "5";
/// The first sample that counts. After a quarter of the requests, all caches and tables are full.
const FULL_AFTER: u64 = LOOKS / 4;
/// Allowed growth of the process in bytes, for the allocator's and Envoy's buffers. A leak of one byte
/// a request exceeds it.
const SLACK: u64 = 4 << 20;

/// Metric suffixes that must be non-zero at the end: the mix must reach these decisions.
const DECISIONS: [&str; 7] = [
    "cors.decision=preflight_allowed",
    "cors.decision=preflight_refused",
    "cors.decision=not_allowed",
    "jwt-auth.decision=allowed",
    "jwt-auth.decision=no_token",
    "jwt-auth.decision=bad_signature",
    "rate-limit.decision=limited",
];

/// Sends `requests` requests, prints the memory samples, and fails if memory grew.
///
/// # Errors
/// If memory grew, a program or module is missing, a connection fails, or a filter trapped.
pub(crate) fn run(requests: u64) -> Result<()> {
    let dir = tempfile::Builder::new().prefix("novasphere-soak-").tempdir()?;
    let issuer = Issuer::new()?;
    let tokens = TokenFiles::write(&issuer, dir.path())?;
    fs::write(dir.path().join("soak.lua"), SCRIPT)?;
    let envoy = Envoy::start_bootstrap(&bootstrap(&gateway(&issuer)?, upstream::start()?), 1)?;
    let addr = envoy.listener("gateway")?;
    let wrk = |seed| send(addr, tokens.file("HS256", Pool::Cold)?, dir.path(), seed);
    say("| requests | VM memory, KiB | resident, KiB |\n|---:|---:|---:|")?;
    let (mut sent, mut runs, mut looks) = (0, 0, Vec::new());
    for look in 1..=LOOKS {
        while sent < requests.saturating_mul(look) / LOOKS {
            runs += 1;
            sent += wrk(runs)?;
        }
        let memory = Memory::of(envoy.pid())?;
        say(&format!("| {sent} | {} | {} |", memory.vms >> 10, memory.resident >> 10))?;
        looks.push(memory);
    }
    ensure_no_trap(&envoy)?;
    tell_decisions(&envoy)?;
    ensure_flat(&looks)?;
    say(&format!("Flat over {sent} requests."))
}

/// The chain with a limit for each client address. The run uses millions of addresses.
fn gateway(issuer: &Issuer) -> Result<Chain> {
    let rate_limit = json!({
        "minute": 100,
        "hour": 1000,
        "limit_by": "ip",
        // Envoy appends wrk's address.
        "client_ip": {"from": "forwarded_for", "trusted_hops": 2},
        "headers": "ietf",
    });
    let config = filters::gateway(issuer.jwks(), rate_limit);
    Ok(Chain::wasm("gateway", vec![wasm("gateway", "gateway", &config)?]))
}

/// Sends requests for one run. Returns the number of responses.
fn send(addr: SocketAddr, tokens: &Path, dir: &Path, seed: u64) -> Result<u64> {
    let mut command = Command::new("wrk");
    command.args(["-t", "1", "-c", CONNECTIONS, "-d", &format!("{SECONDS}s"), "-s"]);
    command.arg(dir.join("soak.lua"));
    command.args([&format!("http://{addr}/"), "--"]).arg(tokens).arg(seed.to_string());
    let output = command.output().context("wrk is missing: install the package wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let counts = text.lines().find_map(|line| line.strip_prefix("novasphere "));
    match counts.and_then(|counts| counts.split_once(' ')) {
        Some((requests, "0")) => Ok(requests.parse()?),
        Some((requests, errors)) => bail!("{errors} connections failed in {requests} requests"),
        None => bail!("wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Prints the filters' decisions, to expose a mix that the first filter rejects entirely.
fn tell_decisions(envoy: &Envoy) -> Result<()> {
    let stats = envoy.stats()?;
    let decided = |decision: &str| -> Result<u64> {
        let counter = format!("wasmcustom.novasphere_decisions_total.filter={decision}");
        let count = stats.get(&counter).copied().unwrap_or(0);
        ensure!(count > 0, "{counter} is {count}");
        Ok(count)
    };
    say("\n| decision | requests |\n|---|---:|")?;
    for decision in DECISIONS {
        say(&format!("| {decision} | {} |", decided(decision)?))?;
    }
    Ok(())
}

fn ensure_flat(looks: &[Memory]) -> Result<()> {
    let full = looks.get(usize::try_from(FULL_AFTER)?).context("too few looks")?;
    let end = looks.last().context("no looks")?;
    ensure!(end.vms == full.vms, "the VMs' memory grew from {} to {} bytes", full.vms, end.vms);
    ensure!(
        end.resident <= full.resident + SLACK,
        "the process grew from {} to {} bytes",
        full.resident,
        end.resident
    );
    Ok(())
}
