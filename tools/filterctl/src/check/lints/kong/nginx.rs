//! The settings that filters need.

use std::collections::BTreeSet;

use novasphere_explain::{FilterKind, ProxyKind};
use serde_json::Value;

use super::settings::Settings;
use crate::{
    chains::{
        Chains, Step,
        facts::{items, variables},
    },
    check::lints::{report::Report, workloads::containers},
    finding::codes,
    found::{DocumentKind, Place, Project},
    source::Node,
};

pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let settings = Settings::new(project);
    let steps: Vec<Step<'_>> = project
        .filters
        .iter()
        .enumerate()
        .filter(|(_, filter)| filter.platform.proxy() == ProxyKind::Kong)
        .flat_map(|(index, _)| chains.steps(index))
        .collect();
    let read: BTreeSet<String> = steps.iter().flat_map(|step| variables(step.config)).collect();
    environment(&settings, &read, report);
    in_containers(project, &read, report);
    wasm(&settings, report);
    shared_memory(&settings, &steps, report);
    trust(&settings, report);
}

fn environment(settings: &Settings<'_>, read: &BTreeSet<String>, report: &mut Report) {
    let lists = settings.all("nginx_main_env");
    for name in read {
        for (_, place) in lists.iter().filter(|(list, _)| !passes(list, name)) {
            // Do not quote the list: its values may be secrets.
            let message = format!(
                "nginx_main_env: does not list {name}, which a filter reads; append \"; env {name}\""
            );
            report.add(&codes::NOT_IN_MAIN_ENV, place.clone(), message);
        }
        if let Some(place) = settings.complete.as_ref().filter(|_| lists.is_empty()) {
            let message = format!("set nginx_main_env = {name}: a filter reads this variable");
            report.add(&codes::NOT_IN_MAIN_ENV, place.clone(), message);
        }
    }
}

/// Whether a value such as `FIRST; env SECOND` passes on a variable.
fn passes(list: &str, name: &str) -> bool {
    let entries = list.split(';').map(str::trim);
    entries
        .map(|entry| entry.strip_prefix("env ").unwrap_or(entry).trim())
        .any(|entry| entry.split('=').next() == Some(name))
}

/// Containers of Kong, and the charts, whose `customEnv` sets variables of the container.
fn in_containers(project: &Project, read: &BTreeSet<String>, report: &mut Report) {
    let is_kongs = |name: &str| name.starts_with("KONG_");
    for container in containers(project) {
        let has_settings = container.variables.iter().any(|(name, _)| is_kongs(name));
        let is_kong = has_settings || container.image.contains("kong");
        for name in read.iter().filter(|name| is_kong && !container.has(name)) {
            let message = format!("the container has no variable {name}, which a filter reads");
            report.add(&codes::VARIABLE_NOT_IN_CONTAINER, container.place(), message);
        }
    }
    for (_, document) in project.documents_of(&DocumentKind::KongValues) {
        let root = document.root.at(&["gateway"]).unwrap_or(&document.root);
        let lists = ["env", "customEnv"].into_iter().filter_map(|list| root.get(list));
        let member = root.member("customEnv").or_else(|| root.member("env"));
        let span = member.map_or_else(|| root.head(), |(key, _)| key.span.clone());
        let place = Place { file: document.file, span };
        let names: Vec<String> = lists
            .flat_map(Node::members)
            .filter_map(|(name, _)| Some(name.text()?.to_ascii_uppercase()))
            .collect();
        for name in read.iter().filter(|name| !names.contains(name)) {
            let message = format!("customEnv: has no variable {name}, which a filter reads");
            report.add(&codes::VARIABLE_NOT_IN_CONTAINER, place.clone(), message);
        }
    }
}

fn wasm(settings: &Settings<'_>, report: &mut Report) {
    let values = settings.all("wasm");
    for (value, place) in values.iter().filter(|(value, _)| *value != "on" && *value != "true") {
        let message = format!("wasm: expected on, got {value}");
        report.add(&codes::WASM_OFF, place.clone(), message);
    }
    if let Some(place) = settings.complete.as_ref().filter(|_| values.is_empty()) {
        report.add(
            &codes::WASM_OFF,
            place.clone(),
            "set wasm = on: Kong runs no filters without it",
        );
    }
}

/// A table has a slot of 1 KiB for two clients.
const BYTES_PER_CLIENT: u64 = 512;
const DEFAULT_CLIENTS: u64 = 65_536;

fn shared_memory(settings: &Settings<'_>, steps: &[Step<'_>], report: &mut Report) {
    let limits = || steps.iter().filter(|step| step.kind == FilterKind::RateLimit);
    let fetches = |step: &Step<'_>| {
        step.kind == FilterKind::JwtAuth && !items(step.config, "jwks").is_empty()
    };
    if limits().next().is_none() && !steps.iter().any(fetches) {
        return;
    }
    let clients = |step: &Step<'_>| {
        step.config.get("max_clients").and_then(Value::as_u64).unwrap_or(DEFAULT_CLIENTS)
    };
    let needed = limits().map(clients).max().unwrap_or(0).saturating_mul(BYTES_PER_CLIENT);
    let zones = settings.all("nginx_wasm_shm_kv");
    for (zone, place) in zones.iter().filter(|(zone, _)| bytes(zone).is_some_and(|b| b < needed)) {
        let mebibytes = needed.div_ceil(1 << 20);
        let message =
            format!("nginx_wasm_shm_kv: expected at least {mebibytes}m for rate-limit, got {zone}");
        report.add(&codes::NO_SHARED_MEMORY, place.clone(), message);
    }
    if let Some(place) = settings.complete.as_ref().filter(|_| zones.is_empty()) {
        let message = "set nginx_wasm_shm_kv = 64m: rate-limit and fetched keys need shared memory";
        report.add(&codes::NO_SHARED_MEMORY, place.clone(), message);
    }
}

/// The bytes of a size of nginx: `64m`.
fn bytes(size: &str) -> Option<u64> {
    let size = size.to_ascii_lowercase();
    let digits = size.trim_end_matches(['k', 'm', 'g']);
    let unit: u64 = match size.strip_prefix(digits)? {
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "" => 1,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn trust(settings: &Settings<'_>, report: &mut Report) {
    for (addresses, place) in settings.all("trusted_ips") {
        if addresses.split(',').any(|address| ["0.0.0.0/0", "::/0"].contains(&address.trim())) {
            let message = "trusted_ips: clients can choose their address; list the load balancers";
            report.add(&codes::TRUSTS_EVERY_ADDRESS, place.clone(), message);
        }
    }
    for (addresses, place) in settings.all("admin_listen") {
        let is_local = |address: &str| {
            let address = address.trim();
            ["off", "127.", "localhost", "[::1]", "unix:"].iter().any(|l| address.starts_with(l))
        };
        if !addresses.split(',').all(is_local) {
            let message = "admin_listen: any client that reaches it can remove the filters";
            report.add(&codes::ADMIN_REACHABLE, place.clone(), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_and_sizes() {
        assert!(passes("A; env B", "B") && passes("A", "A") && passes("A=1;env  B", "A"));
        assert!(!passes("AB; env C", "B"));
        assert_eq!(bytes("64m"), Some(64 << 20));
        assert_eq!(bytes("10K"), Some(10 << 10));
        assert_eq!(bytes("x"), None);
    }
}
