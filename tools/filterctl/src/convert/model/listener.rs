//! [`Listener`]: a listener of the input, or one filter chain of it.

use crate::{convert::yaml::Map, found::Place};

/// A listener of Envoy with one of its filter chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The name. Filter chains of one listener share it.
    pub name: String,
    /// Its place in the input.
    pub place: Place,
    /// Its address and other settings, for an output for Envoy.
    pub settings: Map,
    /// The condition and the transport socket of the filter chain, without secrets.
    pub chain: Map,
    /// Whether the filter chain applies if no other does.
    pub is_default: bool,
    /// Whether connections use TLS.
    pub is_tls: bool,
    /// What keeps clients out, besides filters, and has no counterpart outside of Envoy.
    pub restriction: Option<String>,
    /// Why the filter chain cannot be converted. Then it must close its connections.
    pub obstacle: Option<String>,
}
