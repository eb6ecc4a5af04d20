//! The metrics of the front end in the text format of Prometheus.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{client, wait::until};
use novasphere_tests::redis::{Front, FrontOptions, Redis};

use super::echo;

const DURATION: &str = "novasphere_redis_front_command_duration_seconds";

/// The value of a series.
fn value(front: &Front, series: &str) -> Result<f64> {
    let page = front.get("/metrics")?.text();
    let found = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    Ok(found.with_context(|| format!("no {series}: {page}"))?.parse()?)
}

/// The number of commands that took up to `bound` seconds.
fn within(front: &Front, bound: &str) -> Result<f64> {
    value(front, &format!("{DURATION}_bucket{{le=\"{bound}\"}}"))
}

#[test]
fn commands_count_by_their_duration() -> Result<()> {
    let redis = Redis::start()?;
    let timeout = Duration::from_millis(3_000);
    let front = Front::start_with(FrontOptions { timeout, ..FrontOptions::new(&redis) })?;
    until("a command within 2 s", || {
        ensure!(front.command(&echo("fast"))?.head.status == 200);
        Ok((within(&front, "2")? >= 1.0).then_some(()))
    })?;
    let before = within(&front, "+Inf")?;
    // Requests that do not reach Redis have no duration.
    ensure!(!front.takes("wrong-token-0123456789abcdef0123456789abcdef")?);
    ensure!(within(&front, "+Inf")? == before, "a refused request counts");
    let (fast, seconds) = (within(&front, "2")?, value(&front, &format!("{DURATION}_sum"))?);
    redis.pause()?;
    let stalled = client::send(front.addr, &front.request(&echo("slow")));
    redis.resume()?;
    ensure!(stalled?.head.status == 504);
    ensure!(within(&front, "+Inf")? == before + 1.0 && within(&front, "2")? == fast);
    ensure!(value(&front, &format!("{DURATION}_count"))? == before + 1.0);
    ensure!(value(&front, &format!("{DURATION}_sum"))? >= seconds + 2.5);
    Ok(())
}
