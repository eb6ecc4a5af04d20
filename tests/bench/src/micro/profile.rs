//! `bench profile FILTER CASE`: the functions that execute the instructions of a request.
//!
//! The request runs repeatedly and stops after a growing number of instructions. Each stop is a sample.
//! The modules must contain function names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::{cases, cases::Case, prepare, upstream};
use crate::{say, tokens::Issuer};

const CALLBACKS: [&str; 2] = ["proxy_on_request_headers", "proxy_on_response_headers"];

/// Number of samples a callback.
const SAMPLES: u64 = 400;

/// Number of functions to print.
const SHOWN: usize = 40;

/// Samples in a function itself, and in its callees.
#[derive(Default)]
struct Hits {
    own: u64,
    all: u64,
}

/// Prints the functions of each callback.
///
/// # Errors
/// If the case does not exist, or a request does not end as expected.
pub(crate) fn run(filter: &str, name: &str) -> Result<()> {
    let cases = cases::all(&Issuer::new()?)?;
    let mut cases = cases.iter();
    let case = cases.find(|case| case.filter == filter && case.name == name);
    let case = case.context("no such case")?;
    for callback in CALLBACKS {
        of(case, callback)?;
    }
    Ok(())
}

fn of(case: &Case, callback: &'static str) -> Result<()> {
    let (mut worker, _) = prepare(case)?;
    worker.exchange(&case.request, &upstream(), &|_| None)?;
    let work = worker.take_work();
    let work = work.iter().filter(|work| work.callback == callback);
    let total: u64 = work.map(|work| work.instructions).sum();
    let mut hits = BTreeMap::<String, Hits>::new();
    for sample in 0..SAMPLES {
        let (mut worker, _) = prepare(case)?;
        worker.end_early(callback, total * sample / SAMPLES + 1);
        let _ = worker.exchange(&case.request, &upstream(), &|_| None);
        let stack = worker.take_stack();
        if let Some(innermost) = stack.first() {
            hits.entry(innermost.clone()).or_default().own += 1;
        }
        for function in stack.into_iter().collect::<BTreeSet<_>>() {
            hits.entry(function).or_default().all += 1;
        }
    }
    let mut hits: Vec<_> = hits.into_iter().collect();
    hits.sort_by_key(|(_, hits)| std::cmp::Reverse((hits.own, hits.all)));
    say(&format!("{callback}: {total} instructions\n   own    all"))?;
    for (function, Hits { own, all }) in hits.iter().take(SHOWN) {
        let of_total = |hits: u64| hits * total / SAMPLES;
        say(&format!("{:6} {:6} {function}", of_total(*own), of_total(*all)))?;
    }
    Ok(())
}
