//! The gateway filter in Envoy's `filter_chain`.

use super::message;
use crate::convert::{
    model::Chain,
    yaml::{Map, Yaml},
};

/// The name of the entry in `http_filters`, which routes override.
pub(super) const NAME: &str = "gateway";

/// The entry of `http_filters`.
pub(super) fn base(chain: &Chain, variables: &[String]) -> Map {
    let config = message("filters.http.filter_chain.v3.FilterChainConfig")
        .with("default_filter_chain", Map::new().with("filters", vec![plugin(chain, variables)]));
    Map::new().with("name", NAME).with("typed_config", config)
}

/// The override of a route.
pub(super) fn of_route(chain: &Chain, variables: &[String]) -> Map {
    if chain.is_empty() {
        return Map::new()
            .with("@type", "type.googleapis.com/envoy.config.route.v3.FilterConfig")
            .with("disabled", true);
    }
    message("filters.http.filter_chain.v3.FilterChainConfigPerRoute")
        .with("filter_chain", Map::new().with("filters", vec![plugin(chain, variables)]))
}

fn plugin(chain: &Chain, variables: &[String]) -> Map {
    let code = Map::new().with("filename", "/etc/envoy/wasm/novasphere-gateway.wasm");
    let mut vm = Map::new()
        .with("vm_id", "novasphere")
        .with("runtime", "envoy.wasm.runtime.v8")
        .with("code", Map::new().with("local", code));
    // The plugins share a VM, so all of them list all variables.
    if !variables.is_empty() {
        let keys = Map::new().with("host_env_keys", variables.to_vec());
        vm.set("environment_variables", keys);
    }
    let config = Map::new()
        .with("name", NAME)
        .with("failure_policy", "FAIL_RELOAD")
        .with("vm_config", vm)
        .with("configuration", configuration(chain));
    let wasm = message("filters.http.wasm.v3.Wasm").with("config", config);
    Map::new().with("name", NAME).with("typed_config", wasm)
}

/// As a Struct, or as text if the types of values matter, which a Struct does not keep.
fn configuration(chain: &Chain) -> Map {
    let config = chain.gateway();
    let kind = "type.googleapis.com/google.protobuf";
    let has_claims = chain.jwt_auth.as_ref().is_some_and(|jwt_auth| {
        let rules = jwt_auth.items("rules").iter().filter_map(Yaml::as_map);
        jwt_auth.get("required_claims").is_some()
            || rules.into_iter().any(|rule| rule.get("required_claims").is_some())
    });
    if has_claims {
        let json = config.to_json();
        let text = serde_json::to_string_pretty(&json).unwrap_or_else(|_| json.to_string());
        return Map::new()
            .with("@type", format!("{kind}.StringValue"))
            .with("value", format!("{}\n", text.replace("\n  ", "\n")));
    }
    Map::new().with("@type", format!("{kind}.Struct")).with("value", config)
}
