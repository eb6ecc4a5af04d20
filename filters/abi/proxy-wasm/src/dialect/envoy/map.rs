//! The header map of a message, read with one host call for all lines or one for each.

use novasphere_core::{HeaderInterest, HeaderMutation, Headers};
use novasphere_messages::mutations::{Call, calls};

use crate::{
    codec::header_map,
    dialect::failed,
    fault::Fault,
    hostcalls::{self, Map as HostMap},
};

/// The lines that were read.
pub(crate) enum Map<'f> {
    /// The first line of each of these names.
    Named {
        /// The names that were read, in lower case.
        names: &'f [String],
        /// The lines found.
        found: Vec<(&'f str, Vec<u8>)>,
    },
    /// All lines, serialised.
    All(Vec<u8>),
}

/// Above this number of names, one read of the whole map is cheaper. In instructions of Envoy 1.40,
/// an absent line costs 2,100 to 2,500, a present one 10,500, and the map of a response 11,000.
const MAX_NAMED: usize = 2;
/// The limit for names that are usually absent.
const MAX_ABSENT: usize = 4;

/// Reads the lines of a request that a filter is interested in.
pub(crate) fn read_request(interest: &HeaderInterest) -> Result<Map<'_>, Fault> {
    Map::read(HostMap::Request, interest)
}

/// The content type of the request.
pub(crate) fn content_type() -> Option<Vec<u8>> {
    hostcalls::header(HostMap::Request, b"content-type").ok().flatten()
}

/// Reads the lines of a response that a filter is interested in.
pub(crate) fn read_response(interest: &HeaderInterest) -> Result<Map<'_>, Fault> {
    Map::read(HostMap::Response, interest)
}

impl<'f> Map<'f> {
    fn read(map: HostMap, interest: &'f HeaderInterest) -> Result<Self, Fault> {
        let fault = failed("read headers");
        match interest {
            HeaderInterest::None => Ok(Self::Named { names: &[], found: Vec::new() }),
            HeaderInterest::Named(names) if names.len() <= MAX_NAMED => {
                let mut found = Vec::with_capacity(names.len());
                for name in names.iter() {
                    let value = hostcalls::header(map, name.as_bytes()).map_err(&fault)?;
                    found.extend(value.map(|value| (name.as_str(), value)));
                }
                Ok(Self::Named { names, found })
            }
            HeaderInterest::AllIfAny(names) if names.len() <= MAX_ABSENT => {
                for name in names.iter() {
                    if hostcalls::header(map, name.as_bytes()).map_err(&fault)?.is_some() {
                        return Self::read(map, &HeaderInterest::All);
                    }
                }
                Ok(Self::Named { names, found: Vec::new() })
            }
            HeaderInterest::Named(_)
            | HeaderInterest::EveryLine(_)
            | HeaderInterest::AllIfAny(_)
            | HeaderInterest::All => hostcalls::header_map(map).map(Self::All).map_err(fault),
        }
    }

    /// The lines.
    pub(crate) fn headers(&self) -> Headers<'_> {
        match self {
            Self::All(map) => Headers::borrowed(header_map::lines(map)),
            Self::Named { found, .. } => {
                Headers::borrowed(found.iter().map(|(n, v)| (n.as_bytes(), v.as_slice())))
            }
        }
    }

    /// Whether all lines were read.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::All(_))
    }

    /// Whether the message is known to have no line called `name`, in lower case. `headers` is
    /// parsed from this map.
    fn lacks(&self, headers: &Headers<'_>, name: &str) -> bool {
        let is_known = match self {
            Self::All(_) => true,
            Self::Named { names, .. } => names.iter().any(|read| read == name),
        };
        is_known && !headers.contains(name)
    }

    /// Applies mutations to the request.
    pub(crate) fn mutate_request(
        &self,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        self.mutate(HostMap::Request, headers, mutations)
    }

    /// Applies mutations to the response.
    pub(crate) fn mutate_response(
        &self,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        self.mutate(HostMap::Response, headers, mutations)
    }

    fn mutate(
        &self,
        map: HostMap,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        for call in calls(mutations, |name| self.lacks(headers, name)) {
            match call {
                Call::Replace(name, value) => hostcalls::replace_header(map, name, value),
                Call::Add(name, value) => hostcalls::add_header(map, name, value),
                Call::Remove(name) => hostcalls::remove_header(map, name),
            }
            .map_err(failed("change headers"))?;
        }
        Ok(())
    }
}
