//! The plot of the added CPU time.

use super::{cases::Table, tables::Results};
use crate::plot::{self, Bar, Panel};

const PANELS: [(Table, &str); 3] = [
    (Table::Chain, "The whole job: added processor time, in A (Envoy's own four = 1)"),
    (Table::Single, "One filter: added processor time, in A"),
    (Table::Tokens, "Tokens: added processor time, in A"),
];

/// Draws one bar per case.
pub(crate) fn svg(results: &Results) -> String {
    let panels = PANELS.map(|(table, heading)| {
        // The case without filters adds nothing.
        let lines = results.lines.iter().filter(|line| line.table == table && line.added != 0.0);
        let bars = lines.map(|line| Bar {
            label: line.label.clone(),
            value: line.units,
            is_native: line.is_native,
        });
        Panel { heading, bars: bars.collect() }
    });
    plot::svg(&panels)
}
