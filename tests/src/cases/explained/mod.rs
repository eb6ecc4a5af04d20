//! Runs cases through the engine of `filterctl explain`. The same cases pass in the real Envoy.

mod hosts;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use novasphere_explain::{
    Chain, Configured, Environment, Explanation, Facts, FilterKind, Input, KeySets, Line,
    ProxyKind, Request, Response, Setup,
};
use novasphere_harness::{chain, client::HOST, clock::unix_millis, latin1, standin::Seen};

pub use self::hosts::check_on;
use super::{Case, Exchange, Module, Observed, Place, Prepare, all_well, files_for};

/// Runs all cases of a filter in a module that contains it.
///
/// # Errors
/// All failures.
pub fn check_in(module: &Module) -> Result<()> {
    let environment = chain::environment()?;
    let mut failures = Vec::new();
    for mut file in files_for(&module.filter, Place::Explain)? {
        for case in &mut file.cases {
            case.config = module.config(&case.config);
            let name = format!("{}: {:?}", file.path, case.name);
            match run(&module.name, case, &environment) {
                Ok(found) => failures.extend(found.iter().map(|f| format!("{name}: {f}"))),
                Err(error) => failures.push(format!("{name}: {error:#}")),
            }
        }
    }
    all_well(&failures)
}

/// The decisions of all filters about all cases that run in Envoy, counted as in Envoy's statistics:
/// `filter=jwt-auth.decision=expired`.
///
/// # Errors
/// If a configuration is rejected.
pub fn decisions(module: &Module) -> Result<BTreeMap<String, u64>> {
    let environment = chain::environment()?;
    let mut counts = BTreeMap::new();
    for file in files_for(&module.filter, Place::Envoy)? {
        for mut case in file.cases {
            case.config = module.config(&case.config);
            let mut chain = load(ProxyKind::Envoy, &module.name, &case, &environment)?;
            for exchange in case.prepared(&environment)? {
                for step in chain.send(&input(&exchange)?).steps {
                    let name = format!("filter={}.decision={}", step.filter, step.reason);
                    let count: &mut u64 = counts.entry(name).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
    }
    Ok(counts)
}

fn run(filter: &str, case: &Case, environment: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut chain = load(ProxyKind::Envoy, filter, case, environment)?;
    let mut differences = Vec::new();
    for (n, exchange) in case.prepared(environment)?.iter().enumerate() {
        let number = n.saturating_add(1);
        let explanation = chain.send(&input(exchange)?);
        let found = observed(&explanation).differences(&exchange.expect);
        differences.extend(found.iter().map(|f| format!("exchange {number}: {f}")));
        differences.extend(unexplained(&explanation).map(|f| format!("exchange {number}: {f}")));
        let leaks = leaks(exchange, &explanation);
        differences.extend(leaks.iter().map(|f| format!("exchange {number}: {f}")));
    }
    Ok(differences)
}

fn load(
    proxy: ProxyKind,
    filter: &str,
    case: &Case,
    environment: &BTreeMap<String, String>,
) -> Result<Chain> {
    let kind = FilterKind::from_name(filter).with_context(|| filter.to_owned())?;
    let setup = Setup {
        proxy,
        filters: vec![Configured {
            kind,
            json: case.config.to_string().into_bytes(),
            values_are_text: false,
            guesses_types: false,
        }],
        environment: Environment { variables: environment.clone(), assume_missing: false },
        keys: KeySets::default(),
        redis: false,
    };
    match Chain::new(setup) {
        Ok(chain) => Ok(chain),
        Err(rejected) => {
            let faults: Vec<String> = rejected.faults.iter().map(ToString::to_string).collect();
            bail!("the configuration is refused: {}", faults.join("; "))
        }
    }
}

/// What the explanation fails to say: every decision has a name, and every rejection a reason.
fn unexplained(explanation: &Explanation) -> impl Iterator<Item = String> {
    explanation.steps.iter().filter_map(|step| {
        if step.reason.is_empty() {
            return Some(format!("{} has no decision", step.filter));
        }
        let is_rejected = step.response.as_ref().is_some_and(|response| response.status >= 400);
        let is_explained = step.notes.iter().any(|note| note.decides);
        (is_rejected && !is_explained).then(|| format!("no note decides {}", step.reason))
    })
}

/// Notes that contain the signature of a token, or a long credential.
fn leaks(exchange: &Exchange, explanation: &Explanation) -> Vec<String> {
    let sent = &exchange.request;
    let values = sent.headers.0.iter().map(|(_, value)| value).chain([&sent.path]);
    let words = values.flat_map(|value| {
        value.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
    });
    let secrets: Vec<&str> = words.filter(|word| word.len() >= 40).collect();
    let notes = explanation.steps.iter().flat_map(|step| &step.notes);
    let leaking = notes.filter(|note| {
        let text = format!("{note:?}");
        secrets.iter().any(|secret| text.contains(secret))
    });
    leaking.map(|note| format!("a note contains a credential: {}", note.subject)).collect()
}

fn input(exchange: &Exchange) -> Result<Input> {
    let sent = &exchange.request;
    let mut headers = lines(&sent.headers.0)?;
    let host = headers.iter().find(|(name, _)| name == b"host").map(|(_, value)| value.clone());
    headers.retain(|(name, _)| name != b"host");
    let request = Request {
        method: latin1::bytes(&sent.method)?,
        target: latin1::bytes(&sent.path)?,
        authority: host.unwrap_or_else(|| HOST.into()),
        scheme: b"http".to_vec(),
        headers,
    };
    let upstream = Response {
        status: exchange.upstream.status,
        headers: lines(&exchange.upstream.headers.0)?,
        body: Vec::new(),
    };
    let facts = Facts {
        millis: sent.time.map_or_else(unix_millis, |time| time.millis(unix_millis())),
        client_address: sent.client_address.or(Some(std::net::Ipv4Addr::LOCALHOST.into())),
        route: None,
        service: Some("novasphere-api".to_owned()),
    };
    Ok(Input { request, upstream, facts, used: Vec::new() })
}

fn lines(lines: &[(String, String)]) -> Result<Vec<Line>> {
    let line = |(name, value): &(String, String)| {
        Ok((name.to_ascii_lowercase().into_bytes(), latin1::bytes(value)?))
    };
    lines.iter().map(line).collect()
}

fn observed(explanation: &Explanation) -> Observed {
    let text = |lines: &[Line]| -> Vec<(String, String)> {
        lines.iter().map(|(name, value)| (latin1::text(name), latin1::text(value))).collect()
    };
    let response = &explanation.response;
    let upstream = explanation.upstream.iter().map(|request| Seen {
        method: latin1::text(&request.method),
        path: latin1::text(&request.target),
        headers: text(&request.headers),
    });
    Observed {
        status: response.status,
        headers: text(&response.headers),
        body: String::from_utf8_lossy(&response.body).into_owned(),
        upstream: upstream.collect(),
        decisions: Some(explanation.decisions()),
    }
}
