//! Runs cases through the real Envoy, between a raw client and a fake upstream.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use anyhow::{Context, Error, Result};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter, validate},
    latin1,
    standin::{Answer, EXCHANGE_HEADER, Standin},
};

use super::{
    Case, CaseFile, Exchange, Module, Observed, Place, Prepare, all_well, explained, files_for,
};

/// Runs all cases of a filter through one Envoy, each behind a separate listener.
///
/// # Errors
/// All failures.
pub fn check(filter: &str) -> Result<()> {
    check_in(&Module::of(filter))
}

/// Runs all cases of a filter in a module that contains it.
///
/// # Errors
/// All failures.
pub fn check_in(module: &Module) -> Result<()> {
    let files = files_for(&module.filter, Place::Envoy)?;
    let standin = Standin::start()?;
    let config = EnvoyConfig {
        environment: chain::environment()?,
        ..EnvoyConfig::new(standin.addr, listeners(module, &files))
    };
    let envoy = match Envoy::start(&config) {
        Ok(envoy) => envoy,
        Err(error) => return Err(name_the_culprit(&config, &files, error)),
    };
    let run = Run { standin: &standin, envoy: &envoy, environment: &config.environment };
    let mut failures = Vec::new();
    for (file, i, case) in numbered(&files) {
        let label = format!("{}: {:?}", file.path, case.name);
        match run.case(&listener_name(file, i), case) {
            Ok(found) => failures.extend(found.iter().map(|f| format!("{label}: {f}"))),
            Err(error) => failures.push(format!("{label}: {error:#}")),
        }
    }
    if let Err(error) = chain::ensure_no_trap(&envoy) {
        failures.push(error.to_string());
    }
    failures.extend(decision_differences(&envoy, &explained::decisions(module)?)?);
    all_well(&failures)
}

/// The differences between Envoy's statistics and the decisions that `filterctl explain` gives for the
/// same requests.
fn decision_differences(envoy: &Envoy, explained: &BTreeMap<String, u64>) -> Result<Vec<String>> {
    let mut requests = BTreeMap::new();
    for (name, count) in explained {
        let filter = name.split(['=', '.']).nth(1).context("no filter")?;
        *requests.entry(filter).or_insert(0) += count;
    }
    for (filter, requests) in requests {
        envoy.stats_after(filter, requests)?;
    }
    let counted = |(name, count): (&String, &u64)| {
        let name = name.strip_prefix("wasmcustom.novasphere_decisions_total.")?;
        (*count > 0).then(|| (name.to_owned(), *count))
    };
    let counted: BTreeMap<String, u64> = envoy.stats()?.iter().filter_map(counted).collect();
    let names: BTreeSet<&String> = counted.keys().chain(explained.keys()).collect();
    let differing = names.into_iter().filter(|name| counted.get(*name) != explained.get(*name));
    let difference = |name: &String| {
        let (counted, explained) = (counted.get(name), explained.get(name));
        format!("{name}: Envoy counted {counted:?}, explained {explained:?}")
    };
    Ok(differing.map(difference).collect())
}

fn numbered(files: &[CaseFile]) -> impl Iterator<Item = (&CaseFile, usize, &Case)> {
    files.iter().flat_map(|file| file.cases.iter().enumerate().map(move |(i, c)| (file, i, c)))
}

fn listener_name(file: &CaseFile, i: usize) -> String {
    format!("{}-{}", file.topic, i.saturating_add(1))
}

/// Cases of one file share counters. Cases of different files do not.
fn listeners(module: &Module, files: &[CaseFile]) -> Vec<Listener> {
    let listener = |(file, i, case): (&CaseFile, usize, &Case)| {
        let vm_id = format!("{}-{}", module.filter, file.topic);
        let config = module.config(&case.config).to_string();
        let native = module.native;
        let filter = WasmFilter { vm_id, native, ..WasmFilter::new(&module.name, config) };
        Listener::new(listener_name(file, i), vec![filter])
    };
    numbered(files).map(listener).collect()
}

/// Envoy does not name the rejected configuration, so this starts an Envoy with each one.
fn name_the_culprit(all: &EnvoyConfig, files: &[CaseFile], error: Error) -> Error {
    for ((file, _, case), listener) in numbered(files).zip(&all.listeners) {
        let alone = EnvoyConfig { listeners: vec![listener.clone()], ..all.clone() };
        if let Ok(exit) = validate(&alone)
            && !exit.success
        {
            return error.context(format!("{}: {:?}: Envoy refuses it", file.path, case.name));
        }
    }
    error
}

struct Run<'a> {
    standin: &'a Standin,
    envoy: &'a Envoy,
    environment: &'a BTreeMap<String, String>,
}

impl Run<'_> {
    fn case(&self, listener: &str, case: &Case) -> Result<Vec<String>> {
        let addr = self.envoy.listener(listener)?;
        let mut differences = Vec::new();
        for (n, exchange) in case.prepared(self.environment)?.iter().enumerate() {
            let number = n.saturating_add(1);
            let id = format!("{listener}-{number}");
            let observed = observe(self.standin, addr, &id, exchange)
                .with_context(|| format!("exchange {number}"))?;
            let found = observed.differences(&exchange.expect);
            differences.extend(found.iter().map(|f| format!("exchange {number}: {f}")));
        }
        Ok(differences)
    }
}

/// Sends an exchange's request through the proxy at `addr`. Returns the observed result.
pub(super) fn observe(
    standin: &Standin,
    addr: SocketAddr,
    id: &str,
    exchange: &Exchange,
) -> Result<Observed> {
    observe_over(standin, &mut Connection::open(addr)?, id, exchange)
}

/// Sends an exchange's request over a connection to a proxy. Returns the observed result.
pub(crate) fn observe_over(
    standin: &Standin,
    connection: &mut Connection,
    id: &str,
    exchange: &Exchange,
) -> Result<Observed> {
    let answer = Answer::new(exchange.upstream.status, &exchange.upstream.headers.0)?;
    standin.exchanges.agree(id, answer);
    let sent = &exchange.request;
    let mut request = Request::new(latin1::bytes(&sent.method)?, latin1::bytes(&sent.path)?);
    for (name, value) in &sent.headers.0 {
        request = request.header(name, latin1::bytes(value)?);
    }
    let response = connection.exchange(&request.header(EXCHANGE_HEADER, id))?;
    let lines = response.head.headers.iter();
    Ok(Observed {
        status: response.head.status,
        headers: lines.map(|(name, value)| (name.clone(), latin1::text(value))).collect(),
        body: String::from_utf8_lossy(&response.body).into_owned(),
        upstream: standin.exchanges.seen(id),
        // The statistics of all cases together are compared with the explained decisions.
        decisions: None,
    })
}
