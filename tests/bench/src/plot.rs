//! Plots: panels of bars.

use std::fmt::Write;

/// A heading and its bars. The longest bar fills the width.
pub(crate) struct Panel {
    pub(crate) heading: &'static str,
    pub(crate) bars: Vec<Bar>,
}

/// A bar with its value.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// Whether it is for Envoy's own filters, which have another colour.
    pub(crate) is_native: bool,
}

const WIDTH: f64 = 860.0;
/// The x coordinate of the bars.
const LEFT: f64 = 390.0;
/// The length of the longest bar.
const LONGEST: f64 = 400.0;
const ROW: f64 = 24.0;
const HEADING: f64 = 44.0;

/// Draws the plot in colours that are readable on white and on black.
pub(crate) fn svg(panels: &[Panel]) -> String {
    let mut rows = String::new();
    let mut y = 0.0;
    for Panel { heading, bars } in panels {
        let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        text(&mut rows, (8.0, y + 30.0), "start", "bold", heading);
        y += HEADING;
        for bar in bars {
            draw(&mut rows, y, bar, most);
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

fn draw(rows: &mut String, y: f64, bar: &Bar, most: f64) {
    let length = (bar.value.max(0.0) / most * LONGEST).max(1.0);
    let colour = if bar.is_native { "#d98e32" } else { "#3b82c4" };
    text(rows, (LEFT - 8.0, y + 14.0), "end", "normal", &bar.label);
    let rectangle =
        format!(r#"<rect x="{LEFT}" y="{y}" width="{length:.0}" height="18" fill="{colour}"/>"#);
    // Writing to a String cannot fail.
    let _ = writeln!(rows, "{rectangle}");
    let value = format!("{:.2}", bar.value);
    text(rows, (LEFT + length + 6.0, y + 14.0), "start", "normal", &value);
}

fn text(rows: &mut String, (x, y): (f64, f64), anchor: &str, weight: &str, text: &str) {
    let _ = writeln!(
        rows,
        r#"<text x="{x:.0}" y="{y:.0}" text-anchor="{anchor}" font-weight="{weight}">{text}</text>"#
    );
}
