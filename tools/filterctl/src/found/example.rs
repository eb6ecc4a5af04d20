//! Examples of paths for which a condition holds.

use super::PathCondition;

impl PathCondition {
    /// A path for which the condition holds. `None` if none was found, which can happen for regular
    /// expressions.
    pub fn example(&self) -> Option<String> {
        let path = match self {
            Self::Any => "/".to_owned(),
            Self::Exact(path) | Self::Prefix(path) | Self::SeparatedPrefix(path) => path.clone(),
            Self::Regex(regex) | Self::RegexPrefix(regex) => {
                let path = Sampler { rest: regex }.alternatives();
                let rooted = format!("/{}", path.trim_start_matches('/'));
                if self.matches(&rooted) == Some(true) { rooted } else { path }
            }
            Self::AnyCase(condition) => return condition.example(),
            Self::OneOf(all) => return all.iter().find_map(Self::example),
            Self::All(all) => all.iter().filter_map(Self::example).max_by_key(String::len)?,
        };
        (self.matches(&path) == Some(true)).then_some(path)
    }
}

/// Characters to try for a class, such as `[^/]` or `\d`.
const CANDIDATES: [&str; 7] = ["x", "0", "X", "-", ".", "_", "/"];

/// Builds a string that a regular expression probably matches. It takes the first alternative, and
/// repeats as little as possible.
struct Sampler<'r> {
    rest: &'r str,
}

impl Sampler<'_> {
    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..)?;
        Some(c)
    }

    fn next_is(&self, c: char) -> bool {
        self.rest.starts_with(c)
    }

    /// The first of several alternatives, up to the end or a `)`.
    fn alternatives(&mut self) -> String {
        let first = self.sequence();
        while self.next_is('|') {
            self.take();
            self.sequence();
        }
        first
    }

    fn sequence(&mut self) -> String {
        let mut text = String::new();
        while !self.rest.is_empty() && !self.next_is('|') && !self.next_is(')') {
            let atom = self.atom();
            let repeat = self.quantifier();
            text.push_str(&atom.repeat(repeat));
        }
        text
    }

    fn atom(&mut self) -> String {
        match self.take() {
            Some('(') => {
                // `(?:`, `(?i)` and names.
                if self.next_is('?') {
                    let end = self.rest.find([':', ')', '>']).unwrap_or(0);
                    let flags_only = self.rest.get(end..).is_some_and(|rest| rest.starts_with(')'));
                    self.rest = self.rest.get(end..).unwrap_or_default();
                    if !flags_only {
                        self.take();
                    }
                }
                let inner = self.alternatives();
                self.take();
                inner
            }
            Some('[') => self.class(),
            Some('\\') => match self.take() {
                Some(c) if c.is_ascii_alphanumeric() => candidate(&format!("\\{c}")),
                other => other.map(String::from).unwrap_or_default(),
            },
            Some('.') => "x".to_owned(),
            Some('^' | '$') | None => String::new(),
            Some(c) => c.to_string(),
        }
    }

    /// A class, without its `[`.
    fn class(&mut self) -> String {
        let start = self.rest;
        let mut is_first = true;
        while let Some(c) = self.take() {
            match c {
                '\\' => {
                    self.take();
                }
                ']' if !is_first => break,
                '^' if is_first => continue,
                _ => {}
            }
            is_first = false;
        }
        let taken = start.len().saturating_sub(self.rest.len());
        candidate(&format!("[{}", start.get(..taken).unwrap_or_default()))
    }

    /// The smallest number of repetitions that the next quantifier allows.
    fn quantifier(&mut self) -> usize {
        let least = match self.rest.chars().next() {
            Some('*' | '?') => 0,
            Some('+') => 1,
            Some('{') => {
                let end = self.rest.find('}').unwrap_or(0);
                let digits = self.rest.get(1..end).unwrap_or_default();
                let least =
                    digits.split(',').next().and_then(|n| n.parse().ok()).unwrap_or(1_usize);
                self.rest = self.rest.get(end..).unwrap_or_default();
                least.min(100)
            }
            _ => return 1,
        };
        self.take();
        if self.next_is('?') {
            self.take();
        }
        least
    }
}

/// A character of a class. Empty if no candidate is in it.
fn candidate(class: &str) -> String {
    let Ok(regex) = regex_lite::Regex::new(&format!("^{class}$")) else { return String::new() };
    let found = CANDIDATES.into_iter().find(|candidate| regex.is_match(candidate));
    found.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_match() {
        for (regex, expected) in [
            ("/api/v1/wukongs/[^/]+/(events|console/ws)", Some("/api/v1/wukongs/x/events")),
            ("/api/v1(/|$)", Some("/api/v1/")),
            ("/a\\.b/\\d{2}[0-9]?$", Some("/a.b/00")),
            ("(?:/x|/y)+(?P<name>z)", Some("/xz")),
            // None of the candidates is in the class.
            ("/[#]", None),
        ] {
            let condition = PathCondition::RegexPrefix(regex.to_owned());
            assert_eq!(condition.example().as_deref(), expected, "{regex}");
        }
        let prefix = PathCondition::Prefix("/a".to_owned());
        assert_eq!(prefix.example().as_deref(), Some("/a"));
    }
}
