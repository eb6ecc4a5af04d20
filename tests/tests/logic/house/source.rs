//! Source files, with comments and literals blanked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A source file.
pub(super) struct Source {
    /// Path in the repository.
    pub(super) path: String,
    /// The code. Comments, strings and character literals are spaces.
    pub(super) code: String,
    /// The path of the file's module in its crate.
    pub(super) module: Vec<String>,
}

/// A package.
pub(super) struct Crate {
    /// Path in the repository.
    pub(super) path: String,
    /// The text of `Cargo.toml`.
    pub(super) manifest: String,
    /// The files below `src`.
    pub(super) sources: Vec<Source>,
}

impl Crate {
    pub(super) fn read(root: &Path, folder: &Path) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let manifest =
            fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
        let mut sources = Vec::new();
        if folder.join("src").is_dir() {
            read_all(root, &folder.join("src"), &mut sources)?;
        }
        Ok(Self { path: relative(root, folder), manifest, sources })
    }
}

/// Reads all Rust files below a folder.
pub(super) fn read_all(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            read_all(root, &path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read(&path).with_context(|| path.display().to_string())?;
            sources.push(Source::new(relative(root, &path), &String::from_utf8_lossy(&text)));
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

impl Source {
    pub(super) fn new(path: String, text: &str) -> Self {
        let module = module(&path);
        Self { code: blank(text), module, path }
    }

    pub(super) fn lines(&self) -> usize {
        self.code.lines().count()
    }

    /// The line of a byte offset, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.code.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
    }
}

/// The module path of a file below `src`.
fn module(path: &str) -> Vec<String> {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside);
    let names = inside.trim_end_matches(".rs").split('/');
    let mut module: Vec<String> = names.map(str::to_owned).collect();
    if module.last().is_some_and(|name| ["lib", "main", "mod"].contains(&name.as_str())) {
        module.pop();
    }
    module
}

/// The code with comments, strings and character literals replaced by spaces. Keeps newlines.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    while let Some(rest) = bytes.get(code.len()..).filter(|rest| !rest.is_empty()) {
        let previous = code.last().copied().unwrap_or(b' ');
        match literal(rest, previous) {
            0 => code.extend(rest.first()),
            size => code.extend(
                rest.iter().take(size).map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }),
            ),
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// The size of the comment or literal at the start of `rest`, otherwise 0.
fn literal(rest: &[u8], previous: u8) -> usize {
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => {
            rest.windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |end| end + 2)
        }
        [b'"', ..] => quoted(rest, b'"'),
        [b'r', b'"' | b'#', ..] | [b'b' | b'c', b'r', b'"' | b'#', ..]
            if !previous.is_ascii_alphanumeric() && previous != b'_' =>
        {
            raw(rest)
        }
        // A lifetime has no closing quote.
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', first, ..] => {
            let width = match first {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            if rest.get(width + 1) == Some(&b'\'') { width + 2 } else { 0 }
        }
        _ => 0,
    }
}

/// The size of a quoted literal with escapes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    let end = rest.iter().skip(1).position(|byte| {
        let ends = !escaped && *byte == quote;
        escaped = !escaped && *byte == b'\\';
        ends
    });
    end.map_or(rest.len(), |end| end + 2)
}

/// The size of a raw string, 0 for a raw identifier.
fn raw(rest: &[u8]) -> usize {
    let prefix = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let hashes = rest.iter().skip(prefix).take_while(|byte| **byte == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return 0;
    }
    let start = prefix + hashes + 1;
    let end = [&b"\""[..], &vec![b'#'; hashes]].concat();
    let body = rest.get(start..).unwrap_or_default();
    let size = body.windows(end.len()).position(|window| window == end);
    size.map_or(rest.len(), |size| start + size + end.len())
}

/// The offset behind the brace that closes the one at `open`.
pub(super) fn closing_brace(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return offset + 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

#[test]
fn blanks_comments_and_literals() {
    let code = blank("a \"x{\\\"\" b /* { */ c '{' 'l r#\"}\"# d // }\ne br\"{\" '\\'' '\u{e9}' f");
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "b", "c", "'l", "d", "e", "f"]);
    assert_eq!(code.lines().count(), 2);
}
