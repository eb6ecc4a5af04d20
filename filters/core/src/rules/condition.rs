//! The condition of a rule.

use std::fmt;

use crate::{
    BuildContext, Env, HeaderName, PathMatch, PathPattern, RequestHead, host_name, parse_methods,
    trace::Label,
};

/// The condition of a rule: all given fields must match.
#[derive(Debug, Default)]
pub struct RequestCondition {
    /// Any method if empty.
    pub methods: Vec<String>,
    /// Any path if `None`.
    pub path: Option<PathPattern>,
    /// The name of the host's route. Any route if `None`.
    pub route: Option<String>,
    /// A header, by its name in request heads. Hosts are in the form of [`host_name`].
    pub header: Option<ExpectedValue>,
    /// The rule in the configuration, such as `rules[0]`, for notes.
    pub place: Label,
}

/// A name and its accepted values.
#[derive(Debug)]
pub struct ExpectedValue {
    /// The name.
    pub name: String,
    /// The accepted values.
    pub one_of: Vec<String>,
}

/// The fields of a condition, as users write them.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConditionFields<'c> {
    /// Methods in upper case.
    pub methods: Option<&'c [String]>,
    /// The paths.
    pub path: PathMatch<'c>,
    /// The name of the host's route.
    pub route: Option<&'c str>,
    /// A request header.
    pub header: Option<ExpectedFields<'c>>,
}

/// A name and its accepted values, as users write them.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedFields<'c> {
    /// The name.
    pub name: Option<&'c str>,
    /// The accepted values.
    pub one_of: &'c [String],
}

impl ConditionFields<'_> {
    /// Whether no field is given, so that every request matches.
    pub fn is_empty(&self) -> bool {
        self.methods.is_none()
            && self.path.is_empty()
            && self.route.is_none()
            && self.header.is_none()
    }
}

impl ExpectedValue {
    /// The checked fields at `path`. Adds a fault if a field is missing, and returns `None` without
    /// a name.
    #[cold]
    pub fn new(fields: ExpectedFields<'_>, path: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let name = fields.name.filter(|name| !name.is_empty());
        if name.is_none() {
            cx.fault(format!("{path}.name"), "is required");
        }
        if fields.one_of.is_empty() {
            cx.fault(format!("{path}.one_of"), "is required: list the accepted values");
        }
        Some(Self { name: name?.to_owned(), one_of: fields.one_of.to_vec() })
    }

    /// Whether every value that `other` accepts is accepted here.
    pub fn covers(&self, other: &Self) -> bool {
        self.name == other.name && other.one_of.iter().all(|value| self.one_of.contains(value))
    }

    /// Whether `value` is one of the accepted values.
    pub fn accepts(&self, value: &[u8]) -> bool {
        self.one_of.iter().any(|expected| expected.as_bytes() == value)
    }
}

impl RequestCondition {
    /// The condition of the rule at `rule` (a path in the configuration). Adds a fault for each
    /// field that is invalid or has no effect.
    #[cold]
    pub fn new(fields: ConditionFields<'_>, rule: &str, cx: &mut BuildContext<'_>) -> Self {
        let methods = parse_methods(fields.methods, &format!("{rule}.methods"), cx);
        if fields.path.ignore_case && fields.path.is_empty() {
            let message = "has no effect without path, path_prefix or path_template";
            cx.fault(format!("{rule}.ignore_case"), message);
        }
        let path = (!fields.path.is_empty()).then(|| PathPattern::new(fields.path, rule, cx));
        let header = fields.header.and_then(|header| header_value(header, rule, cx));
        if fields.route == Some("") {
            cx.fault(format!("{rule}.route"), "must not be empty; omit it to match any route");
        }
        Self {
            methods,
            path: path.flatten(),
            route: fields.route.map(str::to_owned),
            header,
            place: Label::new(|| rule.to_owned()),
        }
    }

    /// Whether the method matches, for servers that ignore its case.
    pub fn matches_method(&self, head: &RequestHead<'_>) -> bool {
        self.methods.is_empty()
            || self.methods.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(head.method()))
    }

    /// Whether a method that matches does so for every server: methods are case-sensitive (RFC 9110
    /// section 9.1), but some servers ignore their case. `methods` are in upper case.
    pub fn is_exact_method(&self, head: &RequestHead<'_>) -> bool {
        self.methods.is_empty() || !head.method().iter().any(u8::is_ascii_lowercase)
    }

    /// Whether the header matches.
    pub fn matches_header(&self, head: &RequestHead<'_>) -> bool {
        self.header.as_ref().is_none_or(|expected| {
            header_values(expected, head).next().is_some_and(|value| accepts(expected, value))
        })
    }

    /// Whether its header is on several lines, of which upstreams may read another one.
    pub fn has_repeated_header(&self, head: &RequestHead<'_>) -> bool {
        let header = self.header.as_ref();
        header.is_some_and(|expected| header_values(expected, head).nth(1).is_some())
    }

    /// Whether its header is on several lines, of which only some have an accepted value.
    pub fn has_conflicting_lines(&self, head: &RequestHead<'_>) -> bool {
        self.header.as_ref().is_some_and(|expected| {
            let mut lines = header_values(expected, head).map(|value| accepts(expected, value));
            let first = lines.next();
            lines.any(|next| Some(next) != first)
        })
    }

    /// Whether its header can be on several lines, in several spellings.
    pub fn reads_header_lines(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.name != AUTHORITY)
    }

    /// Whether the route matches.
    pub fn matches_route(&self, env: &Env<'_>) -> bool {
        self.route
            .as_ref()
            .is_none_or(|route| env.connection.route().is_some_and(|name| name == route.as_bytes()))
    }

    /// Whether this condition certainly holds for every request for which `other` does.
    pub fn covers(&self, other: &Self) -> bool {
        let covers_methods = self.methods.is_empty()
            || !other.methods.is_empty() && other.methods.iter().all(|m| self.methods.contains(m));
        covers_methods
            && covers(self.path.as_ref(), other.path.as_ref(), PathPattern::covers)
            && covers(self.route.as_ref(), other.route.as_ref(), |own, other| own == other)
            && covers(self.header.as_ref(), other.header.as_ref(), ExpectedValue::covers)
    }

    /// The names of the request headers it reads.
    pub fn request_headers(&self) -> impl Iterator<Item = &str> {
        let method = (!self.methods.is_empty()).then_some(":method");
        let path = self.path.as_ref().map(|_| ":path");
        let header = self.header.as_ref().map(|header| header.name.as_str());
        method.into_iter().chain(path).chain(header)
    }
}

/// The condition for readers of the configuration: `GET|PUT, /users/{}, header x-a: 1|2`.
impl fmt::Display for RequestCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.methods.is_empty() {
            parts.push(self.methods.join("|"));
        }
        parts.extend(self.path.as_ref().map(ToString::to_string));
        parts.extend(self.route.as_ref().map(|route| format!("route {route}")));
        parts.extend(self.header.as_ref().map(|header| format!("header {header}")));
        f.write_str(if parts.is_empty() { "any request" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

/// `name: value|value`.
impl fmt::Display for ExpectedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name == AUTHORITY { "host" } else { &self.name };
        write!(f, "{name}: {}", self.one_of.join("|"))
    }
}

/// Whether a part of a condition covers another one. `None` holds for every request.
pub fn covers<T>(own: Option<&T>, other: Option<&T>, by: impl Fn(&T, &T) -> bool) -> bool {
    own.is_none_or(|own| other.is_some_and(|other| by(own, other)))
}

/// The name of `host` in request heads.
const AUTHORITY: &str = ":authority";

fn accepts(expected: &ExpectedValue, value: &[u8]) -> bool {
    match expected.name.as_str() {
        AUTHORITY => expected.accepts(&host_name(value)),
        _ => expected.accepts(value),
    }
}

/// The values of a header, in every spelling that some upstream takes for its name.
fn header_values<'h>(
    expected: &ExpectedValue,
    head: &'h RequestHead<'_>,
) -> impl Iterator<Item = &'h [u8]> {
    head.headers.lines_spelled(&expected.name).map(|(_, value)| value)
}

fn header_value(
    fields: ExpectedFields<'_>,
    rule: &str,
    cx: &mut BuildContext<'_>,
) -> Option<ExpectedValue> {
    let path = format!("{rule}.header");
    let expected = ExpectedValue::new(fields, &path, cx)?;
    match HeaderName::parse(&expected.name) {
        Ok(name) if name.in_request_head() == AUTHORITY => {
            let one_of = hosts(&expected.one_of, &format!("{path}.one_of"), cx);
            Some(ExpectedValue { name: AUTHORITY.to_owned(), one_of })
        }
        Ok(name) => Some(ExpectedValue { name: name.as_str().to_owned(), ..expected }),
        Err(error) => {
            cx.fault(format!("{path}.name"), error.to_string());
            None
        }
    }
}

/// The hosts in the list at `path`, in the form of [`host_name`].
#[cold]
fn hosts(list: &[String], path: &str, cx: &mut BuildContext<'_>) -> Vec<String> {
    let mut hosts = Vec::with_capacity(list.len());
    for (i, text) in list.iter().enumerate() {
        let host = String::from_utf8(host_name(text.as_bytes())).unwrap_or_default();
        if host.is_empty() || host.len() != text.trim_end_matches('.').len() {
            let message = format!(
                "expected a host without a port, such as \"api.example\", got {text:?}: clients \
                 choose the port, so it is not compared"
            );
            cx.fault(format!("{path}[{i}]"), message);
        }
        hosts.push(host);
    }
    hosts
}
