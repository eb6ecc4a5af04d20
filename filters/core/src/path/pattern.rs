//! Which paths a rule is for.

use crate::{BuildContext, UnambiguousPath};

/// A path, everything under it, or a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    form: Form,
    ignore_case: bool,
}

/// The fields of a rule that say which paths it is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathMatch<'c> {
    /// The path.
    pub path: Option<&'c str>,
    /// The path or the start of it, up to a `/`.
    pub path_prefix: Option<&'c str>,
    /// The path, `{name}` standing for one segment.
    pub path_template: Option<&'c str>,
    /// Whether ASCII letters match in any case.
    pub ignore_case: bool,
}

impl PathMatch<'_> {
    /// Whether none of the three is there.
    pub fn is_empty(&self) -> bool {
        self.path.is_none() && self.path_prefix.is_none() && self.path_template.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Exact(String),
    /// Ends in `/`.
    Under(String),
    Template(Vec<Segment>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// Any one, not empty.
    Variable,
}

impl PathPattern {
    /// The pattern that exactly one of the fields of the rule at `at` gives.
    pub fn new(fields: PathMatch<'_>, at: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let form = match (fields.path, fields.path_prefix, fields.path_template) {
            (Some(path), None, None) => {
                let path = plain(path, &format!("{at}.path"), cx)?;
                Form::Exact(path.as_str().to_owned())
            }
            (None, Some(prefix), None) => {
                let path = plain(prefix, &format!("{at}.path_prefix"), cx)?;
                Form::Under(format!("{}/", path.as_str().trim_end_matches('/')))
            }
            (None, None, Some(template)) => {
                Form::template(template, &format!("{at}.path_template"), cx)?
            }
            _ => {
                cx.fault(at, "needs exactly one of path, path_prefix and path_template");
                return None;
            }
        };
        Some(Self { form, ignore_case: fields.ignore_case })
    }

    /// Whether it is for this path.
    pub fn matches(&self, path: &str) -> bool {
        match &self.form {
            Form::Exact(exact) => self.same(path, exact),
            Form::Under(prefix) => self.is_under(path, prefix),
            Form::Template(segments) => self.fits(path, segments),
        }
    }

    fn same(&self, a: &str, b: &str) -> bool {
        if self.ignore_case { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    fn is_under(&self, path: &str, prefix: &str) -> bool {
        // The prefix itself, without its slash, is under it.
        let end = path.len().min(prefix.len());
        let start = path.get(..end);
        start.is_some_and(|start| self.same(start, prefix))
            || prefix
                .strip_suffix('/')
                .is_some_and(|bare| !bare.is_empty() && self.same(path, bare))
    }

    fn fits(&self, path: &str, segments: &[Segment]) -> bool {
        let mut parts = path.split('/').skip(1);
        let all = segments.iter().all(|segment| match (segment, parts.next()) {
            (Segment::Literal(literal), Some(part)) => self.same(part, literal),
            (Segment::Variable, Some(part)) => !part.is_empty(),
            (_, None) => false,
        });
        all && parts.next().is_none()
    }
}

impl Form {
    fn template(template: &str, at: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let is_variable = |part: &str| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}']))
        };
        let example: Vec<&str> =
            template.split('/').map(|part| if is_variable(part) { "x" } else { part }).collect();
        let example = plain(&example.join("/"), at, cx)?;
        let parts = template.split('/').zip(example.as_str().split('/')).skip(1);
        let segment = |(part, literal): (&str, &str)| {
            if is_variable(part) { Segment::Variable } else { Segment::Literal(literal.to_owned()) }
        };
        Some(Form::Template(parts.map(segment).collect()))
    }
}

fn plain(path: &str, at: &str, cx: &mut BuildContext<'_>) -> Option<UnambiguousPath> {
    let plain = UnambiguousPath::new(path.as_bytes());
    if plain.is_none() {
        let message = format!(
            "{path:?} must start with / and have no query, no empty or dot segments, no ; or \\, and \
             none of / \\ ; % ? # encoded; a {{name}}, in a path_template only, is a whole segment"
        );
        cx.fault(at, message);
    }
    plain
}
