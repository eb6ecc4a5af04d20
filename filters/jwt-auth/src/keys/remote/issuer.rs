//! The issuer of fetched keys: one `iss`, or a template for the `iss` of many tenants.

use std::{collections::BTreeMap, fmt};

use novasphere_core::Json;

/// An issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// The text as configured.
    text: String,
    /// `None` if the text is the `iss` itself.
    template: Option<Template>,
}

/// A URL in which whole segments of the path are claims: `https://id.example/{tid}/v2.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template {
    /// The text between slashes.
    segments: Vec<Segment>,
    /// The accepted values of each claim. `None` accepts any.
    values: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// The segment equals the claim of this name.
    Claim(String),
}

/// Maximum size of the value of a `{name}` in bytes.
const MAX_VALUE_BYTES: usize = 256;

/// Why a string is neither an issuer nor a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidIssuer {
    /// A `*`.
    Wildcard,
    /// A `{` or `}` that does not enclose the name of a claim as a whole segment of the path.
    Brace,
    /// A template that is not an `http` or `https` URL.
    NoScheme,
}

impl fmt::Display for InvalidIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self {
            Self::Wildcard => "has a *, which is not a wildcard",
            Self::Brace => "has { or } other than around a whole path segment",
            Self::NoScheme => "has a {name}, but does not start with https://",
        };
        write!(
            f,
            "{problem}; write {{name}} for a path segment that equals the token's claim of that name, \
             as in https://id.example/{{tid}}/v2.0"
        )
    }
}

impl std::error::Error for InvalidIssuer {}

impl Issuer {
    /// The issuer with exactly this `iss`.
    #[cfg(test)]
    pub(crate) fn exact(text: &str) -> Self {
        Self { text: text.to_owned(), template: None }
    }

    /// Parses an issuer. A template accepts any values until [`restrict`](Self::restrict).
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        if text.contains('*') {
            return Err(InvalidIssuer::Wildcard);
        }
        let template = if text.contains(['{', '}']) { Some(Template::parse(text)?) } else { None };
        Ok(Self { text: text.to_owned(), template })
    }

    /// Restricts the values of the claims of a template.
    pub(crate) fn restrict(&mut self, values: BTreeMap<String, Vec<String>>) {
        if let Some(template) = &mut self.template {
            template.values = Some(values);
        }
    }

    /// The text as configured.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_template(&self) -> bool {
        self.template.is_some()
    }

    /// The claims of a template.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &str> {
        let segments = self.template.iter().flat_map(|template| &template.segments);
        segments.filter_map(|segment| match segment {
            Segment::Claim(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }

    /// Whether this issuer, which is not a template, is `iss`.
    pub(crate) fn is(&self, iss: &str) -> bool {
        self.template.is_none() && self.text == iss
    }

    /// Whether this template gives `iss` with the claims of a token.
    pub(crate) fn is_template_of(&self, iss: &str, claims: &Json) -> bool {
        self.template.as_ref().is_some_and(|template| template.gives(iss, Some(claims)))
    }

    /// Whether both have the same text, or are templates that differ only in the names.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        match (&self.template, &other.template) {
            (Some(own), Some(other)) => own.has_shape_of(other),
            (None, None) => self.text == other.text,
            _ => false,
        }
    }

    /// Whether a document of an issuer with the name `text` belongs to this issuer. Both may be
    /// templates with other names: `{tenantid}` for `{tid}`.
    pub(crate) fn is_named(&self, text: &str) -> bool {
        match &self.template {
            None => self.text == text,
            Some(_) => Self::parse(text).is_ok_and(|other| self.is_same_as(&other)),
        }
    }

    /// The restriction from the member `issuer` of a key: the only `iss` of its tokens, or `None`
    /// for all that this issuer has. `Err` if the key belongs to another issuer.
    pub(crate) fn of_key(&self, member: &str) -> Result<Option<String>, ()> {
        match &self.template {
            _ if self.is_named(member) => Ok(None),
            Some(template) if template.gives(member, None) => Ok(Some(member.to_owned())),
            Some(_) => Err(()),
            None if self.is_tenant_of(member) => Ok(None),
            None if self.has_origin_of(member) => Err(()),
            // The standard has no such member (RFC 7517 section 4), and issuers share key sets under
            // other names: Microsoft's keys for sts.windows.net name login.microsoftonline.com.
            None => Ok(None),
        }
    }

    /// Whether a template with this text gives this issuer, which is not a template.
    fn is_tenant_of(&self, text: &str) -> bool {
        Template::parse(text).is_ok_and(|template| template.gives(&self.text, None))
    }

    /// Whether both are URLs with the same scheme, host and port.
    fn has_origin_of(&self, text: &str) -> bool {
        let (own, other) = (origin(&self.text), origin(text));
        own.is_some() && own == other
    }
}

impl Template {
    fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        let segments = text.split('/').map(Segment::parse).collect::<Result<Vec<_>, _>>()?;
        // The first three segments of a URL are the scheme, an empty text and the authority.
        match segments.as_slice() {
            [Segment::Literal(scheme), Segment::Literal(empty), Segment::Literal(host), ..]
                if matches!(scheme.as_str(), "https:" | "http:")
                    && empty.is_empty()
                    && !host.is_empty() =>
            {
                Ok(Self { segments, values: None })
            }
            [Segment::Literal(_), Segment::Literal(empty), Segment::Claim(_), ..]
                if empty.is_empty() =>
            {
                Err(InvalidIssuer::Brace)
            }
            _ => Err(InvalidIssuer::NoScheme),
        }
    }

    /// Whether the template gives `iss`. Without `claims`, for some token.
    fn gives(&self, iss: &str, claims: Option<&Json>) -> bool {
        let mut parts = iss.split('/');
        let is_given = self.segments.iter().all(|segment| {
            let Some(part) = parts.next() else { return false };
            match segment {
                Segment::Literal(text) => text == part,
                Segment::Claim(name) => {
                    is_value(part)
                        && claims.is_none_or(|claims| {
                            claims.get(name).and_then(Json::as_str) == Some(part)
                                && self.accepts(name, part)
                        })
                }
            }
        });
        is_given && parts.next().is_none()
    }

    fn accepts(&self, name: &str, value: &str) -> bool {
        let Some(values) = &self.values else { return true };
        values.get(name).is_some_and(|values| values.iter().any(|accepted| accepted == value))
    }

    fn has_shape_of(&self, other: &Self) -> bool {
        self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|pair| match pair {
                (Segment::Literal(one), Segment::Literal(two)) => one == two,
                (Segment::Claim(_), Segment::Claim(_)) => true,
                _ => false,
            })
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if is_claim_name(name) => Ok(Self::Claim(name.to_owned())),
            None if !text.contains(['{', '}']) => Ok(Self::Literal(text.to_owned())),
            _ => Err(InvalidIssuer::Brace),
        }
    }
}

/// The scheme and the authority of a URL, in lower case and without a default port (RFC 3986 section
/// 6.2.3, RFC 6454 section 4).
fn origin(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let (scheme, authority) = (scheme.to_ascii_lowercase(), rest.split(['/', '?', '#']).next()?);
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    Some((scheme, authority.strip_suffix(':').unwrap_or(authority).to_ascii_lowercase()))
}

fn is_claim_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Whether a string can be the value of a `{name}`. Its characters have only one form in a URL.
pub(crate) fn is_value(text: &str) -> bool {
    is_claim_name(text) && text.len() <= MAX_VALUE_BYTES
}
