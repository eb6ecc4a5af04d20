//! A request on its way through the filters to the upstream, and the response on its way back.

use super::{
    Kind,
    lines::Lines,
    target::{normalised, split},
};
use novasphere_harness::{client::HOST, latin1, standin::Seen};

/// What the host is calling filters for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Start and configuration.
    Root,
    /// A timer.
    Tick,
    /// The request's head.
    Request,
    /// The response's head.
    Response,
    /// The reply to a call.
    CallReply,
}

/// An answer that a filter made.
#[derive(Clone, Debug)]
pub(super) struct LocalReply {
    pub(super) status: u32,
    pub(super) details: Vec<u8>,
    pub(super) lines: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// The request and the response that filters are called for.
pub(super) struct Exchange {
    pub(super) request: Lines,
    pub(super) response: Lines,
    pub(super) method: Vec<u8>,
    /// As the client sent it.
    pub(super) target: Vec<u8>,
    /// Decoded, with the query.
    pub(super) path: Vec<u8>,
    /// What goes to the upstream.
    pub(super) upstream_uri: Vec<u8>,
    pub(super) status: u16,
    pub(super) reply: Option<LocalReply>,
    pub(super) grpc_status: i32,
    /// Whether a call of this request failed.
    pub(super) timed_out: bool,
    pub(super) hangs: bool,
    pub(super) request_id: String,
    /// What filters told by properties of their own.
    pub(super) told: Vec<(String, Vec<u8>)>,
}

/// What the client gets, and the upstream got.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The reason phrase, where a filter made one.
    pub reason: String,
    /// The header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The newline at the end of the body is the host's.
    pub added_newline: bool,
    /// What the upstream got.
    pub upstream: Option<Seen>,
    /// The client waits for ever.
    pub hangs: bool,
    /// The connection is closed instead.
    pub closed: bool,
}

impl Exchange {
    pub(super) fn new(
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
        let (path, query) = split(target);
        let mut decoded = normalised(path);
        decoded.extend(&query);
        let routed = path.strip_prefix(strip.as_bytes()).unwrap_or(path);
        let start: &[u8] = if routed.starts_with(b"/") { b"" } else { b"/" };
        Self {
            request,
            response: Lines::default(),
            method: method.to_vec(),
            target: target.to_vec(),
            path: decoded,
            upstream_uri: [start, routed, &query].concat(),
            status: 0,
            reply: None,
            grpc_status: -1,
            timed_out: false,
            hangs: false,
            request_id: String::new(),
            told: Vec::new(),
        }
    }

    /// What the upstream sees.
    pub(super) fn seen(&self, kind: Kind, original: &Lines) -> Seen {
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

/// Kong gives its upstreams these itself, whatever filters do with them.
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
