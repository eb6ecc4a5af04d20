//! The fault about a value that is not a list, or about an entry of the wrong form, shows a form that
//! the field accepts.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use novasphere_core::{Filter, testing::TestHost};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_schema::{self as schema, FILTERS};
use serde_json::{Value, json};

/// The names of the fields around a list and of the list itself. An empty name is an entry of a list.
type Path = Vec<String>;

/// Adds the path of each list below `node`, which is at `path`.
fn collect(root: &Value, node: &Value, path: &Path, found: &mut BTreeSet<Path>) {
    let inside = |name: &str| [path.as_slice(), &[name.to_owned()]].concat();
    if let Some(definition) = node.get("$ref").and_then(Value::as_str) {
        if let Some(node) = root.pointer(definition.trim_start_matches('#')) {
            collect(root, node, path, found);
        }
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let nodes = node.get(keyword).and_then(Value::as_array).into_iter().flatten();
        nodes.for_each(|node| collect(root, node, path, found));
    }
    if let Some(entry) = node.get("items") {
        found.insert(path.clone());
        collect(root, entry, &inside(""), found);
    }
    let fields = node.get("properties").and_then(Value::as_object).into_iter().flatten();
    fields.for_each(|(name, field)| collect(root, field, &inside(name), found));
    if let Some(member) = node.get("additionalProperties").filter(|member| member.is_object()) {
        collect(root, member, &inside("any"), found);
    }
}

/// A configuration with `value` at the path, and the path in the words of a fault.
fn with(path: &[String], value: Value) -> (Value, String) {
    let config = path.iter().rev().fold(value, |value, name| match name.as_str() {
        "" => json!([value]),
        name => json!({name: value}),
    });
    let text = path.join(".").replace("..", "[0].");
    (config, text.strip_suffix('.').map_or(text.clone(), |list| format!("{list}[0]")))
}

/// The messages about the value at the path and about its parts.
fn faults<F: Filter>(path: &[String], value: Value) -> Vec<String> {
    let variables = [("NAME".to_owned(), "s".repeat(64))].into();
    let host = TestHost { variables, ..TestHost::default() };
    let (config, path) = with(path, value);
    let errors = F::from_json(config.to_string().as_bytes(), &host).err();
    let faults = errors.iter().flat_map(|errors| errors.faults());
    let about = faults.filter(|fault| {
        let rest = fault.path.strip_prefix(&path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    });
    about.map(|fault| fault.message.clone()).collect()
}

/// Checks the remedy of a fault about `wrong`, if the fault is about its form.
fn check_remedy<F: Filter>(path: &[String], wrong: &Value) -> Result<bool> {
    let faults = faults::<F>(path, wrong.clone());
    let form = ["expected a list", "expected an object"];
    let about = faults.iter().find(|fault| form.iter().any(|start| fault.starts_with(start)));
    let Some(fault) = about else { return Ok(false) };
    let remedy = fault.split("; write ").nth(1).with_context(|| fault.clone())?;
    let remedy: Value = serde_json::from_str(remedy).with_context(|| fault.clone())?;
    let entry = remedy.get(0).unwrap_or(&remedy);
    let left = self::faults::<F>(path, remedy.clone());
    // A text that was taken over can have another fault, but an example has none.
    let of_form = [form[0], form[1], "expected a string", "unknown field", "is required"];
    let is_wrong =
        |fault: &String| entry.is_object() || of_form.iter().any(|start| fault.starts_with(start));
    ensure!(!left.iter().any(is_wrong), "{fault}\nbut then {left:?}");
    Ok(true)
}

fn check<F: Filter>(at_least: usize) -> Result<()> {
    let generate = FILTERS.iter().find(|(name, _)| *name == F::NAME).context("filter")?.1;
    let schema = schema::for_editors(F::NAME, generate).to_value();
    let mut lists = BTreeSet::new();
    collect(&schema, &schema, &Path::new(), &mut lists);
    let mut count = 0;
    for list in lists {
        let entry = [list.as_slice(), &[String::new()]].concat();
        for wrong in [json!("/health"), json!(5), json!(true), json!({"a": 1})] {
            for path in [&list, &entry] {
                let checked = check_remedy::<F>(path, &wrong);
                count += usize::from(checked.with_context(|| format!("{path:?}: {wrong}"))?);
            }
        }
    }
    ensure!(count >= at_least, "{}: {count} remedies", F::NAME);
    Ok(())
}

#[test]
fn faults_about_lists_show_an_accepted_form() -> Result<()> {
    check::<Cors>(35)?;
    check::<JwtAuth>(100)?;
    check::<RateLimit>(25)?;
    check::<HeaderTransform>(90)?;
    check::<Gateway>(250)
}
