//! A filter that does nothing: what is left is the cost of the adapter, and of the host's way into
//! a module and back.

use novasphere_core::{
    ConfigErrors, Edit, Env, Host, Needs, Policy, Read, RequestHead, ResponseHead, Step,
};

novasphere_proxy_wasm::filter!(crate::Nothing);

/// Reads nothing, changes nothing, counts nothing.
#[derive(Debug)]
pub struct Nothing;

impl Policy for Nothing {
    const NAME: &'static str = "nothing";
    const DECISIONS: &'static [&'static str] = &[];
    type State = ();
    type Carry = ();

    fn configure(_: &[u8], _: &dyn Host) -> Result<Self, ConfigErrors> {
        Ok(Self)
    }

    fn needs(&self) -> Needs<'_> {
        Needs { request: Read::Nothing, response: Read::Nothing, timer: false, store: false }
    }

    fn on_request<'p>(&'p self, _: &RequestHead<'_>, (): &mut (), _: &Env<'_>) -> Step<'p, ()> {
        Step::Continue { edits: Vec::new(), carry: (), decision: "" }
    }

    fn on_response<'p>(&'p self, (): (), _: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        Vec::new()
    }
}
