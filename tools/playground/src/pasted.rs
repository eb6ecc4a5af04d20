//! The configuration in the files of each host.

use anyhow::Result;
use filterctl::{check, found::Project};
use novasphere_explain::{FilterKind, ProxyKind};
use serde_json::{Value, json};

use crate::setup::Setup;

const ENVOY: &str = include_str!("hosts/envoy.yaml");
const KONG: &str = include_str!("hosts/kong.yml");
const KONG_CONF: &str = include_str!("hosts/kong.conf");
const DYNAMIC: &str = include_str!("hosts/dynamic.yaml");
const TRAEFIK: &str = include_str!("hosts/traefik.yaml");

/// A filter that a host runs: its name and its configuration, YAML text.
type Part = (&'static str, String);

/// The files of the host, and the filters that it does not run.
pub(crate) fn paste(setup: &str) -> Result<Value> {
    let setup = Setup::parse(setup)?;
    let (kind, proxy) = (setup.kind()?, setup.proxy()?);
    let project = setup.project()?;
    let names: Vec<String> = setup.variables(&project)?.into_iter().map(|v| v.name).collect();
    let (files, missing) = match proxy {
        ProxyKind::Envoy => (vec![("envoy.yaml", envoy(kind, &setup.text, &names))], Vec::new()),
        ProxyKind::Kong => (kong(kind, &setup.text, &names), Vec::new()),
        ProxyKind::Traefik => traefik(kind, &setup.text, &project, &names),
    };
    let faults = check::findings(&project, &setup.environment(&project)?);
    let faults = faults
        .iter()
        .filter(|finding| finding.code.severity == filterctl::finding::Severity::Error);
    let faults: Vec<&str> = faults.map(|finding| finding.message.as_str()).collect();
    let files: Vec<Value> =
        files.into_iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
    Ok(json!({"files": files, "missing": missing, "faults": faults}))
}

fn envoy(kind: FilterKind, config: &str, variables: &[String]) -> String {
    let listed = match variables {
        [] => String::new(),
        names => format!(
            "# Only the variables listed here reach the filter.\n\
             environment_variables: {{host_env_keys: [{}]}}",
            names.join(", ")
        ),
    };
    let text = ENVOY.replace("@FILTER@", kind.name());
    filled(&filled(&text, "@VARIABLES@", &indented(&listed, 8)), "@CONFIG@", &indented(config, 10))
}

fn kong(kind: FilterKind, config: &str, variables: &[String]) -> Vec<(&'static str, String)> {
    let text = KONG.replace("@MODULE@", &kind.name().replace('-', "_"));
    let listed = match variables {
        [] => String::new(),
        names => format!(
            "# Only the variables listed here reach the filter.\nnginx_main_env = {}",
            names.join("; env ")
        ),
    };
    vec![
        ("kong.yml", filled(&text, "@CONFIG@", &indented(config, 8))),
        ("kong.conf", filled(KONG_CONF, "@VARIABLES@", &listed)),
    ]
}

fn traefik(
    kind: FilterKind,
    config: &str,
    project: &Project,
    variables: &[String],
) -> (Vec<(&'static str, String)>, Vec<&'static str>) {
    let (parts, missing) = parts(kind, config, project);
    if parts.is_empty() {
        return (Vec::new(), missing);
    }
    let middleware = |(name, config): &Part| {
        let config = indented(config, 8);
        format!("    {name}:\n      plugin:\n        novasphere-{name}:\n{}", indented(&config, 2))
    };
    let plugin = |(name, _): &Part| {
        let envs = match (*name, variables) {
            ("jwt-auth", [_, ..]) => {
                format!("\n      settings: {{envs: [{}]}}", variables.join(", "))
            }
            _ => String::new(),
        };
        format!("    novasphere-{name}:\n      moduleName: novasphere/{name}{envs}")
    };
    let all =
        |form: &dyn Fn(&Part) -> String| parts.iter().map(form).collect::<Vec<String>>().join("\n");
    let files = vec![
        ("dynamic.yaml", filled(DYNAMIC, "@MIDDLEWARES@", &all(&middleware))),
        ("traefik.yaml", filled(TRAEFIK, "@PLUGINS@", &all(&plugin))),
    ];
    (files, missing)
}

/// The filters that Traefik runs, and the names of the others.
fn parts(kind: FilterKind, config: &str, project: &Project) -> (Vec<Part>, Vec<&'static str>) {
    match kind {
        FilterKind::JwtAuth | FilterKind::HeaderTransform => {
            (vec![(kind.name(), config.to_owned())], Vec::new())
        }
        FilterKind::Cors | FilterKind::RateLimit => (Vec::new(), vec![kind.name()]),
        FilterKind::Gateway => {
            let json = project.filters.first().map_or("", |found| found.config.json.as_str());
            let value: Value = serde_json::from_str(json).unwrap_or_default();
            let section = |name: &str| value.get(name).filter(|section| !section.is_null());
            // JSON is YAML, and each part keeps the types of its values.
            let part = |kind: FilterKind, name: &str| {
                section(name).map(|section| (kind.name(), format!("json: |\n  {section}")))
            };
            let parts = [
                part(FilterKind::JwtAuth, "jwt_auth"),
                part(FilterKind::HeaderTransform, "header_transform"),
            ];
            let others = [(FilterKind::Cors, "cors"), (FilterKind::RateLimit, "rate_limit")];
            let missing = others.into_iter().filter(|(_, name)| section(name).is_some());
            (parts.into_iter().flatten().collect(), missing.map(|(kind, _)| kind.name()).collect())
        }
    }
}

/// The text with the lines of `inner` in place of the line `place`, or without this line.
fn filled(text: &str, place: &str, inner: &str) -> String {
    let lines = text.lines().filter_map(|line| match line.trim() == place {
        true if inner.is_empty() => None,
        true => Some(inner),
        false => Some(line),
    });
    let mut text = lines.collect::<Vec<&str>>().join("\n");
    text.push('\n');
    text
}

fn indented(text: &str, by: usize) -> String {
    let line = |line: &str| {
        if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(by)) }
    };
    text.trim_end().lines().map(line).collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use filterctl::source::File;

    use super::*;

    const GATEWAY: &str = "\
cors:
  origins: [https://app.test]   # the web app
jwt_auth: {credentials: [{key: a, secret: {env: KEY}}]}
header_transform: {request: {add: {headers: [\"X-A:1\"]}}}
";

    fn pasted(filter: &str, proxy: &str, text: &str) -> Value {
        let setup = json!({"filter": filter, "proxy": proxy, "text": text});
        paste(&setup.to_string()).unwrap()
    }

    fn file(pasted: &Value, index: usize) -> &str {
        pasted["files"][index]["text"].as_str().unwrap()
    }

    /// The filters that filterctl finds in a file, with their configurations.
    fn found(text: &str) -> Vec<(FilterKind, Value)> {
        let project = Project::new(vec![File::new("pasted.yaml", text.to_owned())]);
        assert_eq!(project.files[0].error, None, "{text}");
        let config = |json: &str| serde_json::from_str(json).unwrap();
        project.filters.iter().map(|f| (f.kind, config(&f.config.json))).collect()
    }

    fn wanted(text: &str) -> Value {
        let setup =
            Setup::parse(&json!({"filter": "gateway", "proxy": "envoy", "text": text}).to_string());
        let project = setup.unwrap().project().unwrap();
        serde_json::from_str(&project.filters[0].config.json).unwrap()
    }

    #[test]
    fn envoy_gets_the_configuration_with_its_comments() {
        let pasted = pasted("gateway", "envoy", GATEWAY);
        let text = file(&pasted, 0);
        assert!(text.contains("# the web app") && text.contains("host_env_keys: [KEY]"), "{text}");
        let listener = format!(
            "static_resources:\n  listeners:\n  - filter_chains:\n    - filters:\n      - name: envoy.filters.network.http_connection_manager\n        typed_config:\n          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n          http_filters:\n{}",
            indented(text, 10)
        );
        assert_eq!(found(&listener), [(FilterKind::Gateway, wanted(GATEWAY))]);
    }

    #[test]
    fn kong_gets_the_configuration_and_the_variables() {
        let pasted = pasted("gateway", "kong", GATEWAY);
        assert_eq!(found(file(&pasted, 0)), [(FilterKind::Gateway, wanted(GATEWAY))]);
        assert!(file(&pasted, 1).contains("nginx_main_env = KEY\n"), "{pasted}");
    }

    #[test]
    fn traefik_gets_the_filters_that_it_runs() {
        let gateway = pasted("gateway", "traefik", GATEWAY);
        assert_eq!(gateway["missing"], json!(["cors"]));
        let found = found(file(&gateway, 0));
        let kinds: Vec<FilterKind> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [FilterKind::JwtAuth, FilterKind::HeaderTransform], "{gateway}");
        assert_eq!(found[0].1, wanted(GATEWAY)["jwt_auth"]);
        assert!(file(&gateway, 1).contains("envs: [KEY]"), "{gateway}");
        assert_eq!(pasted("cors", "traefik", "origins: ['*']")["files"], json!([]));
    }

    #[test]
    fn json_text_can_be_pasted() {
        let json = "{\n  \"origins\": [\"*\"]\n}";
        let pasted = pasted("cors", "kong", json);
        assert_eq!(found(file(&pasted, 0)), [(FilterKind::Cors, json!({"origins": ["*"]}))]);
    }
}
