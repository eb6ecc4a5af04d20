//! The differences between hosts. A root context chooses its [`Dialect`] once, when it is
//! configured. All other modules are the same for every host.
//!
//! `envoy` and `kong` have the same functions. This module calls the host's.

use std::sync::atomic::{AtomicU8, Ordering};

use novasphere_core::{Hash, HeaderInterest, HeaderMutation, Headers};
use novasphere_messages::grpc::GrpcKind;

use crate::{
    fault::Fault,
    hostcalls::{self, Status},
};

mod envoy;
mod kong;
mod traits;
mod work;

pub(crate) use traits::{RequiredServices, RootDialect, Traits};

/// A header line: name and value.
pub(crate) type Line<'m> = (&'m [u8], &'m [u8]);

/// A host's version of the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    Envoy,
    Kong,
}

/// The head of a request, as far as it was read.
pub(crate) enum RequestMap<'f> {
    Envoy(envoy::Map<'f>),
    Kong(kong::RequestMap),
}

/// The head of a response, as far as it was read.
pub(crate) enum ResponseMap<'f> {
    Envoy(envoy::Map<'f>),
    Kong(kong::ResponseMap),
}

/// A local response in the ABI's terms.
pub(crate) struct ResponseParts<'r> {
    pub(crate) status: u16,
    /// The reason for the access log: Envoy's `%RESPONSE_CODE_DETAILS%`.
    pub(crate) details: &'r str,
    pub(crate) headers: &'r [Line<'r>],
    pub(crate) body: &'r [u8],
    /// The `grpc-message`. Empty for none.
    pub(crate) message: &'r str,
    /// The `grpc-status`. `None` if the HTTP status implies it.
    pub(crate) grpc_status: Option<u8>,
    /// Whether the request's callout failed. nginx then cannot send a body.
    pub(crate) after_failed_callout: bool,
}

const UNKNOWN: u8 = 0;
const ENVOY: u8 = 1;
const KONG: u8 = 2;

/// An ID that no context has: hosts number contexts from 1.
const NO_CONTEXT: u32 = u32::MAX;

static HOST: AtomicU8 = AtomicU8::new(UNKNOWN);

impl Dialect {
    /// Detects the host: nginx accepts and ignores any effective context, other hosts reject an
    /// unknown one. A property would also identify nginx, but nginx logs an error for each read
    /// outside a request.
    ///
    /// Called at each configuration: nginx configures a new instance after a trap without starting
    /// it.
    pub(crate) fn detect() -> Self {
        if HOST.load(Ordering::Relaxed) == UNKNOWN {
            let is_kong = hostcalls::set_effective_context(NO_CONTEXT) != Err(Status::BAD_ARGUMENT);
            HOST.store(if is_kong { KONG } else { ENVOY }, Ordering::Relaxed);
        }
        Self::current()
    }

    /// The detected host. Envoy before the first detection.
    pub(crate) fn current() -> Self {
        if HOST.load(Ordering::Relaxed) == KONG { Self::Kong } else { Self::Envoy }
    }

    /// The host's constant traits.
    pub(crate) fn traits(self) -> &'static Traits {
        match self {
            Self::Envoy => &envoy::TRAITS,
            Self::Kong => &kong::TRAITS,
        }
    }

    /// The services for a root context of `filter`.
    pub(crate) fn root(self, filter: &'static str) -> Box<dyn RootDialect> {
        match self {
            Self::Envoy => Box::new(envoy::Root::new(filter)),
            Self::Kong => Box::new(kong::Root::new(filter)),
        }
    }

    /// How to pass an environment variable on to a filter, for error messages.
    pub(crate) fn variable_remedy(self, name: &str) -> String {
        match self {
            Self::Envoy => novasphere_host_facts::envoy::variable_remedy(name),
            Self::Kong => novasphere_host_facts::kong::variable_remedy(name),
        }
    }

    /// Reads the head of the current request, which has `lines` header lines.
    #[inline]
    pub(crate) fn read_request(
        self,
        interest: &HeaderInterest,
        lines: usize,
    ) -> Result<RequestMap<'_>, Fault> {
        match self {
            Self::Envoy => envoy::read_request(interest).map(RequestMap::Envoy),
            Self::Kong => kong::RequestMap::read(interest, lines).map(RequestMap::Kong),
        }
    }

    /// Reads the head of the current response, which has `lines` header lines.
    #[inline]
    pub(crate) fn read_response(
        self,
        interest: &HeaderInterest,
        lines: usize,
    ) -> Result<ResponseMap<'_>, Fault> {
        match self {
            Self::Envoy => envoy::read_response(interest).map(ResponseMap::Envoy),
            Self::Kong => kong::ResponseMap::read(interest, lines).map(ResponseMap::Kong),
        }
    }

    /// Whether the head of a response to a callout or a fetch can be read. It has `lines` lines.
    pub(crate) fn can_read_callout_head(self, lines: usize) -> bool {
        match self {
            Self::Envoy => true,
            Self::Kong => kong::can_read_callout_head(lines),
        }
    }

    /// The gRPC protocol of the current request, if it has one. Reads its content type.
    pub(crate) fn grpc_kind(self) -> Option<GrpcKind> {
        let content_type = match self {
            Self::Envoy => envoy::content_type(),
            Self::Kong => kong::content_type(),
        };
        GrpcKind::of(&content_type?)
    }

    /// Sends a local response to the current request.
    pub(crate) fn send_local_response(self, response: &ResponseParts<'_>) -> Result<(), Status> {
        match self {
            Self::Envoy => envoy::send_local_response(response),
            Self::Kong => kong::send_local_response(response),
        }
    }

    /// Verifies a signature. `None` if the host cannot. nginx traps at foreign functions.
    pub(crate) fn verify(
        self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        match self {
            Self::Envoy => envoy::verify(hash, public_key, signature, message),
            Self::Kong => None,
        }
    }
}

impl RequestMap<'_> {
    /// The headers as a filter sees them.
    #[inline]
    pub(crate) fn headers(&self) -> Headers<'_> {
        match self {
            Self::Envoy(map) => map.headers(),
            Self::Kong(map) => map.headers(),
        }
    }

    /// The gRPC protocol of the request, if it has one. `headers` is parsed from this map.
    pub(crate) fn grpc_kind(&self, headers: &Headers<'_>) -> Option<GrpcKind> {
        let (dialect, is_whole) = match self {
            Self::Envoy(map) => (Dialect::Envoy, map.is_whole()),
            Self::Kong(map) => (Dialect::Kong, map.is_whole()),
        };
        if is_whole { GrpcKind::of(headers.get("content-type")?) } else { dialect.grpc_kind() }
    }

    /// Applies the mutations of a request that the filter continued. `headers` is parsed from this
    /// map. Calls `count` once when the decision is certain. nginx may reject mutations: the
    /// request then gets another response.
    #[inline]
    pub(crate) fn continue_request(
        &self,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
        count: impl FnOnce(),
    ) -> Result<(), Fault> {
        match self {
            Self::Envoy(map) => {
                count();
                map.mutate_request(headers, mutations)
            }
            Self::Kong(map) => {
                map.mutate(mutations)?;
                count();
                Ok(())
            }
        }
    }

    /// Applies the mutations of a request that the filter responded to. Only the access log shows
    /// them, so nginx may reject them.
    pub(crate) fn redact(
        &self,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        match self {
            Self::Envoy(map) => map.mutate_request(headers, mutations),
            Self::Kong(map) => {
                let _ = map.mutate(mutations);
                Ok(())
            }
        }
    }
}

impl ResponseMap<'_> {
    /// The headers as a filter sees them.
    #[inline]
    pub(crate) fn headers(&self) -> Headers<'_> {
        match self {
            Self::Envoy(map) => map.headers(),
            Self::Kong(map) => map.headers(),
        }
    }

    /// Applies the mutations. `headers` is parsed from this map.
    #[inline]
    pub(crate) fn mutate(
        &self,
        headers: &Headers<'_>,
        mutations: &[HeaderMutation<'_>],
    ) -> Result<(), Fault> {
        match self {
            Self::Envoy(map) => map.mutate_response(headers, mutations),
            Self::Kong(_) => kong::mutate_response(mutations),
        }
    }
}

/// Sets the timer's period. 0 stops the timer.
fn set_timer(filter: &str, period_ms: u32) {
    if let Err(Status(status)) = hostcalls::set_tick_period(period_ms) {
        log::error!(target: filter, "no timer: host status {status}");
    }
}

/// The fault for a failed host call.
fn failed(purpose: &'static str) -> impl Fn(Status) -> Fault {
    move |status| Fault::Host(purpose, status)
}
