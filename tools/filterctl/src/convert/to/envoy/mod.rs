//! A bootstrap of Envoy, with the gateway filter in a `filter_chain` that routes override.
//!
//! - `listeners`: listeners;
//! - `manager`: the HTTP connection manager;
//! - `routes`: virtual hosts and routes;
//! - `answers`: fixed responses and redirects;
//! - `plugin`: the gateway filter with its configuration;
//! - `cluster`: upstream services.

mod answers;
mod cluster;
mod listeners;
mod manager;
mod plugin;
mod routes;

use super::{header, variables};
use crate::convert::{
    model::Gateway,
    report::Report,
    yaml::{Map, document},
};

const EXTENSIONS: &str = "type.googleapis.com/envoy.extensions";

/// The labels of metrics, which are parts of the names that filters give them.
const LABELS: [&str; 8] =
    ["filter", "decision", "event", "rule", "window", "max_clients", "kind", "within_ms"];

/// The text of the bootstrap.
pub(super) fn write(gateway: &Gateway, report: &mut Report) -> String {
    let address = socket_address("127.0.0.1", 9901);
    let mut admin = Map::new().with("address", address);
    admin.comment("address", "Loopback only: any client that reaches it can stop Envoy.");
    let tags = LABELS.map(|label| {
        let regex = match label {
            "filter" => r"^wasmcustom\.novasphere_[a-z_]+(\.filter=([^.]+))".to_owned(),
            _ => format!(r"^wasmcustom\.novasphere_.*?(\.{label}=([^.]+))"),
        };
        Map::new().with("tag_name", label).with("regex", regex)
    });
    let listeners = listeners::all(gateway, &variables(gateway), report);
    let clusters = gateway.services.iter().map(cluster::cluster);
    let resources =
        Map::new().with("listeners", listeners).with("clusters", clusters.collect::<Vec<_>>());
    let root = Map::new()
        .with("admin", admin)
        .with("stats_config", Map::new().with("stats_tags", tags.to_vec()))
        .with("static_resources", resources);
    document(&header("Envoy 1.39 or later, with the gateway filter.", gateway), &root)
}

fn socket_address(host: &str, port: u16) -> Map {
    let socket = Map::new().with("address", host).with("port_value", i64::from(port));
    Map::new().with("socket_address", socket)
}

/// `@type` and the members of a message.
fn message(kind: &str) -> Map {
    Map::new().with("@type", format!("{EXTENSIONS}.{kind}"))
}

/// A time in seconds, as protobuf writes it.
fn seconds(milliseconds: i64) -> String {
    let (whole, rest) = (milliseconds.wrapping_div(1000), milliseconds.wrapping_rem(1000));
    if rest == 0 { format!("{whole}s") } else { format!("{whole}.{rest:03}s") }
}
