//! Kong 3.4 to 3.9: ngx_wasm_module in nginx.
//!
//! Each difference is in one place:
//!
//! - nginx skips a filter that refuses its configuration or traps while it is configured. So the
//!   adapter accepts every configuration, and responds with 500 if it is invalid;
//! - a removed request header still goes upstream, and setting a repeated header changes its first
//!   line only. `mutations` empties headers and rejects repeated ones;
//! - an empty header counts as removed. `head` hides it from filters;
//! - `:path` is decoded and `:authority` is the proxy's own. `head` restores the client's values;
//! - `:path` is read-only. `target` rewrites the query of the upstream's URI;
//! - the host cuts header maps at 100 lines, and writes beyond its buffer. `head` counts first;
//! - the details of a local response become its reason phrase, and gRPC clients get ordinary
//!   headers. `local_response` omits the details, `grpc` builds gRPC responses;
//! - replacing a repeated response header removes it. `response` removes and adds;
//! - timers multiply, ignore a second period, and outlive their configuration. See `timer`;
//! - shared data needs a zone. Without one, reading and writing trap. See `zone`;
//! - random bytes come from the C library. See `seed`.
//!
//! Only a request's own callout can resume it, so requests never wait for a fetch. The adapter never
//! makes a callout in the response phase, calls a foreign function, or sends two local responses.

use novasphere_core::{Hash, HeaderInterest, HeaderMutation, Headers};

use self::root::Root;
use super::{Dialect, Head, ResponseParts, RootDialect, Traits};
use crate::{fault::Fault, hostcalls::Status};

mod grpc;
mod head;
mod local_response;
mod mutations;
mod request;
mod response;
mod root;
mod seed;
mod target;
mod timer;
mod zone;

/// Kong's dialect.
pub(crate) struct Kong;

static TRAITS: Traits = Traits {
    pause: 1,
    resumes_paused_requests: false,
    reports_orphaned_callouts: false,
    skips_refused_filters: true,
    passes_attributes: false,
    create_cas: 0,
    service: b"kong\0service_name",
    route: b"kong\0route_name",
};

impl Dialect for Kong {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn root(&self, filter: &'static str) -> Box<dyn RootDialect> {
        Box::new(Root::new(filter))
    }

    fn variable_remedy(&self, name: &str) -> String {
        format!(
            "set {name} in the proxy's environment and pass it on with \
             nginx_main_env = {name} in kong.conf"
        )
    }

    fn read_request<'f>(
        &self,
        interest: &'f HeaderInterest,
        lines: usize,
    ) -> Result<Head<'f>, Fault> {
        request::read(interest, lines)
    }

    fn request_headers<'h>(&self, head: &'h Head<'_>) -> Headers<'h> {
        request::headers(head)
    }

    /// A request whose mutations are rejected gets another response, so its decision is not
    /// counted.
    fn continue_request(
        &self,
        head: &Head<'_>,
        _: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
        count: &dyn Fn(),
    ) -> Result<(), Fault> {
        request::mutate(head, mutations)?;
        count();
        Ok(())
    }

    /// The response does not depend on the access log, so failures are ignored.
    fn redact_request(
        &self,
        head: &Head<'_>,
        _: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        let _ = request::mutate(head, mutations);
        Ok(())
    }

    fn read_response<'f>(
        &self,
        interest: &'f HeaderInterest,
        lines: usize,
    ) -> Result<Head<'f>, Fault> {
        response::read(interest, lines)
    }

    fn mutate_response(
        &self,
        _: &Head<'_>,
        _: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        response::mutate(mutations)
    }

    fn can_read_callout_head(&self, lines: usize) -> bool {
        head::fits(lines, head::CALLOUT)
    }

    fn send_local_response(&self, response: &ResponseParts<'_>) -> Result<(), Status> {
        local_response::send(response)
    }

    fn random_bytes(&self) -> [u8; 16] {
        seed::bytes()
    }

    /// Foreign functions trap.
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}
