//! Values made from the request: `user-$(claims.user | nobody)`.

use std::{fmt, iter, mem};

use novasphere_core::{Env, RequestHead, encode_query_param, header_value};

use crate::input::{Input, InvalidInput};

/// A value as it was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// Always the same.
    Fixed(String),
    /// Made anew for each message.
    Made(Vec<Piece>),
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Input {
        input: Input,
        /// For when it is missing.
        default: Option<String>,
    },
}

/// Why a text is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidTemplate {
    Unclosed,
    Input(InvalidInput),
}

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => f.write_str(
                "has a template without its \")\"; if $( is to stand there itself, write $$(",
            ),
            Self::Input(error) => error.fmt(f),
        }
    }
}

/// Takes a text apart. `$(…)` is an input, with a default behind `|`. Before a `(`, two `$` stand for
/// one; anywhere else a `$` is a `$`.
pub(crate) fn parse(text: &str) -> Result<Text, InvalidTemplate> {
    let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
    while let Some((before, from)) = rest.find('$').and_then(|at| rest.split_at_checked(at)) {
        literal.push_str(before);
        let after = from.trim_start_matches('$');
        let dollars = from.len().saturating_sub(after.len());
        let Some(inside) = after.strip_prefix('(') else {
            literal.extend(iter::repeat_n('$', dollars));
            rest = after;
            continue;
        };
        literal.extend(iter::repeat_n('$', dollars / 2));
        if dollars % 2 == 0 {
            literal.push('(');
            rest = inside;
            continue;
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(mem::take(&mut literal)));
        }
        let (input, behind) = inside.split_once(')').ok_or(InvalidTemplate::Unclosed)?;
        pieces.push(self::input(input)?);
        rest = behind;
    }
    literal.push_str(rest);
    if pieces.is_empty() {
        return Ok(Text::Fixed(literal));
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(Text::Made(pieces))
}

fn input(text: &str) -> Result<Piece, InvalidTemplate> {
    let (input, default) = match text.split_once('|') {
        Some((input, default)) => (input, Some(default.trim().to_owned())),
        None => (text, None),
    };
    let input = Input::parse(input.trim()).map_err(InvalidTemplate::Input)?;
    Ok(Piece::Input { input, default })
}

/// A value, ready.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Fixed(Vec<u8>),
    /// Its place among the templates.
    Made(usize),
}

/// A value to be made.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    form: Form,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Into a field line.
    Field,
    /// Into the query, percent-encoded.
    Param,
}

/// Why a value was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmade {
    /// An input is missing and has no default, or there is nothing in all of them.
    Missing,
    /// It would hold what may not stand there, or be too long.
    Invalid,
}

impl Unmade {
    pub(crate) const MISSING: &'static str = "input_missing";
    pub(crate) const INVALID: &'static str = "value_invalid";

    fn event(self) -> &'static str {
        match self {
            Unmade::Missing => Self::MISSING,
            Unmade::Invalid => Self::INVALID,
        }
    }
}

/// The longest value made, in bytes as sent. Upstreams often refuse heads beyond 8 KiB.
const MAX_BYTES: usize = 4096;

/// Fixed text comes ready, templates are kept in a list of their own.
pub(crate) fn compile(text: Text, form: Form, templates: &mut Vec<Template>) -> Value {
    let ready = |text: String| match form {
        Form::Field => text,
        Form::Param => encode_query_param(text.as_bytes()).collect(),
    };
    match text {
        Text::Fixed(text) => Value::Fixed(ready(text).into_bytes()),
        Text::Made(mut pieces) => {
            for piece in &mut pieces {
                match piece {
                    Piece::Text(text) | Piece::Input { default: Some(text), .. } => {
                        *text = ready(mem::take(text));
                    }
                    Piece::Input { default: None, .. } => {}
                }
            }
            templates.push(Template { pieces, form });
            Value::Made(templates.len().saturating_sub(1))
        }
    }
}

impl Template {
    /// The inputs it asks for.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Input { input, .. } => Some(input),
            Piece::Text(_) => None,
        })
    }

    /// The value for a request. All of it or nothing: half a template may say something else. What
    /// cannot be made is counted.
    pub(crate) fn fill(&self, head: &RequestHead<'_>, env: &Env<'_>) -> Option<Vec<u8>> {
        self.make(head, env).map_err(|unmade| env.metrics.count(unmade.event())).ok()
    }

    fn make(&self, head: &RequestHead<'_>, env: &Env<'_>) -> Result<Vec<u8>, Unmade> {
        let mut value = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => value.extend_from_slice(text.as_bytes()),
                Piece::Input { input, default } => match (input.of(head, env), default) {
                    (Some(found), _) => self.form.push(&mut value, &found)?,
                    (None, Some(default)) => value.extend_from_slice(default.as_bytes()),
                    (None, None) => return Err(Unmade::Missing),
                },
            }
            if value.len() > MAX_BYTES {
                return Err(Unmade::Invalid);
            }
        }
        // White space around a value is not part of it (RFC 9110 section 5.5).
        if self.form == Form::Field {
            value = header_value(&value).map_err(|_| Unmade::Invalid)?.to_vec();
        }
        if value.is_empty() { Err(Unmade::Missing) } else { Ok(value) }
    }
}

impl Form {
    /// Adds what came from outside: no control characters, which would end the line (RFC 9110 section
    /// 5.5) or the upstream's when it decodes them; in a header US-ASCII only, because what other
    /// bytes mean there is nobody's word.
    fn push(self, value: &mut Vec<u8>, input: &[u8]) -> Result<(), Unmade> {
        if input.len() > MAX_BYTES || input.iter().any(|b| *b != b'\t' && b.is_ascii_control()) {
            return Err(Unmade::Invalid);
        }
        match self {
            Form::Field if input.is_ascii() => value.extend_from_slice(input),
            Form::Field => return Err(Unmade::Invalid),
            Form::Param => value.extend(encode_query_param(input).flat_map(str::bytes)),
        }
        Ok(())
    }
}
