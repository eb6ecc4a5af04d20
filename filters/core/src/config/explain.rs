//! [`Explainer`]: what to do about a value that does not match its field.

use super::{
    field_hints::{FieldHints, ListEntry, is_same_name},
    homes::{Home, belonging, without_indices},
    mismatch::{Problem, did_you_mean},
};

/// Explains the faults of one configuration.
pub(super) struct Explainer<'h> {
    /// Each part of the configuration with its hints. The part of a single filter is empty.
    hints: &'h [(&'static str, FieldHints)],
    homes: fn() -> Vec<Home>,
    /// Computed for the first field that needs it.
    found_homes: Option<Vec<Home>>,
    /// The lists of known fields so far, each with the path of the fault that has it.
    listed: Vec<(&'static [&'static str], String)>,
}

impl<'h> Explainer<'h> {
    pub(super) fn new(hints: &'h [(&'static str, FieldHints)], homes: fn() -> Vec<Home>) -> Self {
        Self { hints, homes, found_homes: None, listed: Vec::new() }
    }

    /// The hints for the object or field at `path`.
    fn hints_at(&self, path: &str) -> Option<&'h FieldHints> {
        self.hints.iter().find(|(part, _)| is_in_part(path, part)).map(|(_, hints)| hints)
    }

    /// What to write instead of the field `name` of the object at `path`, which has the `known`
    /// fields.
    #[cold]
    pub(super) fn unknown_field(
        &mut self,
        path: &str,
        name: &str,
        known: &'static [&'static str],
    ) -> String {
        if let Some(same) = known.iter().find(|field| is_same_name(field, name)) {
            return format!("did you mean {same:?}?");
        }
        if let Some(remedy) = self.hints_at(path).and_then(|hints| hints.remedy(name)) {
            return remedy.to_owned();
        }
        if let Some(close) = did_you_mean(name, known, 1) {
            return close;
        }
        let homes = self.found_homes.get_or_insert_with(self.homes);
        if let Some(home) = belonging(homes, &without_indices(path), name) {
            return home;
        }
        let mut parts = self.hints.iter().filter(|(part, _)| !is_in_part(path, part));
        if let Some(elsewhere) =
            parts.find_map(|(part, hints)| Some(format!("in {part}, {}", hints.remedy(name)?)))
        {
            return elsewhere;
        }
        did_you_mean(name, known, 2).unwrap_or_else(|| self.known_fields(path, name, known))
    }

    /// The list of the known fields. The second and later faults about an object refer to the first.
    fn known_fields(&mut self, path: &str, name: &str, known: &'static [&'static str]) -> String {
        if let Some((_, first)) = self.listed.iter().find(|(fields, _)| *fields == known) {
            return format!("known fields: see {first}");
        }
        let separator = if path.is_empty() { "" } else { "." };
        self.listed.push((known, format!("{path}{separator}{name}")));
        format!("known fields: {}", known.join(", "))
    }

    /// The message about the value at `path`, if there is a better one than `message`.
    #[cold]
    pub(super) fn message(&mut self, path: &str, problem: Problem, message: String) -> String {
        let list = path.rsplit_once('[').filter(|(_, index)| index.ends_with(']'));
        let field = list.map_or(path, |(list, _)| list);
        let field = field.rsplit('.').next().unwrap_or(field);
        let hints = self.hints_at(path);
        match problem {
            Problem::UnknownField(name, known) => {
                let hint = self.unknown_field(path, &name, known);
                format!("unknown field {name:?}; {hint}")
            }
            Problem::UnknownVariant(word) => {
                match hints.and_then(|hints| hints.remedy(&format!("{field}={word}"))) {
                    Some(remedy) => format!("{message}; {remedy}"),
                    None => message,
                }
            }
            Problem::Number { got, text } => {
                let Some(number) = hints.and_then(|hints| hints.number(field)) else {
                    return message;
                };
                let duration = text.and_then(|text| number.of_duration(&text));
                let form = duration.map_or_else(String::new, |n| format!("; write {n}"));
                format!("expected {}, got {got}{form}", number.expected())
            }
            Problem::List(entries) => {
                let entry = hints.and_then(|hints| hints.list_entry(&without_indices(path)));
                let entries = match entry {
                    Some(ListEntry::Object(example)) => example,
                    Some(ListEntry::TextOrObject(example)) if entries.is_object => example,
                    Some(ListEntry::Scalar) => &entries.scalars,
                    Some(ListEntry::TextOrObject(_)) | None => &entries.texts,
                };
                format!("{message}; write [{entries}]")
            }
            Problem::Object(form) => {
                let list = list.map(|(list, _)| without_indices(list));
                let entry = hints.zip(list).and_then(|(hints, list)| hints.list_entry(&list));
                let form = match entry {
                    Some(ListEntry::Object(example)) => example,
                    _ => &form,
                };
                format!("{message}; write {form}")
            }
            Problem::Told | Problem::ProbedObject(_) | Problem::ProbedList => message,
        }
    }
}

/// Whether `path` is the part or in it. All paths are in the part without a name.
fn is_in_part(path: &str, part: &str) -> bool {
    let rest = path.strip_prefix(part);
    rest.is_some_and(|rest| part.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}
