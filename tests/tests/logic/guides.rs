//! The filters accept the configurations in their guides, which name every field, decision and
//! event.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use novasphere_core::Filter;
use novasphere_harness::{chain, paths::repository};
use novasphere_tests::cases::native;

fn check<F: Filter>() -> Result<()> {
    let path = repository().join(format!("docs/reference/{}.md", F::NAME));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let environment = chain::environment()?;
    let blocks: Vec<&str> = text
        .split("\n```")
        .filter_map(|part| part.strip_prefix("yaml\n").or(part.strip_prefix("json\n")))
        .collect();
    ensure!(!blocks.is_empty(), "{}: no configuration shown", path.display());
    for block in blocks {
        let config: serde_json::Value = serde_yaml_ng::from_str(block).context(block.to_owned())?;
        native::configure::<F>(&config, &environment)
            .with_context(|| format!("{}:\n{block}", path.display()))?;
    }
    let fields = fields::<F>(&environment)?;
    let names = F::REASONS.iter().chain(F::EVENTS).copied().chain(fields.iter().map(|f| &**f));
    for name in names {
        ensure!(
            text.contains(&format!("`{name}`")),
            "{}: {name} is not documented",
            path.display()
        );
    }
    Ok(())
}

/// The names of all top-level fields, read from the error for an unknown field.
fn fields<F: Filter>(environment: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let unknown = serde_json::json!({"zzzzzzzzzzzz": 1});
    let error = native::configure::<F>(&unknown, environment).err().context("accepted")?;
    let text = error.to_string();
    let list = text.lines().find_map(|line| line.split("known fields: ").nth(1));
    Ok(list.context("no fields listed")?.split(", ").map(str::to_owned).collect())
}

#[test]
fn cors() -> Result<()> {
    check::<novasphere_cors::Cors>()
}

#[test]
fn header_transform() -> Result<()> {
    check::<novasphere_header_transform::HeaderTransform>()
}

#[test]
fn jwt_auth() -> Result<()> {
    check::<novasphere_jwt_auth::JwtAuth>()
}

#[test]
fn rate_limit() -> Result<()> {
    check::<novasphere_rate_limit::RateLimit>()
}

#[test]
fn gateway() -> Result<()> {
    check::<novasphere_gateway::Gateway>()
}
