//! The schemas accept what the filters accept.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_schema::FILTERS;
use novasphere_tests::{
    cases::{Module, files},
    shipped::{self, Configured},
};
use serde_json::Value;

use super::SchemaPair;

/// The configurations of the cases, each alone and inside the gateway filter.
pub(crate) fn in_cases() -> Result<Vec<Configured>> {
    let mut found: Vec<Configured> = Vec::new();
    for filter in ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"] {
        for case in files(filter)?.into_iter().flat_map(|file| file.cases) {
            let in_gateway = Module::gateway(filter).config(&case.config);
            add(&mut found, "gateway", in_gateway);
            add(&mut found, filter, case.config);
        }
    }
    Ok(found)
}

/// The configurations in the filters' guides.
pub(crate) fn in_guides() -> Result<Vec<Configured>> {
    let mut found = Vec::new();
    for (filter, _) in FILTERS {
        let blocks = blocks(&repository().join(format!("docs/reference/{filter}.md")))?;
        ensure!(!blocks.is_empty(), "{filter}: no configuration in the guide");
        blocks.into_iter().for_each(|config| add(&mut found, filter, config));
    }
    Ok(found)
}

/// The configurations in the host-config files and in the documents beside them.
pub(crate) fn in_host_config() -> Result<Vec<Configured>> {
    let mut found = Vec::new();
    for dir in ["envoy", "kong", "traefik"] {
        for entry in fs::read_dir(repository().join("host-config").join(dir))? {
            let path = entry?.path();
            let documents = match path.extension().and_then(|extension| extension.to_str()) {
                Some("yaml" | "yml") => shipped::documents(path.to_str().context("path")?)?,
                Some("md") => blocks(&path)?,
                _ => continue,
            };
            for document in documents {
                found.extend(shipped::in_envoy(&document));
                found.extend(shipped::in_kong(&document)?);
                found.extend(shipped::in_traefik(&document)?);
            }
        }
    }
    ensure!(found.len() >= 30, "{} configurations", found.len());
    Ok(found)
}

fn add(found: &mut Vec<Configured>, filter: &str, config: Value) {
    let configured = Configured { filter: filter.to_owned(), config };
    if !found.contains(&configured) {
        found.push(configured);
    }
}

/// The YAML and JSON blocks of a Markdown file.
fn blocks(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let parts = text.split("\n```");
    let parts =
        parts.filter_map(|part| part.strip_prefix("yaml\n").or(part.strip_prefix("json\n")));
    parts.map(|block| serde_yaml_ng::from_str(block).context(block.to_owned())).collect()
}

fn check(all: &[Configured]) -> Result<()> {
    let schemas = SchemaPair::all()?;
    for Configured { filter, config } in all {
        let pair = schemas.iter().find(|pair| pair.filter == *filter).context("filter")?;
        pair.for_editors.check(config).with_context(|| format!("{filter}: {config}"))?;
        pair.for_kong.check(config).with_context(|| format!("{filter} in Kong: {config}"))?;
    }
    Ok(())
}

#[test]
fn schemas_accept_every_case() -> Result<()> {
    check(&in_cases()?)
}

#[test]
fn schemas_accept_every_guide_example() -> Result<()> {
    check(&in_guides()?)
}

#[test]
fn schemas_accept_every_shipped_file() -> Result<()> {
    check(&in_host_config()?)
}
