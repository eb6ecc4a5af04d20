//! The callbacks of a filter.

use crate::{Host, Trap};

/// The action that a filter returns for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Continue with the next filter.
    Continue,
    /// Wait, or stop because the filter sent a local response.
    Pause,
}

/// One instance of a module with its contexts. The methods are the callbacks of ABI 0.2.1. The
/// default implementations do nothing.
pub trait Guest {
    /// Creates a context: a root context if `root` is 0.
    ///
    /// # Errors
    /// All methods return the trap that terminates the instance.
    fn on_context_create(&mut self, _host: &Host, _id: u32, _root: u32) -> Result<(), Trap> {
        Ok(())
    }

    /// Starts the instance.
    fn on_vm_start(&mut self, _host: &Host, _root: u32) -> Result<bool, Trap> {
        Ok(true)
    }

    /// Configures a root context. The configuration has `size` bytes.
    fn on_configure(&mut self, _host: &Host, _root: u32, _size: u32) -> Result<bool, Trap> {
        Ok(true)
    }

    /// Handles the headers of a request, `lines` in number.
    fn on_request(&mut self, _host: &Host, _id: u32, _lines: u32) -> Result<Action, Trap> {
        Ok(Action::Continue)
    }

    /// Handles the headers of a response.
    fn on_response(&mut self, _host: &Host, _id: u32, _lines: u32) -> Result<Action, Trap> {
        Ok(Action::Continue)
    }

    /// Handles the timer of a root context.
    fn on_tick(&mut self, _host: &Host, _root: u32) -> Result<(), Trap> {
        Ok(())
    }

    /// Handles the end of a callout. It failed if there are 0 header lines.
    fn on_callout_response(
        &mut self,
        _host: &Host,
        _id: u32,
        _token: u32,
        _lines: u32,
        _body: u32,
    ) -> Result<(), Trap> {
        Ok(())
    }

    /// Deletes a context.
    fn on_delete(&mut self, _host: &Host, _id: u32) -> Result<(), Trap> {
        Ok(())
    }

    /// Returns the size of the linear memory in bytes. 0 for a filter in Rust.
    fn memory(&self) -> usize {
        0
    }
}
