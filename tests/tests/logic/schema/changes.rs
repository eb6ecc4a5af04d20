//! Valid configurations with one change: the filter rejects what a schema rejects, and both schemas
//! reject what the filter rejects for its form.

use anyhow::{Context, Result, ensure};
use novasphere_core::{Fault, Filter, testing::TestHost};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_harness::chain;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_tests::shipped::Configured;
use serde_json::{Value, json};

use super::{
    SchemaPair,
    right::{in_cases, in_guides, in_host_config},
};

/// The first words of errors about the form of a value.
const FORM: [&str; 8] = [
    "unknown field",
    "expected a value, got null",
    "expected a list, ",
    "expected a string, ",
    "expected a whole number ",
    "expected an object, ",
    "expected one of ",
    "expected true or false, ",
];

fn is_about_form(fault: &Fault) -> bool {
    fault.message == "is required" || FORM.iter().any(|start| fault.message.starts_with(start))
}

/// The faults that the filter reports in a configuration.
fn faults(filter: &str, config: &Value, host: &TestHost) -> Result<Vec<Fault>> {
    fn of<F: Filter>(config: &Value, host: &TestHost) -> Vec<Fault> {
        let found = F::from_json(config.to_string().as_bytes(), host);
        found.err().map(|errors| errors.faults().to_vec()).unwrap_or_default()
    }
    let of = match filter {
        "cors" => of::<Cors>,
        "gateway" => of::<Gateway>,
        "header-transform" => of::<HeaderTransform>,
        "jwt-auth" => of::<JwtAuth>,
        "rate-limit" => of::<RateLimit>,
        other => anyhow::bail!("unknown filter {other}"),
    };
    Ok(of(config, host))
}

/// The JSON pointers (RFC 6901) of a value and everything inside it.
fn pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{pointer}/{name}"), found);
            }
        }
        // The items of a list are alike: two are enough.
        Value::Array(items) => {
            let first = items.iter().take(2).enumerate();
            first.for_each(|(i, item)| pointers(item, &format!("{pointer}/{i}"), found));
        }
        _ => {}
    }
}

/// Copies of the value, each with another change at the pointer.
fn mutations(value: &Value, pointer: &str) -> Vec<Value> {
    let others = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(70_000),
        json!(5_000_000_000_u64),
        json!(""),
        json!("x"),
        json!("a b"),
        json!("/a?b"),
        json!([]),
        json!({}),
        json!(["x"]),
        json!([""]),
        json!([7]),
        json!({"x": 1}),
        json!({"env": "A B"}),
    ];
    let mut all: Vec<Value> = Vec::new();
    for other in others {
        let mut value = value.clone();
        if let Some(target) = value.pointer_mut(pointer) {
            *target = other;
            all.push(value);
        }
    }
    let mut with_another = value.clone();
    if let Some(members) = with_another.pointer_mut(pointer).and_then(Value::as_object_mut) {
        members.insert("another".to_owned(), json!(1));
        all.push(with_another);
    }
    let mut without = value.clone();
    let (outer, name) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(members) = without.pointer_mut(outer).and_then(Value::as_object_mut) {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
        all.push(without);
    }
    all
}

/// Copies of the value with each name that the filter accepts instead of the string at the pointer.
/// The error about an unknown name lists them, including aliases, which derived schemas omit.
fn renamed(filter: &str, value: &Value, pointer: &str, host: &TestHost) -> Result<Vec<Value>> {
    let with = |name: &str| {
        let mut value = value.clone();
        *value.pointer_mut(pointer)? = json!(name);
        Some(value)
    };
    if !value.pointer(pointer).is_some_and(Value::is_string) {
        return Ok(Vec::new());
    }
    let faults = faults(filter, &with("x").context("pointer")?, host)?;
    let lists = faults.iter().filter_map(|fault| fault.message.strip_prefix("expected one of "));
    let names = lists.flat_map(|list| list.split(", got ").next().unwrap_or_default().split(", "));
    Ok(names.filter_map(with).collect())
}

/// Describes the disagreement between filter and schemas about a changed configuration, if any.
fn disagreement(
    pair: &SchemaPair,
    config: &Value,
    pointer: &str,
    host: &TestHost,
) -> Result<Option<String>> {
    let faults = faults(pair.filter, config, host)?;
    let editors = pair.for_editors.check(config);
    let kong = pair.for_kong.check(config);
    // Kong encodes an empty list as an empty object. No user writes that.
    let is_lua_list = config.pointer(pointer) == Some(&json!({}));
    let disagreement = match (&editors, &kong) {
        (Err(error), _) if faults.is_empty() && !is_lua_list => format!("editors: {error}"),
        (_, Err(error)) if faults.is_empty() => format!("Kong: {error}"),
        (Err(_), Err(_)) => return Ok(None),
        _ => match faults.iter().find(|fault| is_about_form(fault)) {
            Some(fault) => format!("accepted by a schema, but {}: {}", fault.path, fault.message),
            None => return Ok(None),
        },
    };
    Ok(Some(format!("{} at {pointer}: {disagreement}\n{config}", pair.filter)))
}

fn check(all: &[Configured]) -> Result<()> {
    let host = TestHost { variables: chain::environment()?, ..TestHost::default() };
    let schemas = SchemaPair::all()?;
    let mut failures = Vec::new();
    let mut changes: u32 = 0;
    for Configured { filter, config } in all {
        let pair = schemas.iter().find(|pair| pair.filter == *filter).context("filter")?;
        let mut found = Vec::new();
        pointers(config, "", &mut found);
        // Only the filter validates the members of a JSON Web Key.
        for pointer in found.iter().filter(|pointer| !pointer.contains("/jwk/")) {
            let renamed = renamed(pair.filter, config, pointer, &host)?;
            for mutation in mutations(config, pointer).into_iter().chain(renamed) {
                failures.extend(disagreement(pair, &mutation, pointer, &host)?);
                changes = changes.saturating_add(1);
            }
        }
    }
    failures.truncate(10);
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    ensure!(changes > 1_000, "{changes} changes");
    Ok(())
}

#[test]
fn schemas_agree_on_mutated_cases() -> Result<()> {
    let mut all = in_cases()?;
    all.retain(|configured| configured.filter != "gateway");
    check(&all)
}

#[test]
fn schemas_agree_on_mutated_guide_examples() -> Result<()> {
    check(&in_guides()?)
}

#[test]
fn schemas_agree_on_mutated_shipped_files() -> Result<()> {
    check(&in_host_config()?)
}
