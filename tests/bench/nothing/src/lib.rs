//! A filter without rules. What remains is the cost of the adapter, and of the host's call into a
//! module.

use novasphere_core::{
    BuildContext, Decision, Env, Filter, HeaderInterest, HeaderMutation, RequestHead, ResponseHead,
};

novasphere_proxy_wasm::filter!(crate::Nothing);

/// Reads nothing, changes nothing, counts nothing.
#[derive(Debug)]
pub struct Nothing;

/// The empty configuration.
#[derive(serde::Deserialize)]
pub struct Config {}

impl Filter for Nothing {
    const NAME: &'static str = "nothing";
    const REASONS: &'static [&'static str] = &[];
    type Config = Config;
    type State = ();
    type Carry = ();

    fn build(_: Config, _: &mut BuildContext<'_>) -> Self {
        Self
    }

    fn request_headers(&self) -> &HeaderInterest {
        &HeaderInterest::None
    }

    fn response_headers(&self) -> &HeaderInterest {
        &HeaderInterest::None
    }

    fn on_request<'f>(&'f self, _: &RequestHead<'_>, (): &mut (), _: &Env<'_>) -> Decision<'f, ()> {
        Decision::Continue { mutations: Vec::new(), carry: (), reason: "" }
    }

    fn on_response<'f>(&'f self, (): (), _: &ResponseHead<'_>) -> Vec<HeaderMutation<'f>> {
        Vec::new()
    }
}
