//! Envoy.

use novasphere_core::Hash;
use novasphere_host_facts::envoy as host_facts;

use super::{ResponseParts, Traits};
use crate::{
    codec::{header_map, verify_signature},
    hostcalls::{self, Status},
};

mod map;
mod root;

pub(super) use self::{
    map::{Map, content_type, read_request, read_response},
    root::Root,
};

pub(super) static TRAITS: Traits = Traits {
    // The ABI's code for a pause, 1, holds only the head if the plugin sets
    // `allow_on_headers_stop_iteration`, and the first piece of the body releases it. Envoy's code
    // 4 holds the body too.
    pause: 4,
    resumes_paused_requests: true,
    reports_orphaned_callouts: true,
    skips_refused_filters: false,
    passes_attributes: host_facts::PASSES_ATTRIBUTES,
    single_line_headers: &[],
    unremovable_headers: &[],
    shares_data_at_load: true,
    batches_metrics: true,
    exact_bodies: true,
    // An Envoy in front does not retry a response with this header, unless its retry policy
    // contains envoy-ratelimited.
    rate_limited: Some((b"x-envoy-ratelimited", b"true")),
    // With 0 Envoy overwrites: the first two requests of a client would both count as the first.
    create_cas: u32::MAX,
    service: b"xds\0cluster_name",
    route: b"xds\0route_name",
};

pub(super) fn send_local_response(response: &ResponseParts<'_>) -> Result<(), Status> {
    let &ResponseParts { status, details, headers, body, grpc_status, .. } = response;
    let map = header_map::serialise(headers);
    let grpc_status = grpc_status.map(i32::from);
    hostcalls::send_local_response(status, details.as_bytes(), &map, body, grpc_status)
}

pub(super) fn verify(
    hash: Hash,
    public_key: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Option<bool> {
    let arguments = verify_signature::arguments(hash, public_key, signature, message);
    let result = hostcalls::foreign_function(verify_signature::NAME, &arguments).ok()?;
    verify_signature::verdict(&result)
}
