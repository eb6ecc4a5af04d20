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

/// Headers that nginx cannot always remove. If there is no line of `Cache-Control` or `Link`, it
/// writes through an uninitialised pointer (`ngx_http_wasm_set_builtin_multi_header_handler`). Of
/// the other headers it removes only the line to which it has a pointer
/// (`ngx_http_wasm_set_builtin_header_handler`). It has no pointer to an upstream's
/// `WWW-Authenticate` and relative `Location`, nor, with `proxy_redirect`, to a `Location` or
/// `Refresh` that it did not rewrite.
const FRAGILE: [&str; 5] = ["cache-control", "link", "location", "refresh", "www-authenticate"];

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
        HeaderMutation::Set(name, value) => {
            let (is_fragile, is_single) = (is_one_of(&FRAGILE, name), is_one_of(&SINGLE, name));
            let name = name.as_str().as_bytes();
            if is_fragile {
                return leave_one_line(name, value);
            }
            if is_single {
                return hostcalls::replace_header(Map::Response, name, value);
            }
            // Replacing a repeated header removes it, and an earlier mutation may have added a
            // line.
            hostcalls::remove_header(Map::Response, name)?;
            hostcalls::add_header(Map::Response, name, value)
        }
        HeaderMutation::Add(name, value) => {
            hostcalls::add_header(Map::Response, name.as_str().as_bytes(), value)
        }
        HeaderMutation::Remove(name) => {
            let is_fragile = is_one_of(&FRAGILE, name);
            let name = name.as_str().as_bytes();
            if is_fragile {
                if hostcalls::header(Map::Response, name)?.is_none() {
                    return Ok(());
                }
                // The read also finds removed lines, so there may be no line to remove. The value is
                // empty because nginx sends the value of a removed `Location` to HTTP/2 clients.
                leave_one_line(name, b"")?;
            }
            hostcalls::remove_header(Map::Response, name)
        }
        HeaderMutation::Target(_) => Ok(()), // requests only
    }
}

/// Leaves one line of the name, to which nginx has a pointer unless it is a relative `Location`.
fn leave_one_line(name: &[u8], value: &[u8]) -> Result<(), Status> {
    // If nginx finds several lines, it removes all of them. The second call then adds one.
    hostcalls::replace_header(Map::Response, name, value)?;
    hostcalls::replace_header(Map::Response, name, value)
}

fn is_one_of(names: &[&str], name: &HeaderName) -> bool {
    names.contains(&name.as_str())
}
