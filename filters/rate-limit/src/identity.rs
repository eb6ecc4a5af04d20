//! Whose requests are counted together.

use novasphere_core::{ClientIp, Env, HeaderName, Read, RequestHead, target};

/// What `limit_by` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The client's address, an IPv6 one by its /64.
    Ip,
    /// All values of a header.
    Header(HeaderName),
    /// The consumer that jwt-auth found: `X-Consumer-ID`, else `X-Consumer-Username`, else
    /// `X-Credential-Identifier`.
    Consumer,
    /// One count for a path; other paths are not limited.
    Path(Vec<u8>),
    /// One count for the upstream service.
    Service,
}

const CONSUMER_HEADERS: [&str; 3] =
    ["x-consumer-id", "x-consumer-username", "x-credential-identifier"];

impl Identity {
    pub(crate) fn reads(&self) -> Read<'_> {
        match self {
            Identity::Ip | Identity::Service => Read::Nothing,
            Identity::Header(_) | Identity::Consumer | Identity::Path(_) => Read::Whole,
        }
    }

    /// The bytes that identify the client, the kind of identity first; `None` when the request is
    /// not limited.
    pub(crate) fn of(&self, head: &RequestHead<'_>, env: &Env<'_>) -> Option<Vec<u8>> {
        let found = match self {
            Identity::Ip => None,
            Identity::Header(name) => {
                let mut values = head.headers.get_all(name.as_str()).filter(|v| !v.is_empty());
                values.next().map(|first| tagged(b'h', [first].into_iter().chain(values)))
            }
            Identity::Consumer => CONSUMER_HEADERS
                .iter()
                .find_map(|name| head.headers.get(name).filter(|value| !value.is_empty()))
                .map(|consumer| tagged(b'c', [consumer])),
            Identity::Path(path) => {
                let matches = target::path(head.target()) == path.as_slice();
                return matches.then(|| tagged(b'p', [path.as_slice()]));
            }
            Identity::Service => {
                env.connection.service().map(|service| tagged(b's', [service.as_slice()]))
            }
        };
        if found.is_none() && *self != Identity::Ip {
            env.metrics.count("fell_back_to_ip");
        }
        Some(found.unwrap_or_else(|| by_address(env)))
    }
}

/// Clients without an address (a Unix socket) count as one.
fn by_address(env: &Env<'_>) -> Vec<u8> {
    let address = env.connection.client_address().map(|ip| ClientIp::new(ip).to_bytes());
    tagged(b'i', [address.unwrap_or_default().as_slice()])
}

/// Parts with their lengths, so that no two lists of parts read the same.
fn tagged<'a>(kind: u8, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = vec![kind];
    for part in parts {
        bytes.extend(part.len().to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
