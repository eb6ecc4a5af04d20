//! Metrics.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Action, LabelPatterns, MetricKind, Plugin, Worker};
use novasphere_harness::{chain, client::Request, paths};
use serde_json::Value;

use super::naive::{Naive, ensure_sound, for_each_request, nginx, worker};

#[test]
fn invalid_metric_operations_trap() -> Result<()> {
    let gauge_counted = for_each_request(|host| {
        let id = host.define_metric(MetricKind::Gauge as u32, "g")?.unwrap();
        host.increment_metric(id, 1).map(|_| Action::Continue)
    });
    let counter_set = for_each_request(|host| {
        let id = host.define_metric(MetricKind::Counter as u32, "c")?.unwrap();
        host.record_metric(id, 1).map(|_| Action::Continue)
    });
    let unknown = for_each_request(|host| host.increment_metric(999, 1).map(|_| Action::Continue));
    let long = for_each_request(|host| {
        host.define_metric(MetricKind::Counter as u32, &"n".repeat(300)).map(|_| Action::Continue)
    });
    for plugin in [gauge_counted, counter_set, unknown, long] {
        ensure!(worker(&[plugin])?.send(&Request::get("/"))?.status == 500);
    }
    Ok(())
}

#[test]
fn filters_define_metrics_on_first_use_with_short_names() -> Result<()> {
    let proxy = Arc::new(nginx()?);
    let chain: Vec<Plugin> =
        chain::FILTERS.iter().map(|(name, config)| Plugin::wasm(name, *config)).collect();
    let mut ours = Worker::start(&proxy, &chain)?;
    // Metrics are defined on first use: a host without room for another metric traps.
    ensure!(proxy.metrics().is_empty(), "{:?}", proxy.metrics());
    ours.send(&chain::good_request()?)?;
    let name = "pw:novasphere_jwt_auth:novasphere_decisions_total.filter=jwt-auth.decision=allowed";
    ensure!(proxy.metrics().get(name) == Some(&1), "{:#?}", proxy.metrics());
    ensure!(proxy.metrics().len() > 30);
    ensure_sound(&ours)
}

/// The label patterns of a filter's `.meta.json`.
fn label_patterns(filter: &str) -> Result<(String, LabelPatterns)> {
    let name = format!("novasphere_{}", filter.replace('-', "_"));
    let path = paths::repository().join(format!("host-config/kong/meta/{name}.meta.json"));
    let meta: Value = serde_json::from_slice(&fs::read(path)?)?;
    let patterns = meta.pointer("/metrics/label_patterns").and_then(Value::as_array);
    let text = |entry: &Value, key| Some(entry.get(key)?.as_str()?.to_owned());
    let pattern = |entry| Some((text(entry, "label")?, text(entry, "pattern")?));
    let patterns = patterns.context("label_patterns")?.iter().map(pattern);
    Ok((name, patterns.collect::<Option<_>>().context("label and pattern")?))
}

/// The page of a proxy that runs the four filters on one route, the gateway on another, and
/// rate-limit with Redis on a third.
fn page() -> Result<String> {
    let proxy = Arc::new(nginx()?);
    let limits = r#"{"minute": 9, "rules": [{"name": "login", "path": "/login", "minute": 1}]}"#;
    let gateway = format!(r#"{{"jwt_auth": {}, "rate_limit": {limits}}}"#, chain::JWT_AUTH);
    let four = [
        Plugin::wasm("cors", r#"{"origins": ["https://app.novasphere.io"]}"#),
        Plugin::wasm("jwt-auth", chain::JWT_AUTH),
        Plugin::wasm("rate-limit", limits),
        Plugin::wasm(chain::TRANSFORM.0, chain::TRANSFORM.1),
    ];
    let redis = r#"{"minute": 9, "policy": "redis",
        "redis": {"uri": "http://redis.test:8080/", "on_error": "allow"}}"#;
    let routes =
        [&four[..], &[Plugin::wasm("gateway", gateway)], &[Plugin::wasm("rate-limit", redis)]];
    for route in routes {
        let mut worker = Worker::start(&proxy, route)?;
        let answer = worker.send(&chain::good_request()?)?;
        ensure!(answer.status == 200, "{:?}", worker.log());
        ensure_sound(&worker)?;
    }
    let filters = ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"];
    proxy.prometheus_page(&filters.map(label_patterns).into_iter().collect::<Result<_>>()?)
}

/// Prometheus's own parser reads each series of Kong's page with its labels and type.
#[test]
fn page_of_kong_is_valid_for_prometheus() -> Result<()> {
    let program = "
import sys
from prometheus_client.parser import text_string_to_metric_families as families
for family in families(sys.stdin.read()):
    for sample in family.samples:
        labels = ','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))
        print(family.type, f'{sample.name}{{{labels}}}', int(sample.value))
";
    let python = paths::repository().join(".venv/bin/python");
    let mut parser = Command::new(&python)
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| python.display().to_string())?;
    parser.stdin.take().context("no standard input")?.write_all(page()?.as_bytes())?;
    let output = parser.wait_with_output()?;
    ensure!(output.status.success());
    let series = String::from_utf8(output.stdout)?;
    for line in [
        "counter pw_novasphere_cors_novasphere_decisions_total{decision=no_origin,filter=cors} 1",
        "counter pw_novasphere_jwt_auth_novasphere_decisions_total{decision=allowed,filter=jwt-auth} 1",
        "counter pw_novasphere_jwt_auth_novasphere_events_total{event=cache_miss,filter=jwt-auth} 1",
        "counter pw_novasphere_gateway_novasphere_decisions_total{decision=allowed,filter=rate-limit} 1",
        "counter pw_novasphere_rate_limit_novasphere_rule_decisions_total\
         {decision=allowed,filter=rate-limit,rule=default} 1",
        "counter pw_novasphere_rate_limit_novasphere_full_windows_total\
         {filter=rate-limit,rule=login,window=minute} 0",
        "gauge pw_novasphere_rate_limit_novasphere_table_clients\
         {filter=rate-limit,max_clients=65536} 0",
    ] {
        ensure!(series.lines().any(|found| found == line), "no {line} in\n{series}");
    }
    // Without its first label, a metric's name would still contain dots and equals signs.
    ensure!(series.lines().all(|line| line.contains("{") && line.contains("filter=")), "{series}");
    Ok(())
}

/// The sample that `make deploy-check` scrapes has series and types of Kong's page only.
#[test]
fn page_of_kong_has_every_series_of_the_scraped_sample() -> Result<()> {
    let sample = paths::repository().join("deploy/check/kong_metrics.txt");
    let (sample, page) = (fs::read_to_string(sample)?, page()?);
    // Values differ.
    let series = |line: &str| match line.rsplit_once(' ') {
        Some((series, _)) if !line.starts_with('#') => series.to_owned(),
        _ => line.to_owned(),
    };
    let rendered: Vec<_> = page.lines().map(series).collect();
    let ours = sample.lines().filter(|line| line.contains("pw_")).map(series);
    let missing: Vec<_> = ours.filter(|line| !rendered.contains(line)).collect();
    ensure!(missing.is_empty(), "not on the page: {missing:#?}\n{page}");
    // Each label of the filters' metrics is on the sample.
    for label in label_patterns("rate-limit")?.1.iter().map(|(label, _)| label) {
        ensure!(sample.contains(&format!("{label}=\"")), "no series with the label {label}");
    }
    Ok(())
}

#[test]
fn page_of_kong_ends_at_a_filter_with_a_hyphen() -> Result<()> {
    let proxy = Arc::new(nginx()?);
    let on_request = |host: &novasphere_emulated_host::Host| {
        host.define_metric(MetricKind::Counter as u32, "c").map(|_| Action::Continue)
    };
    let plugin = Naive { on_request, ..Naive::default() }.called("jwt-auth");
    Worker::start(&proxy, &[plugin])?.send(&Request::get("/"))?;
    ensure!(proxy.prometheus_page(&HashMap::new()).is_err());
    Ok(())
}
