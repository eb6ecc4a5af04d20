//! Filters of a listener, as WebAssembly or native modules.

use std::{collections::BTreeMap, env};

use anyhow::Result;
use serde_json::{Value, json};

use super::config::TYPES;
use crate::{paths, version::Version};

/// One of the filters and its configuration.
#[derive(Clone, Debug)]
pub struct WasmFilter {
    /// The name, such as `cors`.
    pub filter: String,
    /// The configuration as JSON text.
    pub config: String,
    /// The `vm_id`, which identifies its shared data.
    pub vm_id: String,
    /// Whether it gets bodies while it holds back the headers of a request.
    pub bodies_go_on: bool,
    /// Whether Envoy runs the native module of the gateway instead. `vm_id` is then the scope of its
    /// counts.
    pub native: bool,
}

impl WasmFilter {
    /// Returns a filter in a separate virtual machine.
    pub fn new(filter: &str, config: impl Into<String>) -> Self {
        let vm_id = format!("novasphere-{filter}");
        let (filter, config) = (filter.to_owned(), config.into());
        Self { filter, config, vm_id, bodies_go_on: false, native: false }
    }

    /// Returns the native module of the gateway.
    pub fn native_gateway(config: impl Into<String>) -> Self {
        Self { native: true, ..Self::new("gateway", config) }
    }

    /// Whether Envoy runs the native module: for this filter, or for all in this run of the tests.
    pub(super) fn is_native(&self) -> bool {
        self.native || all_are_native()
    }

    pub(super) fn http_filter(&self, environment: &BTreeMap<String, String>) -> Result<Value> {
        if self.is_native() { self.native_filter() } else { self.wasm_filter(environment) }
    }

    fn wasm_filter(&self, environment: &BTreeMap<String, String>) -> Result<Value> {
        let names: Vec<_> = environment.keys().collect();
        let plugin = json!({
            "name": self.filter,
            "root_id": self.filter,
            "failure_policy": "FAIL_RELOAD",
            "allow_on_headers_stop_iteration": self.bodies_go_on,
            "vm_config": {
                "vm_id": self.vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": paths::wasm(&self.filter)?}},
                "environment_variables": {"host_env_keys": names},
            },
            "configuration": string_value(&self.config),
        });
        Ok(json!({
            "name": format!("novasphere.{}", self.filter),
            "typed_config": {
                "@type": format!("{TYPES}.filters.http.wasm.v3.Wasm"),
                "config": plugin,
            },
        }))
    }

    fn native_filter(&self) -> Result<Value> {
        paths::native_module()?;
        let mut module = json!({"name": "novasphere_gateway", "do_not_close": true});
        if has_metrics_namespace()?
            && let Some(members) = module.as_object_mut()
        {
            members.insert("metrics_namespace".to_owned(), "wasmcustom".into());
        }
        Ok(json!({
            "name": format!("novasphere.{}", self.filter),
            "typed_config": {
                "@type": format!("{TYPES}.filters.http.dynamic_modules.v3.DynamicModuleFilter"),
                "dynamic_module_config": module,
                "filter_name": format!("gateway/{}", self.vm_id),
                "filter_config": string_value(&self.gateway_config()),
            },
        }))
    }

    /// The configuration of the gateway with only this filter. Keeps the text, faults included.
    fn gateway_config(&self) -> String {
        if self.filter == "gateway" {
            return self.config.clone();
        }
        format!("{{\"{}\": {}}}", self.filter.replace('-', "_"), self.config)
    }
}

fn string_value(text: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text})
}

/// Whether all filters of this run of the tests are native modules: `NOVASPHERE_TEST_NATIVE` is set.
/// Each filter is then a gateway with only that filter.
pub fn all_are_native() -> bool {
    env::var_os("NOVASPHERE_TEST_NATIVE").is_some()
}

/// Whether Envoy lets a native module choose the start of its metrics' names.
pub(super) fn has_metrics_namespace() -> Result<bool> {
    Ok(Version::of_envoy()? >= Version::new(1, 38))
}

/// The name of a metric in all versions of Envoy. A native module in Envoy 1.37 has its own prefix.
pub(super) fn common_metric_name(name: &str) -> Result<String> {
    match name.strip_prefix("dynamicmodulescustom.") {
        Some(rest) if !has_metrics_namespace()? => Ok(format!("wasmcustom.{rest}")),
        _ => Ok(name.to_owned()),
    }
}

/// The runtime flag with which native modules have the metric names of WebAssembly modules.
pub(super) fn native_metrics() -> (String, Value) {
    let flag = "envoy.reloadable_features.dynamic_modules_strip_custom_stat_prefix";
    let layer = json!({"name": "native modules", "static_layer": {flag: true}});
    ("layered_runtime".to_owned(), json!({"layers": [layer]}))
}
