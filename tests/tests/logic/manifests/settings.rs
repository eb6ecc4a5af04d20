//! Settings of the proxies that must be the same in every deployment.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_tests::{
    manifests::{all_documents, envoy_gateway, istio},
    shipped,
};
use serde_json::{Value, json};

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// The name of Envoy Gateway's resources.
const GATEWAY: &str = "novasphere-gateway-envoy-gateway";

fn per_route() -> Result<Value> {
    shipped::yaml("host-config/envoy/per-route.yaml")
}

fn manager() -> Result<Value> {
    per_route()?.pointer(MANAGER).cloned().context("no HTTP connection manager")
}

fn document(dir: &str, kind: &str, name: &str) -> Result<Value> {
    let is = |doc: &Value| {
        doc.get("kind") == Some(&json!(kind)) && doc.pointer("/metadata/name") == Some(&json!(name))
    };
    all_documents(dir)?.into_iter().find(is).with_context(|| format!("{dir}: no {kind} {name}"))
}

#[test]
fn istio_listeners_are_hardened_like_envoys() -> Result<()> {
    let filter = document("deploy/istio", "EnvoyFilter", "novasphere-gateway-istio-clients")?;
    let config = filter.pointer("/spec/configPatches/0/patch/value/typed_config");
    let envoy = manager()?;
    for (name, value) in config.and_then(Value::as_object).context("no settings")? {
        // The shipped Envoy file sets a separate idle timeout for streams.
        if name != "stream_idle_timeout" {
            ensure!(envoy.get(name) == Some(value), "{name} is {value}");
        }
    }
    for needed in [
        "normalize_path",
        "merge_slashes",
        "path_with_escaped_slashes_action",
        "common_http_protocol_options",
        "early_header_mutation_extensions",
    ] {
        ensure!(config.and_then(|c| c.get(needed)).is_some(), "{needed} is missing");
    }
    Ok(())
}

#[test]
fn envoy_gateway_listeners_are_hardened_like_envoys() -> Result<()> {
    let policy = document("deploy/envoy-gateway", "ClientTrafficPolicy", GATEWAY)?;
    let removed = policy.pointer("/spec/headers/earlyRequestHeaders/remove");
    let names = removed.and_then(Value::as_array).context("no headers are removed")?;
    let mutations: Value = names.iter().map(|name| json!({ "remove": name })).collect();
    let envoy = manager()?;
    let pointer = "/early_header_mutation_extensions/0/typed_config/mutations";
    ensure!(envoy.pointer(pointer) == Some(&mutations), "{mutations}");
    for (pointer, value) in [
        ("/spec/path/escapedSlashesAction", "RejectRequest"),
        ("/spec/headers/withUnderscoresAction", "DropHeader"),
    ] {
        ensure!(policy.pointer(pointer) == Some(&json!(value)), "{pointer} is not {value}");
    }
    ensure!(policy.pointer("/spec/path/disableMergeSlashes").is_none(), "slashes are not merged");
    Ok(())
}

/// rate-limit reads the address that Envoy appends to X-Forwarded-For. Envoy appends it only with
/// `use_remote_address`, which Envoy Gateway turns off for other ways to find the address.
#[test]
fn client_address_is_the_entry_that_the_gateway_appends() -> Result<()> {
    let client_ip = |hops: u64| json!({"from": "forwarded_for", "trusted_hops": hops + 1});
    let filter = document("deploy/istio", "EnvoyFilter", "novasphere-gateway-istio-clients")?;
    let config = filter.pointer("/spec/configPatches/0/patch/value/typed_config");
    let config = config.context("no settings")?;
    ensure!(config.get("use_remote_address") == Some(&json!(true)), "{config}");
    ensure!(config.get("skip_xff_append").is_none(), "{config}");
    let policy = document("deploy/envoy-gateway", "ClientTrafficPolicy", GATEWAY)?;
    let detection = policy.pointer("/spec/clientIPDetection");
    let hops = detection.and_then(|d| d.pointer("/xForwardedFor/numTrustedHops")).cloned();
    let hops = hops.as_ref().and_then(Value::as_u64).unwrap_or(0);
    let only = json!({"xForwardedFor": {"numTrustedHops": hops}});
    ensure!(detection.is_none_or(|detection| *detection == only), "{detection:?}");
    let of_gateway = envoy_gateway()?.into_iter().flat_map(|(_, filters)| filters);
    let all = istio()?.into_iter().map(|c| (c, 0)).chain(of_gateway.map(|c| (c, hops)));
    let limits: Vec<_> = all.filter(|(c, _)| c.filter == "rate-limit").collect();
    ensure!(limits.len() == 3, "{limits:?}");
    for (configured, hops) in &limits {
        let found = configured.config.get("client_ip");
        ensure!(found == Some(&client_ip(*hops)), "{configured:?}");
    }
    Ok(())
}

#[test]
fn metrics_have_the_same_labels_in_all_manifests() -> Result<()> {
    let wanted = per_route()?.pointer("/stats_config/stats_tags").cloned();
    let istio = document("deploy/istio", "EnvoyFilter", "novasphere-gateway-istio-statistics")?;
    let istio = istio.pointer("/spec/configPatches/0/patch/value/stats_config/stats_tags").cloned();
    let gateway = document("deploy/envoy-gateway", "EnvoyProxy", GATEWAY)?;
    let gateway = gateway.pointer("/spec/bootstrap/jsonPatches/0/value/stats_tags").cloned();
    ensure!(wanted.is_some() && istio == wanted && gateway == wanted, "{istio:?}\n{gateway:?}");
    // A file for one filter gets the others later, and with them their labels.
    for name in ["all", "cors", "gateway", "header-transform", "jwt-auth", "rate-limit"] {
        let file = shipped::yaml(&format!("host-config/envoy/{name}.yaml"))?;
        ensure!(file.pointer("/stats_config/stats_tags").cloned() == wanted, "{name}.yaml");
    }
    let page = fs::read_to_string(repository().join("docs/metrics.md"))?;
    let below = page.split_once("## Tag rules of Envoy").context("no section on tag rules")?.1;
    let block = below.split("```").nth(1).and_then(|block| block.strip_prefix("yaml\n"));
    let documented: Value = serde_yaml_ng::from_str(block.context("no YAML")?)?;
    ensure!(documented.pointer("/stats_config/stats_tags").cloned() == wanted, "docs/metrics.md");
    Ok(())
}

/// The log format omits the query, which may contain a token.
#[test]
fn envoy_gateway_has_the_log_format_of_envoy() -> Result<()> {
    let gateway = document("deploy/envoy-gateway", "EnvoyProxy", GATEWAY)?;
    let logged = gateway.pointer("/spec/telemetry/accessLog/settings/0/format/json").cloned();
    let wanted = manager()?.pointer("/access_log/0/typed_config/log_format/json_format").cloned();
    ensure!(logged.is_some() && logged == wanted, "{logged:?}");
    Ok(())
}
