//! [`PathCondition`]: the condition of a route about the path.

/// The condition of a route about the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathCondition {
    /// Every path.
    Any,
    /// Exactly this path.
    Exact(String),
    /// Paths with this start, also within a segment.
    Prefix(String),
    /// This path and the paths below it.
    SeparatedPrefix(String),
    /// Paths that match as a whole.
    Regex(String),
    /// Paths whose start matches.
    RegexPrefix(String),
    /// This condition for the path in lower case. It is itself in lower case.
    AnyCase(Box<PathCondition>),
    /// All of these conditions.
    All(Vec<PathCondition>),
    /// At least one of these conditions.
    OneOf(Vec<PathCondition>),
}

impl PathCondition {
    /// Whether the condition holds for a path without its query. `None` if the expression is not
    /// supported.
    pub fn matches(&self, path: &str) -> Option<bool> {
        Some(match self {
            Self::Any => true,
            Self::Exact(exact) => path == exact,
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Self::SeparatedPrefix(prefix) => {
                let prefix = prefix.trim_end_matches('/');
                path.strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Regex(regex) => {
                regex_lite::Regex::new(&format!("^(?:{regex})$")).ok()?.is_match(path)
            }
            Self::RegexPrefix(regex) => {
                regex_lite::Regex::new(&format!("^(?:{regex})")).ok()?.is_match(path)
            }
            Self::AnyCase(condition) => condition.matches(&path.to_ascii_lowercase())?,
            Self::All(conditions) => {
                let all: Option<Vec<bool>> = conditions.iter().map(|c| c.matches(path)).collect();
                all?.into_iter().all(|matches| matches)
            }
            Self::OneOf(conditions) => {
                let all: Option<Vec<bool>> = conditions.iter().map(|c| c.matches(path)).collect();
                all?.into_iter().any(|matches| matches)
            }
        })
    }
}

/// A condition whose regular expression is compiled, to compare it with many others.
#[derive(Debug)]
pub struct CompiledPath<'c> {
    condition: &'c PathCondition,
    regex: Option<regex_lite::Regex>,
}

impl CompiledPath<'_> {
    /// See [`PathCondition::covers`].
    pub fn covers(&self, other: &PathCondition) -> bool {
        match (&self.regex, other) {
            (Some(regex), PathCondition::Exact(path)) => regex.is_match(path),
            _ => self.condition.covers(other),
        }
    }
}

impl PathCondition {
    /// The condition with its regular expression compiled.
    pub fn compiled(&self) -> CompiledPath<'_> {
        let pattern = match self {
            Self::Regex(regex) => Some(format!("^(?:{regex})$")),
            Self::RegexPrefix(regex) => Some(format!("^(?:{regex})")),
            _ => None,
        };
        let regex = pattern.and_then(|pattern| regex_lite::Regex::new(&pattern).ok());
        CompiledPath { condition: self, regex }
    }

    /// Whether this condition certainly holds for every path for which `other` holds.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::OneOf(all)) => !all.is_empty() && all.iter().all(|one| self.covers(one)),
            (_, Self::All(all)) => all.iter().any(|one| self.covers(one)),
            (Self::OneOf(all), _) => all.iter().any(|one| one.covers(other)),
            (Self::All(all), _) => all.iter().all(|one| one.covers(other)),
            (Self::AnyCase(one), Self::AnyCase(other)) => one.covers(other),
            (Self::AnyCase(one), Self::Exact(path)) => {
                one.matches(&path.to_ascii_lowercase()) == Some(true)
            }
            (Self::AnyCase(one), Self::Prefix(path)) => {
                one.covers(&Self::Prefix(path.to_ascii_lowercase()))
            }
            (Self::AnyCase(one), Self::SeparatedPrefix(path)) => {
                one.covers(&Self::SeparatedPrefix(path.to_ascii_lowercase()))
            }
            // Without letters, the case does not matter.
            (Self::Prefix(path) | Self::SeparatedPrefix(path), Self::AnyCase(other)) => {
                !path.bytes().any(|b| b.is_ascii_alphabetic()) && self.covers(other)
            }
            (_, Self::Exact(path)) => self.matches(path) == Some(true),
            (Self::Prefix(prefix), Self::Prefix(path) | Self::SeparatedPrefix(path)) => {
                path.starts_with(prefix.as_str())
            }
            (Self::SeparatedPrefix(_), Self::SeparatedPrefix(path)) => {
                self.matches(path) == Some(true)
            }
            (Self::SeparatedPrefix(prefix), Self::Prefix(path)) => {
                let prefix = prefix.trim_end_matches('/');
                path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
            }
            _ => self == other,
        }
    }

    /// The starts of all paths for which the condition can hold. `None` if they are not known.
    pub fn starts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Exact(path) | Self::Prefix(path) | Self::SeparatedPrefix(path) => {
                Some(vec![path])
            }
            Self::AnyCase(condition) => condition.starts(),
            Self::OneOf(all) => {
                let all: Option<Vec<Vec<&str>>> = all.iter().map(Self::starts).collect();
                Some(all?.concat())
            }
            Self::Any | Self::Regex(_) | Self::RegexPrefix(_) | Self::All(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_cover_others() {
        let prefix = |path: &str| PathCondition::Prefix(path.to_owned());
        let separated = |path: &str| PathCondition::SeparatedPrefix(path.to_owned());
        let exact = |path: &str| PathCondition::Exact(path.to_owned());
        let regex = |path: &str| PathCondition::Regex(path.to_owned());
        let any_case = |condition| PathCondition::AnyCase(Box::new(condition));
        for (first, second, expected) in [
            (PathCondition::Any, regex("/x"), true),
            (prefix("/a"), exact("/ab"), true),
            (separated("/a"), exact("/ab"), false),
            (separated("/a"), separated("/a/b"), true),
            (separated("/a"), prefix("/a"), false),
            (separated("/a"), prefix("/a/"), true),
            (regex("/a/[^/]+"), exact("/a/b"), true),
            (regex("/a/.*"), prefix("/a/b"), false),
            (prefix("/a"), PathCondition::OneOf(vec![exact("/a"), exact("/b")]), false),
            (PathCondition::OneOf(vec![exact("/a"), prefix("/b")]), exact("/b"), true),
            (any_case(prefix("/a")), prefix("/AB"), true),
            (any_case(prefix("/a")), any_case(exact("/ab")), true),
            (prefix("/"), any_case(exact("/ab")), true),
            (prefix("/a"), any_case(exact("/ab")), false),
        ] {
            assert_eq!(first.covers(&second), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn paths_match() {
        let separated = PathCondition::SeparatedPrefix("/api/v1".to_owned());
        assert_eq!(separated.matches("/api/v1/x"), Some(true));
        assert_eq!(separated.matches("/api/v12"), Some(false));
        let prefix = PathCondition::Prefix("/api/v1".to_owned());
        assert_eq!(prefix.matches("/api/v12"), Some(true));
        assert_eq!(PathCondition::Regex("/a/[^/]+".to_owned()).matches("/a/b/c"), Some(false));
        assert_eq!(PathCondition::Regex("(".to_owned()).matches("/"), None);
        let any_case = PathCondition::AnyCase(Box::new(PathCondition::Exact("/a".to_owned())));
        assert_eq!((any_case.matches("/A"), any_case.matches("/b")), (Some(true), Some(false)));
    }
}
