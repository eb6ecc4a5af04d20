//! Kong's metrics page for Prometheus, as `kong/plugins/prometheus/wasmx.lua` of Kong 3.9.3 writes
//! it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

use anyhow::{Context, Result};
use regex_lite::Regex;

use crate::{MetricKind, Proxy, proxy::lock};

/// Label names and patterns of one filter: `metrics.label_patterns` of its `.meta.json`.
pub type LabelPatterns = Vec<(String, String)>;

/// A metric with all its series.
struct Family {
    kind: MetricKind,
    /// The labels of each series as text, with its value.
    series: Vec<(String, i64)>,
}

impl Proxy {
    /// Returns the page with all metrics. `patterns` has the label patterns of each filter.
    ///
    /// # Errors
    /// Fails where Kong logs a Lua error and ends the page: if a filter's name has characters other
    /// than letters, digits, `_` and `.`. Fails if a pattern is invalid.
    pub fn prometheus_page(&self, patterns: &HashMap<String, LabelPatterns>) -> Result<String> {
        let mut families = BTreeMap::<String, Family>::new();
        for (key, kind, value) in lock(&self.metrics).all() {
            let (name, labels) = name_and_labels(key, patterns)?;
            let family =
                families.entry(name).or_insert_with(|| Family { kind, series: Vec::new() });
            family.series.push((labels, value));
        }
        let mut page = String::new();
        for (name, Family { kind, series }) in families {
            let kind = if kind == MetricKind::Counter { "counter" } else { "gauge" };
            write!(page, "# HELP {name}\n# TYPE {name} {kind}")?;
            for (labels, value) in series {
                write!(page, "\n{name}{labels} {value}")?;
            }
            page.push('\n');
        }
        Ok(page)
    }
}

/// Splits the key of a metric, `pw:<filter>:<name>`. The name ends at the first label. Text
/// after it that matches no pattern is lost.
fn name_and_labels(
    key: &str,
    patterns: &HashMap<String, LabelPatterns>,
) -> Result<(String, String)> {
    let filter = Regex::new(r"pw:([\w.]+):")?;
    let filter = filter.captures(key).with_context(|| format!("Lua error at the metric {key}"))?;
    let filter = filter.get(1).context("no filter")?.as_str();
    let (mut end, mut after, mut labels) = (key.len(), 0, Vec::new());
    for (label, pattern) in patterns.get(filter).into_iter().flatten() {
        // Each search starts where the last match ended, because Kong reuses the context of
        // ngx.re.match.
        let Some(found) = Regex::new(pattern)?.captures_at(key, after) else { continue };
        let whole = found.get(1).context("the pattern has no group for the label")?;
        let value = found.get(2).context("the pattern has no group for the value")?;
        after = found.get(0).context("no match")?.end();
        end = end.min(after - whole.len());
        labels.push(format!("{label}=\"{}\"", value.as_str()));
    }
    let name = key.get(..end).context("the name ends within a character")?.replace(':', "_");
    let labels =
        if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    Ok((name, labels))
}
