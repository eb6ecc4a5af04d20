//! Reads and changes the head of a request.

use novasphere_core::{HeaderInterest, HeaderMutation, Headers};

use super::{
    head,
    mutations::{self, Call},
    target,
};
use crate::{
    codec::header_map,
    dialect::{Line, failed},
    fault::Fault,
    hostcalls::{self, Map},
};

/// The variable with the target that goes upstream.
const UPSTREAM_URI: &[u8] = b"ngx\0upstream_uri";
/// The property with the target that the client sent.
const TARGET: &[u8] = b"request\0path";

/// The head of a request, as far as it was read.
pub(crate) enum RequestMap {
    /// The filter reads none of it. It has this number of header lines.
    Unread(usize),
    /// All of it.
    Read(Whole),
}

/// The serialised header map, and the target as the client sent it.
pub(crate) struct Whole {
    map: Vec<u8>,
    target: Vec<u8>,
}

/// The content type of the request. Reads one line instead of the whole head.
pub(crate) fn content_type() -> Option<Vec<u8>> {
    hostcalls::property(b"request\0headers\0content-type").ok()
}

impl RequestMap {
    /// Reads the head, which has `lines` header lines, unless the filter reads none of it.
    pub(crate) fn read(interest: &HeaderInterest, lines: usize) -> Result<Self, Fault> {
        match interest {
            HeaderInterest::None => Ok(Self::Unread(lines)),
            _ => Whole::read(lines).map(Self::Read),
        }
    }

    /// The headers as a filter sees them.
    pub(crate) fn headers(&self) -> Headers<'_> {
        match self {
            Self::Unread(_) => Headers::default(),
            Self::Read(whole) => Headers::borrowed(head::lines(&whole.raw(), &whole.target)),
        }
    }

    /// Whether all lines were read.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    /// Applies all mutations or none: checks all of them before the first change.
    pub(crate) fn mutate(&self, mutations: &[HeaderMutation<'_>]) -> Result<(), Fault> {
        if mutations.is_empty() {
            return Ok(());
        }
        match self {
            Self::Unread(lines) => Whole::read(*lines)?.mutate(mutations),
            Self::Read(whole) => whole.mutate(mutations),
        }
    }
}

impl Whole {
    fn read(lines: usize) -> Result<Self, Fault> {
        if !head::fits(lines, head::REQUEST) {
            let message = format!("{lines} header lines are too many");
            return Err(Fault::Client { status: 431, message });
        }
        let map = hostcalls::header_map(Map::Request).map_err(failed("read headers"))?;
        let target = hostcalls::property(TARGET).map_err(failed("read the target"))?;
        target::check(&target)?;
        Ok(Self { map, target })
    }

    fn raw(&self) -> Vec<Line<'_>> {
        header_map::lines(&self.map).collect()
    }

    fn mutate(&self, mutations: &[HeaderMutation<'_>]) -> Result<(), Fault> {
        let raw = self.raw();
        let calls = mutations::plan(&raw, mutations)?;
        let target = mutations.iter().rev().find_map(|mutation| match mutation {
            HeaderMutation::Target(target) => Some(target),
            _ => None,
        });
        let uri = target.map(|target| upstream_uri(&self.target, target)).transpose()?;
        for call in calls {
            match call {
                Call::Replace(name, value) => {
                    hostcalls::replace_header(Map::Request, name.as_str().as_bytes(), value)
                }
                Call::Join(name, value) => {
                    hostcalls::replace_header(Map::Request, name.as_str().as_bytes(), &value)
                }
                Call::Add(name, value) => {
                    hostcalls::add_header(Map::Request, name.as_str().as_bytes(), value)
                }
            }
            .map_err(failed("change headers"))?;
        }
        if let Some(uri) = uri {
            hostcalls::set_property(UPSTREAM_URI, &uri).map_err(failed("change the target"))?;
        }
        Ok(())
    }
}

fn upstream_uri(old: &[u8], new: &[u8]) -> Result<Vec<u8>, Fault> {
    let upstream = hostcalls::property(UPSTREAM_URI).map_err(failed("read the upstream's URI"))?;
    Ok(target::rewrite(old, new, &upstream)?)
}
