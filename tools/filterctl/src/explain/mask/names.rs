//! The headers and query parameters that hold credentials.

use std::borrow::Cow;

use serde_json::Value;

use super::HIDDEN;

/// Parts of the names of headers and query parameters that hold credentials.
const PARTS: [&str; 18] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "api-key",
    "api_key",
    "apikey",
    "access-key",
    "access_key",
    "auth-key",
    "auth_key",
    "assertion",
    "signature",
    "session",
    "passphrase",
    "subscription-key",
];

/// Headers that hold credentials, with other names. A page sends a token as a WebSocket subprotocol.
const HEADERS: [&str; 2] = ["sec-websocket-protocol", "dpop"];

/// Query parameters that hold credentials, with other names.
const PARAMETERS: [&str; 9] =
    ["jwt", "key", "code", "sig", "auth", "pass", "pwd", "ticket", "bearer"];

/// Schemes of HTTP authentication (the IANA registry), and two that APIs use without a registration.
const SCHEMES: [&str; 14] = [
    "basic",
    "bearer",
    "concealed",
    "digest",
    "dpop",
    "gnap",
    "hoba",
    "mutual",
    "negotiate",
    "oauth",
    "privatetoken",
    "vapid",
    "token",
    "apikey",
];

/// The names that the filters' configurations add: their sources of tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    headers: Vec<String>,
    parameters: Vec<String>,
}

impl Names {
    pub(super) fn new<'c>(configs: impl IntoIterator<Item = &'c Value>) -> Self {
        let mut names = Self::default();
        configs.into_iter().for_each(|config| names.add(config));
        names
    }

    fn add(&mut self, config: &Value) {
        for (key, value) in config.as_object().into_iter().flatten() {
            let entries = value.as_array().into_iter().flatten();
            // A header with its own scheme is an object.
            let names = entries.filter_map(|entry| entry.get("name").unwrap_or(entry).as_str());
            let names = names.map(str::to_ascii_lowercase);
            match key.as_str() {
                "header_names" => self.headers.extend(names),
                "uri_param_names" => self.parameters.extend(names),
                _ => self.add(value),
            }
        }
    }

    /// Whether the values of a header are credentials. The name is in lower case.
    pub(super) fn is_secret_header(&self, name: &str) -> bool {
        let is_list_of_names = name.starts_with("access-control-");
        !is_list_of_names
            && (has_secret_part(name)
                || HEADERS.contains(&name)
                || self.headers.iter().any(|own| own == name))
    }

    /// Whether the values of a query parameter are credentials.
    pub(super) fn is_secret_parameter(&self, name: &str) -> bool {
        let name = decoded(name).to_ascii_lowercase();
        has_secret_part(&name)
            || PARAMETERS.contains(&name.as_str())
            || self.parameters.contains(&name)
    }
}

fn has_secret_part(name: &str) -> bool {
    PARTS.iter().any(|part| name.contains(part))
}

/// The scheme before the credentials. `None` without a known scheme: the text may be a credential.
pub(super) fn scheme(value: &str) -> Option<&str> {
    let (scheme, _) = value.split_once(' ')?;
    SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(scheme)
}

/// Whether a character ends a URL in a text.
pub(super) type IsBetween = fn(char) -> bool;

/// The parameters of all queries in a string: name and value, as they are.
pub(super) fn parameters(text: &str, is_between: IsBetween) -> impl Iterator<Item = (&str, &str)> {
    let queries = text.split(is_between).filter_map(|word| word.split_once('?'));
    queries
        .flat_map(|(_, query)| query.split(['&', ';', '#', '?']))
        .filter_map(|p| p.split_once('='))
}

/// The text with hidden values of secret parameters in its queries.
pub(super) fn without_parameters<'t>(
    text: &'t str,
    names: &Names,
    is_between: IsBetween,
) -> Cow<'t, str> {
    let is_secret =
        |(name, value): &(&str, &str)| !value.is_empty() && names.is_secret_parameter(name);
    if !parameters(text, is_between).any(|parameter| is_secret(&parameter)) {
        return Cow::Borrowed(text);
    }
    let is_end = |c: char| matches!(c, '&' | ';' | '#' | '?') || is_between(c);
    let hidden = |part: &str| match part.split_once('=').filter(is_secret) {
        Some((name, value)) => {
            // The separator is a part of the value.
            let end = value.len().saturating_sub(usize::from(value.ends_with(is_end)));
            format!("{name}={HIDDEN}{}", value.get(end..).unwrap_or_default())
        }
        None => part.to_owned(),
    };
    Cow::Owned(text.split_inclusive(is_end).map(hidden).collect())
}

/// The text with hidden user information in its URLs.
pub(super) fn without_users(text: &str, is_between: IsBetween) -> Cow<'_, str> {
    let mut parts = text.split("://");
    let mut result = parts.next().unwrap_or_default().to_owned();
    let mut is_changed = false;
    for part in parts {
        result.push_str("://");
        let is_past = |c: char| c == '/' || c == '?' || c == '#' || is_between(c);
        let end = part.find(is_past).unwrap_or(part.len());
        let user = part.get(..end).and_then(|authority| authority.rfind('@'));
        is_changed |= user.is_some();
        result.push_str(if user.is_some() { HIDDEN } else { "" });
        result.push_str(part.get(user.unwrap_or(0)..).unwrap_or_default());
    }
    if is_changed { Cow::Owned(result) } else { Cow::Borrowed(text) }
}

/// The URL with hidden user information, also without a scheme or with too few slashes. A path with
/// one slash at its start has none.
pub(super) fn without_user(url: &str) -> Cow<'_, str> {
    let (first, rest) = url.split_at(url.find(['/', '?', '#']).unwrap_or(url.len()));
    let path = rest.trim_start_matches('/');
    let slashes = rest.len().saturating_sub(path.len());
    let start = if first.contains('@') {
        0
    } else if slashes > 0 && first.ends_with(':') || slashes > 1 && first.is_empty() {
        first.len().saturating_add(slashes)
    } else {
        return Cow::Borrowed(url);
    };
    let (before, authority) = url.split_at_checked(start).unwrap_or_default();
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    match authority.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => {
            Cow::Owned(format!("{before}{HIDDEN}{}", authority.get(at..).unwrap_or_default()))
        }
        None => Cow::Borrowed(url),
    }
}

/// Between the words of a text. Some of these characters may also be in a URL.
pub(super) fn is_between_words(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '|' | '`')
}

/// In a text that is one URL or path as a whole.
pub(super) fn is_never_between(_: char) -> bool {
    false
}

/// The text without percent-encoding.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let escape = rest.get(1..3).filter(|_| first == b'%');
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(if first == b'+' { b' ' } else { first });
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
