//! `check` rejects each invalid configuration with the filter's own messages, at a place inside the
//! configuration, and accepts the configuration of every case.

use anyhow::{Context, Result, ensure};
use filterctl::{
    check::findings,
    finding::{Finding, Severity},
    found::Project,
    source::File,
};
use novasphere_explain::{Environment, FilterKind};
use novasphere_harness::chain;
use novasphere_tests::cases::{files, invalid, is_rejected};
use serde_json::json;

/// A configuration in the file of a host.
struct Form {
    name: &'static str,
    wrap: fn(FilterKind, &str) -> String,
    /// The host's term for passing on a variable.
    remedy: &'static str,
    /// The name of the host in `tests/known-differences.yaml`.
    host: &'static str,
}

const FORMS: [Form; 5] = [
    Form { name: "envoy.yaml", wrap: in_envoy, remedy: "host_env_keys", host: "envoy" },
    Form { name: "config_dump.json", wrap: in_config_dump, remedy: "host_env_keys", host: "envoy" },
    Form { name: "kong.yml", wrap: in_kong, remedy: "nginx_main_env", host: "nginx" },
    Form { name: "configmap.yaml", wrap: in_config_map, remedy: "nginx_main_env", host: "nginx" },
    Form { name: "dynamic.yaml", wrap: in_traefik, remedy: "settings.envs", host: "traefik" },
];

impl Form {
    /// Whether `got` is the message `expected` as this host gives it.
    fn is_same(&self, expected: &str, got: &str) -> bool {
        let names_remedy =
            got.contains(self.remedy) && got.starts_with(invalid::without_remedy(expected));
        expected == got || names_remedy
    }

    /// cors, rate-limit and the gateway cannot be right on Traefik.
    fn has(&self, kind: FilterKind) -> bool {
        self.host != "traefik" || matches!(kind, FilterKind::JwtAuth | FilterKind::HeaderTransform)
    }
}

fn indented(text: &str, spaces: usize) -> String {
    let lines = text.lines().map(|line| format!("{}{line}\n", " ".repeat(spaces)));
    lines.collect()
}

fn in_envoy(kind: FilterKind, config: &str) -> String {
    let name = kind.name();
    format!(
        "http_filters:\n- name: {name}\n  typed_config:\n    config:\n      vm_config: \
         {{code: {{local: {{filename: /w/novasphere-{name}.wasm}}}}}}\n      configuration:\n        \
         \"@type\": type.googleapis.com/google.protobuf.StringValue\n        value: |\n{}",
        indented(config, 10)
    )
}

fn in_config_dump(kind: FilterKind, config: &str) -> String {
    let file = format!("/w/novasphere-{}.wasm", kind.name());
    let plugin = json!({
        "vm_config": {"code": {"local": {"filename": file}}},
        "configuration": {"@type": "x/google.protobuf.StringValue", "value": config},
    });
    let filter = json!({"name": kind.name(), "typed_config": {"config": plugin}});
    format!("{:#}", json!({"configs": [{"listener": {"http_filters": [filter]}}]}))
}

fn in_kong(kind: FilterKind, config: &str) -> String {
    format!(
        "_format_version: \"3.0\"\nservices:\n- name: s\n  filter_chains:\n  - filters:\n    \
         - name: novasphere_{}\n      config: |\n{}  routes: [{{name: r}}]\n",
        kind.name().replace('-', "_"),
        indented(config, 8)
    )
}

fn in_traefik(kind: FilterKind, config: &str) -> String {
    let config = indented(config, 10);
    let name = kind.name();
    format!(
        "http:\n  middlewares:\n    m:\n      plugin:\n        novasphere-{name}:\n         json: |\n\
         {config}"
    )
}

fn in_config_map(kind: FilterKind, config: &str) -> String {
    let kong = indented(&in_kong(kind, config), 4);
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  kong.yml: |\n{kong}")
}

fn environment() -> Result<Environment> {
    Ok(Environment { variables: chain::environment()?, assume_missing: false })
}

/// Leaves out messages about capabilities that a host lacks, and other messages about the same field.
fn without_capabilities(expected: Vec<String>, got: Vec<String>) -> (Vec<String>, Vec<String>) {
    let is_about = |message: &String| {
        [": cannot be used here: ", ": is not available: this proxy "]
            .iter()
            .any(|text| message.contains(text))
    };
    let field = |message: &String| message.split(": ").next().map(str::to_owned);
    let (lacking, got): (Vec<String>, Vec<String>) = got.into_iter().partition(is_about);
    let is_lacking = |message: &String| lacking.iter().any(|l| field(l) == field(message));
    let others = |messages: Vec<String>| messages.into_iter().filter(|m| !is_lacking(m)).collect();
    (others(expected), others(got))
}

fn check(text: String, name: &str) -> Result<Vec<Finding>> {
    let project = Project::new(vec![File::new(name, text)]);
    ensure!(project.filters.len() == 1, "{name}: {} filters", project.filters.len());
    Ok(findings(&project, &environment()?))
}

/// The errors of the filter itself. Codes from NS100 on are about the filters and settings around it.
fn errors(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let errors = findings.iter().filter(|finding| finding.code.severity == Severity::Error);
    errors.filter(|finding| finding.code.id < "NS100")
}

#[test]
fn invalid_configurations_get_the_messages_of_the_filter() -> Result<()> {
    for kind in FilterKind::ALL {
        for (path, config) in invalid::configurations(kind.name())? {
            let expected = invalid::messages(&path)?;
            for form in FORMS.iter().filter(|form| form.has(kind)) {
                let text = (form.wrap)(kind, &config);
                let findings = check(text, form.name)?;
                let message = |finding: &Finding| {
                    finding.message.strip_prefix(&format!("{}: ", kind.name())).map(str::to_owned)
                };
                let got: Option<Vec<String>> = errors(&findings).map(message).collect();
                let got = got.with_context(|| format!("{path}: {findings:?}"))?;
                let (expected, got) = without_capabilities(expected.clone(), got);
                let same = |(expected, got): (&String, &String)| form.is_same(expected, got);
                ensure!(
                    expected.len() == got.len() && expected.iter().zip(&got).all(same),
                    "{path} in {}:\nexpected {expected:#?}\ngot {got:#?}",
                    form.name
                );
                ensure_places(form, kind, &findings).with_context(|| path.clone())?;
            }
        }
    }
    Ok(())
}

/// Every error has a place inside the configuration.
fn ensure_places(form: &Form, kind: FilterKind, findings: &[Finding]) -> Result<()> {
    let start = (form.wrap)(kind, "MARK").find("MARK").context("no configuration")?;
    for finding in errors(findings) {
        let place = finding.place.as_ref().context("no place")?;
        // The span of an empty text starts before the text.
        ensure!(place.span.end >= start, "{finding:?}");
    }
    Ok(())
}

#[test]
fn accepts_the_configurations_that_each_host_accepts() -> Result<()> {
    for kind in FilterKind::ALL {
        for file in files(kind.name())? {
            for case in &file.cases {
                for form in FORMS.iter().filter(|form| form.has(kind)) {
                    let text = (form.wrap)(kind, &format!("{:#}", case.config));
                    let findings = check(text, form.name)?;
                    let errors: Vec<&Finding> = errors(&findings).collect();
                    let is_rejected = is_rejected(form.host, kind.name(), &file, case)?;
                    ensure!(
                        errors.is_empty() != is_rejected,
                        "{} {:?} in {}: {errors:#?}",
                        file.path,
                        case.name,
                        form.name
                    );
                }
            }
        }
    }
    Ok(())
}
