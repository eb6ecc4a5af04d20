//! Why a request is refused.

/// Why a request is refused. Operators see it as the decision; clients only with `verbose_errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing that looks like a token.
    NoToken,
    /// `Connection` names a header that tells who sends the request: whoever gets the request next
    /// would take that away (RFC 9110 section 7.6.1).
    ConnectionNamesIdentity,
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
    /// `typ` is none of those accepted.
    WrongType,
    /// `exp`, `nbf` or `iat` is no number.
    MalformedClaim,
    /// `exp`, `nbf` or `iat` is required and missing.
    MissingClaim,
    /// From `exp` on.
    Expired,
    /// Before `nbf`.
    NotYetValid,
    /// Before `iat`.
    IssuedInFuture,
    /// `exp` is further ahead than `maximum_expiration`.
    LifetimeTooLong,
    /// `iss` is none of the issuers.
    WrongIssuer,
    /// `aud` names none of the audiences.
    WrongAudience,
    /// `sub` is none of the subjects.
    WrongSubject,
    /// Its `jti` or `sub` is among the denied ones.
    Denied,
    /// A claim for a header or an attribute cannot be one.
    UnusableClaim,
    /// A required claim is missing or another.
    RequiredClaim,
    /// A required scope is missing.
    InsufficientScope,
    /// The issuer's keys have not come yet.
    KeysUnavailable,
}

/// What a refusal means to the client (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A token is needed.
    NoToken,
    /// No token would help.
    InvalidRequest,
    /// Another token is needed.
    InvalidToken,
    /// The token is good, but not for this.
    Forbidden,
    /// Whether it is good cannot be told now (RFC 9110 section 15.6.4).
    Unavailable,
}

impl Verdict {
    /// The status code.
    pub const fn status(self) -> u16 {
        match self {
            Verdict::NoToken | Verdict::InvalidToken => 401,
            Verdict::InvalidRequest => 400,
            Verdict::Forbidden => 403,
            Verdict::Unavailable => 503,
        }
    }

    /// The reason phrase of the status (RFC 9110 section 15.5).
    pub const fn title(self) -> &'static str {
        match self {
            Verdict::NoToken | Verdict::InvalidToken => "Unauthorized",
            Verdict::InvalidRequest => "Bad Request",
            Verdict::Forbidden => "Forbidden",
            Verdict::Unavailable => "Service Unavailable",
        }
    }
}

impl Refusal {
    /// Its name among the decisions.
    pub const fn reason(self) -> &'static str {
        match self {
            Refusal::NoToken => "no_token",
            Refusal::ConnectionNamesIdentity => "connection_names_identity",
            Refusal::RepeatedHeader => "repeated_header",
            Refusal::MultipleTokens => "multiple_tokens",
            Refusal::TokenTooLarge => "token_too_large",
            Refusal::MalformedToken => "malformed_token",
            Refusal::CriticalHeader => "critical_header",
            Refusal::UnknownKey => "unknown_key",
            Refusal::AlgorithmMismatch => "algorithm_mismatch",
            Refusal::BadSignature => "bad_signature",
            Refusal::WrongType => "wrong_type",
            Refusal::MalformedClaim => "malformed_claim",
            Refusal::MissingClaim => "missing_claim",
            Refusal::Expired => "expired",
            Refusal::NotYetValid => "not_yet_valid",
            Refusal::IssuedInFuture => "issued_in_future",
            Refusal::LifetimeTooLong => "lifetime_too_long",
            Refusal::WrongIssuer => "wrong_issuer",
            Refusal::WrongAudience => "wrong_audience",
            Refusal::WrongSubject => "wrong_subject",
            Refusal::Denied => "denied",
            Refusal::UnusableClaim => "unusable_claim",
            Refusal::RequiredClaim => "required_claim",
            Refusal::InsufficientScope => "insufficient_scope",
            Refusal::KeysUnavailable => "keys_unavailable",
        }
    }

    /// What it means to the client.
    pub const fn verdict(self) -> Verdict {
        match self {
            Refusal::NoToken => Verdict::NoToken,
            Refusal::ConnectionNamesIdentity => Verdict::InvalidRequest,
            Refusal::RequiredClaim | Refusal::InsufficientScope => Verdict::Forbidden,
            Refusal::KeysUnavailable => Verdict::Unavailable,
            _ => Verdict::InvalidToken,
        }
    }

    /// It for a developer: the words of Kong's plugin where that has some.
    pub fn description(self, key_claim_name: &str) -> String {
        let reason = match self {
            Refusal::NoToken => "Unauthorized",
            Refusal::ConnectionNamesIdentity => "Connection names an identity header",
            Refusal::RepeatedHeader => "Token header on more than one line",
            Refusal::MultipleTokens => "Multiple tokens provided",
            Refusal::TokenTooLarge => "Bad token; too large",
            Refusal::MalformedToken => "Bad token; malformed",
            Refusal::CriticalHeader => "Bad token; crit and b64 are not supported",
            Refusal::UnknownKey => {
                return format!("No credentials found for given '{key_claim_name}'");
            }
            Refusal::AlgorithmMismatch => "Invalid algorithm",
            Refusal::BadSignature => "Invalid signature",
            Refusal::WrongType => "typ not accepted",
            Refusal::MalformedClaim => "exp, nbf and iat must be numbers",
            Refusal::MissingClaim => "exp, nbf or iat missing",
            Refusal::Expired => "token expired",
            Refusal::NotYetValid => "token not valid yet",
            Refusal::IssuedInFuture => "token issued in the future",
            Refusal::LifetimeTooLong => "exceeds maximum allowed expiration",
            Refusal::WrongIssuer => "iss not accepted",
            Refusal::WrongAudience => "aud not accepted",
            Refusal::WrongSubject => "sub not accepted",
            Refusal::Denied => "token revoked",
            Refusal::UnusableClaim => "a claim cannot be passed on",
            Refusal::RequiredClaim => "a required claim is missing or another",
            Refusal::InsufficientScope => "a required scope is missing",
            Refusal::KeysUnavailable => "keys of the issuer not available yet",
        };
        reason.to_owned()
    }
}
