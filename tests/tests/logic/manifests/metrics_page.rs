//! docs/metrics.md lists the metrics of the filters and of the Redis front with their labels, and each
//! value of the labels.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use regex_lite::Regex;

use super::alerts::{counted, definitions, labels};

const FILTERS: [&str; 4] = ["cors", "jwt-auth", "rate-limit", "header-transform"];

fn read(path: &str) -> Result<String> {
    Ok(fs::read_to_string(repository().join(path))?)
}

/// The rows of the table below a heading: names and labels, both in backquotes.
fn rows(page: &str, heading: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let start = format!("# {heading}\n");
    let (_, below) = page.split_once(&start).with_context(|| format!("no section {heading}"))?;
    let section = below.split("\n#").next().unwrap_or_default();
    let quoted = Regex::new("`([^`]+)`")?;
    let names = |cell: &str| -> Vec<String> {
        quoted.captures_iter(cell).map(|found| found[1].to_owned()).collect()
    };
    let mut rows = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').collect();
        let labels = cells.get(2).map(|cell| names(cell)).unwrap_or_default();
        for name in cells.get(1).map(|cell| names(cell)).unwrap_or_default() {
            ensure!(
                rows.insert(name.clone(), labels.iter().cloned().collect()).is_none(),
                "{heading}: {name} has two rows"
            );
        }
    }
    Ok(rows)
}

fn names(page: &str, heading: &str) -> Result<BTreeSet<String>> {
    Ok(rows(page, heading)?.into_keys().collect())
}

fn expect(heading: &str, found: &BTreeSet<String>, expected: BTreeSet<String>) -> Result<()> {
    let missing: Vec<_> = expected.difference(found).collect();
    let unknown: Vec<_> = found.difference(&expected).collect();
    ensure!(
        missing.is_empty() && unknown.is_empty(),
        "docs/metrics.md: {heading}: missing {missing:?}, unknown {unknown:?}"
    );
    Ok(())
}

#[test]
fn page_lists_each_metric_with_its_labels() -> Result<()> {
    let found = rows(&read("docs/metrics.md")?, "Metrics of the filters")?;
    let expected = labels()?;
    ensure!(found == expected, "docs/metrics.md: found {found:?}, expected {expected:?}");
    Ok(())
}

#[test]
fn page_lists_each_decision_and_event() -> Result<()> {
    let page = read("docs/metrics.md")?;
    for filter in FILTERS {
        for (kind, heading) in [("decision", "Decisions"), ("event", "Events")] {
            let expected = counted(filter, kind).context("no such filter")?;
            if expected.is_empty() {
                continue;
            }
            let heading = format!("{heading} of {filter}");
            let expected = expected.into_iter().map(str::to_owned).collect();
            expect(&heading, &names(&page, &heading)?, expected)?;
        }
    }
    Ok(())
}

#[test]
fn page_lists_each_kind_of_redis_failure() -> Result<()> {
    let failures = definitions()?.into_iter().filter(|metric| metric.name == "redis_failures");
    let kinds = failures.filter_map(|metric| Some(metric.labels.split_once('=')?.1.to_owned()));
    let heading = "Kinds of Redis failures";
    expect(heading, &names(&read("docs/metrics.md")?, heading)?, kinds.collect())
}

#[test]
fn page_lists_the_metrics_and_outcomes_of_the_redis_front() -> Result<()> {
    let (page, source) = (read("docs/metrics.md")?, read("host-config/redis/metrics.lua")?);
    let quoted = |text: &str| -> Result<BTreeSet<String>> {
        let name = Regex::new(r#""([a-z_]+)""#)?;
        Ok(name.captures_iter(text).map(|found| found[1].to_owned()).collect())
    };
    let (_, below) = source.split_once("local OUTCOMES = {").context("no outcomes")?;
    let (outcomes, rest) = below.split_once('}').context("no end of the outcomes")?;
    let (constants, _) = rest.split_once("\nlocal counts").context("no counts")?;
    let heading = "Metrics of the Redis front";
    expect(heading, &names(&page, heading)?, quoted(constants)?)?;
    let heading = "Outcomes of the Redis front";
    expect(heading, &names(&page, heading)?, quoted(outcomes)?)
}
