//! [`ValueText`]: a configured value, with its templates parsed.

use std::{fmt, iter, mem};

use super::variable::{InvalidVariable, Variable};

/// A value as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueText {
    Fixed(String),
    /// Rendered for each message.
    Template(Vec<Piece>),
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(String),
    Variable {
        variable: Variable,
        /// Used if the variable is missing or empty.
        default: Option<String>,
    },
}

/// Why a string is not a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidTemplate {
    Unclosed,
    Variable(InvalidVariable),
}

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => {
                f.write_str("has a \"$(\" without its \")\": write $$( for a literal $(")
            }
            Self::Variable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidTemplate {}

impl ValueText {
    /// Parses a value. `$(…)` is a variable, with a default after `|`. Before a `(`, two `$` mean
    /// one. Everywhere else a `$` is literal.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, from)) =
            rest.find('$').and_then(|index| rest.split_at_checked(index))
        {
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
                pieces.push(Piece::Literal(mem::take(&mut literal)));
            }
            let (variable, after) = inside.split_once(')').ok_or(InvalidTemplate::Unclosed)?;
            pieces.push(Piece::parse(variable)?);
            rest = after;
        }
        literal.push_str(rest);
        if pieces.is_empty() {
            return Ok(Self::Fixed(literal));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self::Template(pieces))
    }

    /// The names of the claims it uses.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = if let Self::Template(pieces) = self { pieces } else { &[] };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { variable: Variable::Claim(name), .. } => Some(name.as_str()),
            Piece::Variable { .. } | Piece::Literal(_) => None,
        })
    }
}

impl Piece {
    /// Parses the text between `$(` and `)`.
    fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let (variable, default) = match text.split_once('|') {
            // `||` of other languages would otherwise be a default that starts with `|`.
            Some((_, default)) if default.starts_with('|') => {
                return Err(InvalidTemplate::Variable(InvalidVariable::OtherDefault));
            }
            Some((variable, default)) => (variable, Some(default.trim().to_owned())),
            None => (text, None),
        };
        let variable = Variable::parse(variable.trim()).map_err(InvalidTemplate::Variable)?;
        Ok(Self::Variable { variable, default })
    }
}
