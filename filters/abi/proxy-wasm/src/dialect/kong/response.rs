//! Reads and changes the head of a response.

use novasphere_core::{HeaderInterest, HeaderMutation, Headers};

use super::head;
use crate::{
    codec::header_map,
    dialect::failed,
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
