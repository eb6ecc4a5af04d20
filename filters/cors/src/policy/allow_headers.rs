//! `Access-Control-Allow-Headers`.

use novasphere_core::{HeaderName, RequestHead};

use super::name_list::NameList;

/// Maximum total length of `Access-Control-Request-Headers` in bytes. A longer list is not allowed,
/// so an echoed list stays below the limits of all proxies.
const MAX_BYTES: usize = 2048;

/// Maximum number of names in it. Pages use far fewer.
const MAX_NAMES: usize = 64;

/// The request headers a page may send.
#[derive(Clone, Debug)]
pub(crate) enum AllowHeaders {
    /// The configured names. If empty, only the safelisted headers are allowed.
    Listed(NameList),
    /// The names that the preflight requests.
    Requested,
}

impl AllowHeaders {
    /// The configured names. To browsers, `*` does not cover `Authorization` (Fetch standard, "CORS
    /// non-wildcard request-header name"), so it is added to a wildcard.
    pub(crate) fn listed(mut names: Vec<String>, credentials: bool) -> Self {
        let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        if !credentials && has("*") && !has("authorization") {
            names.push("Authorization".to_owned());
        }
        Self::Listed(NameList::new(names, credentials))
    }

    pub(crate) fn allows(&self, requested: &[&[u8]]) -> bool {
        match self {
            Self::Listed(listed) => requested.iter().all(|name| is_listed(listed, name)),
            Self::Requested => true,
        }
    }
}

fn is_listed(listed: &NameList, name: &[u8]) -> bool {
    listed.is_wild() || listed.names().any(|other| other.eq_ignore_ascii_case(name))
}

/// The names in all lines of `Access-Control-Request-Headers`. `None` if one of them is not a field
/// name, or if there are too many names or bytes.
pub(crate) fn requested_headers<'h>(head: &'h RequestHead<'_>) -> Option<Vec<&'h [u8]>> {
    let mut names = Vec::new();
    let mut bytes = 0_usize;
    for line in head.headers.get_all("access-control-request-headers") {
        bytes = bytes.saturating_add(line.len());
        if bytes > MAX_BYTES {
            return None;
        }
        for member in line.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            if member.is_empty() {
                continue;
            }
            HeaderName::parse(str::from_utf8(member).ok()?).ok()?;
            if names.len() == MAX_NAMES {
                return None;
            }
            names.push(member);
        }
    }
    Some(names)
}
