//! The description of a field.

use std::io::Write;

use anyhow::Result;
use novasphere_core::with_separators;
use serde_json::Value;

use super::index::Field;

/// Writes everything about a field.
pub(super) fn describe(field: &Field, all: &[Field], out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", field.name())?;
    write_wrapped(&without_default(field), out)?;
    writeln!(out)?;
    for (name, fact) in facts(field, all) {
        writeln!(out, "  {name:7}  {fact}")?;
        for (value, meaning) in values(&field.schema).iter().filter(|_| name == "type") {
            writeln!(out, "           {value}: {meaning}")?;
        }
    }
    Ok(())
}

/// The facts about a field, each with its name.
pub(super) fn facts(field: &Field, all: &[Field]) -> Vec<(&'static str, String)> {
    let default = match (field.is_required, default(field)) {
        (true, _) => "none, the field is required".to_owned(),
        (false, Some(default)) => default,
        (false, None) => "none".to_owned(),
    };
    let example = field.schema.get("examples").and_then(|examples| examples.get(0));
    let inner = format!("{}.", field.path);
    let is_inner = |other: &&Field| {
        let rest = other.path.strip_prefix(&inner);
        other.filter == field.filter && rest.is_some_and(|rest| !rest.contains('.'))
    };
    let members: Vec<&str> = all.iter().filter(is_inner).map(Field::last).collect();
    let mut facts = vec![("type", kind(&field.schema))];
    facts.extend(range(&field.schema).map(|range| ("range", range)));
    facts.push(("default", default));
    facts.extend(example.map(|example| ("example", format!("{}: {example}", field.last()))));
    if !members.is_empty() {
        facts.push(("fields", members.join(", ")));
    }
    facts
}

/// Writes a line for each field.
pub(super) fn list<'f>(fields: impl Iterator<Item = &'f Field>, out: &mut dyn Write) -> Result<()> {
    let lines: Vec<(String, &str)> =
        fields.map(|field| (field.name(), first_sentence(field.text("description")))).collect();
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, sentence) in lines {
        writeln!(out, "{name:width$}  {sentence}")?;
    }
    Ok(())
}

pub(super) fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}

/// The description without the sentence about the default, which has its own line.
pub(super) fn without_default(field: &Field) -> String {
    let text = field.text("description");
    let Some((before, after)) = text.split_once("Default: ") else { return text.to_owned() };
    let rest = after.split_once(". ").map_or("", |(_, rest)| rest);
    format!("{before}{rest}").trim().to_owned()
}

/// The default as the description states it, which explains more than the value.
fn default(field: &Field) -> Option<String> {
    let (_, after) = field.text("description").split_once("Default: ").unzip();
    let stated = after.map(|after| after.split(". ").next().unwrap_or(after));
    let stated = stated.map(|text| text.trim_end_matches('.').replace('`', ""));
    stated.or_else(|| field.schema.get("default").map(Value::to_string))
}

/// The type of the values, in words.
fn kind(schema: &Value) -> String {
    let constants = |schemas: &[Value]| {
        let texts = schemas.iter().map(|schema| {
            let value = schema.get("const").or_else(|| schema.get("enum")?.get(0));
            value.map(plain)
        });
        texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(", "))
    };
    if let Some(Value::Array(values)) = schema.get("enum") {
        return format!("one of {}", values.iter().map(plain).collect::<Vec<_>>().join(", "));
    }
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(schemas)) = schema.get(keyword) else { continue };
        if let Some(texts) = constants(schemas) {
            return format!("one of {texts}");
        }
        // Alternatives that only require members say nothing about the type.
        if schemas.iter().any(|schema| schema.get("type").is_some() || schema.get("$ref").is_some())
        {
            let mut kinds: Vec<String> = schemas.iter().map(kind).collect();
            kinds.dedup();
            if let [one, list] = kinds.as_slice()
                && *list == format!("list: {one}")
            {
                return format!("{one}; or a list of these");
            }
            return kinds.join(" or ");
        }
    }
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().map(plain).collect::<Vec<_>>().join(" or "),
        Some(Value::String(kind)) if kind == "array" => {
            let items = schema.get("items").map(self::kind).unwrap_or_default();
            match items.as_str() {
                "" => "list".to_owned(),
                items => format!("list: {items}"),
            }
        }
        Some(Value::String(kind)) => kind.clone(),
        _ => "object".to_owned(),
    }
}

/// The accepted values that have a description, also of the entries of a list.
pub(super) fn values(schema: &Value) -> Vec<(String, String)> {
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(schemas)) = schema.get(keyword) else { continue };
        let are_values = schemas.iter().any(|schema| schema.get("const").is_some());
        let described = schemas.iter().filter(|_| are_values).filter_map(|schema| {
            let value = schema.get("const").or_else(|| schema.get("enum")?.get(0))?;
            let meaning = schema.get("description")?.as_str()?;
            Some((plain(value), meaning.to_owned()))
        });
        let described: Vec<_> = described.collect();
        if !described.is_empty() {
            return described;
        }
        if let Some(first) = schemas.iter().map(values).find(|values| !values.is_empty()) {
            return first;
        }
    }
    schema.get("items").map(values).unwrap_or_default()
}

/// A value without the quotes of a string.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn range(schema: &Value) -> Option<String> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64).map(with_separators);
    let is_number = schema.get("type").and_then(Value::as_str) == Some("integer");
    match (bound("minimum"), bound("maximum")) {
        (None, Some(max)) if is_number => Some(format!("0 to {max}")),
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
        (Some(min), None) => Some(format!("{min} or more")),
        _ => {
            let min = schema.get("minItems").and_then(Value::as_u64)?;
            Some(format!("at least {min} {}", if min == 1 { "entry" } else { "entries" }))
        }
    }
}

/// The width of a terminal, less the indentation.
const WIDTH: usize = 78;

fn write_wrapped(text: &str, out: &mut dyn Write) -> Result<()> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
            writeln!(out, "  {line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
