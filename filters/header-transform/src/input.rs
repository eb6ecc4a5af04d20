//! What templates can ask for: facts about the request as it arrived.

use std::{borrow::Cow, fmt};

use novasphere_core::{Env, HeaderName, RequestHead, UnambiguousPath, target};

/// One fact about a request. Templates in rules for responses ask for the same: those of the
/// request that the response is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// `headers.x`: the first line of a header.
    Header(HeaderName),
    /// `query.x`: the first query parameter of that name, decoded.
    Query(String),
    /// `claims.x`: what jwt-auth told under that name (its `claims_to_attributes`). Never a header:
    /// that may come from the client.
    Claim(String),
    /// `path.2`: a segment of the path, decoded, counted from 1.
    Segment(usize),
    /// `client.ip`: the client's address, as the host determined it.
    ClientIp,
    /// `host`, `headers.host`: the authority the client asked for.
    Host,
}

/// Why there is no such input. The text is not quoted: it may be a secret, and no template at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidInput {
    Unknown,
    UriCaptures,
    HeaderName,
    ParamName,
    ClaimName,
    Segment,
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => {
                "has a template for something unknown: known are $(headers.<name>), \
                 $(query.<name>), $(claims.<name>), $(path.<number>), $(client.ip), $(request.id) \
                 and $(host), each also with a default: $(host | none); $$( stands for $( itself"
            }
            Self::UriCaptures => {
                "has a template with uri_captures, which belong to a route: use the segments of \
                 the path, $(path.1), $(path.2) and so on"
            }
            Self::HeaderName => {
                "has a template whose headers.<name> is not a header name (RFC 9110 5.1)"
            }
            Self::ParamName => "has a template whose query.<name> has no name",
            Self::ClaimName => {
                "has a template whose claims.<name> is not the name of an attribute in jwt-auth's \
                 claims_to_attributes: letters, digits, _, - and ."
            }
            Self::Segment => {
                "has a template whose path.<number> is not a number from 1 to 99: $(path.1) is the \
                 first segment"
            }
        })
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Input {
    /// Reads what stands in `$(…)`, without its default.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidInput> {
        let (kind, name) = match text.split_once('.') {
            Some((kind, name)) => (kind, Some(name)),
            None => (text, None),
        };
        match (kind, name) {
            // Hosts know it by another name, and some by both.
            ("headers", Some(name)) if name.eq_ignore_ascii_case("host") => Ok(Self::Host),
            ("headers", Some(name)) => {
                HeaderName::parse(name).map(Self::Header).map_err(|_| InvalidInput::HeaderName)
            }
            ("query" | "query_params", Some("")) => Err(InvalidInput::ParamName),
            // The second is Kong's.
            ("query" | "query_params", Some(name)) => Ok(Self::Query(name.to_owned())),
            ("claims", Some(name)) if is_attribute(name) => Ok(Self::Claim(name.to_owned())),
            ("claims", Some(_)) => Err(InvalidInput::ClaimName),
            ("path", Some(number)) => match number.parse() {
                Ok(number @ 1..=99) => Ok(Self::Segment(number)),
                _ => Err(InvalidInput::Segment),
            },
            ("client", Some("ip")) => Ok(Self::ClientIp),
            ("request", Some("id")) => Ok(Self::Header(REQUEST_ID)),
            ("host", None) => Ok(Self::Host),
            _ if kind.starts_with("uri_captures") => Err(InvalidInput::UriCaptures),
            _ => Err(InvalidInput::Unknown),
        }
    }

    /// The line of the head it is read from.
    pub(crate) fn reads(&self) -> Option<&str> {
        match self {
            Input::Header(name) => Some(name.as_str()),
            Input::Query(_) | Input::Segment(_) => Some(":path"),
            Input::Host => Some(":authority"),
            Input::Claim(_) | Input::ClientIp => None,
        }
    }

    /// It; `None` when there is nothing, or nothing in it.
    pub(crate) fn of<'r>(
        &'r self,
        head: &'r RequestHead<'_>,
        env: &Env<'_>,
    ) -> Option<Cow<'r, [u8]>> {
        let value = match self {
            Input::Header(name) => Cow::Borrowed(head.headers.get(name.as_str())?),
            Input::Query(name) => target::query_values(head.target(), name).next()?,
            Input::Claim(name) => Cow::Owned(env.attributes.get(name)?),
            Input::Segment(number) => Cow::Owned(segment(head.target(), *number)?),
            Input::ClientIp => {
                let address = env.connection.client_address()?.to_canonical();
                Cow::Owned(address.to_string().into_bytes())
            }
            Input::Host => Cow::Borrowed(head.authority()),
        };
        (!value.is_empty()).then_some(value)
    }
}

/// Of a path that can be read in one way only: what stands in a header must be what the upstream
/// takes it for.
fn segment(target: &[u8], number: usize) -> Option<Vec<u8>> {
    let path = UnambiguousPath::new(target::path(target))?;
    path.as_str().split('/').nth(number).map(|segment| segment.as_bytes().to_vec())
}

/// As jwt-auth names them.
fn is_attribute(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !name.is_empty() && name.bytes().all(known)
}
