//! [`Variable`]: a fact about the request as it arrived.

use std::{borrow::Cow, fmt};

use novasphere_core::{Env, HeaderName, RequestHead, UnambiguousPath, target};

/// A fact about a request. In rules for responses it is a fact about the request of that response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// `headers.x`: the first line of a header.
    Header(HeaderName),
    /// `headers.x[]`: all lines of a header as one list.
    HeaderLines(HeaderName),
    /// `query.x`: the first query parameter of that name, decoded.
    Query(String),
    /// `claims.x`: the attribute `x`, in which jwt-auth passes a claim on. Never a header, since
    /// headers may come from the client.
    Claim(String),
    /// `path.2`: a segment of the path, decoded, counted from 1.
    Segment(usize),
    /// `client.ip`: the client's address, as the host determined it.
    ClientIp,
    /// `host`, `headers.host`: the authority that the client requested.
    Host,
}

/// Why a string is not a variable. The message does not quote the text: it may be a secret that only
/// resembles a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidVariable {
    Unknown,
    /// A default in the syntax of another language.
    OtherDefault,
    UriCaptures,
    HeaderName,
    ParamName,
    ClaimName,
    Segment,
}

impl fmt::Display for InvalidVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => {
                "has an unknown variable: expected $(headers.<name>), $(headers.<name>[]), \
                 $(query.<name>), $(claims.<name>), $(path.<number>), $(client.ip), $(request.id) \
                 or $(host), each with an optional default: $(host | none); write $$( for a \
                 literal $("
            }
            Self::OtherDefault => {
                "has a default in another syntax: write it after one |, without quotes: \
                 $(headers.x-user | none)"
            }
            Self::UriCaptures => {
                "uses uri_captures, which belong to a route: use path segments, $(path.1), \
                 $(path.2) and so on"
            }
            Self::HeaderName => {
                "has a variable headers.<name> whose name is not a header name (RFC 9110 5.1)"
            }
            Self::ParamName => "has a variable query.<name> without a name",
            Self::ClaimName => {
                "has a variable claims.<name> whose name is not an attribute of jwt-auth's \
                 claims_to_attributes: expected letters, digits, _, - and ."
            }
            Self::Segment => {
                "has a variable path.<number> whose number is not from 1 to 99: $(path.1) is the \
                 first segment"
            }
        })
    }
}

impl std::error::Error for InvalidVariable {}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Variable {
    /// Parses the text in `$(…)`, without its default.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidVariable> {
        // `or` is Lua, as in Kong's plugins. `??` and `:-` are JavaScript and shell.
        if [" or ", "??", ":-"].iter().any(|operator| text.contains(operator)) {
            return Err(InvalidVariable::OtherDefault);
        }
        let (kind, name) = match text.split_once('.') {
            Some((kind, name)) => (kind, Some(name)),
            None => (text, None),
        };
        match (kind, name) {
            // Hosts use `:authority`, `host`, or both.
            ("headers", Some(name)) if is_host(name) => Ok(Self::Host),
            ("headers", Some(name)) => {
                let (name, variable) = match name.strip_suffix("[]") {
                    Some(name) => (name, Self::HeaderLines as fn(HeaderName) -> Self),
                    None => (name, Self::Header as fn(HeaderName) -> Self),
                };
                HeaderName::parse(name).map(variable).map_err(|_| InvalidVariable::HeaderName)
            }
            ("query" | "query_params", Some("")) => Err(InvalidVariable::ParamName),
            // `query_params` is Kong's name.
            ("query" | "query_params", Some(name)) => Ok(Self::Query(name.to_owned())),
            ("claims", Some(name)) if is_attribute(name) => Ok(Self::Claim(name.to_owned())),
            ("claims", Some(_)) => Err(InvalidVariable::ClaimName),
            ("path", Some(number)) => match number.parse() {
                Ok(number @ 1..=99) => Ok(Self::Segment(number)),
                _ => Err(InvalidVariable::Segment),
            },
            ("client", Some("ip")) => Ok(Self::ClientIp),
            ("request", Some("id")) => Ok(Self::Header(REQUEST_ID)),
            ("host", None) => Ok(Self::Host),
            _ if kind.starts_with("uri_captures") => Err(InvalidVariable::UriCaptures),
            _ => Err(InvalidVariable::Unknown),
        }
    }

    /// The header or pseudo-header it is read from.
    pub(crate) fn header(&self) -> Option<&str> {
        match self {
            Variable::Header(name) | Variable::HeaderLines(name) => Some(name.as_str()),
            Variable::Query(_) | Variable::Segment(_) => Some(":path"),
            Variable::Host => Some(":authority"),
            Variable::Claim(_) | Variable::ClientIp => None,
        }
    }

    /// Whether it is read from all lines of the request.
    pub(crate) fn reads_all(&self) -> bool {
        matches!(self, Variable::HeaderLines(_))
    }

    /// Resolves the variable. `None` if it is missing or empty.
    pub(super) fn resolve<'r>(
        &'r self,
        head: &'r RequestHead<'_>,
        env: &Env<'_>,
    ) -> Option<Cow<'r, [u8]>> {
        let value = match self {
            Variable::Header(name) => Cow::Borrowed(head.headers.get(name.as_str())?),
            Variable::HeaderLines(name) => Cow::Owned(joined_lines(head, name)),
            Variable::Query(name) => target::query_values(head.target(), name).next()?,
            Variable::Claim(name) => Cow::Owned(env.attributes.get(name)?),
            Variable::Segment(number) => Cow::Owned(segment(head.target(), *number)?),
            Variable::ClientIp => {
                let address = env.connection.client_address()?.to_canonical();
                Cow::Owned(address.to_string().into_bytes())
            }
            Variable::Host => Cow::Borrowed(head.authority()),
        };
        (!value.is_empty()).then_some(value)
    }
}

/// The variable as users write it.
impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variable::Header(name) => write!(f, "$(headers.{})", name.as_str()),
            Variable::HeaderLines(name) => write!(f, "$(headers.{}[])", name.as_str()),
            Variable::Query(name) => write!(f, "$(query.{name})"),
            Variable::Claim(name) => write!(f, "$(claims.{name})"),
            Variable::Segment(number) => write!(f, "$(path.{number})"),
            Variable::ClientIp => f.write_str("$(client.ip)"),
            Variable::Host => f.write_str("$(host)"),
        }
    }
}

/// All lines of a header with a value, as one (RFC 9110 section 5.3). Cookies have their own separator
/// (RFC 9113 section 8.2.3).
fn joined_lines(head: &RequestHead<'_>, name: &HeaderName) -> Vec<u8> {
    let separator = if name.as_str() == "cookie" { &b"; "[..] } else { &b", "[..] };
    let lines = head.headers.get_all(name.as_str()).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(separator)
}

/// A segment of an unambiguous path. `None` for other paths, since the upstream may read them
/// differently.
fn segment(target: &[u8], number: usize) -> Option<Vec<u8>> {
    let path = UnambiguousPath::new(target::path(target))?;
    path.as_str().split('/').nth(number).map(|segment| segment.as_bytes().to_vec())
}

/// Whether `name` is the header `host`, whose lines a request has only one of.
fn is_host(name: &str) -> bool {
    name.strip_suffix("[]").unwrap_or(name).eq_ignore_ascii_case("host")
}

/// Whether jwt-auth accepts `name` as the name of an attribute.
fn is_attribute(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !name.is_empty() && name.bytes().all(is_allowed)
}
