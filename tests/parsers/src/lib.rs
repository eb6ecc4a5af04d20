//! One function for each parser, which panics if an input breaks a promise. The fuzz targets in `fuzz/`
//! and the tests of this crate call the same functions.

mod config;
mod header_map;
mod key;
mod origin;
mod path;
mod redis;
mod template;
mod token;

/// A name, and a function that checks an input and returns whether the parser accepted it.
pub type Parser = (&'static str, fn(&[u8]) -> bool);

/// All parsers.
pub const PARSERS: [Parser; 8] = [
    ("token", token::check),
    ("key", key::check),
    ("config", config::check),
    ("origin", origin::check),
    ("path", path::check),
    ("template", template::check),
    ("redis", redis::check),
    ("header_map", header_map::check),
];

/// Checks an input of the parser named `name`.
///
/// # Panics
/// If a promise is broken, or if there is no such parser.
pub fn check(name: &str, input: &[u8]) {
    let parser = PARSERS.iter().find(|(parser, _)| *parser == name);
    assert!(parser.is_some(), "no parser {name}");
    if let Some((_, check)) = parser {
        check(input);
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use fastrand::Rng;

    use super::*;

    /// Changed inputs for each file of a corpus.
    const CHANGES: usize = 40;

    /// The files of a corpus, sorted by name.
    fn corpus(name: &str) -> Vec<Vec<u8>> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
        let entries =
            fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{} is empty", dir.display());
        files.iter().map(|file| fs::read(file).unwrap()).collect()
    }

    /// Replaces, inserts and removes bytes, and inserts a part of another file.
    fn change(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
        const SPECIAL: &[u8] = b".=%;,\"{}[]()$: \t\r\n\0-_?&#/\\*~^|+\x7f\x80\xff0";
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..=input.len());
            let byte = if rng.bool() { rng.u8(..) } else { SPECIAL[rng.usize(..SPECIAL.len())] };
            match rng.u8(..4) {
                0 => input.insert(at, byte),
                1 if at < input.len() => drop(input.remove(at)),
                2 if at < input.len() => input[at] = byte,
                _ => {
                    let from = rng.usize(..=other.len());
                    let to = rng.usize(from..=other.len().min(from + 20));
                    input.splice(at..at, other[from..to].iter().copied());
                }
            }
        }
    }

    #[test]
    fn promises_hold_for_the_corpus_and_changes_of_it() {
        for (name, check) in PARSERS {
            let corpus = corpus(name);
            let mut rng = Rng::with_seed(1);
            let accepted = corpus.iter().filter(|seed| check(seed)).count();
            assert!((1..corpus.len()).contains(&accepted), "{name}: {accepted} accepted");
            for seed in &corpus {
                for _ in 0..CHANGES {
                    let mut input = seed.clone();
                    let other = &corpus[rng.usize(..corpus.len())];
                    change(&mut input, other, &mut rng);
                    check(&input);
                }
            }
        }
    }

    #[test]
    fn every_corpus_has_a_parser() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        for entry in fs::read_dir(dir).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(PARSERS.iter().any(|(parser, _)| *parser == name), "{name}");
        }
    }
}
