//! [`Edits`]: changes of a string.

use std::ops::Range;

use anyhow::{Result, bail};

/// Changes of a string.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces a part of the text.
    pub(super) fn replace(&mut self, range: Range<usize>, text: String) {
        self.0.push((range, text));
    }

    /// Inserts lines with an indentation before the byte `at`, the start of a line.
    pub(super) fn insert(&mut self, at: usize, indentation: usize, lines: &[String]) {
        self.0.push((at..at, indented(indentation, lines)));
    }

    /// The changed text. Nodes that an alias repeats have one place, so equal changes count once.
    pub(super) fn apply(mut self, text: &str) -> Result<String> {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        self.0.dedup();
        let mut changed = String::new();
        let mut done = 0;
        for (range, new) in self.0 {
            let Some(between) = text.get(done..range.start) else {
                bail!("two changes overlap; is a part of the file an alias of another part?");
            };
            changed.push_str(between);
            // The last line of a file may have no newline.
            if range.is_empty() && !changed.is_empty() && !changed.ends_with('\n') {
                changed.push('\n');
            }
            changed.push_str(&new);
            done = range.end;
        }
        changed.push_str(text.get(done..).unwrap_or_default());
        Ok(changed)
    }
}

/// Lines with an indentation.
pub(super) fn indented(indentation: usize, lines: &[String]) -> String {
    let spaces = " ".repeat(indentation);
    let line = |line: &String| {
        if line.is_empty() { "\n".to_owned() } else { format!("{spaces}{line}\n") }
    };
    lines.iter().map(line).collect()
}
