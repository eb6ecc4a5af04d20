//! The mutations of a response's head.

use novasphere_core::{Filter, HeaderInterest, HeaderMutation, Headers, ResponseHead};

use super::head;
use crate::{
    header_map,
    hostcalls::{self, Map, Status},
    request::Fault,
    root::Configured,
};

/// Headers of which nginx keeps one line itself: replacing is all there is, and works.
const SINGLE: [&str; 15] = [
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
    "location",
    "refresh",
    "server",
    "www-authenticate",
];

/// Asks the policy about the response of the current stream, which has so many header lines, and
/// does what it says.
pub(crate) fn respond<P: Filter>(
    configured: &Configured<P>,
    carry: P::Carry,
    lines: usize,
) -> Result<(), Fault> {
    let map = match configured.policy.response_headers() {
        HeaderInterest::None => None,
        _ if !head::fits(lines, head::OF_RESPONSE) => {
            return Err(Fault::Unable(format!("read {lines} header lines")));
        }
        _ => Some(hostcalls::header_map(Map::Response).map_err(failed)?),
    };
    let seen = map.iter().flat_map(|map| header_map::lines(map));
    let head = ResponseHead { headers: Headers::borrowed(seen) };
    for edit in configured.policy.on_response(carry, &head) {
        carry_out(&edit).map_err(failed)?;
    }
    Ok(())
}

fn failed(status: Status) -> Fault {
    Fault::Host("edit headers", status)
}

/// Carries out one edit.
fn carry_out(edit: &HeaderMutation<'_>) -> Result<(), Status> {
    match edit {
        HeaderMutation::Set(name, value) => {
            let is_single = SINGLE.contains(&name.as_str());
            let name = name.as_str().as_bytes();
            if is_single {
                return hostcalls::replace_header(Map::Response, name, value);
            }
            // Replacing a header of several lines leaves none, and an edit before this one may have
            // added a line.
            hostcalls::remove_header(Map::Response, name)?;
            hostcalls::add_header(Map::Response, name, value)
        }
        HeaderMutation::Add(name, value) => {
            hostcalls::add_header(Map::Response, name.as_str().as_bytes(), value)
        }
        HeaderMutation::Remove(name) => {
            hostcalls::remove_header(Map::Response, name.as_str().as_bytes())
        }
        HeaderMutation::Target(_) => Ok(()), // requests only
    }
}
