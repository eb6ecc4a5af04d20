//! Why a request is refused, and what its sender gets to see of that.

use std::borrow::Cow;

use novasphere_core::{ConfigErrors, HeaderName, Reply};

use crate::config::Config;

/// Why a request is refused. Operators see it as the decision; clients do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing that looks like a token.
    NoToken,
    /// A token header on more than one line.
    RepeatedHeader,
    /// Distinct tokens.
    MultipleTokens,
    /// Longer than [`MAX_TOKEN_BYTES`](crate::token::MAX_TOKEN_BYTES).
    TokenTooLarge,
    /// No compact serialization of two JSON objects without duplicate members.
    MalformedToken,
    /// A `crit` or `b64` header.
    CriticalHeader,
    /// No credential for the key it names, or for its `kid`.
    UnknownKey,
    /// No credential for its `alg`.
    AlgorithmMismatch,
    /// Signed by none of the credentials.
    BadSignature,
    /// `exp` or `nbf` is no number.
    MalformedClaim,
    /// `exp` or `nbf` is required and missing.
    MissingClaim,
    /// From `exp` on.
    Expired,
    /// Before `nbf`.
    NotYetValid,
    /// `exp` is further ahead than `maximum_expiration`.
    LifetimeTooLong,
    /// `iss` is none of the issuers.
    WrongIssuer,
    /// `aud` names none of the audiences.
    WrongAudience,
    /// A claim for a header cannot be one.
    UnusableClaim,
}

impl Refusal {
    /// Its name among the decisions.
    pub const fn decision(self) -> &'static str {
        match self {
            Refusal::NoToken => "no_token",
            Refusal::RepeatedHeader => "repeated_header",
            Refusal::MultipleTokens => "multiple_tokens",
            Refusal::TokenTooLarge => "token_too_large",
            Refusal::MalformedToken => "malformed_token",
            Refusal::CriticalHeader => "critical_header",
            Refusal::UnknownKey => "unknown_key",
            Refusal::AlgorithmMismatch => "algorithm_mismatch",
            Refusal::BadSignature => "bad_signature",
            Refusal::MalformedClaim => "malformed_claim",
            Refusal::MissingClaim => "missing_claim",
            Refusal::Expired => "expired",
            Refusal::NotYetValid => "not_yet_valid",
            Refusal::LifetimeTooLong => "lifetime_too_long",
            Refusal::WrongIssuer => "wrong_issuer",
            Refusal::WrongAudience => "wrong_audience",
            Refusal::UnusableClaim => "unusable_claim",
        }
    }
}

static WWW_AUTHENTICATE: HeaderName = HeaderName::from_static("www-authenticate");
static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// The challenges of RFC 6750 section 3, one for requests without a token, one for all others.
#[derive(Debug)]
pub(crate) struct Challenges {
    no_token: String,
    invalid_token: String,
}

impl Challenges {
    pub fn new(config: &Config, errors: &mut ConfigErrors) -> Self {
        let error = r#"error="invalid_token""#;
        let Some(realm) = &config.realm else {
            return Self {
                no_token: "Bearer".to_owned(),
                invalid_token: format!("Bearer {error}"),
            };
        };
        let quotable = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        if realm.is_empty() {
            errors.add("realm", "is empty; leave it out for none");
        } else if !realm.bytes().all(quotable) {
            let message = format!("{realm:?} must be printable ASCII without \" and \\");
            errors.add("realm", message);
        }
        Self {
            no_token: format!(r#"Bearer realm="{realm}""#),
            invalid_token: format!(r#"Bearer realm="{realm}", {error}"#),
        }
    }

    /// The answer to a refused request.
    pub fn reply(&self, refusal: Refusal) -> Reply<'_> {
        let challenge = match refusal {
            Refusal::NoToken => &self.no_token,
            _ => &self.invalid_token,
        };
        Reply {
            status: 401,
            headers: vec![
                (&WWW_AUTHENTICATE, Cow::Borrowed(challenge.as_bytes())),
                (&CONTENT_TYPE, Cow::Borrowed(b"application/json")),
            ],
            body: Cow::Borrowed(br#"{"message":"Unauthorized"}"#),
        }
    }
}
