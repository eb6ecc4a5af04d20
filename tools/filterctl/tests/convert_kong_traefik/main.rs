//! No request that Kong or Traefik refuses passes an output of `filterctl convert`: generated sources,
//! with plain models of their verdicts. `STRICTNESS_SEED` selects other cases.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::cell::Cell;

use filterctl::{convert::Source, source::File};
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};

use self::{
    output::{Output, TARGETS},
    requests::{SENT, Sent},
};

mod kong;
mod kong_model;
mod output;
mod requests;
mod traefik;
mod traefik_model;

/// The number of sources of each kind.
const CASES: u32 = 80;

/// Runs a test over generated cases. The test returns how many requests the source and the output
/// allow. Outputs that allow nothing would be as strict as can be, so some must pass.
fn check<C: std::fmt::Debug>(
    strategy: &impl Strategy<Value = C>,
    test: impl Fn(&C) -> Result<(usize, usize), String>,
) {
    let seed = std::env::var("STRICTNESS_SEED").ok();
    let seed = seed.and_then(|text| text.parse().ok()).unwrap_or(2_026);
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    };
    let (by_source, by_output) = (Cell::new(0), Cell::new(0));
    let result = TestRunner::new(config).run(strategy, |case| {
        let (source, output) = test(&case).map_err(TestCaseError::fail)?;
        by_source.set(by_source.get() + source);
        by_output.set(by_output.get() + output);
        Ok(())
    });
    assert!(result.is_ok(), "STRICTNESS_SEED={seed}: {}", result.unwrap_err());
    let (source, output) = (by_source.get(), by_output.get());
    assert!(source > 500 && output * 10 > source, "too few requests pass: {output} of {source}");
}

/// Sends all requests to the outputs of a source. `passes` is the source's verdict: how many of
/// [`SENT`] equal requests pass, if that is defined. Returns how many pass in the source and in the
/// output.
fn compare(
    from: Source,
    files: &[File],
    passes: impl Fn(&Sent) -> Option<usize>,
) -> Result<(usize, usize), String> {
    let (mut by_source, mut by_output) = (0, 0);
    for to in TARGETS {
        let output = Output::new(from, to, files.to_vec());
        for sent in requests::all() {
            let Some(expected) = passes(&sent) else { continue };
            let Some(passed) = output.passes(&sent, SENT) else { continue };
            if passed > expected {
                let source: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
                return Err(format!(
                    "{sent:?}: {passed} of {SENT} pass to {to:?}, but only {expected} in\n{}\n{}",
                    source.join("\n"),
                    output.text
                ));
            }
            by_source += expected;
            by_output += passed;
        }
    }
    Ok((by_source, by_output))
}
