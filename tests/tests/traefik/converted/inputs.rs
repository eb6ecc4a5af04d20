//! The inputs from Traefik in the real Traefik, with the static configuration of their outputs.

use anyhow::{Context, Result};
use filterctl::convert::Source;
use novasphere_harness::{standin::Standin, traefik::Traefik};
use novasphere_tests::converted::{ConvertCase, Proxy, Run, Side, each_of, static_part};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::auth_service::AuthService;

#[test]
fn inputs_of_traefik_give_the_expected_verdicts() -> Result<()> {
    each_of(Source::Traefik, |case| {
        let secret = case.table.variables.get("NOVASPHERE_JWT_SECRET").context("no secret")?;
        let auth = AuthService::start(secret)?;
        let standin = Standin::start()?;
        let text = match case.project.files.iter().find(|file| file.text.contains("IngressRoute")) {
            Some(_) => from_resources(case, &format!("http://{}", standin.addr), &auth)?,
            // The stand-in's health check is at another path.
            None => case.project.files.iter().map(|file| file.text.as_str()).collect::<String>(),
        };
        let text = text.replace("path: /healthz", "path: /api/v1/healthz");
        let fixed = static_part(&case.convert(Proxy::Traefik)?.text)?;
        let traefik = Traefik::start_text(&fixed, &text, standin.addr, &case.table.variables)?;
        Run { case, side: Side::Source, addr: traefik.addr, standin: &standin }.check()
    })
}

/// The dynamic configuration of IngressRoutes and Middlewares, which Traefik reads in Kubernetes only.
/// Without entry points, TLS and namespaces.
fn from_resources(case: &ConvertCase, upstream: &str, auth: &AuthService) -> Result<String> {
    let (mut routers, mut middlewares) = (Map::new(), Map::new());
    for file in &case.project.files {
        for document in serde_yaml_ng::Deserializer::from_str(&file.text) {
            let document = Value::deserialize(document)?;
            let name = document.pointer("/metadata/name").and_then(Value::as_str);
            let name = name.context("no name")?;
            let routes = document.pointer("/spec/routes").and_then(Value::as_array);
            for (n, route) in routes.into_iter().flatten().enumerate() {
                routers.insert(format!("{name}-{n}"), router(route)?);
            }
            if document.get("kind") == Some(&json!("Middleware")) {
                let mut middleware = document.get("spec").cloned().unwrap_or_default();
                if let Some(address) = middleware.pointer_mut("/forwardAuth/address") {
                    *address = format!("http://{}/auth", auth.addr).into();
                }
                middlewares.insert(name.to_owned(), middleware);
            }
        }
    }
    let services = json!({"upstream": {"loadBalancer": {"servers": [{"url": upstream}]}}});
    let http = json!({"routers": routers, "middlewares": middlewares, "services": services});
    Ok(json!({ "http": http }).to_string())
}

fn router(route: &Value) -> Result<Value> {
    let names = route.get("middlewares").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<_> = names.filter_map(|middleware| middleware.get("name")).collect();
    let rule = route.get("match").context("no match")?;
    Ok(json!({"rule": rule, "middlewares": names, "service": "upstream"}))
}
