//! What a host calls a filter for.

use super::{Host, Trap};

/// What a filter says of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// On to the next filter.
    Continue,
    /// Not yet, or never: it has replied.
    Pause,
}

/// One instance of a module, with its contexts. The methods are the callbacks of ABI 0.2.1; the
/// defaults are those of a filter that does nothing.
pub trait Guest {
    /// A context was made: a root when `root` is 0.
    ///
    /// # Errors
    /// When it traps, as in all methods.
    fn on_context_create(&mut self, _host: &Host, _id: u32, _root: u32) -> Result<(), Trap> {
        Ok(())
    }

    /// The instance started.
    fn on_vm_start(&mut self, _host: &Host, _root: u32) -> Result<bool, Trap> {
        Ok(true)
    }

    /// A root context got its configuration, of so many bytes.
    fn on_configure(&mut self, _host: &Host, _root: u32, _size: u32) -> Result<bool, Trap> {
        Ok(true)
    }

    /// The head of a request came, with so many lines.
    fn on_request(&mut self, _host: &Host, _id: u32, _lines: u32) -> Result<Action, Trap> {
        Ok(Action::Continue)
    }

    /// The head of a response came.
    fn on_response(&mut self, _host: &Host, _id: u32, _lines: u32) -> Result<Action, Trap> {
        Ok(Action::Continue)
    }

    /// The timer of a root context.
    fn on_tick(&mut self, _host: &Host, _root: u32) -> Result<(), Trap> {
        Ok(())
    }

    /// A call ended; 0 lines mean that it failed.
    fn on_call_reply(
        &mut self,
        _host: &Host,
        _id: u32,
        _token: u32,
        _lines: u32,
        _body: u32,
    ) -> Result<(), Trap> {
        Ok(())
    }

    /// A context is to be forgotten.
    fn on_delete(&mut self, _host: &Host, _id: u32) -> Result<(), Trap> {
        Ok(())
    }
}
