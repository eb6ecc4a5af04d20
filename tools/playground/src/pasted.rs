//! The configuration in the files of each host.

use anyhow::Result;
use filterctl::{check, finding::Severity, found::Project, source::File};
use novasphere_explain::{Environment, FilterKind, ProxyKind};
use serde_json::{Value, json};

use crate::setup::Setup;

const ENVOY: &str = include_str!("hosts/envoy.yaml");
const KONG: &str = include_str!("hosts/kong.yml");
const KONG_CONF: &str = include_str!("hosts/kong.conf");
const DYNAMIC: &str = include_str!("hosts/dynamic.yaml");
const TRAEFIK: &str = include_str!("hosts/traefik.yaml");

/// Envoy's file around the entry of `http_filters`, for its check.
const LISTENER: &str = include_str!("hosts/listener.yaml");

/// A filter that a host runs: its name and its configuration, YAML text.
type Part = (&'static str, String);

/// A file: its name and its text.
type Named = (&'static str, String);

/// The filter's configuration as a file has it.
#[derive(Clone, Copy)]
enum Config<'a> {
    /// YAML or JSON, with the comments.
    Written(&'a str),
    /// JSON text, in which each value keeps its type.
    Json(&'a str),
}

/// The files of the host, and the filters that it does not run.
pub(crate) fn paste(setup: &str) -> Result<Value> {
    let setup = Setup::parse(setup)?;
    let project = setup.project()?;
    let environment = setup.environment(&project)?;
    let names: Vec<String> = setup.variables(&project)?.into_iter().map(|v| v.name).collect();
    let json = project.filters.first().map_or("", |found| found.config.json.as_str());
    let written = files(&setup, Config::Written(&setup.text), json, &names)?;
    let as_json = files(&setup, Config::Json(json), json, &names)?;
    let faults = errors(&project, &environment);
    // Some hosts change the types of values in YAML, so that filters reject them.
    let rejected = |files: &[Named]| errors(&whole(files), &environment).len();
    let needs_json = faults.is_empty() && rejected(&as_json.0) < rejected(&written.0);
    let (files, missing) = if needs_json { as_json } else { written };
    let files: Vec<Value> =
        files.into_iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
    Ok(json!({"files": files, "missing": missing, "faults": faults}))
}

/// The files of the host, and the filters that it does not run. `json` is the whole configuration.
fn files(
    setup: &Setup,
    config: Config<'_>,
    json: &str,
    variables: &[String],
) -> Result<(Vec<Named>, Vec<&'static str>)> {
    let kind = setup.kind()?;
    Ok(match setup.proxy()? {
        ProxyKind::Envoy => (vec![("envoy.yaml", envoy(kind, config, variables))], Vec::new()),
        ProxyKind::Kong => (kong(kind, config, variables), Vec::new()),
        ProxyKind::Traefik => traefik(kind, config, json, variables),
    })
}

/// The project with the first file, which has the filters.
fn whole(files: &[Named]) -> Project {
    let file = files.first().map(|(name, text)| {
        let is_entry = *name == "envoy.yaml";
        let listener = || filled(LISTENER, "@FILTERS@", &indented(text, 10));
        File::new(name, if is_entry { listener() } else { text.clone() })
    });
    Project::new(file.into_iter().collect())
}

/// The messages of all errors.
fn errors(project: &Project, environment: &Environment) -> Vec<String> {
    let findings = check::findings(project, environment).into_iter();
    let errors = findings.filter(|finding| finding.code.severity == Severity::Error);
    errors.map(|finding| finding.message).collect()
}

fn envoy(kind: FilterKind, config: Config<'_>, variables: &[String]) -> String {
    let listed = match variables {
        [] => String::new(),
        names => format!(
            "# Only the variables listed here reach the filter.\n\
             environment_variables: {{host_env_keys: [{}]}}",
            names.join(", ")
        ),
    };
    let (message, value, text) = match config {
        Config::Written(text) => ("Struct", "value:", text),
        Config::Json(json) => ("StringValue", "value: |", json.trim()),
    };
    let file = ENVOY.replace("@FILTER@", kind.name());
    let file = file.replace("@MESSAGE@", message).replace("@VALUE@", value);
    filled(&filled(&file, "@VARIABLES@", &indented(&listed, 8)), "@CONFIG@", &indented(text, 10))
}

fn kong(kind: FilterKind, config: Config<'_>, variables: &[String]) -> Vec<Named> {
    // JSON is YAML.
    let (Config::Written(config) | Config::Json(config)) = config;
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
    config: Config<'_>,
    json: &str,
    variables: &[String],
) -> (Vec<Named>, Vec<&'static str>) {
    let (parts, missing) = parts(kind, config, json);
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
fn parts(kind: FilterKind, config: Config<'_>, json: &str) -> (Vec<Part>, Vec<&'static str>) {
    let text = |json: &str| format!("json: |\n{}", indented(json.trim(), 2));
    match kind {
        FilterKind::JwtAuth | FilterKind::HeaderTransform => {
            let config = match config {
                Config::Written(config) => config.to_owned(),
                Config::Json(json) => text(json),
            };
            (vec![(kind.name(), config)], Vec::new())
        }
        FilterKind::Cors | FilterKind::RateLimit => (Vec::new(), vec![kind.name()]),
        FilterKind::Gateway => {
            let value: Value = serde_json::from_str(json).unwrap_or_default();
            let section = |name: &str| value.get(name).filter(|section| !section.is_null());
            let part = |kind: FilterKind, name: &str| {
                section(name).map(|section| (kind.name(), text(&section.to_string())))
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
        let listener = filled(LISTENER, "@FILTERS@", &indented(text, 10));
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

    #[test]
    fn files_have_json_text_where_fields_are_rejected() {
        for (proxy, name, test) in [
            ("traefik", "dynamic.yaml", "{claim: admin, equals: true}"),
            ("traefik", "dynamic.yaml", "{claim: a, one_of: [x, 5]}"),
            ("envoy", "envoy.yaml", "{claim: a, one_of: [false]}"),
        ] {
            let credential = "{key: a, secret: {env: KEY}}";
            let text = format!("credentials: [{credential}]\nrequired_claims: [{test}]");
            let pasted = pasted("jwt-auth", proxy, &text);
            assert_eq!(pasted["faults"], json!([]), "{text}");
            let project = whole(&[(name, file(&pasted, 0).to_owned())]);
            let environment = Environment { assume_missing: true, ..Environment::default() };
            assert_eq!(errors(&project, &environment), Vec::<String>::new(), "{pasted}");
            let found: Value = serde_json::from_str(&project.filters[0].config.json).unwrap();
            assert_eq!(found, wanted(&text));
        }
    }

    #[test]
    fn files_keep_comments_where_fields_are_accepted() {
        let accepted = "credentials: [{key: a, secret: {env: KEY}}] # ours\nleeway: 5\n";
        for (proxy, text) in
            [("traefik", accepted), ("envoy", accepted), ("traefik", "leeway: [] # ours")]
        {
            let pasted = pasted("jwt-auth", proxy, text);
            assert!(file(&pasted, 0).contains("# ours"), "{pasted}");
        }
    }
}
