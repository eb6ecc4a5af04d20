//! Without ids and filters on services, requests can pass Kong unfiltered during an update.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use novasphere_tests::shipped;
use serde_json::Value;

use super::{DIR, SHIPPED};

const KINDS: [&str; 4] = ["services", "routes", "filter_chains", "plugins"];

fn list<'a>(part: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    part.get(kind).and_then(Value::as_array).into_iter().flatten()
}

/// The entries of one kind. Of the plugins, only the filters.
fn own<'a>(part: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    let plugins = kind == "plugins";
    let is_filter =
        |entry: &&Value| entry["name"].as_str().unwrap_or_default().starts_with("novasphere_");
    list(part, kind).filter(move |entry| !plugins || is_filter(entry))
}

/// Each service, route, chain and filter plugin, with its kind.
fn entries<'a>(part: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    for kind in KINDS {
        found.extend(own(part, kind).map(|entry| (kind, entry)));
        list(part, kind).for_each(|entry| entries(entry, found));
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

fn enabled(entry: &&Value) -> bool {
    entry.get("enabled") != Some(&Value::Bool(false))
}

/// Whether an active filter of the service rejects requests without a token.
fn protected(service: &Value) -> Result<bool> {
    let chains = list(service, "filter_chains").filter(enabled);
    let entries = chains.flat_map(|chain| list(chain, "filters")).chain(list(service, "plugins"));
    let mut found = false;
    for entry in entries.filter(enabled) {
        found |= shipped::in_kong(entry)?.iter().any(|c| {
            c.filter == "jwt-auth" || (c.filter == "gateway" && c.config.get("jwt_auth").is_some())
        });
    }
    Ok(found)
}

/// The services whose new routes would pass unfiltered during an update, and the entries outside of
/// services.
pub(super) fn unprotected(document: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for service in document["services"].as_array().context("services")? {
        if !protected(service)? {
            found.push(service["name"].to_string());
        }
    }
    for kind in ["routes", "filter_chains", "plugins"] {
        found.extend(own(document, kind).map(|entry| format!("{kind}: {}", entry["name"])));
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

/// Switching from one file to another gives no service or route a new id. A new file of `deploy/kong`
/// starts new pods, so its ids need not agree.
#[test]
fn files_agree_on_the_ids_of_services_and_routes() -> Result<()> {
    let mut known = BTreeMap::new();
    for (file, document) in documents()?.into_iter().filter(|(file, _)| file.starts_with(DIR)) {
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
fn checks_reject_missing_ids() -> Result<()> {
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
    Ok(())
}

/// Moves the member `from` of an object to the object at `to`.
fn moved(document: &mut Value, from: (&str, &str), to: &str) -> Result<()> {
    let source = document.pointer_mut(from.0).and_then(Value::as_object_mut);
    let part = source.context("source")?.remove(from.1).context("part")?;
    document.pointer_mut(to).context("target")?[from.1] = part;
    Ok(())
}

#[test]
fn checks_reject_services_without_active_filters() -> Result<()> {
    let service = "/services/0";
    let gateway = || shipped::yaml(&format!("{DIR}/gateway.yml"));
    let mut on_route = gateway()?;
    moved(&mut on_route, (service, "filter_chains"), "/services/0/routes/0")?;
    let mut outside = gateway()?;
    moved(&mut outside, (service, "filter_chains"), "")?;
    let mut routes_outside = gateway()?;
    moved(&mut routes_outside, (service, "routes"), "")?;
    let mut disabled_chain = gateway()?;
    disabled_chain["services"][0]["filter_chains"][0]["enabled"] = Value::Bool(false);
    let mut disabled_filter = gateway()?;
    disabled_filter["services"][0]["filter_chains"][0]["filters"][0]["enabled"] =
        Value::Bool(false);
    let mut disabled_plugin = shipped::yaml(&format!("{DIR}/plugins.yml"))?;
    disabled_plugin["services"][0]["plugins"][0]["enabled"] = Value::Bool(false);
    let mut without_jwt_auth = gateway()?;
    let config = without_jwt_auth
        .pointer_mut("/services/0/filter_chains/0/filters/0/config")
        .and_then(Value::as_object_mut);
    config.context("config")?.remove("jwt_auth").context("jwt_auth")?;
    let mut plugins_outside = shipped::yaml(&format!("{DIR}/plugins.yml"))?;
    moved(&mut plugins_outside, (service, "plugins"), "")?;
    for (change, document, faults) in [
        ("plugins outside of their service", plugins_outside, 2),
        ("chain on the route", on_route, 1),
        ("chain outside of its service", outside, 2),
        ("routes outside of their service", routes_outside, 1),
        ("disabled chain", disabled_chain, 1),
        ("disabled filter", disabled_filter, 1),
        ("disabled plugin", disabled_plugin, 1),
        ("gateway without jwt_auth", without_jwt_auth, 1),
    ] {
        let found = unprotected(&document)?;
        ensure!(found.len() == faults, "{change}: {found:?}");
    }
    Ok(())
}
