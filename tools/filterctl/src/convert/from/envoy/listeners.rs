//! Listeners and their filter chains.

use super::{flag, items, kind, text, tls};
use crate::{
    convert::{
        from::input::fields::yaml,
        model::Listener,
        report::Report,
        yaml::{Map, Yaml},
    },
    found::Document,
    source::{Node, Reader},
};

/// A connection manager, and the filter chain that it belongs to. Fragments of files have none.
pub(super) struct Chain<'d> {
    pub(super) document: &'d Document,
    pub(super) manager: Option<&'d Node>,
    pub(super) listener: Option<Listener>,
}

/// Settings that an output for Envoy keeps.
const SETTINGS: [&str; 10] = [
    "address",
    "additional_addresses",
    "listener_filters",
    "listener_filters_timeout",
    "per_connection_buffer_limit_bytes",
    "socket_options",
    "tcp_backlog_size",
    "enable_reuse_port",
    "freebind",
    "transparent",
];

/// All connection managers of a document. Of a listener with at least one, all filter chains.
pub(super) fn chains<'d>(document: &'d Document, report: &mut Report) -> Vec<Chain<'d>> {
    let mut listeners = Vec::new();
    document.root.walk(&mut |node| {
        if node.field("filter_chains").is_some() || node.field("default_filter_chain").is_some() {
            listeners.push(node);
        }
    });
    let mut chains: Vec<Chain<'d>> = Vec::new();
    for (number, listener) in (1_u32..).zip(listeners) {
        let of_listener = of_listener(document, listener, number, report);
        if of_listener.iter().any(|chain| chain.manager.is_some()) {
            chains.extend(of_listener);
        }
    }
    for manager in managers(&document.root) {
        let is_known = |chain: &Chain<'_>| chain.manager.is_some_and(|m| std::ptr::eq(m, manager));
        if !chains.iter().any(is_known) {
            chains.push(Chain { document, manager: Some(manager), listener: None });
        }
    }
    chains
}

fn managers(node: &Node) -> Vec<&Node> {
    let mut managers = Vec::new();
    node.walk(&mut |node| {
        if node.field("http_filters").is_some() {
            managers.push(node);
        }
    });
    managers
}

fn of_listener<'d>(
    document: &'d Document,
    listener: &'d Node,
    number: u32,
    report: &mut Report,
) -> Vec<Chain<'d>> {
    let name = text(listener, "name").map_or_else(|| format!("listener-{number}"), str::to_owned);
    let own = items(listener, "filter_chains").iter().map(|chain| (chain, false));
    let default = listener.field("default_filter_chain").map(|chain| (chain, true));
    let mut settings = Map::new();
    for field in SETTINGS {
        settings.set_some(field, listener.field(field).and_then(|node| yaml(node, Reader::Envoy)));
    }
    let mut chains = Vec::new();
    for (chain, is_default) in own.chain(default) {
        let found = managers(chain);
        let mut read = Listener {
            name: name.clone(),
            place: document.place(listener),
            settings: settings.clone(),
            chain: Map::new(),
            is_default,
            is_tls: chain.field("transport_socket").is_some(),
            restriction: restriction(listener, chain),
            obstacle: obstacle(listener, chain, found.len()),
        };
        let condition = chain.field("filter_chain_match").and_then(|m| yaml(m, Reader::Envoy));
        read.chain.set_some("filter_chain_match", condition.filter(|_| !is_default));
        if let Some(socket) = chain.field("transport_socket") {
            match tls::socket(socket, document, report) {
                Ok(socket) => read.chain.set("transport_socket", Yaml::Map(socket)),
                Err(reason) => read.obstacle = Some(reason),
            }
        }
        let manager = found.first().copied();
        chains.push(Chain { document, manager, listener: Some(read) });
    }
    chains
}

/// What keeps clients out, besides filters.
fn restriction(listener: &Node, chain: &Node) -> Option<String> {
    let address = listener.fields(&["address", "socket_address", "address"]).and_then(Node::text);
    match address {
        None => return Some("it has no address of an interface".to_owned()),
        Some(address) if is_loopback(address) => {
            return Some(format!("it only listens on {address}"));
        }
        Some(_) => {}
    }
    let context = chain.fields(&["transport_socket", "typed_config"]);
    if context.is_some_and(|context| flag(context, "require_client_certificate")) {
        return Some("it requires client certificates".to_owned());
    }
    let known = ["server_names", "serverNames", "transport_protocol", "transportProtocol"];
    let condition = chain.field("filter_chain_match").map(Node::members).unwrap_or_default();
    let mut names = condition.iter().filter_map(|(key, _)| key.text());
    if let Some(name) = names.find(|name| !known.contains(name)) {
        return Some(format!("its filter chain has the condition {name}"));
    }
    let filters = items(listener, "listener_filters").iter();
    let mut kinds = filters.filter_map(|filter| filter.field("typed_config")).map(kind);
    kinds
        .any(|kind| kind == "ProxyProtocol")
        .then(|| "it takes client addresses from the PROXY protocol".to_owned())
}

fn is_loopback(address: &str) -> bool {
    let parsed = address.parse::<std::net::IpAddr>();
    parsed.map_or(address == "localhost", |address| address.is_loopback())
}

/// Why a filter chain cannot be converted.
fn obstacle(listener: &Node, chain: &Node, managers: usize) -> Option<String> {
    if listener.field("filter_chain_matcher").is_some() {
        return Some("its filter_chain_matcher is not supported".to_owned());
    }
    if text(listener, "bind_to_port") == Some("false") {
        return Some("no client reaches its address (bind_to_port)".to_owned());
    }
    let filters = items(chain, "filters");
    match (managers, filters.len()) {
        (0, _) => Some("a filter chain without a connection manager".to_owned()),
        (1, 1) => None,
        _ => Some("its network filters are not supported".to_owned()),
    }
}
