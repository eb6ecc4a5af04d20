//! The configurations of other plugins and proxies, converted.

use anyhow::{Context, Result};
use filterctl::{
    convert::{Conversion, Entry, Source, Target, Variable, convert as convert_project},
    found::{Place, Project},
    report::position,
    source::File,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Converting {
    from: String,
    to: String,
    text: String,
}

const SOURCES: [(&str, Source); 6] = [
    ("kong", Source::Kong),
    ("kic", Source::Kic),
    ("traefik", Source::Traefik),
    ("envoy", Source::Envoy),
    ("istio", Source::Istio),
    ("envoy-gateway", Source::EnvoyGateway),
];

const TARGETS: [(&str, Target); 5] = [
    ("envoy", Target::Envoy),
    ("kong", Target::Kong),
    ("envoy-gateway", Target::EnvoyGateway),
    ("traefik", Target::Traefik),
    ("filters", Target::Filters),
];

/// The converted text, and the fate of each part of the input.
pub(crate) fn convert(request: &str) -> Result<Value> {
    let Converting { from, to, text } = serde_json::from_str(request).context("conversion")?;
    let source = SOURCES.iter().find(|(name, _)| *name == from);
    let (_, source) = source.with_context(|| format!("no source {from:?}"))?;
    let target = TARGETS.iter().find(|(name, _)| *name == to);
    let (_, target) = target.with_context(|| format!("no target {to:?}"))?;
    let project = Project::new(vec![File::new("input", text)]);
    let Conversion { text, report } = convert_project(*source, *target, &project)?;
    let line = |place: &Option<Place>| -> Value {
        let Some(place) = place else { return Value::Null };
        let Some(file) = project.files.get(place.file) else { return Value::Null };
        position(&file.text, place.span.start).line.into()
    };
    let entry = |Entry { fate, place, message }: &Entry| json!({"fate": fate.name(), "line": line(place), "message": message});
    let variable = |Variable { name, meaning, place }: &Variable| json!({"name": name, "meaning": meaning, "line": line(place)});
    Ok(json!({
        "text": text,
        "entries": report.entries.iter().map(entry).collect::<Vec<_>>(),
        "variables": report.variables.iter().map(variable).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugin_of_kong_becomes_a_filter() {
        let text = "\
_format_version: \"3.0\"
services:
- name: api
  url: http://api:80
  routes: [{name: api, paths: [/]}]
  plugins:
  - {name: cors, config: {origins: [https://app.test]}}
";
        let request = json!({"from": "kong", "to": "filters", "text": text});
        let converted = convert(&request.to_string()).unwrap();
        assert!(converted["text"].as_str().unwrap().contains("https://app.test"), "{converted}");
        let entry = &converted["entries"][0];
        assert!(entry["fate"].is_string() && entry["line"].is_u64(), "{converted}");
    }

    #[test]
    fn text_without_anything_to_convert_is_an_error() {
        let request = json!({"from": "kong", "to": "envoy", "text": "a: 1"});
        assert!(convert(&request.to_string()).is_err());
    }
}
