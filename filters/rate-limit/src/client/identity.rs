//! Whose requests are counted together.

use novasphere_core::{Env, RequestHead, target};

use crate::client::address::Lookup;

/// What `limit_by` names: all of these together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// At least one, all different.
    pub(crate) parts: Vec<Part>,
    pub(crate) otherwise: Otherwise,
}

/// One thing that identifies a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The client's address, an IPv6 one by its network.
    Ip,
    /// The value of a header, its name in lower case; `:authority` for `Host`.
    Header(String),
    /// The consumer that jwt-auth found: `X-Consumer-ID`, else `X-Consumer-Username`, else
    /// `X-Credential-Identifier`.
    Consumer,
    /// The credential the consumer used: `X-Credential-Identifier`.
    Credential,
    /// A claim of the token, passed on by jwt-auth as the attribute of that name.
    Claim(String),
    /// One count for a path; other paths are not limited.
    Path(Vec<u8>),
    /// One count for the upstream service.
    Service,
    /// One count for everybody.
    Constant,
}

/// What becomes of a request whose identity cannot be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The address stands in.
    Ip,
    /// All of them are one client.
    Constant,
    /// It passes, uncounted.
    Allow,
    /// It is refused.
    Deny,
}

/// Who sent a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The bytes that identify the client.
    Client(Vec<u8>),
    /// A request the limit does not speak of.
    NotLimited,
    /// `on_unresolved` lets it pass.
    Unresolved(Otherwise),
}

/// What jwt-auth calls the consumer, the surest name first.
pub(crate) const CONSUMER_HEADERS: [&str; 3] =
    ["x-consumer-id", "x-consumer-username", CREDENTIAL_HEADER];
const CREDENTIAL_HEADER: &str = "x-credential-identifier";

/// The longest value that identifies anybody, in bytes. A longer one is as good as none.
const MOST_BYTES: usize = 8_192;

/// Counted when `on_unresolved` decides.
pub(crate) const FELL_BACK_TO_IP: &str = "fell_back_to_ip";
pub(crate) const FELL_BACK_TO_CONSTANT: &str = "fell_back_to_constant";

impl Identity {
    /// The lines of the head it looks at.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| match part {
            Part::Header(name) => vec![name.as_str()],
            Part::Consumer => CONSUMER_HEADERS.to_vec(),
            Part::Credential => vec![CREDENTIAL_HEADER],
            Part::Path(_) => vec![":path"],
            Part::Ip | Part::Claim(_) | Part::Service | Part::Constant => Vec::new(),
        })
    }

    /// Who sent it.
    pub(crate) fn of(&self, head: &RequestHead<'_>, address: &Lookup<'_>, env: &Env<'_>) -> Who {
        let other = |part: &Part| matches!(part, Part::Path(path) if target::path(head.target()) != path.as_slice());
        if self.parts.iter().any(other) {
            return Who::NotLimited;
        }
        let mut client = Vec::with_capacity(64);
        for part in &self.parts {
            match part.of(head, address, env) {
                Some((kind, text)) => tag(&mut client, kind, &text),
                None => match self.otherwise {
                    Otherwise::Ip => {
                        env.metrics.count(FELL_BACK_TO_IP);
                        // Clients without an address (a Unix socket) count as one.
                        let ip = by_address(address).unwrap_or_default();
                        tag(&mut client, b'i', &ip);
                    }
                    Otherwise::Constant => {
                        env.metrics.count(FELL_BACK_TO_CONSTANT);
                        tag(&mut client, b'0', b"");
                    }
                    otherwise => return Who::Unresolved(otherwise),
                },
            }
        }
        Who::Client(client)
    }
}

impl Part {
    /// Its kind and its bytes in one request; `None` when it cannot be resolved.
    fn of(
        &self,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        env: &Env<'_>,
    ) -> Option<(u8, Vec<u8>)> {
        let usable = |value: &&[u8]| !value.is_empty() && value.len() <= MOST_BYTES;
        let header = |name: &str| head.headers.get(name).filter(usable).map(<[u8]>::to_vec);
        let (kind, value) = match self {
            Part::Ip => (b'i', by_address(address)),
            Part::Constant => (b'1', Some(Vec::new())),
            Part::Header(name) => (b'h', header(name)),
            Part::Consumer => (b'c', CONSUMER_HEADERS.iter().find_map(|name| header(name))),
            Part::Credential => (b'k', header(CREDENTIAL_HEADER)),
            Part::Claim(name) => {
                (b'j', env.attributes.get(name).filter(|value| usable(&value.as_slice())))
            }
            Part::Path(path) => (b'p', Some(path.clone())),
            Part::Service => (b's', env.connection.service()),
        };
        Some((kind, value?))
    }
}

fn by_address(address: &Lookup<'_>) -> Option<Vec<u8>> {
    address.identity().map(|ip| ip.to_bytes().to_vec())
}

/// Parts with their kinds and lengths, so that no two lists of parts read the same.
fn tag(client: &mut Vec<u8>, kind: u8, part: &[u8]) {
    client.push(kind);
    client.extend(part.len().to_le_bytes());
    client.extend_from_slice(part);
}
