//! Secrets in lines: in comments, such as a setting that is not in use, and in text that is not YAML.

use std::ops::Range;

use super::fields;
use crate::explain::Mask;

/// The end of the first line and of the last line of a private key in PEM.
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// The state after the lines so far: a secret or a private key may continue on the next line.
#[derive(Default)]
struct Open {
    /// The indentation of the last line with a secret.
    secret: Option<usize>,
    /// Whether the last line is inside a private key.
    is_in_key: bool,
}

impl Open {
    /// The start of the secret in the next line, if it has one.
    fn next(&mut self, line: &str) -> Option<usize> {
        let indentation = line.len().saturating_sub(line.trim_start().len());
        let continues = self.secret.is_some_and(|own| line.is_empty() || indentation > own);
        let secret = if continues { Some(indentation) } else { value_of_secret(line) };
        if !continues {
            self.secret = secret.map(|_| indentation);
        }
        let key = if self.is_in_key { Some(indentation) } else { private_key(line) };
        self.is_in_key = key.is_some() && !line.contains("-----END");
        secret.into_iter().chain(key).min()
    }
}

/// Secrets in comments. `is_in_scalar` says whether the byte at an offset belongs to a scalar.
pub(super) fn comments(text: &str, is_in_scalar: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut open = Open::default();
    let mut found = Vec::new();
    for (start, line) in lines(text) {
        let own = own_line(line);
        if own.is_none() {
            open = Open::default();
        }
        let trailing = || {
            let marks = line.match_indices([' ', '\t']).map(|(at, _)| at.saturating_add(1));
            let mut marks = marks.filter(|at| line.get(*at..).is_some_and(|l| l.starts_with('#')));
            marks.find(|at| !is_in_scalar(start.saturating_add(*at))).map(|at| at.saturating_add(1))
        };
        if let Some(at) = own.or_else(trailing) {
            let secret = open.next(line.get(at..).unwrap_or_default());
            found.extend(secret.map(|from| rest(start, line, at.saturating_add(from))));
        }
    }
    found
}

/// The rest of each line after the name of a secret, the lines that continue it, and private keys.
pub(super) fn unparsed(text: &str) -> Vec<Range<usize>> {
    let (mut open, mut comments) = (Open::default(), Open::default());
    let mut found = Vec::new();
    for (start, line) in lines(text) {
        let secret = open.next(line);
        let commented = match own_line(line) {
            Some(at) => {
                let from = comments.next(line.get(at..).unwrap_or_default());
                from.map(|from| at.saturating_add(from))
            }
            None => {
                comments = Open::default();
                None
            }
        };
        found.extend(secret.into_iter().chain(commented).min().map(|at| rest(start, line, at)));
    }
    found
}

/// The lines with their offsets, without trailing white space.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0_usize, |next, line| {
        let start = *next;
        *next = start.saturating_add(line.len());
        Some((start, line.trim_end()))
    })
}

fn rest(start: usize, line: &str, from: usize) -> Range<usize> {
    start.saturating_add(from)..start.saturating_add(line.len())
}

/// The start of a comment's text in a line that is only a comment.
fn own_line(line: &str) -> Option<usize> {
    let comment = line.trim_start().strip_prefix('#')?;
    Some(line.len().saturating_sub(comment.trim_start_matches('#').len()))
}

/// The start of a private key in a line.
fn private_key(line: &str) -> Option<usize> {
    let end = line.find(PRIVATE_KEY)?;
    line.get(..end)?.rfind("-----BEGIN")
}

/// The start of a secret's value in a line. A reference to a variable is not a secret.
fn value_of_secret(line: &str) -> Option<usize> {
    line.match_indices([':', '=']).map(|(at, _)| at.saturating_add(1)).find(|start| {
        let (before, value) = line.split_at_checked(*start).unwrap_or_default();
        let before = before.trim_end_matches([':', '=', ' ', '"', '\'']);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
        let is_variable = value.trim_start().starts_with('{');
        let is_header =
            !name.contains('_') && Mask::default().is_secret_header(&name.to_ascii_lowercase());
        !is_variable && (fields::is_secret_name(name) || is_header)
    })
}
