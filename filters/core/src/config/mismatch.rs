//! Why a value does not match its field, in terms that users know.

use std::fmt;

use serde::de::{self, Unexpected};
use serde_json::Number;

use super::{field_hints::whole_number, node::Steps};
use crate::may_have_secrets;

/// Maximum length of a quoted value, in characters.
const MAX_CHARS: usize = 60;

/// Why a node does not match the type of its field. In a box, because every decoding function moves
/// it.
#[derive(Debug)]
pub(super) struct Mismatch(pub(super) Box<Details>);

#[derive(Debug)]
pub(super) struct Details {
    pub(super) steps: Steps,
    /// The field that is missing in the object at `steps`.
    pub(super) field: Option<&'static str>,
    pub(super) message: String,
    pub(super) problem: Problem,
}

/// What a better message needs to know. Only [`decode`](super::decode()) knows the names of fields.
#[derive(Debug)]
pub(super) enum Problem {
    /// The message says it all.
    Told,
    /// A field and the fields that its object has.
    UnknownField(String, &'static [&'static str]),
    /// A word that an enum does not have.
    UnknownVariant(String),
    /// Not the number that the field expects. `got` includes the remedy. `text` is the value if it is a string.
    Number { got: String, text: Option<String> },
    /// Not a list. The message lacks the remedy.
    List(Entries),
    /// Not an object. The remedy is this form, unless hints have a better one.
    Object(String),
    /// A probe stands for an object with these fields.
    ProbedObject(&'static [&'static str]),
    /// A probe stands for a list.
    ProbedList,
}

/// A value that is not a list, as the entries of one.
#[derive(Debug)]
pub(super) struct Entries {
    /// For a list of texts.
    pub(super) texts: String,
    /// For a list of texts, numbers and booleans.
    pub(super) scalars: String,
    /// Whether the value is an object.
    pub(super) is_object: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Mismatch {}

impl Mismatch {
    pub(super) fn new(expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self::told(format!("expected {expected}, got {got}"))
    }

    pub(super) fn told(message: String) -> Self {
        Self(Box::new(Details {
            steps: Steps::new(),
            field: None,
            message,
            problem: Problem::Told,
        }))
    }

    /// The entries must not quote a value that may be secret.
    pub(super) fn not_a_list(got: impl fmt::Display, entries: Entries) -> Self {
        Self::new("a list", got).because(Problem::List(entries))
    }

    pub(super) fn probed(problem: Problem, steps: &Steps) -> Self {
        Self::told(String::new()).because(problem).at(steps)
    }

    /// With the steps to the node.
    pub(super) fn at(mut self, steps: &Steps) -> Self {
        self.0.steps.clone_from(steps);
        self
    }

    pub(super) fn because(mut self, problem: Problem) -> Self {
        self.0.problem = problem;
        self
    }
}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::told(message.to_string())
    }

    fn invalid_type(got: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let type_name = expected.to_string();
        if type_name == "a sequence" {
            return Self::not_a_list(Got(got), Entries::from(got));
        }
        let shown = format!("{}{}", Got(got), right_form(&type_name, got));
        let message = Self::new(Expected(expected), &shown);
        if !is_integer(&type_name) {
            return message;
        }
        let text = match got {
            Unexpected::Str(text) => Some(text.to_owned()),
            _ => None,
        };
        message.because(Problem::Number { got: shown, text })
    }

    fn invalid_value(got: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(got, expected)
    }

    fn unknown_variant(got: &str, variants: &'static [&'static str]) -> Self {
        let hint = did_you_mean(got, variants, 2).map_or_else(String::new, |h| format!("; {h}"));
        let shown = format!("{}{hint}", Got(Unexpected::Str(got)));
        let message = Self::new(format_args!("one of {}", variants.join(", ")), shown);
        message.because(Problem::UnknownVariant(got.to_owned()))
    }

    /// Objects beside other forms get here. All others report unknown fields one by one.
    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let problem = Problem::UnknownField(name.to_owned(), known);
        Self::told(format!("unknown field {name:?}")).because(problem)
    }

    fn missing_field(field: &'static str) -> Self {
        let mut missing = Self::told("is required".to_owned());
        missing.0.field = Some(field);
        missing
    }
}

/// How to write `got` in the expected form, after a `; `. Empty if that is obvious. Separate and
/// cold, so that a module contains this code once.
#[cold]
#[inline(never)]
fn right_form(expected: &str, got: Unexpected<'_>) -> String {
    match (expected, got) {
        ("a string", Unexpected::Bool(value)) => {
            let words = if value { "yes and on as true" } else { "no and off as false" };
            format!("; write the string in quotes, because YAML reads {words}")
        }
        ("a string", Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_)) => {
            format!("; write it in quotes: \"{}\"", Got(got))
        }
        ("a string", Unexpected::Seq | Unexpected::Map) => {
            "; write a single string, such as \"…\"".to_owned()
        }
        ("a boolean", Unexpected::Str(text @ ("true" | "false"))) => {
            format!("; write {text} without quotes")
        }
        ("u16" | "u32" | "u64", Unexpected::Str(text))
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) =>
        {
            format!("; write {text} without quotes")
        }
        _ => String::new(),
    }
}

impl Entries {
    /// The entries for a value that cannot be used as an entry, or that may be secret.
    pub(super) fn unknown(is_object: bool) -> Self {
        let text = "\"…\"".to_owned();
        Self { texts: text.clone(), scalars: text, is_object }
    }
}

impl From<Unexpected<'_>> for Entries {
    #[cold]
    fn from(got: Unexpected<'_>) -> Self {
        let unknown = Self::unknown(matches!(got, Unexpected::Map));
        match got {
            Unexpected::Str(text) if text.len() <= MAX_CHARS && !may_have_secrets(text) => {
                let items: Vec<_> =
                    text.split(',').map(|item| format!("{:?}", item.trim())).collect();
                Self { texts: items.join(", "), scalars: items.join(", "), ..unknown }
            }
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => {
                let number = Got(got).to_string();
                Self { texts: format!("\"{number}\""), scalars: number, ..unknown }
            }
            // YAML reads some texts as booleans, so the text is unknown.
            Unexpected::Bool(value) => Self { scalars: value.to_string(), ..unknown },
            _ => unknown,
        }
    }
}

/// The values that a type accepts, in terms that users know.
pub(super) struct Expected<'a>(pub(super) &'a dyn de::Expected);

impl fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_string().as_str() {
            "u16" => f.write_str(&whole_number("", 0, u16::MAX.into())),
            "u32" => f.write_str(&whole_number("", 0, u32::MAX.into())),
            "u64" => f.write_str("a whole number from 0"),
            "a nonzero u32" => f.write_str(&whole_number("", 1, u32::MAX.into())),
            "a boolean" => f.write_str("true or false"),
            other => f.write_str(other),
        }
    }
}

/// A value as the user wrote it, cut to a readable length. URLs may contain passwords.
pub(super) struct Got<'a>(pub(super) Unexpected<'a>);

impl fmt::Display for Got<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => write!(f, "{value}"),
            Unexpected::Unsigned(value) => write!(f, "{value}"),
            Unexpected::Signed(value) => write!(f, "{value}"),
            Unexpected::Float(value) => float(value, f),
            Unexpected::Str(text) if may_have_secrets(text) => f.write_str("a URL"),
            Unexpected::Str(text) => {
                let cut: String = text.chars().take(MAX_CHARS).collect();
                let more = if cut.len() < text.len() { "…" } else { "" };
                write!(f, "{cut:?}{more}")
            }
            Unexpected::Seq => f.write_str("a list"),
            Unexpected::Map => f.write_str("an object"),
            Unexpected::Unit => f.write_str("null"),
            // JSON has only the values above.
            _ => f.write_str("another value"),
        }
    }
}

/// Writes a float with the JSON writer. The float formatting of the standard library would make
/// every module 20 KB larger.
fn float(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(number) = Number::from_f64(value) else { return f.write_str("another number") };
    let text = number.to_string();
    f.write_str(text.strip_suffix(".0").unwrap_or(&text))
}

/// Whether a type, as serde names it, is a whole number.
fn is_integer(type_name: &str) -> bool {
    matches!(type_name, "u16" | "u32" | "u64" | "a nonzero u32")
}

/// `did you mean "…"?` if one of `known` is at most `distance` edits from `written`.
pub(super) fn did_you_mean(written: &str, known: &[&str], distance: usize) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let edits = |name: &str| strsim::osa_distance(&plain(written), &plain(name));
    known
        .iter()
        .map(|name| (edits(name), name))
        .filter(|(edits, name)| *edits <= distance && *edits < name.len().div_ceil(2))
        .min()
        .map(|(_, name)| format!("did you mean {name:?}?"))
}
