//! [`Template`]: a value to render.

use std::mem;

use novasphere_core::{
    Env, RequestHead, encode_non_ascii, encode_query_param, header_value,
    trace::{self, Note},
};

use super::{
    text::{Piece, ValueText},
    variable::Variable,
};
use crate::metrics::Event;

/// Maximum length of a rendered value in bytes, as sent. Upstreams often refuse heads beyond 8 KiB.
const MAX_BYTES: usize = 4096;

/// A compiled value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Fixed(Vec<u8>),
    /// An index into the list of templates.
    Template(usize),
}

/// A value to render.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    destination: Destination,
}

/// The part of a message that gets a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Header,
    /// The value is percent-encoded.
    Query,
}

/// Why a value was not rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RenderError {
    /// A variable is missing and has no default, or the value is empty.
    Missing,
    /// The value would be too long, or would have a character that is not allowed.
    Invalid,
}

impl RenderError {
    const fn event(self) -> Event {
        match self {
            RenderError::Missing => Event::InputMissing,
            RenderError::Invalid => Event::ValueInvalid,
        }
    }
}

/// Compiles a value. A template goes to the end of `templates`.
pub(crate) fn compile(
    text: ValueText,
    destination: Destination,
    templates: &mut Vec<Template>,
) -> Value {
    match text {
        ValueText::Fixed(text) => Value::Fixed(destination.encode(text).into_bytes()),
        ValueText::Template(mut pieces) => {
            for piece in &mut pieces {
                match piece {
                    Piece::Literal(text) | Piece::Variable { default: Some(text), .. } => {
                        *text = destination.encode(mem::take(text));
                    }
                    Piece::Variable { default: None, .. } => {}
                }
            }
            templates.push(Template { pieces, destination });
            Value::Template(templates.len().saturating_sub(1))
        }
    }
}

impl Template {
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { variable, .. } => Some(variable),
            Piece::Literal(_) => None,
        })
    }

    /// The value for a request. Counts an event and returns `None` if there is none: part of a value
    /// could have another meaning.
    pub(crate) fn render_or_count(&self, head: &RequestHead<'_>, env: &Env<'_>) -> Option<Vec<u8>> {
        let rendered = self.render(head, env);
        trace::notes(|| self.notes(&rendered));
        rendered.map_err(|error| env.metrics.count(error.event().name())).ok()
    }

    /// The note about a value that cannot be rendered.
    fn notes(&self, rendered: &Result<Vec<u8>, RenderError>) -> Vec<Note> {
        let found = match rendered {
            Ok(_) => return Vec::new(),
            Err(RenderError::Missing) => "a variable is missing, so nothing is sent",
            Err(RenderError::Invalid) => "the value is invalid or too long, so it is not sent",
        };
        let variables: Vec<String> = self.variables().map(ToString::to_string).collect();
        vec![Note::new(format!("value of {}", variables.join(" "))).found(found).matches(false)]
    }

    fn render(&self, head: &RequestHead<'_>, env: &Env<'_>) -> Result<Vec<u8>, RenderError> {
        let mut value = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => value.extend_from_slice(text.as_bytes()),
                Piece::Variable { variable, default } => {
                    match (variable.resolve(head, env), default) {
                        (Some(found), _) => self.destination.push(&mut value, variable, &found)?,
                        (None, Some(default)) => value.extend_from_slice(default.as_bytes()),
                        (None, None) => return Err(RenderError::Missing),
                    }
                }
            }
            if value.len() > MAX_BYTES {
                return Err(RenderError::Invalid);
            }
        }
        // White space around a value is not part of it (RFC 9110 section 5.5).
        if self.destination == Destination::Header {
            value = header_value(&value).map_err(|_| RenderError::Invalid)?.to_vec();
        }
        if value.is_empty() { Err(RenderError::Missing) } else { Ok(value) }
    }
}

impl Destination {
    /// Encodes a configured text.
    fn encode(self, text: String) -> String {
        match self {
            Destination::Header => text,
            Destination::Query => encode_query_param(text.as_bytes()).collect(),
        }
    }

    /// Appends a resolved variable to `value`.
    ///
    /// Control characters are invalid: they would end the line (RFC 9110 section 5.5), or a line of
    /// the upstream when it decodes them. In headers, bytes outside US-ASCII are invalid, since
    /// their encoding is undefined. A segment of the path has them percent-encoded, as in the path.
    /// Since its other characters never include `%`, the result is unambiguous.
    fn push(
        self,
        value: &mut Vec<u8>,
        variable: &Variable,
        resolved: &[u8],
    ) -> Result<(), RenderError> {
        let is_control = |b: &u8| *b != b'\t' && b.is_ascii_control();
        if resolved.len() > MAX_BYTES || resolved.iter().any(is_control) {
            return Err(RenderError::Invalid);
        }
        match self {
            Destination::Header if resolved.is_ascii() => value.extend_from_slice(resolved),
            Destination::Header if matches!(variable, Variable::Segment(_)) => {
                value.extend(encode_non_ascii(resolved).flat_map(str::bytes));
            }
            Destination::Header => return Err(RenderError::Invalid),
            Destination::Query => value.extend(encode_query_param(resolved).flat_map(str::bytes)),
        }
        Ok(())
    }
}
