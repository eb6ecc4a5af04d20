//! Reads and changes the head of a response.

use novasphere_core::{HeaderInterest, HeaderMutation};

use super::head;
use crate::{
    dialect::{Head, Lines, failed},
    fault::Fault,
    hostcalls::{self, Map, Status},
};

/// Headers of which nginx itself keeps one line. They can only be replaced.
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

/// Reads the head, which has `lines` header lines, unless the filter reads none of it.
pub(super) fn read(interest: &HeaderInterest, lines: usize) -> Result<Head<'_>, Fault> {
    let read = match interest {
        HeaderInterest::None => Lines::NONE,
        _ if !head::fits(lines, head::RESPONSE) => {
            return Err(Fault::Unable(format!("read {lines} header lines")));
        }
        _ => Lines::All(hostcalls::header_map(Map::Response).map_err(failed("read headers"))?),
    };
    Ok(Head { size: lines, lines: read, target: None })
}

/// Applies the mutations in order.
pub(super) fn mutate(mutations: &[HeaderMutation<'_>]) -> Result<(), Fault> {
    mutations.iter().try_for_each(apply).map_err(failed("change headers"))
}

fn apply(mutation: &HeaderMutation<'_>) -> Result<(), Status> {
    match mutation {
        HeaderMutation::Set(name, value) => {
            let is_single = SINGLE.contains(&name.as_str());
            let name = name.as_str().as_bytes();
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
            hostcalls::remove_header(Map::Response, name.as_str().as_bytes())
        }
        HeaderMutation::Target(_) => Ok(()), // requests only
    }
}
