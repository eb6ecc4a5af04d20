//! The text of the filter in Envoy's configuration.

use super::{
    settings::{RouteSettings, Settings},
    yaml,
};
use crate::template::Template;

const WASM: &str = include_str!("templates/wasm.yaml");
const CHAIN: &str = include_str!("templates/chain.yaml");
const ROUTE: &str = include_str!("templates/route.yaml");

/// The lines of the entry in `http_filters`. Only a chain can have other settings on some routes; it
/// needs Envoy 1.39.
pub(super) fn filter(settings: &Settings) -> Vec<String> {
    let text = if settings.needs_chain() { CHAIN } else { WASM };
    filled(text, settings, settings.lines.clone())
}

/// The lines of the entry in `typed_per_filter_config`.
pub(super) fn of_route(settings: &Settings, route: &RouteSettings) -> Vec<String> {
    match route {
        RouteSettings::Disabled => vec![
            format!("{}:", settings.name),
            "  \"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig".to_owned(),
            "  disabled: true".to_owned(),
        ],
        RouteSettings::Config(config) => filled(ROUTE, settings, yaml::lines(config)),
    }
}

fn filled(text: &str, settings: &Settings, config: Vec<String>) -> Vec<String> {
    let variables = match settings.variables.join(", ") {
        list if list.is_empty() => Vec::new(),
        list => vec![
            "# Only the variables listed here reach the filter. Set them in Envoy's environment."
                .to_owned(),
            format!("environment_variables: {{host_env_keys: [{list}]}}"),
        ],
    };
    let around = Template::default()
        .block("WASM", WASM.lines().map(str::to_owned).collect())
        .block("VARIABLES", variables)
        .word("NAME", settings.name.as_str())
        .word("MODULE", settings.module.as_str())
        .lines(text);
    // Last, because the configuration may contain anything.
    Template::default().block("CONFIG", config).lines(&around.join("\n"))
}
