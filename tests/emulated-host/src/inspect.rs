//! The state of a worker that tests read.

use crate::{Callout, Work, Worker};

impl Worker {
    /// Returns the log of the filters and the host. Levels are 0 (trace) to 5 (critical).
    pub fn log(&self) -> Vec<(u32, String)> {
        self.host.state().log.clone()
    }

    /// Takes the log since the last call.
    pub fn take_log(&mut self) -> Vec<(u32, String)> {
        std::mem::take(&mut self.host.state().log)
    }

    /// Returns the size of the modules' linear memories in bytes.
    pub fn memory(&self) -> usize {
        self.instances.values().map(|instance| instance.guest.memory()).sum()
    }

    /// Returns why the worker crashed, if it did.
    pub fn crashed(&self) -> Option<&str> {
        self.dead.as_deref()
    }

    /// Returns the log line of the first trap, if any.
    pub fn trapped(&self) -> Option<String> {
        let log = self.log();
        log.into_iter().map(|(_, line)| line).find(|line| line.starts_with("trap: "))
    }

    /// Takes the work that was counted since the last call.
    pub fn take_work(&mut self) -> Vec<Work> {
        std::mem::take(&mut self.host.state().work)
    }

    /// Takes the call stack of that callback, innermost function first.
    pub fn take_stack(&mut self) -> Vec<String> {
        std::mem::take(&mut self.host.state().ended_in)
    }

    /// Returns the number of pending timers.
    pub fn timers(&self) -> usize {
        self.host.state().timers.len()
    }

    /// Returns the pending callouts.
    pub fn calls(&self) -> Vec<Callout> {
        self.host.state().calls.clone()
    }
}
