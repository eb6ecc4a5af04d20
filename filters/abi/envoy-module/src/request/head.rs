//! The head of a message: reading it, and carrying out mutations.

use novasphere_core::{HeaderInterest, HeaderMutation, Headers};
use novasphere_messages::{
    grpc::GrpcKind,
    mutations::{Call, calls},
};

use super::fault::Fault;
use crate::host::{Lines, Map, StreamHandle};

/// The head of a message, as far as it was read. Blocks changes of the head.
pub(super) struct Head<'s> {
    stream: &'s StreamHandle,
    lines: Lines<'s>,
    is_whole: bool,
}

impl<'s> Head<'s> {
    /// Reads the lines for a filter's interest. One read of all lines costs as much as two or three
    /// single ones.
    pub(super) fn read(
        stream: &'s StreamHandle,
        map: Map,
        interest: &HeaderInterest,
    ) -> Result<Self, Fault> {
        let is_whole = !matches!(interest, HeaderInterest::None);
        let lines = if is_whole { Self::lines_of(stream, map)? } else { Lines::default() };
        Ok(Self { stream, lines, is_whole })
    }

    fn lines_of(stream: &'s StreamHandle, map: Map) -> Result<Lines<'s>, Fault> {
        stream.lines(map).ok_or(Fault::Host("read headers"))
    }

    /// The headers as a filter sees them.
    pub(super) fn headers(&self) -> Headers<'_> {
        Headers::borrowed(self.lines.iter())
    }

    /// The gRPC protocol of the request, if it has one. `headers` is parsed from this head.
    pub(super) fn grpc_kind(&self, headers: &Headers<'_>) -> Option<GrpcKind> {
        if self.is_whole {
            return GrpcKind::of(headers.get("content-type")?);
        }
        grpc_kind(self.stream)
    }

    /// The host calls for `mutations`. They do not borrow from this head, so it can end before they
    /// are carried out.
    pub(super) fn calls<'m>(
        &self,
        headers: &Headers<'_>,
        mutations: &'m [HeaderMutation<'_>],
    ) -> Vec<Call<'m>> {
        let mut all = Vec::with_capacity(mutations.len());
        all.extend(calls(mutations, |name| self.is_whole && !headers.contains(name)));
        all
    }
}

/// The gRPC protocol of the request, if it has one. Reads its head.
pub(super) fn grpc_kind(stream: &StreamHandle) -> Option<GrpcKind> {
    let lines = stream.lines(Map::Request)?;
    GrpcKind::of(Headers::borrowed(lines.iter()).get("content-type")?)
}

/// Changes the head of a request. If a line of the client goes or changes, Envoy selects the route
/// again: a route must not follow from a forged header. Added lines do not change the route. A
/// selection can cost more than all filters together.
pub(super) fn mutate_request(stream: &mut StreamHandle, calls: &[Call<'_>]) -> Result<(), Fault> {
    mutate(stream, Map::Request, calls)?;
    if calls.iter().any(|call| !matches!(call, Call::Add(..))) {
        stream.clear_route_cache();
    }
    Ok(())
}

/// Changes the head of a response.
pub(super) fn mutate_response(stream: &mut StreamHandle, calls: &[Call<'_>]) -> Result<(), Fault> {
    mutate(stream, Map::Response, calls)
}

fn mutate(stream: &mut StreamHandle, map: Map, calls: &[Call<'_>]) -> Result<(), Fault> {
    for call in calls {
        let is_done = match call {
            Call::Replace(name, value) => stream.set_header(map, name, value),
            // Envoy has no empty values here: no line says the same.
            Call::Add(_, b"") => true,
            Call::Add(name, value) => stream.add_header(map, name, value),
            Call::Remove(name) => stream.remove_header(map, name),
        };
        if !is_done {
            return Err(Fault::Host("change headers"));
        }
    }
    Ok(())
}
