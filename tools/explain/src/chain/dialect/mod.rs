//! The proxies' own changes to the head of a request, before and after the filters, and to local
//! responses.

mod envoy;
mod kong;
mod local_response;
mod traefik;

use novasphere_core::trace::TracedMutation;

use super::loaded::Local;
use crate::{Line, ProxyKind, Request, Response};

/// The lines of a request as filters see them.
pub(super) fn visible(proxy: ProxyKind, request: &Request) -> Vec<Line> {
    match proxy {
        ProxyKind::Envoy => envoy::joined(request.lines()),
        ProxyKind::Kong => kong::visible(request.lines()),
        ProxyKind::Traefik => traefik::visible(request.lines()),
    }
}

/// The request that the upstream gets. `lines` are those after the filters.
pub(super) fn upstream(proxy: ProxyKind, sent: &Request, lines: Vec<Line>) -> Request {
    Request::from_lines(match proxy {
        ProxyKind::Kong => kong::upstream(&sent.lines(), lines),
        ProxyKind::Envoy | ProxyKind::Traefik => lines,
    })
}

/// The response that the proxy makes of a filter's local response to the request with these lines.
pub(super) fn local_response(proxy: ProxyKind, local: Local, request: &[Line]) -> Response {
    local_response::send(proxy, local, request)
}

/// The response of the adapter to a request on which it cannot carry out mutations.
pub(super) fn refusal(
    proxy: ProxyKind,
    lines: &[Line],
    mutations: &[TracedMutation],
) -> Option<Response> {
    match proxy {
        ProxyKind::Kong => kong::refusal(lines, mutations),
        ProxyKind::Envoy | ProxyKind::Traefik => None,
    }
}
