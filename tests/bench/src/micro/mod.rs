//! `bench micro`: instructions of the built modules for single requests, in an emulated host. The
//! counts are the same on every machine, at any load.

mod cases;
mod counts;
mod profile;

pub(crate) use profile::run as profile;

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Plugin, Proxy, UpstreamResponse, Work, Worker};

use self::{
    cases::Case,
    counts::{Counts, Stages},
};
use crate::{artifacts, say, tokens::Issuer, traffic::RESPONSE};

/// The emulated time of all requests, in milliseconds since 1970.
const NOW: u64 = 1_800_000_000_000;

/// Counts and prints. Fails if counts grew, or records them.
///
/// # Errors
/// If counts grew, or a request does not end as expected.
pub(crate) fn run(update: bool) -> Result<()> {
    let now = measure()?;
    for (filter, cases) in &now.cases {
        for (case, stages) in cases {
            let stages: Vec<_> = stages.iter().map(|(name, n)| format!("{name} {n}")).collect();
            say(&format!("{filter:16} {case:20} {}", stages.join(", ")))?;
        }
    }
    for (name, bytes) in &now.bytes {
        say(&format!("{name:32} {bytes:9} bytes"))?;
    }
    if update {
        return now.write();
    }
    ensure_not_grown(&now)
}

fn ensure_not_grown(now: &Counts) -> Result<()> {
    let grown = Counts::read()?.grown(now);
    ensure!(
        grown.is_empty(),
        "counts differ from tests/bench/counts.json; `make bench-micro UPDATE=1` where that is as \
         it should be:\n{}",
        grown.join("\n")
    );
    Ok(())
}

fn measure() -> Result<Counts> {
    let mut counts =
        Counts { bytes: artifacts::sizes()?.into_iter().collect(), ..Counts::default() };
    for case in cases::all(&Issuer::new()?)? {
        let stages = count(&case).with_context(|| format!("{}, {}", case.filter, case.name))?;
        counts.cases.entry(case.filter.to_owned()).or_default().insert(case.name, stages);
    }
    Ok(counts)
}

fn count(case: &Case) -> Result<Stages> {
    let (mut worker, configure) = prepare(case)?;
    let answer = worker.exchange(&case.request, &upstream(), &|_| None)?;
    ensure!(answer.status == case.status, "the status is {}", answer.status);
    let trap = worker.trapped();
    ensure!(trap.is_none(), "{}", trap.unwrap_or_default());
    Ok(stages(&configure, &worker.take_work()))
}

/// A worker after the warm-up requests, and the instructions of its configuration.
fn prepare(case: &Case) -> Result<(Worker, Vec<Work>)> {
    let mut proxy = Proxy::new(case.host);
    proxy.counted_at = Some(NOW);
    let plugin = Plugin::wasm(case.filter, case.config.to_string());
    let mut worker = Worker::start(&Arc::new(proxy), &[plugin])?;
    let configure = worker.take_work();
    if case.has_timer {
        worker.tick();
    }
    for request in &case.before {
        worker.exchange(request, &upstream(), &|_| None)?;
    }
    worker.take_work();
    Ok((worker, configure))
}

fn upstream() -> UpstreamResponse {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let lines = RESPONSE.map(|(name, value)| (bytes(name), bytes(value)));
    UpstreamResponse { status: 200, lines: lines.to_vec() }
}

fn stages(configure: &[Work], request: &[Work]) -> Stages {
    let mut stages = Stages::new();
    let mut add = |stage: &str, count: u64| *stages.entry(stage.to_owned()).or_default() += count;
    for work in configure.iter().filter(|work| work.callback == "proxy_on_configure") {
        add("configure", work.instructions);
    }
    for work in request {
        let stage = match work.callback.as_str() {
            "proxy_on_request_headers" => "request",
            "proxy_on_response_headers" => "response",
            // Creating and deleting contexts counts too.
            _ => "context",
        };
        add(stage, work.instructions);
        add("calls", work.calls);
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_repeat_and_do_not_grow() {
        let counts = measure().unwrap();
        assert_eq!(counts, measure().unwrap());
        ensure_not_grown(&counts).unwrap();
    }
}
