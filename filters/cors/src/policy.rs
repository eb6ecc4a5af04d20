//! The policy: who is allowed, and what a response says about it.

use std::borrow::Cow;

use novasphere_core::{
    ConfigErrors, Edit, Env, HeaderName, Host, Needs, Policy, Read, RequestHead, ResponseHead, Step,
};

use crate::{
    config,
    fields::{ALLOW_CREDENTIALS, ALLOW_ORIGIN, EXPOSE_HEADERS, PREFLIGHT_ONLY},
    origin::{Origin, OriginRule},
    preflight::Preflight,
    vary,
};

/// The cors filter, configured.
#[derive(Clone, Debug)]
pub struct Cors {
    pub(crate) origins: Origins,
    pub(crate) preflight: Preflight,
    /// `Access-Control-Expose-Headers`; empty for none but the safelisted ones.
    pub(crate) exposed_headers: String,
    pub(crate) credentials: bool,
}

/// Which origins may read responses.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// All, told so by a constant `*`.
    Any,
    /// Those one of the rules allows, each told by its own name.
    Named(Vec<OriginRule>),
}

/// The value of `Access-Control-Allow-Origin` for the response; none when the origin of the request
/// is not allowed or unknown.
#[derive(Clone, Debug)]
pub struct AllowOrigin(Option<Cow<'static, [u8]>>);

impl Policy for Cors {
    const NAME: &'static str = "cors";
    const DECISIONS: &'static [&'static str] =
        &["preflight_allowed", "preflight_refused", "allowed", "not_allowed", "no_origin"];
    type State = ();
    type Carry = AllowOrigin;

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs {
        Needs { request: Read::Whole, response: Read::Whole, timer: false, store: false }
    }

    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        (): &mut (),
        _: &Env<'_>,
    ) -> Step<'p, AllowOrigin> {
        let allow_origin = self.origins.allow(head);
        let edits = Vec::new();
        if head.is_preflight() {
            let allowed = allow_origin.is_some();
            let decision = if allowed { "preflight_allowed" } else { "preflight_refused" };
            return Step::Reply {
                edits,
                reply: self.preflight.reply(allow_origin, head),
                decision,
            };
        }
        let decision = match &allow_origin {
            _ if !head.headers.contains("origin") => "no_origin",
            Some(_) => "allowed",
            None => "not_allowed",
        };
        Step::Continue { edits, carry: AllowOrigin(allow_origin), decision }
    }

    fn on_response<'p>(
        &'p self,
        AllowOrigin(allow_origin): AllowOrigin,
        head: &ResponseHead<'_>,
    ) -> Vec<Edit<'p>> {
        let allowed = allow_origin.is_some();
        let credentials: Option<Cow<'_, [u8]>> =
            (allowed && self.credentials).then_some(Cow::Borrowed(b"true"));
        let exposed = (allowed && !self.exposed_headers.is_empty())
            .then_some(Cow::Borrowed(self.exposed_headers.as_bytes()));
        let mut edits = Vec::new();
        edits.extend(make(&ALLOW_ORIGIN, allow_origin, head));
        edits.extend(make(&ALLOW_CREDENTIALS, credentials, head));
        edits.extend(make(&EXPOSE_HEADERS, exposed, head));
        edits.extend(PREFLIGHT_ONLY.iter().filter_map(|name| make(name, None, head)));
        if matches!(self.origins, Origins::Named(_)) {
            edits.extend(vary::with_origin(head));
        }
        edits
    }
}

impl Origins {
    /// The value of `Access-Control-Allow-Origin` in the answer to a request.
    fn allow(&self, head: &RequestHead<'_>) -> Option<Cow<'static, [u8]>> {
        let rules = match self {
            Origins::Any => return Some(Cow::Borrowed(b"*")),
            Origins::Named(rules) => rules,
        };
        let mut lines = head.headers.get_all("origin");
        let (Some(line), None) = (lines.next(), lines.next()) else { return None };
        let text = str::from_utf8(line).ok()?;
        let origin = Origin::parse(text).ok();
        // As it was sent, since the browser compares it with what it sent, byte for byte.
        rules
            .iter()
            .any(|rule| rule.allows(text, origin.as_ref()))
            .then(|| Cow::Owned(line.to_vec()))
    }
}

/// The edit after which `head` has exactly one line `name` with `value`, or none for `None`; no
/// edit when it is so already.
fn make<'p>(
    name: &'p HeaderName,
    value: Option<Cow<'p, [u8]>>,
    head: &ResponseHead<'_>,
) -> Option<Edit<'p>> {
    let mut lines = head.headers.get_all(name.as_str());
    match (value, lines.next(), lines.next()) {
        (None, None, _) => None,
        (None, Some(_), _) => Some(Edit::Remove(name)),
        (Some(value), None, _) => Some(Edit::Add(name, value)),
        (Some(value), Some(line), None) if *value == *line => None,
        (Some(value), Some(_), _) => Some(Edit::Set(name, value)),
    }
}
