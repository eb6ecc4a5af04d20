//! Examples of the texts that a regular expression matches.

use std::mem;

use novasphere_core::Pattern;

/// Maximum number of examples. Alternatives and optional parts multiply them.
const MAX_EXAMPLES: usize = 256;

/// Maximum number of repetitions in an example.
const MAX_REPETITIONS: usize = 64;

/// The characters that stand for a class such as `[a-z]` or `\d`, in order of preference.
const ALPHABET: &str = "a1z-.:/0_bcdefghijklmnopqrstuvwxy23456789";

/// Texts with each alternative of `expression`, with and without its optional parts. A few may not
/// match, so callers try them. `expression` must be valid.
pub(super) fn examples(expression: &str) -> Vec<String> {
    Parser { rest: expression }.alternatives()
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    /// The examples up to the end of the group or of the expression.
    fn alternatives(&mut self) -> Vec<String> {
        let empty = || vec![String::new()];
        let (mut all, mut current) = (Vec::new(), empty());
        while let Some(c) = self.next() {
            let atom = match c {
                ')' => break,
                '|' => {
                    all.append(&mut mem::replace(&mut current, empty()));
                    continue;
                }
                '^' | '$' => continue,
                '(' if self.starts_group() => self.alternatives(),
                // Flags.
                '(' => continue,
                '[' => vec![self.member("[", |atom| atom.ends_with(']'))],
                '\\' => vec![self.member("\\", |_| true)],
                '.' => vec!["a".to_owned()],
                c => vec![c.to_string()],
            };
            current = product(&current, &self.repeated(atom));
        }
        all.append(&mut current);
        all.truncate(MAX_EXAMPLES);
        all
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Skips the name or the flags of a group. False if there are only flags, as in `(?i)`.
    fn starts_group(&mut self) -> bool {
        if !self.skip('?') {
            return true;
        }
        loop {
            match self.next() {
                Some(':' | '>') => return true,
                Some(')') | None => return false,
                Some(_) => {}
            }
        }
    }

    /// A character that matches the class or the escape sequence that begins with `start`. Empty if
    /// it is an assertion. The shortest text that is a valid expression is the whole class.
    fn member(&mut self, start: &str, is_end: fn(&str) -> bool) -> String {
        let mut atom = start.to_owned();
        while let Some(c) = self.next() {
            atom.push(c);
            if let Some(class) = Pattern::new(&atom).ok().filter(|_| is_end(&atom)) {
                let mut members = ALPHABET.chars().chain(atom.chars()).map(String::from);
                return members.find(|text| class.is_match(text)).unwrap_or_default();
            }
        }
        String::new()
    }

    /// `atom` with the repetition that follows it.
    fn repeated(&mut self, atom: Vec<String>) -> Vec<String> {
        let least = if self.skip('?') || self.skip('*') {
            0
        } else if self.skip('+') {
            1
        } else if self.skip('{') {
            let (bounds, rest) = self.rest.split_once('}').unwrap_or((self.rest, ""));
            self.rest = rest;
            let least = bounds.split(',').next().unwrap_or_default();
            least.trim().parse().unwrap_or(0).min(MAX_REPETITIONS)
        } else {
            return atom;
        };
        // A lazy repetition matches the same texts.
        self.skip('?');
        let mut texts: Vec<String> = atom.iter().map(|text| text.repeat(least.max(1))).collect();
        if least == 0 {
            texts.insert(0, String::new());
        }
        texts
    }
}

/// Each of `starts` with each of `ends`.
fn product(starts: &[String], ends: &[String]) -> Vec<String> {
    let all = ends.iter().flat_map(|end| starts.iter().map(move |start| format!("{start}{end}")));
    all.take(MAX_EXAMPLES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_have_each_alternative() {
        for (expression, expected) in [
            (r"^https?://a\.io$", "http://a.io https://a.io"),
            (r"(?i)(https|http)://(?:a|b)", "https://a http://a https://b http://b"),
            (r"http://[0-9]{1,3}(?P<port>:\d+)?", "http://1 http://1:1"),
            (r"[^a]+\.[[:alpha:]]{2}|[]x]*?", "1.aa  x"),
            (r"\bx\x2ey", "x.y"),
        ] {
            let examples = examples(expression);
            assert_eq!(examples.join(" "), expected, "{expression}");
            let pattern = Pattern::new(expression).unwrap();
            assert!(examples.iter().all(|text| pattern.is_match(text)), "{expression}");
        }
    }

    #[test]
    fn examples_are_bounded() {
        assert_eq!(examples(&"(a|b)".repeat(50)).len(), MAX_EXAMPLES);
        assert_eq!(examples(&"(a|b)?".repeat(40)).len(), MAX_EXAMPLES);
    }
}
