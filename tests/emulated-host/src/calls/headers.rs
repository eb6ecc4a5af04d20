//! Host calls on header maps.

use std::sync::atomic::Ordering;

use crate::{Called, Host, Kind, Map, Phase, Trap, calls::State, lines::Lines, status};

/// The maximum number of lines that nginx returns.
const MOST_LINES: usize = 100;

impl Host {
    /// `proxy_get_header_map_pairs`
    pub fn lines(&self, map: Map) -> Called<Vec<(Vec<u8>, Vec<u8>)>> {
        let state = self.state();
        let kind = state.proxy.kind;
        let mut lines = pseudo(&state, kind, map);
        let extras = lines.len();
        match (map, &state.exchange, &state.callout_response) {
            (Map::Request, Some(exchange), _) => lines.extend(exchange.request.visible()),
            (Map::Response, Some(exchange), _) => lines.extend(exchange.response.visible()),
            (Map::CalloutResponse, _, Some(response)) => {
                lines.extend(response.lines.iter().cloned())
            }
            _ => return Ok(Err(status::BAD_ARGUMENT)),
        }
        if kind == Kind::Nginx && lines.len() > MOST_LINES {
            // nginx measures the buffer with the pseudo-headers last, and fills it with them first.
            let measured = lines.iter().skip(extras).take(MOST_LINES).map(size).sum::<usize>();
            lines.truncate(MOST_LINES);
            if lines.iter().map(size).sum::<usize>() > measured {
                state.proxy.overflows.fetch_add(1, Ordering::SeqCst);
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
        let lines = match (map, &state.exchange, &state.callout_response) {
            (Map::Request, Some(exchange), _) => &exchange.request,
            (Map::Response, Some(exchange), _) => &exchange.response,
            (Map::CalloutResponse, _, Some(response)) => {
                &Lines::new(response.lines.iter().cloned())
            }
            _ => return Ok(Err(status::BAD_ARGUMENT)),
        };
        Ok(lines.first(name).map(<[u8]>::to_vec).ok_or(status::NOT_FOUND))
    }

    /// `proxy_replace_header_map_value`
    pub fn replace_header(&self, map: Map, name: &[u8], value: &[u8]) -> Called<()> {
        self.edit(map, name, Some(value), |lines, kind, is_request| {
            lines.replace(kind, is_request, name, value);
            Ok(())
        })
    }

    /// `proxy_add_header_map_value`
    pub fn add_header(&self, map: Map, name: &[u8], value: &[u8]) -> Called<()> {
        self.edit(map, name, Some(value), |lines, kind, is_request| {
            lines.add(kind, is_request, name, value);
            Ok(())
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
        change: impl FnOnce(&mut Lines, Kind, bool) -> Result<(), Trap>,
    ) -> Called<()> {
        let mut state = self.state();
        let (kind, phase) = (state.proxy.kind, state.phase);
        let Some(exchange) = &mut state.exchange else { return Ok(Err(status::BAD_ARGUMENT)) };
        if kind == Kind::Nginx && map == Map::Request && phase == Phase::Response {
            return Err(Trap::new("can only set request headers before response is produced"));
        }
        if kind == Kind::Nginx && name.starts_with(b":") {
            match (name, value) {
                (b":method", Some(value)) => exchange.method = value.to_vec(),
                // Readable afterwards, without effect upstream.
                (b":path", Some(value)) => exchange.path = value.to_vec(),
                _ => {}
            }
            return Ok(Ok(()));
        }
        match map {
            Map::Request => change(&mut exchange.request, kind, true)?,
            Map::Response => change(&mut exchange.response, kind, false)?,
            Map::CalloutResponse => return Ok(Err(status::BAD_ARGUMENT)),
        }
        Ok(Ok(()))
    }
}

fn size((name, value): &(Vec<u8>, Vec<u8>)) -> usize {
    name.len() + value.len() + 10
}

/// Returns the pseudo-headers that the host adds to a map. On Envoy the request's pseudo-headers are
/// ordinary lines, and are not added here.
fn pseudo(state: &State, kind: Kind, map: Map) -> Vec<(Vec<u8>, Vec<u8>)> {
    let line = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
    match (map, kind, &state.exchange, &state.callout_response) {
        (Map::Request, Kind::Nginx, Some(exchange), _) => vec![
            line(b":path", &exchange.path),
            line(b":method", &exchange.method),
            line(b":scheme", b"http"),
            line(b":authority", b"kong:8000"),
        ],
        (Map::Response, _, Some(exchange), _) => {
            vec![line(b":status", exchange.status.to_string().as_bytes())]
        }
        (Map::CalloutResponse, Kind::Nginx, _, Some(response)) if response.status == 0 => {
            vec![line(b":dispatch_status", b"timeout")]
        }
        (Map::CalloutResponse, _, _, Some(response)) => {
            vec![line(b":status", response.status.to_string().as_bytes())]
        }
        _ => Vec::new(),
    }
}
