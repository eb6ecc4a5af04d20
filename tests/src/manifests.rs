//! Reads the Kubernetes manifests of `deploy/`.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use serde_json::{Value, json};

use crate::shipped::{self, Configured};

/// Returns the policies of Envoy Gateway: each name with its filters in order.
///
/// # Errors
/// Fails if a manifest cannot be read.
pub fn envoy_gateway() -> Result<Vec<(String, Vec<Configured>)>> {
    let mut policies = Vec::new();
    for document in all_documents("deploy/envoy-gateway")? {
        if document.get("kind") == Some(&json!("EnvoyExtensionPolicy")) {
            let name = document.pointer("/metadata/name").and_then(Value::as_str);
            let name = name.context("no name")?.to_owned();
            policies.push((name, shipped::in_envoy_gateway(&document)));
        }
    }
    ensure!(policies.len() == 2, "{} policies", policies.len());
    Ok(policies)
}

/// Returns the filters of Istio's gateway in order.
///
/// # Errors
/// Fails if a manifest cannot be read.
pub fn istio() -> Result<Vec<Configured>> {
    let documents = all_documents("deploy/istio")?;
    let plugins = documents.iter().filter(|doc| doc.get("kind") == Some(&json!("WasmPlugin")));
    let mut plugins: Vec<_> = plugins.filter_map(shipped::in_istio).collect();
    plugins.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    Ok(plugins.into_iter().map(|(_, configured)| configured).collect())
}

/// Returns all YAML documents of a folder of the repository.
///
/// # Errors
/// Fails if a file cannot be read.
pub fn all_documents(dir: &str) -> Result<Vec<Value>> {
    let mut documents = Vec::new();
    let entries = fs::read_dir(repository().join(dir)).with_context(|| dir.to_owned())?;
    for entry in entries {
        let path = entry?.path();
        let file = path.strip_prefix(repository()).unwrap_or(&path);
        if file.extension().is_some_and(|extension| extension == "yaml") {
            documents.extend(shipped::documents(&Path::new(file).display().to_string())?);
        }
    }
    Ok(documents)
}
