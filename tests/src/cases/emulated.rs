//! Runs cases through the built modules in an emulated host.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Kind, Outcome, Plugin, Proxy, UpstreamResponse, Worker};
use novasphere_harness::{chain, client::Request, clock::unix_millis, latin1};

use super::{
    Case, Exchange, Module, Observed, Place, Prepare, all_well, files_for,
    known::{KnownDifference, KnownDifferences, is_as_known},
};

/// The name of nginx in `tests/known-differences.yaml`.
const NGINX: &str = "nginx";

/// The general differences observed so far.
#[derive(Debug, Default)]
struct Met {
    added_newline: bool,
    emptied_headers: bool,
}

/// Runs all cases of the filters in these modules on an emulated host. On nginx, the differences must be
/// exactly as in `tests/known-differences.yaml`.
///
/// # Errors
/// All failures.
pub fn check(kind: Kind, modules: &[Module]) -> Result<()> {
    let mut failures = Vec::new();
    let mut met = Met::default();
    for module in modules {
        let filter = &module.filter;
        let files = files_for(filter, Place::Emulated)?;
        let known = KnownDifferences::of(NGINX, filter, &files)?;
        for file in &files {
            let proxy = Arc::new(proxy_of(kind)?);
            for case in &file.cases {
                let known = known.find(filter, &file.topic, case);
                let expected = known.filter(|_| kind == Kind::Nginx);
                let own = if sets_time(case) { stopped(kind)? } else { Arc::clone(&proxy) };
                let found = run(&own, kind, module, case, expected, &mut met);
                let label = format!("{}: {:?}", file.path, case.name);
                let found = found.with_context(|| label.clone())?;
                failures.extend(found.iter().map(|found| format!("{label}: {found}")));
            }
        }
    }
    if kind == Kind::Nginx {
        failures.extend(unneeded(&KnownDifferences::read()?, &met));
    }
    all_well(&failures)
}

fn unneeded(known: &KnownDifferences, met: &Met) -> Vec<String> {
    let general =
        [(met.added_newline, &known.added_newline), (met.emptied_headers, &known.emptied_headers)];
    let general = general.iter().filter(|(met, reason)| !met || reason.is_empty());
    let told = |(_, reason): &(bool, &String)| {
        format!("known-differences: not needed, or without a reason: {reason:?}")
    };
    general.map(told).collect()
}

fn sets_time(case: &Case) -> bool {
    case.exchanges.iter().any(|exchange| exchange.request.time.is_some())
}

fn proxy_of(kind: Kind) -> Result<Proxy> {
    let mut proxy = Proxy::new(kind);
    proxy.environment = chain::environment()?;
    Ok(proxy)
}

/// A proxy for one case. Its clock moves only when the case sets `time`.
fn stopped(kind: Kind) -> Result<Arc<Proxy>> {
    let mut proxy = proxy_of(kind)?;
    proxy.stopped_at = Some(unix_millis());
    Ok(Arc::new(proxy))
}

/// The unexpected and unknown differences.
fn run(
    proxy: &Arc<Proxy>,
    kind: Kind,
    module: &Module,
    case: &Case,
    expected: Option<&KnownDifference>,
    met: &mut Met,
) -> Result<Vec<String>> {
    let plugin = Plugin::wasm(&module.name, module.config(&case.config).to_string());
    let mut worker = Worker::start(proxy, &[plugin])?;
    let start = proxy.stopped_at.unwrap_or_else(unix_millis);
    let (mut failures, mut passed) = (Vec::new(), 0);
    for (n, exchange) in case.prepared(&proxy.environment)?.iter().enumerate() {
        let number = n.saturating_add(1);
        let time = exchange.request.time.map_or(start, |time| time.millis(start));
        let offset = time.saturating_sub(start);
        ensure!(time >= start && offset >= passed, "exchange {number}: the clock cannot go back");
        proxy.pass(offset.saturating_sub(passed));
        passed = offset;
        let observed = observe(&mut worker, kind, exchange, met)?;
        let found = observed.differences(&exchange.expect);
        let known = expected.map(|known| known.of_exchange(number)).unwrap_or_default();
        if !is_as_known(&found, known) {
            failures.push(format!("exchange {number}: {}", serde_json::to_string(&found)?));
        }
    }
    failures.extend(worker.trapped());
    // If the host cannot serve a configuration, it responds with 500.
    let refused = expected.is_some_and(|known| known.speaks_of("500"));
    let is_fault =
        |line: &String| line.contains(" phase") && !(refused && line.contains("not configured"));
    let log = worker.log().into_iter().map(|(_, line)| line);
    failures.extend(log.filter(is_fault));
    Ok(failures)
}

fn observe(
    worker: &mut Worker,
    kind: Kind,
    exchange: &Exchange,
    met: &mut Met,
) -> Result<Observed> {
    let sent = &exchange.request;
    let mut request = Request::new(latin1::bytes(&sent.method)?, latin1::bytes(&sent.path)?);
    for (name, value) in &sent.headers.0 {
        request = request.header(name, latin1::bytes(value)?);
    }
    let lines = exchange.upstream.headers.0.iter();
    let line =
        |(name, value): &(String, String)| Ok((name.clone().into_bytes(), latin1::bytes(value)?));
    let upstream = UpstreamResponse {
        status: exchange.upstream.status,
        lines: lines.map(line).collect::<Result<_>>()?,
    };
    let answer = worker.exchange(&request, &upstream, &|_| None)?;
    ensure!(!answer.hangs && !answer.closed, "the client gets an incomplete response");
    ensure!(answer.reason.is_empty(), "unexpected reason phrase {:?}", answer.reason);
    Ok(observed(answer, kind, met))
}

/// Normalises the result for client and upstream: ignores a final newline and empty headers.
fn observed(answer: Outcome, kind: Kind, met: &mut Met) -> Observed {
    let mut body = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.added_newline {
        met.added_newline = true;
        body.pop();
    }
    let mut upstream: Vec<_> = answer.upstream.into_iter().collect();
    for seen in upstream.iter_mut().filter(|_| kind == Kind::Nginx) {
        let before = seen.headers.len();
        seen.headers.retain(|(_, value)| !value.is_empty());
        met.emptied_headers |= seen.headers.len() < before;
    }
    Observed { status: answer.status, headers: answer.headers, body, upstream, decisions: None }
}
