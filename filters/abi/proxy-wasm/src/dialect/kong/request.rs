//! Reads and changes the head of a request.

use novasphere_core::{HeaderInterest, HeaderMutation, Headers};

use super::{
    head,
    mutations::{self, Call},
    target,
};
use crate::{
    codec::header_map,
    dialect::{Head, Line, Lines, failed},
    fault::Fault,
    hostcalls::{self, Map},
};

/// The variable with the target that goes upstream.
const UPSTREAM_URI: &[u8] = b"ngx\0upstream_uri";
/// The property with the target that the client sent.
const TARGET: &[u8] = b"request\0path";

/// Reads the head, which has `lines` header lines, unless the filter reads none of it.
pub(super) fn read(interest: &HeaderInterest, lines: usize) -> Result<Head<'_>, Fault> {
    match interest {
        HeaderInterest::None => Ok(Head { size: lines, lines: Lines::NONE, target: None }),
        _ => {
            let Whole { map, target } = Whole::read(lines)?;
            Ok(Head { size: lines, lines: Lines::All(map), target: Some(target) })
        }
    }
}

/// The headers as a filter sees them.
pub(super) fn headers<'h>(head: &'h Head<'_>) -> Headers<'h> {
    match (&head.lines, &head.target) {
        (Lines::All(map), Some(target)) => Headers::borrowed(head::lines(&raw(map), target)),
        _ => Headers::default(),
    }
}

/// Applies all mutations or none: checks all of them before the first change.
pub(super) fn mutate(head: &Head<'_>, mutations: &[HeaderMutation<'_>]) -> Result<(), Fault> {
    if mutations.is_empty() {
        return Ok(());
    }
    let whole;
    let (map, old) = match (&head.lines, &head.target) {
        (Lines::All(map), Some(target)) => (map, target),
        _ => {
            whole = Whole::read(head.size)?;
            (&whole.map, &whole.target)
        }
    };
    let raw = raw(map);
    let calls = mutations::plan(&raw, mutations)?;
    let target = mutations.iter().rev().find_map(|mutation| match mutation {
        HeaderMutation::Target(target) => Some(target),
        _ => None,
    });
    let uri = target.map(|target| upstream_uri(old, target)).transpose()?;
    for call in calls {
        match call {
            Call::Replace(name, value) => {
                hostcalls::replace_header(Map::Request, name.as_str().as_bytes(), value)
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

/// The serialised map, and the target as the client sent it.
struct Whole {
    map: Vec<u8>,
    target: Vec<u8>,
}

impl Whole {
    fn read(lines: usize) -> Result<Self, Fault> {
        if !head::fits(lines, head::REQUEST) {
            let message = format!("{lines} header lines are too many");
            return Err(Fault::Client { status: 431, message });
        }
        let map = hostcalls::header_map(Map::Request).map_err(failed("read headers"))?;
        let target = hostcalls::property(TARGET).map_err(failed("read the target"))?;
        Ok(Self { map, target })
    }
}

fn raw(map: &[u8]) -> Vec<Line<'_>> {
    header_map::lines(map).collect()
}

fn upstream_uri(old: &[u8], new: &[u8]) -> Result<Vec<u8>, Fault> {
    let upstream = hostcalls::property(UPSTREAM_URI).map_err(failed("read the upstream's URI"))?;
    Ok(target::rewrite(old, new, &upstream)?)
}
