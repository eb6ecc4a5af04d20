//! Reads and changes the head of a response.

use novasphere_core::{HeaderInterest, HeaderMutation, HeaderName, Headers};

use super::head;
use crate::{
    codec::header_map,
    dialect::failed,
    fault::Fault,
    hostcalls::{self, Map, Status},
};

/// Headers of which nginx itself keeps one line. They can only be replaced.
const SINGLE: [&str; 12] = [
    "accept-ranges",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "e-tag",
    "etag",
    "expires",
    "last-modified",
    "server",
];

/// Headers of which nginx removes only the line to which it has a pointer, and adds no line if it has
/// one (`ngx_http_wasm_set_builtin_header_handler`). It has no pointer to an upstream's
/// `WWW-Authenticate` and relative `Location`, nor, with `proxy_redirect`, to a `Location` or
/// `Refresh` that it did not rewrite. It keeps the pointer to a line that a filter removed.
const POINTED: [&str; 3] = ["location", "refresh", "www-authenticate"];

/// Headers whose removal writes through an uninitialised pointer if the response lacks them
/// (`ngx_http_wasm_set_builtin_multi_header_handler`).
const UNCHECKED: [&str; 2] = ["cache-control", "link"];

/// The serialised header map of a response. `None` if the filter reads none of it.
pub(crate) struct ResponseMap(Option<Vec<u8>>);

impl ResponseMap {
    /// Reads the head, which has `lines` header lines, unless the filter reads none of it.
    pub(crate) fn read(interest: &HeaderInterest, lines: usize) -> Result<Self, Fault> {
        match interest {
            HeaderInterest::None => Ok(Self(None)),
            _ if !head::fits(lines, head::RESPONSE) => {
                Err(Fault::Unable(format!("read {lines} header lines")))
            }
            _ => {
                let map = hostcalls::header_map(Map::Response).map_err(failed("read headers"))?;
                Ok(Self(Some(map)))
            }
        }
    }

    /// The lines.
    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers::borrowed(self.0.iter().flat_map(|map| header_map::lines(map)))
    }
}

/// Applies the mutations in order.
pub(crate) fn mutate(mutations: &[HeaderMutation<'_>]) -> Result<(), Fault> {
    mutations.iter().try_for_each(apply).map_err(failed("change headers"))
}

fn apply(mutation: &HeaderMutation<'_>) -> Result<(), Status> {
    match mutation {
        HeaderMutation::Set(name, value) => set(name, value),
        HeaderMutation::Add(name, value) => add(name, value),
        HeaderMutation::Remove(name) => remove(name),
        HeaderMutation::Target(_) => Ok(()), // requests only
    }
}

fn set(header: &HeaderName, value: &[u8]) -> Result<(), Status> {
    let name = header.as_str().as_bytes();
    if is_fragile(header) {
        return leave_one_line(name, value);
    }
    if is_one_of(&SINGLE, header) {
        return hostcalls::replace_header(Map::Response, name, value);
    }
    // Replacing a repeated header removes it, and an earlier mutation may have added a line.
    hostcalls::remove_header(Map::Response, name)?;
    hostcalls::add_header(Map::Response, name, value)
}

fn add(header: &HeaderName, value: &[u8]) -> Result<(), Status> {
    let name = header.as_str().as_bytes();
    // `remove` leaves an empty first line, which the read finds. nginx may still have a pointer to
    // a removed line, and would then add no line.
    if is_one_of(&POINTED, header)
        && hostcalls::header(Map::Response, name)?.is_some_and(|first| first.is_empty())
    {
        return leave_one_line(name, value);
    }
    hostcalls::add_header(Map::Response, name, value)
}

fn remove(header: &HeaderName) -> Result<(), Status> {
    let name = header.as_str().as_bytes();
    if is_fragile(header) {
        if hostcalls::header(Map::Response, name)?.is_none() {
            return Ok(());
        }
        // The read also finds removed lines, so there may be no line to remove. The value is empty
        // because nginx sends the value of a removed `Location` to HTTP/2 clients, and as a mark
        // for `add`.
        leave_one_line(name, b"")?;
    }
    hostcalls::remove_header(Map::Response, name)
}

/// Leaves one line of the name, to which nginx has a pointer unless it is a relative `Location`.
///
/// If nginx has a pointer to a line that another filter added, this changes only that line, and the
/// upstream's lines stay. The host has no call that clears the pointer.
fn leave_one_line(name: &[u8], value: &[u8]) -> Result<(), Status> {
    // If nginx finds several lines, it removes all of them. The second call then adds one.
    hostcalls::replace_header(Map::Response, name, value)?;
    hostcalls::replace_header(Map::Response, name, value)
}

/// Whether nginx cannot always remove the header.
fn is_fragile(name: &HeaderName) -> bool {
    is_one_of(&POINTED, name) || is_one_of(&UNCHECKED, name)
}

fn is_one_of(names: &[&str], name: &HeaderName) -> bool {
    names.contains(&name.as_str())
}
