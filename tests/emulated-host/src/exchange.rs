//! The state of one request and its response.

use novasphere_harness::{client::HOST, latin1, standin::Seen};

use crate::{
    Kind,
    lines::Lines,
    target::{normalised, request_uri, routed, split},
};

/// The kind of callback that the host is making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// VM start or configuration.
    Root,
    /// A timer.
    Tick,
    /// Request headers.
    Request,
    /// Response headers.
    Response,
    /// The response to a callout.
    CalloutResponse,
}

/// A local response of a filter.
#[derive(Clone, Debug)]
pub(crate) struct LocalResponse {
    pub(crate) status: u32,
    pub(crate) details: Vec<u8>,
    pub(crate) lines: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// The request and response of the current stream.
pub(crate) struct Exchange {
    pub(crate) request: Lines,
    pub(crate) response: Lines,
    pub(crate) method: Vec<u8>,
    /// The target as the client sent it.
    pub(crate) target: Vec<u8>,
    /// The decoded path with the query.
    pub(crate) path: Vec<u8>,
    /// The target that the upstream gets.
    pub(crate) upstream_uri: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) local_response: Option<LocalResponse>,
    pub(crate) grpc_status: i32,
    /// Whether a callout of this request failed.
    pub(crate) timed_out: bool,
    pub(crate) hangs: bool,
    pub(crate) request_id: String,
    /// Properties that filters set.
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

/// The response that the client received, and the request that the upstream received.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The status.
    pub status: u16,
    /// The reason phrase, if a filter set one.
    pub reason: String,
    /// The header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the host appended a newline to the body.
    pub added_newline: bool,
    /// The request that the upstream received, if any.
    pub upstream: Option<Seen>,
    /// Whether the client waits for bytes that never come.
    pub hangs: bool,
    /// Whether the host closes the connection.
    pub closed: bool,
}

impl Exchange {
    pub(crate) fn new(
        kind: Kind,
        method: &[u8],
        target: &[u8],
        lines: Vec<(Vec<u8>, Vec<u8>)>,
        strip: &str,
    ) -> Self {
        let host = lines.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"host"));
        let host = host.map_or_else(|| HOST.as_bytes().to_vec(), |(_, host)| host.clone());
        let mut fields = lines;
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case(b"host"));
        let request = match kind {
            Kind::Envoy => {
                let pseudo = [
                    (&b":authority"[..], &host[..]),
                    (b":path", target),
                    (b":method", method),
                    (b":scheme", b"http"),
                ];
                let pseudo = pseudo.map(|(name, value)| (name.to_vec(), value.to_vec()));
                let lower = fields.into_iter().map(|(name, v)| (name.to_ascii_lowercase(), v));
                Lines::new(pseudo.into_iter().chain(lower))
            }
            Kind::Nginx => Lines::new([(b"Host".to_vec(), host)].into_iter().chain(fields)),
        };
        let target = if kind == Kind::Nginx { request_uri(target) } else { target };
        let (path, query) = split(target);
        let mut decoded = normalised(path);
        decoded.extend(&query);
        let routed = routed(target);
        let routed = routed.strip_prefix(strip.as_bytes()).unwrap_or(routed);
        let start: &[u8] = if routed.starts_with(b"/") { b"" } else { b"/" };
        Self {
            request,
            response: Lines::default(),
            method: method.to_vec(),
            target: target.to_vec(),
            path: decoded,
            upstream_uri: [start, routed, &query].concat(),
            status: 0,
            local_response: None,
            grpc_status: -1,
            timed_out: false,
            hangs: false,
            request_id: String::new(),
            attributes: Vec::new(),
        }
    }

    /// Returns the request that the upstream receives.
    pub(crate) fn seen(&self, kind: Kind, original: &Lines) -> Seen {
        let text = |bytes: &[u8]| latin1::text(bytes);
        let of = |lines: Vec<(Vec<u8>, Vec<u8>)>| -> Vec<(String, String)> {
            lines.iter().map(|(name, value)| (text(name), text(value))).collect()
        };
        match kind {
            Kind::Envoy => {
                let first = |name: &[u8]| text(self.request.first(name).unwrap_or_default());
                let mut lines = self.request.visible();
                lines.retain(|(name, _)| !name.starts_with(b":"));
                Seen { method: first(b":method"), path: first(b":path"), headers: of(lines) }
            }
            Kind::Nginx => {
                let is_own = |name: &[u8]| {
                    SET_BY_KONG.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
                };
                let mut lines = self.request.all();
                lines.retain(|(name, _)| !is_own(name));
                lines.extend(original.all().into_iter().filter(|(name, _)| is_own(name)));
                lines.retain(|(name, _)| !name.eq_ignore_ascii_case(b"host"));
                Seen {
                    method: text(&self.method),
                    path: text(&self.upstream_uri),
                    headers: of(lines),
                }
            }
        }
    }
}

/// Request headers that Kong sets for the upstream, overriding the filters.
const SET_BY_KONG: [&str; 11] = [
    "connection",
    "host",
    "te",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-path",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];
