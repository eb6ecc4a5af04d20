//! Runs cases against the filter itself, without a proxy.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    panic::{AssertUnwindSafe, catch_unwind},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use novasphere_core::{
    CalloutResult, Decision, Env, FetchError, Filter, HeaderInterest, Headers, LocalResponse,
    RequestHead, ResponseHead,
    testing::{self, TestHost},
};
use novasphere_harness::{chain, client::HOST, clock::unix_millis, latin1, standin::Seen};
use serde_json::Value;

use super::{Case, Exchange, Module, Observed, Place, Prepare, Sent, all_well, files_for};

type Line = (Vec<u8>, Vec<u8>);

/// Runs all cases of the filter `P`.
///
/// # Errors
/// All failures.
pub fn check<P: Filter>() -> Result<()> {
    check_in::<P>(&Module::of(P::NAME))
}

/// Runs all cases of a filter in `P`, which contains that filter.
///
/// # Errors
/// All failures.
pub fn check_in<P: Filter>(module: &Module) -> Result<()> {
    let environment = chain::environment()?;
    let mut failures = Vec::new();
    for mut file in files_for(&module.filter, Place::Native)? {
        for case in &mut file.cases {
            case.config = module.config(&case.config);
            let name = format!("{}: {:?}", file.path, case.name);
            let found = catch_unwind(AssertUnwindSafe(|| run::<P>(case, &environment)));
            match found.unwrap_or_else(|_| Err(anyhow!("the filter panicked"))) {
                Ok(found) => failures.extend(found.iter().map(|f| format!("{name}: {f}"))),
                Err(error) => failures.push(format!("{name}: {error:#}")),
            }
        }
    }
    all_well(&failures)
}

/// Builds the filter from a configuration.
///
/// # Errors
/// If the configuration is rejected.
pub fn configure<P: Filter>(config: &Value, environment: &BTreeMap<String, String>) -> Result<P> {
    let test_host = TestHost { variables: environment.clone(), ..TestHost::default() };
    P::from_json(config.to_string().as_bytes(), &test_host)
        .map_err(|errors| anyhow!("the configuration is refused: {errors}"))
}

/// Runs one case. Returns the differences, one a line.
///
/// # Errors
/// If the configuration is rejected, or the filter breaks the contract.
pub fn run<P: Filter>(case: &Case, environment: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let filter: P = configure(&case.config, environment)?;
    let mut state = P::State::default();
    let test_host = TestHost::default();
    let mut differences = Vec::new();
    for (n, exchange) in case.prepared(environment)?.iter().enumerate() {
        let number = n.saturating_add(1);
        let sent = &exchange.request;
        test_host.millis.set(sent.time.map_or_else(unix_millis, |time| time.millis(unix_millis())));
        test_host.address.set(sent.client_address.or(Some(Ipv4Addr::LOCALHOST.into())));
        let observed = observe(&filter, &mut state, &test_host.env(), exchange)
            .with_context(|| format!("exchange {number}"))?;
        let found = observed.differences(&exchange.expect);
        differences.extend(found.iter().map(|f| format!("exchange {number}: {f}")));
    }
    let events = test_host.events.take();
    let undeclared: Vec<_> = events.iter().filter(|event| !P::EVENTS.contains(event)).collect();
    ensure!(undeclared.is_empty(), "undeclared events: {undeclared:?}");
    Ok(differences)
}

fn observe<P: Filter>(
    filter: &P,
    state: &mut P::State,
    env: &Env<'_>,
    exchange: &Exchange,
) -> Result<Observed> {
    let lines = request_lines(&exchange.request)?;
    let mut head = RequestHead { headers: borrowed(&lines) };
    let read = RequestHead { headers: visible_headers(&lines, filter.request_headers()) };
    match filter.on_request(&read, state, env) {
        Decision::Continue { mutations, carry, reason } => {
            ensure!(is_declared::<P>(reason), "{reason:?} is not in REASONS");
            head.headers.apply(&mutations);
            let upstream = vec![seen(&head)];
            let mut observed = respond(filter, carry, exchange)?;
            observed.upstream = upstream;
            observed.decisions = decisions::<P>(reason);
            Ok(observed)
        }
        Decision::Pause { .. } => bail!("the filter pauses without capacity"),
        // No host makes the callout here.
        Decision::Call(_) if env.callout.is_some() => bail!("the filter makes a second callout"),
        Decision::Call(call) => {
            let response = Err(FetchError::NotSent(0));
            let answer = CalloutResult { ticket: &call.ticket, response: &response };
            observe(filter, state, &Env { callout: Some(answer), ..*env }, exchange)
        }
        Decision::Respond { response, reason, .. } => {
            ensure!(is_declared::<P>(reason), "{reason:?} is not in REASONS");
            Ok(Observed { decisions: decisions::<P>(reason), ..replied(&response)? })
        }
    }
}

/// A chain declares no reasons. Its filters count their own.
fn is_declared<P: Filter>(reason: &str) -> bool {
    P::REASONS.is_empty() || P::REASONS.contains(&reason)
}

/// The decision with the filter's name. `None` for a chain, whose filters decide.
fn decisions<P: Filter>(reason: &str) -> Option<Vec<String>> {
    (!P::REASONS.is_empty()).then(|| vec![format!("{}:{reason}", P::NAME)])
}

/// Applies the filter to the upstream's response.
fn respond<P: Filter>(filter: &P, carry: P::Carry, exchange: &Exchange) -> Result<Observed> {
    let status = exchange.upstream.status;
    let mut lines = vec![(b":status".to_vec(), status.to_string().into_bytes())];
    lines.extend(own_lines(&exchange.upstream.headers.0)?);
    let mut head = ResponseHead { headers: borrowed(&lines) };
    let read = ResponseHead { headers: visible_headers(&lines, filter.response_headers()) };
    let mutations = filter.on_response(carry, &read);
    head.headers.apply(&mutations);
    Ok(Observed { status, headers: fields(&head.headers), ..Observed::default() })
}

fn replied(response: &LocalResponse<'_>) -> Result<Observed> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in &response.headers {
        let twice = headers.iter().any(|(n, _)| n == name.as_str());
        ensure!(!twice, "the local response has two lines {name}");
        headers.push((name.as_str().to_owned(), latin1::text(value)));
    }
    let body = String::from_utf8_lossy(&response.body).into_owned();
    Ok(Observed { status: response.status, headers, body, ..Observed::default() })
}

/// A request as proxies present it to filters: pseudo-headers first, including the host, and names in
/// lower case.
fn request_lines(request: &Sent) -> Result<Vec<Line>> {
    let mut fields = own_lines(&request.headers.0)?;
    let host = fields.iter().find(|(name, _)| name == b"host").map(|(_, value)| value.clone());
    fields.retain(|(name, _)| name != b"host");
    let mut lines = vec![
        (b":authority".to_vec(), host.unwrap_or_else(|| HOST.into())),
        (b":path".to_vec(), latin1::bytes(&request.path)?),
        (b":method".to_vec(), latin1::bytes(&request.method)?),
        (b":scheme".to_vec(), b"http".to_vec()),
    ];
    lines.append(&mut fields);
    Ok(lines)
}

fn own_lines(lines: &[(String, String)]) -> Result<Vec<Line>> {
    let line = |(name, value): &(String, String)| {
        Ok((name.to_ascii_lowercase().into_bytes(), latin1::bytes(value)?))
    };
    lines.iter().map(line).collect()
}

/// Only the lines the filter asked for.
fn visible_headers<'l>(lines: &'l [Line], interest: &HeaderInterest) -> Headers<'l> {
    let lines: Vec<(&[u8], &[u8])> = lines.iter().map(|(n, v)| (&n[..], &v[..])).collect();
    testing::visible_headers(&lines, interest)
}

fn borrowed(lines: &[Line]) -> Headers<'_> {
    Headers::borrowed(lines.iter().map(|(name, value)| (&name[..], &value[..])))
}

fn seen(head: &RequestHead<'_>) -> Seen {
    Seen {
        method: latin1::text(head.method()),
        path: latin1::text(head.target()),
        headers: fields(&head.headers),
    }
}

/// The lines without pseudo-headers.
fn fields(headers: &Headers<'_>) -> Vec<(String, String)> {
    let lines = headers.lines().filter(|(name, _)| !name.starts_with(b":"));
    lines.map(|(name, value)| (latin1::text(name), latin1::text(value))).collect()
}
