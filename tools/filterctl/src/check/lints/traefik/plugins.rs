//! Plugins and their variables.

use novasphere_explain::ProxyKind;

use crate::{
    chains::facts::variables,
    check::lints::report::Report,
    finding::codes,
    found::{Project, StaticConfig},
};

pub(super) fn check(project: &Project, config: &StaticConfig, report: &mut Report) {
    let plugins = config.names("experimental.localPlugins");
    if plugins.is_empty() {
        return;
    }
    let aborts = config.get("experimental.abortOnPluginFailure");
    if aborts.is_none_or(|(value, _)| value != "true") {
        let place = aborts.map_or(&config.place, |(_, place)| place);
        let message = "set experimental.abortOnPluginFailure: true: one plugin that fails to load \
                       disables all";
        report.add(&codes::PLUGINS_MAY_BE_MISSING, place.clone(), message);
    }
    let remote = config.names("experimental.plugins");
    for filter in &project.filters {
        if filter.platform.proxy() != ProxyKind::Traefik || filter.module.is_empty() {
            continue;
        }
        let plugin = filter.module.to_ascii_lowercase();
        let Some((_, place)) = plugins.iter().find(|(name, _)| *name == plugin) else {
            if !remote.iter().any(|(name, _)| *name == plugin) {
                let message = format!(
                    "{}: the plugin {} is not in experimental.localPlugins",
                    filter.name, filter.module
                );
                report.add(&codes::UNKNOWN_MODULE, filter.place.clone(), message);
            }
            continue;
        };
        let path = format!("experimental.localPlugins.{plugin}.settings.envs");
        let Ok(values) = serde_json::from_str(&filter.config.json) else { continue };
        for name in variables(&values) {
            if !config.all(&path).any(|(listed, _)| listed == name) {
                let place = config.get(&path).map_or(*place, |(_, place)| place);
                let message = format!(
                    "{}: settings.envs does not list {name}, which {} reads",
                    filter.module, filter.name
                );
                report.add(&codes::NOT_IN_ENVS, place.clone(), message);
            }
        }
    }
}
