//! Alerts and the dashboard use metrics, decisions and events of the filters, under the names that
//! Prometheus gets from Envoy and Kong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, iter,
};

use anyhow::{Context, Result, ensure};
use novasphere_core::{Filter, MetricDefinition, MetricKind};
use novasphere_cors::Cors;
use novasphere_harness::{chain, paths::repository};
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_tests::{cases::native::configure, shipped};
use regex_lite::Regex;
use serde_json::{Value, json};

/// The sources of the alerts and of the dashboards.
const FILES: [&str; 2] =
    ["chart/novasphere-gateway/files/monitoring/alerts/filters.yaml", "monitoring/panels.yaml"];
/// The prefix of the metrics that the HTTP front of Redis serves.
const FRONT: &str = "novasphere_redis_front_";

/// The decisions or events of a filter.
pub(super) fn counted(filter: &str, kind: &str) -> Option<Vec<&'static str>> {
    fn of<F: Filter>(kind: &str) -> Vec<&'static str> {
        if kind == "decision" { F::REASONS } else { F::EVENTS }.to_vec()
    }
    match filter {
        Cors::NAME => Some(of::<Cors>(kind)),
        HeaderTransform::NAME => Some(of::<HeaderTransform>(kind)),
        JwtAuth::NAME => Some(of::<JwtAuth>(kind)),
        RateLimit::NAME => Some(of::<RateLimit>(kind)),
        _ => None,
    }
}

/// The names of all metrics, without labels.
fn metrics() -> Result<BTreeSet<String>> {
    Ok(labels()?.into_keys().collect())
}

/// The labels of all metrics by name.
pub(super) fn labels() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let name = |kind, name| match kind {
        MetricKind::Counter => format!("novasphere_{name}_total"),
        MetricKind::Gauge => format!("novasphere_{name}"),
    };
    let mut labels = BTreeMap::new();
    for (metric, label) in [("decisions", "decision"), ("events", "event")] {
        let names = ["filter", label].map(str::to_owned);
        labels.insert(name(MetricKind::Counter, metric), BTreeSet::from(names));
    }
    for metric in definitions()? {
        let names = metric.labels.split('.').filter_map(|label| label.split_once('='));
        let names = iter::once("filter").chain(names.map(|(name, _)| name)).map(str::to_owned);
        labels.insert(name(metric.kind, metric.name), names.collect());
    }
    Ok(labels)
}

/// The definitions of rate-limit's metrics with Redis and rules.
pub(super) fn definitions() -> Result<Vec<MetricDefinition>> {
    let config = json!({
        "minute": 9, "policy": "redis", "redis": {"uri": "http://redis.test:8080/"},
        "rules": [{"name": "login", "path": "/login", "minute": 1}],
    });
    let filter: RateLimit = configure(&config, &chain::environment()?)?;
    Ok(filter.metric_definitions())
}

/// The metrics that alerts and the dashboard query.
fn queried(file: &str) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(repository().join("deploy").join(file))?;
    let name = Regex::new(r"novasphere_[a-z_]+")?;
    let names = name.find_iter(&text).map(|found| found.as_str().to_owned());
    Ok(names.filter(|name| !name.starts_with(FRONT)).collect())
}

#[test]
fn queried_metrics_exist() -> Result<()> {
    let metrics = metrics()?;
    for file in FILES {
        let queried = queried(file)?;
        ensure!(queried.len() > 2, "{file}: only {queried:?} found");
        let unknown: Vec<_> = queried.difference(&metrics).collect();
        ensure!(unknown.is_empty(), "{file}: no filter has {unknown:?}");
    }
    Ok(())
}

/// Prometheus anchors regular expressions at both ends.
#[test]
fn relabelings_give_the_metrics_of_kong_the_names_of_envoy() -> Result<()> {
    let monitor = shipped::yaml("deploy/kong/podmonitor.yaml")?;
    let rules = monitor.pointer("/spec/podMetricsEndpoints/0/metricRelabelings");
    let rules = rules.and_then(Value::as_array).context("no relabelings")?;
    let relabel = |target: &str, name: &str| -> Result<Option<String>> {
        let rule = rules.iter().find(|rule| rule["targetLabel"] == target).context("no rule")?;
        ensure!(rule["sourceLabels"] == json!(["__name__"]) && rule["replacement"] == "$1");
        let regex = Regex::new(&format!("^(?:{})$", rule["regex"].as_str().context("no regex")?))?;
        Ok(regex.captures(name).map(|found| found[1].to_owned()))
    };
    let filters = ["cors", "gateway", "header_transform", "jwt_auth", "rate_limit"];
    for module in filters.map(|filter| format!("novasphere_{filter}")) {
        for metric in metrics()? {
            let of_kong = format!("pw_{module}_{metric}");
            ensure!(relabel("__name__", &of_kong)?.as_ref() == Some(&metric), "{of_kong}");
            ensure!(relabel("module", &of_kong)?.as_ref() == Some(&module), "{of_kong}");
        }
    }
    for other in ["kong_nginx_timers", "pw_other_requests_total"] {
        ensure!(relabel("__name__", other)?.is_none() && relabel("module", other)?.is_none());
    }
    Ok(())
}

#[test]
fn queried_decisions_and_events_exist() -> Result<()> {
    let selector = Regex::new(r"novasphere_(decision|event)s_total\{([^}]*)\}")?;
    let label = Regex::new(r#"(\w+)(?:=~?|!=|!~)"([^"]*)""#)?;
    for file in FILES {
        let text = fs::read_to_string(repository().join("deploy").join(file))?;
        let mut found = 0;
        for selected in selector.captures_iter(&text) {
            let (kind, labels) = (&selected[1], &selected[2]);
            let value = |name: &str| {
                label.captures_iter(labels).find(|c| &c[1] == name).map(|c| c[2].to_owned())
            };
            let Some(filter) = value("filter") else { continue };
            let names = counted(&filter, kind).with_context(|| format!("{file}: {filter}"))?;
            for name in value(kind).iter().flat_map(|value| value.split('|')) {
                ensure!(names.contains(&name), "{file}: {filter} counts no {kind} {name}");
                found += 1;
            }
        }
        ensure!(found > 4, "{file}: only {found} names found");
    }
    Ok(())
}
