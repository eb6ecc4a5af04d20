//! Lines of at most 80 columns.

use std::io::{self, Write};

/// The width of the output.
const WIDTH: usize = 80;

/// Writes `first` and the words of `text`. Further lines start with as many spaces as `first` is
/// wide. A word that does not fit gets its own line.
///
/// # Errors
/// If writing fails.
pub fn write(first: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let indent = first.chars().count();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = line.chars().count().saturating_add(word.chars().count()).saturating_add(1);
        if !is_empty && width > WIDTH {
            writeln!(out, "{}", line.trim_end())?;
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_most_80_columns_wide() {
        let mut out = Vec::new();
        write("  meaning  ", &"word ".repeat(40), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(text.starts_with("  meaning  word word") && text.contains("\n           word"));
    }

    #[test]
    fn long_word_stays_whole() {
        let mut out = Vec::new();
        write("x ", &"a".repeat(100), &mut out).unwrap();
        assert_eq!(out.len(), 103);
    }
}
