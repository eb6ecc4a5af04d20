//! Requests that need no token, by method and path.

use novasphere_core::{ConfigErrors, HeaderName, PlainPath, RequestHead, target};

use crate::config::{Config, SkipConfig};

/// All entries of `skip`.
#[derive(Debug)]
pub(crate) struct SkipRules(Vec<SkipRule>);

#[derive(Debug)]
struct SkipRule {
    /// Any when there are none.
    methods: Vec<String>,
    pattern: Pattern,
    ignore_case: bool,
}

#[derive(Debug)]
enum Pattern {
    Exact(String),
    /// Ends in `/`.
    Under(String),
    Template(Vec<Segment>),
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    /// Any one, not empty.
    Variable,
}

impl SkipRules {
    pub fn new(config: &Config, errors: &mut ConfigErrors) -> Self {
        let mut rules = Vec::new();
        for (i, wire) in config.skip.iter().enumerate() {
            let at = format!("skip[{i}]");
            let methods = methods(wire, &at, errors);
            let pattern = Pattern::new(wire, &at, errors);
            rules.extend(pattern.map(|pattern| SkipRule {
                methods,
                pattern,
                ignore_case: wire.ignore_case,
            }));
        }
        Self(rules)
    }

    /// Whether one of them is for this request. None is for a path that can be read in more than
    /// one way ([`PlainPath`]): it could be another one to the upstream.
    pub fn apply_to(&self, head: &RequestHead<'_>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Some(path) = PlainPath::new(target::path(head.target())) else { return false };
        self.0.iter().any(|rule| rule.applies(head.method(), path.as_str()))
    }
}

impl SkipRule {
    fn applies(&self, method: &[u8], path: &str) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method))
            && match &self.pattern {
                Pattern::Exact(exact) => self.same(path, exact),
                Pattern::Under(prefix) => self.is_under(path, prefix),
                Pattern::Template(segments) => self.fits(path, segments),
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

fn methods(wire: &SkipConfig, at: &str, errors: &mut ConfigErrors) -> Vec<String> {
    let methods = wire.methods.clone().unwrap_or_default();
    if wire.methods.is_some() && methods.is_empty() {
        errors.add(format!("{at}.methods"), "is empty; leave it out for any");
    }
    for (i, method) in methods.iter().enumerate() {
        // A method is a token (RFC 9110 section 9.1), as a header's name is.
        let is_token = HeaderName::parse(method).is_ok();
        if !is_token || method.bytes().any(|b| b.is_ascii_lowercase()) {
            let message = format!("{method:?} is not a method: they are case-sensitive, as GET");
            errors.add(format!("{at}.methods[{i}]"), message);
        }
    }
    methods
}

impl Pattern {
    fn new(wire: &SkipConfig, at: &str, errors: &mut ConfigErrors) -> Option<Self> {
        match (&wire.path, &wire.path_prefix, &wire.path_template) {
            (Some(path), None, None) => {
                let path = plain(path, &format!("{at}.path"), errors)?;
                Some(Pattern::Exact(path.as_str().to_owned()))
            }
            (None, Some(prefix), None) => {
                let path = plain(prefix, &format!("{at}.path_prefix"), errors)?;
                Some(Pattern::Under(format!("{}/", path.as_str().trim_end_matches('/'))))
            }
            (None, None, Some(template)) => {
                Self::template(template, &format!("{at}.path_template"), errors)
            }
            _ => {
                errors.add(at, "needs exactly one of path, path_prefix and path_template");
                None
            }
        }
    }

    fn template(template: &str, at: &str, errors: &mut ConfigErrors) -> Option<Self> {
        let is_variable = |part: &str| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}']))
        };
        let example: Vec<&str> =
            template.split('/').map(|part| if is_variable(part) { "x" } else { part }).collect();
        let example = plain(&example.join("/"), at, errors)?;
        let parts = template.split('/').zip(example.as_str().split('/')).skip(1);
        let segment = |(part, literal): (&str, &str)| {
            if is_variable(part) { Segment::Variable } else { Segment::Literal(literal.to_owned()) }
        };
        Some(Pattern::Template(parts.map(segment).collect()))
    }
}

fn plain(path: &str, at: &str, errors: &mut ConfigErrors) -> Option<PlainPath> {
    let plain = PlainPath::new(path.as_bytes());
    if plain.is_none() {
        let message = format!(
            "{path:?} must start with / and have no query, no empty or dot segments, no ; or \\, and \
             none of / \\ ; % ? # encoded; a {{name}}, in a path_template only, is a whole segment"
        );
        errors.add(at, message);
    }
    plain
}
