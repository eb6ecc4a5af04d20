//! Alerts and the dashboard use decisions and events that the filters count.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_core::Filter;
use novasphere_cors::Cors;
use novasphere_harness::paths::repository;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use regex_lite::Regex;

const FILES: [&str; 2] = ["alerts.yaml", "novasphere-gateway.json"];

/// The decisions or events of a filter.
fn counted(filter: &str, kind: &str) -> Option<Vec<&'static str>> {
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

#[test]
fn queried_metrics_exist() -> Result<()> {
    let selector = Regex::new(r"novasphere_(decision|event)s\{([^}]*)\}")?;
    let label = Regex::new(r#"(\w+)=~?"([^"]*)""#)?;
    for file in FILES {
        let text = fs::read_to_string(repository().join("deploy/monitoring").join(file))?;
        let text = text.replace("\\\"", "\"");
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
