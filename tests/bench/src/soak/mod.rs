//! `bench soak`: millions of requests of all kinds through the filters in the real Envoy, or in the
//! emulated Kong. Nothing may grow once the caches and tables are full.

mod kong;
pub(crate) mod load;
pub(crate) mod mix;
pub(crate) mod usage;

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{chain::ensure_no_trap, clock, envoy::Envoy};
use serde_json::{Value, json};

use self::{kong::Kong, load::Load, mix::Mix, usage::Usage};
use crate::{
    filters::{self, cors, header_transform, jwt_auth},
    proxy::{
        bootstrap::bootstrap,
        chain::Chain,
        upstream,
        wasm::{native_module_filter, wasm},
    },
    say,
    tokens::Issuer,
};

/// More tokens than a cache holds.
const TOKENS: usize = 2_500;

/// Minimum number of requests. A quarter of them fill the caches and tables, and bring the allocator
/// to its peak.
const MIN_REQUESTS: u64 = 2_000_000;

/// Number of samples in a run.
const LOOKS: u64 = 20;
/// The first sample that counts. After a quarter of the requests, all caches and tables are full.
const FULL_AFTER: u64 = LOOKS / 4;
/// Allowed growth of the process in bytes, for the allocator's and Envoy's buffers. A leak of one byte
/// a request exceeds it.
const SLACK: u64 = 4 << 20;
/// Allowed growth of the number of descriptors: the upstream's connections come and go.
const DESCRIPTORS: u64 = 8;

/// The statuses that the requests of the mix can get.
const STATUSES: [u16; 5] = [200, 204, 401, 403, 429];

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

/// A proxy under load.
trait Subject {
    /// Sends at least this many requests. Returns their number.
    fn send(&mut self, requests: u64) -> Result<u64>;
    fn usage(&self) -> Result<Usage>;
    /// The counters by name. Fails if a filter trapped.
    fn counters(&mut self) -> Result<Vec<(String, u64)>>;
}

/// Envoy and its client.
struct Gateway {
    envoy: Envoy,
    load: Load,
}

impl Subject for Gateway {
    fn send(&mut self, requests: u64) -> Result<u64> {
        self.load.send(requests)
    }

    fn usage(&self) -> Result<Usage> {
        Usage::of(self.envoy.pid())
    }

    fn counters(&mut self) -> Result<Vec<(String, u64)>> {
        ensure_no_trap(&self.envoy)?;
        Ok(self.envoy.stats()?.into_iter().collect())
    }
}

/// Sends `requests` requests, prints the samples, and fails if something grew. `host` is `gateway`, the
/// gateway as WebAssembly; `four`, the four filters in their own modules; `native`; or `kong`, the
/// gateway in the emulated Kong.
///
/// # Errors
/// If there are fewer than two million requests, something grew, a module is missing, a connection fails,
/// or a filter trapped.
pub(crate) fn run(host: &str, requests: u64) -> Result<()> {
    ensure!(requests >= MIN_REQUESTS, "REQUESTS: must be {MIN_REQUESTS} or more, got {requests}");
    let mut subject = subject(host)?;
    say(
        "| requests | a second | VM memory, KiB | resident, KiB | descriptors | threads | timers | shared keys |",
    )?;
    say("|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    let (mut sent, mut looks) = (0, Vec::new());
    for look in 1..=LOOKS {
        let from = clock::instant();
        let now = subject.send((requests.saturating_mul(look) / LOOKS).saturating_sub(sent))?;
        sent += now;
        let rate = u128::from(now) * 1_000 / from.elapsed().as_millis().max(1);
        let usage = subject.usage()?;
        say(&format!("| {sent} | {rate} | {usage} |"))?;
        looks.push(usage);
    }
    tell_decisions(&subject.counters()?)?;
    ensure_flat(&looks)?;
    say(&format!("Flat over {sent} requests."))
}

fn subject(host: &str) -> Result<Box<dyn Subject>> {
    let issuer = Issuer::new()?;
    let expiry = json!("now+360000");
    let tokens = (0..TOKENS).map(|number| issuer.token("HS256", number, &expiry));
    let mix = Mix::new(tokens.collect::<Result<_>>()?, 1);
    if host == "kong" {
        let config = filters::gateway(issuer.jwks(), rate_limit(1));
        return Ok(Box::new(Kong::start(&config, mix)?));
    }
    let chain = chain(host, issuer.jwks())?;
    let envoy = Envoy::start_bootstrap(&bootstrap(&chain, upstream::start()?), 1)?;
    let load = Load::new(envoy.listener("gateway")?, mix)?;
    Ok(Box::new(Gateway { envoy, load }))
}

/// A limit for each client address. The run uses millions of addresses.
fn rate_limit(trusted_hops: u32) -> Value {
    json!({
        "minute": 100,
        "hour": 1000,
        "limit_by": "ip",
        "client_ip": {"from": "forwarded_for", "trusted_hops": trusted_hops},
        "headers": "ietf",
    })
}

fn chain(host: &str, keys: &[Value]) -> Result<Chain> {
    // Envoy appends the address of the load.
    let rate_limit = rate_limit(2);
    let filters = match host {
        "gateway" => vec![wasm("gateway", "gateway", &filters::gateway(keys, rate_limit))?],
        "native" => vec![native_module_filter("soak", &filters::gateway(keys, rate_limit))?],
        "four" => vec![
            wasm("cors", "soak", &cors())?,
            wasm("jwt-auth", "soak", &jwt_auth(keys))?,
            wasm("rate-limit", "soak", &rate_limit)?,
            wasm("header-transform", "soak", &header_transform())?,
        ],
        other => bail!("HOST: expected gateway, four, native or kong, got {other:?}"),
    };
    Ok(Chain::wasm("soak", filters))
}

/// Prints the filters' decisions, to expose a mix that the first filter rejects entirely.
fn tell_decisions(counters: &[(String, u64)]) -> Result<()> {
    say("\n| decision | requests |\n|---|---:|")?;
    for decision in DECISIONS {
        let counter = format!("novasphere_decisions_total.filter={decision}");
        let found = counters.iter().find(|(name, _)| name.ends_with(&counter));
        let count = found.map_or(0, |(_, count)| *count);
        ensure!(count > 0, "{counter} is {count}");
        say(&format!("| {decision} | {count} |"))?;
    }
    Ok(())
}

fn ensure_flat(looks: &[Usage]) -> Result<()> {
    let full = looks.get(usize::try_from(FULL_AFTER)?).context("too few looks")?;
    let end = looks.last().context("no looks")?;
    for (what, before, after, tolerance) in [
        ("the VMs' memory", full.vms, end.vms, 0),
        ("the resident memory", full.resident, end.resident, SLACK),
        ("the number of descriptors", full.descriptors, end.descriptors, DESCRIPTORS),
        ("the number of threads", full.threads, end.threads, 0),
        ("the number of timers", full.timers, end.timers, 0),
        ("the number of shared keys", full.shared_keys, end.shared_keys, 0),
    ] {
        ensure!(after <= before + tolerance, "{what} grew from {before} to {after}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_that_is_too_short_to_fill_the_caches_is_rejected() {
        let error = run("kong", MIN_REQUESTS - 1).unwrap_err().to_string();
        assert_eq!(error, "REQUESTS: must be 2000000 or more, got 1999999");
    }

    #[test]
    fn growth_after_a_quarter_of_the_requests_fails() {
        let flat = Usage {
            vms: 1 << 20,
            resident: 1 << 26,
            descriptors: 50,
            threads: 9,
            timers: 2,
            shared_keys: 9,
        };
        let mut looks = vec![Usage { resident: 1 << 25, ..flat }; 5];
        looks.extend([flat; 15]);
        ensure_flat(&looks).unwrap();
        for grown in [
            Usage { vms: flat.vms + 1, ..flat },
            Usage { resident: flat.resident + SLACK + 1, ..flat },
            Usage { descriptors: flat.descriptors + DESCRIPTORS + 1, ..flat },
            Usage { threads: flat.threads + 1, ..flat },
            Usage { timers: flat.timers + 1, ..flat },
            Usage { shared_keys: flat.shared_keys + 1, ..flat },
        ] {
            looks.pop();
            looks.push(grown);
            assert!(ensure_flat(&looks).is_err(), "{grown:?}");
        }
    }
}
