//! Filters without knowledge of the host, and chains for them.

use std::sync::Arc;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Action, Guest, Host, Kind, Outcome, Plugin, Proxy, Trap, Worker};
use novasphere_harness::{chain, clock};

type Call = fn(&Host) -> Result<(), Trap>;

/// A filter with a function for each callback.
#[derive(Clone, Copy)]
pub struct Naive {
    pub on_vm_start: Call,
    /// Whether it accepts its configuration.
    pub on_configure: fn(&Host) -> Result<bool, Trap>,
    pub on_request: fn(&Host) -> Result<Action, Trap>,
    pub on_response: Call,
    pub on_tick: Call,
    pub on_callout_response: Call,
}

impl Default for Naive {
    fn default() -> Self {
        Self {
            on_vm_start: |_| Ok(()),
            on_configure: |_| Ok(true),
            on_request: |_| Ok(Action::Continue),
            on_response: |_| Ok(()),
            on_tick: |_| Ok(()),
            on_callout_response: |_| Ok(()),
        }
    }
}

impl Guest for Naive {
    fn on_vm_start(&mut self, host: &Host, _: u32) -> Result<bool, Trap> {
        (self.on_vm_start)(host).map(|()| true)
    }

    fn on_configure(&mut self, host: &Host, _: u32, _: u32) -> Result<bool, Trap> {
        (self.on_configure)(host)
    }

    fn on_request(&mut self, host: &Host, _: u32, _: u32) -> Result<Action, Trap> {
        (self.on_request)(host)
    }

    fn on_response(&mut self, host: &Host, _: u32, _: u32) -> Result<Action, Trap> {
        (self.on_response)(host).map(|()| Action::Continue)
    }

    fn on_tick(&mut self, host: &Host, _: u32) -> Result<(), Trap> {
        (self.on_tick)(host)
    }

    fn on_callout_response(
        &mut self,
        host: &Host,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
    ) -> Result<(), Trap> {
        (self.on_callout_response)(host)
    }
}

impl Naive {
    /// The filter as a plugin with a name.
    pub fn called(self, name: &str) -> Plugin {
        Plugin::native(name, move || self)
    }

    pub fn plugin(self) -> Plugin {
        self.called("naive")
    }
}

/// A filter that only has a request callback.
pub fn for_each_request(on_request: fn(&Host) -> Result<Action, Trap>) -> Plugin {
    Naive { on_request, ..Naive::default() }.plugin()
}

/// An emulated nginx with the environment of the tests.
pub fn nginx() -> Result<Proxy> {
    let mut proxy = Proxy::new(Kind::Nginx);
    proxy.environment = chain::environment()?;
    Ok(proxy)
}

/// Returns an emulated nginx whose clock moves only with `pass_seconds`, however slow the machine is.
pub fn stopped_nginx() -> Result<Arc<Proxy>> {
    let mut proxy = nginx()?;
    proxy.stopped_at = Some(clock::unix_millis());
    Ok(Arc::new(proxy))
}

/// Advances the clock, and fires the timer every 100 ms as nginx does.
pub fn pass_seconds(proxy: &Proxy, worker: &mut Worker, seconds: u64) {
    for _ in 0..seconds * 10 {
        proxy.pass(100);
        worker.tick();
    }
}

/// Starts a worker of an emulated nginx.
pub fn worker(plugins: &[Plugin]) -> Result<Worker> {
    Worker::start(&Arc::new(nginx()?), plugins)
}

/// The values of all lines of a name that the upstream got.
pub fn upstream_lines(answer: &Outcome, name: &str) -> Vec<String> {
    let lines = answer.upstream.iter().flat_map(|seen| &seen.headers);
    lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()).collect()
}

/// The values of all lines of a name that the client got.
pub fn client_lines(answer: &Outcome, name: &str) -> Vec<String> {
    let lines = answer.headers.iter();
    lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()).collect()
}

/// Checks that nothing trapped or crashed, that no host call was made in a wrong phase, and that no
/// property was read outside a request. nginx logs an error for each such call or read.
pub fn ensure_sound(worker: &Worker) -> Result<()> {
    ensure!(worker.trapped().is_none(), "{:?}", worker.log());
    ensure!(worker.crashed().is_none(), "{:?}", worker.log());
    let is_fault =
        |line: &str| line.contains(" phase") || line.ends_with("properties outside of a request");
    let fault = worker.log().into_iter().find(|(_, line)| is_fault(line));
    ensure!(fault.is_none(), "{fault:?}");
    Ok(())
}

/// The status that a host call returned, 0 for success.
pub fn status_of<T>(result: Result<T, u32>) -> u32 {
    result.err().unwrap_or(0)
}
