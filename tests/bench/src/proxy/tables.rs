//! The results as tables in Markdown.

use std::fmt::Write;

use anyhow::{Context, Result};

use super::{
    cases::{BASE, Case, Table, UNIT, place},
    footprints::Footprints,
    latency::Latency,
    rounds::Measured,
    statistics::{median, quartiles},
};
use crate::artifacts;

/// The results of a case.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) table: Table,
    pub(crate) is_native: bool,
    /// Microseconds of CPU time a request.
    cost: f64,
    /// `cost` minus the cost without filters in the same round.
    pub(crate) added: f64,
    /// The quartiles over the rounds.
    between: (f64, f64),
    /// `added` in units of A.
    pub(crate) units: f64,
    latency: Option<(f64, f64)>,
}

/// All cases.
pub(crate) struct Results {
    pub(crate) lines: Vec<Line>,
    /// A: the cost that Envoy's own four filters add with their token cache, in microseconds.
    unit: f64,
}

impl Results {
    /// # Errors
    /// If the base case is missing.
    pub(crate) fn new(cases: &[Case], measured: &[Measured]) -> Result<Self> {
        let of = |chain| measured.get(place(cases, chain)?);
        let base = of(BASE).context("no base")?;
        let unit = median(&added(of(UNIT).context("no unit")?, base));
        let lines = cases.iter().zip(measured);
        let lines = lines.map(|(case, measured)| line(case, measured, base, unit)).collect();
        Ok(Self { lines, unit })
    }

    fn of(&self, table: Table) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.table == table)
    }
}

fn line(case: &Case, measured: &Measured, base: &Measured, unit: f64) -> Line {
    let all = added(measured, base);
    let middle =
        |of: fn(&Latency) -> f64| median(&measured.latency.iter().map(of).collect::<Vec<_>>());
    let latency = (middle(|latency| latency.p50), middle(|latency| latency.p99));
    Line {
        label: case.label.clone(),
        table: case.table,
        is_native: case.chain.starts_with("native"),
        cost: median(&measured.cost),
        added: median(&all),
        between: quartiles(&all),
        units: median(&all) / unit,
        latency: (!measured.latency.is_empty()).then_some(latency),
    }
}

/// The cost over `base` in the same round.
fn added(measured: &Measured, base: &Measured) -> Vec<f64> {
    measured.cost.iter().zip(&base.cost).map(|(cost, base)| cost - base).collect()
}

/// All tables, each under a heading.
///
/// # Errors
/// If a filter is not built.
pub(crate) fn all(
    results: &Results,
    footprints: &[Footprints],
    redis: &str,
    traefik: &str,
) -> Result<String> {
    let mut text = String::new();
    let unit = results.unit;
    writeln!(text, "## The whole job\n")?;
    writeln!(
        text,
        "A = {unit:.1} µs: what Envoy's own four filters add, with their token cache.\n"
    )?;
    costs(&mut text, results, Table::Chain)?;
    writeln!(text, "\n## One filter\n")?;
    costs(&mut text, results, Table::Single)?;
    writeln!(text, "\n## Tokens\n")?;
    costs(&mut text, results, Table::Tokens)?;
    writeln!(text, "\n## Latency\n\nMicroseconds.\n\n| | p50 | p99 |\n|---|---:|---:|")?;
    for line in results.of(Table::Chain) {
        let (p50, p99) = line.latency.unwrap_or_default();
        writeln!(text, "| {} | {p50:.0} | {p99:.0} |", line.label)?;
    }
    writeln!(text, "\n## Memory and start-up\n")?;
    writeln!(text, "| | ready after, ms | MiB, 1 worker | MiB, 2 workers |\n|---|---:|---:|---:|")?;
    for Footprints { label, start, one, two } in footprints {
        writeln!(text, "| {label} | {start:.0} | {one:.0} | {two:.0} |")?;
    }
    writeln!(text, "\n## Counts in Redis\n\n{redis}")?;
    writeln!(text, "\n## Traefik\n\n{traefik}")?;
    writeln!(text, "\n## Sizes\n\n| artifact | KB |\n|---|---:|")?;
    for (name, bytes) in artifacts::sizes()? {
        writeln!(text, "| {name} | {} |", bytes.div_ceil(1000))?;
    }
    Ok(text)
}

fn costs(text: &mut String, results: &Results, table: Table) -> Result<()> {
    writeln!(text, "| | µs for each request | added µs | middle half of the rounds | in A |")?;
    writeln!(text, "|---|---:|---:|---:|---:|")?;
    for Line { label, cost, added, between: (low, high), units, .. } in results.of(table) {
        writeln!(
            text,
            "| {label} | {cost:.1} | {added:.1} | {low:.1} to {high:.1} | {units:.2} |"
        )?;
    }
    Ok(())
}
