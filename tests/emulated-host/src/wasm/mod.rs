//! Filters as WebAssembly. A module is compiled once a process and instantiated once a worker.

use std::{
    collections::HashMap,
    fs,
    sync::{LazyLock, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;
use wasmtime::{
    CallHook, Config, Engine, FrameInfo, Instance, Linker, Memory, Module, OptLevel, Store,
    TypedFunc, WasmBacktrace, WasmParams, WasmResults,
};

use crate::{Action, Guest, Host, Kind, Trap};

mod imports;
pub(crate) mod memory;
mod wasi;

/// The state that host calls of an instance access.
pub(crate) struct Data {
    pub(crate) host: Host,
    pub(crate) memory: Option<Memory>,
    pub(crate) allocate: Option<TypedFunc<u32, u32>>,
    /// The trap of the last host call.
    pub(crate) trap: Option<Trap>,
    /// The number of host calls.
    calls: u64,
}

/// The work of one callback.
#[derive(Clone, Debug)]
pub struct Work {
    /// The callback, such as `proxy_on_request_headers`.
    pub callback: String,
    /// WebAssembly instructions, counted as wasmtime's fuel.
    pub instructions: u64,
    /// Host calls.
    pub calls: u64,
}

/// An instance of a WebAssembly module.
pub(crate) struct Wasm {
    store: Store<Data>,
    instance: Instance,
    counts: bool,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| engine(false));
/// Counts instructions, which is slower.
static COUNTING: LazyLock<Engine> = LazyLock::new(|| engine(true));

fn engine(counts: bool) -> Engine {
    let mut config = Config::new();
    config.consume_fuel(counts);
    // The tests spend more time compiling modules than running them.
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config).unwrap_or_default()
}

/// Compiled modules by name and by whether they count instructions.
static MODULES: Mutex<Option<HashMap<(String, bool), Module>>> = Mutex::new(None);

/// More fuel than any callback consumes.
const FUEL: u64 = 1 << 50;

/// Exports that nginx checks when it loads a module. It calls the others unchecked.
const NEEDED_ON_NGINX: [&str; 3] =
    ["proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure"];

impl Wasm {
    /// Instantiates a module of `dist/kong`.
    pub(crate) fn start(filter: &str, host: &Host) -> Result<Self> {
        let counts = host.proxy().counted_at.is_some();
        Self::of(&module(filter, counts)?, host, counts)
    }

    fn of(module: &Module, host: &Host, counts: bool) -> Result<Self> {
        let kind = host.proxy().kind;
        let exports = |name: &str| module.get_export(name).is_some();
        if kind == Kind::Nginx {
            for name in NEEDED_ON_NGINX {
                ensure!(exports(name), "the module has no {name}");
            }
        }
        let data = Data { host: host.clone(), memory: None, allocate: None, trap: None, calls: 0 };
        let mut store = Store::new(module.engine(), data);
        if counts {
            store.set_fuel(FUEL).map_err(loose)?;
            store.call_hook(|mut store, hook| {
                store.data_mut().calls += u64::from(matches!(hook, CallHook::CallingHost));
                Ok(())
            });
        }
        let mut linker = Linker::new(module.engine());
        imports::define(&mut linker, module, kind).map_err(loose)?;
        let instance = linker.instantiate(&mut store, module).map_err(loose)?;
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let allocate = instance.get_typed_func(&mut store, "proxy_on_memory_allocate");
        store.data_mut().allocate = Some(allocate.map_err(loose)?);
        let mut wasm = Self { store, instance, counts };
        wasm.call::<(), ()>("_initialize", ()).map_err(|trap| anyhow::anyhow!(trap.why))?;
        Ok(wasm)
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, args: P) -> Result<R, Trap> {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name);
        let function = function.map_err(|error| Trap::new(error.to_string()))?;
        self.end_early(name)?;
        let before = self.work();
        let result = function.call(&mut self.store, args).map_err(|error| {
            self.store.data().host.state().ended_in = stack(&error);
            let trap = self.store.data_mut().trap.take();
            trap.unwrap_or_else(|| Trap::new(format!("{error:?}")))
        });
        if let (Some((left, before)), Some((left_after, calls))) = (before, self.work()) {
            let work = Work {
                callback: name.to_owned(),
                instructions: left.saturating_sub(left_after),
                calls: calls.saturating_sub(before),
            };
            self.store.data().host.state().work.push(work);
        }
        result
    }

    /// Limits the fuel of a callback that must end early.
    fn end_early(&mut self, name: &str) -> Result<(), Trap> {
        let ends = self.store.data().host.state().ends;
        match ends {
            Some((callback, after)) if callback == name => {
                self.store.set_fuel(after).map_err(|error| Trap::new(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Calls an optional callback. Envoy skips a missing one; nginx dereferences a null pointer.
    fn callback<P: WasmParams, R: WasmResults + Default>(
        &mut self,
        name: &str,
        args: P,
    ) -> Result<R, Trap> {
        if self.instance.get_func(&mut self.store, name).is_some() {
            return self.call(name, args);
        }
        match self.store.data().host.proxy().kind {
            Kind::Envoy => Ok(R::default()),
            Kind::Nginx => Err(Trap::crash(format!("segmentation fault: there is no {name}"))),
        }
    }

    /// Returns the remaining fuel and the number of host calls, if counted.
    fn work(&self) -> Option<(u64, u64)> {
        let left = self.counts.then(|| self.store.get_fuel().ok()).flatten();
        left.map(|left| (left, self.store.data().calls))
    }

    fn action(&mut self, name: &str, id: u32, lines: u32) -> Result<Action, Trap> {
        let action: u32 = self.callback(name, (id, lines, 0_u32))?;
        match (action, self.store.data().host.proxy().kind) {
            (0, _) => Ok(Action::Continue),
            (1, _) | (_, Kind::Envoy) => Ok(Action::Pause),
            (_, Kind::Nginx) => Err(Trap::new(format!("return action {action}"))),
        }
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
        self.callback("proxy_on_tick", root)
    }

    fn on_callout_response(
        &mut self,
        _: &Host,
        id: u32,
        token: u32,
        lines: u32,
        body: u32,
    ) -> Result<(), Trap> {
        self.callback("proxy_on_http_call_response", (id, token, lines, body, 0_u32))
    }

    fn on_delete(&mut self, _: &Host, id: u32) -> Result<(), Trap> {
        self.callback::<_, u32>("proxy_on_done", id)?;
        self.callback::<_, ()>("proxy_on_log", id)?;
        self.callback("proxy_on_delete", id)
    }

    fn memory(&self) -> usize {
        self.store.data().memory.map_or(0, |memory| memory.data_size(&self.store))
    }
}

fn module(filter: &str, counts: bool) -> Result<Module> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_default();
    let place = (filter.to_owned(), counts);
    if let Some(module) = modules.get(&place) {
        return Ok(module.clone());
    }
    let path = paths::kong_wasm(filter)?;
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    let engine = if counts { &COUNTING } else { &ENGINE };
    let module = Module::new(engine, bytes).map_err(loose)?;
    modules.insert(place, module.clone());
    Ok(module)
}

/// Returns the names of the functions on the stack, innermost first, if the module has names.
fn stack(error: &wasmtime::Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let name = |frame: &FrameInfo| {
        let name = frame.func_name().map(|name| name.to_owned());
        name.unwrap_or_else(|| format!("function {}", frame.func_index()))
    };
    trace.frames().iter().map(name).collect()
}

/// Converts an error of wasmtime, whose type is its own.
fn loose(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}

/// Returns the names of a module's imports.
///
/// # Errors
/// Fails if the module is not built.
pub fn imports_of(filter: &str) -> Result<Vec<String>> {
    let module = module(filter, false)?;
    let name = |import: wasmtime::ImportType<'_>| format!("{}.{}", import.module(), import.name());
    Ok(module.imports().map(name).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Proxy;

    /// No host makes these calls in this order, but no module may trap on them.
    #[test]
    fn calls_in_any_order_and_about_any_context_do_not_trap() {
        let host = Host::new(Arc::new(Proxy::new(Kind::Envoy)));
        let mut module = Wasm::start("rate-limit", &host).unwrap();
        let (root, other, stream, unknown) = (1, 2, 3, 99);
        let calls = |module: &mut Wasm| {
            for id in [root, stream, unknown, 0, u32::MAX] {
                module.on_tick(&host, id)?;
                module.on_callout_response(&host, id, id, 1, 1)?;
                // An unconfigured filter rejects everything.
                assert_eq!(module.on_request(&host, id, 1)?, Action::Pause);
                assert_eq!(module.on_response(&host, id, 1)?, Action::Continue);
            }
            Ok::<_, Trap>(())
        };
        calls(&mut module).unwrap();
        for id in [stream, unknown, root, root] {
            module.on_delete(&host, id).unwrap();
        }
        module.on_context_create(&host, stream, unknown).unwrap();
        calls(&mut module).unwrap();
        // An empty configuration is invalid.
        assert!(!module.on_configure(&host, other, 0).unwrap());
        assert!(module.on_vm_start(&host, unknown).unwrap());
        for (id, root) in [(root, 0), (root, 0), (stream, root), (stream, root), (root, root)] {
            module.on_context_create(&host, id, root).unwrap();
        }
        calls(&mut module).unwrap();
        for id in [root, stream, stream, root] {
            module.on_delete(&host, id).unwrap();
        }
    }
}
