//! The configurations in the filters' READMEs are accepted as they stand there.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_core::Policy;
use novasphere_tests::{cases::native, chain, paths::repository};

fn check<P: Policy>() -> Result<()> {
    let path = repository().join("filters").join(P::NAME).join("README.md");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let environment = chain::environment()?;
    let blocks: Vec<&str> = text
        .split("\n```")
        .filter_map(|part| part.strip_prefix("yaml\n").or(part.strip_prefix("json\n")))
        .collect();
    ensure!(!blocks.is_empty(), "{}: shows no configuration", path.display());
    for block in blocks {
        let config: serde_json::Value = serde_yaml_ng::from_str(block).context(block.to_owned())?;
        native::configure::<P>(&config, &environment)
            .with_context(|| format!("{}:\n{block}", path.display()))?;
    }
    Ok(())
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
