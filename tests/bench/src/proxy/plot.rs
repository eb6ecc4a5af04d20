//! The plot: one bar a case, for its added cost.

use std::fmt::Write;

use super::{
    cases::Table,
    tables::{Line, Results},
};

const WIDTH: f64 = 860.0;
/// The x coordinate of the bars.
const LEFT: f64 = 340.0;
/// The length of the longest bar.
const LONGEST: f64 = 440.0;
const ROW: f64 = 24.0;
const HEADING: f64 = 44.0;

/// Draws the plot in colours that are readable on white and on black.
pub(crate) fn svg(results: &Results) -> String {
    let panels = [
        (Table::Chain, "The whole job: added processor time, in A (Envoy's own four = 1)"),
        (Table::Single, "One filter: added processor time, in A"),
        (Table::Tokens, "Tokens: added processor time, in A"),
    ];
    let mut rows = String::new();
    let mut y = 0.0;
    for (table, heading) in panels {
        // The case without filters adds nothing.
        let lines = results.lines.iter().filter(|line| line.table == table && line.added != 0.0);
        let lines: Vec<&Line> = lines.collect();
        let most = lines.iter().map(|line| line.units).fold(0.0, f64::max);
        text(&mut rows, (8.0, y + 30.0), "start", "bold", heading);
        y += HEADING;
        for line in lines {
            bar(&mut rows, y, line, most);
            y += ROW;
        }
    }
    let height = y + 12.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" fill="#888">
{rows}</svg>
"##
    )
}

fn bar(rows: &mut String, y: f64, line: &Line, most: f64) {
    let length = (line.units.max(0.0) / most * LONGEST).max(1.0);
    let colour = if line.is_native { "#d98e32" } else { "#3b82c4" };
    text(rows, (LEFT - 8.0, y + 14.0), "end", "normal", &line.label);
    let bar =
        format!(r#"<rect x="{LEFT}" y="{y}" width="{length:.0}" height="18" fill="{colour}"/>"#);
    // Writing to a String cannot fail.
    let _ = writeln!(rows, "{bar}");
    let value = format!("{:.2}", line.units);
    text(rows, (LEFT + length + 6.0, y + 14.0), "start", "normal", &value);
}

fn text(rows: &mut String, (x, y): (f64, f64), anchor: &str, weight: &str, text: &str) {
    let _ = writeln!(
        rows,
        r#"<text x="{x:.0}" y="{y:.0}" text-anchor="{anchor}" font-weight="{weight}">{text}</text>"#
    );
}
