//! Sends the requests of a table to a proxy.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use novasphere_cases::{Expansion, Expectation, Observed, UpstreamExpectation};
use novasphere_harness::{
    client::Connection,
    clock::{instant, unix_seconds},
    standin::Standin,
};

use super::{ConvertCase, Limit, Output, Proxy, Verdict};
use crate::cases::{mint, proxied::observe_over};

/// Maximum time from the first request of a table until a client exhausts its limit.
const SLOWEST: Duration = Duration::from_secs(600);

/// The configuration behind the requests.
#[derive(Clone, Copy, Debug)]
pub enum Side<'a> {
    /// The input, in its own proxy.
    Source,
    /// An output.
    Output(&'a Output),
}

/// A running proxy.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The case.
    pub case: &'a ConvertCase,
    /// The configuration of the proxy.
    pub side: Side<'a>,
    /// The address of the proxy, which expects the PROXY protocol.
    pub addr: SocketAddr,
    /// The upstream of all routes.
    pub standin: &'a Standin,
}

impl Run<'_> {
    /// Compares the verdicts of the proxy with the table.
    ///
    /// # Errors
    /// All differences.
    pub fn check(&self) -> Result<()> {
        let table = &self.case.table;
        let tokens = Expansion::new(&table.tokens, &|spec| mint(spec, &table.variables))?;
        let start = instant();
        let mut failures = Vec::new();
        for (n, verdict) in table.verdicts.iter().enumerate() {
            if matches!(self.side, Side::Source) && verdict.unproven.is_some() {
                continue;
            }
            let found = self.verdict(&format!("{n}"), verdict, &tokens, start);
            let found = found.unwrap_or_else(|error| vec![format!("{error:#}")]);
            failures.extend(found.iter().map(|f| format!("{:?}: {f}", verdict.name)));
        }
        let side = match self.side {
            Side::Source => "the input".to_owned(),
            Side::Output(output) => format!("the output for {:?}", output.proxy),
        };
        let count = failures.len();
        let failures = failures.join("\n");
        ensure!(count == 0, "{count} differences of {side}:\n{failures}\n");
        Ok(())
    }

    /// The differences of a verdict from the expected one.
    fn verdict(
        &self,
        id: &str,
        verdict: &Verdict,
        tokens: &Expansion,
        start: Instant,
    ) -> Result<Vec<String>> {
        let difference = match self.side {
            Side::Source => None,
            Side::Output(output) => verdict.difference(output.proxy).map(|d| (d, output)),
        };
        let mut exchange = verdict.exchange();
        if let Some((difference, output)) = difference {
            ensure!(
                output.report.contains(&difference.report),
                "not in the report: {difference:?}"
            );
            exchange.expect = difference.expect.clone().unwrap_or_else(blocked);
        }
        let exchange = tokens.exchange(&exchange)?;
        let mut connection = Connection::open_as(self.addr, verdict.client)?;
        let mut send = || observe_over(self.standin, &mut connection, id, &exchange);
        let observed = match (verdict.limit, exchange.expect.status) {
            (Some(limit), 429) => self.exhaust(&mut send, limit, start)?,
            _ => send()?,
        };
        let mut found = observed.differences(&exchange.expect);
        let is_blocked = difference.is_some_and(|(difference, _)| difference.expect.is_none());
        let is_lost = matches!(self.side, Side::Output(_)) && exchange.expect.status == 404;
        // Filters may reject such a request before.
        if (is_blocked || is_lost) && (400..=599).contains(&observed.status) {
            found.retain(|difference| !difference.starts_with("status: "));
        }
        Ok(found)
    }

    /// Repeats a request until it is rejected. Returns the rejection.
    fn exhaust(
        &self,
        send: &mut impl FnMut() -> Result<Observed>,
        limit: Limit,
        start: Instant,
    ) -> Result<Observed> {
        let (requests, seconds) = (u64::from(limit.requests), u64::from(limit.seconds));
        let window = || unix_seconds() / seconds;
        let (first, mut passed) = (window(), 0_u64);
        // Envoy's windows are aligned to the clock. Token buckets refill continuously.
        let more = || match self.side {
            Side::Output(output) if output.proxy == Proxy::Envoy => {
                requests.saturating_mul(window().saturating_sub(first))
            }
            _ => start.elapsed().as_secs().saturating_add(1).saturating_mul(requests) / seconds,
        };
        let observed = loop {
            let observed = send()?;
            if observed.status == 429 {
                break observed;
            }
            ensure!(observed.status == 200, "request {passed} got {}", observed.status);
            passed = passed.saturating_add(1);
            let most = requests.saturating_add(more());
            ensure!(passed <= most, "{passed} requests passed, expected at most {most}");
            ensure!(
                start.elapsed() < SLOWEST,
                "the limit was not reached in {SLOWEST:?} ({passed} requests passed)"
            );
        };
        let least = u64::from(limit.requests.saturating_sub(limit.spent));
        ensure!(passed >= least, "{passed} requests passed, expected at least {least}");
        Ok(observed)
    }
}

/// The verdict of an output that blocks a request.
fn blocked() -> Expectation {
    let upstream = Some(UpstreamExpectation::NotCalled);
    Expectation { status: 503, upstream, ..Expectation::default() }
}
