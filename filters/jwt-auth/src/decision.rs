//! The reasons of a decision, which operators see as the metric label `decision`.

use novasphere_core::metric_names;

metric_names! {
    /// Why a request passes.
    pub(crate) enum PassReason {
        /// The token is valid.
        Allowed => "allowed",
        /// `run_on_preflight` exempts CORS preflights.
        Preflight => "preflight",
        /// An entry of `skip`, or a rule with `skip`, applies.
        Skipped => "skipped",
        /// The request has no token, and `optional` allows that.
        Optional => "optional",
        /// The request has no valid token and passes as the anonymous consumer.
        Anonymous => "anonymous",
    }
}

metric_names! {
    /// Why a request is rejected. Clients see it only with `verbose_errors`.
    pub(crate) enum Refusal {
        /// No token.
        NoToken => "no_token",
        /// `Connection` names an identity header, so the next hop would drop it (RFC 9110 section
        /// 7.6.1).
        ConnectionNamesIdentity => "connection_names_identity",
        /// Servers could match the path, or a method in lower case, to different rules.
        AmbiguousPath => "ambiguous_path",
        /// The header of a rule on more than one line: servers could match it to different rules.
        AmbiguousHeader => "ambiguous_header",
        /// A token header on more than one line.
        RepeatedHeader => "repeated_header",
        /// Different tokens.
        MultipleTokens => "multiple_tokens",
        /// Longer than `max_token_bytes`.
        TokenTooLarge => "token_too_large",
        /// Not a compact serialization of two JSON objects without duplicate members.
        MalformedToken => "malformed_token",
        /// A `crit` or `b64` header.
        CriticalHeader => "critical_header",
        /// No credential and no issuer has the value of the claim `key_claim_name`.
        UnknownIssuer => "unknown_issuer",
        /// The `alg` is not one that the issuer's keys may have.
        AlgorithmNotAllowed => "algorithm_not_allowed",
        /// No key of the issuer has the `kid`.
        UnknownKid => "unknown_kid",
        /// The key with the `kid` is for another `alg`.
        AlgorithmMismatch => "algorithm_mismatch",
        /// No key verifies the signature.
        BadSignature => "bad_signature",
        /// `typ` is not accepted.
        WrongType => "wrong_type",
        /// `exp`, `nbf` or `iat` is not a number.
        MalformedClaim => "malformed_claim",
        /// `exp`, `nbf` or `iat` is required and missing.
        MissingClaim => "missing_claim",
        /// The time is at or after `exp`.
        Expired => "expired",
        /// The time is before `nbf`.
        NotYetValid => "not_yet_valid",
        /// The time is before `iat`.
        IssuedInFuture => "issued_in_future",
        /// `exp` is further in the future than `maximum_expiration`.
        LifetimeTooLong => "lifetime_too_long",
        /// `iss` is not accepted.
        WrongIssuer => "wrong_issuer",
        /// `aud` is not accepted.
        WrongAudience => "wrong_audience",
        /// `sub` is not accepted.
        WrongSubject => "wrong_subject",
        /// `jti` or `sub` is denied.
        Denied => "denied",
        /// A claim cannot become a header or an attribute.
        UnusableClaim => "unusable_claim",
        /// A required claim is missing or has another value.
        RequiredClaim => "required_claim",
        /// A required scope is missing.
        InsufficientScope => "insufficient_scope",
        /// The issuer's keys are not available yet.
        KeysUnavailable => "keys_unavailable",
    }
}

/// All reasons.
pub(crate) const REASONS: &[&str] = &{
    let mut names = [""; PassReason::NAMES.len() + Refusal::NAMES.len()];
    let (pass, refusal) = names.split_at_mut(PassReason::NAMES.len());
    pass.copy_from_slice(PassReason::NAMES);
    refusal.copy_from_slice(Refusal::NAMES);
    names
};

/// The meaning of a refusal to the client (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalClass {
    /// The request needs a token.
    NoToken,
    /// The request is invalid with any token.
    InvalidRequest,
    /// The token is not valid.
    InvalidToken,
    /// The token is valid but grants too little.
    Forbidden,
    /// The filter cannot verify the token yet (RFC 9110 section 15.6.4).
    Unavailable,
}

impl Refusal {
    /// The meaning of the refusal to the client.
    pub(crate) const fn class(self) -> RefusalClass {
        match self {
            Self::NoToken => RefusalClass::NoToken,
            Self::ConnectionNamesIdentity | Self::AmbiguousPath | Self::AmbiguousHeader => {
                RefusalClass::InvalidRequest
            }
            Self::RequiredClaim | Self::InsufficientScope => RefusalClass::Forbidden,
            Self::KeysUnavailable => RefusalClass::Unavailable,
            _ => RefusalClass::InvalidToken,
        }
    }
}
