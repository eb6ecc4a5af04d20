//! Variables that reach the filters.

use crate::{
    chains::facts::variables,
    check::lints::report::Report,
    finding::codes,
    found::{Found, Platform, Project},
    source::Node,
};

/// Checks the lists of variables of Envoy, Envoy Gateway and Istio.
pub(super) fn check(project: &Project, report: &mut Report) {
    for filter in &project.filters {
        let Some((passed, field)) = passed(filter) else { continue };
        let Ok(config) = serde_json::from_str(&filter.config.json) else { continue };
        for name in variables(&config) {
            if !passed.contains(&name.as_str()) {
                let message = format!(
                    "{}: the variable {name} does not reach the filter: list it in {field}",
                    filter.name
                );
                report.add(&codes::VARIABLE_NOT_PASSED, filter.place.clone(), message);
            }
        }
    }
}

/// The variables that reach a filter, and the field that lists them.
fn passed(filter: &Found) -> Option<(Vec<&str>, &'static str)> {
    let entry = &filter.entry;
    Some(match filter.platform {
        Platform::Envoy | Platform::Istio if filter.plugin().is_some() => {
            let variables = filter.plugin()?.fields(&["vm_config", "environment_variables"]);
            let keys = variables.and_then(|v| v.field("host_env_keys")).map(Node::items);
            let values = variables.and_then(|v| v.field("key_values")).map(Node::members);
            let keys = keys.unwrap_or_default().iter().filter_map(Node::text);
            let values = values.unwrap_or_default().iter().filter_map(|(key, _)| key.text());
            (keys.chain(values).collect(), "vm_config.environment_variables.host_env_keys")
        }
        Platform::EnvoyGateway => {
            let keys = entry.at(&["env", "hostKeys"]).map(Node::items).unwrap_or_default();
            (keys.iter().filter_map(Node::text).collect(), "env.hostKeys")
        }
        Platform::Istio if entry.get("url").is_some() => {
            let variables = entry.at(&["vmConfig", "env"]).map(Node::items).unwrap_or_default();
            let names = variables.iter().filter_map(|variable| variable.get_text("name"));
            (names.collect(), "vmConfig.env, with valueFrom: HOST")
        }
        _ => return None,
    })
}
