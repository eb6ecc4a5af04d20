//! The body of a refusal, in the form that the API's clients know.

use serde::Deserialize;

use crate::{BuildContext, Json};

/// The form of the body of a refusal.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
pub enum ErrorFormat {
    /// `{"message": …}`, as Kong's plugins.
    #[default]
    #[serde(rename = "kong")]
    Kong,
    /// RFC 9457.
    #[serde(rename = "problem+json")]
    Problem,
    /// As `error_template` says.
    #[serde(rename = "template")]
    Template,
}

/// Makes bodies.
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

/// What a body says. Texts are the inside of JSON strings, escapes and all.
#[derive(Clone, Copy, Debug)]
pub struct ProblemDetails<'a> {
    /// The status code.
    pub status: u16,
    /// `type` of RFC 9457: a URI, or `about:blank`.
    pub kind: &'a str,
    /// What is wrong, always the same for the type.
    pub title: &'a str,
    /// What is wrong this time.
    pub detail: Option<&'a str>,
    /// Further members of an RFC 9457 body: `,"name":value` each.
    pub members: &'a str,
}

const JSON: &[u8] = b"application/json; charset=utf-8";
const PROBLEM_JSON: &[u8] = b"application/problem+json";

impl ErrorBody {
    /// The form that the fields `error_format` and `error_template` give.
    pub fn new(format: ErrorFormat, template: Option<&str>, cx: &mut BuildContext<'_>) -> Self {
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
                let any =
                    ProblemDetails { status: 400, kind: "", title: "x", detail: None, members: "" };
                let (_, example) = body.render(&any);
                if template.is_some() && Json::parse(example.as_bytes()).is_err() {
                    let message = "must become JSON with $status a number and $message the inside \
                                   of a string: {\"code\": $status, \"message\": \"$message\"}";
                    cx.fault("error_template", message);
                }
                body
            }
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
