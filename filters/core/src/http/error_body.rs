//! [`ErrorBody`]: the bodies of local responses, in the format that the API's clients expect.

use serde::Deserialize;

use crate::{BuildContext, Json, with_separators};

/// The format of error bodies.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
pub enum ErrorFormat {
    /// `{"message": …}`, like Kong's plugins.
    #[default]
    #[serde(rename = "kong")]
    Kong,
    /// Problem details (RFC 9457).
    #[serde(rename = "problem+json")]
    Problem,
    /// The format of `error_template`.
    #[serde(rename = "template")]
    Template,
}

/// Renders error bodies in the configured format.
///
/// ```
/// use novasphere_core::{BuildContext, ConfigErrors, ErrorBody, ErrorFormat, ProblemDetails};
/// use novasphere_core::testing::TestHost;
///
/// let host = TestHost::default();
/// let mut cx = BuildContext::new(&host, ConfigErrors::default());
/// let template = Some(r#"{"code": $status, "error": "$message"}"#);
/// let body = ErrorBody::new(ErrorFormat::Template, template, 8, &mut cx);
/// let problem = ProblemDetails {
///     status: 401,
///     kind: "about:blank",
///     title: "No token",
///     detail: None,
///     members: "",
/// };
/// assert_eq!(body.render(&problem).1, r#"{"code": 401, "error": "No token"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct ErrorBody(Form);

#[derive(Clone, Debug)]
enum Form {
    Kong,
    Problem,
    Template(Vec<Piece>),
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Status,
    Message,
}

/// The content of an error body (RFC 9457). Texts are the inside of JSON strings, already escaped.
#[derive(Clone, Copy, Debug)]
pub struct ProblemDetails<'a> {
    /// The status code.
    pub status: u16,
    /// `type`: a URI, or `about:blank`.
    pub kind: &'a str,
    /// `title`: the problem, the same for every occurrence of the type.
    pub title: &'a str,
    /// `detail`: this occurrence of the problem.
    pub detail: Option<&'a str>,
    /// Further members, each as `,"name":value`. Only problem details contain them.
    pub members: &'a str,
}

const JSON: &[u8] = b"application/json; charset=utf-8";
const PROBLEM_JSON: &[u8] = b"application/problem+json";

impl ErrorBody {
    /// The format given by the fields `error_format` and `error_template`. `max_message` is the
    /// maximum size of a message in bytes.
    #[cold]
    pub fn new(
        format: ErrorFormat,
        template: Option<&str>,
        max_message: usize,
        cx: &mut BuildContext<'_>,
    ) -> Self {
        match (format, template) {
            (ErrorFormat::Template, None) => {
                cx.fault("error_template", "is required with error_format: template");
            }
            (ErrorFormat::Kong | ErrorFormat::Problem, Some(_)) => {
                cx.fault("error_template", "needs error_format: template");
            }
            _ => {}
        }
        match format {
            ErrorFormat::Kong => Self(Form::Kong),
            ErrorFormat::Problem => Self(Form::Problem),
            ErrorFormat::Template => {
                let body = Self(Form::Template(pieces(template.unwrap_or_default())));
                if template.is_some() {
                    body.check_template(max_message, cx);
                }
                body
            }
        }
    }

    /// Checks the longest body of a template.
    #[cold]
    fn check_template(&self, max_message: usize, cx: &mut BuildContext<'_>) {
        let title = &"x".repeat(max_message);
        let longest = ProblemDetails { status: 400, kind: "", title, detail: None, members: "" };
        let (_, longest) = self.render(&longest);
        if Json::parse(longest.as_bytes()).is_err() {
            let message = "must be JSON after $status becomes a number and $message the inside of \
                           a string, as in {\"code\": $status, \"message\": \"$message\"}";
            cx.fault("error_template", message);
        }
        let size = longest.len();
        if let Some(max) = cx.max_body_bytes().filter(|max| size > *max) {
            let bytes = |size| with_separators(u64::try_from(size).unwrap_or(u64::MAX));
            let (max, size) = (bytes(max), bytes(size));
            let message = format!(
                "the body may have at most {max} bytes on this proxy, got {size} with the longest \
                 $message ({max_message} bytes); shorten the template"
            );
            cx.fault("error_template", message);
        }
    }

    /// The media type and the body.
    pub fn render(&self, problem: &ProblemDetails<'_>) -> (&'static [u8], String) {
        let ProblemDetails { status, kind, title, detail, members } = *problem;
        let message = detail.unwrap_or(title);
        match &self.0 {
            Form::Kong => (JSON, format!(r#"{{"message":"{message}"}}"#)),
            Form::Problem => {
                let detail = detail.map(|detail| format!(r#","detail":"{detail}""#));
                let detail = detail.unwrap_or_default();
                let body = format!(
                    r#"{{"type":"{kind}","title":"{title}","status":{status}{detail}{members}}}"#
                );
                (PROBLEM_JSON, body)
            }
            Form::Template(pieces) => {
                let status = status.to_string();
                let text = |piece| match piece {
                    &Piece::Status => status.as_str(),
                    Piece::Message => message,
                    Piece::Text(text) => text,
                };
                (JSON, pieces.iter().map(text).collect())
            }
        }
    }
}

/// Splits a template at `$status` and `$message`. Any other `$` is text.
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
