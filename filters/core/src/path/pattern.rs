//! [`PathPattern`]: the paths that a rule matches.

use std::fmt;

use super::normalization::changes_structure;
use crate::{BuildContext, UnambiguousPath};

/// Matches one path, a path and everything below it, or a template.
///
/// ```
/// use novasphere_core::{BuildContext, ConfigErrors, PathMatch, PathPattern, testing::TestHost};
///
/// let host = TestHost::default();
/// let mut cx = BuildContext::new(&host, ConfigErrors::default());
/// let mut pattern = |fields| PathPattern::new(fields, "rules[0]", &mut cx).unwrap();
///
/// let prefix = pattern(PathMatch { path_prefix: Some("/public"), ..PathMatch::default() });
/// assert!(prefix.matches("/public") && prefix.matches("/public/a"));
/// assert!(!prefix.matches("/publicity"));
///
/// let template = pattern(PathMatch { path_template: Some("/users/{id}"), ..PathMatch::default() });
/// assert!(template.matches("/users/1"));
/// assert!(!template.matches("/users/") && !template.matches("/users/1/keys"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    form: Form,
    ignore_case: bool,
}

/// The fields of a rule that select paths.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathMatch<'c> {
    /// The whole path.
    pub path: Option<&'c str>,
    /// The path itself, or the start of it up to a `/`.
    pub path_prefix: Option<&'c str>,
    /// The whole path, with `{name}` for any one segment.
    pub path_template: Option<&'c str>,
    /// Whether to ignore the case of ASCII letters.
    pub ignore_case: bool,
}

impl PathMatch<'_> {
    /// Whether the rule selects no path.
    pub fn is_empty(&self) -> bool {
        self.path.is_none() && self.path_prefix.is_none() && self.path_template.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Exact(String),
    /// The prefix ends in `/`.
    Prefix(String),
    Template(Vec<Segment>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// Any segment that is not empty.
    Variable,
}

/// The pattern for readers of the configuration: `/a`, `/a and below`, `/a/{}`.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Exact(path) => f.write_str(path)?,
            Form::Prefix(prefix) if prefix == "/" => f.write_str("any path")?,
            Form::Prefix(prefix) => write!(f, "{} and below", prefix.trim_end_matches('/'))?,
            Form::Template(segments) => {
                let texts = segments.iter().map(|segment| match segment {
                    Segment::Literal(literal) => literal.as_str(),
                    Segment::Variable => "{}",
                });
                f.write_str(&texts.collect::<Vec<_>>().join("/"))?;
            }
        }
        f.write_str(if self.ignore_case { " in any case" } else { "" })
    }
}

impl PathPattern {
    /// The pattern of the rule at `rule` (a path in the configuration). Adds a fault and returns
    /// `None` unless exactly one field is set and valid.
    #[cold]
    pub fn new(fields: PathMatch<'_>, rule: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let form = match (fields.path, fields.path_prefix, fields.path_template) {
            (Some(path), None, None) => {
                let path = unambiguous(path, &format!("{rule}.path"), cx)?;
                Form::Exact(path.as_str().to_owned())
            }
            (None, Some(prefix), None) => {
                let path = unambiguous(prefix, &format!("{rule}.path_prefix"), cx)?;
                Form::Prefix(format!("{}/", path.as_str().trim_end_matches('/')))
            }
            (None, None, Some(template)) => {
                Form::template(template, &format!("{rule}.path_template"), cx)?
            }
            _ => {
                cx.fault(rule, "needs exactly one of path, path_prefix and path_template");
                return None;
            }
        };
        Some(Self { form, ignore_case: fields.ignore_case })
    }

    /// Whether the pattern matches the text of an [`UnambiguousPath`].
    pub fn matches(&self, path: &str) -> bool {
        match &self.form {
            Form::Exact(exact) => self.eq(path, exact),
            Form::Prefix(prefix) => self.matches_prefix(path, prefix),
            Form::Template(segments) => self.matches_template(path, segments),
        }
    }

    /// Whether this pattern certainly matches every path that `other` matches. A pattern with
    /// `ignore_case` is covered only by another one with it.
    pub fn covers(&self, other: &Self) -> bool {
        if other.ignore_case && !self.ignore_case {
            return false;
        }
        match (&self.form, &other.form) {
            (_, Form::Exact(path)) => self.matches(path),
            (Form::Prefix(_), Form::Prefix(prefix)) => self.matches(prefix),
            (Form::Prefix(_), Form::Template(segments)) => self.matches(&example(segments)),
            (Form::Template(own), Form::Template(segments)) => {
                own.len() == segments.len()
                    && own.iter().zip(segments).all(|(own, other)| self.covers_segment(own, other))
            }
            (Form::Exact(_) | Form::Template(_), _) => false,
        }
    }

    fn covers_segment(&self, own: &Segment, other: &Segment) -> bool {
        match (own, other) {
            (Segment::Variable, Segment::Variable) => true,
            (Segment::Variable, Segment::Literal(literal)) => !literal.is_empty(),
            (Segment::Literal(own), Segment::Literal(other)) => self.eq(own, other),
            (Segment::Literal(_), Segment::Variable) => false,
        }
    }

    /// Whether the pattern matches `path`, or `path` with a slash at the end.
    pub(super) fn matches_with_any_end(&self, path: &str) -> bool {
        let with_slash = || match &self.form {
            Form::Exact(exact) => exact.strip_suffix('/').is_some_and(|exact| self.eq(path, exact)),
            // `matches` also accepts the prefix without its slash.
            Form::Prefix(_) => false,
            Form::Template(segments) => segments.split_last().is_some_and(|(last, rest)| {
                *last == Segment::Literal(String::new()) && self.matches_template(path, rest)
            }),
        };
        self.matches(path) || with_slash()
    }

    fn eq(&self, a: &str, b: &str) -> bool {
        if self.ignore_case { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    fn matches_prefix(&self, path: &str, prefix: &str) -> bool {
        // The prefix without its slash matches too.
        let end = path.len().min(prefix.len());
        let start = path.get(..end);
        start.is_some_and(|start| self.eq(start, prefix))
            || prefix.strip_suffix('/').is_some_and(|bare| !bare.is_empty() && self.eq(path, bare))
    }

    fn matches_template(&self, path: &str, segments: &[Segment]) -> bool {
        let mut parts = path.split('/').skip(1);
        let all = segments.iter().all(|segment| match (segment, parts.next()) {
            (Segment::Literal(literal), Some(part)) => self.eq(part, literal),
            (Segment::Variable, Some(part)) => !part.is_empty(),
            (_, None) => false,
        });
        all && parts.next().is_none()
    }
}

/// A path that the template matches. Its variables have a value that no pattern contains.
fn example(segments: &[Segment]) -> String {
    let text = |segment: &Segment| match segment {
        Segment::Literal(literal) => format!("/{literal}"),
        Segment::Variable => "/\0".to_owned(),
    };
    segments.iter().map(text).collect()
}

impl Form {
    #[cold]
    fn template(template: &str, field: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let is_variable = |part: &str| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}']))
        };
        let example: Vec<&str> =
            template.split('/').map(|part| if is_variable(part) { "x" } else { part }).collect();
        let example = unambiguous(&example.join("/"), field, cx)?;
        let parts = template.split('/').zip(example.as_str().split('/')).skip(1);
        let segment = |(part, literal): (&str, &str)| {
            if is_variable(part) { Segment::Variable } else { Segment::Literal(literal.to_owned()) }
        };
        Some(Form::Template(parts.map(segment).collect()))
    }
}

#[cold]
fn unambiguous(path: &str, field: &str, cx: &mut BuildContext<'_>) -> Option<UnambiguousPath> {
    let unambiguous = UnambiguousPath::new(path.as_bytes());
    if unambiguous.is_none() {
        cx.fault(field, format!("{path:?} {}", form_of_paths(path)));
    }
    unambiguous
}

/// Why a path is rejected, and the form it must have.
fn form_of_paths(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    match decoded.chars().find(|c| changes_structure(*c)) {
        Some(c) => format!(
            "must not contain U+{:04X}: Unicode normalization turns it into / \\ . ; % ? # or \
             nothing, so servers interpret the path differently",
            u32::from(c)
        ),
        None => "must start with / and have no query, no empty or dot segments, no ; or \\, and \
                 none of / \\ ; % ? # encoded; a {name} is a whole segment, and only path_template \
                 takes it"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConfigErrors, testing::TestHost};

    fn pattern(text: &str) -> PathPattern {
        let (form, path) = text.split_once(' ').unwrap();
        let is = |wanted: &str| (form.trim_end_matches('~') == wanted).then_some(path);
        let fields = PathMatch {
            path: is("path"),
            path_prefix: is("prefix"),
            path_template: is("template"),
            ignore_case: form.ends_with('~'),
        };
        let host = TestHost::default();
        let mut cx = BuildContext::new(&host, ConfigErrors::default());
        PathPattern::new(fields, "rule", &mut cx).unwrap()
    }

    #[test]
    fn pattern_covers_patterns_with_fewer_paths() {
        for (covering, covered) in [
            ("prefix /", "path /login"),
            ("prefix /", "prefix /"),
            ("prefix /", "template /{a}/b"),
            ("prefix /a", "prefix /a/b"),
            ("prefix /a", "path /a"),
            ("prefix /a", "template /a/{b}"),
            ("path /a", "path /a"),
            ("path~ /A", "path /a"),
            ("path~ /A", "path~ /a"),
            ("template /{a}/b", "path /x/b"),
            ("template /{a}/{b}", "template /{x}/b"),
        ] {
            assert!(pattern(covering).covers(&pattern(covered)), "{covering} {covered}");
        }
        for (covering, covered) in [
            ("prefix /a", "path /ab"),
            ("prefix /a/b", "prefix /a"),
            ("prefix /a/b", "template /a/{b}"),
            ("path /a", "path~ /a"),
            ("path /a", "prefix /a"),
            ("template /{a}", "prefix /a"),
            ("template /{a}/{b}", "template /a/"),
            ("template /{a}/b", "template /{x}/{b}"),
            ("template /{a}", "template /{x}/{b}"),
        ] {
            assert!(!pattern(covering).covers(&pattern(covered)), "{covering} {covered}");
        }
    }
}
