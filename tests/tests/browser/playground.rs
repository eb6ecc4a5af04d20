//! The page of the playground: its engine decides all cases as expected, and people can use it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, client::HOST, clock::unix_millis, paths, standin::Seen};
use novasphere_tests::cases::{Case, Exchange, Module, Observed, Prepare, files};
use serde_json::{Value, json};

use super::run_node;

const FILTERS: [&str; 4] = ["cors", "header-transform", "jwt-auth", "rate-limit"];

/// A case with its exchanges, whose tokens are signed.
struct Prepared {
    label: String,
    filter: String,
    config: Value,
    exchanges: Vec<Exchange>,
}

#[test]
fn playground() -> Result<()> {
    run_node("playground", &setting()?)
}

#[test]
fn playground_views() -> Result<()> {
    run_node("playground-views", &setting()?)
}

#[test]
fn playground_themes() -> Result<()> {
    run_node("playground-themes", &setting()?)
}

/// The engine of the page, in the browser, decides every case as expected.
#[test]
fn playground_decides_every_case() -> Result<()> {
    let environment = chain::environment()?;
    let cases = all_cases()?;
    let folder = tempfile::tempdir()?;
    let (input, output) = (folder.path().join("cases.json"), folder.path().join("results.json"));
    let millis = unix_millis();
    let written: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "setup": {
                    "filter": case.filter,
                    "proxy": "envoy",
                    "text": case.config.to_string(),
                    "variables": environment,
                    "redis_down": true,
                },
                "requests": case.exchanges.iter().map(|e| request(e, millis)).collect::<Vec<_>>(),
            })
        })
        .collect();
    fs::write(&input, Value::from(written).to_string())?;
    let mut setting = setting()?;
    setting["cases"] = json!({"input": input, "output": output});
    run_node("playground-cases", &setting)?;
    let results: Vec<Vec<Value>> = serde_json::from_slice(&fs::read(&output)?)?;
    ensure!(results.len() == cases.len(), "{} results for {} cases", results.len(), cases.len());
    let mut failures = Vec::new();
    for (case, results) in cases.iter().zip(&results) {
        let label = &case.label;
        ensure!(results.len() == case.exchanges.len(), "{label}: {results:?}");
        for (n, (exchange, result)) in case.exchanges.iter().zip(results).enumerate() {
            let found = observed(result).with_context(|| format!("{label}: {result}"))?;
            let differences = found.differences(&exchange.expect);
            failures
                .extend(differences.iter().map(|d| format!("{label}: exchange {}: {d}", n + 1)));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn setting() -> Result<Value> {
    let page = paths::repository().join("docs/playground/dist/index.html");
    ensure!(page.is_file(), "{} is missing: run `make playground`", page.display());
    let screenshots = paths::repository().join("tests/browser/screenshots");
    Ok(json!({"chromium": paths::chromium()?, "page": page, "screenshots": screenshots}))
}

/// The cases of each filter, and those of the gateway.
fn all_cases() -> Result<Vec<Prepared>> {
    let environment = chain::environment()?;
    let own = FILTERS.map(Module::of).into_iter().chain([Module::of("gateway")]);
    let modules = own.chain(FILTERS.map(Module::gateway));
    let mut all = Vec::new();
    for module in modules {
        for file in files(&module.filter)? {
            for case in &file.cases {
                let label = format!("{} in {}: {:?}", file.path, module.name, case.name);
                let config = module.config(&case.config);
                let exchanges =
                    Case::prepared(case, &environment).with_context(|| label.clone())?;
                all.push(Prepared { label, filter: module.name.clone(), config, exchanges });
            }
        }
    }
    ensure!(all.len() > 400, "only {} cases", all.len());
    Ok(all)
}

/// A request as the page sends it to the engine.
fn request(exchange: &Exchange, millis: u64) -> Value {
    let sent = &exchange.request;
    let is_host = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("host");
    let host = sent.headers.0.iter().find(is_host).map_or(HOST, |(_, value)| value);
    let headers: Vec<&(String, String)> =
        sent.headers.0.iter().filter(|line| !is_host(line)).collect();
    json!({
        "method": sent.method,
        "target": sent.path,
        "host": host,
        "scheme": "http",
        "headers": headers,
        "client_address": sent.client_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        "route": null,
        "service": "novasphere-api",
        "millis": sent.time.map_or(millis, |time| time.millis(millis)),
        "upstream": {"status": exchange.upstream.status, "headers": exchange.upstream.headers.0},
    })
}

/// The messages of an explanation.
fn observed(result: &Value) -> Result<Observed> {
    let text = |value: &Value, name: &str| -> Result<String> {
        Ok(value[name].as_str().with_context(|| name.to_owned())?.to_owned())
    };
    let lines = |value: &Value| -> Result<Vec<(String, String)>> {
        Ok(serde_json::from_value(value["headers"].clone())?)
    };
    let upstream = match &result["upstream"] {
        Value::Null => Vec::new(),
        upstream => vec![Seen {
            method: text(upstream, "method")?,
            path: text(upstream, "target")?,
            headers: lines(upstream)?,
        }],
    };
    let status = result["status"].as_u64().context("status")?;
    Ok(Observed {
        status: u16::try_from(status)?,
        headers: lines(result)?,
        body: text(result, "body")?,
        upstream,
        decisions: None,
    })
}
