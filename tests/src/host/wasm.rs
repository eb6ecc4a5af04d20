//! Filters as WebAssembly: compiled once per process, an instance for each worker.

use std::{
    collections::HashMap,
    fs,
    sync::{LazyLock, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use wasmtime::{
    Config, Engine, Instance, Linker, Memory, Module, OptLevel, Store, TypedFunc, WasmParams,
    WasmResults,
};

use super::{Action, Guest, Host, Kind, Trap, imports};
use crate::paths;

/// What the calls of an instance find.
pub(super) struct Data {
    pub(super) host: Host,
    pub(super) memory: Option<Memory>,
    pub(super) allocate: Option<TypedFunc<u32, u32>>,
    /// The trap that a call of the host ended in.
    pub(super) trap: Option<Trap>,
}

/// An instance of a module.
pub(super) struct Wasm {
    store: Store<Data>,
    instance: Instance,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    // Compiling takes longer than running.
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config).unwrap_or_default()
});
static MODULES: Mutex<Option<HashMap<String, Module>>> = Mutex::new(None);

/// What nginx calls without asking whether it is there.
const NEEDED_ON_NGINX: [&str; 3] =
    ["proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure"];

impl Wasm {
    /// Starts a module of `dist`.
    pub(super) fn start(filter: &str, host: &Host) -> Result<Self> {
        Self::of(&module(filter)?, host)
    }

    fn of(module: &Module, host: &Host) -> Result<Self> {
        let kind = host.proxy().kind;
        let exports = |name: &str| module.get_export(name).is_some();
        if kind == Kind::Nginx {
            for name in NEEDED_ON_NGINX {
                ensure!(exports(name), "the module has no {name}");
            }
        }
        let data = Data { host: host.clone(), memory: None, allocate: None, trap: None };
        let mut store = Store::new(&ENGINE, data);
        let mut linker = Linker::new(&ENGINE);
        imports::define(&mut linker, module, kind).map_err(loose)?;
        let instance = linker.instantiate(&mut store, module).map_err(loose)?;
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let allocate = instance.get_typed_func(&mut store, "proxy_on_memory_allocate");
        store.data_mut().allocate = Some(allocate.map_err(loose)?);
        let mut wasm = Self { store, instance };
        wasm.call::<(), ()>("_initialize", ()).map_err(|trap| anyhow::anyhow!(trap.why))?;
        Ok(wasm)
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, args: P) -> Result<R, Trap> {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name);
        let function = function.map_err(|error| Trap::new(error.to_string()))?;
        function.call(&mut self.store, args).map_err(|error| {
            let trap = self.store.data_mut().trap.take();
            trap.unwrap_or_else(|| Trap::new(format!("{error:?}")))
        })
    }

    fn action(&mut self, name: &str, id: u32, lines: u32) -> Result<Action, Trap> {
        let action: u32 = self.call(name, (id, lines, 0_u32))?;
        Ok(if action == 0 { Action::Continue } else { Action::Pause })
    }
}

impl Guest for Wasm {
    fn on_context_create(&mut self, _: &Host, id: u32, root: u32) -> Result<(), Trap> {
        self.call("proxy_on_context_create", (id, root))
    }

    fn on_vm_start(&mut self, _: &Host, root: u32) -> Result<bool, Trap> {
        self.call::<_, u32>("proxy_on_vm_start", (root, 0_u32)).map(|started| started != 0)
    }

    fn on_configure(&mut self, _: &Host, root: u32, size: u32) -> Result<bool, Trap> {
        self.call::<_, u32>("proxy_on_configure", (root, size)).map(|accepted| accepted != 0)
    }

    fn on_request(&mut self, _: &Host, id: u32, lines: u32) -> Result<Action, Trap> {
        self.action("proxy_on_request_headers", id, lines)
    }

    fn on_response(&mut self, _: &Host, id: u32, lines: u32) -> Result<Action, Trap> {
        self.action("proxy_on_response_headers", id, lines)
    }

    fn on_tick(&mut self, _: &Host, root: u32) -> Result<(), Trap> {
        self.call("proxy_on_tick", root)
    }

    fn on_call_reply(
        &mut self,
        _: &Host,
        id: u32,
        token: u32,
        lines: u32,
        body: u32,
    ) -> Result<(), Trap> {
        self.call("proxy_on_http_call_response", (id, token, lines, body, 0_u32))
    }

    fn on_delete(&mut self, _: &Host, id: u32) -> Result<(), Trap> {
        self.call::<_, u32>("proxy_on_done", id)?;
        self.call::<_, ()>("proxy_on_log", id)?;
        self.call("proxy_on_delete", id)
    }
}

fn module(filter: &str) -> Result<Module> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_default();
    if let Some(module) = modules.get(filter) {
        return Ok(module.clone());
    }
    let path = paths::wasm(filter)?;
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    let module = Module::new(&ENGINE, bytes).map_err(loose)?;
    modules.insert(filter.to_owned(), module.clone());
    Ok(module)
}

/// wasmtime's errors are of a type of their own.
fn loose(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}

/// The names of what a module imports.
///
/// # Errors
/// When there is no such module.
pub fn imports_of(filter: &str) -> Result<Vec<String>> {
    let module = module(filter)?;
    let name = |import: wasmtime::ImportType<'_>| format!("{}.{}", import.module(), import.name());
    Ok(module.imports().map(name).collect())
}
