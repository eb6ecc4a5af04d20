//! What the sender of a refused request gets: challenge and body.

use std::borrow::Cow;

use novasphere_core::{ConfigErrors, HeaderName, Json, Reply};

use crate::{
    config::{Config, ErrorFormat},
    refusal::{Refusal, Verdict},
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
    format: Format,
    /// Whether the reason is told.
    verbose: bool,
    key_claim_name: String,
}

#[derive(Debug)]
enum Format {
    Kong,
    Problem,
    Template(Vec<Piece>),
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Status,
    Message,
}

impl Answers {
    /// `scope` is the attribute of that name, if scopes are required.
    pub fn new(config: &Config, scope: Option<String>, errors: &mut ConfigErrors) -> Self {
        let quotable = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        match config.realm.as_deref() {
            Some("") => errors.add("realm", "is empty; leave it out for none"),
            Some(realm) if !realm.bytes().all(quotable) => {
                let message = format!("{realm:?} must be printable ASCII without \" and \\");
                errors.add("realm", message);
            }
            _ => {}
        }
        Self {
            realm: config.realm.clone(),
            scope,
            format: Format::new(config, errors),
            verbose: config.verbose_errors,
            key_claim_name: config.key_claim_name.clone(),
        }
    }

    /// The answer to a refused request.
    pub fn reply(&self, refusal: Refusal) -> Reply<'_> {
        let reason = self.verbose.then(|| quotable(&refusal.reason(&self.key_claim_name)));
        let (content_type, body) = self.format.body(refusal.verdict(), reason.as_deref());
        let telling = match refusal.verdict() {
            Verdict::Unavailable => (&RETRY_AFTER, Cow::Borrowed(RETRY_AFTER_SECONDS)),
            _ => {
                let challenge = self.challenge(refusal, reason.as_deref());
                (&WWW_AUTHENTICATE, Cow::Owned(challenge.into_bytes()))
            }
        };
        Reply {
            status: refusal.verdict().status(),
            headers: vec![telling, (&CONTENT_TYPE, Cow::Borrowed(content_type))],
            body: Cow::Owned(body.into_bytes()),
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

impl Format {
    fn new(config: &Config, errors: &mut ConfigErrors) -> Self {
        let template = config.error_template.as_deref();
        match (config.error_format, template) {
            (ErrorFormat::Template, None) => {
                errors.add("error_template", "is required with error_format: template");
            }
            (ErrorFormat::Kong | ErrorFormat::Problem, Some(_)) => {
                errors.add("error_template", "needs error_format: template");
            }
            _ => {}
        }
        match config.error_format {
            ErrorFormat::Kong => Format::Kong,
            ErrorFormat::Problem => Format::Problem,
            ErrorFormat::Template => {
                let format = Format::Template(pieces(template.unwrap_or_default()));
                let (_, body) = format.body(Verdict::NoToken, None);
                if template.is_some() && Json::parse(body.as_bytes()).is_err() {
                    let message = "must become JSON with $status a number and $message the inside \
                                   of a string: {\"code\": $status, \"message\": \"$message\"}";
                    errors.add("error_template", message);
                }
                format
            }
        }
    }

    /// The media type and the body. `reason` needs no escapes.
    fn body(&self, verdict: Verdict, reason: Option<&str>) -> (&'static [u8], String) {
        let (status, title) = (verdict.status(), verdict.title());
        let message = reason.unwrap_or(title);
        match self {
            Format::Kong => (b"application/json", format!(r#"{{"message":"{message}"}}"#)),
            Format::Problem => {
                let detail = reason.map(|reason| format!(r#","detail":"{reason}""#));
                let detail = detail.unwrap_or_default();
                let body = format!(
                    r#"{{"type":"about:blank","title":"{title}","status":{status}{detail}}}"#
                );
                (b"application/problem+json", body)
            }
            Format::Template(pieces) => {
                let status = status.to_string();
                let text = |piece| match piece {
                    &Piece::Status => status.as_str(),
                    Piece::Message => message,
                    Piece::Text(text) => text,
                };
                (b"application/json", pieces.iter().map(text).collect())
            }
        }
    }
}

/// `$status` and `$message` stand for something; any other `$` is one.
fn pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (i, part) in template.split('$').enumerate() {
        let text = match part {
            _ if i == 0 => part.to_owned(),
            _ => {
                let named = [("status", Piece::Status), ("message", Piece::Message)];
                let found = named.into_iter().find_map(|(n, p)| Some((p, part.strip_prefix(n)?)));
                match found {
                    Some((piece, rest)) => {
                        pieces.push(piece);
                        rest.to_owned()
                    }
                    None => format!("${part}"),
                }
            }
        };
        pieces.push(Piece::Text(text));
    }
    pieces
}
