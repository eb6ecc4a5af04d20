//! Lines and columns of places.

use crate::{
    finding::Finding,
    found::{Place, Project},
};

/// A position, counted from 1. Columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// The file name, the start and the end of a finding. The start of the first file without a place.
pub(super) fn of<'p>(finding: &Finding, project: &'p Project) -> (&'p str, Position, Position) {
    let default = Place { file: 0, span: 0..0 };
    let place = finding.place.as_ref().unwrap_or(&default);
    let Some(file) = project.files.get(place.file) else {
        let first = Position { line: 1, column: 1 };
        return ("", first, first);
    };
    let end = place.span.end.max(place.span.start);
    (&file.name, position(&file.text, place.span.start), position(&file.text, end))
}

/// The line and the column of a byte of a string.
pub fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count()).saturating_add(1);
    Position { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let text = "a\nöb: c\n";
        assert_eq!(position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(position(text, text.find('c').unwrap()), Position { line: 2, column: 5 });
        assert_eq!(position(text, 1000), Position { line: 3, column: 1 });
    }
}
