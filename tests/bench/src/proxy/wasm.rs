//! This project's filters in Envoy, as WebAssembly and as a native module.

use std::path::Path;

use anyhow::Result;
use novasphere_harness::paths;
use serde_json::{Value, json};

/// A filter of this project. Modules with the same `vm_id` and file share a VM.
pub(crate) fn wasm(filter: &str, vm_id: &str, config: &Value) -> Result<Value> {
    Ok(wasm_file(filter, vm_id, &paths::wasm(filter)?, config))
}

pub(crate) fn wasm_file(name: &str, vm_id: &str, file: &Path, config: &Value) -> Value {
    json!({
        "name": format!("novasphere.{name}"),
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "failure_policy": "FAIL_RELOAD",
                "vm_config": {
                    "vm_id": vm_id,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": file}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": config.to_string(),
                },
            },
        },
    })
}

/// The gateway as a native module. Filters with the same `scope` share their counts.
pub(crate) fn native_module_filter(scope: &str, config: &Value) -> Result<Value> {
    paths::native_module()?;
    Ok(json!({
        "name": "novasphere.native",
        "typed_config": {
            "@type":
                "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": {"name": "novasphere_gateway", "do_not_close": true},
            "filter_name": format!("gateway/{scope}"),
            "filter_config": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": config.to_string(),
            },
        },
    }))
}
