//! Calls that the hosts do not implement.

use wasmtime::{ExternType, Linker, Module as Wasm, Result, Val};

use super::host;
use crate::{Kind, wasm::Data, wasm::memory::number};

/// Calls that nginx declares without implementing. No filter of the project makes them, but modules
/// of the Rust SDK import them.
const UNSUPPORTED: [&str; 13] = [
    "proxy_close_stream",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_register_shared_queue",
    "proxy_resolve_shared_queue",
    "proxy_set_buffer_bytes",
];

/// Defines the unsupported calls, and `proxy_get_log_level` on Envoy only: nginx declares it with
/// two parameters, so a module that imports the SDK's form does not load there.
pub(super) fn define(linker: &mut Linker<Data>, module: &Wasm, kind: Kind) -> Result<()> {
    for import in module.imports().filter(|import| import.module() == "env") {
        let name = import.name().to_owned();
        let is_known = UNSUPPORTED.contains(&name.as_str()) || name == "proxy_set_header_map_pairs";
        let ExternType::Func(form) = import.ty() else { continue };
        if is_known || (name == "proxy_get_log_level" && kind == Kind::Envoy) {
            linker.func_new("env", import.name(), form, move |mut module, _, results| {
                let done = host(&module).unsupported(&name);
                let status = number(&mut module, done)?;
                if let Some(result) = results.first_mut() {
                    *result = Val::I32(i32::try_from(status)?);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
