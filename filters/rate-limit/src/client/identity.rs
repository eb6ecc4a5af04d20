//! The identity of a client: which requests count together.

use std::fmt;

use novasphere_core::{
    ClientIp, Env, RequestHead, host_name, target,
    trace::{self, Note},
};

use super::address::Lookup;
use crate::{
    config::{OnUnresolved, Scope},
    metrics::Event,
};

/// The identity that `limit_by` names: all parts combined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// At least one, all different.
    pub(crate) parts: Vec<Part>,
    pub(crate) on_unresolved: OnUnresolved,
    pub(crate) scope: Scope,
}

/// A part of an identity.
///
/// The `Debug` text is part of the keys of stored counts. See
/// [`namespace`](crate::limiter::namespace).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The client address, for IPv6 its network.
    Ip,
    /// The value of a header. The name is in lower case, and not `host`.
    Header(String),
    /// The request's host.
    Host,
    /// The consumer that jwt-auth found: `X-Consumer-ID`, else `X-Consumer-Username`, else
    /// `X-Credential-Identifier`.
    Consumer,
    /// The consumer's credential: `X-Credential-Identifier`.
    Credential,
    /// A claim of the token, which jwt-auth passes on as an attribute of that name.
    Claim(String),
    /// All requests to one path. Other paths are not limited.
    Path(Vec<u8>),
    /// All requests to the upstream service.
    Service,
    /// All requests.
    Constant,
}

/// The bytes that identify a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientKey(Vec<u8>);

/// Why a request has no client to count for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoClient {
    /// The limit is for another path.
    OtherPath,
    /// A part is missing, and `on_unresolved` is `allow`.
    Allow,
    /// A part is missing, and `on_unresolved` is `deny`.
    Deny,
}

pub(super) const CONSUMER_ID: &str = "x-consumer-id";
pub(super) const CONSUMER_USERNAME: &str = "x-consumer-username";
pub(crate) const CREDENTIAL: &str = "x-credential-identifier";

/// The headers of a consumer, most reliable first.
const CONSUMER_HEADERS: [&str; 3] = [CONSUMER_ID, CONSUMER_USERNAME, CREDENTIAL];

/// The maximum length of an identifying value, in bytes. Longer values count as missing.
const MAX_BYTES: usize = 8_192;

impl ClientKey {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends a part with its kind and length, so that different lists of parts differ. The length
    /// has the same form on all platforms: proxies that share counts in Redis derive keys from it.
    fn push(&mut self, kind: u8, part: &[u8]) {
        self.0.push(kind);
        self.0.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.0.extend_from_slice(part);
    }
}

impl Identity {
    /// The names of the request headers it reads.
    pub(crate) fn request_headers(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| match part {
            Part::Header(name) => vec![name.as_str()],
            Part::Host => vec![":authority"],
            Part::Consumer => CONSUMER_HEADERS.to_vec(),
            Part::Credential => vec![CREDENTIAL],
            Part::Path(_) => vec![":path"],
            Part::Ip | Part::Claim(_) | Part::Service | Part::Constant => Vec::new(),
        })
    }

    /// The key of the request's client.
    ///
    /// # Errors
    /// If the request has no client to count for.
    pub(crate) fn resolve(
        &self,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        env: &Env<'_>,
    ) -> Result<ClientKey, NoClient> {
        let is_other = |part: &Part| matches!(part, Part::Path(path) if target::path(head.target()) != path.as_slice());
        if self.parts.iter().any(is_other) {
            return Err(NoClient::OtherPath);
        }
        let mut key = ClientKey(Vec::with_capacity(64));
        match self.scope {
            Scope::Global => {}
            Scope::Route => key.push(b'r', &env.connection.route().unwrap_or_default()),
            Scope::Service => key.push(b'v', &env.connection.service().unwrap_or_default()),
        }
        for part in &self.parts {
            let start = key.0.len();
            let pushed = part.push(head, address, env, &mut key);
            trace::note(|| self.note(part, key.0.get(start..).unwrap_or_default(), address));
            match pushed {
                Some(()) => {}
                None => match self.on_unresolved {
                    OnUnresolved::Ip => {
                        env.metrics.count(Event::FellBackToIp.name());
                        // Clients without an address (a Unix socket) count as one.
                        let ip = address.client_ip().map(ClientIp::to_bytes);
                        key.push(b'i', ip.as_ref().map_or(&[], |ip| ip));
                    }
                    OnUnresolved::Constant => {
                        env.metrics.count(Event::FellBackToConstant.name());
                        key.push(b'0', b"");
                    }
                    OnUnresolved::Allow => return Err(NoClient::Allow),
                    OnUnresolved::Deny => return Err(NoClient::Deny),
                },
            }
        }
        Ok(key)
    }
}

impl Identity {
    /// The note about a part. `pushed` is its kind, length and value, empty if it is missing.
    fn note(&self, part: &Part, pushed: &[u8], address: &Lookup<'_>) -> Note {
        let note = Note::new(format!("limit_by {part}")).matches(!pushed.is_empty());
        let value = pushed.get(1 + size_of::<u32>()..);
        match (value, part) {
            (Some(_), Part::Ip) => {
                note.found(address.get().map(|ip| ip.to_string()).unwrap_or_default())
            }
            // A header may hold a key of the client.
            (Some(value), Part::Header(_)) => note.found(format!("{} bytes", value.len())),
            (Some(value), _) => note.found_bytes(value),
            (None, _) => {
                let instead = match self.on_unresolved {
                    OnUnresolved::Ip => "the client address replaces it",
                    OnUnresolved::Constant => "a constant replaces it",
                    OnUnresolved::Allow => "the request passes uncounted",
                    OnUnresolved::Deny => "the request is rejected",
                };
                let decides =
                    matches!(self.on_unresolved, OnUnresolved::Allow | OnUnresolved::Deny);
                note.expected("a value").found(format!("missing: {instead}")).decides(decides)
            }
        }
    }
}

/// The part for readers of the configuration: `header x-client`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Part::Header(name) | Part::Claim(name) => write!(f, " {name}"),
            _ => Ok(()),
        }
    }
}

impl Part {
    /// The name in `limit_by`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Part::Ip => "ip",
            Part::Header(_) => "header",
            Part::Host => "host",
            Part::Consumer => "consumer",
            Part::Credential => "credential",
            Part::Claim(_) => "claim",
            Part::Path(_) => "path",
            Part::Service => "service",
            Part::Constant => "constant",
        }
    }

    /// Appends the kind and the value of the part in one request to `key`. `None` if it is missing.
    fn push(
        &self,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        env: &Env<'_>,
        key: &mut ClientKey,
    ) -> Option<()> {
        let usable = |value: &&[u8]| !value.is_empty() && value.len() <= MAX_BYTES;
        let header = |name: &str| head.headers.get(name).filter(usable);
        match self {
            Part::Ip => key.push(b'i', &address.client_ip()?.to_bytes()),
            Part::Constant => key.push(b'1', b""),
            Part::Header(name) => key.push(b'h', header(name)?),
            Part::Host => {
                let host = host_name(head.authority());
                key.push(b'a', Some(host.as_slice()).filter(usable)?);
            }
            Part::Consumer => {
                key.push(b'c', CONSUMER_HEADERS.iter().find_map(|name| header(name))?)
            }
            Part::Credential => key.push(b'k', header(CREDENTIAL)?),
            Part::Claim(name) => {
                let value = env.attributes.get(name)?;
                key.push(b'j', Some(value.as_slice()).filter(usable)?);
            }
            Part::Path(path) => key.push(b'p', path),
            Part::Service => key.push(b's', &env.connection.service()?),
        }
        Some(())
    }
}
