//! Headers that carry tokens.

use std::fmt;

use novasphere_core::{HeaderName, bytes_eq, trace::Note};

/// A header that carries a token.
#[derive(Debug)]
pub(crate) struct TokenHeader {
    pub(crate) name: HeaderName,
    form: TokenForm,
}

/// The form of a token in a header.
#[derive(Debug)]
enum TokenForm {
    /// `Bearer <token>` (RFC 6750 section 2.1).
    Bearer,
    /// The token after another scheme.
    Scheme(String),
    /// The token alone.
    Bare,
    /// The token alone, or after `Bearer`.
    BareOrBearer,
}

/// A text that is not an authentication scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidScheme;

impl fmt::Display for InvalidScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "must be an authentication scheme (RFC 9110 11.1) without spaces, such as \"JWT\", or \
             \"\" for a token without scheme",
        )
    }
}

impl std::error::Error for InvalidScheme {}

impl TokenHeader {
    /// A header with tokens after `scheme`, or without scheme if it is empty. By default,
    /// `Authorization` and `Proxy-Authorization` need `Bearer`, because their value starts with a
    /// scheme (RFC 9110 section 11.4).
    pub(crate) fn new(name: HeaderName, scheme: Option<&str>) -> Result<Self, InvalidScheme> {
        let needs_scheme = matches!(name.as_str(), "authorization" | "proxy-authorization");
        let form = match scheme {
            None if needs_scheme => TokenForm::Bearer,
            None => TokenForm::BareOrBearer,
            Some("") => TokenForm::Bare,
            // Schemes and header names have the same characters (RFC 9110 section 11.1).
            Some(scheme) if HeaderName::parse(scheme).is_err() => return Err(InvalidScheme),
            Some(scheme) => TokenForm::Scheme(scheme.to_owned()),
        };
        Ok(Self { name, form })
    }

    /// The note about the value of this header, without the value.
    pub(super) fn note(&self, line: Option<&[u8]>, token: Option<&[u8]>) -> Note {
        let expected = match &self.form {
            TokenForm::Bearer => "Bearer and a token".to_owned(),
            TokenForm::Scheme(scheme) => format!("{scheme} and a token"),
            TokenForm::Bare => "a token without a scheme".to_owned(),
            TokenForm::BareOrBearer => "a token, with or without Bearer".to_owned(),
        };
        let found = match (line, token) {
            (None, _) => "missing".to_owned(),
            (Some(_), None) => "another form".to_owned(),
            (Some(_), Some(token)) => format!("a token, {} bytes", token.len()),
        };
        let is_found = token.is_some_and(|token| !token.is_empty());
        let note = Note::new(format!("header {}", self.name.as_str()));
        note.expected(expected).found(found).matches(is_found)
    }

    /// The token in the value of this header.
    pub(crate) fn token<'h>(&self, value: &'h [u8]) -> Option<&'h [u8]> {
        match &self.form {
            TokenForm::Bearer => after_bearer(value),
            TokenForm::Scheme(own) => {
                after_scheme(value, |scheme| scheme.eq_ignore_ascii_case(own.as_bytes()))
            }
            TokenForm::Bare => bare(value),
            // The scheme may also come without a token.
            TokenForm::BareOrBearer => {
                after_bearer(value).or_else(|| bare(value).filter(|token| !is_bearer(token)))
            }
        }
    }
}

fn is_bearer(scheme: &[u8]) -> bool {
    scheme.eq_ignore_ascii_case(b"bearer")
}

/// The text after `Bearer`.
fn after_bearer(value: &[u8]) -> Option<&[u8]> {
    match value.split_first_chunk::<7>() {
        // The form that most clients send. The token has no spaces at its ends, so the result is
        // the same as below.
        Some((start, token @ [b'!'..=b'~', .., b'!'..=b'~'])) if bytes_eq(start, b"Bearer ") => {
            Some(token)
        }
        _ => after_scheme(value, is_bearer),
    }
}

/// The text after a scheme, which may be in any case (RFC 9110 section 11.1). `None` for another
/// scheme.
#[inline]
fn after_scheme(value: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let end = value.iter().position(|b| matches!(b, b' ' | b'\t'))?;
    let (scheme, token) = value.split_at_checked(end)?;
    is_wanted(scheme).then(|| token.trim_ascii())
}

/// A value without scheme.
fn bare(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let is_one_word = !value.iter().any(|b| matches!(b, b' ' | b'\t'));
    (is_one_word && !value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_form_of_bearer_is_read_like_the_others() {
        let starts = ["Bearer ", "bearer ", "Bearer  ", "Bearer\t", " Bearer ", "Bearer", "Basic "];
        let ends =
            ["", " ", "a", "a ", "\ta", "a b", "a.b.c", "a\t", "\u{b}a", "a\u{c}", "é", "é a"];
        for value in starts.iter().flat_map(|start| ends.map(|end| format!("{start}{end}"))) {
            let value = value.as_bytes();
            assert_eq!(after_bearer(value), after_scheme(value, is_bearer), "{value:?}");
        }
        assert_eq!(after_bearer(b"Bearer a.b.c"), Some(&b"a.b.c"[..]));
    }
}
