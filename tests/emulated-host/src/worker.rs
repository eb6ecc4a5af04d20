//! A worker holds instances, root contexts, timers and callouts.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use anyhow::{Result, bail};

use crate::{
    Callout, CalloutResponse, Filter, Guest, Host, Kind, Plugin, Proxy, Trap, exchange::Phase,
    wasm::Wasm,
};

/// The occasion on which a chain is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// The start of the proxy.
    Start,
    /// A change of the configuration.
    Change,
}

/// A worker with its own instances. [`Proxy`] holds what workers share.
pub struct Worker {
    pub(crate) host: Host,
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) instances: HashMap<String, Instance>,
    pub(crate) chain: Vec<Loaded>,
    /// Every plugin ever loaded, by root context.
    pub(crate) loaded: HashMap<u32, Loaded>,
    next_id: u32,
    pub(crate) dead: Option<String>,
}

/// The instance of a module.
pub(crate) struct Instance {
    pub(crate) guest: Box<dyn Guest>,
    trapped: bool,
    roots: HashSet<u32>,
}

#[derive(Clone)]
pub(crate) struct Loaded {
    plugin: Plugin,
    pub(crate) module: String,
    pub(crate) root: u32,
}

impl Worker {
    /// Starts a worker of `proxy` with a chain.
    ///
    /// # Errors
    /// Fails if a module cannot be loaded, or if Envoy would not start.
    pub fn start(proxy: &Arc<Proxy>, chain: &[Plugin]) -> Result<Self> {
        let mut worker = Self {
            host: Host::new(Arc::clone(proxy)),
            proxy: Arc::clone(proxy),
            instances: HashMap::new(),
            chain: Vec::new(),
            loaded: HashMap::new(),
            next_id: 1,
            dead: None,
        };
        worker.load(chain, Load::Start)?;
        Ok(worker)
    }

    /// Replaces the chain.
    ///
    /// # Errors
    /// Fails if a module cannot be loaded, or if Envoy would reject a configuration. The old chain
    /// then stays.
    pub fn load(&mut self, plugins: &[Plugin], when: Load) -> Result<()> {
        let mut chain = Vec::new();
        for plugin in plugins {
            let module = plugin.filter.name();
            let loaded = Loaded { plugin: plugin.clone(), module, root: self.next() };
            self.loaded.insert(loaded.root, loaded.clone());
            let started = self.start_root(&loaded, true)?;
            match (self.proxy.kind, started, when) {
                (_, Ok(()), _) => chain.push(loaded),
                (Kind::Envoy, Err(why), _) => bail!("the configuration is refused: {why}"),
                // At a change the route loses this filter; at the start every route loses every filter.
                (Kind::Nginx, Err(_), Load::Change) => {}
                (Kind::Nginx, Err(_), Load::Start) => {
                    self.chain = Vec::new();
                    return Ok(());
                }
            }
        }
        let old = std::mem::replace(&mut self.chain, chain);
        if self.proxy.kind == Kind::Envoy {
            old.iter().for_each(|loaded| self.delete_root(loaded));
        }
        Ok(())
    }

    /// Ends the named callback after a number of counted instructions.
    pub fn end_early(&mut self, callback: &'static str, instructions: u64) {
        self.host.state().ends = Some((callback, instructions));
    }

    /// Fires all pending timers.
    pub fn tick(&mut self) {
        let is_nginx = self.proxy.kind == Kind::Nginx;
        let timers = if is_nginx {
            std::mem::take(&mut self.host.state().timers)
        } else {
            self.host.state().timers.clone()
        };
        for (module, root) in timers {
            let Some(loaded) = self.loaded.get(&root).cloned() else { continue };
            if !matches!(self.start_root(&loaded, false), Ok(Ok(()))) {
                continue;
            }
            let _ = self.call(&module, root, Phase::Tick, |guest, host| guest.on_tick(host, root));
            let mut state = self.host.state();
            let period = state.periods.get(&(module.clone(), root)).copied().unwrap_or(0);
            if is_nginx && period != 0 {
                state.timers.push((module, root));
            }
        }
    }

    /// Completes all callouts of root contexts; `None` is a failure. Returns their number.
    pub fn respond_to_callouts(
        &mut self,
        response: impl Fn(&Callout) -> Option<CalloutResponse>,
    ) -> usize {
        let calls = std::mem::take(&mut self.host.state().calls);
        for call in &calls {
            self.respond_to_callout(call, response(call));
        }
        calls.len()
    }

    pub(crate) fn respond_to_callout(&mut self, call: &Callout, response: Option<CalloutResponse>) {
        let failed = response.is_none();
        let response = response.unwrap_or_default();
        let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let lines = if failed { 0 } else { size(response.lines.len() + 1) };
        let body = size(response.body.len());
        {
            let mut state = self.host.state();
            state.callout_response = Some(response);
            if let Some(exchange) = &mut state.exchange {
                exchange.timed_out |= failed;
            }
        }
        let (id, token) = (call.context, call.token);
        let _ = self.call(&call.module, id, Phase::CalloutResponse, |guest, host| {
            guest.on_callout_response(host, id, token, lines, body)
        });
        self.host.state().callout_response = None;
    }

    pub(crate) fn next(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        id
    }

    /// Ensures that the module has an instance with this root context.
    pub(crate) fn start_root(&mut self, loaded: &Loaded, load: bool) -> Result<Result<(), Trap>> {
        let Loaded { plugin, module, root } = loaded;
        let root = *root;
        if self.instances.get(module).is_none_or(|instance| instance.trapped) {
            let guest: Box<dyn Guest> = match &plugin.filter {
                Filter::Wasm(name) => Box::new(Wasm::start(name, &self.host)?),
                Filter::Native(_, make) => make(),
            };
            let instance = Instance { guest, trapped: false, roots: HashSet::new() };
            self.instances.insert(module.clone(), instance);
            // A trap discards the periods and keeps the timers.
            self.host.state().periods.retain(|(of, _), _| of != module);
        }
        let instance = self.instances.get(module);
        if instance.is_some_and(|instance| instance.roots.contains(&root)) {
            return Ok(Ok(()));
        }
        let started = self.configure(plugin, module, root, load);
        if let (Ok(()), Some(instance)) = (&started, self.instances.get_mut(module)) {
            instance.roots.insert(root);
        }
        Ok(started)
    }

    fn configure(
        &mut self,
        plugin: &Plugin,
        module: &str,
        root: u32,
        load: bool,
    ) -> Result<(), Trap> {
        // An instance recreated during a request configures its root contexts outside of that request.
        let exchange = {
            let mut state = self.host.state();
            state.config = plugin.config.clone().into_bytes();
            state.exchange.take()
        };
        let size = u32::try_from(plugin.config.len()).unwrap_or(u32::MAX);
        let accepted = self.call(module, root, Phase::Root, |guest, host| {
            guest.on_context_create(host, root, 0)?;
            let started = !load || guest.on_vm_start(host, root)?;
            Ok(started && guest.on_configure(host, root, size)?)
        });
        self.host.state().exchange = exchange;
        match accepted {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trap::new("on_configure returned false")),
            Err(trap) => Err(trap),
        }
    }

    /// Calls a filter. A trap terminates its instance.
    pub(crate) fn call<T>(
        &mut self,
        module: &str,
        context: u32,
        phase: Phase,
        call: impl FnOnce(&mut dyn Guest, &Host) -> Result<T, Trap>,
    ) -> Result<T, Trap> {
        if let Some(why) = &self.dead {
            return Err(Trap::crash(why.clone()));
        }
        {
            let mut state = self.host.state();
            state.phase = phase;
            state.context = context;
            state.current = (module.to_owned(), context);
        }
        let Some(instance) = self.instances.get_mut(module) else {
            return Err(Trap::new("no instance"));
        };
        if instance.trapped {
            return Err(Trap::new("the instance is gone"));
        }
        let result = call(instance.guest.as_mut(), &self.host);
        if let Err(trap) = &result {
            instance.trapped = true;
            self.host.log(5, format!("trap: {trap}"));
            if trap.crashes_worker {
                self.dead = Some(trap.why.clone());
            }
        }
        result
    }

    /// Creates a stream context.
    pub(crate) fn create_stream(&mut self, loaded: &Loaded, id: u32) -> Result<(), Trap> {
        let started = self.start_root(loaded, false);
        started.unwrap_or_else(|error| Err(Trap::new(error.to_string())))?;
        let root = loaded.root;
        self.host.state().parents.insert(id, root);
        self.call(&loaded.module, id, Phase::Request, |guest, host| {
            guest.on_context_create(host, id, root)
        })
    }
}
