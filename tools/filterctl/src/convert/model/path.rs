//! [`PathMatch`]: a condition about the path.

/// A condition about the path of a request, without its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathMatch {
    /// Exactly this path.
    Exact(String),
    /// Paths with this start, also within a segment.
    Prefix(String),
    /// This path and the paths below it.
    Segments(String),
    /// Paths whose start matches the expression.
    RegexStart(String),
    /// Paths that the expression matches as a whole.
    Regex(String),
}

impl PathMatch {
    /// The text without its kind.
    pub fn text(&self) -> &str {
        match self {
            Self::Exact(text)
            | Self::Prefix(text)
            | Self::Segments(text)
            | Self::RegexStart(text)
            | Self::Regex(text) => text,
        }
    }

    /// Whether the condition is an expression.
    pub const fn is_regex(&self) -> bool {
        matches!(self, Self::RegexStart(_) | Self::Regex(_))
    }

    /// Whether every path matches.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Prefix(text) | Self::Segments(text) if text == "/")
    }

    /// Whether a path matches. Also for an expression that is not usable.
    pub fn matches(&self, path: &str) -> bool {
        let regex = regex_lite::Regex::new(&format!("^(?:{})$", self.whole_regex()));
        regex.map_or(true, |regex| regex.is_match(path))
    }

    /// The start that all matching paths have. Empty if it is not known.
    pub fn literal_start(&self) -> String {
        match self {
            Self::Exact(path) | Self::Prefix(path) => path.clone(),
            Self::Segments(prefix) => prefix.trim_end_matches('/').to_owned(),
            Self::Regex(regex) | Self::RegexStart(regex) => literal_start(unanchored_start(regex)),
        }
    }

    /// An expression that matches whole paths, without `^` and `$`.
    pub fn whole_regex(&self) -> String {
        match self {
            Self::Exact(path) => escape(path),
            Self::Prefix(prefix) => format!("{}.*", escape(prefix)),
            Self::Segments(prefix) => {
                format!("{}(?:/.*)?", escape(prefix.trim_end_matches('/')))
            }
            Self::RegexStart(regex) => {
                let start = unanchored_start(regex);
                without_end(start)
                    .map_or_else(|| format!("{}.*", grouped(start)), ToOwned::to_owned)
            }
            Self::Regex(regex) => {
                let start = unanchored_start(regex);
                grouped(without_end(start).unwrap_or(start))
            }
        }
    }

    /// An expression for the part of a path that `strip_path` removes.
    pub fn start_regex(&self) -> String {
        match self {
            Self::Exact(path) => escape(path),
            Self::Prefix(prefix) | Self::Segments(prefix) => escape(prefix.trim_end_matches('/')),
            Self::RegexStart(regex) | Self::Regex(regex) => {
                let start = unanchored_start(regex);
                grouped(without_end(start).unwrap_or(start))
            }
        }
    }

    /// Why the expression is not usable. `None` if it is.
    pub fn fault(&self) -> Option<String> {
        if !self.is_regex() {
            return None;
        }
        let error = regex_lite::Regex::new(&self.whole_regex()).err()?;
        Some(format!("the path {:?} is not a supported regular expression: {error}", self.text()))
    }
}

/// The letters in front of the first operator. A letter that an operator repeats is none of them.
fn literal_start(regex: &str) -> String {
    if has_alternatives(regex) {
        return String::new();
    }
    let end = regex.find(|c: char| "\\.+*?()|[]{}^$".contains(c)).unwrap_or(regex.len());
    let (start, rest) = regex.split_at_checked(end).unwrap_or_default();
    match rest.starts_with(['+', '*', '?', '{']) {
        true => start.chars().take(start.chars().count().saturating_sub(1)).collect(),
        false => start.to_owned(),
    }
}

fn unanchored_start(regex: &str) -> &str {
    regex.strip_prefix('^').unwrap_or(regex)
}

/// The expression without the `$` at its end. `None` if there is none, or if it ends only one of
/// several alternatives.
fn without_end(regex: &str) -> Option<&str> {
    regex.strip_suffix('$').filter(|rest| !rest.ends_with('\\') && !has_alternatives(rest))
}

/// In parentheses if it has alternatives.
fn grouped(regex: &str) -> String {
    if has_alternatives(regex) { format!("(?:{regex})") } else { regex.to_owned() }
}

/// Whether there is a `|` outside of parentheses, classes and quotations.
pub fn has_alternatives(regex: &str) -> bool {
    let mut depth = 0_i32;
    let mut rest = regex.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.next() == Some('Q') => {
                rest = rest.as_str().split_once("\\E").unwrap_or_default().1.chars();
            }
            '[' => rest = behind_class(rest.as_str()).chars(),
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// The text behind the `]` of a class. A `]` right at its start is a member, and so is `[:alpha:]`.
fn behind_class(class: &str) -> &str {
    let class = class.strip_prefix('^').unwrap_or(class);
    let mut rest = class.strip_prefix(']').unwrap_or(class);
    loop {
        let named = rest.strip_prefix("[:").and_then(|name| name.split_once(":]"));
        let mut chars = rest.chars();
        rest = match (named, chars.next()) {
            (Some((_, after)), _) => after,
            (None, None | Some(']')) => return chars.as_str(),
            (None, Some('\\')) => {
                chars.next();
                chars.as_str()
            }
            (None, Some(_)) => chars.as_str(),
        };
    }
}

/// The text as an expression that matches only it.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_whole_paths() {
        let start = |text: &str| PathMatch::RegexStart(text.to_owned());
        for (path, matching, other) in [
            (PathMatch::Exact("/a.b".to_owned()), "/a.b", "/axb"),
            (PathMatch::Prefix("/a".to_owned()), "/ab", "/b"),
            (PathMatch::Segments("/a".to_owned()), "/a/b", "/ab"),
            (start("/a|/b"), "/bc", "/cb"),
            (start("^/a(/|$)"), "/a", "/ab"),
            (start("/a$"), "/a", "/ab"),
            (start("/a|/b$"), "/ac", "/bc"),
            (start("/a\\$"), "/a$b", "/a"),
        ] {
            let regex = format!("^(?:{})$", path.whole_regex());
            let regex = regex_lite::Regex::new(&regex).unwrap();
            assert!(regex.is_match(matching), "{path:?} {matching}");
            assert!(!regex.is_match(other), "{path:?} {other}");
        }
        assert!(start("(?=a)").fault().is_some());
        assert_eq!(start("/a").fault(), None);
    }

    #[test]
    fn finds_alternatives_behind_classes_and_quotations() {
        for regex in
            ["a|b", "[]([]|b", "[^](]|b", "[[:alpha:](]|b", r"[\](]|b", r"\Q(\E|b", "(a)|b"]
        {
            assert!(has_alternatives(regex), "{regex}");
        }
        for regex in ["(a|b)", "[|]", "[]|]", "[[:alpha:]|]", r"\|", r"[\]|]", r"\Qa|b\E", r"\Q|"] {
            assert!(!has_alternatives(regex), "{regex}");
        }
    }
}
