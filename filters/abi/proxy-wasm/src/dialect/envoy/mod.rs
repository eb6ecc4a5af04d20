//! Envoy.

use std::hash::{BuildHasher, RandomState};

use novasphere_core::{Hash, HeaderInterest, HeaderMutation, Headers};

use self::{
    mutations::{Call, calls},
    root::Root,
};
use super::{Dialect, Head, ResponseParts, RootDialect, Traits, failed};
use crate::{
    codec::{header_map, verify_signature},
    fault::Fault,
    hostcalls::{self, Map, Status},
};

mod head;
mod mutations;
mod root;

/// Envoy's dialect.
pub(crate) struct Envoy;

static TRAITS: Traits = Traits {
    // The ABI's code for a pause, 1, holds only the head if the plugin sets
    // `allow_on_headers_stop_iteration`, and the first piece of the body releases it. Envoy's code
    // 4 holds the body too.
    pause: 4,
    resumes_paused_requests: true,
    reports_orphaned_callouts: true,
    skips_refused_filters: false,
    passes_attributes: true,
    // With 0 Envoy overwrites: the first two requests of a client would both count as the first.
    create_cas: u32::MAX,
    service: b"xds\0cluster_name",
    route: b"xds\0route_name",
};

impl Dialect for Envoy {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn root(&self, filter: &'static str) -> Box<dyn RootDialect> {
        Box::new(Root::new(filter))
    }

    fn variable_remedy(&self, name: &str) -> String {
        format!(
            "set {name} in the proxy's environment and list it in the filter's \
             vm_config.environment_variables.host_env_keys"
        )
    }

    fn read_request<'f>(
        &self,
        interest: &'f HeaderInterest,
        lines: usize,
    ) -> Result<Head<'f>, Fault> {
        head::read(Map::Request, interest, lines)
    }

    fn request_headers<'h>(&self, head: &'h Head<'_>) -> Headers<'h> {
        head.headers()
    }

    fn continue_request(
        &self,
        head: &Head<'_>,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
        count: &dyn Fn(),
    ) -> Result<(), Fault> {
        count();
        mutate(Map::Request, head, headers, mutations)
    }

    fn redact_request(
        &self,
        head: &Head<'_>,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        mutate(Map::Request, head, headers, mutations)
    }

    fn read_response<'f>(
        &self,
        interest: &'f HeaderInterest,
        lines: usize,
    ) -> Result<Head<'f>, Fault> {
        head::read(Map::Response, interest, lines)
    }

    fn mutate_response(
        &self,
        head: &Head<'_>,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        mutate(Map::Response, head, headers, mutations)
    }

    fn can_read_callout_head(&self, _: usize) -> bool {
        true
    }

    fn send_local_response(&self, response: &ResponseParts<'_>) -> Result<(), Status> {
        let &ResponseParts { status, details, headers, body, grpc_status, .. } = response;
        let map = header_map::serialise(headers);
        hostcalls::send_local_response(status, details.as_bytes(), &map, body, grpc_status)
    }

    /// `RandomState` is keyed by the host's `random_get` (WASI).
    fn random_bytes(&self) -> [u8; 16] {
        let half = |n: u8| u128::from(RandomState::new().hash_one(n));
        (half(0) | (half(1) << 64)).to_le_bytes()
    }

    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        let arguments = verify_signature::arguments(hash, public_key, signature, message);
        let result = hostcalls::foreign_function(verify_signature::NAME, &arguments).ok()?;
        verify_signature::verdict(&result)
    }
}

fn mutate(
    map: Map,
    head: &Head<'_>,
    headers: &Headers<'_>,
    mutations: &[HeaderMutation<'_>],
) -> Result<(), Fault> {
    for call in calls(mutations, |name| head.lacks(headers, name)) {
        match call {
            Call::Replace(name, value) => hostcalls::replace_header(map, name, value),
            Call::Add(name, value) => hostcalls::add_header(map, name, value),
            Call::Remove(name) => hostcalls::remove_header(map, name),
        }
        .map_err(failed("change headers"))?;
    }
    Ok(())
}
