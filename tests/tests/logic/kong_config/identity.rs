//! Without ids and filters on services, requests can pass Kong unfiltered during an update.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use novasphere_tests::shipped;
use serde_json::Value;

use super::{DIR, SHIPPED};

const KINDS: [&str; 4] = ["services", "routes", "filter_chains", "plugins"];

/// Each service, route, chain and filter plugin, with its kind.
fn entries<'a>(part: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    for kind in KINDS {
        for entry in part.get(kind).and_then(Value::as_array).into_iter().flatten() {
            let name = entry["name"].as_str().unwrap_or_default();
            if kind != "plugins" || name.starts_with("novasphere_") {
                found.push((kind, entry));
            }
            entries(entry, found);
        }
    }
}

fn all(document: &Value) -> Vec<(&str, &Value)> {
    let mut found = Vec::new();
    entries(document, &mut found);
    found
}

/// The names of the entries without an id.
pub(super) fn without_id(document: &Value) -> Vec<String> {
    let all = all(document).into_iter();
    let missing = all.filter(|(_, entry)| entry.get("id").is_none());
    missing.map(|(kind, entry)| format!("{kind}: {}", entry["name"])).collect()
}

/// The services whose new routes would pass unfiltered during an update.
pub(super) fn unprotected(document: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for service in document["services"].as_array().context("services")? {
        let chain = service.get("filter_chains").unwrap_or(&Value::Null);
        let plugins = service.get("plugins").unwrap_or(&Value::Null);
        let mut filters = shipped::in_kong(chain)?;
        filters.extend(shipped::in_kong(plugins)?);
        if !filters.iter().any(|c| ["jwt-auth", "gateway"].contains(&c.filter.as_str())) {
            found.push(service["name"].to_string());
        }
    }
    Ok(found)
}

fn documents() -> Result<Vec<(String, Value)>> {
    let files = SHIPPED.iter().map(|file| format!("{DIR}/{file}"));
    let files = files.chain(["deploy/kong/kong.yml".to_owned()]);
    files.map(|file| Ok((file.clone(), shipped::yaml(&file)?))).collect()
}

#[test]
fn every_service_route_chain_and_filter_has_an_id() -> Result<()> {
    for (file, document) in documents()? {
        ensure!(!all(&document).is_empty(), "{file}: no entry");
        ensure!(without_id(&document).is_empty(), "{file}: {:?}", without_id(&document));
        let ids = all(&document).into_iter().map(|(_, entry)| entry["id"].to_string());
        let distinct: BTreeSet<_> = ids.collect();
        ensure!(distinct.len() == all(&document).len(), "{file}: an id occurs twice");
    }
    Ok(())
}

#[test]
fn every_service_has_a_filter_that_rejects() -> Result<()> {
    for (file, document) in documents()? {
        // The starting point of the migration has no filters.
        if !file.ends_with("lua-plugins.yml") {
            let found = unprotected(&document)?;
            ensure!(found.is_empty(), "{file}: {found:?}");
        }
    }
    Ok(())
}

/// Switching from one file to another gives no service or route a new id.
#[test]
fn files_agree_on_the_ids_of_services_and_routes() -> Result<()> {
    let mut known = BTreeMap::new();
    for (file, document) in documents()? {
        for (kind, entry) in all(&document) {
            if ["services", "routes"].contains(&kind) {
                let first = known.entry(entry["name"].to_string()).or_insert(entry["id"].clone());
                ensure!(*first == entry["id"], "{file}: {} has another id", entry["name"]);
            }
        }
    }
    ensure!(known.len() == 6, "{known:?}");
    Ok(())
}

#[test]
fn checks_reject_missing_ids_and_filters_of_routes() -> Result<()> {
    for (file, pointer) in [
        ("kong.yml", "/services/0"),
        ("kong.yml", "/services/1/routes/0"),
        ("gateway.yml", "/services/2/filter_chains/0"),
        ("plugins.yml", "/services/0/plugins/0"),
    ] {
        let mut document = shipped::yaml(&format!("{DIR}/{file}"))?;
        let entry = document.pointer_mut(pointer).and_then(Value::as_object_mut);
        entry.context(pointer)?.remove("id");
        ensure!(without_id(&document).len() == 1, "{file}{pointer}");
    }
    let mut document = shipped::yaml(&format!("{DIR}/gateway.yml"))?;
    let service = document.pointer_mut("/services/0").and_then(Value::as_object_mut);
    let service = service.context("service")?;
    let chains = service.remove("filter_chains").context("chains")?;
    service["routes"][0]["filter_chains"] = chains;
    ensure!(unprotected(&document)?.len() == 1);
    Ok(())
}
