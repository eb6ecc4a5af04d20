//! Refusals as responses: status, challenge and body.

use std::{borrow::Cow, fmt};

use novasphere_core::{ErrorBody, HeaderName, LocalResponse, ProblemDetails};

use crate::{
    decision::{Refusal, RefusalClass},
    rejection::{MORE, Rejection},
    rules::scope::Scopes,
};

static WWW_AUTHENTICATE: HeaderName = HeaderName::from_static("www-authenticate");
static RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");
static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// The keys are likely to be available by then, or the next fetch has failed.
const RETRY_AFTER_SECONDS: &[u8] = b"5";

/// Maximum size of a reason in bytes. Only long names in the configuration or in a token exceed it.
pub(crate) const MAX_REASON_BYTES: usize = 512;

/// The size of the longest [`title`] in bytes.
pub(crate) const MAX_TITLE_BYTES: usize = "Service Unavailable".len();

/// Renders refusals.
#[derive(Debug)]
pub(crate) struct RefusalResponses {
    /// Checked with [`check_realm`].
    pub(crate) realm: Option<String>,
    pub(crate) body: ErrorBody,
    /// Whether the client gets the reason.
    pub(crate) verbose: bool,
    pub(crate) key_claim_name: String,
}

/// Why a string cannot be a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidRealm {
    Empty,
    /// Contains a character that is not printable ASCII, or needs an escape in a quoted string.
    Characters,
}

impl fmt::Display for InvalidRealm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "must not be empty; omit it for no realm",
            Self::Characters => "must be printable ASCII without \" and \\",
        })
    }
}

impl std::error::Error for InvalidRealm {}

/// Checks a realm.
pub(crate) fn check_realm(realm: &str) -> Result<(), InvalidRealm> {
    if realm.is_empty() {
        Err(InvalidRealm::Empty)
    } else if !realm.chars().all(is_quotable) {
        Err(InvalidRealm::Characters)
    } else {
        Ok(())
    }
}

impl RefusalResponses {
    /// The response to a rejected request that requires `scopes`.
    pub(crate) fn render(
        &self,
        rejection: &Rejection,
        scopes: Option<&Scopes>,
    ) -> LocalResponse<'_> {
        let refusal = rejection.refusal;
        let class = refusal.class();
        let reason = self.verbose.then(|| self.reason(rejection));
        let problem = ProblemDetails {
            status: status(class),
            kind: "about:blank",
            title: title(class),
            detail: reason.as_deref(),
            members: "",
        };
        let (content_type, body) = self.body.render(&problem);
        let header = if class == RefusalClass::Unavailable {
            (&RETRY_AFTER, Cow::Borrowed(RETRY_AFTER_SECONDS))
        } else {
            let challenge = self.challenge(refusal, reason.as_deref(), scopes);
            (&WWW_AUTHENTICATE, Cow::Owned(challenge.into_bytes()))
        };
        LocalResponse {
            status: status(class),
            headers: vec![header, (&CONTENT_TYPE, Cow::Borrowed(content_type))],
            body: Cow::Owned(body.into_bytes()),
            grpc_status: None,
            message: reason.map_or(Cow::Borrowed(title(class)), Cow::Owned),
            rate_limited: false,
        }
    }

    /// The reason for a developer: the refusal, and the actual value. At most [`MAX_REASON_BYTES`]
    /// bytes.
    fn reason(&self, rejection: &Rejection) -> String {
        let text = description(rejection.refusal, &self.key_claim_name);
        let found = rejection.found();
        let mut reason =
            quotable(&if found.is_empty() { text } else { format!("{text}: {found}") });
        if reason.len() > MAX_REASON_BYTES {
            reason.truncate(MAX_REASON_BYTES - MORE.len());
            reason.push_str(MORE);
        }
        reason
    }

    /// The challenge (RFC 6750 section 3). Without a token it has no `error` (section 3.1).
    fn challenge(&self, refusal: Refusal, reason: Option<&str>, scopes: Option<&Scopes>) -> String {
        let error = match refusal.class() {
            RefusalClass::NoToken | RefusalClass::Unavailable => None,
            RefusalClass::InvalidRequest => Some("invalid_request"),
            RefusalClass::InvalidToken => Some("invalid_token"),
            RefusalClass::Forbidden => Some("insufficient_scope"),
        };
        let scopes = scopes.filter(|_| refusal == Refusal::InsufficientScope);
        let scope = scopes.map(Scopes::challenge_attribute);
        let parameters = [
            ("realm", self.realm.as_deref()),
            ("error", error),
            ("error_description", error.and(reason)),
            ("scope", scope.as_deref()),
        ];
        let present = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let list: Vec<String> =
            present.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        if list.is_empty() { "Bearer".to_owned() } else { format!("Bearer {}", list.join(", ")) }
    }
}

const fn status(class: RefusalClass) -> u16 {
    match class {
        RefusalClass::NoToken | RefusalClass::InvalidToken => 401,
        RefusalClass::InvalidRequest => 400,
        RefusalClass::Forbidden => 403,
        RefusalClass::Unavailable => 503,
    }
}

/// The reason phrase of the status (RFC 9110 section 15).
const fn title(class: RefusalClass) -> &'static str {
    match class {
        RefusalClass::NoToken | RefusalClass::InvalidToken => "Unauthorized",
        RefusalClass::InvalidRequest => "Bad Request",
        RefusalClass::Forbidden => "Forbidden",
        RefusalClass::Unavailable => "Service Unavailable",
    }
}

/// The reason for a developer, in the words of Kong's plugin where it has the same refusal.
fn description(refusal: Refusal, key_claim_name: &str) -> String {
    let text = match refusal {
        Refusal::NoToken => "Unauthorized",
        Refusal::ConnectionNamesIdentity => "Connection names an identity header",
        Refusal::AmbiguousPath => "Servers could match the path or the method to different rules",
        Refusal::AmbiguousHeader => "Header of a rule on more than one line",
        Refusal::RepeatedHeader => "Header on more than one line",
        Refusal::MultipleTokens => "Multiple tokens provided",
        Refusal::TokenTooLarge => "Bad token; too large",
        Refusal::MalformedToken => "Bad token; malformed",
        Refusal::CriticalHeader => "Bad token; crit and b64 are not supported",
        Refusal::UnknownIssuer => {
            return format!("No credentials found for given '{key_claim_name}'");
        }
        Refusal::UnknownKid => "No key found for given 'kid'",
        Refusal::AlgorithmNotAllowed | Refusal::AlgorithmMismatch => "Invalid algorithm",
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
        Refusal::RequiredClaim => "a required claim is missing or has another value",
        Refusal::InsufficientScope => "a required scope is missing",
        Refusal::KeysUnavailable => "keys of the issuer not available yet",
    };
    text.to_owned()
}

/// Replaces characters that `error_description` does not allow (RFC 6750 section 3). The result
/// needs no escape in a JSON string either.
fn quotable(text: &str) -> String {
    text.chars().map(|c| if is_quotable(c) { c } else { '?' }).collect()
}

fn is_quotable(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\\')
}
