//! Envoy: bootstraps, discovery responses and config dumps.

mod condition;
mod native;
pub(super) mod request_handling;
mod routes;

use std::collections::HashMap;

use novasphere_explain::FilterKind;

pub(super) use self::routes::flag;
use super::{DocumentKind, FilterConfig, Found, Platform, Project, filter::of_module};
use crate::source::{Content, File, Node, Reader, Style};

/// The filters of a document by the addresses of their entries.
pub(super) type Entries = HashMap<*const Node, usize>;

/// Adds the filters and routes of all Envoy documents.
pub(super) fn find(project: &mut Project) {
    let documents = std::mem::take(&mut project.documents);
    for (index, document) in documents.iter().enumerate() {
        if document.kind == DocumentKind::Envoy {
            let entries =
                add_filters(project, Platform::Envoy, index, document.file, &document.root);
            routes::add(project, index, document, &documents, &entries);
        }
    }
    project.documents = documents;
}

/// Adds all filters of this project below `root`. Also used for the patches of an EnvoyFilter.
pub(super) fn add_filters(
    project: &mut Project,
    platform: Platform,
    document: usize,
    file: usize,
    root: &Node,
) -> Entries {
    let mut entries = Entries::new();
    let mut nodes = Vec::new();
    root.walk(&mut |node| nodes.push(node));
    for node in nodes {
        let found = project.files.get(file).and_then(|text| filter(node, text));
        let Some((kind, name, module, config)) = found else { continue };
        entries.insert(std::ptr::from_ref(node), project.filters.len());
        project.filters.push(Found {
            kind,
            platform,
            name,
            module,
            config,
            place: super::Place { file, span: node.head() },
            entry: node.clone(),
            document,
        });
    }
    entries
}

/// The filter of an entry of `http_filters`.
fn filter(entry: &Node, file: &File) -> Option<(FilterKind, String, String, FilterConfig)> {
    let message = typed_config(entry)?;
    if let Some(module) = message.fields(&["dynamic_module_config", "name"]) {
        return native::module(entry, message, module.text()?, file);
    }
    let plugin = message.field("config")?;
    let code = plugin.fields(&["vm_config", "code"])?;
    let module = code
        .fields(&["local", "filename"])
        .or_else(|| code.fields(&["remote", "http_uri", "uri"]))
        .and_then(Node::text)?;
    let kind = of_module(module)?;
    let name = entry.get_text("name").or_else(|| plugin.get_text("name")).unwrap_or(module);
    let config = configuration(plugin.field("configuration"), entry, file);
    Some((kind, name.to_owned(), module.to_owned(), config))
}

/// The message of an extension, also inside a TypedStruct.
pub(super) fn typed_config(entry: &Node) -> Option<&Node> {
    let config = entry.field("typed_config")?;
    match config.get_text("@type") {
        Some(url) if url.ends_with(".TypedStruct") => config.get("value"),
        _ => Some(config),
    }
}

/// The configuration as the module receives it: see `codec/configuration.rs` of the proxy-wasm
/// adapter.
fn configuration(any: Option<&Node>, entry: &Node, file: &File) -> FilterConfig {
    let Some(any) = any else {
        let mut none = FilterConfig::fields(entry, Reader::Yaml);
        none.json.clear();
        return none;
    };
    let kind = any.get_text("@type").unwrap_or_default();
    let value = any.get("value").unwrap_or(any);
    if kind.ends_with(".StringValue") || kind.ends_with(".BytesValue") {
        return FilterConfig::text(file, value);
    }
    let mut config = FilterConfig::of(file, value, reader(any));
    config.guesses_types = !matches!(value.content, Content::Scalar { .. });
    config
}

/// Protobuf's JSON keeps fractions; Envoy's YAML reader does not.
fn reader(node: &Node) -> Reader {
    let first = node.members().first().map(|(key, _)| key);
    // "@type" needs quotes in YAML too, so a later key decides.
    let last = node.members().last().map(|(key, _)| key).or(first);
    match last.map(|key| &key.content) {
        Some(Content::Scalar { style: Style::Quoted, .. }) => Reader::Yaml,
        _ => Reader::Envoy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(texts: &[&str]) -> Project {
        let files = texts.iter().enumerate();
        Project::new(
            files.map(|(n, text)| File::new(&format!("{n}.yaml"), (*text).to_owned())).collect(),
        )
    }

    fn plugin(name: &str, configuration: &str) -> String {
        format!(
            r#"{{name: {name}, typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, config: {{vm_config: {{code: {{local: {{filename: /w/novasphere-{name}.wasm}}}}}}, configuration: {configuration}}}}}}}"#
        )
    }

    #[test]
    fn reads_all_forms_of_configurations() {
        for (form, json, guesses) in [
            (
                r#"{"@type": x/google.protobuf.StringValue, value: '{"max_age": 5}'}"#,
                r#"{"max_age": 5}"#,
                false,
            ),
            (
                r#"{"@type": x/google.protobuf.Struct, value: {max_age: 5, credentials: on}}"#,
                r#"{"credentials":true,"max_age":5}"#,
                true,
            ),
            (
                r#"{"@type": x/xds.type.v3.TypedStruct, type_url: t, value: {max_age: 1.5}}"#,
                r#"{"max_age":"1.5"}"#,
                true,
            ),
            (
                r#"{"@type": "x/google.protobuf.Struct", "value": {"max_age": 1.5}}"#,
                r#"{"max_age":1.5}"#,
                true,
            ),
        ] {
            let text = format!("http_filters:\n- {}\n", plugin("cors", form));
            let project = project(&[&text]);
            let [found] = &project.filters[..] else { panic!("{form}: {:?}", project.filters) };
            assert_eq!((found.config.json.as_str(), found.config.guesses_types), (json, guesses));
            assert_eq!(found.kind, FilterKind::Cors);
        }
    }

    #[test]
    fn routes_have_the_filters_that_run_for_them() {
        let chain = |name: &str, config: &str| {
            format!(
                r#"{{"@type": x/envoy.extensions.filters.http.filter_chain.v3.FilterChainConfigPerRoute, filter_chain: {{filters: [{}]}}}}"#,
                plugin(
                    name,
                    &format!(r#"{{"@type": x/google.protobuf.StringValue, value: '{config}'}}"#)
                )
            )
        };
        let base = r#"{"@type": x/google.protobuf.StringValue, value: '{"base": 1}'}"#;
        let text = format!(
            r#"
static_resources:
  listeners:
  - filter_chains:
    - filters:
      - name: hcm
        typed_config:
          route_config:
            virtual_hosts:
            - name: api
              domains: [api.example.com]
              typed_per_filter_config:
                cors: {{"@type": x/envoy.config.route.v3.FilterConfig, disabled: true}}
              routes:
              - name: special
                match: {{path: /a}}
                route: {{cluster: c}}
                typed_per_filter_config:
                  chain: {}
              - match: {{prefix: /}}
                direct_response: {{status: 404}}
          http_filters:
          - {}
          - name: chain
            typed_config:
              "@type": x/envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig
              default_filter_chain: {{filters: [{}]}}
"#,
            chain("jwt-auth", r#"{"special": 1}"#),
            plugin("cors", base),
            plugin("jwt-auth", base),
        );
        let project = project(&[&text]);
        let configs = |n: usize| -> Vec<&str> {
            let filters = &project.routes[n].filters;
            filters.iter().map(|f| project.filters[*f].config.json.as_str()).collect()
        };
        assert_eq!(project.routes.len(), 2);
        assert_eq!(configs(0), [r#"{"special": 1}"#]);
        assert_eq!(configs(1), [r#"{"base": 1}"#]);
        assert!(project.routes[1].direct.is_some());
        assert_eq!(project.routes[0].name, "special");
        assert_eq!(project.routes[0].domains, ["api.example.com"]);
    }

    /// Measured with filters of Envoy 1.40 that append to a response header.
    #[test]
    fn chains_of_routes_replace_filters_by_name_and_run_last() {
        let config = r#"{"@type": x/google.protobuf.StringValue, value: '{}'}"#;
        let chain = |names: &[&str]| {
            let filters: Vec<String> = names
                .iter()
                .map(|name| {
                    let (kind, level) = name.split_once('@').unwrap();
                    plugin(kind, config).replacen(
                        &format!("novasphere-{kind}"),
                        &format!("{level}/novasphere-{kind}"),
                        1,
                    )
                })
                .collect();
            filters.join(", ")
        };
        let overrides = |names: &[&str]| {
            format!("{{chain: {{filter_chain: {{filters: [{}]}}}}}}", chain(names))
        };
        let text = format!(
            r#"
http_filters:
- name: chain
  typed_config: {{default_filter_chain: {{filters: [{}]}}}}
route_config:
  virtual_hosts:
  - name: v
    domains: ["*"]
    typed_per_filter_config: {}
    routes:
    - {{name: r, match: {{path: /r}}, typed_per_filter_config: {}}}
    - {{name: v, match: {{prefix: /}}}}
"#,
            chain(&["cors@default", "jwt-auth@default"]),
            overrides(&["header-transform@host", "jwt-auth@host"]),
            overrides(&["jwt-auth@route", "rate-limit@route"]),
        );
        let project = project(&[&text]);
        let modules = |n: usize| -> Vec<&str> {
            let filters = project.routes[n].filters.iter();
            filters.map(|f| project.filters[*f].module.trim_start_matches("/w/")).collect()
        };
        assert_eq!(
            modules(0),
            [
                "default/novasphere-cors.wasm",
                "host/novasphere-header-transform.wasm",
                "route/novasphere-jwt-auth.wasm",
                "route/novasphere-rate-limit.wasm"
            ]
        );
        assert_eq!(
            modules(1),
            [
                "default/novasphere-cors.wasm",
                "host/novasphere-header-transform.wasm",
                "host/novasphere-jwt-auth.wasm"
            ]
        );
    }
}
