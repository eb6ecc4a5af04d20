//! Local responses, as the modules send them.

use novasphere_messages::grpc::{self, GrpcKind, GrpcParts};

use crate::{Line, ProxyKind, Response, chain::loaded::Local};

/// The response to the request with these lines. gRPC clients get another form than others.
pub(super) fn send(proxy: ProxyKind, local: Local, request: &[Line]) -> Response {
    let Local { mut response, rate_limited, grpc_status, message } = local;
    if rate_limited && proxy == ProxyKind::Envoy {
        response.headers.push((b"x-envoy-ratelimited".to_vec(), b"true".to_vec()));
    }
    let content_type = request.iter().find(|(name, _)| name == b"content-type");
    let kind = content_type.and_then(|(_, value)| GrpcKind::of(value));
    let Some(kind) = kind.filter(|_| proxy != ProxyKind::Traefik) else { return response };
    let code = grpc_status.unwrap_or_else(|| grpc::code(response.status));
    let lines: Vec<_> =
        response.headers.iter().map(|(n, v)| (n.as_slice(), v.as_slice())).collect();
    // nginx adds a newline to bodies.
    let exact_bodies = proxy == ProxyKind::Envoy;
    let parts = GrpcParts::new(&kind, code, &message, &lines, exact_bodies);
    let headers = parts.headers().iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
    Response { status: 200, headers, body: parts.body }
}
