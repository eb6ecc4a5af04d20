//! This project's filters in Envoy.

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
