//! A request on its way through the filters to the upstream, and the response on its way back.

use super::{Called, Host, Kind, Map, lines::Lines, status};
use crate::{client::HOST, standin::Seen};

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
        let text = |bytes: &[u8]| crate::latin1::text(bytes);
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

/// Path and query, the query with its `?`; nginx cuts both at a `#`.
fn split(target: &[u8]) -> (&[u8], Vec<u8>) {
    let target = target.split(|b| *b == b'#').next().unwrap_or_default();
    let at = target.iter().position(|b| *b == b'?').unwrap_or(target.len());
    let (path, query) = target.split_at_checked(at).unwrap_or((target, &[]));
    (path, query.to_vec())
}

/// A path as nginx makes it: decoded, `.` and `..` and empty segments resolved.
fn normalised(path: &[u8]) -> Vec<u8> {
    let decoded = percent_decoded(path);
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut last_is_open = false;
    for segment in decoded.split(|b| *b == b'/') {
        last_is_open = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut path = Vec::new();
    for segment in &segments {
        path.push(b'/');
        path.extend_from_slice(segment);
    }
    if last_is_open || segments.is_empty() {
        path.push(b'/');
    }
    path
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut decoded = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                decoded.push(digit(high).unwrap_or(0) * 16 + digit(low).unwrap_or(0));
                rest = after;
            }
            _ => decoded.push(*first),
        }
    }
    decoded
}

/// The most lines that nginx hands over.
const MOST_LINES: usize = 100;

/// The calls about headers.
impl Host {
    /// `proxy_get_header_map_pairs`
    pub fn lines(&self, map: Map) -> Called<Vec<(Vec<u8>, Vec<u8>)>> {
        let state = self.state();
        let kind = state.proxy.kind;
        let mut lines = pseudo(&state, kind, map);
        let extras = lines.len();
        match (map, &state.exchange, &state.call_reply) {
            (Map::Request, Some(exchange), _) => lines.extend(exchange.request.visible()),
            (Map::Response, Some(exchange), _) => lines.extend(exchange.response.visible()),
            (Map::CallReply, _, Some(reply)) => lines.extend(reply.lines.iter().cloned()),
            _ => return Ok(Err(status::BAD_ARGUMENT)),
        }
        if kind == Kind::Nginx && lines.len() > MOST_LINES {
            // The buffer is measured with the pseudo-headers last, and filled with them first.
            let measured = lines.iter().skip(extras).take(MOST_LINES).map(size).sum::<usize>();
            lines.truncate(MOST_LINES);
            if lines.iter().map(size).sum::<usize>() > measured {
                state.proxy.overflows.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        Ok(Ok(lines))
    }

    /// `proxy_get_header_map_value`
    pub fn header(&self, map: Map, name: &[u8]) -> Called<Vec<u8>> {
        let state = self.state();
        let extras = pseudo(&state, state.proxy.kind, map);
        if let Some((_, value)) = extras.iter().find(|(extra, _)| extra == name) {
            return Ok(Ok(value.clone()));
        }
        let lines = match (map, &state.exchange, &state.call_reply) {
            (Map::Request, Some(exchange), _) => &exchange.request,
            (Map::Response, Some(exchange), _) => &exchange.response,
            (Map::CallReply, _, Some(reply)) => &Lines::new(reply.lines.iter().cloned()),
            _ => return Ok(Err(status::BAD_ARGUMENT)),
        };
        Ok(lines.first(name).map(<[u8]>::to_vec).ok_or(status::NOT_FOUND))
    }

    /// `proxy_replace_header_map_value`
    pub fn replace_header(&self, map: Map, name: &[u8], value: &[u8]) -> Called<()> {
        self.edit(map, name, Some(value), |lines, kind, is_request| {
            lines.replace(kind, is_request, name, value);
        })
    }

    /// `proxy_add_header_map_value`
    pub fn add_header(&self, map: Map, name: &[u8], value: &[u8]) -> Called<()> {
        self.edit(map, name, Some(value), |lines, kind, is_request| {
            lines.add(kind, is_request, name, value);
        })
    }

    /// `proxy_remove_header_map_value`
    pub fn remove_header(&self, map: Map, name: &[u8]) -> Called<()> {
        self.edit(map, name, None, |lines, kind, is_request| lines.remove(kind, is_request, name))
    }

    fn edit(
        &self,
        map: Map,
        name: &[u8],
        value: Option<&[u8]>,
        change: impl FnOnce(&mut Lines, Kind, bool),
    ) -> Called<()> {
        let mut state = self.state();
        let (kind, phase) = (state.proxy.kind, state.phase);
        let Some(exchange) = &mut state.exchange else { return Ok(Err(status::BAD_ARGUMENT)) };
        if kind == Kind::Nginx && map == Map::Request && phase == Phase::Response {
            return Err(super::Trap::new(
                "can only set request headers before response is produced",
            ));
        }
        if kind == Kind::Nginx && name.starts_with(b":") {
            match (name, value) {
                (b":method", Some(value)) => exchange.method = value.to_vec(),
                // Read back, but of no effect upstream.
                (b":path", Some(value)) => exchange.path = value.to_vec(),
                _ => {}
            }
            return Ok(Ok(()));
        }
        match map {
            Map::Request => change(&mut exchange.request, kind, true),
            Map::Response => change(&mut exchange.response, kind, false),
            Map::CallReply => return Ok(Err(status::BAD_ARGUMENT)),
        }
        Ok(Ok(()))
    }
}

fn size((name, value): &(Vec<u8>, Vec<u8>)) -> usize {
    name.len() + value.len() + 10
}

/// The pseudo-headers that the host adds to what was received. On Envoy those of the request are
/// lines like others.
fn pseudo(state: &super::calls::State, kind: Kind, map: Map) -> Vec<(Vec<u8>, Vec<u8>)> {
    let line = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
    match (map, kind, &state.exchange, &state.call_reply) {
        (Map::Request, Kind::Nginx, Some(exchange), _) => vec![
            line(b":path", &exchange.path),
            line(b":method", &exchange.method),
            line(b":scheme", b"http"),
            line(b":authority", b"kong:8000"),
        ],
        (Map::Response, _, Some(exchange), _) => {
            vec![line(b":status", exchange.status.to_string().as_bytes())]
        }
        (Map::CallReply, Kind::Nginx, _, Some(reply)) if reply.status == 0 => {
            vec![line(b":dispatch_status", b"timeout")]
        }
        (Map::CallReply, _, _, Some(reply)) => {
            vec![line(b":status", reply.status.to_string().as_bytes())]
        }
        _ => Vec::new(),
    }
}
