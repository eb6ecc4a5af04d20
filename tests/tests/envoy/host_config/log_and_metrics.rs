//! The access log and the statistics.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Request},
    wait::until,
};
use serde_json::{Value, json};

use super::Shipped;

/// Files with the four filters, separate and in the gateway filter.
pub(super) const FILES: &[&str] = &["all.yaml", "gateway.yaml"];

pub(super) fn access_log_contains_subject_and_decision(gateway: &Shipped) -> Result<()> {
    let token = format!("Bearer {}", chain::good_token()?);
    // An identity header from a client without a token is not a subject.
    let forged = |target: &str| Request::get(target).header("x-user-id", "root");
    gateway.send(&forged("/api/v1/wukongs/good").header("authorization", token))?;
    gateway.send(&forged("/api/v1/wukongs/none?secret=1"))?;
    gateway.send(&forged("/api/v1/healthz"))?;
    let evil = forged("/api/v1/wukongs/evil").header("origin", "https://evil.example");
    gateway.send(&evil)?;
    let preflight = Request::new("OPTIONS", "/api/v1/wukongs/preflight")
        .header("origin", "https://app.novasphere.io")
        .header("access-control-request-method", "POST")
        .header("x-user-id", "root");
    gateway.send(&preflight)?;
    let line = |path: &str| -> Result<Value> {
        until(path, || {
            let log = gateway.envoy.log()?;
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            Ok(lines.into_iter().find(|line| line.get("path").is_some_and(|p| p == path)))
        })
    };
    let null = Value::Null;
    for (path, fields) in [
        (
            "/api/v1/wukongs/good",
            json!({
                "subject": "alice", "decision": "via_upstream", "status": 200,
                "client": "127.0.0.1", "cors_decision": null,
            }),
        ),
        ("/api/v1/wukongs/evil", json!({"cors_decision": "not_allowed"})),
        (
            "/api/v1/wukongs/none",
            json!({"decision": "novasphere_jwt-auth:no_token", "subject": null, "status": 401}),
        ),
        ("/api/v1/healthz", json!({"subject": null})),
        ("/api/v1/wukongs/preflight", json!({"subject": null})),
    ] {
        let line = line(path)?;
        for (name, expected) in fields.as_object().into_iter().flatten() {
            ensure!(line.get(name).unwrap_or(&null) == expected, "{name}: {line}");
        }
    }
    Ok(())
}

#[test]
fn decisions_and_events_are_exported_to_prometheus() -> Result<()> {
    for file in FILES {
        let gateway = Shipped::named(file)?;
        let token = format!("Bearer {}", chain::good_token()?);
        gateway.send(&Request::get("/api/v1/wukongs"))?;
        gateway.send(&Request::get("/api/v1/wukongs").header("authorization", token))?;
        for line in [
            r#"novasphere_decisions_total{filter="cors",decision="no_origin"} 2"#,
            r#"novasphere_decisions_total{filter="jwt-auth",decision="no_token"} 1"#,
            r#"novasphere_decisions_total{filter="jwt-auth",decision="allowed"} 1"#,
            r#"novasphere_decisions_total{filter="rate-limit",decision="allowed"} 1"#,
            r#"novasphere_events_total{filter="rate-limit",event="evicted"} 0"#,
            r#"novasphere_table_clients{filter="rate-limit",max_clients="65536"} 0"#,
        ] {
            until(line, || {
                let response =
                    client::send(gateway.envoy.admin, &Request::get("/stats/prometheus"))?;
                Ok(response.text().lines().any(|l| l == line).then_some(()))
            })
            .with_context(|| gateway.envoy.log().unwrap_or_default())?;
        }
    }
    Ok(())
}
