//! The engine for Kong and Traefik: its results differ from the expected ones exactly as the hosts' own
//! results do, see `tests/known-differences.yaml`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use novasphere_explain::{Explanation, ProxyKind, Response};
use novasphere_harness::chain;

use super::{input, load, observed};
use crate::cases::{
    Case, Module, Observed, Place, Prepare, all_well, files_for,
    known::{KnownDifference, KnownDifferences, is_as_known},
};

/// Runs all cases of a filter in a module that contains it, as on Kong or Traefik.
///
/// # Errors
/// All failures.
pub fn check_on(proxy: ProxyKind, module: &Module) -> Result<()> {
    let environment = chain::environment()?;
    let files = files_for(&module.filter, Place::Explain)?;
    let host = if proxy == ProxyKind::Kong { "nginx" } else { "traefik" };
    let known = KnownDifferences::of(host, &module.filter, &files)?;
    let mut failures = Vec::new();
    for file in &files {
        for case in &file.cases {
            let known = known.find(&module.filter, &file.topic, case);
            let label = format!("{}: {:?}", file.path, case.name);
            let case = Case { config: module.config(&case.config), ..case.clone() };
            let found = run(proxy, &module.name, &case, known, &environment);
            let found = found.with_context(|| label.clone())?;
            failures.extend(found.iter().map(|found| format!("{label}: {found}")));
        }
    }
    all_well(&failures)
}

/// The unexpected and unknown differences.
fn run(
    proxy: ProxyKind,
    filter: &str,
    case: &Case,
    known: Option<&KnownDifference>,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<String>> {
    let mut chain = load(proxy, filter, case, environment);
    if let Some(fault) = known.and_then(|known| known.refused.as_ref()) {
        let is_refused = chain.as_ref().is_err_and(|error| error.to_string().contains(fault));
        return Ok(if is_refused { Vec::new() } else { vec![format!("not refused: {fault}")] });
    }
    let mut failures = Vec::new();
    for (n, exchange) in case.prepared(environment)?.iter().enumerate() {
        let number = n.saturating_add(1);
        let explanation = match &mut chain {
            Ok(chain) => chain.send(&input(exchange)?),
            // Kong responds with 500 if a filter rejects its configuration.
            Err(_) => Explanation { response: Response::new(500), ..Explanation::default() },
        };
        let found = normalised(observed(&explanation), proxy).differences(&exchange.expect);
        let known = known.map(|known| known.of_exchange(number)).unwrap_or_default();
        if !is_as_known(&found, known) {
            failures.push(format!("exchange {number}: {}", serde_json::to_string(&found)?));
        }
    }
    Ok(failures)
}

/// Ignores the final newline and the empty headers of nginx.
fn normalised(mut observed: Observed, proxy: ProxyKind) -> Observed {
    if proxy == ProxyKind::Kong {
        observed.body = observed.body.trim_end_matches('\n').to_owned();
        for seen in &mut observed.upstream {
            seen.headers.retain(|(_, value)| !value.is_empty());
        }
    }
    observed
}
