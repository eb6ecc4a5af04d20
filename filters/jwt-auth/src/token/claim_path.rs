//! The location of a claim in a payload.

use std::fmt;

use novasphere_core::Json;

use crate::rejection::excerpt;

/// The way to a claim through nested objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClaimPath {
    /// Names with dots between them. A name may have dots: the longest member that leads to a claim
    /// takes precedence.
    Dotted(String),
    /// The name of a member at each level.
    Names(Vec<String>),
}

/// A path in the syntax of another language. The text is the right form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidClaimPath {
    /// `$.a`, as in JSONPath (RFC 9535).
    Root(String),
    /// `roles[0]` or `a['b']`.
    Bracket(String),
    /// `a.`, `.a` or `a..b`.
    EmptyName(String),
    /// `a\.b`.
    Backslash(String),
}

impl fmt::Display for InvalidClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(form) => write!(f, "starts with $, as in JSONPath; write {form}"),
            Self::Bracket(form) => write!(
                f,
                "has a bracket, but a path consists of names and leads to the whole array; write \
                 {form}"
            ),
            Self::EmptyName(form) => write!(f, "has an empty name; write {form}"),
            Self::Backslash(form) => {
                write!(f, "has a backslash, which escapes nothing; write {form}")
            }
        }
    }
}

impl std::error::Error for InvalidClaimPath {}

impl Default for ClaimPath {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

/// The names with dots between them, for operators.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dotted(path) => f.write_str(&excerpt(path)),
            Self::Names(names) => f.write_str(&excerpt(&names.join("."))),
        }
    }
}

impl ClaimPath {
    /// The path of a string with dots.
    ///
    /// # Errors
    /// If the text looks like a path of another language. A claim with such a name needs
    /// [`Names`](Self::Names).
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidClaimPath> {
        if text.contains('\\') {
            return Err(InvalidClaimPath::Backslash(unescaped(text)));
        }
        if text.contains(['[', ']']) {
            return Err(InvalidClaimPath::Bracket(without_brackets(text)));
        }
        if text == "$" || text.starts_with("$.") {
            return Err(InvalidClaimPath::Root(joined(text.trim_start_matches('$'))));
        }
        if text.split('.').any(str::is_empty) {
            return Err(InvalidClaimPath::EmptyName(joined(text)));
        }
        Ok(Self::Dotted(text.to_owned()))
    }

    /// The claim at this path. `None` if it is missing or `null`.
    pub(crate) fn find<'c>(&self, claims: &'c Json) -> Option<&'c Json> {
        let claim = match self {
            Self::Dotted(path) => find_dotted(claims, path),
            Self::Names(names) => names.iter().try_fold(claims, |object, name| object.get(name)),
        };
        claim.filter(|claim| **claim != Json::Null)
    }
}

/// Tries the longest member first, because namespaced claims have dots in their names. Every object
/// of the payload is visited at most once.
fn find_dotted<'c>(object: &'c Json, path: &str) -> Option<&'c Json> {
    object.get(path).or_else(|| {
        path.rmatch_indices('.').find_map(|(dot, _)| {
            let (name, rest) = (path.get(..dot)?, path.get(dot.checked_add(1)?..)?);
            find_dotted(object.get(name)?, rest)
        })
    })
}

/// The names of a string without the empty ones, as a path.
fn joined(text: &str) -> String {
    let names: Vec<&str> = text.split('.').filter(|name| !name.is_empty()).collect();
    if names.is_empty() { "the name of a claim".to_owned() } else { quoted(&names.join(".")) }
}

/// A list of the names of a string in which `\.` is a dot in a name.
fn unescaped(text: &str) -> String {
    let (mut names, mut name) = (Vec::new(), String::new());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.extend(chars.next()),
            '.' => names.push(std::mem::take(&mut name)),
            _ => name.push(c),
        }
    }
    names.push(name);
    list(names.iter().map(String::as_str))
}

/// The names of a string with `[0]`, `[*]` or `['name']`. Names in quotes give a list.
fn without_brackets(text: &str) -> String {
    let parts = || text.trim_start_matches('$').split(['.', '[', ']']);
    if text.contains(['\'', '"']) {
        let quoted = text.trim_start_matches('$').split(['[', ']']);
        let names = quoted.flat_map(|part| match part.strip_prefix(['\'', '"']) {
            Some(name) => vec![name.trim_end_matches(['\'', '"'])],
            None => part.split('.').collect(),
        });
        return list(names);
    }
    let is_index = |part: &&str| part.bytes().all(|b| b.is_ascii_digit() || b == b'*');
    joined(&parts().filter(|part| !is_index(part)).collect::<Vec<_>>().join("."))
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names = names.filter(|name| !name.is_empty()).map(|name| Json::String(name.to_owned()));
    Json::Array(names.collect()).to_string()
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &ClaimPath, claims: &str) -> Option<String> {
        path.find(&Json::parse(claims.as_bytes()).unwrap()).map(Json::to_string)
    }

    #[test]
    fn dotted_path_tries_the_longest_member_at_each_level() {
        for (path, claims, expected) in [
            ("a.b", r#"{"a": {"b": 1}}"#, Some("1")),
            ("a.b", r#"{"a": {"b": 1}, "a.b": 2}"#, Some("2")),
            ("a.b", r#"{"a": {"b": 1}, "a.b": null}"#, None),
            ("a.b.c", r#"{"a.b": {"c": 1}, "a": {"b.c": 2}}"#, Some("1")),
            ("a.b.c", r#"{"a.b": {"x": 1}, "a": {"b.c": 2}}"#, Some("2")),
            ("a.b.c", r#"{"a.b": 1, "a": {"b": {"c": 2}}}"#, Some("2")),
            (
                "kubernetes.io.namespace",
                r#"{"kubernetes.io": {"namespace": "prod"}}"#,
                Some("\"prod\""),
            ),
            ("r.my.client.roles", r#"{"r": {"my.client": {"roles": ["x"]}}}"#, Some("[\"x\"]")),
            ("https://a.example/x.t", r#"{"https://a.example/x": {"t": 1}}"#, Some("1")),
            ("a.b", r#"{"a": "b"}"#, None),
            ("a", r#"{"b": 1}"#, None),
        ] {
            let found = find(&ClaimPath::parse(path).unwrap(), claims);
            assert_eq!(found.as_deref(), expected, "{path} {claims}");
        }
    }

    #[test]
    fn list_of_names_matches_whole_names_only() {
        let path = |names: &[&str]| ClaimPath::Names(names.iter().map(|&n| n.into()).collect());
        let claims = r#"{"a.b": {"c": 1}, "a": {"b": 2, "$.x": 3}}"#;
        assert_eq!(find(&path(&["a.b", "c"]), claims).as_deref(), Some("1"));
        assert_eq!(find(&path(&["a", "b"]), claims).as_deref(), Some("2"));
        assert_eq!(find(&path(&["a", "$.x"]), claims).as_deref(), Some("3"));
        assert_eq!(find(&path(&["a.b.c"]), claims), None);
        assert_eq!(find(&path(&["a", "b", "c"]), claims), None);
    }

    #[test]
    fn refuses_other_path_languages_and_names_the_right_form() {
        use InvalidClaimPath::{Backslash, Bracket, EmptyName, Root};
        for (text, expected) in [
            ("$.a", Root(r#""a""#.into())),
            ("$.a.b", Root(r#""a.b""#.into())),
            ("$", Root("the name of a claim".into())),
            ("roles[0]", Bracket(r#""roles""#.into())),
            ("$.a.roles[*]", Bracket(r#""a.roles""#.into())),
            ("a['b.c'].d", Bracket(r#"["a","b.c","d"]"#.into())),
            ("a.", EmptyName(r#""a""#.into())),
            (".a.b", EmptyName(r#""a.b""#.into())),
            ("a..b", EmptyName(r#""a.b""#.into())),
            (r"a\.b", Backslash(r#"["a.b"]"#.into())),
            (r"r.my\.client.roles", Backslash(r#"["r","my.client","roles"]"#.into())),
        ] {
            assert_eq!(ClaimPath::parse(text), Err(expected), "{text}");
        }
        for text in ["a", "a.b", "cognito:groups", "https://a.example/x", "a/b", "$a", "a b"] {
            assert_eq!(ClaimPath::parse(text), Ok(ClaimPath::Dotted(text.into())));
        }
    }
}
