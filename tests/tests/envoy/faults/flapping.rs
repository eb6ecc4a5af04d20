//! Faults of the upstream come and go while requests are in progress.

use anyhow::{Result, ensure};
use novasphere_harness::{chain, wait::until};
use novasphere_tests::faults::{
    LIMIT, LinkFault,
    Outcome::{BrokenOff, Complete},
    Storm, number,
};

use super::upstream::{CASES, LOGGED, NO_FAULT, Stack};

/// The number of times that each fault comes.
const ROUNDS: usize = 2;

/// Injects a fault and waits until it has met a request.
fn inject(stack: &Stack, fault: LinkFault) -> Result<()> {
    let count = || {
        let count = |name: &str| {
            let name = format!("cluster.novasphere-api.{name}");
            Ok::<_, anyhow::Error>(stack.gateway.envoy.stat(&name)?.unwrap_or_default())
        };
        match fault {
            LinkFault::None => count("upstream_rq_200"),
            LinkFault::Killed => count("upstream_cx_connect_fail"),
            _ => Ok(u64::try_from(stack.link.hits())?),
        }
    };
    // A request that was in progress may count too when a fault ends. A stalled server gets one
    // request of each sender.
    let wanted = if fault == LinkFault::None { 2 } else { 1 };
    let before = if fault == LinkFault::None {
        // Responses that the last fault broke off also count as served.
        stack.link.inject(fault)?;
        count()?
    } else {
        let before = count()?;
        stack.link.inject(fault)?;
        before
    };
    until(&format!("a request that meets {fault:?}"), || {
        Ok((count()? >= before + wanted).then_some(()))
    })
}

fn ensure_harmless(stack: &Stack, storm: &Storm) -> Result<()> {
    let is_from_envoy = |outcome| matches!(outcome, Complete(502 | 503) | BrokenOff(200));
    let passed = |outcome| outcome == Complete(200) || is_from_envoy(outcome);
    let harmed = number(&storm.within, |outcome| !passed(outcome))
        + number(&storm.invalid, |outcome| outcome != Complete(401))
        + number(&storm.one_client, |outcome| !passed(outcome) && outcome != Complete(429));
    let one_client = number(&storm.one_client, passed);
    ensure!(harmed == 0 && one_client <= LIMIT, "{one_client} of one client passed: {storm:?}");
    // The faults met requests, and other requests passed between them.
    let [failed, served] = [
        number(&storm.within, is_from_envoy),
        number(&storm.within, |outcome| outcome == Complete(200)),
    ];
    ensure!(failed >= ROUNDS && served >= ROUNDS && !storm.invalid.is_empty(), "{storm:?}");
    ensure_only_the_upstream_failed(stack, storm)
}

/// Checks that Envoy logged an upstream failure for each 5xx response.
fn ensure_only_the_upstream_failed(stack: &Stack, storm: &Storm) -> Result<()> {
    let all = [&storm.within, &storm.one_client, &storm.invalid];
    let all: usize = all.map(|counts| counts.values().sum::<usize>()).iter().sum();
    let start = format!("{LOGGED}storm");
    stack.gateway.envoy.wait_for_log_lines(&start, all)?;
    for line in stack.gateway.envoy.log()?.lines().filter(|line| line.starts_with(&start)) {
        let [_, _, status, flags] = line.split(' ').collect::<Vec<_>>()[..] else {
            anyhow::bail!("{line}");
        };
        let is_upstream = matches!(flags, "UF" | "UC" | "UPE");
        ensure!(flags == "-" || is_upstream, "{line}");
        ensure!(is_upstream || matches!(status, "200" | "401" | "429"), "{line}");
    }
    Ok(())
}

fn check_flapping(native: bool) -> Result<()> {
    let stack = Stack::start(native)?;
    let storm = stack.traffic(&NO_FAULT).storm(|_| {
        for _ in 0..ROUNDS {
            for case in &CASES {
                inject(&stack, case.fault)?;
                inject(&stack, LinkFault::None)?;
            }
        }
        Ok(())
    })?;
    ensure_harmless(&stack, &storm)?;
    stack.check(&NO_FAULT, "afterwards")?;
    chain::ensure_no_trap(&stack.gateway.envoy)
}

#[test]
fn flapping_upstream_fails_only_the_requests_it_meets() -> Result<()> {
    check_flapping(false)
}

#[test]
fn flapping_upstream_fails_only_the_requests_it_meets_in_the_native_gateway() -> Result<()> {
    check_flapping(true)
}
