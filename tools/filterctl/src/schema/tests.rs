use boon::{Compiler, Schemas};
use clap::Parser;
use novasphere_explain::{Environment, Proxy, ProxyKind, check};
use serde_json::{Value, json};

use super::*;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn print(arguments: &[&str]) -> Result<Value> {
    let cli = Cli::try_parse_from(["schema", "print"].iter().chain(arguments))?;
    let mut out = Vec::new();
    run(&cli.args, &mut out)?;
    Ok(serde_json::from_slice(&out)?)
}

fn accepts(schema: &Value, value: &Value) -> bool {
    let mut compiler = Compiler::new();
    compiler.add_resource("urn:test:schema", schema.clone()).unwrap();
    let mut schemas = Schemas::new();
    let index = compiler.compile("urn:test:schema", &mut schemas).unwrap();
    schemas.validate(value, index).is_ok()
}

const CREDENTIALS: &str = r#"[{"key": "a", "secret": {"env": "KEY"}}]"#;

fn config() -> Value {
    json!({"credentials": serde_json::from_str::<Value>(CREDENTIALS).unwrap(), "leeway": 5})
}

#[test]
fn each_filter_has_a_schema() {
    for kind in FilterKind::ALL {
        let schema = print(&[kind.name()]).unwrap();
        assert_eq!(schema["$id"], format!("urn:novasphere:schema:{}", kind.name()));
        let underscored = kind.name().replace('-', "_");
        assert_eq!(print(&[&underscored]).unwrap(), schema);
    }
    let error = print(&["jwt"]).unwrap_err().to_string();
    assert!(error.contains("expected one of cors, jwt-auth"), "{error}");
}

#[test]
fn schema_for_vscode_has_markdown_and_snippets() {
    let schema = print(&["jwt-auth", "--for", "vscode"]).unwrap();
    let credentials = &schema["properties"]["credentials"];
    assert_eq!(credentials["markdownDescription"], credentials["description"]);
    assert_eq!(credentials["defaultSnippets"][0]["body"], credentials["examples"][0]);
    assert!(accepts(&schema, &config()));
}

#[test]
fn schema_for_kong_is_its_file() {
    let path = "/../../host-config/kong/meta/novasphere_rate_limit.meta.json";
    let path = format!("{}{path}", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(print(&["rate-limit", "--for", "kong"]).unwrap(), file);
}

#[test]
fn schema_for_envoy_accepts_both_types() {
    let schema = print(&["jwt-auth", "--for", "envoy"]).unwrap();
    let with = |kind: &str, value: Value| json!({"@type": format!("type.googleapis.com/google.protobuf.{kind}"), "value": value});
    assert!(accepts(&schema, &with("Struct", config())));
    assert!(accepts(&schema, &with("StringValue", config().to_string().into())));
    assert!(!accepts(&schema, &with("Struct", json!({"lee_way": 5}))));
    assert!(!accepts(&schema, &with("Duration", config())));
}

#[test]
fn schema_for_traefik_accepts_text() {
    let schema = print(&["jwt-auth", "--for", "traefik"]).unwrap();
    let mut config = config();
    config["leeway"] = "5".into();
    config["optional"] = "true".into();
    assert!(accepts(&schema, &config));
    config["leeway"] = json!([5]);
    assert!(!accepts(&schema, &config));
    let error = print(&["cors", "--for", "traefik"]).unwrap_err().to_string();
    assert!(error.contains("has no module for Traefik"), "{error}");
}

/// The schema for Traefik lacks exactly the fields that the filter rejects there.
#[test]
fn schema_for_traefik_has_the_fields_that_work_there() {
    let environment = Environment { assume_missing: true, ..Environment::default() };
    for (kind, field, config) in [
        (
            FilterKind::JwtAuth,
            "jwks",
            json!({"jwks": [{"issuer": "https://a.example", "uri": "https://a.example/k"}]}),
        ),
        (
            FilterKind::JwtAuth,
            "claims_to_attributes",
            json!({"claims_to_attributes": [{"claim": "sub", "attribute": "sub"}]}),
        ),
        (FilterKind::JwtAuth, "route", json!({"rules": [{"route": "a", "skip": true}]})),
        (
            FilterKind::HeaderTransform,
            "response",
            json!({"response": {"remove": {"headers": ["server"]}}}),
        ),
        (
            FilterKind::HeaderTransform,
            "on_refusals",
            json!({"response": {"add": {"headers": ["a:b"], "on_refusals": true}}}),
        ),
    ] {
        let schema = print(&[kind.name(), "--for", "traefik"]).unwrap().to_string();
        assert!(!schema.contains(&format!("\"{field}\":")), "{field}");
        let mut config = config;
        if kind == FilterKind::JwtAuth {
            config["credentials"] = serde_json::from_str(CREDENTIALS).unwrap();
        }
        let proxy = Proxy::new(ProxyKind::Traefik, &environment);
        let verdict = check(kind, config.to_string().as_bytes(), &proxy);
        assert!(!verdict.faults.is_empty(), "{field}");
        let proxy = Proxy::new(ProxyKind::Envoy, &environment);
        let verdict = check(kind, config.to_string().as_bytes(), &proxy);
        let of_gateway = verdict.faults.iter().all(|fault| fault.to_string().contains("gateway"));
        assert!(verdict.faults.is_empty() || of_gateway, "{field}: {verdict:?}");
    }
}
