//! The recorded counts and their limits.

use std::{collections::BTreeMap, env::consts::ARCH, fs};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;
use serde::{Deserialize, Serialize};

use super::{
    Measured,
    rows::{BASE, UNIT},
};

const FILE: &str = "tests/bench/exact.json";

/// The allowed growth in percent. In A, the gateway differs by less than 1% between two runs.
const GROWTH: f64 = 3.0;

/// The rows that add less, in A, are not compared. Two runs differ by 0.2% of the whole request, which
/// is more than 3% of what the smallest rows add.
const COMPARED: f64 = 0.5;

/// Counts by processor architecture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record(BTreeMap<String, Counts>);

/// The instructions of the rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    /// The instructions of a request without filters.
    pub(crate) base: f64,
    /// A: the instructions that Envoy's own four filters add with their token cache.
    pub(crate) unit: f64,
    /// The instructions that each row adds to the base.
    pub(crate) added: BTreeMap<String, f64>,
}

impl Record {
    /// Records the counts of this architecture.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn update(counts: &Counts) -> Result<()> {
        let mut record = Self::read().unwrap_or_default();
        record.0.insert(ARCH.to_owned(), counts.rounded());
        let text = serde_json::to_string_pretty(&record)?;
        fs::write(paths::repository().join(FILE), text + "\n").context(FILE)
    }

    fn read() -> Result<Self> {
        let text = fs::read_to_string(paths::repository().join(FILE)).context(FILE)?;
        serde_json::from_str(&text).context(FILE)
    }
}

impl Counts {
    /// # Errors
    /// If the base or the unit is missing.
    pub(crate) fn new(measured: &[Measured]) -> Result<Self> {
        let of = |id: &str| {
            let row = measured.iter().find(|row| row.id == id);
            row.map(|row| row.instructions).with_context(|| format!("no row {id}"))
        };
        let base = of(BASE)?;
        let others = measured.iter().filter(|row| row.id != BASE);
        let added = others.map(|row| (row.id.to_owned(), row.instructions - base)).collect();
        Ok(Self { base, unit: of(UNIT)? - base, added })
    }

    /// The added instructions of a row, and the same in A. The base adds nothing.
    pub(crate) fn added(&self, id: &str) -> (f64, f64) {
        let added = self.added.get(id).copied().unwrap_or_default();
        (added, added / self.unit)
    }

    fn rounded(&self) -> Self {
        let added = self.added.iter().map(|(id, added)| (id.clone(), added.round()));
        Self { base: self.base.round(), unit: self.unit.round(), added: added.collect() }
    }

    /// The rows of `now` that grew by more than [`GROWTH`] percent, or are new.
    ///
    /// Compares in A: another C library changes the instructions of all rows, and so of A too.
    fn grown(&self, now: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        for id in now.added.keys() {
            if !self.added.contains_key(id) {
                faults.push(format!("{id}: is new"));
                continue;
            }
            let ((old_count, old), (count, new)) = (self.added(id), now.added(id));
            if new > COMPARED && new > old * (1.0 + GROWTH / 100.0) {
                faults.push(format!(
                    "{id}: adds {new:.3} A ({count:.0} instructions), more than {old:.3} A \
                     ({old_count:.0}) + {GROWTH}%"
                ));
            }
        }
        faults
    }
}

/// # Errors
/// If a row of `now` grew or is new.
pub(crate) fn ensure_not_grown(now: &Counts) -> Result<()> {
    let record = Record::read()?;
    let before = record.0.get(ARCH);
    let before = before.with_context(|| format!("{FILE} has no counts for {ARCH}: {REMEDY}"))?;
    let grown = before.grown(now);
    ensure!(grown.is_empty(), "counts differ from {FILE}: {REMEDY}\n{}", grown.join("\n"));
    Ok(())
}

const REMEDY: &str = "if this is correct, run `make bench-exact UPDATE=1`";

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(unit: f64, gateway: f64) -> Counts {
        let added = [(UNIT.to_owned(), unit), ("gateway".to_owned(), gateway)];
        Counts { base: 200_000.0, unit, added: added.into() }
    }

    #[test]
    fn reports_rows_that_grew() {
        let old = counts(50_000.0, 100_000.0);
        let none: [&str; 0] = [];
        assert_eq!(old.grown(&counts(50_000.0, 102_900.0)), none);
        assert_eq!(old.grown(&counts(50_000.0, 50_000.0)), none);
        assert_eq!(
            old.grown(&counts(50_000.0, 103_100.0)),
            ["gateway: adds 2.062 A (103100 instructions), more than 2.000 A (100000) + 3%"]
        );
        // A small row.
        assert_eq!(counts(50_000.0, 20_000.0).grown(&counts(50_000.0, 22_000.0)), none);
        // On a machine where everything costs more.
        assert_eq!(old.grown(&counts(60_000.0, 120_000.0)), none);
    }

    #[test]
    fn reports_new_rows() {
        let mut old = counts(50_000.0, 100_000.0);
        old.added.remove("gateway");
        assert_eq!(old.grown(&counts(50_000.0, 100_000.0)), ["gateway: is new"]);
    }
}
