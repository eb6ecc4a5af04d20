//! Valid configurations with one change: the filter refuses what a schema refuses, and both schemas
//! refuse what the filter refuses for its form.

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
    Both,
    right::{in_cases, in_host_config, in_readmes},
};

/// How a fault of the form begins.
const FORM: [&str; 8] = [
    "unknown field",
    "expected a value, got null",
    "expected a list, ",
    "expected a string, ",
    "expected a whole number from 0, ",
    "expected an object, ",
    "expected one of ",
    "expected true or false, ",
];

fn is_formal(fault: &Fault) -> bool {
    fault.message == "is required" || FORM.iter().any(|start| fault.message.starts_with(start))
}

/// What the filter has against a configuration.
fn faults(filter: &str, config: &Value, host: &TestHost) -> Result<Vec<Fault>> {
    fn of<P: Filter>(config: &Value, host: &TestHost) -> Vec<Fault> {
        let found = P::from_json(config.to_string().as_bytes(), host);
        found.err().map(|errors| errors.faults().to_vec()).unwrap_or_default()
    }
    let of = match filter {
        "cors" => of::<Cors>,
        "gateway" => of::<Gateway>,
        "header-transform" => of::<HeaderTransform>,
        "jwt-auth" => of::<JwtAuth>,
        "rate-limit" => of::<RateLimit>,
        other => anyhow::bail!("there is no filter {other}"),
    };
    Ok(of(config, host))
}

/// The places in a value, as JSON pointers (RFC 6901).
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{at}/{name}"), found);
            }
        }
        // The items of a list are alike.
        Value::Array(items) => {
            let first = items.iter().take(2).enumerate();
            first.for_each(|(i, item)| places(item, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

/// The value changed at that place, in every way.
fn changed(value: &Value, at: &str) -> Vec<Value> {
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
        if let Some(place) = value.pointer_mut(at) {
            *place = other;
            all.push(value);
        }
    }
    let mut with_another = value.clone();
    if let Some(members) = with_another.pointer_mut(at).and_then(Value::as_object_mut) {
        members.insert("another".to_owned(), json!(1));
        all.push(with_another);
    }
    let mut without = value.clone();
    let (outer, name) = at.rsplit_once('/').unwrap_or_default();
    if let Some(members) = without.pointer_mut(outer).and_then(Value::as_object_mut) {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
        all.push(without);
    }
    all
}

/// What is not as it should be with one changed configuration.
fn difference(both: &Both, config: &Value, at: &str, host: &TestHost) -> Result<Option<String>> {
    let faults = faults(both.filter, config, host)?;
    let editors = both.for_editors.check(config);
    let kong = both.for_kong.check(config);
    // An empty object for an empty list is for Kong: nobody writes it.
    let is_lua = config.pointer(at) == Some(&json!({}));
    let difference = match (&editors, &kong) {
        (Err(error), _) if faults.is_empty() && !is_lua => format!("editors: {error}"),
        (_, Err(error)) if faults.is_empty() => format!("Kong: {error}"),
        (Err(_), Err(_)) => return Ok(None),
        _ => match faults.iter().find(|fault| is_formal(fault)) {
            Some(fault) => format!("no schema, but {}: {}", fault.path, fault.message),
            None => return Ok(None),
        },
    };
    Ok(Some(format!("{} at {at}: {difference}\n{config}", both.filter)))
}

fn check(all: &[Configured]) -> Result<()> {
    let host = TestHost { variables: chain::environment()?, ..TestHost::default() };
    let schemas = Both::all()?;
    let mut failures = Vec::new();
    let mut changes: u32 = 0;
    for Configured { filter, config } in all {
        let both = schemas.iter().find(|both| both.filter == *filter).context("filter")?;
        let mut found = Vec::new();
        places(config, "", &mut found);
        // The members of keys are for configure() alone.
        for at in found.iter().filter(|at| !at.contains("/jwk/")) {
            for changed in changed(config, at) {
                failures.extend(difference(both, &changed, at, &host)?);
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
fn of_the_cases() -> Result<()> {
    let mut all = in_cases()?;
    all.retain(|configured| configured.filter != "gateway");
    check(&all)
}

#[test]
fn of_the_readmes() -> Result<()> {
    check(&in_readmes()?)
}

#[test]
fn of_the_shipped_files() -> Result<()> {
    check(&in_host_config()?)
}
