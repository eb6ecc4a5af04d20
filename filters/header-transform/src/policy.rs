//! The policy: the rules for requests and those for responses.

use novasphere_core::{
    ConfigErrors, Edit, Env, Host, Needs, Policy, Read, RequestHead, ResponseHead, Step,
};

use crate::{config, rules::Rules};

/// The header-transform filter, configured.
#[derive(Clone, Debug)]
pub struct HeaderTransform {
    pub(crate) request: Rules,
    pub(crate) response: Rules,
}

impl Policy for HeaderTransform {
    const NAME: &'static str = "header-transform";
    const DECISIONS: &'static [&'static str] = &["passed"];
    type State = ();
    type Carry = ();

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs {
        let read = |rules: &Rules| if rules.look() { Read::Whole } else { Read::Nothing };
        Needs {
            request: read(&self.request),
            response: read(&self.response),
            timer: false,
            store: false,
        }
    }

    fn on_request<'p>(&'p self, head: &RequestHead<'_>, (): &mut (), _: &Env<'_>) -> Step<'p, ()> {
        Step::Continue { edits: self.request.edits(&head.headers), carry: (), decision: "passed" }
    }

    fn on_response<'p>(&'p self, (): (), head: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        self.response.edits(&head.headers)
    }
}
