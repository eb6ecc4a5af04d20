//! Files have at most 300 lines, functions at most 60.

use anyhow::Result;

use super::{
    none,
    source::{Source, closing_brace},
    sources,
};

const MAX_FILE_LINES: usize = 300;
const MAX_FUNCTION_LINES: usize = 60;

/// Functions of tests that consist of a table: file and name.
const TABLES: [(&str, &str); 1] = [("tests/tests/traefik/refusals.rs", "refused")];

#[test]
fn files_have_at_most_300_lines() -> Result<()> {
    let sources = sources()?;
    let long = sources.iter().filter(|source| source.lines() > MAX_FILE_LINES);
    let violations = long.map(|source| format!("{}: {} lines", source.path, source.lines()));
    none(violations.collect(), "files over 300 lines")
}

#[test]
fn functions_have_at_most_60_lines() -> Result<()> {
    let mut violations = Vec::new();
    for source in sources()? {
        for (name, line, lines) in functions(&source) {
            let is_table = TABLES.contains(&(source.path.as_str(), name));
            if lines > MAX_FUNCTION_LINES && !is_table {
                violations.push(format!("{}:{line}: {name} has {lines} lines", source.path));
            }
        }
    }
    none(violations, "functions over 60 lines")
}

/// The functions of a file: name, first line and number of lines.
fn functions(source: &Source) -> Vec<(&str, usize, usize)> {
    let code = source.code.as_str();
    let mut functions = Vec::new();
    for (offset, _) in code.match_indices("fn ") {
        let is_word = code
            .get(..offset)
            .is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        let after = code.get(offset + "fn ".len()..).unwrap_or_default();
        let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
        let name = after.get(..end).unwrap_or_default();
        let body = body(after).map(|index| offset + "fn ".len() + index);
        if let Some(open) = body.filter(|_| is_word && !name.is_empty()) {
            let (first, last) = (source.line(offset), source.line(closing_brace(code, open)));
            functions.push((name, first, last + 1 - first));
        }
    }
    functions
}

/// The offset of the body's brace. `None` for a declaration.
fn body(signature: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (offset, c) in signature.char_indices() {
        depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
        match c {
            '{' if depth == 0 => return Some(offset),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn counts_lines_of_functions() {
    let text = "fn a() -> [u8; 2] {\n    [0, 1]\n}\nfn b();\n    fn c() {}\n";
    let source = Source::new("src/lib.rs".to_owned(), text);
    assert_eq!(functions(&source), [("a", 1, 3), ("c", 5, 1)]);
}
