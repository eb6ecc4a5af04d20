//! A bounded run of `make fuzz`.

use anyhow::{Result, ensure};
use novasphere_fuzz::{Gateway, Plan, run};

const PLAN: Plan = Plan { seed: 1, first: 0, requests: 8_000 };

/// Checks that the requests get past each filter, over both protocols.
fn ensure_promises_hold(gateway: Gateway) -> Result<()> {
    let outcomes = run(gateway, PLAN)?;
    for version in ["HTTP/1.1", "HTTP/2"] {
        for status in ["200", "400", "401", "429"] {
            let outcome = format!("{version} {status}");
            ensure!(outcomes.contains_key(&outcome), "no {outcome}: {outcomes:?}");
        }
    }
    Ok(())
}

#[test]
fn mutated_requests_break_no_promise_of_the_gateway_with_most_options() -> Result<()> {
    ensure_promises_hold(Gateway::Options)
}

#[test]
fn mutated_requests_break_no_promise_of_separate_filters() -> Result<()> {
    ensure_promises_hold(Gateway::PerRoute)
}
