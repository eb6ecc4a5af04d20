//! The filters' own messages about their configurations.

use std::collections::BTreeSet;

use novasphere_core::Fault;
use novasphere_explain::{Environment, Proxy, check};

use super::fix;
use crate::{
    finding::{Code, Finding, codes},
    found::{Found, Place},
    source::Node,
};

/// The findings about the configuration of one filter. Adds the names of variables whose values were
/// assumed to `assumed`.
pub(super) fn of(
    filter: &Found,
    environment: &Environment,
    assumed: &mut BTreeSet<String>,
) -> Vec<Finding> {
    let config = &filter.config;
    let mut proxy = Proxy::new(filter.platform.proxy(), environment);
    proxy.values_are_text = config.values_are_text;
    proxy.guesses_types = config.guesses_types;
    let verdict = check(filter.kind, config.json.as_bytes(), &proxy);
    // The filter itself reports repeated keys in JSON text.
    let mut findings = if config.is_text { Vec::new() } else { repeated_keys(filter) };
    for fault in &verdict.faults {
        let mut finding = finding(fault_code(fault), fault, filter);
        finding.fix = fix::of(fault, filter);
        findings.push(finding);
    }
    for warning in &verdict.warnings {
        let is_secret = warning.message.starts_with("is readable in the configuration");
        let code = if is_secret { &codes::READABLE_SECRET } else { &codes::FILTER_WARNING };
        findings.push(finding(code, warning, filter));
    }
    findings.extend(verdict.facts.iter().map(|fact| finding(&codes::FILTER_FACT, fact, filter)));
    assumed.extend(verdict.assumed);
    findings
}

/// The code for a fault, by the words with which the filters' messages start.
fn fault_code(fault: &Fault) -> &'static Code {
    let message = fault.message.as_str();
    let starts = |words: &[&str]| words.iter().any(|word| message.starts_with(word));
    if starts(&["unknown field"]) {
        &codes::UNKNOWN_FIELD
    } else if starts(&["environment variable "]) {
        &codes::MISSING_VARIABLE
    } else if starts(&["is required", "configure at least"]) {
        &codes::MISSING_FIELD
    } else if starts(&["expected "]) {
        &codes::WRONG_TYPE
    } else {
        &codes::REFUSED_VALUE
    }
}

fn finding(code: &'static Code, fault: &Fault, filter: &Found) -> Finding {
    let span = match &filter.config.error {
        Some(error) => error.span.clone(),
        // The name of an unknown field is wrong, not its value.
        None if *code == codes::UNKNOWN_FIELD => filter.config.node.key_span_of(&fault.path),
        None => filter.config.node.span_of(&fault.path).0,
    };
    let place = Place { file: filter.place.file, span };
    Finding::new(code, Some(place), format!("{}: {fault}", filter.kind.name()))
}

/// Repeated keys of objects.
fn repeated_keys(filter: &Found) -> Vec<Finding> {
    let mut findings = Vec::new();
    filter.config.node.walk(&mut |node| {
        for (n, (key, _)) in node.members().iter().enumerate() {
            let is_same = |earlier: &(Node, Node)| earlier.0.text() == key.text();
            if node.members().iter().take(n).any(is_same) {
                let name = key.text().unwrap_or_default();
                let message = format!("{}: {name:?} is repeated", filter.kind.name());
                let place = Place { file: filter.place.file, span: key.span.clone() };
                findings.push(Finding::new(&codes::REPEATED_KEY, Some(place), message));
            }
        }
    });
    findings
}
