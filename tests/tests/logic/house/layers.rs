//! The layers of a filter: it names no host, and its configuration does not depend on it.

use anyhow::Result;

use super::{crates, imports::imports, none, source::Crate};

/// The crates that adapt filters to hosts.
const ADAPTERS: [&str; 2] = ["novasphere-proxy-wasm", "novasphere-http-wasm"];

/// The filters: the packages directly in `filters`, except core.
fn filters() -> Result<Vec<Crate>> {
    let mut packages = crates("filters")?;
    packages
        .retain(|package| package.path.matches('/').count() == 1 && package.path != "filters/core");
    Ok(packages)
}

#[test]
fn filters_do_not_use_host_adapters() -> Result<()> {
    let mut violations = Vec::new();
    for package in filters()? {
        for adapter in ADAPTERS {
            if package.manifest.contains(adapter) {
                violations.push(format!("{}/Cargo.toml: depends on {adapter}", package.path));
            }
            let name = adapter.replace('-', "_");
            for source in &package.sources {
                if let Some(offset) = source.code.find(&name) {
                    let line = source.line(offset);
                    violations.push(format!("{}:{line}: uses {name}", source.path));
                }
            }
        }
    }
    none(violations, "only the shells in proxy-wasm and http-wasm may use a host adapter")
}

#[test]
fn configurations_do_not_import_their_filter() -> Result<()> {
    let mut violations = Vec::new();
    for package in filters()? {
        let is_config = |file: usize| {
            let source = package.sources.get(file);
            source.is_some_and(|source| source.module.first().is_some_and(|name| name == "config"))
        };
        for import in imports(&package) {
            if is_config(import.from) && !is_config(import.to) {
                let path = |file: usize| package.sources.get(file).map_or("", |s| &s.path);
                violations.push(format!(
                    "{}:{}: imports {} from {}",
                    path(import.from),
                    import.line,
                    import.path,
                    path(import.to)
                ));
            }
        }
    }
    none(violations, "config must import only from config")
}
