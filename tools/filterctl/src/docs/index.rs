//! All fields of all filters, from their schemas.

use anyhow::Result;
use novasphere_explain::FilterKind;
use serde_json::Value;

use crate::schema::generator;

/// A field of a configuration.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) filter: FilterKind,
    /// The names of the fields around it and its own, with dots: `rules.scopes.all_of`.
    pub(super) path: String,
    pub(super) is_required: bool,
    /// The schema, with the members of the definition that it refers to.
    pub(super) schema: Value,
}

impl Field {
    /// The name with the filter: `jwt-auth.rules.scopes`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.filter.name(), self.path)
    }

    /// The name without the fields around it.
    pub(super) fn last(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// A member of the schema as text.
    pub(super) fn text(&self, member: &str) -> &str {
        self.schema.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

/// All fields, outer fields first. The gateway's are its own only.
pub(super) fn all() -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    for filter in FilterKind::ALL {
        let schema = novasphere_schema::for_editors(filter.name(), generator(filter)?).to_value();
        let mut collector = Collector { filter, root: &schema, fields: &mut fields };
        collector.collect(&schema, "", 0);
    }
    Ok(fields)
}

/// The deepest field has four names.
const MAX_DEPTH: usize = 6;

struct Collector<'c> {
    filter: FilterKind,
    root: &'c Value,
    fields: &'c mut Vec<Field>,
}

impl Collector<'_> {
    /// Adds the fields of an object, or of the objects in a list.
    fn collect(&mut self, schema: &Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let schema = self.resolved(schema);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let members = schema.get("properties").and_then(Value::as_object);
        for (name, member) in members.into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.fields.push(Field {
                filter: self.filter,
                path: path.clone(),
                is_required: required.contains(&name.as_str()),
                schema: self.resolved(member),
            });
            // The gateway's members have pages of their own.
            if self.filter != FilterKind::Gateway {
                self.collect(member, &path, depth.saturating_add(1));
            }
        }
        for inner in ["items", "anyOf", "oneOf"] {
            match schema.get(inner) {
                Some(Value::Array(schemas)) => {
                    schemas.iter().for_each(|schema| {
                        self.collect(schema, path, depth.saturating_add(1));
                    });
                }
                Some(schema) => self.collect(schema, path, depth.saturating_add(1)),
                None => {}
            }
        }
    }

    /// A schema with the members of the definitions that it refers to, also in its alternatives and
    /// entries. Its own members win.
    fn resolved(&self, schema: &Value) -> Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|at| self.root.pointer(at.trim_start_matches('#')));
        let mut resolved = schema.clone();
        let Value::Object(members) = &mut resolved else { return resolved };
        if let Some(Value::Object(target)) = target {
            members.remove("$ref");
            for (name, value) in target {
                members.entry(name).or_insert_with(|| value.clone());
            }
        }
        if let Some(items) = members.get_mut("items") {
            *items = self.resolved(items);
        }
        for keyword in ["anyOf", "oneOf"] {
            let schemas = members.get_mut(keyword).and_then(Value::as_array_mut);
            schemas.into_iter().flatten().for_each(|schema| *schema = self.resolved(schema));
        }
        resolved
    }
}

/// The fields with this name: a whole name, or the end of one.
pub(super) fn find<'f>(all: &'f [Field], name: &str) -> Vec<&'f Field> {
    let (filter, path) = split(name);
    let of_filter = |field: &&Field| filter.is_none_or(|filter| field.filter == filter);
    let is_exact = |field: &&Field| of_filter(field) && field.path == path;
    let exact: Vec<&Field> = all.iter().filter(is_exact).collect();
    if filter.is_some() && !exact.is_empty() {
        return exact;
    }
    let ends = |field: &&Field| {
        let rest = field.path.strip_suffix(&path);
        of_filter(field) && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    all.iter().filter(ends).collect()
}

/// The filter and the path of a name. The gateway's members are filters.
fn split(name: &str) -> (Option<FilterKind>, String) {
    let Some((first, rest)) = name.split_once('.') else { return (None, name.to_owned()) };
    match FilterKind::from_name(first) {
        Some(FilterKind::Gateway) => match split(rest) {
            (Some(filter), path) => (Some(filter), path),
            (None, path) => (Some(FilterKind::Gateway), path),
        },
        Some(filter) => (Some(filter), rest.to_owned()),
        None => (None, name.to_owned()),
    }
}

/// Names that are less similar have nothing in common.
const MIN_SIMILARITY: f64 = 0.7;

/// The field with the most similar name. Of equal names, the outermost.
pub(super) fn similar<'f>(all: &'f [Field], name: &str) -> Option<&'f Field> {
    let (filter, path) = split(name);
    let last = path.rsplit('.').next().unwrap_or(&path).to_ascii_lowercase().replace('-', "_");
    let mut best: Option<(f64, &Field)> = None;
    for field in all.iter().filter(|field| filter.is_none_or(|filter| field.filter == filter)) {
        let similarity = strsim::jaro_winkler(&last, field.last());
        if similarity >= MIN_SIMILARITY && best.is_none_or(|(other, _)| similarity > other) {
            best = Some((similarity, field));
        }
    }
    best.map(|(_, field)| field)
}
