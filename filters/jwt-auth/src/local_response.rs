//! What the sender of a refused request gets: challenge and body.

use std::borrow::Cow;

use novasphere_core::{BuildContext, ErrorBody, HeaderName, LocalResponse, ProblemDetails};

use crate::{
    config::Config,
    decision::{Refusal, Verdict},
};

static WWW_AUTHENTICATE: HeaderName = HeaderName::from_static("www-authenticate");
static RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");
static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// When keys that have not come are likely to be there, or the next try to fetch them is over.
const RETRY_AFTER_SECONDS: &[u8] = b"5";

/// Makes the answers.
#[derive(Debug)]
pub(crate) struct Answers {
    realm: Option<String>,
    /// The `scope` attribute.
    scope: Option<String>,
    body: ErrorBody,
    /// Whether the reason is told.
    verbose: bool,
    key_claim_name: String,
}

impl Answers {
    /// `scope` is the attribute of that name, if scopes are required.
    pub fn new(config: &Config, scope: Option<String>, cx: &mut BuildContext<'_>) -> Self {
        let quotable = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        match config.realm.as_deref() {
            Some("") => cx.fault("realm", "is empty; leave it out for none"),
            Some(realm) if !realm.bytes().all(quotable) => {
                let message = format!("{realm:?} must be printable ASCII without \" and \\");
                cx.fault("realm", message);
            }
            _ => {}
        }
        Self {
            realm: config.realm.clone(),
            scope,
            body: ErrorBody::new(config.error_format, config.error_template.as_deref(), cx),
            verbose: config.verbose_errors,
            key_claim_name: config.key_claim_name.clone(),
        }
    }

    /// The answer to a refused request.
    pub fn response(&self, refusal: Refusal) -> LocalResponse<'_> {
        let reason = self.verbose.then(|| quotable(&refusal.description(&self.key_claim_name)));
        let problem = ProblemDetails {
            status: refusal.verdict().status(),
            kind: "about:blank",
            title: refusal.verdict().title(),
            detail: reason.as_deref(),
            members: "",
        };
        let (content_type, body) = self.body.render(&problem);
        let telling = match refusal.verdict() {
            Verdict::Unavailable => (&RETRY_AFTER, Cow::Borrowed(RETRY_AFTER_SECONDS)),
            _ => {
                let challenge = self.challenge(refusal, reason.as_deref());
                (&WWW_AUTHENTICATE, Cow::Owned(challenge.into_bytes()))
            }
        };
        LocalResponse {
            status: refusal.verdict().status(),
            headers: vec![telling, (&CONTENT_TYPE, Cow::Borrowed(content_type))],
            body: Cow::Owned(body.into_bytes()),
            grpc_status: None,
        }
    }

    /// The challenge of RFC 6750 section 3. Without a token, it has no error (section 3.1).
    fn challenge(&self, refusal: Refusal, reason: Option<&str>) -> String {
        let error = match refusal.verdict() {
            Verdict::NoToken | Verdict::Unavailable => None,
            Verdict::InvalidRequest => Some("invalid_request"),
            Verdict::InvalidToken => Some("invalid_token"),
            Verdict::Forbidden => Some("insufficient_scope"),
        };
        let scope = self.scope.as_deref().filter(|_| refusal == Refusal::InsufficientScope);
        let parameters = [
            ("realm", self.realm.as_deref()),
            ("error", error),
            ("error_description", error.and(reason)),
            ("scope", scope),
        ];
        let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let list: Vec<String> = given.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        if list.is_empty() { "Bearer".to_owned() } else { format!("Bearer {}", list.join(", ")) }
    }
}

/// What an `error_description` may hold (RFC 6750 section 3), and a JSON string too as it is.
fn quotable(reason: &str) -> String {
    reason
        .chars()
        .map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '?' })
        .collect()
}
