//! What the filters themselves say about their configurations.

use novasphere_core::Fault;
use novasphere_explain::{Environment, Proxy, check};

use super::fix;
use crate::{
    finding::{Code, Finding, codes},
    found::{Found, Place},
    source::{Content, Node, Style},
};

/// The findings about the configuration of one filter.
pub(super) fn of(filter: &Found, environment: &Environment) -> Vec<Finding> {
    let config = &filter.config;
    let place = |span| Some(Place { file: filter.place.file, span });
    if let Some(error) = &config.error {
        let message = format!("the configuration of {} {error}", filter.name);
        return vec![Finding::new(&codes::NOT_YAML, place(error.span.clone()), message)];
    }
    let mut proxy = Proxy::new(filter.platform.proxy(), environment);
    proxy.values_are_text = config.values_are_text;
    proxy.guesses_types = config.guesses_types;
    let verdict = check(filter.kind, config.json.as_bytes(), &proxy);
    let mut findings = repeated_keys(filter);
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
    for name in &verdict.assumed {
        let message = format!("{}: the value of {name} is assumed", filter.name);
        let place = Some(filter.place.clone());
        findings.push(Finding::new(&codes::ASSUMED_VARIABLE, place, message));
    }
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
    let span = filter.config.node.span_of(&fault.path).0;
    let place = Place { file: filter.place.file, span };
    Finding::new(code, Some(place), format!("{}: {fault}", filter.kind.name()))
}

/// Repeated keys in YAML. In JSON text, the filter itself reports them.
fn repeated_keys(filter: &Found) -> Vec<Finding> {
    let mut findings = Vec::new();
    filter.config.node.walk(&mut |node| {
        let members = node.members();
        for (n, (key, _)) in members.iter().enumerate() {
            let is_first = |earlier: &(Node, Node)| earlier.0.text() == key.text();
            let is_plain = matches!(key.content, Content::Scalar { style: Style::Plain, .. });
            let is_json = !is_plain
                && serde_json::from_str::<serde_json::Value>(&filter.config.json).is_err();
            if members.iter().take(n).any(is_first) && !is_json {
                let name = key.text().unwrap_or_default();
                let message = format!("{}: {name:?} is repeated", filter.kind.name());
                let place = Place { file: filter.place.file, span: key.span.clone() };
                findings.push(Finding::new(&codes::REPEATED_KEY, Some(place), message));
            }
        }
    });
    findings
}
