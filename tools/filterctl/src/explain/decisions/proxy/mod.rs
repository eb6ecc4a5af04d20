//! What the proxy itself reports in an access log: Envoy's response code details.
//!
//! - `routing`: the request, its route and its cluster;
//! - `upstream`: the connection to the upstream;
//! - `client`: the client's connection;
//! - `filters`: filters, of this project and others.

mod client;
mod filters;
mod routing;
mod upstream;

use super::Decision;

pub(super) const TEXTS: [&[Decision]; 4] =
    [routing::TEXTS, upstream::TEXTS, client::TEXTS, filters::TEXTS];
